"""The time zone of the site: of dates and times in objects that say no Timezone Offset From UTC (0008,0201)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hounsfield.model.time_zone import EASTMOST_MINUTES, WESTMOST_MINUTES, OffsetAt, fixed, parse_offset


def site_zone(text: str) -> OffsetAt:
    """An offset such as `+0100`, a name such as `Europe/Berlin`, or empty for the machine's own zone. Raises: ValueError."""
    if not text:
        return lambda at: _offset_at(None, at)
    offset = parse_offset(text)
    if offset is not None:
        return fixed(offset)
    try:
        zone = ZoneInfo(text)
    except (ZoneInfoNotFoundError, OSError, ValueError) as exc:
        raise ValueError(f"{text!r} is neither an offset such as +0100 nor a time zone known here, such as Europe/Berlin") from exc
    return lambda at: _offset_at(zone, at)


def today_in(text: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Callable[[], date]:
    """What day it is in the zone that `site_zone` takes. Raises: ValueError."""
    if not text:
        return lambda: now().astimezone().date()
    offset = parse_offset(text)
    zone = ZoneInfo(text) if offset is None else timezone(timedelta(minutes=offset))
    return lambda: now().astimezone(zone).date()


def _offset_at(zone: tzinfo | None, at: datetime) -> int:
    """In whole minutes: the seconds of the mean solar times of long ago are left out."""
    try:
        offset = (at.astimezone() if zone is None else at.replace(tzinfo=zone)).utcoffset()
    except (OverflowError, OSError, ValueError):  # the machine's clock does not reach as far
        offset = None
    minutes = 0 if offset is None else round(offset.total_seconds() / 60)
    return min(max(minutes, WESTMOST_MINUTES), EASTMOST_MINUTES)
