"""The index comes to the state that `model.identity.settle` says, whatever the order of arrival, on every database."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hounsfield.index.deletion import read_deletion
from hounsfield.index.entry import IndexEntry
from hounsfield.index.rejection import read_rejection
from hounsfield.model.errors import InvalidInput, SeriesNotFound, StudyNotFound
from hounsfield.model.identity import settle
from hounsfield.model.outcomes import StoreOutcome
from hounsfield.model.query import Level, Query
from index_kit.databases import Addresses, Indexed, opened
from index_kit.entries import NOON_NS, Maker

Place = tuple[str, int]
History = tuple[list[IndexEntry], list[dict[str, object]], list[object]]

SHAPES = st.tuples(
    st.sampled_from(["1.1", "1.2", "1.3"]),  # study
    st.sampled_from(["2.1", "2.2", "2.3"]),  # series
    st.sampled_from(["3.1", "3.2", "3.3", "3.4"]),  # SOP instance
    st.sampled_from(["P1", "P2", ""]),  # patient
    st.sampled_from(["x", "y"]),  # content
)


def _delete(level: str, study: str, series: str = "", sop: str = "", *, at_ns: int) -> dict[str, object]:
    uids = {"study_instance_uid": study, "series_instance_uid": series, "sop_instance_uid": sop}
    return {"kind": "delete", "level": level, **uids, "decided_at_ns": at_ns, "principal": "p", "reason": "r"}


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Objects, decisions, and both in the order in which they reach the index."""
    maker = Maker()
    entries = []
    for study, series, sop, patient, content in draw(st.lists(SHAPES, min_size=1, max_size=10)):
        # The same bytes cannot name two studies.
        content = f"{content} {study} {series} {patient}"
        entry = maker.entry(study, series, sop, patient_id=patient, content=content)
        overlay = f"overlay {len(entries)}".encode() if draw(st.booleans()) else b""
        entries.append(replace(entry, stored=replace(entry.stored, overlay=overlay)))
    decisions = []
    for number in range(draw(st.integers(0, 4))):
        of = draw(st.sampled_from(entries)).identity
        at_ns = NOON_NS + 1000 * draw(st.integers(1, len(entries) + 1)) + 1 + number
        level = draw(st.sampled_from(["study", "series", "instance"]))
        kind = draw(st.sampled_from(["delete", "reject", "restore"]))
        decisions.append(_delete(level, *of.instance, at_ns=at_ns) | {"kind": kind})
    arrivals = draw(st.permutations([*entries, *decisions]))
    return entries, decisions, arrivals


def _run(index: Indexed, arrivals: list[object]) -> None:
    for arrival in arrivals:
        if isinstance(arrival, IndexEntry):
            index.writer.add(arrival)
        else:
            index.writer.apply_decision(arrival)  # type: ignore[arg-type]


def _state(index: Indexed) -> tuple[set[Place], set[Place], set[Place]]:
    counting = {(one.stored.location.pack_id, one.stored.location.offset_bytes) for one in index.reader.all_instances()}
    aside = index.database.fetch("SELECT pack_id, offset_bytes FROM kept_aside")
    rejected = index.database.fetch("SELECT pack_id, offset_bytes FROM withheld")
    return counting, {(row[0], row[1]) for row in aside}, {(row[0], row[1]) for row in rejected}


def _settled(entries: list[IndexEntry], decisions: list[dict[str, object]]) -> tuple[set[Place], set[Place], set[Place]]:
    places = {entry.identity: (entry.stored.location.pack_id, entry.stored.location.offset_bytes) for entry in entries}
    deletions = [read_deletion(one) for one in decisions if one["kind"] == "delete"]
    rejections = [read_rejection(one) for one in decisions if one["kind"] != "delete"]
    state = settle(places, deletions, rejections)
    counting = {places[one] for one in state.counting.values()}
    return counting, {places[one] for one in state.kept_aside}, {places[one] for one in state.rejected}


