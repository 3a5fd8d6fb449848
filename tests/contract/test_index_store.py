"""What the index keeps of stored objects, on every database."""

from __future__ import annotations

import itertools
import threading
from dataclasses import replace

import pytest

from hounsfield.dicom.frames import NativeFrames
from hounsfield.index.changes import ChangeKind
from hounsfield.model.errors import FrameNotFound, InstanceNotFound, UnreadableObject
from hounsfield.model.identity import Judgement
from hounsfield.model.outcomes import StoreOutcome
from hounsfield.model.query import Key, Level, Query, SingleValue
from hounsfield.model.stored_instance import StoredInstance
from index_kit.databases import Addresses, Indexed, opened
from index_kit.entries import CT_IMAGE, FILE_BYTES, Maker


def test_a_stored_object_is_found_with_all_that_proves_it(index: Indexed) -> None:
    entry = Maker().entry(number=7, frames=3, frame_table=NativeFrames(0, 8, (1, 2, 3)).to_bytes())
    assert index.writer.add(entry).outcome is StoreOutcome.STORED
    (found,) = index.reader.instances(1, "1.2.3")
    assert found.stored == entry.stored
    assert (found.sop_class_uid, found.number, found.rows, found.columns, found.frames) == (CT_IMAGE, 7, 512, 512, 3)
    assert found.header_length_bytes == entry.header_length_bytes


def test_counters_follow_what_is_stored(index: Indexed) -> None:
    maker = Maker()
    for series, modality, count in (("1.2.3.1", "CT", 3), ("1.2.3.2", "SR", 1)):
        for _ in range(count):
            index.writer.add(maker.entry(series=series, modality=modality, sop_class=f"1.2.{len(modality)}.{count}"))
    index.writer.add(maker.entry("1.2.4", patient_id="P2"))
    study, other = index.reader.search_studies(Query(Level.STUDY)).rows
    assert (study.series_count, study.instance_count, study.modalities, study.sop_classes) == (2, 4, " CT SR ", " 1.2.2.1 1.2.2.3 ")
    assert (other.series_count, other.instance_count) == (1, 1)
    assert [row.instance_count for row in index.reader.search_series(Query(Level.SERIES)).rows] == [3, 1, 1]
    totals = index.reader.totals()
    assert (totals.studies, totals.series, totals.instances, totals.bytes_stored) == (2, 3, 5, 5 * FILE_BYTES)


def test_instances_come_by_series_and_instance_number(index: Indexed) -> None:
    maker = Maker()
    for series_number, number in ((2, 1), (1, 3), (1, 1), (1, 2), (2, 0)):
        index.writer.add(maker.entry(series=f"1.2.3.{series_number}", series_number=series_number, number=number))
    assert [(row.series_instance_uid[-1], row.number) for row in index.reader.instances(1, "1.2.3")] == [
        ("1", 1), ("1", 2), ("1", 3), ("2", 0), ("2", 1),
    ]  # fmt: skip
    assert [row.number for row in index.reader.instances(1, "1.2.3", "1.2.3.1")] == [1, 2, 3]
    assert index.reader.instances(1, "1.2.4", "1.2.3.1") == []
    assert len(index.reader.instances(1, "1.2.3", "1.2.3.1", "1.2.3.1.2")) == 1
    assert index.reader.instances(1, "1.2.3", "1.2.3.2", "1.2.3.1.2") == []


@pytest.mark.parametrize("frames", [1, 20_000])
def test_a_frame_is_found_in_one_query_once_its_table_is_known(index: Indexed, frames: int) -> None:
    table = NativeFrames(1000, 8 * 512, tuple(range(frames)))
    index.writer.add(Maker().entry(sop="1.9", frames=frames, frame_table=table.to_bytes()))
    last = frames - 1
    assert index.reader.frame_span(1, "1.9", last) == table.frame(last)
    with index.query_count(1):
        assert index.reader.frame_span(1, "1.9", 0) == table.frame(0)
    with pytest.raises(FrameNotFound):
        index.reader.frame_span(1, "1.9", frames)
    with pytest.raises(InstanceNotFound):
        index.reader.frame_span(1, "1.10", 0)


def test_partitions_do_not_see_each_other(index: Indexed) -> None:
    maker = Maker()
    index.writer.add(maker.entry(sop="1.9", partition_id=1))
    assert index.writer.add(maker.entry(sop="1.9", partition_id=2, patient_id="P2", content="other")).outcome is StoreOutcome.STORED
    key = Key("StudyInstanceUID", SingleValue("1.2.3"))
    for partition_id, patient_id in ((1, "P1"), (2, "P2")):
        page = index.reader.worklist(Query(Level.STUDY, (key,), partition_id=partition_id, limit=5))
        assert [row.patient_id for row in page.rows] == [patient_id]
        assert index.reader.totals(partition_id).instances == 1
    assert index.reader.search_studies(Query(Level.STUDY, partition_id=3)).rows == []
    assert index.writer.find(3, "1.9") is None


