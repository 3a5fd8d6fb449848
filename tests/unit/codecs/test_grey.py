"""The grey scale pipeline against the standard's formulas, value by value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hounsfield.codecs.frame import FrameDescription, SampleKind
from hounsfield.codecs.grey import shades, window_of_frame
from hounsfield.codecs.presentation import LookUpTable, Presentation, Window, WindowFunction

Described = Callable[..., FrameDescription]


def grey(values: list[int], presentation: Presentation, description: FrameDescription, window: Window | None = None) -> list[int]:
    dtype = "<i2" if description.signed else "<u2"
    return [int(shade) for shade in shades(np.array(values, dtype), description, presentation, window)]


def linear(value: float, center: float, width: float) -> float:
    """PS3.3 C.11.2.1.2.1, written as the standard writes it."""
    if value <= center - 0.5 - (width - 1) / 2:
        return 0.0
    if value > center - 0.5 + (width - 1) / 2:
        return 255.0
    return ((value - (center - 0.5)) / (width - 1) + 0.5) * 255


@given(
    st.integers(-32768, 32767), st.integers(-2000, 3000), st.integers(2, 5000), st.sampled_from([1.0, 0.5, 3.0]), st.integers(-1024, 100)
)
def test_linear_windows(value: int, center: int, width: int, slope: float, intercept: int) -> None:
    description = FrameDescription("", 1, 1, 1, "MONOCHROME2", 0, 16, 16, 15, 1)
    presentation = Presentation(slope=slope, intercept=intercept, window=Window(center, width))
    assert grey([value], presentation, description)[0] == pytest.approx(linear(value * slope + intercept, center, width), abs=0.51)


def test_a_linear_window_of_width_1_is_a_threshold(grey_16: FrameDescription) -> None:
    assert grey([99, 100, 101], Presentation(window=Window(100, 1)), grey_16) == [0, 255, 255]


def test_linear_exact(grey_16: FrameDescription) -> None:
    window = Window(100, 100, WindowFunction.LINEAR_EXACT)
    assert grey([0, 50, 100, 125, 150, 200], Presentation(window=window), grey_16) == [0, 0, 128, 191, 255, 255]


def test_sigmoid(grey_16: FrameDescription) -> None:
    window = Window(100, 100, WindowFunction.SIGMOID)
    expected = [round(255 / (1 + np.exp(-4 * (value - 100) / 100))) for value in (0, 50, 100, 150, 200)]
    assert grey([0, 50, 100, 150, 200], Presentation(window=window), grey_16) == expected


def test_the_request_counts_before_the_header(grey_16: FrameDescription) -> None:
    presentation = Presentation(window=Window(1000, 10), voi_lut=LookUpTable(0, bytes(4), 8))
    assert grey([0, 200], presentation, grey_16, Window(100, 200)) == [0, 255]


def test_monochrome1_is_bright_where_values_are_low(described: Described) -> None:
    assert grey([0, 255], Presentation(window=Window(128, 256)), described(photometric_interpretation="MONOCHROME1")) == [255, 0]


@pytest.mark.parametrize("polarity", ["MONOCHROME1", "MONOCHROME2"])
def test_padding_is_dark_whatever_the_polarity(described: Described, polarity: str) -> None:
    presentation = Presentation(window=Window(128, 256), padding=(60, 70))
    shown = grey([59, 60, 65, 70, 71], presentation, described(photometric_interpretation=polarity))
    assert shown[1:4] == [0, 0, 0] and min(shown[0], shown[4]) > 0


def test_what_stands_above_the_high_bit_is_cut_off(described: Described) -> None:
    description = described(bits_stored=12, high_bit=11)
    window = Presentation(window=Window(2048, 4096))
    assert grey([0x0FFF, 0xFFFF, 0x1000], window, description) == [255, 255, 0]


def test_stored_bits_may_lie_higher(described: Described) -> None:
    description = described(bits_stored=8, high_bit=11)
    assert grey([0x0FF0, 0x0010 * 128], Presentation(window=Window(128, 256)), description) == [255, 128]


def test_signs_of_few_bits(described: Described) -> None:
    description = described(bits_stored=12, high_bit=11, pixel_representation=1)
    assert grey([0x0FFF, 0x0000, 0x0800], Presentation(window=Window(0, 4096)), description) == [127, 128, 0]


def test_tables_hold_at_their_ends(grey_16: FrameDescription) -> None:
    entries = np.array([0, 1000, 4095], "<u2").tobytes()
    voi = Presentation(voi_lut=LookUpTable(10, entries, 12))
    assert grey([0, 10, 11, 12, 500], voi, grey_16) == [0, 0, 62, 255, 255]
    both = Presentation(modality_lut=LookUpTable(0, np.array([10, 11, 12], "<u2").tobytes(), 16), voi_lut=LookUpTable(10, entries, 12))
    assert grey([0, 1, 2, 9], both, grey_16) == [0, 62, 255, 255]


def test_without_a_window_nearly_all_values_are_shown(described: Described) -> None:
    values = np.concatenate([np.linspace(1000, 2000, 20000), [65535]]).astype("<u2").reshape(1, -1)
    found = window_of_frame(values, described(), Presentation(slope=2, intercept=-500))
    assert found.center == pytest.approx(2500, abs=10) and found.width == pytest.approx(2000, abs=20)


def test_without_a_window_padding_does_not_count(described: Described) -> None:
    values = np.array([[0] * 90 + [500, 600, 700]], "<u2")
    found = window_of_frame(values, described(), Presentation(padding=(0, 0)))
    assert found.center - found.width / 2 >= 499


@pytest.mark.parametrize("values", [[7] * 6, [0] * 6])
def test_an_even_frame_is_a_picture_too(grey_16: FrameDescription, values: list[int]) -> None:
    assert len(set(grey(values, Presentation(), grey_16))) == 1


@pytest.mark.parametrize("dtype", ["<f4", "<f8"])
def test_floats_that_are_no_numbers_are_dark(described: Described, dtype: str) -> None:
    bits = int(dtype[-1]) * 8
    description = described(
        kind=SampleKind.FLOAT if bits == 32 else SampleKind.DOUBLE, bits_allocated=bits, bits_stored=bits, high_bit=bits - 1
    )
    shown = shades(np.array([np.nan, np.inf, -np.inf, 0.0, 0.5, 1.0], dtype), description, Presentation(), None)
    assert shown.tolist()[:4] == [0, 0, 0, 0] and shown[5] == 255 and 120 < shown[4] < 135


def test_32_bits(described: Described) -> None:
    description = described(bits_allocated=32, bits_stored=32, high_bit=31)
    shown = shades(np.array([0, 1 << 30, 1 << 31, 2**32 - 1], "<u4"), description, Presentation(), None)
    assert shown[0] == 0 and shown[-1] == 255 and 60 < shown[1] < 70 and 125 < shown[2] < 130


def test_presentation_lut_and_inversion(grey_16: FrameDescription) -> None:
    """PS3.3 C.11.4, C.11.6: the whole range of the window is spread over the entries; INVERSE counts once, whatever the image says."""
    square = np.array([value * value for value in range(256)], "<u2").tobytes()
    window = Window(128, 256)
    shown = grey([0, 51, 255], Presentation(window=window, presentation_lut=LookUpTable(0, square, 16)), grey_16)
    assert shown == [0, round(51 * 51 / 65535 * 255), round(255 * 255 / 65535 * 255)]
    coarse = Presentation(window=window, presentation_lut=LookUpTable(0, np.array([0, 255, 0], "<u2").tobytes(), 8))
    assert grey([0, 60, 128, 200, 255], coarse, grey_16) == [0, 0, 255, 0, 0]
    for photometric in ("MONOCHROME1", "MONOCHROME2"):
        assert grey([0, 255], Presentation(window=window, inverse=True), replace(grey_16, photometric_interpretation=photometric)) == [
            255,
            0,
        ]
    assert grey([0, 255], Presentation(window=window, inverse=False), replace(grey_16, photometric_interpretation="MONOCHROME1")) == [
        0,
        255,
    ]
