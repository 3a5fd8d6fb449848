"""Judges whether slices make a volume that can be reformatted, and what has to be said of it. Pure.

Slices are even where each lies within a tenth of a step of a regular grid (missing ones allowed for); a step of more than one and a half
is a gap. They are tilted, or off the line, where an origin is more than half a pixel from where the regular volume would have it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from hounsfield.model.volume import Finding, Gap, LeftOut, PlacedSlice, Volume, along_normal, dot
from hounsfield.model.volume_split import LEAST_SLICES, by_geometry, places, tell_apart

OFF_GRID_SHARE = 0.1
"""Of a step."""
GAP_STEPS = 1.5
OFF_LINE_SHARE = 0.5
"""Of a pixel."""

Judged = tuple[list[Volume], list[tuple[PlacedSlice, LeftOut]]]


def judge(slices: Sequence[PlacedSlice]) -> Judged:
    """The volumes of a series, the largest first, and the slices that are in none of them."""
    groups, beyond = by_geometry(slices)
    volumes: list[Volume] = []
    left_out = [(placed, LeftOut.TOO_MANY_KINDS) for placed in beyond]
    for group in groups:
        for part, traits in tell_apart(group):
            taken = places(part)
            left_out += [(placed, LeftOut.SAME_PLACE) for place in taken for placed in place[1:]]
            volumes.append(_judge_stack(tuple(place[0] for place in taken), traits))
    return sorted(volumes, key=lambda volume: -len(volume.slices)), left_out


def _judge_stack(slices: tuple[PlacedSlice, ...], traits: dict[str, str]) -> Volume:
    normal = slices[0].normal
    positions = [along_normal(placed, normal) for placed in slices]
    steps = [after - before for before, after in pairwise(positions)]
    step = median(steps) if steps else 0.0
    gaps = tuple(Gap(at, max(1, round(one / step) - 1)) for at, one in enumerate(steps) if one > GAP_STEPS * step)
    tilt, bend, drift = _lean(slices, positions)
    pixel = min(slices[0].spacing_mm)
    findings = {
        Finding.TOO_FEW: len(slices) < LEAST_SLICES,
        Finding.TILTED: drift > OFF_LINE_SHARE * pixel,
        Finding.SHIFTED: bend > OFF_LINE_SHARE * pixel,
        Finding.GAPS: bool(gaps),
        Finding.UNEVEN: not _is_even(positions, steps, step),
    }
    return Volume(
        slices,
        traits,
        step,
        min(steps, default=0.0),
        max(steps, default=0.0),
        tilt,
        bend,
        gaps,
        tuple(finding for finding, holds in findings.items() if holds),
    )


def _is_even(positions: Sequence[float], steps: Sequence[float], step: float) -> bool:
    """Against the grid that fits best: rounded positions are even, a drift is not."""
    if len(steps) < 2:
        return True
    numbers = [0]
    for one in steps:
        numbers.append(numbers[-1] + max(1, round(one / step)))
    middle, centre = sum(numbers) / len(numbers), sum(positions) / len(positions)
    fitted = sum((n - middle) * (p - centre) for n, p in zip(numbers, positions, strict=True)) / sum((n - middle) ** 2 for n in numbers)
    return all(abs(p - centre - fitted * (n - middle)) <= OFF_GRID_SHARE * fitted for n, p in zip(numbers, positions, strict=True))


def _lean(slices: Sequence[PlacedSlice], positions: Sequence[float]) -> tuple[float, float, float]:
    """Degrees between normal and the line from the first origin to the last; mm off that line at most; mm that it drifts in all."""
    first, height = slices[0], positions[-1] - positions[0]
    offsets = [(dot(one.position, first.row) - dot(first.position, first.row),
                dot(one.position, first.column) - dot(first.position, first.column)) for one in slices]  # fmt: skip
    if not height:
        return 0.0, 0.0, 0.0
    end = offsets[-1]
    drift = math.hypot(*end)
    shares = [(position - positions[0]) / height for position in positions]
    bend = max(math.hypot(x - share * end[0], y - share * end[1]) for (x, y), share in zip(offsets, shares, strict=True))
    return math.degrees(math.atan2(drift, height)), bend, drift
