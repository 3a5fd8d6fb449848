"""One frame as a picture for a screen (PS3.18 8.3.5, rendered resources; PS3.4 N.2 for the order of the steps)."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.codecs.colour import in_pseudo_colour, through_palette, to_rgb, with_supplement
from hounsfield.codecs.decode import decode_samples
from hounsfield.codecs.frame import MAX_FRAME_BYTES, FrameDescription, SampleKind
from hounsfield.codecs.geometry import Geometry, geometry_of
from hounsfield.codecs.grey import needs_window, patterns, shade_table, shades, window_of_frame
from hounsfield.codecs.masks import close_shutter, draw_overlays
from hounsfield.codecs.presentation import ColourSpace, PictureFormat, Presentation, RenderRequest, Window
from hounsfield.model.errors import UndecodablePixels

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
    geometry = geometry_of(description.rows, description.columns, presentation, request)
    pixels = _pixels(samples, photometric, description, presentation, request, geometry)
    pixels = _fit(_turned(pixels, geometry), geometry.size)
    profile = b""
    if request.colour_space is not ColourSpace.NO and pixels.ndim == 3:
        from hounsfield.codecs.icc import converted  # only a child that is asked for it pays for it

        pixels, profile = converted(pixels, presentation.icc_profile, request.colour_space)
    layout = presentation.layout
    if (layout is not None and (layout.graphics or layout.texts)) or any(presentation.captions):
        from hounsfield.codecs.drawing import draw_captions, draw_layout  # only a child that is asked for it pays for it

        pixels = pixels if layout is None else draw_layout(pixels, layout, geometry)
        pixels = draw_captions(pixels, presentation.captions)
    return _encode(pixels, request, profile)


def _pixels(
    samples: NDArray[Any],
    photometric: str,
    description: FrameDescription,
    presentation: Presentation,
    request: RenderRequest,
    geometry: Geometry,
) -> Pixels:
    """The part that is shown, grey or RGB, as it lies in the image."""
    covered = bool(presentation.overlays) or presentation.shutter is not None
    cut_first = not covered and geometry.within(description.rows, description.columns)
    if cut_first and not _depends_on_all(description, presentation, request.window):
        return _shaded(_part(samples, geometry), photometric, description, presentation, request.window)
    pixels = _shaded(samples, photometric, description, presentation, request.window)
    if presentation.overlays:
        pixels = draw_overlays(pixels, presentation.overlays, samples)
    if presentation.shutter is not None:
        pixels = close_shutter(pixels, presentation.shutter, presentation.aspect_ratio)
    if geometry.within(description.rows, description.columns):
        return _part(pixels, geometry)
    return _part_and_beyond(pixels, geometry)


def _depends_on_all(description: FrameDescription, presentation: Presentation, window: Window | None) -> bool:
    """Whether a part of the frame would be shown in other shades than the whole."""
    return description.samples_per_pixel == 1 and needs_window(presentation, window)


def _shaded(
    samples: NDArray[Any], photometric: str, description: FrameDescription, presentation: Presentation, window: Window | None
) -> Pixels:
    if description.samples_per_pixel >= 3:
        return to_rgb(samples, photometric, description)
    palette = presentation.palette
    if photometric == "PALETTE COLOR" and palette is not None:
        return through_palette(samples, palette, description)
    grey = _grey(samples[:, :, 0], description, presentation, window)
    if presentation.supplemental and palette is not None and description.kind is SampleKind.INTEGER:
        return with_supplement(grey, samples, palette, description)
    if presentation.pseudo_colour is not None:
        return in_pseudo_colour(grey, presentation.pseudo_colour)
    return grey


def _grey(samples: NDArray[Any], description: FrameDescription, presentation: Presentation, window: Window | None) -> Pixels:
    if description.kind is not SampleKind.INTEGER or description.bits_allocated > 16:
        return shades(samples, description, presentation, window)
    if needs_window(presentation, window):
        window = window_of_frame(samples, description, presentation)
        return shade_table(description, presentation, window).take(patterns(samples))
    # Neighbouring frames share their table, and it costs more than the rest of the picture.
    alike = replace(description, transfer_syntax_uid="", rows=0, columns=0)
    grey_only = Presentation(
        slope=presentation.slope,
        intercept=presentation.intercept,
        modality_lut=presentation.modality_lut,
        window=presentation.window,
        voi_lut=presentation.voi_lut,
        presentation_lut=presentation.presentation_lut,
        inverse=presentation.inverse,
        padding=presentation.padding,
    )
    return _remembered_table(alike, grey_only, window).take(patterns(samples))


@lru_cache(maxsize=16)
def _remembered_table(description: FrameDescription, presentation: Presentation, window: Window | None) -> Pixels:
    return shade_table(description, presentation, window)


def _part(pixels: NDArray[Any], geometry: Geometry) -> NDArray[Any]:
    if (geometry.left, geometry.top, geometry.height, geometry.width) == (0, 0, *pixels.shape[:2]):
        return pixels
    part = pixels[geometry.top : geometry.top + geometry.height, geometry.left : geometry.left + geometry.width]
    return np.ascontiguousarray(part)


def _part_and_beyond(pixels: Pixels, geometry: Geometry) -> Pixels:
    """Black where the displayed area reaches beyond the image."""
    rows, columns = pixels.shape[:2]
    canvas = np.zeros((geometry.height, geometry.width, *pixels.shape[2:]), np.uint8)
    top, left = max(geometry.top, 0), max(geometry.left, 0)
    bottom, right = min(geometry.top + geometry.height, rows), min(geometry.left + geometry.width, columns)
    if top < bottom and left < right:
        canvas[top - geometry.top : bottom - geometry.top, left - geometry.left : right - geometry.left] = pixels[top:bottom, left:right]
    return canvas


def _turned(pixels: Pixels, geometry: Geometry) -> Pixels:
    if geometry.quarter_turns:
        pixels = np.rot90(pixels, -geometry.quarter_turns)
    if geometry.flipped:
        pixels = pixels[:, ::-1]
    if geometry.upside_down:
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def _fit(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    if size == (pixels.shape[1], pixels.shape[0]):
        return pixels
    from PIL import Image  # a picture of its own size needs no scaling

    image = Image.fromarray(pixels)
    # The gap lets a cheap box filter do most of a large reduction before the good filter finishes it.
    scaled = image.resize(size, Image.Resampling.LANCZOS if size[0] < image.width else Image.Resampling.BICUBIC, reducing_gap=2.0)
    return np.asarray(scaled)


def _encode(pixels: Pixels, request: RenderRequest, profile: bytes) -> bytes:
    pixels = np.ascontiguousarray(pixels)
    quality = min(max(request.quality, 1), 100)
    if profile or request.picture_format is PictureFormat.GIF:
        from hounsfield.codecs.picture_files import encode_gif, encode_with_profile  # only a child that is asked for it pays for it

        if request.picture_format is PictureFormat.GIF:
            return encode_gif(pixels)
        return encode_with_profile(pixels, request.picture_format, quality, profile)
    try:
        if request.picture_format is PictureFormat.PNG:
            from imagecodecs import png_encode  # only a child that is asked for it pays for it

            return bytes(png_encode(pixels, level=_PNG_LEVEL))
        from imagecodecs import jpeg8_encode  # only a child that is asked for it pays for it

        return bytes(jpeg8_encode(pixels, level=quality))
    except (RuntimeError, ValueError) as exc:
        raise UndecodablePixels(f"the picture cannot be encoded: {exc}") from exc
