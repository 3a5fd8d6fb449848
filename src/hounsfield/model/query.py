"""One query for C-FIND, QIDO-RS and the app, so that the three never disagree (PS3.4 C.2.2.2)."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from hounsfield.model.visibility import ALL_STUDIES, VisibleStudies


class Level(enum.IntEnum):
    """The query/retrieve level (PS3.4 C.6.1.1)."""

    PATIENT = 0
    STUDY = 1
    SERIES = 2
    INSTANCE = 3


@dataclass(frozen=True, slots=True)
class SingleValue:
    """Single value matching (C.2.2.2.1)."""

    value: str


@dataclass(frozen=True, slots=True)
class UIDList:
    """List of UID matching (C.2.2.2.2)."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WildCard:
    """Wild card matching, `*` and `?` (C.2.2.2.4)."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Range:
    """Range matching over dates or times, either end open (C.2.2.2.5)."""

    first: str
    last: str


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Any of several values, each a single value, a range or with wild cards: what peers mean where nothing was agreed (C.2.2.2.8)."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DateTimeRange:
    """Range matching over a date and its time taken together (C.2.2.2.5.4): from `first` to `last`, each a date and a time.

    time_keyword: the attribute that goes with the key's date.
    """

    time_keyword: str
    first: tuple[str, str]
    last: tuple[str, str]


TIME_OF_DATE: Mapping[str, str] = MappingProxyType(
    {
        "StudyDate": "StudyTime",
        "SeriesDate": "SeriesTime",
        "PerformedProcedureStepStartDate": "PerformedProcedureStepStartTime",
    }
)
"""Dates and the times that go with them."""


@dataclass(frozen=True, slots=True)
class Empty:
    """Empty value matching: the attribute is absent or without a value (C.2.2.2.7)."""


@dataclass(frozen=True, slots=True)
class Items:
    """Sequence matching: one item at least matches all of the keys (C.2.2.2.6)."""

    keys: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Key:
    """One matching key. keyword: the attribute's keyword in PS3.6."""

    keyword: str
    match: Match


Match = SingleValue | UIDList | WildCard | Range | AnyOf | DateTimeRange | Empty | Items


def alternative(value: str, *, dated: bool) -> SingleValue | WildCard | Range:
    """How one of the values of `AnyOf` is matched. dated: whether they are dates or times, which have ranges and no wild cards."""
    if dated:
        first, dash, last = value.partition("-")
        return Range(first.strip(), last.strip()) if dash else SingleValue(value)
    return WildCard(value) if "*" in value or "?" in value else SingleValue(value)


@dataclass(frozen=True, slots=True)
class Order:
    """keyword: the attribute to sort by; ties are broken by the row's own key, so that paging is stable."""

    keyword: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for.

    text: words typed by a person; each must be found in name, ID, accession number, description or modality.
    limit: rows at most; None asks for all that the service's cap allows.
    offset: rows to skip (QIDO-RS).
    fuzzy: phonetic matching of names where the peer negotiated it (C.2.2.2.1.1).
    visible: the studies among which is searched.
    """

    level: Level
    keys: tuple[Key, ...] = ()
    text: str = ""
    order: Order | None = None
    limit: int | None = None
    offset: int = 0
    fuzzy: bool = False
    partition_id: int = 1
    visible: VisibleStudies = ALL_STUDIES