def test_what_is_committed_is_known_by_its_digest(index: Indexed) -> None:
    entry = Maker().entry(sop="1.9")
    assert index.writer.find(1, "1.9") is None
    index.writer.add(entry)
    known = index.writer.find(1, "1.9")
    assert known is not None
    assert known.data_set_sha256 == entry.stored.digests.data_set_sha256
    assert (known.study_instance_uid, known.series_instance_uid) == ("1.2.3", "1.2.3.1")


def test_each_pack_is_indexed_through_its_last_object(index: Indexed) -> None:
    one, two = Maker("a" * 32), Maker("b" * 32)
    entries = [one.entry(), two.entry(study="1.5", patient_id="P5"), one.entry(), one.entry(sop="1.2.3.1.1", content="other bytes")]
    outcomes = [index.writer.add(entry).outcome for entry in entries]
    assert outcomes[-1] is StoreOutcome.KEPT_ASIDE_UID
    last = entries[-1].stored.location
    assert index.writer.indexed_through() == {
        "a" * 32: last.offset_bytes + last.length_bytes,
        "b" * 32: entries[1].stored.location.offset_bytes + FILE_BYTES,
    }


def test_recovery_may_bring_an_object_again(index: Indexed) -> None:
    maker = Maker()
    entries = [maker.entry(), maker.entry(), maker.entry(sop="1.2.3.1.1", content="other bytes")]
    for _ in range(2):
        for entry in entries:
            index.writer.add(entry)
    assert index.reader.totals().instances == 2
    assert len(index.reader.kept_aside()) == 1


def test_a_hundred_at_once_of_one_new_patient_make_one_study(index: Indexed) -> None:
    maker = Maker()
    entries = [maker.entry() for _ in range(100)]
    _at_once(index, entries)
    (study,) = index.reader.search_studies(Query(Level.STUDY)).rows
    assert (study.series_count, study.instance_count) == (1, 100)
    assert len(index.reader.instances(1, "1.2.3", "1.2.3.1")) == 100
    assert sum(change.instances for change in index.reader.changes() if change.kind is ChangeKind.INSTANCES_ADDED) == 100


def test_a_hundred_at_once_of_one_uid_and_the_same_bytes_make_one_object(index: Indexed) -> None:
    maker = Maker()
    outcomes = _at_once(index, [maker.entry(sop="1.9") for _ in range(100)])
    assert outcomes.count(StoreOutcome.STORED) >= 1
    assert set(outcomes) <= {StoreOutcome.STORED, StoreOutcome.DUPLICATE}
    assert index.reader.totals().instances == 1
    assert index.reader.kept_aside() == []


def test_an_entry_that_no_database_holds_fails_alone(index: Indexed) -> None:
    maker = Maker()
    poisoned = maker.entry()
    poisoned = replace(poisoned, header_length_bytes=1 << 70)
    good = [maker.entry() for _ in range(20)]
    failures: list[BaseException] = []

    def bring_poison() -> None:
        try:
            index.writer.add(poisoned)
        except UnreadableObject as exc:
            failures.append(exc)

    threads = [threading.Thread(target=bring_poison) for _ in range(5)]
    for thread in threads:
        thread.start()
    outcomes = _at_once(index, good)
    for thread in threads:
        thread.join()
    assert len(failures) == 5
    assert outcomes == [StoreOutcome.STORED] * 20
    assert index.reader.totals().instances == 20


def test_many_are_added_in_order_and_each_is_answered(index: Indexed) -> None:
    maker = Maker()
    entries = [maker.entry(number=number) for number in range(1200)]
    entries[7] = replace(entries[7], header_length_bytes=1 << 70)
    entries.append(maker.entry(sop=entries[0].identity.sop_instance_uid, content="other"))
    answers = index.writer.add_all(entries)
    assert isinstance(answers[7], UnreadableObject)
    outcomes = [answer.outcome for answer in answers if isinstance(answer, Judgement)]
    assert outcomes == [StoreOutcome.STORED] * 1199 + [StoreOutcome.KEPT_ASIDE_UID]
    assert index.reader.totals().instances == 1199


def test_texts_that_no_database_holds_are_kept_as_far_as_they_go(index: Indexed) -> None:
    maker = Maker()
    for _ in range(2):
        assert index.writer.add(maker.entry(name="Nul\0^\ud800Half", patient_id="P\0", description="a\0b")).outcome is StoreOutcome.STORED
    page = index.reader.worklist(Query(Level.STUDY, limit=1))
    assert (page.rows[0].patient_name, page.rows[0].patient_id, page.rows[0].description) == ("Nul^Half", "P", "ab")


