"""Which frames of an image a retrieve at FRAME level asks for (PS3.4 Y.3.2), and why they may not be had."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from hounsfield.model.errors import HounsfieldError


class FramesRefused(HounsfieldError):
    """No instance can be made of the frames asked for."""


class FramesNotFound(FramesRefused):
    """The instance has none of them."""


class SOPClassNotExtractable(FramesRefused):
    """Of this object no valid one with fewer frames can be made."""


class FramesNotExtractable(FramesRefused):
    """The frames cannot be taken out of the pixel data."""


class NoFrameTimes(FramesRefused):
    """Times are asked for, and the instance does not say when its frames were taken."""


class InvalidFrameSelection(FramesRefused):
    """The list or range of frames breaks the rules."""


@dataclass(frozen=True, slots=True)
class SimpleFrameList:
    """Simple Frame List (0008,1161). numbers: of frames, from 1 (PS3.4 Y.3.2.1.1)."""

    numbers: tuple[int, ...]

    def indices(self, count: int) -> list[int]:
        """From 0, of the frames among `count` that are asked for. Raises: InvalidFrameSelection."""
        _check_ascending(self.numbers)
        return [number - 1 for number in self.numbers if number <= count]


@dataclass(frozen=True, slots=True)
class CalculatedFrameList:
    """Calculated Frame List (0008,1162). ranges: first frame, upper limit, increment of each (PS3.4 Y.3.2.1.2)."""

    ranges: tuple[tuple[int, int, int], ...]

    def indices(self, count: int) -> list[int]:
        """From 0, of the frames among `count` that are asked for. Raises: InvalidFrameSelection."""
        found: list[int] = []
        for first, limit, increment in self.ranges:
            if not 1 <= first <= limit or not increment:
                raise InvalidFrameSelection(f"{first} to {limit} by {increment} is no range of frames")
            if found and first - 1 <= found[-1]:
                raise InvalidFrameSelection("the ranges of frames overlap or are out of order")
            found += range(first - 1, min(limit, count), increment)
        return found


@dataclass(frozen=True, slots=True)
class TimeRange:
    """Time Range (0008,1163), both ends included. Seconds from Content Time (0008,0033) (PS3.4 Y.3.2.1.3)."""

    start_s: float
    end_s: float

    def indices(self, times_s: Sequence[float]) -> list[int]:
        """times_s: of all frames. Raises: InvalidFrameSelection."""
        if not (math.isfinite(self.start_s) and math.isfinite(self.end_s) and self.start_s <= self.end_s):
            raise InvalidFrameSelection("the range of time has no beginning or no end, or they are the wrong way round")
        return [index for index, time_s in enumerate(times_s) if self.start_s <= time_s <= self.end_s]


FrameSelection = SimpleFrameList | CalculatedFrameList | TimeRange


def _check_ascending(numbers: Sequence[int]) -> None:
    last = 0
    for number in numbers:
        if number <= last:
            raise InvalidFrameSelection("the frame numbers do not ascend from 1")
        last = number