def _check_counters(index: Indexed) -> None:
    instances = list(index.reader.all_instances())
    studies = {row.study_instance_uid: row for row in index.reader.search_studies(Query(Level.STUDY)).rows}
    assert {one.study_instance_uid for one in instances} == set(studies)
    for uid, study in studies.items():
        mine = [one for one in instances if one.study_instance_uid == uid]
        assert study.instance_count == len(mine)
        assert study.series_count == len({one.series_instance_uid for one in mine})
    for series in index.reader.search_series(Query(Level.SERIES)).rows:
        assert series.instance_count == sum(one.series_instance_uid == series.series_instance_uid for one in instances)
    totals = index.reader.totals()
    assert (totals.studies, totals.instances) == (len(studies), len(instances))
    assert totals.bytes_stored == sum(one.stored.location.length_bytes for one in instances)
    patients = index.database.fetch("SELECT count(*) FROM patient WHERE id NOT IN (SELECT patient_key FROM study)")
    assert patients[0][0] == 0
    orphans = index.database.fetch("SELECT count(*) FROM study_word WHERE study_key NOT IN (SELECT id FROM study)")
    assert orphans[0][0] == 0
    unused = index.database.fetch("SELECT count(*) FROM word WHERE id NOT IN (SELECT word_key FROM study_word)")
    assert unused[0][0] == 0


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories())
def test_the_state_is_a_function_of_objects_and_decisions(
    index: Indexed, history: tuple[list[IndexEntry], list[dict[str, object]], list[object]]
) -> None:
    entries, decisions, arrivals = history
    index.writer.clear()
    _run(index, arrivals)
    expected = _settled(entries, decisions)
    assert _state(index) == expected
    _check_counters(index)
    assert {one.stored for one in index.reader.all_instances()} <= {entry.stored for entry in entries}, "overlays and all"
    index.writer.clear()
    _run(index, [*sorted(entries, key=lambda entry: entry.stored.precedence), *decisions])
    assert _state(index) == expected


