"""How large a picture becomes: known before any pixel is touched, and without what touches pixels."""

from __future__ import annotations

from hounsfield.codecs.presentation import RenderRequest
from hounsfield.model.errors import InvalidInput

MAX_PICTURE_SIDE = 16384
"""Pixels; a viewport or an enlargement beyond it is refused before anything is allocated (JPEG itself ends at 65535)."""

_MAX_PICTURE_PIXELS = 64 << 20


def picture_size(rows: int, columns: int, aspect_ratio: float, request: RenderRequest) -> tuple[int, int]:
    """Width and height of the picture that `render` makes of so many stored rows and columns. Raises: InvalidInput."""
    width, height = float(columns), float(rows)
    if aspect_ratio > 1:
        height *= aspect_ratio
    else:
        width /= aspect_ratio
    if request.viewport is not None:
        across, down = request.viewport
        if not (0 < across <= MAX_PICTURE_SIDE and 0 < down <= MAX_PICTURE_SIDE):
            raise InvalidInput(f"a viewport of {across}x{down} pixels is not to be had: 1 to {MAX_PICTURE_SIDE} each way")
        scale = min(across / width, down / height)
        if scale < 1 or request.enlarge:
            width, height = width * scale, height * scale
    size = max(1, round(width)), max(1, round(height))
    if max(size) > 65500 or size[0] * size[1] > _MAX_PICTURE_PIXELS:
        raise InvalidInput(f"a picture of {size[0]}x{size[1]} pixels is too large: ask for a smaller viewport")
    return size
