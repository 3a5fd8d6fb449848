"""Colour profiles in pictures (PS3.18 8.3.5.1.5)."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageCms

from hounsfield.codecs.describe import describe
from hounsfield.codecs.frame import FrameDescription
from hounsfield.codecs.icc import converted, known_profile
from hounsfield.codecs.presentation import ColourSpace, PictureFormat, Presentation, RenderRequest
from hounsfield.codecs.render import render
from hounsfield.model.errors import UndecodablePixels

RGB = np.array([[[250, 10, 20], [10, 200, 30], [128, 128, 128], [0, 0, 0], [255, 255, 255]]], np.uint8)
WIDE = [ColourSpace.ADOBE_RGB, ColourSpace.ROMM_RGB]


def picture(
    presentation: Presentation, space: ColourSpace, picture_format: PictureFormat, described: Callable[..., FrameDescription]
) -> Image.Image:
    description = described(
        rows=1, columns=5, samples_per_pixel=3, photometric_interpretation="RGB", bits_allocated=8, bits_stored=8, high_bit=7
    )
    return Image.open(io.BytesIO(render(RGB.tobytes(), description, presentation, RenderRequest(picture_format, colour_space=space))))


@pytest.mark.parametrize("picture_format", [PictureFormat.JPEG, PictureFormat.PNG])
def test_the_objects_own_profile_goes_with_the_picture(described: Callable[..., FrameDescription], picture_format: PictureFormat) -> None:
    own = known_profile(ColourSpace.ADOBE_RGB)
    presentation = Presentation(icc_profile=own)
    assert picture(presentation, ColourSpace.YES, picture_format, described).info["icc_profile"] == own
    assert "icc_profile" not in picture(presentation, ColourSpace.NO, picture_format, described).info
    assert "sRGB" in _name(picture(Presentation(), ColourSpace.YES, picture_format, described).info["icc_profile"])


def test_a_long_profile_is_cut_into_segments(described: Callable[..., FrameDescription]) -> None:
    own = known_profile(ColourSpace.SRGB) + bytes(200_000)
    assert picture(Presentation(icc_profile=own), ColourSpace.YES, PictureFormat.JPEG, described).info["icc_profile"] == own


@pytest.mark.parametrize("space", WIDE)
def test_wider_spaces_and_back(space: ColourSpace) -> None:
    """sRGB fits into both; its colours come back, and grey stays grey on the way."""
    wide, profile = converted(RGB, known_profile(ColourSpace.SRGB), space)
    assert profile == known_profile(space) and not np.array_equal(wide, RGB)
    assert np.ptp(wide[0, 2:].astype(int), axis=1).max() <= 1
    back, _ = converted(wide, profile, ColourSpace.SRGB)
    assert np.abs(back.astype(int) - RGB).max() <= 6


def test_adobe_rgb_by_the_numbers() -> None:
    """Pure sRGB green is (144, 255, 60) in Adobe RGB (1998)."""
    wide, _ = converted(np.array([[[0, 255, 0]]], np.uint8), b"", ColourSpace.ADOBE_RGB)
    assert wide[0, 0].tolist() == pytest.approx([144, 255, 60], abs=2)


@pytest.mark.parametrize("profile", [b"no profile" * 20, bytes(200), known_profile(ColourSpace.SRGB)[:200]])
def test_a_profile_that_is_none(profile: bytes) -> None:
    with pytest.raises(UndecodablePixels):
        converted(RGB, profile, ColourSpace.SRGB)


def test_grey_pictures_carry_none(described: Callable[..., FrameDescription]) -> None:
    description = described(bits_allocated=8, bits_stored=8, high_bit=7)
    found = Image.open(io.BytesIO(render(bytes(6), description, Presentation(), replace(RenderRequest(), colour_space=ColourSpace.YES))))
    assert found.mode == "L" and "icc_profile" not in found.info


def test_where_the_profile_stands(header: Callable[..., bytes], nested: Callable[..., bytes]) -> None:
    own = known_profile(ColourSpace.ADOBE_RGB)
    assert describe(header((0x00282000, "OB", own)), "1.2.840.10008.1.2.1").icc_profile.rstrip(b"\0") == own.rstrip(b"\0")
    path = nested([(0x00282000, "OB", own)])
    assert describe(header((0x00480105, "SQ", path)), "1.2.840.10008.1.2.1").icc_profile.rstrip(b"\0") == own.rstrip(b"\0")
    assert describe(header(), "1.2.840.10008.1.2.1").icc_profile == b""


def _name(profile: bytes) -> str:
    return ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile)))
