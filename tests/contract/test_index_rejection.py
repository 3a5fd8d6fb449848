"""What is rejected is hidden and can be restored, on every database."""

from __future__ import annotations

import pytest

from hounsfield.index.changes import ChangeKind
from hounsfield.model.errors import Gone, InstanceNotFound, InvalidInput, StudyNotFound
from hounsfield.model.outcomes import StoreOutcome
from hounsfield.model.query import Level, Query
from index_kit.databases import Indexed
from index_kit.entries import Maker

NAMED = {"study": ("1.1",), "series": ("1.1", "1.1.1"), "instance": ("1.1", "1.1.1", "1.1.1.1")}


def decision(kind: str, level: str, at_ns: int) -> dict[str, object]:
    uids = {"study_instance_uid": "1.1", "series_instance_uid": "1.1.1", "sop_instance_uid": "1.1.1.1"}
    return {"kind": kind, "level": level, **uids, "decided_at_ns": at_ns, "code": "113001", "principal": "p", "reason": "r"}


def stored(index: Indexed) -> Maker:
    """A study of two series, three instances, and another study."""
    maker = Maker()
    for series, sop in (("1.1.1", "1.1.1.1"), ("1.1.1", "1.1.1.2"), ("1.1.2", "1.1.2.1")):
        index.writer.add(maker.entry("1.1", series, sop, content="first"))
    index.writer.add(maker.entry("1.2", "1.2.1", patient_id="P2"))
    return maker


def here(index: Indexed) -> set[str]:
    return {one.sop_instance_uid for one in index.reader.all_instances() if one.study_instance_uid == "1.1"}


ALL = {"1.1.1.1", "1.1.1.2", "1.1.2.1"}
LEFT = {"study": set(), "series": {"1.1.2.1"}, "instance": {"1.1.1.2", "1.1.2.1"}}


@pytest.mark.parametrize("level", ["study", "series", "instance"])
def test_rejected_is_hidden_until_it_is_restored(index: Indexed, level: str) -> None:
    maker = stored(index)
    before = index.reader.search(Query(Level.INSTANCE)).rows
    record = decision("reject", level, maker.received_at_ns)
    for instances in (3 - len(LEFT[level]), 0):
        assert index.writer.apply_decision(record).instances == instances
    assert here(index) == LEFT[level]
    assert index.reader.is_rejected(1, *NAMED[level])
    assert not index.reader.is_gone(1, *NAMED[level])
    assert not index.reader.is_rejected(1, "1.2")
    assert not index.reader.is_rejected(2, *NAMED[level])
    (told,) = index.reader.rejections(1)
    assert (told.study_instance_uid, told.series_instance_uid, told.sop_instance_uid) == (*NAMED[level], "", "")[:3]
    assert (told.code, told.principal, told.reason, told.decided_at_ns) == ("113001", "p", "r", maker.received_at_ns)
    assert index.reader.rejections(2) == []
    counts = [study.instance_count for study in index.reader.search_studies(Query(Level.STUDY)).rows if study.study_instance_uid == "1.1"]
    assert counts == ([len(LEFT[level])] if LEFT[level] else [])
    if level == "study":
        with pytest.raises(Gone, match="rejected"):
            index.reader.study_detail(1, "1.1")
    index.writer.apply_decision(decision("restore", level, maker.received_at_ns + 1))
    assert here(index) == ALL
    assert not index.reader.is_rejected(1, *NAMED[level])
    key = [(row.sop_instance_uid, row.json, row.series_json, row.study_json) for row in before]
    after = index.reader.search(Query(Level.INSTANCE)).rows
    assert sorted((row.sop_instance_uid, row.json, row.series_json, row.study_json) for row in after) == sorted(key)


def test_what_was_rejected_stays_so_when_it_is_sent_once_more(index: Indexed) -> None:
    maker = stored(index)
    index.writer.apply_decision(decision("reject", "series", maker.received_at_ns))
    for content in ("first", "other"):
        entry = maker.entry("1.1", "1.1.1", "1.1.1.1", content=content)
        judgement = index.writer.add(entry)
        assert judgement.outcome is StoreOutcome.KEPT_ASIDE_UID
        assert "rejected" in judgement.reason
        again = index.writer.find_aside(1, entry.attributes, entry.stored.digests.data_set_sha256)
        assert again == judgement, "a sender that tries again and again does not fill the disk"
    new = index.writer.add(maker.entry("1.1", "1.1.1", "1.1.1.9"))
    assert new.outcome is StoreOutcome.STORED, "an instance that was not there when its series was rejected"
    assert here(index) == {"1.1.2.1", "1.1.1.9"}
    index.writer.apply_decision(decision("restore", "study", maker.received_at_ns))
    assert here(index) == ALL | {"1.1.1.9"}
    aside = [row.sop_instance_uid for row in index.reader.kept_aside()]
    assert aside == ["1.1.1.1"], "of three objects of one UID the first counts, the same bytes are a duplicate"


