"""A worklist's pages are the same, and its counts true, however little of the archive is looked at; and nothing is read to no purpose."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest

from hounsfield.index import facets, narrowing
from hounsfield.index.criteria import READING_PRIORITY, READING_STATUS
from hounsfield.index.database import Database
from hounsfield.model.query import AnyOf, Key, Level, Order, Query, Range, SingleValue, WildCard
from hounsfield.model.reading import Mark, ReadingPriority, ReadingStatus
from index_kit.databases import Addresses, Indexed, opened
from index_kit.entries import Maker

FAMILIES, GIVEN, REGIONS, MODALITIES = (
    ("Berg", "Bern", "Doe"),
    ("Tom", "Anna", "Thea", "Bea"),
    ("Thorax", "Neck"),
    ("CT", "MR", "US", "CT", "NM"),
)
STUDIES = 30


class Made:
    """A study as it was made up."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.name = f"{FAMILIES[number % 3]}^{GIVEN[number % 4]}"
        self.description = f"{REGIONS[number % 2]} {'native' if number % 3 else 'emergency'}"
        self.modality = MODALITIES[number % 5]
        self.date = f"202401{number % 7 + 1:02}"
        self.status, self.priority = (0 if number % 3 else 2), (2 if number % 7 == 0 else 0)

    @property
    def words(self) -> list[str]:
        return re.split(r"[ ^]", f"{self.name} {self.description} {self.modality} P{self.number} A1".lower())

    def sort_values(self, keyword: str) -> tuple[Any, ...]:
        values: dict[str, tuple[Any, ...]] = {
            "StudyDate": (self.date,),
            "PatientName": (self.name.lower(),),
            "StudyDescription": (self.description.lower(),),
            "ModalitiesInStudy": (self.modality,),
            READING_STATUS: (self.status, self.date),
            READING_PRIORITY: (self.priority, self.date),
        }
        return (*values[keyword], self.number)

    def is_found(self, text: str, keys: tuple[Key, ...]) -> bool:
        if not all(any(word.startswith(typed) for word in self.words) for typed in text.lower().split()):
            return False
        own = {READING_STATUS: str(self.status), READING_PRIORITY: str(self.priority), "ModalitiesInStudy": self.modality}
        for key in keys:
            match = key.match
            if isinstance(match, Range):
                if not match.first <= self.date <= match.last:
                    return False
            elif isinstance(match, WildCard):
                if not self.name.lower().startswith(match.pattern.rstrip("*").lower()):
                    return False
            else:
                values = match.values if isinstance(match, AnyOf) else (match.value,)  # type: ignore[union-attr]
                if own[key.keyword] not in values:
                    return False
        return True


MADE = [Made(number) for number in range(STUDIES)]


@pytest.fixture
def filled(addresses: Addresses) -> Any:
    """What `MADE` says, and the same again in another partition."""
    with opened(addresses.new()) as index:
        maker = Maker()
        for partition in (1, 2):
            for one in MADE:
                entry = maker.entry(
                    f"{partition}.{one.number}",
                    name=one.name,
                    description=one.description,
                    modality=one.modality,
                    study_date=one.date,
                    patient_id=f"P{one.number}",
                    partition_id=partition,
                )
                index.writer.add(entry)
        for one in MADE:
            status, priority = list(ReadingStatus)[one.status], list(ReadingPriority)[one.priority]
            index.writer.mark(Mark(1, (f"1.{one.number}",), status, priority, "reader"))
        yield index


UNREAD, URGENT, CT = (
    Key(READING_STATUS, SingleValue("0")),
    Key(READING_PRIORITY, SingleValue("2")),
    Key("ModalitiesInStudy", SingleValue("CT")),
)
WEEK = Key("StudyDate", Range("20240102", "20240105"))
ASKED: list[tuple[str, tuple[Key, ...]]] = [
    ("", (UNREAD, CT)),
    ("", (URGENT, CT, WEEK)),
    ("", (Key(READING_STATUS, AnyOf(("0", "1"))), Key("ModalitiesInStudy", AnyOf(("CT", "NM"))))),
    ("be", ()),
    ("thorax emergency", ()),
    ("t ct", ()),
    ("neck ber", (UNREAD,)),
    ("th", (CT, WEEK)),
    ("xray", ()),
    ("be", (Key("PatientName", WildCard("ber*")), URGENT)),
]
BOUNDS: dict[str, dict[str, int]] = {
    "as they are": {},
    "few are listed, frequent words are compared": {"MOST_TO_LIST": 3, "MOST_TO_JUDGE": 2, "MOST_TO_SORT": 2, "MOST_TO_WALK": 0},
    "few are listed, frequent words are walked by": {"MOST_TO_LIST": 3, "MOST_TO_JUDGE": 2, "MOST_TO_SORT": 2},
    "nothing is listed": {"MOST_TO_LIST": 0, "MOST_OF_A_WORD": 0, "MOST_TO_JUDGE": 1, "MOST_TO_SORT": 0},
}
ORDERS = ("StudyDate", "PatientName", "StudyDescription", "ModalitiesInStudy", READING_STATUS, READING_PRIORITY)


