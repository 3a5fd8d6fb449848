"""The identifier of a C-FIND request as a query, and what its answers hold (PS3.4 C.2.2, C.4.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Final

from hounsfield.dicom.dictionary import is_matched_value_by_value, keyword_of, vr_of
from hounsfield.dicom.json_values import SINGLE_VALUED
from hounsfield.dicom.tags import SPECIFIC_CHARACTER_SET, tag_text
from hounsfield.index.fragments import FRAGMENT_LEVELS
from hounsfield.model.date_time import date_time_match, in_offset
from hounsfield.model.matching import date_bounds, date_column, has_wild_card, time_bounds, time_column
from hounsfield.model.query import (
    TIME_OF_DATE,
    AnyOf,
    DateTimeRange,
    Empty,
    Items,
    Key,
    Level,
    Match,
    Query,
    Range,
    SingleValue,
    UIDList,
    WildCard,
)
from hounsfield.model.time_zone import OffsetAt, QueryZone, parse_offset
from hounsfield.servers.dimse.identifier import QUERY_RETRIEVE_LEVEL, TIMEZONE_OFFSET_FROM_UTC, Asked, Identifier, UnfitIdentifier
from hounsfield.servers.dimse.information_model import UNIQUE_KEYS, InformationModel
from hounsfield.services.computed_attributes import COMPUTED, JUDGED, PATIENT_COUNTS
from hounsfield.services.header_keys import header_level
from hounsfield.services.search_results import Wanted

MAX_VALUES: Final = 1000
"""Of a key other than a UID."""

MAX_VALUE_CHARACTERS: Final = 1024

_CONTROL = frozenset({SPECIFIC_CHARACTER_SET, QUERY_RETRIEVE_LEVEL})
_WITHOUT_WILD_CARDS = frozenset({"AS", "AT", "DS", "FD", "FL", "IS", "SL", "SS", "SV", "UL", "US", "UV"})
_NUMBER = re.compile(r"[+-]?[0-9]{1,12}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_QUOTATION_MARKS = '""'


@dataclass(frozen=True, slots=True)
class Agreed:
    """What extended negotiation has switched on (PS3.4 C.5.1.1)."""

    relational: bool = False
    date_time: bool = False
    fuzzy: bool = False
    time_zone: bool = False
    empty_value: bool = False
    multiple_value: bool = False

    @classmethod
    def of(cls, information: bytes) -> Agreed:
        """From the service class application information of the answer."""
        on = [bool(byte) for byte in information.ljust(7, b"\0")]
        return cls(on[0], on[1], on[2], on[3], on[5], on[6])


SUPPORTED = bytes((1, 1, 1, 1, 0, 1, 1))
"""Relational queries, date-time and fuzzy matching, time-zone adjustment; not image conversion; empty and multiple values."""


@dataclass(frozen=True, slots=True)
class FindRequest:
    """A request understood.

    asked: the elements that answers hold, as asked.
    beyond: those that objects have, and the index does not; beyond_keys: what they are to match.
    judged_keys: what the answers themselves are to match, by attributes in JUDGED.
    partial: whether an element is asked for that no answer holds.
    zone: in which the request's dates and times are meant, and the answers' are given; None where all stand as they are stored.
    """

    query: Query
    asked: tuple[Asked, ...]
    partial: bool
    zone: QueryZone | None = None
    beyond: tuple[Asked, ...] = ()
    beyond_keys: tuple[Key, ...] = ()
    judged_keys: tuple[Key, ...] = ()

    @property
    def wanted(self) -> Wanted:
        """For the search."""
        return Wanted(
            self.query,
            self.zone,
            header_tags=frozenset(asked.tag for asked in self.beyond),
            header_keys=self.beyond_keys,
            judged_keys=self.judged_keys,
            counts_patients=any(element.tag in PATIENT_COUNTS for element in self.asked),
        )


def read_find_request(identifier: Identifier, model: InformationModel, agreed: Agreed, stored: OffsetAt) -> FindRequest:
    """stored: the time zone of objects that say none. Raises: UnfitIdentifier."""
    level = identifier.level(model)
    zone = _zone(identifier, stored) if agreed.time_zone else None
    if not agreed.relational:
        _require_unique_keys(identifier, model, level)
    found = _Found()
    for element in identifier:
        if element.tag not in _CONTROL and not (element.tag == TIMEZONE_OFFSET_FROM_UTC and zone is not None):
            found.take(element, level, agreed, zone)
    if UNIQUE_KEYS[level] not in identifier:
        found.asked.append(Asked(UNIQUE_KEYS[level], "UI", ""))
    if agreed.date_time:
        _combine(found.matches)
    query = Query(level, _keys(found.matches), fuzzy=agreed.fuzzy)
    beyond, beyond_keys, judged_keys = tuple(found.beyond), _keys(found.beyond_matches), _keys(found.judged_matches)
    return FindRequest(query, tuple(found.asked), found.partial, zone, beyond, beyond_keys, judged_keys)


Matches = dict[str, tuple[Match, ...]]
"""By keyword: all of what the attribute must match."""


@dataclass(slots=True)
class _Found:
    """What the elements of an identifier are, by where their attributes are held."""

    asked: list[Asked] = field(default_factory=list)
    beyond: list[Asked] = field(default_factory=list)
    matches: Matches = field(default_factory=dict)
    beyond_matches: Matches = field(default_factory=dict)
    judged_matches: Matches = field(default_factory=dict)
    partial: bool = False

    def take(self, element: Asked, level: Level, agreed: Agreed, zone: QueryZone | None) -> None:
        """One more. Raises: UnfitIdentifier."""
        tag = element.tag
        held = FRAGMENT_LEVELS.get(tag, COMPUTED.get(tag))
        own = header_level(tag) if held is None else held
        if own is None or own > level:
            self.partial = True
            return
        (self.beyond if held is None else self.asked).append(element)
        if zone is not None and vr_of(tag) == "DT" and element.text:
            element = replace(element, text="\\".join(in_offset(value, zone.offset_minutes) for value in element.values))
        if tag != TIMEZONE_OFFSET_FROM_UTC:  # which says something of the request (PS3.4 C.4.1.1.3.1)
            matches = self.judged_matches if tag in JUDGED else self.beyond_matches if held is None else self.matches
            matches[keyword_of(tag)] = read_matches(element, agreed)


def _keys(matches: Matches) -> tuple[Key, ...]:
    return tuple(Key(keyword, match) for keyword, all_of in matches.items() for match in all_of)


def _zone(identifier: Identifier, stored: OffsetAt) -> QueryZone | None:
    """The zone of the request's Timezone Offset From UTC (PS3.4 C.2.2.2.1.3); None where it has none."""
    if not identifier.time_zone:
        return None
    offset = parse_offset(identifier.time_zone)
    if offset is None:
        raise UnfitIdentifier("Timezone Offset From UTC is written +0100, from -1200 to +1400", TIMEZONE_OFFSET_FROM_UTC)
    return QueryZone(offset, stored)


