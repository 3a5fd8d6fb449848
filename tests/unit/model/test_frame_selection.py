"""Which frames a request at FRAME level asks for (PS3.4 Y.3.2)."""

from __future__ import annotations

import pytest

from hounsfield.model.frame_selection import CalculatedFrameList, InvalidFrameSelection, SimpleFrameList, TimeRange


def test_a_list_of_numbers_leaves_out_what_is_not_there() -> None:
    assert SimpleFrameList((1, 3, 9)).indices(10) == [0, 2, 8]
    assert SimpleFrameList((1, 3, 9)).indices(8) == [0, 2]
    assert SimpleFrameList((9,)).indices(8) == []


@pytest.mark.parametrize("numbers", [(0,), (2, 2), (3, 1), (1, 0)])
def test_numbers_ascend_from_one(numbers: tuple[int, ...]) -> None:
    with pytest.raises(InvalidFrameSelection):
        SimpleFrameList(numbers).indices(10)


@pytest.mark.parametrize(
    ("ranges", "indices"),
    [
        (((1, 10, 3),), [0, 3, 6, 9]),
        (((1, 9, 3),), [0, 3, 6]),
        (((2, 0xFFFFFFFF, 4),), [1, 5, 9]),
        (((1, 2, 1), (5, 6, 1)), [0, 1, 4, 5]),
        (((1, 10, 5), (8, 8, 1)), [0, 5, 7]),
        (((1, 100, 4), (60, 70, 1)), [0, 4, 8]),
        (((11, 12, 1),), []),
    ],
)
def test_ranges(ranges: tuple[tuple[int, int, int], ...], indices: list[int]) -> None:
    assert CalculatedFrameList(ranges).indices(10) == indices


@pytest.mark.parametrize("ranges", [((0, 2, 1),), ((3, 2, 1),), ((1, 2, 0),), ((1, 5, 1), (5, 6, 1)), ((5, 6, 1), (1, 2, 1))])
def test_ranges_that_break_the_rules(ranges: tuple[tuple[int, int, int], ...]) -> None:
    with pytest.raises(InvalidFrameSelection):
        CalculatedFrameList(ranges).indices(10)


def test_many_ranges_over_many_frames_are_judged_at_once() -> None:
    """Overlapping ranges are refused before they are written out."""
    with pytest.raises(InvalidFrameSelection):
        CalculatedFrameList(((1, 0xFFFFFFFF, 1),) * 5000).indices(100_000)


def test_times_include_both_ends() -> None:
    assert TimeRange(0.1, 0.3).indices([0.0, 0.1, 0.2, 0.3, 0.4]) == [1, 2, 3]
    for start, end in ((0.3, 0.1), (float("nan"), 1.0), (0.0, float("inf"))):
        with pytest.raises(InvalidFrameSelection):
            TimeRange(start, end).indices([0.0])
