"""The query parameters of a search, read into one `Query` (PS3.18 8.3.4)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hounsfield.dicom.dictionary import keyword_of, tag_of, vr_of
from hounsfield.model.errors import InvalidQuery, InvalidUID
from hounsfield.model.identifiers import parse_uid
from hounsfield.model.query import AnyOf, Key, Level, Match, Query, Range, SingleValue, UIDList, WildCard

MAX_OFFSET: Final = 1 << 31
MAX_LIST_VALUES: Final = 2048
MAX_VALUE_CHARACTERS: Final = 1024

_TAG = re.compile(r"[0-9A-Fa-f]{8}")
_DATE = re.compile(r"[0-9]{8}")
_TIME = re.compile(r"[0-9]{2}(?:[0-9]{2}(?:[0-9]{2}(?:\.[0-9]{1,6})?)?)?")
_CONTROL = frozenset({"includefield", "limit", "offset", "fuzzymatching", "accept", "charset"})
_LISTS_OF_CODES = frozenset({"ModalitiesInStudy", "Modality", "SOPClassesInStudy"})


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """included: keywords asked for in the answer, `all` among them where everything is.

    unsupported: parameters that name no attribute, or one inside a sequence, as the client wrote them.
    """

    query: Query
    included: frozenset[str]
    unsupported: tuple[str, ...]


def read_search(level: Level, within: Sequence[Key], parameters: Sequence[tuple[str, str]], partition_id: int) -> SearchRequest:
    """within: the keys that the path gives. Raises: InvalidQuery."""
    keys: list[Key] = list(within)
    taken = {key.keyword for key in keys}
    included: set[str] = set()
    unsupported: list[str] = []
    control: dict[str, str] = {}
    for name, value in parameters:
        if name in _CONTROL:
            if name == "includefield":
                _include(value, included, unsupported)
            elif name in control:
                raise InvalidQuery(f"the parameter {name} is given twice")
            else:
                control[name] = value
            continue
        keyword = attribute_keyword(name)
        if not keyword:
            unsupported.append(name)
            continue
        if keyword in taken:
            raise InvalidQuery(f"{keyword} is given twice, or by the path already")
        taken.add(keyword)
        if (match := read_match(keyword, value)) is not None:
            keys.append(Key(keyword, match))
    query = Query(
        level,
        tuple(keys),
        limit=_count(control, "limit", MAX_OFFSET),
        offset=_count(control, "offset", MAX_OFFSET) or 0,
        fuzzy=_flag(control, "fuzzymatching"),
        partition_id=partition_id,
    )
    return SearchRequest(query, frozenset(included), tuple(unsupported))


def attribute_keyword(name: str) -> str:
    """The keyword of an attribute named by keyword or by eight hexadecimal digits; empty where it is neither, or a path into a sequence."""
    if _TAG.fullmatch(name) is not None:
        return keyword_of(int(name, 16))
    return name if tag_of(name) is not None else ""


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
    if keyword in _LISTS_OF_CODES:
        codes = tuple(code.strip() for code in re.split(r"[\\,]", value) if code.strip())
        if len(codes) > 1:
            return AnyOf(codes)
    if vr in ("IS", "DS", "US", "UL", "SS", "SL"):
        return SingleValue(value.strip())
    if "*" in value or "?" in value:
        return WildCard(value)
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


def _include(value: str, included: set[str], unsupported: list[str]) -> None:
    for name in value.split(","):
        name = name.strip()
        if name == "all":
            included.add("all")
        elif name:
            keyword = attribute_keyword(name)
            if keyword:
                included.add(keyword)
            else:
                unsupported.append(f"includefield={name}")


def _count(control: dict[str, str], name: str, highest: int) -> int | None:
    text = control.get(name)
    if text is None or text == "":
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 12 or int(text) > highest:
        raise InvalidQuery(f"{name} is not a number from 0 on")
    return int(text)


def _flag(control: dict[str, str], name: str) -> bool:
    text = control.get(name, "false").lower()
    if text not in ("true", "false"):
        raise InvalidQuery(f"{name} is true or false")
    return text == "true"
