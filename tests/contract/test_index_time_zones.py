"""Queries in another time zone, the same on every database, and by the index of dates."""

from __future__ import annotations

from typing import Any

import pytest

from find_kit.synthetic import only_instance
from hounsfield.model.query import Key, Level, Match, Query, Range, SingleValue
from hounsfield.model.time_zone import QueryZone, fixed
from index_kit.databases import Indexed

IN_UTC = QueryZone(0, fixed(60))


@pytest.fixture
def filled(index: Indexed) -> Indexed:
    """Forty studies, at half past midnight of each day of two months; every fourth says that it is 20 hours behind those that do not."""
    objects = []
    for number in range(40):
        values = {
            "PatientID": f"P{number}",
            "StudyDate": f"2024{1 + number // 20:02}{1 + number % 20:02}",
            "StudyTime": "003000",
            "TimezoneOffsetFromUTC": "" if number % 4 else "-1200",
        }
        objects.append(only_instance(number, f"1.{number}", **values))
    index.writer.add_all(objects)
    return index


@pytest.mark.parametrize(
    ("match", "studies"),
    [
        (SingleValue("20240105"), [4, 5]),  # 1.4 at 12:30 of the same day, 1.5 at 23:30 of the day before
        (Range("20240105", "20240106"), [4, 5, 6]),
        (SingleValue("20240104"), []),
    ],
)
def test_days_of_the_request(filled: Indexed, match: Match, studies: list[int]) -> None:
    for level in (Level.STUDY, Level.SERIES, Level.INSTANCE):
        stream = filled.reader.stream(Query(level, (Key("StudyDate", match),)), IN_UTC)
        found = [hit.study_instance_uid for page in stream.pages for hit in page]
        assert found == [f"1.{number}" for number in studies]
        assert stream.unmatched == ()


def test_the_index_of_dates_leads_to_them(filled: Indexed, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, Any]] = []
    fetch = filled.database.fetch

    def noted(sql: str, values: Any = ()) -> list[Any]:
        asked.append((sql, values))
        return fetch(sql, values)

    monkeypatch.setattr(filled.database, "fetch", noted)
    stream = filled.reader.stream(Query(Level.STUDY, (Key("StudyDate", SingleValue("20240105")),)), IN_UTC)
    assert sum(map(len, stream.pages)) == 2
    (sql, values) = asked[-1]
    assert len(fetch(sql, values)) == 3  # three days are looked at, not forty
    if filled.database.dialect.name == "sqlite":
        (step,) = (row[-1] for row in fetch(f"EXPLAIN QUERY PLAN {sql}", values))
        assert "study_date>? AND study_date<?" in step
