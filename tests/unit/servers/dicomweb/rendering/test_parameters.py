"""Query parameters of rendered resources."""

from __future__ import annotations

import pytest

from hounsfield.codecs.presentation import Annotation, ColourSpace, PictureFormat, Window, WindowFunction
from hounsfield.model.errors import InvalidQuery, NotAcceptable
from hounsfield.servers.dicomweb.media_types import parse_accept
from hounsfield.servers.dicomweb.rendering.parameters import (
    Rendition,
    choose_format,
    choose_rendition,
    read_annotations,
    read_colour_space,
    read_quality,
    read_viewport,
    read_window,
)


def test_viewports() -> None:
    assert read_viewport("512,256") == ((512, 256), None)
    assert read_viewport("512,256,0,10,-100,50.0") == ((512, 256), (0, 10, -100, 50))
    assert read_viewport("512,256,,,-100,") == ((512, 256), (0, 0, -100, None))
    assert read_viewport("512,256,7") == ((512, 256), (7, 0, None, None))
    assert read_viewport("512,256,0.4,9.6,10.5,1") == ((512, 256), (0, 10, 10, 1))


@pytest.mark.parametrize(
    "text",
    ["", "1", "0,1", "1,16385", "a,1", "1.5,1", ",1", "1,1,-1,0,1,1", "1,1,0,0,0,1", "inf,1", "1,1,,,,", "1,1,1,1,1,1,1", "1,1" + "0" * 99],
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
    assert choose_format(parse_accept("image/gif")) is PictureFormat.GIF
    for accept in ("text/html", "video/mp4", 'multipart/related; type="image/jpeg"'):
        with pytest.raises(NotAcceptable):
            choose_format(parse_accept(accept))


def test_renditions() -> None:
    def chosen(accept: str, *, several: bool = False, video: bool = False) -> Rendition:
        return choose_rendition(parse_accept(accept), several=several, video=video)

    assert chosen("") == chosen("image/*") == Rendition(PictureFormat.JPEG)
    assert chosen("", several=True) == Rendition(PictureFormat.JPEG, multipart=True)
    assert chosen("image/*,*/*;q=0.8", several=True) == Rendition(PictureFormat.JPEG)
    assert chosen('multipart/related; type="image/png"') == Rendition(PictureFormat.PNG, multipart=True)
    assert chosen("multipart/related") == Rendition(PictureFormat.JPEG, multipart=True)
    assert chosen("video/mp4,image/gif;q=0.5", video=True).media_type == "video/mp4"
    assert chosen("video/mp4,image/gif;q=0.5") == Rendition(PictureFormat.GIF)
    with pytest.raises(NotAcceptable):
        chosen('multipart/related; type="video/mp4"', video=True)


def test_annotations() -> None:
    assert (
        read_annotations("technique,patient") == read_annotations("patient,technique,patient") == (Annotation.PATIENT, Annotation.TECHNIQUE)
    )
    assert read_annotations(None) == ()
    for text in ("", "patient,", "name"):
        with pytest.raises(InvalidQuery):
            read_annotations(text)


def test_colour_spaces() -> None:
    assert read_colour_space("rommrgb", PictureFormat.PNG) is ColourSpace.ROMM_RGB
    assert read_colour_space("srgb", PictureFormat.GIF) is ColourSpace.SRGB
    for text, picture_format in (("sRGB", PictureFormat.PNG), ("", PictureFormat.PNG), ("yes", PictureFormat.GIF)):
        with pytest.raises(InvalidQuery):
            read_colour_space(text, picture_format)
