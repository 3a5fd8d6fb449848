"""Matching of attributes that have no column, on the DICOM JSON fragments of rows that other keys have found (PS3.4 C.2.2.2)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from hounsfield.dicom.dictionary import tag_of, vr_of
from hounsfield.dicom.index_attributes import INSTANCE_TAGS, SERIES_TAGS, STUDY_TAGS
from hounsfield.dicom.tags import SPECIFIC_CHARACTER_SET
from hounsfield.index.rows import Hit, InstanceHit, SeriesHit
from hounsfield.index.words import fold_name_group
from hounsfield.model.date_time import date_time_match, date_time_matches
from hounsfield.model.matching import date_bounds, date_column, is_universal, matches_wild_card, time_bounds, time_column
from hounsfield.model.query import AnyOf, DateTimeRange, Empty, Items, Key, Level, Match, Range, SingleValue, UIDList, WildCard, alternative

Fragment = Mapping[str, Any]
"""Elements of the DICOM JSON model by their tag in hexadecimal; numbers as they were written."""


def _levels() -> dict[int, Level]:
    found = dict.fromkeys(INSTANCE_TAGS, Level.INSTANCE) | dict.fromkeys(SERIES_TAGS, Level.SERIES)
    found |= {tag: Level.PATIENT if tag >> 16 == 0x0010 else Level.STUDY for tag in STUDY_TAGS}
    # What differs between visits is said of a patient's study (PS3.3 C.7.2.2).
    found |= dict.fromkeys((0x00101010, 0x00101020, 0x00101030, 0x00102180, 0x001021B0), Level.STUDY)
    del found[SPECIFIC_CHARACTER_SET]
    return found


FRAGMENT_LEVELS: Mapping[int, Level] = _levels()
"""The level of each attribute that fragments hold."""


def level_of(keyword: str) -> Level | None:
    """The level at which fragments hold an attribute; None where they do not."""
    tag = tag_of(keyword)
    return None if tag is None else FRAGMENT_LEVELS.get(tag)


@lru_cache(maxsize=64)
def read_fragment(raw: bytes) -> Fragment:
    """A row's JSON, its segments put together; of a study the character set that its object was written in."""
    found: Fragment = json.loads(b"{" + b",".join(filter(None, raw.split(b"\n"))) + b"}", parse_float=str, parse_int=str)
    return found


def raw_fragment_of(hit: Hit, level: Level) -> bytes:
    """The JSON of one level of a hit, patient and study being one."""
    if level is Level.INSTANCE:
        assert isinstance(hit, InstanceHit)
        return hit.json
    if level is Level.SERIES:
        return hit.series_json if isinstance(hit, InstanceHit) else hit.json
    return hit.study_json if isinstance(hit, SeriesHit | InstanceHit) else hit.json


def fragment_of(hit: Hit, level: Level) -> Fragment:
    """What a hit says of one level of it, patient and study being one."""
    return read_fragment(raw_fragment_of(hit, level))


def hit_matches(hit: Hit, keys: Sequence[Key]) -> bool:
    """Whether a hit matches keys that have no column, but whose attributes its fragments hold."""
    return all(element_matches(fragment_of(hit, _level(key)), key) for key in keys)


def _level(key: Key) -> Level:
    level = level_of(key.keyword)
    assert level is not None
    return level


def element_matches(fragment: Fragment, key: Key) -> bool:
    """Whether one element of a data set matches a key."""
    tag = tag_of(key.keyword)
    element = fragment.get(f"{tag:08X}", {})
    values = element.get("Value") or []
    if isinstance(key.match, Items):
        return not key.match.keys or any(item_matches(item, key.match.keys) for item in values if isinstance(item, dict))
    texts = [text for value in values if (text := _text(value))]
    if isinstance(key.match, Empty):
        return not texts and "InlineBinary" not in element
    vr = element.get("vr") or vr_of(tag or 0)
    return _is_universal(key.match) or any(value_matches(text, key.match, vr) for text in texts)


def item_matches(item: Fragment, keys: Sequence[Key]) -> bool:
    """Whether an item of a sequence matches all keys (C.2.2.2.6)."""
    return all(element_matches(item, key) for key in keys)


def value_matches(text: str, match: Match, vr: str) -> bool:
    """Whether one value, without padding, matches."""
    if vr == "DT":
        return _moment_matches(text, match)
    match match:
        case SingleValue(value):
            return _equal(text, value.strip(" "), vr)
        case UIDList(values):
            return text in values
        case AnyOf(values):
            return any(value_matches(text, alternative(value, dated=vr in ("DA", "TM")), vr) for value in values)
        case WildCard(pattern):
            if vr == "PN":
                return _name_matches(text, pattern, matches_wild_card)
            return matches_wild_card(text, pattern.strip(" "))
        case Range(first, last):
            column, bounds = (time_column(text), time_bounds(first, last)) if vr == "TM" else (date_column(text), date_bounds(first, last))
            return bool(column) and bounds is not None and bounds[0] <= column <= bounds[1]
        case DateTimeRange() | Empty() | Items():
            return False


def _moment_matches(text: str, match: Match) -> bool:
    match match:
        case AnyOf(values):
            return any(_moment_matches(text, one) for value in values if (one := date_time_match(value)) is not None)
        case SingleValue() | Range():
            return date_time_matches(text, match)
    return False


def _equal(text: str, value: str, vr: str) -> bool:
    match vr:
        case "PN":
            return _name_matches(text, value, str.__eq__)
        case "DA":
            return date_column(text) == date_column(value) != ""
        case "TM":
            return time_column(text) == time_column(value) != ""
        case "IS" | "DS" | "US" | "SS" | "UL" | "SL" | "FL" | "FD":
            try:
                return float(text) == float(value)
            except ValueError:
                return False
    return text == value


def _name_matches(text: str, key: str, matches: Callable[[str, str], bool]) -> bool:
    """Any component group where the key has one, else each that the key has against the same of the name."""
    groups = [fold_name_group(group) for group in f"{text}==".split("=")[:3]]
    wanted = [fold_name_group(group) for group in key.split("=", 2)]
    if len(wanted) == 1:
        return any(matches(group, wanted[0]) for group in groups)
    return all(matches(group, one) for group, one in zip(groups, wanted, strict=False) if not is_universal(one))


def _is_universal(match: Match) -> bool:
    match match:
        case SingleValue(value) | WildCard(value):
            return not value.strip("* ")
        case UIDList(values) | AnyOf(values):
            return not any(values)
    return False


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return "=".join(value.get(group, "") for group in ("Alphabetic", "Ideographic", "Phonetic")).rstrip("=")
    return value.strip(" ") if isinstance(value, str) else ""
