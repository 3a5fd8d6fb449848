"""Pictures in the files that carry more than pixels: with a colour profile, or with a table of colours."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hounsfield.codecs.presentation import PictureFormat
from hounsfield.model.errors import UndecodablePixels

Pixels = NDArray[np.uint8]

_MOST_PROFILE_BYTES_IN_JPEG = 255 * 65519
"""Of so many segments of so many bytes each (ICC.1 annex B.4)."""

_PNG_LEVEL = 1


def encode_with_profile(pixels: Pixels, picture_format: PictureFormat, quality: int, profile: bytes) -> bytes:
    """A JPEG or PNG with its profile. Raises: UndecodablePixels."""
    if len(profile) > _MOST_PROFILE_BYTES_IN_JPEG:
        raise UndecodablePixels("the ICC profile is too long for a picture")
    target = io.BytesIO()
    image = Image.fromarray(pixels)
    if picture_format is PictureFormat.PNG:
        image.save(target, "PNG", compress_level=_PNG_LEVEL, icc_profile=profile)
    else:
        image.save(target, "JPEG", quality=quality, icc_profile=profile)
    return target.getvalue()


def encode_gif(pixels: Pixels) -> bytes:
    """256 shades of grey, or the 256 colours that suit the picture best."""
    image = Image.fromarray(pixels)
    if pixels.ndim == 3:
        image = image.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.FLOYDSTEINBERG)
    target = io.BytesIO()
    image.save(target, "GIF", optimize=False, interlace=0)
    return target.getvalue()