def _require_unique_keys(identifier: Identifier, model: InformationModel, level: Level) -> None:
    """Hierarchical search: one value in the unique key of each level above (PS3.4 C.4.1.2.1).

    Where a level is named by a single UID, those over it need not be named: there is no doubt about them.
    """
    named = False
    for above in reversed(model.above(level)):
        tag = UNIQUE_KEYS[above]
        if above is Level.PATIENT:
            values = identifier.elements[tag].values if tag in identifier else ()
            single = len(values) == 1 and bool(values[0]) and not has_wild_card(values[0])
        else:
            single = len(identifier.uids(tag)) == 1
        if not single and not (named and not identifier.text(tag)):
            raise UnfitIdentifier(f"{keyword_of(tag)} must hold one value at this level", tag)
        named = True


def read_matches(element: Asked, agreed: Agreed) -> tuple[Match, ...]:
    """The kind of matching that a value asks for (PS3.4 C.2.2.2); nothing for universal matching. Raises: UnfitIdentifier.

    Of several values any may match, as most peers mean them; where multiple value matching was agreed, each must (C.2.2.2.8).
    """
    tag = element.tag
    vr = vr_of(tag) if vr_of(tag) != "UN" else element.vr
    if element.items is not None:
        return _items(element, agreed)
    if not element.text.strip("* "):
        return ()
    if agreed.empty_value and element.text == _QUOTATION_MARKS:
        return (Empty(),)
    if vr == "UI":
        return (_uids(element),)
    values = (element.text,) if vr in SINGLE_VALUED else tuple(value for value in element.values if value)
    if len(values) > MAX_VALUES or any(len(value) > MAX_VALUE_CHARACTERS for value in values):
        raise UnfitIdentifier(f"{tag_text(tag)}: no more than {MAX_VALUES} values of {MAX_VALUE_CHARACTERS} characters", tag)
    matches = tuple(_value(tag, vr, value) for value in dict.fromkeys(values))
    if len(matches) == 1:
        return matches
    is_of_each = agreed.multiple_value and is_matched_value_by_value(tag) and not any(map(has_wild_card, values))
    return matches if is_of_each else (AnyOf(values),)


def _value(tag: int, vr: str, value: str) -> Match:
    if vr in ("DA", "TM", "DT"):
        return _date_or_time(tag, vr, value)
    if vr in _WITHOUT_WILD_CARDS:
        if not (_NUMBER if vr == "IS" else _DECIMAL).fullmatch(value) and vr not in ("AS", "AT"):
            raise UnfitIdentifier(f"{tag_text(tag)} takes a number", tag)
        return SingleValue(value)
    return WildCard(value) if has_wild_card(value) else SingleValue(value)


def _date_or_time(tag: int, vr: str, value: str) -> Match:
    if vr == "DT":
        match = date_time_match(value)
        if match is None:
            raise UnfitIdentifier(f"{tag_text(tag)} takes a date and time, or a range of two", tag)
        return match
    first, dash, last = value.partition("-")
    first, last = first.strip(), last.strip()
    bounds = (date_bounds if vr == "DA" else time_bounds)(first, last)
    if dash and bounds is not None and (first or last):
        return Range(first, last)
    if dash or not (date_column if vr == "DA" else time_column)(value):
        raise UnfitIdentifier(f"{tag_text(tag)} takes a {'date' if vr == 'DA' else 'time'}, or a range of two", tag)
    return SingleValue(value)


def _uids(element: Asked) -> Match:
    uids = element.uids
    return SingleValue(uids[0]) if len(uids) == 1 else UIDList(uids)


def _items(element: Asked, agreed: Agreed) -> tuple[Match, ...]:
    items = element.items or ()
    if len(items) > 1:
        raise UnfitIdentifier(f"{tag_text(element.tag)}: a key has one item (PS3.4 C.2.2.2.6)", element.tag)
    keys = _keys({keyword_of(tag): read_matches(inner, agreed) for item in items for tag, inner in item.items() if keyword_of(tag)})
    return (Items(keys),) if keys else ()


def _combine(matches: Matches) -> None:
    for date_keyword, time_keyword in TIME_OF_DATE.items():
        match matches.get(date_keyword), matches.get(time_keyword):
            case (Range() as date,), (Range() as time,):
                del matches[time_keyword]
                matches[date_keyword] = (DateTimeRange(time_keyword, (date.first, time.first), (date.last, time.last)),)
