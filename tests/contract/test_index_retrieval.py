"""Which instances a retrieve names, on both databases."""

from __future__ import annotations

from hounsfield.dicom.frames import NO_FRAMES, NativeFrames
from hounsfield.index.retrieval import RetrievalReader
from hounsfield.model.retrieval import Named
from index_kit.databases import Indexed
from index_kit.entries import Maker


def named(reader: RetrievalReader, most: int = 1000, partition_id: int = 1, **keys: object) -> list[str]:
    return [one.sop_instance_uid for one in reader.named(partition_id, Named(**keys), most)]  # type: ignore[arg-type]


def fill(index: Indexed) -> RetrievalReader:
    """Two patients; P1 has two studies, the first with two series stored in no good order."""
    make = Maker()
    entries = [
        make.entry("1.1", "1.1.2", "1.1.2.2", series_number=2, number=2),
        make.entry("1.1", "1.1.2", "1.1.2.1", series_number=2, number=1),
        make.entry("1.1", "1.1.1", "1.1.1.1", series_number=1, number=1),
        make.entry("1.2", "1.2.1", "1.2.1.1", study_date="20200101"),
        make.entry("2.1", "2.1.1", "2.1.1.1", patient_id="p1"),
        make.entry("2.2", "2.2.1", "2.2.1.1", issuer="OTHER"),
    ]
    for entry in entries:
        index.writer.add(entry)
    return RetrievalReader(index.database)


def test_every_level_by_series_and_instance_number(index: Indexed) -> None:
    reader = fill(index)
    of_study = ["1.1.1.1", "1.1.2.1", "1.1.2.2"]
    assert named(reader, study_instance_uids=("1.1",)) == of_study
    assert named(reader, patient_id="P1", study_instance_uids=("1.1", "1.2", "2.1")) == ["1.2.1.1", *of_study], "by study date"
    assert named(reader, patient_id="P1") == ["1.2.1.1", *of_study, "2.2.1.1"]
    assert named(reader, patient_id="P1", issuer="OTHER") == ["2.2.1.1"]
    assert named(reader, series_instance_uids=("1.1.2", "1.2.1")) == ["1.2.1.1", "1.1.2.1", "1.1.2.2"], "study after study"
    assert named(reader, study_instance_uids=("1.1",), series_instance_uids=("1.1.2", "1.2.1")) == ["1.1.2.1", "1.1.2.2"]
    assert named(reader, sop_instance_uids=("1.1.2.2", "1.1.1.1", "9.9")) == ["1.1.1.1", "1.1.2.2"]
    assert named(reader, series_instance_uids=("1.1.1",), sop_instance_uids=("1.1.2.2", "1.1.1.1")) == ["1.1.1.1"]
    assert named(reader, patient_id="p1", sop_instance_uids=("1.1.2.2", "2.1.1.1")) == ["2.1.1.1"]


def test_what_is_not_there(index: Indexed) -> None:
    reader = fill(index)
    assert named(reader, study_instance_uids=("1.9",)) == []
    assert named(reader, patient_id="P*") == []
    assert named(reader, study_instance_uids=("1.1",), partition_id=2) == []
    assert named(reader, sop_instance_uids=("1.1.1.1",), partition_id=2) == []


def test_no_more_than_asked_and_rows_by_key(index: Indexed) -> None:
    reader = fill(index)
    assert named(reader, most=2, study_instance_uids=("1.1",)) == ["1.1.1.1", "1.1.2.1"]
    assert named(reader, most=2, series_instance_uids=("1.1.2", "1.1.1")) == ["1.1.1.1", "1.1.2.1"]
    planned = list(reader.named(1, Named(study_instance_uids=("1.1",)), 10))
    rows = reader.by_keys(1, [one.key for one in planned] + [999_999])
    assert [rows[one.key].sop_instance_uid for one in planned] == ["1.1.1.1", "1.1.2.1", "1.1.2.2"]
    assert {one.transfer_syntax_uid for one in planned} == {row.transfer_syntax_uid for row in rows.values()}
    assert reader.by_keys(2, [one.key for one in planned]) == {}


def test_frames_that_are_there_and_frames_that_are_claimed(index: Indexed) -> None:
    """The table may stand in the instance's row or, when it is long, beside it."""
    make = Maker()
    for sop, table in (("1.1.1.1", NO_FRAMES), ("1.1.1.2", NativeFrames(0, 8, (1, 2))), ("1.1.1.3", NativeFrames(0, 8, (1,) * 300))):
        index.writer.add(make.entry("1.1", "1.1.1", sop, frames=9, frame_table=table.to_bytes()))
    found = index.reader.instances(1, "1.1", "")
    assert [(one.frames, one.claimed_frames) for one in found] == [(0, 9), (2, 9), (300, 9)]
    assert index.reader.instances(1, "1.1", "1.1.1", "1.1.1.3")[0].frames == 300
