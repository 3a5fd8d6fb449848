"""When each frame of an image was taken, as far as its header says so (PS3.3 C.7.6.5, C.7.6.16.2.2)."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import accumulate

from hounsfield.dicom.data_set_writer import NUMBER_CODES
from hounsfield.dicom.element_tree import DataSet

FRAME_TIME, FRAME_TIME_VECTOR, FRAME_DELAY = 0x00181063, 0x00181065, 0x00181066
PER_FRAME_FUNCTIONAL_GROUPS = 0x52009230
_FRAME_CONTENT = 0x00209111
_FRAME_REFERENCE_DATETIME, _FRAME_ACQUISITION_DATETIME = 0x00189151, 0x00189074
_CONTENT_DATE, _CONTENT_TIME = 0x00080023, 0x00080033

_DATE_TIME = re.compile(r"(\d{8})([01]\d|2[0-3])(?:([0-5]\d)(?:([0-5]\d|60)(?:\.(\d{1,6}))?)?)?(?:[+-]\d{4})?")


def numbers(tree: DataSet, tag: int) -> list[float]:
    """The values of an element of a number's VR; none where it is absent, or one of them is no finite number."""
    element = tree.get(tag)
    if element is None or element.items is not None:
        return []
    code = NUMBER_CODES.get(element.vr)
    try:
        if code is not None:
            size = struct.calcsize(f"<{code}")
            values = struct.unpack(f"{tree.encoding.mark}{len(element.value) // size}{code}", element.value)
        else:
            values = tuple(float(part) for part in tree.text(tag).split("\\"))
    except (ValueError, struct.error):
        return []
    return list(values) if all(map(math.isfinite, values)) else []


def whole_number(tree: DataSet, tag: int, default: int) -> int:
    """The first value of such an element, if it is a whole number of 32 bits without a sign; else the default."""
    value = next(iter(numbers(tree, tag)), -1.0)
    return int(value) if 0 <= value < 1 << 32 and value == int(value) else default


def offsets_ms(header: DataSet, count: int) -> list[float] | None:
    """From the first frame to each, by Frame Time Vector or Frame Time (PS3.3 C.7.6.5); None where neither is there for `count` frames."""
    vector = numbers(header, FRAME_TIME_VECTOR)
    if len(vector) == count:
        return list(accumulate(vector[1:], initial=0.0))
    interval = numbers(header, FRAME_TIME)
    return [index * interval[0] for index in range(count)] if len(interval) == 1 else None


def frame_times_s(header: DataSet, count: int) -> list[float] | None:
    """Of all frames, in seconds from Content Time (0008,0033); None where the times of some are not known, or are no finite numbers.

    By Frame Reference DateTime or Frame Acquisition DateTime of the functional groups, else by the Cine module.
    """
    groups = header.items(PER_FRAME_FUNCTIONAL_GROUPS)
    if groups:
        return _by_functional_groups(header, groups) if len(groups) == count else None
    offsets = offsets_ms(header, count)
    if offsets is None:
        return None
    delay = next(iter(numbers(header, FRAME_DELAY)), 0.0)
    times = [(delay + offset) / 1000 for offset in offsets]
    return times if all(map(math.isfinite, times)) else None


def _by_functional_groups(header: DataSet, groups: Sequence[DataSet]) -> list[float] | None:
    origin = _date_time(header.text(_CONTENT_DATE) + header.text(_CONTENT_TIME))
    if origin is None:
        return None
    for tag in (_FRAME_REFERENCE_DATETIME, _FRAME_ACQUISITION_DATETIME):
        times = [_date_time(item.text(tag)) for group in groups for item in group.items(_FRAME_CONTENT)[:1]]
        known = [time for time in times if time is not None]
        if len(known) == len(groups):
            return [(time - origin).total_seconds() for time in known]
    return None


def _date_time(text: str) -> datetime | None:
    """A value of VR DT (PS3.5 6.2); its offset from UTC is that of the object's other times, and is left aside."""
    found = _DATE_TIME.fullmatch(text)
    if found is None:
        return None
    date, hour, minute, second, fraction = found.groups()
    micros = int((fraction or "0").ljust(6, "0"))
    try:
        day = datetime.strptime(date, "%Y%m%d")  # noqa: DTZ007  the times of one object are compared with each other alone
        return day + timedelta(hours=int(hour), minutes=int(minute or 0), seconds=int(second or 0), microseconds=micros)
    except (ValueError, OverflowError):  # beyond the last day of the year 9999
        return None
