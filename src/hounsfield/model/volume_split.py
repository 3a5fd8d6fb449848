"""Which slices of a series belong together: by geometry first, then by what tells images of one place apart. Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from hounsfield.model.volume import PlacedSlice, Vector, along_normal

SAME_DIRECTION = 1e-3
"""By how much components of unit vectors may differ: 0.06 degrees, a quarter of a pixel over 256."""
SAME_SPACING = 1e-3
"""Relative."""
SAME_PLACE_MM = 0.01
MOST_KINDS = 64
"""Orientations and sizes of one series that are looked at."""
LEAST_SLICES = 3
"""Fewer make no volume."""

PHASES = ("StackID", "TemporalPositionIdentifier", "TemporalPositionIndex", "EchoNumbers", "DiffusionBValue", "ComplexImageComponent")
"""Each value is a volume of its own, wherever the slices lie."""
HINTS = (
    "NominalPercentageOfCardiacPhase",
    "DiffusionGradientOrientation",
    "EchoTime",
    "InversionTime",
    "FlipAngle",
    "AcquisitionNumber",
    "ImageType",
    "TriggerTime",
    "AcquisitionDateTime",
    "AcquisitionTime",
)
"""These may change from slice to slice: they count only where slices share a place, in this order."""
RANKED = frozenset({"TriggerTime", "AcquisitionDateTime", "AcquisitionTime"})
"""Times differ from place to place; the n-th of each place belong together."""

Part = tuple[list[PlacedSlice], dict[str, str]]
"""Slices, and the traits by which they were told apart."""


def by_geometry(slices: Sequence[PlacedSlice]) -> tuple[list[list[PlacedSlice]], list[PlacedSlice]]:
    """Groups of one frame of reference, orientation, size and spacing, and those beyond `MOST_KINDS`."""
    groups: list[list[PlacedSlice]] = []
    beyond: list[PlacedSlice] = []
    for placed in slices:
        group = next((group for group in groups if _fits(group[0], placed)), None)
        if group is not None:
            group.append(placed)
        elif len(groups) < MOST_KINDS:
            groups.append([placed])
        else:
            beyond.append(placed)
    return groups, beyond


def _fits(one: PlacedSlice, other: PlacedSlice) -> bool:
    return (
        (one.rows, one.columns) == (other.rows, other.columns)
        and one.frame_of_reference_uid == other.frame_of_reference_uid
        and _same_direction(one.row, other.row)
        and _same_direction(one.column, other.column)
        and all(math.isclose(a, b, rel_tol=SAME_SPACING) for a, b in zip(one.spacing_mm, other.spacing_mm, strict=True))
    )


def _same_direction(one: Vector, other: Vector) -> bool:
    return all(abs(a - b) <= SAME_DIRECTION for a, b in zip(one, other, strict=True))


def tell_apart(group: list[PlacedSlice]) -> Iterator[Part]:
    """Parts of one geometry in which, as far as traits can tell, each place is taken once."""
    parts: list[Part] = [(group, {})]
    for keyword in PHASES:
        parts = [divided for part in parts for divided in _by_value(part, keyword, _whole_volumes)]
    for part in parts:
        yield from _by_hints(part)


def _by_hints(part: Part) -> Iterator[Part]:
    slices, traits = part
    shared = [place for place in places(slices) if len(place) > 1]
    if not shared:
        yield part
        return
    most = max(map(len, shared))
    for keyword in HINTS:
        if all(len({one.traits.get(keyword, "") for one in place}) == 1 for place in shared):
            continue
        divided = list(_by_value(part, keyword, lambda found: len(found) <= most))
        if len(divided) == 1 and keyword in RANKED:
            divided = _by_rank(part, keyword)
        if len(divided) > 1:
            for one in divided:
                yield from _by_hints(one)
            return
    yield slices, traits


def _by_value(part: Part, keyword: str, accept: Callable[[Mapping[str, list[PlacedSlice]]], bool]) -> Iterator[Part]:
    slices, traits = part
    found: defaultdict[str, list[PlacedSlice]] = defaultdict(list)
    for placed in slices:
        found[placed.traits.get(keyword, "")].append(placed)
    if len(found) == 1 or not accept(found):
        yield part
        return
    for value in sorted(found, key=_as_number):
        yield found[value], {**traits, keyword: value}


def _whole_volumes(found: Mapping[str, list[PlacedSlice]]) -> bool:
    """A trait that changes from slice to slice is no phase."""
    return all(len(slices) >= LEAST_SLICES for slices in found.values())


def _by_rank(part: Part, keyword: str) -> list[Part]:
    slices, traits = part
    taken = places(slices)
    count = len(taken[0])
    if any(len(place) != count or any(not one.traits.get(keyword) for one in place) for place in taken):
        return [part]
    ordered = [sorted(place, key=lambda one: (_as_number(one.traits[keyword]), one.instance_number)) for place in taken]
    return [([place[at] for place in ordered], {**traits, keyword: f"{at + 1}/{count}"}) for at in range(count)]


def _as_number(value: str) -> tuple[float, str]:
    try:
        return float(value), value
    except ValueError:
        return math.inf, value


def places(slices: Sequence[PlacedSlice]) -> list[list[PlacedSlice]]:
    """Slices of one orientation in order along their normal, those that share a place together."""
    normal = slices[0].normal
    ordered = sorted(slices, key=lambda one: (along_normal(one, normal), one.instance_number, one.sop_instance_uid, one.frame))
    found: list[list[PlacedSlice]] = []
    start = -math.inf
    for placed in ordered:
        position = along_normal(placed, normal)
        if position - start > SAME_PLACE_MM:
            found.append([])
            start = position
        found[-1].append(placed)
    return found
