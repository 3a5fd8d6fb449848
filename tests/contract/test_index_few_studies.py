"""Attributes without a column are matched where the other keys leave few studies, whatever the database."""

from __future__ import annotations

import pytest

from find_kit.synthetic import only_instance
from hounsfield.index import narrowing
from hounsfield.model.query import Key, Level, Query, Range, SingleValue, WildCard
from index_kit.databases import Indexed


@pytest.fixture
def filled(index: Indexed) -> Indexed:
    """Twenty studies on ten days, of patients of ten ages and by two makers."""
    objects = []
    for number in range(20):
        values = {
            "PatientID": f"P{number}",
            "PatientName": f"Doe^{number}",
            "PatientAge": f"{40 + number % 10:03}Y",
            "StudyDate": f"202401{1 + number // 2:02}",
            "Manufacturer": ("ACME", "Other")[number % 2],
        }
        objects.append(only_instance(number, f"1.{number}", **values))
    index.writer.add_all(objects)
    return index


QUERIES: list[tuple[Level, Key, Key, list[int]]] = [
    (Level.STUDY, Key("StudyDate", SingleValue("20240102")), Key("PatientAge", SingleValue("043Y")), [3]),
    (Level.STUDY, Key("StudyDate", Range("20240101", "20240110")), Key("PatientAge", SingleValue("043Y")), [3, 13]),
    (Level.STUDY, Key("PatientName", WildCard("Doe*")), Key("PatientAge", WildCard("04?Y")), list(range(20))),
    (Level.PATIENT, Key("PatientName", WildCard("Doe^1*")), Key("PatientComments", WildCard("?*")), []),
    (Level.SERIES, Key("StudyDate", Range("", "20240102")), Key("Manufacturer", WildCard("AC*")), [0, 2]),
]


@pytest.mark.parametrize(("level", "key", "judged", "studies"), QUERIES)
def test_few_are_judged(filled: Indexed, level: Level, key: Key, judged: Key, studies: list[int]) -> None:
    stream = filled.reader.stream(Query(level, (key, judged)))
    assert (stream.unmatched, stream.quick) == ((), True)
    assert sorted(int(hit.study_instance_uid[2:]) for page in stream.pages for hit in page) == studies


@pytest.mark.parametrize(
    ("level", "keys"),
    [
        *((level, (key, judged)) for level, key, judged, _studies in QUERIES),
        (Level.STUDY, (QUERIES[0][2],)),
        (Level.INSTANCE, (QUERIES[-1][1], QUERIES[-1][2])),
    ],
)
def test_many_are_not(filled: Indexed, monkeypatch: pytest.MonkeyPatch, level: Level, keys: tuple[Key, ...]) -> None:
    if level < Level.INSTANCE:
        monkeypatch.setattr(narrowing, "MOST_CANDIDATES", 1)
        monkeypatch.setattr(narrowing, "MOST_TO_INTERSECT", 1)
    stream = filled.reader.stream(Query(level, keys))
    assert stream.unmatched == (keys[-1].keyword,)
    alone = filled.reader.stream(Query(level, keys[:-1]))
    assert sum(map(len, stream.pages)) == sum(map(len, alone.pages))
