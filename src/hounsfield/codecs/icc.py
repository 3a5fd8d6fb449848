"""ICC profiles of pictures: the object's own, and conversion into well-known colour spaces (PS3.3 C.11.15, PS3.18 8.3.5.1.5)."""

from __future__ import annotations

import io
import struct
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from hounsfield.codecs.presentation import ColourSpace
from hounsfield.model.errors import UndecodablePixels

Pixels = NDArray[np.uint8]

_D50 = (0.9642, 1.0, 0.8249)
_PRIMARIES = {
    ColourSpace.ADOBE_RGB: (
        "Adobe RGB (1998) compatible",
        563 / 256,
        (0.60974, 0.31111, 0.01947),
        (0.20528, 0.62567, 0.06087),
        (0.14919, 0.06322, 0.74457),
    ),
    ColourSpace.ROMM_RGB: ("ROMM RGB compatible", 1.8, (0.79767, 0.28804, 0.0), (0.13519, 0.71188, 0.0), (0.03134, 0.00009, 0.82491)),
}
"""Name, gamma, and the primaries' CIE XYZ under D50 (Adobe RGB (1998) 4.3.5; ISO 22028-2, its short linear piece left out)."""


def converted(pixels: Pixels, profile: bytes, space: ColourSpace) -> tuple[Pixels, bytes]:
    """RGB pixels as asked for, and the profile that goes with them. profile: of the object; empty where it has none: then it is sRGB.

    Raises: UndecodablePixels where the object's profile cannot be used.
    """
    if space is ColourSpace.NO or pixels.ndim == 2:
        return pixels, b""
    if space is ColourSpace.YES:
        return pixels, profile or known_profile(ColourSpace.SRGB)
    target = known_profile(space)
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile or known_profile(ColourSpace.SRGB)))
        turned = ImageCms.profileToProfile(
            Image.fromarray(pixels),
            source,
            ImageCms.ImageCmsProfile(io.BytesIO(target)),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError) as exc:
        raise UndecodablePixels(f"the ICC profile cannot be used: {exc}") from exc
    if turned is None:
        raise UndecodablePixels("the ICC profile gives no picture")
    return np.asarray(turned), target


@lru_cache(maxsize=4)
def known_profile(space: ColourSpace) -> bytes:
    """The profile of sRGB, Adobe RGB or ROMM RGB."""
    if space is ColourSpace.SRGB:
        return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return _matrix_profile(*_PRIMARIES[space])


def _matrix_profile(name: str, gamma: float, red: tuple[float, ...], green: tuple[float, ...], blue: tuple[float, ...]) -> bytes:
    """A display profile of three primaries and one curve (ICC.1:2001-04)."""
    words = name.encode("ascii") + b"\0"
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)
    content = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", len(words)) + words + bytes(4 + 4 + 2 + 1 + 67),
        b"cprt": b"text" + bytes(4) + b"No copyright\0",
        b"wtpt": _xyz(_D50),
        b"rXYZ": _xyz(red),
        b"gXYZ": _xyz(green),
        b"bXYZ": _xyz(blue),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    table, data = struct.pack(">I", len(content)), b""
    start = 128 + 4 + 12 * len(content)
    for signature, value in content.items():
        table += signature + struct.pack(">II", start + len(data), len(value))
        data += value + bytes(-len(value) % 4)
    head = struct.pack(">I4s4s4s4s4s", start + len(data), bytes(4), b"\x02\x20\0\0", b"mntr", b"RGB ", b"XYZ ")
    head += struct.pack(">6H4s4s", 2026, 1, 1, 0, 0, 0, b"acsp", bytes(4)) + bytes(4 + 4 + 4 + 8) + struct.pack(">I", 1) + _xyz(_D50)[8:]
    return head.ljust(128, b"\0") + table + data


def _xyz(values: tuple[float, ...]) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(value * 65536) for value in values))
