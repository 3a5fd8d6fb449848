"""One frame as a JPEG or PNG for a screen (PS3.18 8.3.5, rendered resources)."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.codecs.colour import through_palette, to_rgb
from hounsfield.codecs.decode import decode_samples
from hounsfield.codecs.frame import MAX_FRAME_BYTES, FrameDescription, SampleKind
from hounsfield.codecs.grey import needs_window, patterns, shade_table, shades, window_of_frame
from hounsfield.codecs.picture_size import picture_size
from hounsfield.codecs.presentation import PictureFormat, Presentation, RenderRequest, Window
from hounsfield.model.errors import InvalidInput, UndecodablePixels

Pixels = NDArray[np.uint8]

_PNG_LEVEL = 1


def render(
    frame: bytes | memoryview,
    description: FrameDescription,
    presentation: Presentation,
    request: RenderRequest,
    limit_bytes: int = MAX_FRAME_BYTES,
) -> bytes:
    """Returns the encoded picture: grey for monochrome frames, RGB else.

    Raises: UndecodablePixels; InvalidInput for a viewport or region that cannot be had.
    """
    samples, photometric = decode_samples(frame, description, limit_bytes)
    samples = _cut(samples, request.region)
    if description.samples_per_pixel >= 3:
        pixels = to_rgb(samples, photometric, description)
    elif photometric == "PALETTE COLOR" and presentation.palette is not None:
        pixels = through_palette(samples, presentation.palette)
    else:
        pixels = _grey(samples[:, :, 0], description, presentation, request.window)
    pixels = _mirrored(pixels, request.region)
    return _encode(_fit(pixels, presentation.aspect_ratio, request), request)


def _grey(samples: NDArray[Any], description: FrameDescription, presentation: Presentation, window: Window | None) -> Pixels:
    if description.kind is not SampleKind.INTEGER or description.bits_allocated > 16:
        return shades(samples, description, presentation, window)
    if needs_window(presentation, window):
        window = window_of_frame(samples, description, presentation)
        return shade_table(description, presentation, window).take(patterns(samples))
    # Neighbouring frames share their table, and it costs more than the rest of the picture.
    alike = replace(description, transfer_syntax_uid="", rows=0, columns=0)
    return _remembered_table(alike, presentation, window).take(patterns(samples))


@lru_cache(maxsize=16)
def _remembered_table(description: FrameDescription, presentation: Presentation, window: Window | None) -> Pixels:
    return shade_table(description, presentation, window)


def _cut(samples: NDArray[Any], region: tuple[int, int, int, int] | None) -> NDArray[Any]:
    if region is None:
        return samples
    column, row, width, height = region
    part = samples[max(row, 0) : max(row, 0) + abs(height), max(column, 0) : max(column, 0) + abs(width)]
    if not part.size:
        raise InvalidInput("the region lies outside of the picture")
    return np.ascontiguousarray(part)


def _mirrored(pixels: Pixels, region: tuple[int, int, int, int] | None) -> Pixels:
    if region is not None and region[2] < 0:
        pixels = pixels[:, ::-1]
    if region is not None and region[3] < 0:
        pixels = pixels[::-1]
    return pixels


def _fit(pixels: Pixels, aspect_ratio: float, request: RenderRequest) -> Pixels:
    size = picture_size(pixels.shape[0], pixels.shape[1], aspect_ratio, request)
    if size == (pixels.shape[1], pixels.shape[0]):
        return pixels
    from PIL import Image  # a picture of its own size needs no scaling

    image = Image.fromarray(pixels)
    # The gap lets a cheap box filter do most of a large reduction before the good filter finishes it.
    scaled = image.resize(size, Image.Resampling.LANCZOS if size[0] < image.width else Image.Resampling.BICUBIC, reducing_gap=2.0)
    return np.asarray(scaled)


def _encode(pixels: Pixels, request: RenderRequest) -> bytes:
    pixels = np.ascontiguousarray(pixels)
    try:
        if request.picture_format is PictureFormat.PNG:
            from imagecodecs import png_encode  # only a child that is asked for it pays for it

            return bytes(png_encode(pixels, level=_PNG_LEVEL))
        from imagecodecs import jpeg8_encode  # only a child that is asked for it pays for it

        return bytes(jpeg8_encode(pixels, level=min(max(request.quality, 1), 100)))
    except (RuntimeError, ValueError) as exc:
        raise UndecodablePixels(f"the picture cannot be encoded: {exc}") from exc