def test_attributes_are_those_of_the_object_that_precedes(index: Indexed) -> None:
    maker = Maker()
    later = maker.entry(name="Later^Name", series_description="later", description="later")
    before_ns = later.stored.received_at_ns - 5
    earlier = maker.entry(name="Earlier^Name", series_description="earlier", description="earlier", received_at_ns=before_ns)
    for entry in (later, earlier):
        index.writer.add(entry)
    detail = index.reader.study_detail(1, "1.2.3")
    assert (detail.study.patient_name, detail.study.description, detail.series[0].description) == ("Earlier^Name", "earlier", "earlier")
    assert index.reader.search_studies(Query(Level.STUDY, text="later")).rows == []
    assert len(index.reader.search_studies(Query(Level.STUDY, text="earlier ct")).rows) == 1


def test_versions_grow_and_are_never_had_twice(index: Indexed) -> None:
    maker = Maker()
    seen = []
    for round_number in range(3):
        index.writer.add(maker.entry(sop=f"1.9.{round_number}"))
        seen.append(index.reader.series_version(1, "1.2.3", "1.2.3.1"))
        other = maker.entry(study="1.7", patient_id="P7")
        index.writer.add(other)
        assert index.reader.series_version(1, "1.2.3", "1.2.3.1") == seen[-1]
    index.writer.clear()
    assert index.reader.series_version(1, "1.2.3", "1.2.3.1") is None
    index.writer.add(maker.entry())
    seen.append(index.reader.series_version(1, "1.2.3", "1.2.3.1"))
    assert all(before is not None and after is not None and before < after for before, after in itertools.pairwise(seen))


def test_a_second_writer_does_not_work_from_stale_memory(index: Indexed) -> None:
    maker, other_maker = Maker("a" * 32), Maker("b" * 32, node="second")
    index.writer.add(maker.entry())
    with opened(index.address) as second:
        second.writer.add(other_maker.entry(series="1.2.3.2", modality="MR"))
        second.writer.apply_decision(_delete("1.2.3", at_ns=maker.received_at_ns + 10**9))
        assert index.writer.add(maker.entry(received_at_ns=maker.received_at_ns + 2 * 10**9)).outcome is StoreOutcome.STORED
    (study,) = index.reader.search_studies(Query(Level.STUDY)).rows
    assert (study.series_count, study.instance_count, study.modalities) == (1, 1, " CT ")


def test_clear_leaves_nothing_but_what_is_never_given_twice(index: Indexed) -> None:
    maker = Maker()
    index.writer.add(maker.entry(sop="1.9"))
    index.writer.add(maker.entry(sop="1.9", content="other"))
    index.writer.apply_decision(_delete("1.7", at_ns=5))
    last = index.reader.changes()[-1].sequence
    index.writer.clear()
    assert index.reader.totals().instances == 0
    assert (index.reader.kept_aside(), index.reader.changes(), index.writer.indexed_through()) == ([], [], {})
    assert not index.reader.is_gone(1, "1.7")
    index.writer.add(maker.entry())
    assert index.reader.changes()[0].sequence > last


def test_the_picture_of_a_study_is_the_middle_of_its_first_image_series(index: Indexed) -> None:
    maker = Maker()

    def representative(study: str, series: str = "") -> StoredInstance | None:
        return next(index.reader.representatives(1, study, series), None)

    for number in range(5):
        index.writer.add(maker.entry(series="1.2.3.1", modality="SR", rows=None, number=number))
    for number in range(3):
        index.writer.add(maker.entry(series="1.2.3.2", number=number))
    picture = representative("1.2.3")
    assert picture is not None
    assert (picture.series_instance_uid, picture.number) == ("1.2.3.2", 1)
    report = representative("1.2.3", "1.2.3.1")
    assert report is not None
    assert report.number == 2
    assert representative("1.2.4") is None
    assert representative("1.2.3", "1.2.9") is None


def _delete(study: str, *, at_ns: int) -> dict[str, object]:
    return {"kind": "delete", "level": "study", "study_instance_uid": study, "decided_at_ns": at_ns, "principal": "p", "reason": "r"}


def _at_once(index: Indexed, entries: list[object]) -> list[StoreOutcome]:
    outcomes: list[StoreOutcome] = []

    def bring(part: list[object]) -> None:
        outcomes.extend(index.writer.add(entry).outcome for entry in part)  # type: ignore[arg-type]

    threads = [threading.Thread(target=bring, args=(entries[first::10],)) for first in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_two_databases_of_one_test_are_two(addresses: Addresses) -> None:
    with opened(addresses.new()) as one, opened(addresses.new()) as two:
        one.writer.add(Maker().entry())
        assert two.reader.totals().instances == 0
