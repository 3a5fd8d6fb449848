"""Status and priority of the reading: kept through `reindex`, searched and sorted by indexes, told in the feed."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from hounsfield.index.changes import ChangeKind
from hounsfield.index.criteria import READING_PRIORITY, READING_STATUS
from hounsfield.model.errors import InvalidQuery
from hounsfield.model.query import AnyOf, Key, Level, Match, Order, Query, SingleValue
from hounsfield.model.reading import Mark, ReadingPriority, ReadingStatus
from index_kit.databases import Addresses, Indexed, opened
from index_kit.entries import NOON_NS, Maker

STUDIES = 12


def say(index: Indexed, *uids: str, status: ReadingStatus | None = None, priority: ReadingPriority | None = None) -> int:
    """As the writer does it for a person."""
    return index.writer.mark(Mark(1, uids, status, priority, "reader"))


@pytest.fixture
def filled(addresses: Addresses) -> Any:
    """Studies 1.0 to 1.11, of the first to the twelfth of January; each third is being read, each fourth urgent."""
    with opened(addresses.new()) as index:
        maker = Maker()
        for number in range(STUDIES):
            index.writer.add(maker.entry(f"1.{number}", patient_id=f"P{number}", study_date=f"202401{number + 1:02}"))
        say(index, *(f"1.{number}" for number in range(0, STUDIES, 3)), status=ReadingStatus.IN_PROGRESS)
        say(index, *(f"1.{number}" for number in range(0, STUDIES, 4)), priority=ReadingPriority.STAT)
        yield index


def listed(index: Indexed, order: Order, *keys: Key, limit: int = 5) -> list[int]:
    """The numbers of the studies on all pages, in order."""
    found: list[int] = []
    after = None
    while True:
        page = index.reader.worklist(Query(Level.STUDY, keys, order=order, limit=limit), after)
        found += [int(row.study_instance_uid.removeprefix("1.")) for row in page.rows]
        after = page.next
        if after is None:
            assert page.count == len(found)
            return found


def test_what_is_said_is_shown_and_survives_a_rebuilding(filled: Indexed) -> None:
    row = filled.reader.study_detail(1, "1.0").study
    assert (row.status, row.priority) == (ReadingStatus.IN_PROGRESS, ReadingPriority.STAT)
    filled.writer.clear()
    filled.writer.add(Maker().entry("1.0"))
    row = filled.reader.study_detail(1, "1.0").study
    assert (row.status, row.priority) == (ReadingStatus.IN_PROGRESS, ReadingPriority.STAT)


def test_only_what_changes_is_told(filled: Indexed) -> None:
    since = filled.reader.latest_change()
    assert say(filled, "1.0", "1.1", "9.9", status=ReadingStatus.IN_PROGRESS) == 2
    assert [(one.kind, one.study_instance_uid) for one in filled.reader.changes(since)] == [(ChangeKind.MARKED, "1.1")]


def test_a_study_that_is_deleted_and_comes_again_begins_anew(filled: Indexed) -> None:
    deletion = {"kind": "delete", "level": "study", "study_instance_uid": "1.0", "decided_at_ns": NOON_NS * 2}
    filled.writer.apply_decision(deletion)
    filled.writer.add(Maker(pack_id="b" * 32, received_at_ns=NOON_NS * 3).entry("1.0"))
    assert filled.reader.study_detail(1, "1.0").study.status is ReadingStatus.UNREAD


def test_a_study_that_is_rejected_and_restored_keeps_what_was_said(filled: Indexed) -> None:
    decision = {"level": "study", "study_instance_uid": "1.0", "code": "113001", "reason": "blurred"}
    filled.writer.apply_decision(decision | {"kind": "reject", "decided_at_ns": NOON_NS * 2})
    filled.writer.apply_decision(decision | {"kind": "restore", "decided_at_ns": NOON_NS * 2 + 1})
    assert filled.reader.study_detail(1, "1.0").study.priority is ReadingPriority.STAT


def _expected(order: Order, *keys: Key) -> list[int]:
    """The same by hand."""
    ranks = {READING_STATUS: lambda one: int(one % 3 == 0), READING_PRIORITY: lambda one: 2 * int(one % 4 == 0)}
    wanted: dict[str, set[int]] = {
        key.keyword: set(map(int, key.match.values if isinstance(key.match, AnyOf) else [key.match.value]))  # type: ignore[union-attr]
        for key in keys
    }
    found = [one for one in range(STUDIES) if all(ranks[keyword](one) in values for keyword, values in wanted.items())]
    by = ranks.get(order.keyword, lambda _: 0)
    return sorted(found, key=lambda one: (by(one), one), reverse=order.descending)


FILTERS: list[list[tuple[str, Match]]] = [
    [],
    [(READING_STATUS, SingleValue("0"))],
    [(READING_STATUS, SingleValue("1"))],
    [(READING_STATUS, SingleValue("2"))],
    [(READING_STATUS, AnyOf(("0", "1")))],
    [(READING_PRIORITY, SingleValue("2"))],
    [(READING_STATUS, SingleValue("1")), (READING_PRIORITY, SingleValue("2"))],
    [(READING_STATUS, AnyOf(("1", "2"))), (READING_PRIORITY, AnyOf(("0", "2")))],
]


@pytest.mark.parametrize("most", [0, 5_000])
def test_pages_by_any_order_and_filter(filled: Indexed, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """most: with none, nothing is narrowed, and all is found by walking."""
    for name in ("MOST_CANDIDATES", "MOST_IN_CORRELATED_ORDER", "MOST_TO_SORT", "MOST_TO_INTERSECT"):
        monkeypatch.setattr(f"hounsfield.index.narrowing.{name}", most)
    orders = [Order(by, descending) for by in ("StudyDate", "PatientID", READING_STATUS, READING_PRIORITY) for descending in (False, True)]
    for order, keys in itertools.product(orders, FILTERS):
        made = [Key(*key) for key in keys]
        wanted = _expected(order, *made)
        if order.keyword == "PatientID":
            wanted.sort(key=lambda number: f"p{number}", reverse=order.descending)
        assert listed(filled, order, *made) == wanted, (order, keys)


def test_a_cursor_of_another_order_is_refused(filled: Indexed) -> None:
    query = Query(Level.STUDY, order=Order(READING_PRIORITY), limit=2)
    cursor = filled.reader.worklist(query).next
    for other in (Order(READING_PRIORITY, descending=True), Order("StudyDate"), Order(READING_STATUS)):
        with pytest.raises(InvalidQuery):
            filled.reader.worklist(Query(Level.STUDY, order=other, limit=2), cursor)


PLANS = [
    ("StudyDate", [(READING_STATUS, "0")], "study_status (partition_id=? AND reading_status=? AND study_date<?)"),
    ("StudyDate", [(READING_PRIORITY, "0")], "study_priority (partition_id=? AND reading_priority=? AND study_date<?)"),
    ("StudyDate", [(READING_STATUS, "0"), (READING_PRIORITY, "0")], "study_priority (partition_id=? AND reading_priority=?"),
    (READING_PRIORITY, [], "study_priority (partition_id=? AND"),
    (READING_STATUS, [], "study_status (partition_id=? AND"),
    (READING_PRIORITY, [(READING_PRIORITY, "0")], "study_priority (partition_id=? AND reading_priority=? AND study_date<?)"),
    (READING_PRIORITY, [(READING_STATUS, "0")], "study_priority (partition_id=? AND"),
    ("PatientName", [(READING_STATUS, "0")], "study_name (partition_id=?"),
    ("StudyDate", [(READING_STATUS, "0,1")], "study_status (partition_id=? AND reading_status=? AND study_date<?)"),
    (READING_PRIORITY, [(READING_PRIORITY, "0,1")], "study_priority (partition_id=? AND"),
]


def test_an_index_serves_page_and_order(addresses: Addresses, monkeypatch: pytest.MonkeyPatch) -> None:
    """No page sorts what it finds, and a later page begins where the one before ended. More is unread than can be listed."""
    for name in ("MOST_CANDIDATES", "MOST_IN_CORRELATED_ORDER", "MOST_TO_SORT", "MOST_TO_INTERSECT"):
        monkeypatch.setattr(f"hounsfield.index.narrowing.{name}", 2)
    with opened(addresses.new()) as index:
        if index.database.dialect.name != "sqlite":
            pytest.skip("the plan of PostgreSQL follows its statistics")
        maker = Maker()
        for number in range(6):
            index.writer.add(maker.entry(f"1.{number}", patient_id=f"P{number}"))
        for order, keys, step in PLANS:
            asked = tuple(Key(keyword, AnyOf(tuple(rank.split(","))) if "," in rank else SingleValue(rank)) for keyword, rank in keys)
            query = Query(Level.STUDY, asked, order=Order(order, True), limit=2)
            assert_served(index, monkeypatch, query, step)


def assert_served(index: Indexed, monkeypatch: pytest.MonkeyPatch, query: Query, step: str) -> None:
    """The second page."""
    cursor = index.reader.worklist(query).next
    asked: list[tuple[str, Any]] = []
    fetch = index.database.fetch

    def noted(sql: str, values: Any = ()) -> list[Any]:
        asked.append((sql, values))
        return fetch(sql, values)

    with monkeypatch.context() as patch:
        patch.setattr(index.database, "fetch", noted)
        assert len(index.reader.worklist(query, cursor).rows) == 2
    for sql, values in asked:
        plan = [row[-1] for row in fetch(f"EXPLAIN QUERY PLAN {sql}", values)]
        assert not any("TEMP B-TREE" in line for line in plan), (query, plan)
        if "ORDER BY" in sql:
            assert step in plan[0], (query, plan)
        elif "FROM study" in sql:
            assert any("USING COVERING INDEX study_" in line for line in plan), (query, plan)