def test_the_latest_decision_on_an_instance_holds(index: Indexed) -> None:
    maker = stored(index)
    at_ns = maker.received_at_ns
    index.writer.apply_decision(decision("reject", "study", at_ns + 1))
    index.writer.apply_decision(decision("restore", "instance", at_ns + 3))
    assert here(index) == {"1.1.1.1"}
    index.writer.apply_decision(decision("reject", "series", at_ns + 2))
    assert here(index) == {"1.1.1.1"}, "a decision that reaches the index late does not undo a later one"
    index.writer.apply_decision(decision("restore", "study", at_ns + 4))
    assert here(index) == ALL


def test_rejected_may_be_deleted(index: Indexed) -> None:
    maker = stored(index)
    at_ns = maker.received_at_ns
    index.writer.apply_decision(decision("reject", "study", at_ns))
    index.writer.check_decision(decision("delete", "study", 0))
    removed = index.writer.apply_decision(decision("delete", "study", at_ns + 1))
    assert (removed.instances, removed.withheld) == (0, 3)
    assert index.reader.is_gone(1, "1.1")
    assert not index.reader.is_rejected(1, "1.1")
    maker.received_at_ns += 10
    assert index.writer.add(maker.entry("1.1", "1.1.1", "1.1.1.1", content="first")).outcome is StoreOutcome.STORED
    assert here(index) == {"1.1.1.1"}


def test_what_was_kept_aside_counts_once_its_rival_is_rejected(index: Indexed) -> None:
    maker = Maker()
    index.writer.add(maker.entry("1.1", "2.1", "3.1"))
    index.writer.add(maker.entry("1.2", "2.1", "3.2"))
    index.writer.apply_decision(decision("reject", "study", maker.received_at_ns))
    assert [row.study_instance_uid for row in index.reader.all_instances()] == ["1.2"]
    index.writer.apply_decision(decision("restore", "study", maker.received_at_ns + 1))
    assert [row.study_instance_uid for row in index.reader.all_instances()] == ["1.1"], "it had been received first"


def test_what_there_is_to_decide_on(index: Indexed) -> None:
    maker = stored(index)
    index.writer.check_decision(decision("reject", "instance", 0))
    with pytest.raises(InstanceNotFound):
        index.writer.check_decision(decision("restore", "study", 0))
    index.writer.apply_decision(decision("reject", "instance", maker.received_at_ns))
    index.writer.check_decision(decision("restore", "study", 0))
    index.writer.check_decision(decision("reject", "study", 0))
    with pytest.raises(Gone):
        index.writer.check_decision(decision("reject", "instance", 0))
    with pytest.raises(StudyNotFound):
        index.writer.check_decision(decision("restore", "study", 0) | {"study_instance_uid": "1.9"})
    index.writer.apply_decision(decision("delete", "instance", maker.received_at_ns + 1))
    for kind in ("delete", "reject", "restore"):
        with pytest.raises(Gone):
            index.writer.check_decision(decision(kind, "instance", 0))
    for record in (decision("reject", "patient", 0), {"kind": "restore", "level": "study"}):
        with pytest.raises(InvalidInput):
            index.writer.check_decision(record)


def test_the_feed_tells_of_it(index: Indexed) -> None:
    maker = stored(index)
    since = index.reader.changes()[-1].sequence
    index.writer.apply_decision(decision("reject", "series", maker.received_at_ns))
    index.writer.apply_decision(decision("restore", "instance", maker.received_at_ns + 1))
    told = [change[1:7] for change in index.reader.changes(since, partition_id=1)]
    assert (ChangeKind.REJECTED, 1, "1.1", "1.1.1", "", 2) in told
    assert told[-1] == (ChangeKind.RESTORED, 1, "1.1", "1.1.1", "1.1.1.1", 1)
    assert index.reader.changes(since, partition_id=2) == []
    latest = index.reader.latest_change()
    index.writer.add(maker.entry("1.3"))
    assert index.reader.latest_change() > latest


def test_what_comes_back_meets_what_counts_under_its_uid_by_now(index: Indexed) -> None:
    maker = Maker()
    index.writer.add(maker.entry("1.1", "1.1.1", "1.1.1.1"))
    at_ns = maker.received_at_ns
    index.writer.apply_decision(decision("reject", "study", at_ns))
    index.writer.add(maker.entry("1.1", "1.1.1", "1.1.1.1", content="once more"))
    assert index.writer.add(maker.entry("1.1", "1.1.2", "1.1.1.1")).outcome is StoreOutcome.STORED
    index.writer.apply_decision(
        decision("delete", "study", at_ns)
    )  # of the first alone: what it was rejected with is not rejected any more
    assert [one.series_instance_uid for one in index.reader.all_instances()] == ["1.1.1"]
    assert [row.series_instance_uid for row in index.reader.kept_aside()] == ["1.1.2"]
