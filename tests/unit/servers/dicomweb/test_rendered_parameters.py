"""Query parameters of rendered resources."""

from __future__ import annotations

import pytest

from hounsfield.codecs.presentation import PictureFormat, Window, WindowFunction
from hounsfield.model.errors import InvalidQuery, NotAcceptable
from hounsfield.servers.dicomweb.media_types import parse_accept
from hounsfield.servers.dicomweb.rendered_parameters import choose_format, read_quality, read_viewport, read_window


def test_viewports() -> None:
    assert read_viewport("512,256") == ((512, 256), None)
    assert read_viewport("512,256,0,10,-100,50.0") == ((512, 256), (0, 10, -100, 50))


@pytest.mark.parametrize(
    "text", ["", "1", "1,2,3", "0,1", "1,16385", "a,1", "1.5,1", "1,1,-1,0,1,1", "1,1,0,0,0,1", "inf,1", "1,1,,,,", "1,1" + "0" * 99]
)
def test_viewports_that_are_none(text: str) -> None:
    with pytest.raises(InvalidQuery):
        read_viewport(text)


def test_windows() -> None:
    assert read_window("40,400") == Window(40, 400)
    assert read_window("-600.5,1500,LINEAR-EXACT") == Window(-600.5, 1500, WindowFunction.LINEAR_EXACT)
    assert read_window("0.5,0.25,sigmoid") == Window(0.5, 0.25, WindowFunction.SIGMOID)


@pytest.mark.parametrize(
    "text", ["", "40", "40,400,cubic", "40,0,linear", "40,0.5,linear", "40,-1,sigmoid", "nan,1", "1,1e99", "1,1,linear,1"]
)
def test_windows_that_are_none(text: str) -> None:
    with pytest.raises(InvalidQuery):
        read_window(text)


@pytest.mark.parametrize("text", ["", "0", "101", "x", "50.5"])
def test_qualities_that_are_none(text: str) -> None:
    assert read_quality("100") == 100
    with pytest.raises(InvalidQuery):
        read_quality(text)


def test_formats() -> None:
    assert choose_format(parse_accept("")) is PictureFormat.JPEG
    assert choose_format(parse_accept("image/*")) is PictureFormat.JPEG
    assert choose_format(parse_accept("image/webp,image/png,image/jpeg;q=0.9")) is PictureFormat.PNG
    for accept in ("image/gif", "text/html", 'multipart/related; type="image/jpeg"'):
        with pytest.raises(NotAcceptable):
            choose_format(parse_accept(accept))
