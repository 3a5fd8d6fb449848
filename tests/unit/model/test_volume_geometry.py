"""Volumes judged from slices whose places are known."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hounsfield.model.volume import Finding, Gap, LeftOut, PlacedSlice, Vector, cross, dot
from hounsfield.model.volume_geometry import judge
from hounsfield.model.volume_split import MOST_KINDS

AXIAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))


def turned(vector: Vector, around_x: float, around_z: float) -> Vector:
    """Degrees."""
    x, y, z = vector
    a, b = math.radians(around_x), math.radians(around_z)
    y, z = y * math.cos(a) - z * math.sin(a), y * math.sin(a) + z * math.cos(a)
    return x * math.cos(b) - y * math.sin(b), x * math.sin(b) + y * math.cos(b), z


def stack(
    heights: Any, *, row: Vector = AXIAL[0], column: Vector = AXIAL[1], shear: tuple[float, float] = (0.0, 0.0), **more: Any
) -> list[PlacedSlice]:
    """Slices at heights (mm along the normal); shear: mm along row and column for each mm of height."""
    normal = cross(row, column)
    found = []
    for number, height in enumerate(heights):
        steps = (shear[0] * height, shear[1] * height, height)
        position = tuple(sum(step * axis[at] for step, axis in zip(steps, (row, column, normal), strict=True)) for at in range(3))
        assert len(position) == 3
        usual = {"frame_of_reference_uid": "1.9", "rows": 64, "columns": 48, "spacing_mm": (0.7, 0.5), "traits": {}}
        found.append(PlacedSlice(f"1.2.{number}", 1, number, row=row, column=column, position=position, **{**usual, **more}))
    return found


def findings(slices: list[PlacedSlice]) -> list[str]:
    """Of the only volume."""
    [volume], left_out = judge(slices)
    assert left_out == []
    return [str(finding) for finding in volume.findings]


@given(
    count=st.integers(3, 40),
    step=st.floats(0.3, 12),
    around_x=st.floats(-180, 180),
    around_z=st.floats(-180, 180),
    seed=st.integers(0, 1000),
)
def test_a_regular_stack_is_one_whatever_its_direction_and_order(
    count: int, step: float, around_x: float, around_z: float, seed: int
) -> None:
    """In order along the normal, with its step, and nothing to be said of it."""
    row, column = (turned(axis, around_x, around_z) for axis in AXIAL)
    slices = stack([step * at for at in range(count)], row=row, column=column)
    shuffled = random.Random(seed).sample(slices, count)
    [volume], left_out = judge(shuffled)
    assert (list(volume.slices), left_out, volume.findings) == (slices, [], ())
    assert volume.step_mm == pytest.approx(step, abs=1e-6)
    assert volume.tilt_degrees == pytest.approx(0, abs=1e-3)


@given(tilt=st.floats(2, 40), direction=st.floats(0, 2 * math.pi), step=st.floats(0.5, 6), count=st.integers(5, 30))
def test_a_tilt_is_measured_whatever_its_direction(tilt: float, direction: float, step: float, count: int) -> None:
    lean = math.tan(math.radians(tilt))
    [volume], _ = judge(stack([step * at for at in range(count)], shear=(lean * math.cos(direction), lean * math.sin(direction))))
    if lean * step * (count - 1) > 0.26:
        assert volume.findings == (Finding.TILTED,)
    assert volume.tilt_degrees == pytest.approx(tilt, abs=1e-6)


@given(count=st.integers(6, 40), step=st.floats(0.5, 8), lost=st.sets(st.integers(1, 38), min_size=1, max_size=2))
def test_missing_slices_are_gaps_and_the_rest_is_even(count: int, step: float, lost: set[int]) -> None:
    """Counted, and named by the slice before."""
    lost = {at for at in lost if at < count - 1}
    [volume], _ = judge(stack([step * at for at in range(count) if at not in lost]))
    assert sum(gap.slices for gap in volume.gaps) == len(lost)
    assert volume.findings == ((Finding.GAPS,) if lost else ())


def test_where_the_gap_is() -> None:
    [volume], _ = judge(stack([0, 2, 4, 10, 12, 14]))
    assert volume.gaps == (Gap(2, 2),)


@pytest.mark.parametrize(
    ("heights", "expected"),
    [
        ([0, 0.6, 1.3, 1.9, 2.5, 3.1, 3.8], []),  # 0.625 rounded to tenths
        ([0, 1, 2, 3.4, 4.4, 5.4, 6.4], ["uneven"]),
        ([0, 1, 2.2, 3.6, 5.2, 7.0], ["uneven"]),
        ([0, 5], ["too-few"]),
        ([0], ["too-few"]),
    ],
)
def test_even_and_uneven(heights: list[float], expected: list[str]) -> None:
    """A tenth of a step off the grid is allowed: positions are often rounded."""
    assert findings(stack(heights)) == expected


def test_slices_beside_their_line() -> None:
    slices = stack(range(6))
    slices[3] = replace(slices[3], position=(4.0, 0.0, 3.0))
    assert findings(slices) == ["shifted"]


@pytest.mark.parametrize(
    "other",
    [
        {"frame_of_reference_uid": "1.8"},
        {"rows": 65},
        {"spacing_mm": (0.7, 0.51)},
        {"row": (0.0, 1.0, 0.0), "column": (0.0, 0.0, -1.0)},
    ],
)
def test_what_differs_in_geometry_is_a_volume_of_its_own(other: dict[str, Any]) -> None:
    """Another frame of reference, size, spacing or orientation."""
    volumes, left_out = judge(stack(range(8)) + stack(range(5), **other))
    assert ([len(volume.slices) for volume in volumes], left_out) == ([8, 5], [])
    assert not any(volume.findings for volume in volumes)


@pytest.mark.parametrize("keyword", ["TemporalPositionIdentifier", "EchoNumbers", "DiffusionBValue", "AcquisitionNumber", "EchoTime"])
def test_slices_in_one_place_are_told_apart(keyword: str) -> None:
    """By the attribute that differs; values in order."""
    slices = [one for value in ("10", "9") for one in stack(range(5), traits={keyword: value, "FlipAngle": "90"})]
    volumes, left_out = judge(slices)
    assert [dict(volume.told_apart_by) for volume in volumes] == [{keyword: "9"}, {keyword: "10"}]
    assert (left_out, [len(volume.slices) for volume in volumes]) == ([], [5, 5])


def test_two_attributes_tell_apart_what_one_does_not() -> None:
    traits = [{"EchoNumbers": echo, "ImageType": kind} for echo in "12" for kind in ("M", "P")]
    volumes, left_out = judge([one for trait in traits for one in stack(range(4), traits=trait)])
    assert ([dict(volume.told_apart_by) for volume in volumes], left_out) == (traits, [])


def test_an_attribute_that_changes_from_slice_to_slice_splits_nothing() -> None:
    """As the acquisition number does where the table steps."""
    slices = [replace(one, traits=dict.fromkeys(("AcquisitionNumber", "StackID"), one.sop_instance_uid)) for one in stack(range(6))]
    [volume], _ = judge(slices)
    assert (volume.findings, dict(volume.told_apart_by)) == ((), {})


def test_phases_of_the_heart_whose_times_differ_by_place() -> None:
    """The n-th of each place belong together."""
    slices = [
        replace(stack([height])[0], sop_instance_uid=f"1.{height}.{phase}", traits={"TriggerTime": str(phase * 40.5 + height)})
        for height in range(6)
        for phase in range(3)
    ]
    volumes, left_out = judge(slices)
    assert left_out == []
    assert [volume.told_apart_by["TriggerTime"] for volume in volumes] == ["1/3", "2/3", "3/3"]
    assert [one.sop_instance_uid for one in volumes[1].slices] == [f"1.{height}.1" for height in range(6)]


def test_what_nothing_tells_apart_is_left_out_and_said() -> None:
    again = [replace(one, sop_instance_uid=one.sop_instance_uid + ".7", instance_number=100) for one in stack(range(5))[:2]]
    [volume], left_out = judge(again + stack(range(5)))
    assert (len(volume.slices), volume.findings) == (5, ())
    assert left_out == [(one, LeftOut.SAME_PLACE) for one in again]


def test_planes_around_an_axis_end_somewhere() -> None:
    """Each has an orientation of its own; a bounded number is looked at."""
    radial = [stack([0], row=turned(AXIAL[0], 0, 2 * at), column=turned(AXIAL[1], 0, 2 * at))[0] for at in range(100)]
    volumes, left_out = judge(radial)
    assert (len(volumes), {reason for _, reason in left_out}, len(left_out)) == (MOST_KINDS, {LeftOut.TOO_MANY_KINDS}, 100 - MOST_KINDS)


def test_nothing_is_no_volume() -> None:
    assert judge([]) == ([], [])


def test_vectors() -> None:
    assert cross(*AXIAL) == (0, 0, 1)
    assert dot((1, 2, 3), (4, 5, 6)) == 32