def test_of_a_hundred_different_objects_of_one_uid_at_once_the_first_received_counts(index: Indexed) -> None:
    maker = Maker()
    entries = [maker.entry(sop="1.9", content=str(number)) for number in range(100)]
    threads = [threading.Thread(target=_run, args=(index, entries[first::10])) for first in reversed(range(10))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = index.reader.instances(1, "1.2.3")
    assert winner.stored == entries[0].stored
    assert len(index.reader.kept_aside()) == 99
    index.writer.clear()
    _run(index, list(reversed(entries)))
    assert index.reader.instances(1, "1.2.3")[0].stored == entries[0].stored


@pytest.mark.parametrize(
    ("second", "outcome"),
    [
        ({"sop": "9.1"}, StoreOutcome.DUPLICATE),
        ({"sop": "9.1", "content": "other"}, StoreOutcome.KEPT_ASIDE_UID),
        ({"sop": "9.1", "series": "1.2.3.2"}, StoreOutcome.KEPT_ASIDE_UID),
        ({"sop": "9.1", "study": "1.2.4", "series": "1.2.4.1"}, StoreOutcome.KEPT_ASIDE_UID),
        ({"study": "1.2.4", "series": "1.2.3.1"}, StoreOutcome.KEPT_ASIDE_UID),
        ({"patient_id": "P2"}, StoreOutcome.KEPT_ASIDE_PATIENT),
        ({"issuer": "Elsewhere"}, StoreOutcome.KEPT_ASIDE_PATIENT),
        ({"patient_id": ""}, StoreOutcome.KEPT_ASIDE_PATIENT),
        ({"name": "Other^Name"}, StoreOutcome.STORED),
        ({"patient_id": "P2", "study": "1.2.4", "series": "1.2.4.1"}, StoreOutcome.STORED),
    ],
)
def test_the_second_object_is_judged_by_the_first(index: Indexed, second: dict[str, str], outcome: StoreOutcome) -> None:
    maker = Maker()
    assert index.writer.add(maker.entry(sop="9.1")).outcome is StoreOutcome.STORED
    judgement = index.writer.add(maker.entry(**second))  # type: ignore[arg-type]
    assert judgement.outcome is outcome
    assert bool(judgement.reason) == (outcome is not StoreOutcome.STORED)
    aside = index.reader.kept_aside()
    assert [row.outcome for row in aside] == ([outcome.value] if outcome not in (StoreOutcome.STORED, StoreOutcome.DUPLICATE) else [])


def test_studies_without_a_patient_id_are_not_of_one_patient(index: Indexed) -> None:
    maker = Maker()
    for study in ("1.1", "1.2"):
        index.writer.add(maker.entry(study, patient_id="", name="Unknown"))
    assert index.database.fetch("SELECT count(*) FROM patient")[0][0] == 2
    assert index.reader.study_detail(1, "1.1").priors == ()


@pytest.mark.parametrize("level", ["study", "series", "instance"])
def test_what_is_deleted_is_gone_and_may_come_again(index: Indexed, level: str) -> None:
    maker = Maker()
    for _ in range(2):
        index.writer.add(maker.entry("1.1", "1.1.1", "1.1.1.1", content="same"))
    index.writer.add(maker.entry("1.1", "1.1.1", "1.1.1.1", content="other"))
    index.writer.add(maker.entry("1.2", "1.2.1", patient_id="P2"))
    record = _delete(level, "1.1", "1.1.1", "1.1.1.1", at_ns=maker.received_at_ns)
    for removed in ((1, 2), (0, 0)):
        found = index.writer.apply_decision(record)
        assert (found.instances, found.kept_aside) == removed
    named = {"study": ("1.1",), "series": ("1.1", "1.1.1"), "instance": ("1.1", "1.1.1", "1.1.1.1")}[level]
    assert index.reader.is_gone(1, *named)
    assert index.reader.instances(1, *named) == []
    assert index.reader.is_gone(1, "1.1") == (level == "study")
    assert not index.reader.is_gone(1, "1.2")
    assert not index.reader.is_gone(2, *named)
    assert index.reader.kept_aside() == []
    assert index.reader.search_studies(Query(Level.STUDY, text="doe")).rows[0].study_instance_uid == "1.2"
    again = index.writer.add(maker.entry("1.1", "1.1.1", "1.1.1.1", content="same", patient_id="P3"))
    assert again.outcome is StoreOutcome.STORED
    assert not again.reason
    late = index.writer.add(maker.entry("1.1", "1.1.1", "1.1.1.1", received_at_ns=maker.received_at_ns - 10_000, content="late"))
    assert "deleted" in late.reason
    assert len(index.reader.instances(1, "1.1")) == 1
    _check_counters(index)


def test_deleting_a_part_leaves_the_counters_and_classes_of_the_rest(index: Indexed) -> None:
    maker = Maker()
    for series, modality, sop_class in (("1.1.1", "CT", "1.5.1"), ("1.1.1", "CT", "1.5.1"), ("1.1.2", "SR", "1.5.2")):
        index.writer.add(maker.entry("1.1", series, modality=modality, sop_class=sop_class))
    index.writer.apply_decision(_delete("series", "1.1", "1.1.2", at_ns=maker.received_at_ns))
    (study,) = index.reader.search_studies(Query(Level.STUDY)).rows
    assert (study.series_count, study.instance_count, study.modalities, study.sop_classes) == (1, 2, " CT ", " 1.5.1 ")
    assert index.reader.search_studies(Query(Level.STUDY, text="sr")).rows == []
    assert len(index.reader.search_studies(Query(Level.STUDY, text="ct")).rows) == 1
    _check_counters(index)


def test_what_was_kept_aside_counts_once_its_rival_is_deleted(index: Indexed) -> None:
    maker = Maker()
    index.writer.add(maker.entry("1.1", "2.1", "3.1"))
    index.writer.add(maker.entry("1.2", "2.1", "3.2"))
    assert [row.study_instance_uid for row in index.reader.kept_aside()] == ["1.2"]
    index.writer.apply_decision(_delete("study", "1.1", at_ns=maker.received_at_ns))
    assert index.reader.kept_aside() == []
    assert [row.study_instance_uid for row in index.reader.all_instances()] == ["1.2"]


@pytest.mark.parametrize("rival", [{"patient_id": "P2", "series": "2.2"}, {"study": "1.2"}])
def test_who_came_second_precedes_once_the_first_is_deleted(index: Indexed, rival: dict[str, str]) -> None:
    maker = Maker()
    first = maker.entry("1.1", "2.1", "3.1")
    second = maker.entry(rival.get("study", "1.1"), rival.get("series", "2.1"), "3.2", patient_id=rival.get("patient_id", "P1"))
    third = maker.entry("1.1", "2.1", "3.3")
    deletion = _delete("instance", "1.1", "2.1", "3.1", at_ns=first.stored.received_at_ns)
    _run(index, [first, third, deletion, second])
    assert _state(index) == _settled([first, second, third], [deletion])
    assert [one.sop_instance_uid for one in index.reader.all_instances()] == ["3.2"]


def test_a_decision_needs_something_to_decide_on(index: Indexed) -> None:
    maker = Maker()
    index.writer.add(maker.entry("1.1", "1.1.1"))
    index.writer.check_decision(_delete("study", "1.1", at_ns=0))
    with pytest.raises(StudyNotFound):
        index.writer.check_decision(_delete("study", "1.2", at_ns=0))
    with pytest.raises(SeriesNotFound):
        index.writer.check_decision(_delete("series", "1.1", "1.1.2", at_ns=0))
    for record in ({"kind": "merge", "level": "study"}, {"kind": "delete", "level": "study"}, {"kind": "delete"}):
        with pytest.raises(InvalidInput):
            index.writer.check_decision(record)


def test_two_nodes_at_once_come_to_the_same_state(addresses: Addresses) -> None:
    makers = [Maker("a" * 32, node="one"), Maker("b" * 32, node="two")]
    entries = [
        [
            maker.entry(f"1.{number % 3}", f"2.{number % 5}", f"3.{number % 7}", patient_id=f"P{number % 2}", content=maker.node)
            for number in range(40)
        ]
        for maker in makers
    ]
    address = addresses.new()
    with opened(address) as one, opened(address) as two:
        threads = [threading.Thread(target=_run, args=pair) for pair in zip((one, two), entries, strict=True)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert _state(one) == _settled([*entries[0], *entries[1]], [])
        _check_counters(one)
