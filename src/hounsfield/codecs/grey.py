"""Stored values to shades of grey (PS3.4 N.2: modality LUT, VOI LUT, presentation LUT, polarity)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.codecs.frame import FrameDescription, SampleKind
from hounsfield.codecs.presentation import LookUpTable, Presentation, Window, WindowFunction

Shades = NDArray[np.uint8]
Values = NDArray[Any]

_BRIGHTEST = 255
_FEWEST_SHOWN = 0.001
"""Without a window, this share of the darkest and of the brightest pixels may be clipped: single hot pixels would blacken the rest."""


def shades(samples: Values, description: FrameDescription, presentation: Presentation, window: Window | None) -> Shades:
    """Returns `samples`, of any shape, as uint8 of the same shape; `window` counts before what the header offers."""
    if description.kind is SampleKind.INTEGER and description.bits_allocated <= 16:
        return _through_table(samples, description, presentation, window)
    values = samples.astype(np.float64)
    if description.kind is SampleKind.INTEGER:
        values = stored_values(samples, description).astype(np.float64)
    finite = np.isfinite(values)
    empty = ~finite | _is_padding(values, presentation)
    values = _modality(np.where(finite, values, 0.0), presentation)
    if needs_window(presentation, window):
        window = _window_of(values[~empty])
    return _displayed(_voi(values, presentation, window), empty, description, presentation)


def shade_table(description: FrameDescription, presentation: Presentation, window: Window | None) -> Shades:
    """For every bit pattern of a stored sample of at most 16 bits its shade; (256,) or (65536,), uint8."""
    stored = stored_values(_every_pattern(description), description).astype(np.float64)
    values = _modality(stored, presentation)
    return _displayed(_voi(values, presentation, window), _is_padding(stored, presentation), description, presentation)


def needs_window(presentation: Presentation, window: Window | None) -> bool:
    """Whether the shades depend on what the frame itself holds."""
    return window is None and presentation.window is None and presentation.voi_lut is None


def patterns(samples: Values) -> Values:
    """Samples of at most 16 bits as unsigned bit patterns, without a copy."""
    return samples.view(np.uint8 if samples.dtype.itemsize == 1 else np.uint16)


def window_of_frame(samples: Values, description: FrameDescription, presentation: Presentation) -> Window:
    """A window over nearly all values that occur and are not padding."""
    if description.bits_allocated == 1:
        return Window(0.5, 1.0, WindowFunction.LINEAR_EXACT)
    counts = np.bincount(patterns(samples).reshape(-1), minlength=256 if description.bits_allocated <= 8 else 65536)
    stored = stored_values(_every_pattern(description), description).astype(np.float64)
    present = (counts[: len(stored)] > 0) & ~_is_padding(stored, presentation)
    if not present.any():
        return Window(0.0, 1.0, WindowFunction.LINEAR_EXACT)
    values, weights = _modality(stored[present], presentation), counts[: len(stored)][present]
    order = np.argsort(values, kind="stable")
    values, share = values[order], np.cumsum(weights[order]) / weights.sum()
    if description.bits_stored <= 8:
        return Window.between(float(values[0]), float(values[-1]))
    last = len(values) - 1
    low = values[min(int(np.searchsorted(share, _FEWEST_SHOWN)), last)]
    high = values[min(int(np.searchsorted(share, 1 - _FEWEST_SHOWN)), last)]
    return Window.between(float(low), float(high))


def _through_table(samples: Values, description: FrameDescription, presentation: Presentation, window: Window | None) -> Shades:
    if needs_window(presentation, window):
        window = window_of_frame(samples, description, presentation)
    shaded: Shades = shade_table(description, presentation, window).take(patterns(samples))
    return shaded


def _every_pattern(description: FrameDescription) -> Values:
    return np.arange(256, dtype=np.uint8) if description.bits_allocated <= 8 else np.arange(65536, dtype=np.uint16)


def stored_values(samples: Values, description: FrameDescription) -> Values:
    """The Bits Stored below High Bit, with their sign; what else is in the allocated bits, such as old overlays, is cut off."""
    if description.bits_allocated == 1:
        return samples
    wide = samples.astype(np.int64) >> (description.high_bit + 1 - description.bits_stored)
    wide &= (1 << description.bits_stored) - 1
    if description.signed:
        sign = 1 << (description.bits_stored - 1)
        wide = (wide ^ sign) - sign
    return wide


def _is_padding(stored: Values, presentation: Presentation) -> NDArray[np.bool_]:
    if presentation.padding is None:
        return np.zeros(stored.shape, bool)
    first, last = presentation.padding
    return (stored >= first) & (stored <= last)


def _modality(values: Values, presentation: Presentation) -> Values:
    if presentation.modality_lut is not None:
        return _looked_up(values, presentation.modality_lut)
    return values * presentation.slope + presentation.intercept


def _looked_up(values: Values, table: LookUpTable) -> Values:
    entries = np.frombuffer(table.entries, "<u2").astype(np.float64)
    index = np.clip(values - table.first_value, 0, len(entries) - 1).astype(np.intp)
    looked_up: Values = entries[index]
    return looked_up


def _voi(values: Values, presentation: Presentation, window: Window | None) -> Values:
    """Returns floats of 0 to 255."""
    if window is None and presentation.voi_lut is not None:
        return _looked_up(values, presentation.voi_lut) * (_BRIGHTEST / ((1 << presentation.voi_lut.bits) - 1))
    window = window or presentation.window or Window(0.0, 1.0)
    center, width = window.center, window.width
    if window.function is WindowFunction.SIGMOID:
        exponent = np.clip(-4.0 * (values - center) / max(width, 1e-12), -700.0, 700.0)
        return _BRIGHTEST / (1.0 + np.exp(exponent))
    if window.function is WindowFunction.LINEAR and width >= 1:
        center, width = center - 0.5, width - 1.0
    if width <= 0:
        # LINEAR with a width of 1 is a threshold (C.11.2.1.2.1).
        return np.where(values > center, float(_BRIGHTEST), 0.0)
    return ((values - center) / width + 0.5) * _BRIGHTEST


def _displayed(brightness: Values, empty: NDArray[np.bool_], description: FrameDescription, presentation: Presentation) -> Shades:
    if presentation.presentation_lut is not None:
        brightness = _through_presentation_lut(brightness, presentation.presentation_lut)
    shaded: Shades = np.clip(np.rint(np.nan_to_num(brightness)), 0, _BRIGHTEST).astype(np.uint8)
    inverse = presentation.inverse
    if inverse if inverse is not None else description.photometric_interpretation == "MONOCHROME1":
        shaded = _BRIGHTEST - shaded
    # What is not picture stays as dark as the screen around it, whatever the polarity.
    shaded[empty] = 0
    return shaded


def _through_presentation_lut(brightness: Values, table: LookUpTable) -> Values:
    """The whole range of what comes in is spread over the entries (PS3.3 C.11.4.1)."""
    entries = np.frombuffer(table.entries, "<u2").astype(np.float64)
    index = np.rint(np.clip(np.nan_to_num(brightness), 0, _BRIGHTEST) * ((len(entries) - 1) / _BRIGHTEST)).astype(np.intp)
    looked_up: Values = entries[index] * (_BRIGHTEST / ((1 << table.bits) - 1))
    return looked_up


def _window_of(values: Values) -> Window:
    if not values.size:
        return Window(0.0, 1.0, WindowFunction.LINEAR_EXACT)
    low, high = np.quantile(values, (_FEWEST_SHOWN, 1 - _FEWEST_SHOWN))
    return Window.between(float(low), float(high)) if high > low else Window.between(float(values.min()), float(values.max()))
