"""Matching keys of a search for workitems, read from names and values (PS3.18 8.3.4.1), and what they narrow the search to.

Every key is held against the data set of a step by the code that C-FIND uses for what has no column (`index.fragments`); the columns
only keep most steps from being read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from hounsfield.dicom.dictionary import tag_of, vr_of
from hounsfield.index.words import fold_name
from hounsfield.model.attribute_rules import first_text
from hounsfield.model.date_time import Moments
from hounsfield.model.errors import InvalidQuery
from hounsfield.model.matching import has_wild_card
from hounsfield.model.procedure_step_attributes import SCHEDULED_START
from hounsfield.model.query import AnyOf, Items, Key, Match, Range, SingleValue, UIDList
from hounsfield.model.workitem import Narrowing
from hounsfield.services.search_values import Matching, read_matches

MAX_KEYS: Final = 64
MAX_VALUES: Final = 1000
MAX_CHARACTERS: Final = 65 * MAX_VALUES
MAX_DEPTH: Final = 8
NUMERIC: Final = frozenset({"IS", "DS", "US", "UL", "SS", "SL", "FL", "FD", "SV", "UV"})

_MATCHING = Matching(empty_value=True)
_OF_ONE_VALUE = NUMERIC | {"DA", "DT", "SQ", "TM", "UI"}
"""VRs of which a key has one value, or a list or range that is read as a whole."""

_FOUND_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "ScheduledProcedureStepPriority": ("00741200",),
    "InputReadinessState": ("00404041",),
    "WorklistLabel": ("00741202",),
    "ProcedureStepLabel": ("00741204",),
    "PatientID": ("00100020",),
    "AdmissionID": ("00380010",),
    "ScheduledStationNameCodeSequence.CodeValue": ("00404025", "00080100"),
    "ScheduledStationClassCodeSequence.CodeValue": ("00404026", "00080100"),
    "ScheduledStationGeographicLocationCodeSequence.CodeValue": ("00404027", "00080100"),
    "ScheduledWorkitemCodeSequence.CodeValue": ("00404018", "00080100"),
    "ReferencedRequestSequence.AccessionNumber": ("0040A370", "00080050"),
    "ReferencedRequestSequence.RequestedProcedureID": ("0040A370", "00401001"),
    "ReferencedRequestSequence.StudyInstanceUID": ("0040A370", "0020000D"),
}
"""What is kept beside a step to find it by, under these names."""
_NAME: Final = "PatientName"


def read_keys(pairs: Iterable[tuple[tuple[str, ...], str]]) -> tuple[Key, ...]:
    """Keys from paths and values; those of one sequence are matched within one item (PS3.4 C.2.2.2.6). Raises: InvalidQuery."""
    simple: dict[str, Key] = {}
    within: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    count = 0
    for path, value in pairs:
        count += 1
        if count > MAX_KEYS:
            raise InvalidQuery(f"more than {MAX_KEYS} matching keys")
        if len(path) > 1:
            within.setdefault(path[0], []).append((path[1:], value))
            continue
        if path[0] in simple:
            raise InvalidQuery(f"{path[0]} is given twice")
        match = _match(path[0], value)
        if match is not None:
            simple[path[0]] = Key(path[0], match)
    keys = list(simple.values())
    for sequence, inner in within.items():
        found = read_keys(inner)
        if found:
            keys.append(Key(sequence, Items(found)))
    return tuple(keys)


def _match(keyword: str, value: str) -> Match | None:
    """None for universal matching (C.2.2.2.3). Of several values of a text any may match."""
    values = tuple(part.strip() for part in value.split("\\") if part.strip())
    if len(values) > MAX_VALUES:
        raise InvalidQuery(f"more than {MAX_VALUES} values in {keyword}")
    if len(values) > 1 and vr_of(tag_of(keyword) or 0) not in _OF_ONE_VALUE:
        return AnyOf(values)
    return next(iter(read_matches(keyword, value, _MATCHING)), None)


# What is kept of a step to find it by


def kept_keys(data_set: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Names and values for the table of keys."""
    found = [(name, text) for name, path in _FOUND_BY.items() for text in _texts([data_set], path)]
    for value in (data_set.get("00100010") or {}).get("Value") or ():
        if isinstance(value, dict):
            name = "=".join(str(value.get(group, "")) for group in ("Alphabetic", "Ideographic", "Phonetic"))
            found.extend((_NAME, group) for group in fold_name(name) if group)
    return found


def start_column(data_set: Mapping[str, Any]) -> str:
    """Scheduled Procedure Step Start DateTime as it stands, to the second, without its offset from UTC; empty where it is none."""
    moments = Moments.of(first_text(data_set, SCHEDULED_START))
    return "" if moments is None else f"{moments.first:%Y%m%d%H%M%S}".rjust(14, "0")


def _texts(scopes: Sequence[Mapping[str, Any]], path: Sequence[str]) -> Iterator[str]:
    for scope in scopes:
        values = (scope.get(path[0]) or {}).get("Value") or ()
        if len(path) > 1:
            yield from _texts([value for value in values if isinstance(value, dict)], path[1:])
        else:
            yield from (value.strip(" ") for value in values if isinstance(value, str) and value.strip(" "))


# What a search is narrowed to

_HALF_A_DAY_AND_MORE: Final = 2
"""Days by which two values that mean one moment may differ, each with an offset from UTC of its own."""


def narrowing(keys: Iterable[Key], *, fuzzy: bool) -> Narrowing:
    """Rows that fulfil it are all that can match; most of the others need not be read."""
    uids: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    start: tuple[str, str] | None = None
    values: list[tuple[str, tuple[str, ...]]] = []
    for key in keys:
        if key.keyword == "ScheduledProcedureStepStartDateTime":
            start = _start(key.match)
        elif key.keyword == "SOPInstanceUID":
            uids = _literal(key.match)
        elif key.keyword == "ProcedureStepState":
            states = _literal(key.match)
        elif key.keyword == _NAME:
            if (
                not fuzzy
                and isinstance(key.match, SingleValue)
                and "=" not in key.match.value
                and (folded := fold_name(key.match.value)[0])
            ):
                values.append((_NAME, (folded,)))
        else:
            values.extend(_kept(key))
    return Narrowing(uids, states, tuple(values), start)


def _kept(key: Key) -> Iterator[tuple[str, tuple[str, ...]]]:
    if isinstance(key.match, Items):
        for inner in key.match.keys:
            name = f"{key.keyword}.{inner.keyword}"
            if name in _FOUND_BY and (some := _literal(inner.match)):
                yield name, some
    elif key.keyword in _FOUND_BY and (some := _literal(key.match)):
        yield key.keyword, some


def _literal(match: Match) -> tuple[str, ...]:
    """The values of which one must be there as it stands; empty where that cannot be said."""
    match match:
        case SingleValue(value):
            return (value.strip(" "),)
        case UIDList(values):
            return values
        case AnyOf(values) if not any(has_wild_card(value) for value in values):
            return tuple(value.strip(" ") for value in values)
    return ()


def _start(match: Match) -> tuple[str, str] | None:
    match match:
        case SingleValue(value):
            first = last = value
        case Range(first, last):
            pass
        case _:
            return None
    low, high = Moments.of(first), Moments.of(last)
    return (
        "" if low is None else _day(low.first, -_HALF_A_DAY_AND_MORE),
        "9" if high is None else _day(high.last, _HALF_A_DAY_AND_MORE) + "~",
    )


def _day(moment: datetime, days: int) -> str:
    try:
        return f"{moment + timedelta(days=days):%Y%m%d}".rjust(8, "0")
    except OverflowError:
        return "" if days < 0 else "9"
