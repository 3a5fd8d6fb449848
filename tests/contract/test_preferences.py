"""Preferences, on every database."""

from __future__ import annotations

from hounsfield.records.preferences import PreferenceRecords
from index_kit.databases import Indexed


def test_preferences(index: Indexed) -> None:
    records = PreferenceRecords(index.database)
    assert records.all("ada") == {}
    assert records.put("ada", "b", '"\\u0000"', 2)
    assert records.put("ada", "a", "1", 2)
    assert not records.put("ada", "c", "1", 2)
    assert records.put("ada", "a", "[2]", 2)
    assert records.put("vera", "c", "3", 1)
    assert list(records.all("ada").items()) == [("a", "[2]"), ("b", '"\\u0000"')]
    records.delete("ada", "c")
    records.delete("ada", "a")
    assert records.all("ada") == {"b": '"\\u0000"'}
    index.writer.clear()
    assert records.all("vera") == {"c": "3"}
