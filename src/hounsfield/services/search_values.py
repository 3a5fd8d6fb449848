"""The keys of a search as text has them: an attribute's path, and the kind of matching of a value (PS3.18 8.3.4.1, PS3.4 C.2.2.2)."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from hounsfield.dicom.dictionary import is_matched_value_by_value, keyword_of, tag_of, vr_of
from hounsfield.model.date_time import date_time_match
from hounsfield.model.errors import InvalidQuery, InvalidUID
from hounsfield.model.identifiers import parse_uid
from hounsfield.model.matching import has_wild_card
from hounsfield.model.query import AnyOf, Empty, Match, Range, SingleValue, UIDList, WildCard

MAX_LIST_VALUES: Final = 2048
MAX_VALUE_CHARACTERS: Final = 1024
MAX_PATH_STEPS: Final = 8

_TAG = re.compile(r"[0-9A-Fa-f]{8}")

_DATE = re.compile(r"[0-9]{8}")
_TIME = re.compile(r"[0-9]{2}(?:[0-9]{2}(?:[0-9]{2}(?:\.[0-9]{1,6})?)?)?")
_WHOLE = re.compile(r"[+-]?[0-9]{1,12}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_LISTS_OF_CODES = frozenset({"ModalitiesInStudy", "Modality", "SOPClassesInStudy"})
_WHOLE_VRS = frozenset({"IS", "SL", "SS", "SV", "UL", "US", "UV", "xs"})
_DECIMAL_VRS = frozenset({"DS", "FD", "FL"})
_WITHOUT_WILD_CARDS = frozenset({"AS", "AT"})
_QUOTATION_MARKS = '""'


class Matching(NamedTuple):
    """Kinds of matching that a request switches on: `emptyvaluematching` (8.3.4.5) and `multiplevaluematching` (8.3.4.6)."""

    empty_value: bool = False
    multiple_value: bool = False


def attribute_path(name: str) -> tuple[str, ...]:
    """Keywords of an attribute and of the sequences that it is in, the outermost first; empty where the name is none (8.3.4.1).

    Each is named by its keyword or by eight hexadecimal digits, with dots between.
    """
    keywords = tuple(map(_keyword, name.split(".", MAX_PATH_STEPS)))
    if not all(keywords) or any(vr_of(tag_of(keyword) or 0) != "SQ" for keyword in keywords[:-1]):
        return ()
    return keywords


def _keyword(step: str) -> str:
    """Empty where the step names no attribute, or one of a repeating group, whose keyword stands for several."""
    tag = int(step, 16) if _TAG.fullmatch(step) else tag_of(step)
    keyword = "" if tag is None else keyword_of(tag)
    return keyword if keyword and tag_of(keyword) == tag else ""


def read_matches(keyword: str, value: str, matching: Matching) -> tuple[Match, ...]:
    """All that an attribute must match; nothing for universal matching. Raises: InvalidQuery.

    Multiple value matching asks that each of the values, between backslashes, is among those of the attribute (PS3.4 C.2.2.2.8).
    """
    vr = vr_of(tag_of(keyword) or 0)
    if vr == "SQ":
        if value.strip(" *"):
            raise InvalidQuery(f"{keyword} is a sequence: an attribute of its items is named behind a dot")
        return ()
    if matching.empty_value and value.strip(" ") == _QUOTATION_MARKS:
        return (Empty(),)
    if matching.multiple_value and is_matched_value_by_value(tag_of(keyword) or 0):
        values = _split(value, commas=vr == "CS")
        if len(values) > 1:
            if any(map(has_wild_card, values)):
                raise InvalidQuery(f"{keyword}: with multiplevaluematching several values have no wild cards (PS3.4 C.2.2.2.8)")
            found = (read_match(keyword, one) for one in dict.fromkeys(values))
            return tuple(match for match in found if match is not None)
    match = read_match(keyword, value)
    return () if match is None else (match,)


def read_match(keyword: str, value: str) -> Match | None:
    """None for universal matching (PS3.4 C.2.2.2.3). Raises: InvalidQuery."""
    if not value.strip(" *"):
        return None
    if len(value) > MAX_LIST_VALUES * 65:
        raise InvalidQuery(f"the value of {keyword} is too long")
    vr = vr_of(tag_of(keyword) or 0)
    if vr == "UI":
        return _uids(keyword, value)
    if len(value) > MAX_VALUE_CHARACTERS:
        raise InvalidQuery(f"the value of {keyword} is longer than {MAX_VALUE_CHARACTERS} characters")
    if vr in ("DA", "TM"):
        return _date_or_time(keyword, value.strip(), _DATE if vr == "DA" else _TIME)
    if vr == "DT":
        return _moment(keyword, value)
    if keyword in _LISTS_OF_CODES:
        codes = _split(value, commas=True)
        if len(codes) > 1:
            return AnyOf(codes)
    if vr in _WHOLE_VRS or vr in _DECIMAL_VRS:
        return _number(keyword, value.strip(), _WHOLE if vr in _WHOLE_VRS else _DECIMAL)
    if has_wild_card(value) and vr not in _WITHOUT_WILD_CARDS:
        return WildCard(value)
    return SingleValue(value.upper() if vr == "AT" else value)


def _split(value: str, *, commas: bool) -> tuple[str, ...]:
    return tuple(one.strip() for one in re.split(r"[\\,]" if commas else r"\\", value) if one.strip())


def _number(keyword: str, value: str, form: re.Pattern[str]) -> Match:
    if form.fullmatch(value) is None:
        raise InvalidQuery(f"{keyword} takes a {'whole ' if form is _WHOLE else ''}number")
    return SingleValue(value)


def _uids(keyword: str, value: str) -> Match | None:
    try:
        uids = tuple(str(parse_uid(uid)) for uid in re.split(r"[\\,]", value) if uid.strip())
    except InvalidUID as exc:
        raise InvalidQuery(f"{keyword}: {exc}") from exc
    if len(uids) > MAX_LIST_VALUES:
        raise InvalidQuery(f"more than {MAX_LIST_VALUES} UIDs in {keyword}")
    if not uids:
        return None
    return SingleValue(uids[0]) if len(uids) == 1 else UIDList(uids)


def _moment(keyword: str, value: str) -> Match:
    match = date_time_match(value)
    if match is None:
        raise InvalidQuery(f"{keyword} takes a date and time such as 20260131235959+0100, or a range of two with - between")
    return match


def _date_or_time(keyword: str, value: str, form: re.Pattern[str]) -> Match:
    first, dash, last = value.partition("-")
    for end in (first, last):
        if end and form.fullmatch(end) is None:
            raise InvalidQuery(f"{keyword} takes a value such as 20260131 or 235959, or a range of two with - between")
    if not dash:
        return SingleValue(first)
    if not first and not last:
        raise InvalidQuery(f"the range of {keyword} is open at both ends")
    return Range(first, last)
