"""Overlay planes drawn over a picture, and shutters closed over it (PS3.3 C.9.2, C.7.6.11, C.7.6.15)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.codecs.covering import Overlay, Shutter


def plane_of(overlay: Overlay, rows: int, columns: int, samples: NDArray[Any] | None) -> NDArray[np.bool_]:
    """Where the overlay is set, in the image: (rows, columns). samples: of the image, where the plane may stand in them."""
    found = np.zeros((rows, columns), bool)
    if overlay.bit_position is not None:
        if samples is not None and samples.shape[:2] == (rows, columns) and samples.dtype.kind in "iu":
            found = (samples.reshape(rows, columns, -1)[:, :, 0] >> overlay.bit_position & 1).astype(bool)
        return found
    count = overlay.bit_offset + overlay.rows * overlay.columns
    octets = np.frombuffer(overlay.bits, np.uint8)
    if 8 * len(octets) < count:
        return found
    bits = np.unpackbits(octets, bitorder="little", count=count)[overlay.bit_offset :].reshape(overlay.rows, overlay.columns)
    top, left = max(overlay.row, 0), max(overlay.column, 0)
    part = bits[top - overlay.row :, left - overlay.column :][: max(rows - top, 0), : max(columns - left, 0)]
    found[top : top + part.shape[0], left : left + part.shape[1]] = part
    return found


def draw_overlays(pixels: NDArray[np.uint8], overlays: tuple[Overlay, ...], samples: NDArray[Any]) -> NDArray[np.uint8]:
    """Grey or RGB pixels with the planes in their shades; the pixels given are left as they are."""
    drawn = pixels.copy()
    for overlay in overlays:
        drawn[plane_of(overlay, pixels.shape[0], pixels.shape[1], samples)] = overlay.shade
    return drawn


def close_shutter(pixels: NDArray[np.uint8], shutter: Shutter, aspect_ratio: float) -> NDArray[np.uint8]:
    """Grey or RGB pixels of a whole image with what is outside in the shutter's shade. aspect_ratio: height of a pixel over its width."""
    rows, columns = pixels.shape[:2]
    seen = np.ones((rows, columns), bool)
    if shutter.rectangle is not None:
        left, right, upper, lower = shutter.rectangle
        seen[: max(upper - 1, 0)] = False
        seen[max(lower, 0) :] = False
        seen[:, : max(left - 1, 0)] = False
        seen[:, max(right, 0) :] = False
    if shutter.circle is not None:
        center_column, center_row, radius = shutter.circle
        down = (np.arange(1, rows + 1, dtype=np.float32)[:, None] - center_row) * aspect_ratio
        across = np.arange(1, columns + 1, dtype=np.float32)[None, :] - center_column
        seen &= down * down + across * across <= radius * radius
    if shutter.polygon:
        from PIL import Image, ImageDraw  # only a child that meets such a shutter pays for it

        mask = Image.new("1", (columns, rows))
        ImageDraw.Draw(mask).polygon([(column - 1, row - 1) for column, row in shutter.polygon], fill=1)
        seen &= np.asarray(mask)
    if shutter.bitmap is not None:
        seen &= ~plane_of(shutter.bitmap, rows, columns, None)
    shut = pixels.copy()
    shut[~seen] = shutter.shade
    return shut