@pytest.mark.parametrize("bounds", BOUNDS)
def test_pages_are_the_list_cut_in_pieces_and_counts_are_true(filled: Indexed, monkeypatch: pytest.MonkeyPatch, bounds: str) -> None:
    for name, most in BOUNDS[bounds].items():
        monkeypatch.setattr(narrowing, name, most)
    counted = []
    for keyword, descending, (text, keys) in itertools.product(ORDERS, (False, True), ASKED):
        found = [one for one in MADE if one.is_found(text, keys)]
        found.sort(key=lambda one: one.sort_values(keyword), reverse=descending)
        query = Query(Level.STUDY, keys, text=text, order=Order(keyword, descending), limit=4)
        shown: list[str] = []
        after = None
        while True:
            page = filled.reader.worklist(query, after)
            shown += [row.study_instance_uid for row in page.rows]
            assert page.count == len(found) if not page.capped else len(page.rows) <= page.count <= len(found), query
            counted.append(page.capped)
            after = page.next
            if after is None:
                break
        assert shown == [f"1.{one.number}" for one in found], query
    assert any(counted) == ("MOST_TO_LIST" in BOUNDS[bounds])


def test_a_count_that_has_looked_at_enough_says_that_there_may_be_more(filled: Indexed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facets, "MOST_TO_LOOK_AT", 3)
    number = sum(one.is_found("", (UNREAD, CT)) for one in MADE)
    assert filled.reader.count(Query(Level.STUDY, (UNREAD, CT)), cap=2) != (number, False)
    count, capped = filled.reader.count(Query(Level.STUDY, (URGENT, CT)), cap=2)
    assert capped and count < sum(one.is_found("", (URGENT, CT)) for one in MADE)
    assert filled.reader.count(Query(Level.STUDY, (URGENT, CT)), cap=STUDIES) == (
        sum(one.is_found("", (URGENT, CT)) for one in MADE),
        False,
    )


def test_facets_are_judged_by_the_index_in_any_order(filled: Indexed, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row is read only of a study that has what is asked for: SQLite's program says it."""
    if filled.database.dialect.name != "sqlite":
        pytest.skip("PostgreSQL has no such program")
    monkeypatch.setattr(narrowing, "MOST_TO_SORT", 0)
    orders = ("StudyDate", "PatientName", "PatientID", "AccessionNumber", "StudyDescription", "ModalitiesInStudy", "ReceivedAt")
    fetch = filled.database.fetch
    for keyword in (*orders, READING_STATUS, READING_PRIORITY):
        asked: list[tuple[str, Any]] = []
        keys = (Key(READING_STATUS, AnyOf(("0", "2"))), Key(READING_PRIORITY, AnyOf(("0", "2"))), WEEK, CT)
        if keyword == "StudyDate":
            keys = (UNREAD, Key(READING_PRIORITY, SingleValue("0")), WEEK, CT)  # several values are asked for one by one
        with monkeypatch.context() as patch:
            patch.setattr(filled.database, "fetch", lambda sql, values=(): asked.append((sql, values)) or fetch(sql, values))  # noqa: B023
            filled.reader.worklist(Query(Level.STUDY, keys, order=Order(keyword, True), limit=2))
        (page,) = (one for one in asked if "ORDER BY" in one[0])
        assert rows_are_read_last(filled.database, *page), keyword
        for sql, values in asked:
            if "ORDER BY" not in sql:
                plan = [row[-1] for row in fetch(f"EXPLAIN QUERY PLAN {sql}", values)]
                assert any("USING COVERING INDEX study_" in line for line in plan), (sql, plan)


def rows_are_read_last(database: Database, sql: str, values: Any) -> bool:
    """Whether no column of the table is read before the last of the conditions, which is on the modalities."""
    program = database.fetch(f"EXPLAIN {sql}", values)
    table = next(row[2] for row in program if row[1] == "OpenRead" and not str(row[5]).startswith("k("))
    judged = max(row[0] for row in program if row[1] == "Function" and str(row[5]).startswith("instr"))
    return all(row[0] > judged for row in program if row[1] == "Column" and row[2] == table)
