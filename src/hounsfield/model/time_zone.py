"""Offsets from UTC, and what a date and a time are in another time zone (PS3.3 C.12.1, Timezone Offset From UTC)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

WESTMOST_MINUTES: Final = -12 * 60
EASTMOST_MINUTES: Final = 14 * 60
"""The offsets that there are (PS3.5 table 6.2-1, DT)."""

OffsetAt = Callable[[datetime], int]
"""The offset of a place from UTC at one of its dates and times, in minutes, positive to the east."""


def fixed(minutes: int) -> OffsetAt:
    """A place whose offset never changes."""
    return lambda _at: minutes


UTC = fixed(0)

_OFFSET = re.compile(r"([+-])(\d{2})([0-5]\d)", re.ASCII)
_DAY = re.compile(r"(\d{4})\.?(\d{2})\.?(\d{2})", re.ASCII)
_CLOCK = re.compile(r"([01]\d|2[0-3])(?::?([0-5]\d)(?::?((?:[0-5]\d|60)(?:\.\d{1,6})?))?)?", re.ASCII)
_NO_DAY = date(2001, 1, 1)
"""Stands in where a time has no date."""


def parse_offset(text: str) -> int | None:
    """`+0130` in minutes; None where it is no offset."""
    matched = _OFFSET.fullmatch(text.strip(" "))
    if matched is None:
        return None
    sign, hours, minutes = matched.groups()
    offset = (int(hours) * 60 + int(minutes)) * (-1 if sign == "-" else 1)
    return offset if WESTMOST_MINUTES <= offset <= EASTMOST_MINUTES else None


def offset_text(minutes: int) -> str:
    """An offset as Timezone Offset From UTC has it; UTC is `+0000`."""
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02}{rest:02}"


@dataclass(frozen=True, slots=True)
class QueryZone:
    """The time zone of a query, and the one in which dates and times are stored.

    offset_minutes: of the query's dates and times from UTC.
    stored: of dates and times in objects that do not say their own offset.
    """

    offset_minutes: int
    stored: OffsetAt

    def read(self, day: str, clock: str, own_offset: str) -> tuple[str, str]:
        """A stored date and time as they are in the query's zone; as they stand where they do not say when.

        A date without a time stays; a time without a date moves within the day. own_offset: as the object says it, or empty.
        """
        matched = _CLOCK.fullmatch(clock)
        if matched is None:
            return day, clock
        hour, minute, rest = matched.groups()
        known = _calendar_day(day)
        at = datetime.combine(known or _NO_DAY, time(int(hour), int(minute or 0)))
        own = parse_offset(own_offset)
        shift = self.offset_minutes - (self.stored(at) if own is None else own)
        try:
            moved = at + timedelta(minutes=shift)
        except OverflowError:
            return day, clock
        if not shift:
            return day, clock
        to_the_minute = f"{moved.minute:02}{rest or ''}" if minute is not None or moved.minute else ""
        return f"{moved.year:04}{moved:%m%d}" if known else day, f"{moved.hour:02}{to_the_minute}"

    def stored_days(self, first: str, last: str) -> tuple[str, str]:
        """Dates between which all lies that is stored and can be between two dates of the query; empty is an open end, there and here."""
        westward = timedelta(minutes=WESTMOST_MINUTES - self.offset_minutes)
        eastward = timedelta(days=1, minutes=EASTMOST_MINUTES - self.offset_minutes - 1)
        return _day_at(first, westward, days_unknown=0), _day_at(last, eastward, days_unknown=31)


def _calendar_day(text: str) -> date | None:
    matched = _DAY.fullmatch(text)
    try:
        return date(*map(int, matched.groups())) if matched is not None else None
    except ValueError:
        return None


def _day_at(day: str, span: timedelta, days_unknown: int) -> str:
    """The day that it is some time after midnight; of a 31 February, which is in no calendar, so many days after its month began."""
    known = _calendar_day(day)
    if known is None:
        known = _calendar_day(f"{day[:6]}01")
        span += timedelta(days=days_unknown)
    if known is None:
        return ""
    try:
        moved = datetime.combine(known, time()) + span
    except OverflowError:
        return ""
    return f"{moved.year:04}{moved:%m%d}"
