"""Where a pixel of the image comes to lie in the picture (PS3.3 C.10.4, C.10.6; PS3.18 8.3.5.1.3)."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from hounsfield.codecs.covering import Layout
from hounsfield.codecs.frame import FrameDescription
from hounsfield.codecs.geometry import geometry_of
from hounsfield.codecs.presentation import PictureFormat, Presentation, RenderRequest, Window
from hounsfield.codecs.render import render
from hounsfield.model.errors import InvalidInput, UndecodablePixels

Described = Callable[..., FrameDescription]

FULL = Presentation(window=Window(128, 256))
VALUES = np.arange(1, 13, dtype=np.uint8).reshape(3, 4) * 20


def shown(described: Described, layout: Layout, **asked: object) -> np.ndarray:
    description = described(rows=3, columns=4, bits_allocated=8, bits_stored=8, high_bit=7)
    request = RenderRequest(PictureFormat.PNG, **asked)  # type: ignore[arg-type]
    return np.asarray(Image.open(io.BytesIO(render(VALUES.tobytes(), description, replace(FULL, layout=layout), request))))


@pytest.mark.parametrize("flipped", [False, True])
@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_turns_are_clockwise_and_come_before_the_flip(described: Described, turns: int, flipped: bool) -> None:
    expected = np.array(Image.fromarray(VALUES).rotate(-90 * turns, expand=True))
    found = shown(described, Layout(quarter_turns=turns, flipped=flipped))
    assert np.array_equal(found, expected[:, ::-1] if flipped else expected)


@pytest.mark.parametrize("flipped", [False, True])
@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_points_go_where_pixels_go(described: Described, turns: int, flipped: bool) -> None:
    presentation = Presentation(layout=Layout((2, 1, 4, 3), turns, flipped))
    geometry = geometry_of(3, 4, presentation, RenderRequest())
    pixels = shown(described, Layout((2, 1, 4, 3), turns, flipped))
    for row in range(3):
        for column in range(1, 4):
            x, y = geometry.to_picture((column + 0.5, row + 0.5))
            assert pixels[int(y), int(x)] == VALUES[row, column]


def test_an_area_that_reaches_beyond_the_image_is_black_there(described: Described) -> None:
    found = shown(described, Layout((0, -1, 5, 4)))
    expected = np.zeros((6, 6), np.uint8)
    expected[2:5, 1:5] = VALUES
    assert np.array_equal(found, expected)


def test_a_viewport_takes_the_area_not_the_image(described: Described) -> None:
    assert shown(described, Layout((1, 1, 2, 1)), viewport=(100, 100)).shape == (50, 100)
    assert shown(described, Layout((1, 1, 2, 1), 1), viewport=(100, 100)).shape == (100, 50)


@pytest.mark.parametrize("area", [(1, 1, 100_000, 1), (-2_000_000_000, 1, 2_000_000_000, 5), (5, 5, 4, 4)])
def test_an_area_without_measure(area: tuple[int, int, int, int]) -> None:
    with pytest.raises(UndecodablePixels):
        geometry_of(3, 4, Presentation(layout=Layout(area)), RenderRequest())


@pytest.mark.parametrize(
    ("region", "part"),
    [
        ((1, 1, None, None), (1, 1, 3, 2)),
        ((1, 0, 2, None), (1, 0, 2, 3)),
        ((0, 0, -9, 9), (0, 0, 4, 3)),
        ((3, 2, 1, 1), (3, 2, 1, 1)),
    ],
)
def test_regions(region: tuple[int, int, int | None, int | None], part: tuple[int, int, int, int]) -> None:
    found = geometry_of(3, 4, Presentation(), RenderRequest(region=region))
    assert (found.left, found.top, found.width, found.height) == part
    assert found.flipped == (region[2] is not None and region[2] < 0)


@pytest.mark.parametrize("region", [(4, 0, 1, 1), (0, 3, None, None), (-1, 0, 1, 1)])
def test_regions_outside(region: tuple[int, int, int | None, int | None]) -> None:
    with pytest.raises(InvalidInput):
        geometry_of(3, 4, Presentation(), RenderRequest(region=region))


def test_a_region_has_the_shades_of_the_whole_without_a_window(described: Described) -> None:
    """Otherwise the parts of one picture, asked for one by one, would not fit together."""
    description = described(rows=3, columns=4)
    values = (VALUES.astype("<u2") * 16).tobytes()

    def picture(request: RenderRequest) -> np.ndarray:
        return np.asarray(Image.open(io.BytesIO(render(values, description, Presentation(), request))))

    whole = picture(RenderRequest(PictureFormat.PNG))
    part = picture(RenderRequest(PictureFormat.PNG, region=(1, 1, 2, 1)))
    assert np.array_equal(part, whole[1:2, 1:3])
