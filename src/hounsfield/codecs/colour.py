"""Colour samples to the RGB of a screen (PS3.3 C.7.6.3.1.2)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.codecs.frame import FrameDescription, SampleKind
from hounsfield.codecs.grey import stored_values
from hounsfield.codecs.presentation import LookUpTable, Palette

_FROM_YBR_FULL = np.array([[1.0, 0.0, 1.402], [1.0, -0.344136, -0.714136], [1.0, 1.772, 0.0]], np.float32)
_FROM_YBR_PARTIAL = np.array([[1.1644, 0.0, 1.5960], [1.1644, -0.3917, -0.8130], [1.1644, 2.0173, 0.0]], np.float32)


def to_rgb(samples: NDArray[Any], photometric: str, description: FrameDescription) -> NDArray[np.uint8]:
    """(rows, columns, 3 or 4) of any depth to (rows, columns, 3), uint8. A fourth sample (retired ARGB, CMYK) is left out."""
    eight = _to_eight_bits(samples[:, :, :3], description)
    if photometric.startswith("YBR_FULL"):
        return _matrix(eight, _FROM_YBR_FULL, (0.0, 128.0, 128.0))
    if photometric.startswith("YBR_PARTIAL"):
        return _matrix(eight, _FROM_YBR_PARTIAL, (16.0, 128.0, 128.0))
    return eight


def through_palette(samples: NDArray[Any], palette: Palette, description: FrameDescription) -> NDArray[np.uint8]:
    """(rows, columns, 1) of indices to (rows, columns, 3), uint8."""
    indices = stored_values(samples.reshape(samples.shape[:2]), description).astype(np.int64)
    planes = []
    for table in (palette.red, palette.green, palette.blue):
        shades = _table_shades(table)
        planes.append(shades[np.clip(indices - table.first_value, 0, len(shades) - 1)])
    return np.stack(planes, axis=2)


def with_supplement(grey: NDArray[np.uint8], samples: NDArray[Any], palette: Palette, description: FrameDescription) -> NDArray[np.uint8]:
    """Grey pixels as RGB, those in colour whose stored value the palette maps (PS3.3 C.7.6.19). samples: (rows, columns, 1)."""
    coloured = stored_values(samples.reshape(samples.shape[:2]), description) >= palette.red.first_value
    return np.where(coloured[:, :, None], through_palette(samples, palette, description), grey[:, :, None])


def in_pseudo_colour(grey: NDArray[np.uint8], palette: Palette) -> NDArray[np.uint8]:
    """Shades of grey, their whole range spread over each table (PS3.4 N.2.6), as RGB."""
    planes = []
    for table in (palette.red, palette.green, palette.blue):
        shades = _table_shades(table)
        planes.append(shades[np.rint(np.arange(256) * ((len(shades) - 1) / 255)).astype(np.intp)][grey])
    return np.stack(planes, axis=2)


def _table_shades(table: LookUpTable) -> NDArray[np.uint8]:
    entries = np.frombuffer(table.entries, "<u2").astype(np.uint32)
    if table.bits > 8 and int(entries.max()) < 256 and bool((entries > 0).any()):
        # 8 bit colours under a descriptor of 16: shown as written they would all be black.
        return entries.astype(np.uint8)
    return (entries * 255 // ((1 << table.bits) - 1)).astype(np.uint8)


def _to_eight_bits(samples: NDArray[Any], description: FrameDescription) -> NDArray[np.uint8]:
    if samples.dtype == np.uint8 and description.bits_stored in (1, 8):
        return samples
    if description.kind is not SampleKind.INTEGER:
        floats: NDArray[np.uint8] = np.clip(np.nan_to_num(samples) * 255, 0, 255).astype(np.uint8)
        return floats
    wide = samples.astype(np.int64)
    if description.signed:
        wide = wide + (1 << (description.bits_stored - 1))
    bits = description.bits_stored
    scaled = wide >> (bits - 8) if bits > 8 else wide * 255 // ((1 << bits) - 1)
    eight: NDArray[np.uint8] = np.clip(scaled, 0, 255).astype(np.uint8)
    return eight


def _matrix(samples: NDArray[np.uint8], matrix: NDArray[np.float32], offsets: tuple[float, float, float]) -> NDArray[np.uint8]:
    shifted = samples.astype(np.float32) - np.array(offsets, np.float32)
    rgb: NDArray[np.uint8] = np.clip(np.rint(shifted @ matrix.T), 0, 255).astype(np.uint8)
    return rgb
