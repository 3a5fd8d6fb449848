"""Queries in another time zone than what is stored (PS3.4 C.2.2.2.1.3): an index finds the days, the fragments say the moment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from hounsfield.dicom.dictionary import keyword_of, tag_of, vr_of
from hounsfield.index.fragments import FRAGMENT_LEVELS, Fragment, element_matches, raw_fragment_of, read_fragment
from hounsfield.index.rows import Hit
from hounsfield.model.date_time import Moments
from hounsfield.model.matching import date_bounds, date_column, time_bounds, time_column
from hounsfield.model.query import TIME_OF_DATE, AnyOf, DateTimeRange, Empty, Key, Level, Match, Query, Range, SingleValue, alternative
from hounsfield.model.time_zone import QueryZone, offset_text, parse_offset

TIMEZONE_OFFSET_FROM_UTC = "00080201"

_TIMES = frozenset(TIME_OF_DATE.values())
_BIRTH_TIME = "00100032"
"""Its date is one that a patient is known by, wherever it is asked for: it moves with no time zone."""


def _level(keyword: str) -> Level:
    return FRAGMENT_LEVELS[tag_of(keyword) or 0]


def narrowed(query: Query, zone: QueryZone) -> tuple[Query, tuple[Key, ...]]:
    """A query that finds all that can match, and the keys by which what it finds is to be judged."""
    kept: list[Key] = []
    judged: list[Key] = []
    for key in query.keys:
        dated = key.keyword in TIME_OF_DATE
        if isinstance(key.match, Empty) or not (dated or key.keyword in _TIMES) or _level(key.keyword) > query.level:
            kept.append(key)
            continue
        judged.append(key)
        if dated:
            kept.append(Key(key.keyword, _stored_days(key.match, zone)))
    return replace(query, keys=tuple(kept)), tuple(judged)


def _stored_days(match: Match, zone: QueryZone) -> Match:
    match match:
        case SingleValue(value):
            first, last = value, value
        case Range(first, last) | DateTimeRange(_, (first, _), (last, _)):
            pass
        case AnyOf(values):
            ranges = (_stored_days(alternative(value, dated=True), zone) for value in values if value)
            return AnyOf(tuple(f"{one.first}-{one.last}" for one in ranges if isinstance(one, Range)))
        case _:
            return match
    return Range(*zone.stored_days(date_column(first), date_column(last)))


def fragment_in(zone: QueryZone, hit: Hit, level: Level) -> Fragment:
    """What a hit says of one level of it, its dates and times as they are in a time zone."""
    return _read_in(zone, raw_fragment_of(hit, level))


@lru_cache(maxsize=64)
def _read_in(zone: QueryZone, raw: bytes) -> Fragment:
    return in_zone(zone, read_fragment(raw))


def in_zone(zone: QueryZone, attributes: Fragment) -> Fragment:
    """The attributes of one object with their dates and times as they are in a time zone; those inside sequences stay.

    A date and time in one value (VR DT) says the offset that it was meant in where it did not.
    """
    own_offset = _value(attributes, TIMEZONE_OFFSET_FROM_UTC)
    moved = dict(attributes)
    for name, element in attributes.items():
        if element["vr"] == "TM" and name != _BIRTH_TIME:
            day = _date_of(name)
            stored = (_value(attributes, day), _value(attributes, name))
            for tag, before, after in zip((day, name), stored, zone.read(*stored, own_offset), strict=True):
                if after != before:
                    moved[tag] = {**attributes[tag], "Value": [after]}
        elif element["vr"] == "DT" and (text := _value(attributes, name)):
            moved[name] = {**element, "Value": [_with_offset(zone, text, own_offset)]}
    return moved


def with_partners(tags: Iterable[int]) -> frozenset[int]:
    """The attributes that have to be known for some to be read in a zone: dates with their times, and the offset that they are in."""
    found = {*tags, int(TIMEZONE_OFFSET_FROM_UTC, 16)}
    for tag in tuple(found):
        keyword = keyword_of(tag)
        found.update(filter(None, (tag_of(keyword.replace("Date", "Time")), tag_of(keyword.replace("Time", "Date")))))
    return frozenset(found)


@lru_cache(maxsize=256)
def _date_of(time: str) -> str:
    """The tag of the date that goes with a time, as Study Date with Study Time; empty where there is none."""
    keyword = keyword_of(int(time, 16)).replace("Time", "Date")
    tag = tag_of(keyword)
    return f"{tag:08X}" if tag is not None and vr_of(tag) == "DA" else ""


def _with_offset(zone: QueryZone, text: str, own_offset: str) -> str:
    moments = Moments.of(text)
    if moments is None or moments.offset_minutes is not None:
        return text
    offset = parse_offset(own_offset)
    return text + offset_text(zone.stored(moments.first.replace(tzinfo=None)) if offset is None else offset)


def _value(fragment: Fragment, tag: str) -> str:
    """A text that is an element's only value; empty where there is none."""
    match fragment.get(tag, {}).get("Value"):
        case [str(text)]:
            return text.strip(" ")
    return ""


def moment_matches(zone: QueryZone, hit: Hit, keys: tuple[Key, ...]) -> bool:
    """Whether dates and times match all keys once they are read in the zone."""
    return all(_matches(fragment_in(zone, hit, _level(key.keyword)), key) for key in keys)


def _matches(fragment: Fragment, key: Key) -> bool:
    if not isinstance(key.match, DateTimeRange):
        return element_matches(fragment, key)
    days = date_bounds(key.match.first[0], key.match.last[0])
    times = time_bounds(key.match.first[1], key.match.last[1])
    if days is None or times is None:
        return False
    stored_day, stored_time = (_value(fragment, f"{tag_of(keyword):08X}") for keyword in (key.keyword, key.match.time_keyword))
    day, clock = date_column(stored_day), time_column(stored_time)
    from_time = times[0] if key.match.first[1] else ""  # an unknown time is not before the beginning of its day
    return bool(day) and days[0] <= day <= days[1] and (day != days[0] or clock >= from_time) and (day != days[1] or clock <= times[1])
