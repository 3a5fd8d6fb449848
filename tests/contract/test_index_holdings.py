"""What is held under UIDs that somebody names, on every database."""

from __future__ import annotations

from dataclasses import replace

from hounsfield.index.entry import IndexEntry
from hounsfield.index.holdings import BATCH, Holdings
from hounsfield.model.visibility import VisibleStudies
from index_kit.databases import Indexed
from index_kit.entries import Maker


def test_instances_are_found_wherever_they_belong(index: Indexed) -> None:
    maker = Maker()
    entries = [maker.entry("1.1", sop="9.1"), maker.entry("1.2", sop="9.2"), maker.entry("1.2", sop="9.3")]
    other = maker.entry("1.3", sop="9.4", partition_id=2)
    index.writer.add_all([*entries, other])
    holdings = Holdings(index.database)
    found = {one.instance.sop_instance_uid: one for one in holdings.held(1, ["9.1", "9.3", "9.4", "9.5"])}
    assert sorted(found) == ["9.1", "9.3"]
    assert found["9.1"].instance.stored == entries[0].stored
    assert found["9.1"].instance.study_instance_uid == "1.1"
    assert found["9.1"].aside == ()
    assert [one.instance.sop_instance_uid for one in holdings.held(2, ["9.1", "9.4"])] == ["9.4"]
    assert list(holdings.held(1, [])) == []


def test_other_content_under_the_same_uid_comes_with_it_and_duplicates_do_not(index: Indexed) -> None:
    maker = Maker()
    first = maker.entry("1.1", sop="9.1", content="a")
    conflict = maker.entry("1.2", sop="9.1", content="b")
    again = maker.entry("1.1", sop="9.1", content="a")
    index.writer.add_all([first, conflict, again])
    (held,) = Holdings(index.database).held(1, ["9.1"])
    assert held.instance.stored == first.stored
    assert held.aside == (conflict.stored,)


def test_what_was_deleted_is_not_held(index: Indexed) -> None:
    entry = Maker().entry("1.1", sop="9.1")
    index.writer.add(entry)
    index.writer.apply_decision(
        {
            "kind": "delete",
            "level": "study",
            "partition_id": 1,
            "study_instance_uid": "1.1",
            "principal": "p",
            "reason": "r",
            "decided_at_ns": entry.stored.received_at_ns + 1,
        }
    )
    assert list(Holdings(index.database).held(1, ["9.1"])) == []


def test_a_long_list_takes_two_statements_a_batch(index: Indexed) -> None:
    index.writer.add(Maker().entry("1.1", sop="9.1"))
    uids = [f"8.{number}" for number in range(2 * BATCH)] + ["9.1"]
    with index.query_count(6):
        assert len(list(Holdings(index.database).held(1, uids))) == 1


def test_what_a_peer_brought_itself_is_seen_whatever_its_rule(index: Indexed) -> None:
    def brought(by: str, sop: str, content: str = "") -> IndexEntry:
        made = make.entry(sop=sop, content=content)
        return replace(made, stored=replace(made.stored, source=by))

    make = Maker()
    index.writer.add_all(
        [
            brought("CT1", "9.1"),
            brought("CT2", "9.2"),
            brought("CT2", "9.3"),
            brought("CT1", "9.3"),
            brought("CT2", "9.4"),
            brought("CT1", "9.4", "other content"),
        ]
    )
    holdings, uids, hidden = Holdings(index.database), ["9.1", "9.2", "9.3", "9.4"], VisibleStudies(modalities=("MR",))

    def seen(visible: VisibleStudies, ae_title: str) -> list[str]:
        return sorted(one.instance.sop_instance_uid for one in holdings.held(1, uids, visible, ae_title))

    assert seen(hidden, "CT1") == ["9.1", "9.3", "9.4"]
    assert seen(hidden, "CT2") == ["9.2", "9.3", "9.4"]
    assert seen(hidden, "CT3") == []
    assert seen(VisibleStudies(modalities=("CT",)), "CT3") == uids
