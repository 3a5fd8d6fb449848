"""Values of VR DT as moments, and ranges of them (PS3.5 table 6.2-1, PS3.4 C.2.2.2.5.3)."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hounsfield.model.query import Range, SingleValue
from hounsfield.model.time_zone import offset_text, parse_offset

_OFFSET: Final = r"[+-](?:0[0-9]|1[0-4])[0-5][0-9]"
_VALUE: Final = rf"[0-9]{{4}}(?:[0-9]{{2}}){{0,5}}(?:(?<=[0-9]{{14}})\.[0-9]{{1,6}})?(?:{_OFFSET})?"
_SINGLE = re.compile(_VALUE)
_RANGE = re.compile(rf"({_VALUE})? *- *({_VALUE})?")
_PARTS = re.compile(rf"([0-9]+)(?:\.([0-9]+))?({_OFFSET})?")
_EARLIEST: Final = "00000101000000"
NO_TIME: Final = timedelta(0)
_LATEST: Final = "00001231235959"


@dataclass(frozen=True, slots=True)
class Moments:
    """All that a value can mean, as precise as it is written: from `first` to `last`.

    offset_minutes: of both from UTC; None where the value does not say.
    """

    first: datetime
    last: datetime
    offset_minutes: int | None

    @classmethod
    def of(cls, text: str) -> Moments | None:
        """None where the text is no date and time."""
        matched = _PARTS.fullmatch(text.strip(" ")) if _SINGLE.fullmatch(text.strip(" ")) else None
        if matched is None:
            return None
        digits, fraction, offset = matched.groups("")
        try:
            days = calendar.monthrange(int(digits[:4]), int(digits[4:6] or 12))[1]
            latest = digits + f"{_LATEST[:6]}{days}{_LATEST[8:]}"[len(digits) :]
            return cls(
                _moment(digits + _EARLIEST[len(digits) :], fraction.ljust(6, "0")),
                _moment(latest, fraction.ljust(6, "0" if fraction else "9")),
                parse_offset(offset),
            )
        except ValueError:
            return None


def _moment(digits: str, micro: str) -> datetime:
    second = min(digits[12:], "59")  # a leap second is the last of its minute
    return datetime.strptime(f"{digits[:12]}{second}{micro}+0000", "%Y%m%d%H%M%S%f%z")


def date_time_match(text: str) -> SingleValue | Range | None:
    """How a key of VR DT is matched; None where it is none.

    A dash with four digits behind it that can be an offset from UTC is that, where it can be either.
    """
    text = text.strip(" ")
    if Moments.of(text) is not None:
        return SingleValue(text)
    matched = _RANGE.fullmatch(text)
    first, last = ("", "") if matched is None else matched.groups("")
    known = [Moments.of(end) is not None for end in (first, last) if end]
    return Range(first, last) if known and all(known) else None


def date_time_matches(text: str, match: SingleValue | Range) -> bool:
    """Whether a stored value matches by its meaning, the earliest that it can have; a range ends with the latest of its end."""
    stored = Moments.of(text)
    if stored is None:
        return False
    if isinstance(match, SingleValue):
        asked = Moments.of(match.value)
        return asked is not None and not _later(stored, asked, asked.first)
    low, high = Moments.of(match.first), Moments.of(match.last)
    return (low is None or _later(stored, low, low.first) >= NO_TIME) and (high is None or _later(stored, high, high.last) <= NO_TIME)


def _later(stored: Moments, end: Moments, moment: datetime) -> timedelta:
    """By how much a stored value is later than an end of a key; as both stand where one of them says no offset."""
    if stored.offset_minutes is None or end.offset_minutes is None:
        return stored.first - moment
    return stored.first - moment - timedelta(minutes=stored.offset_minutes - end.offset_minutes)


def in_offset(text: str, offset_minutes: int) -> str:
    """A key of VR DT; what does not say its offset from UTC is given one."""
    match date_time_match(text):
        case SingleValue(value):
            return _told(value, offset_minutes)
        case Range(first, last):
            return f"{_told(first, offset_minutes)}-{_told(last, offset_minutes)}"
    return text


def _told(end: str, offset_minutes: int) -> str:
    moments = Moments.of(end)
    return end + offset_text(offset_minutes) if moments is not None and moments.offset_minutes is None else end
