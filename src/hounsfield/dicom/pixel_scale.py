"""What a header says about measuring on one of its frames: how long a pixel is, and what its values are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from hounsfield.dicom.element_tree import DataSet
from hounsfield.dicom.frame_times import PER_FRAME_FUNCTIONAL_GROUPS, numbers, whole_number
from hounsfield.dicom.tags import COLUMNS, PIXEL_REPRESENTATION, ROWS, SAMPLES_PER_PIXEL
from hounsfield.model.measurement import (
    BECQUEREL_PER_ML,
    HOUNSFIELD_UNITS,
    NO_SCALE,
    NO_UNIT,
    Measurable,
    PixelScale,
    Point,
    SpacingSource,
)

_MODALITY, _UNITS, _RESCALE_TYPE, _MODALITY_LUT = 0x00080060, 0x00541001, 0x00281054, 0x00283000
_BITS_STORED, _SLOPE, _INTERCEPT = 0x00280101, 0x00281053, 0x00281052
_SHARED_FUNCTIONAL_GROUPS, _PIXEL_MEASURES, _PIXEL_VALUE_TRANSFORMATION = 0x52009229, 0x00289110, 0x00289145
_PIXEL_SPACING, _IMAGER_PIXEL_SPACING, _MAGNIFICATION, _CALIBRATION_TYPE = 0x00280030, 0x00181164, 0x00181114, 0x00280A02
_REGIONS, _SPATIAL_FORMAT = 0x00186011, 0x00186012
_REGION_EDGES = (0x00186018, 0x0018601A, 0x0018601C, 0x0018601E)
"""Min x0, min y0, max x1, max y1: pixels, the last ones included."""
_PHYSICAL_UNITS, _PHYSICAL_DELTAS = (0x00186024, 0x00186026), (0x0018602C, 0x0018602E)
_TWO_DIMENSIONAL, _CENTIMETRES = 1, 3


@dataclass(frozen=True, slots=True)
class Rescaling:
    """The modality LUT of a frame. type: Rescale Type, empty where there is none. has_table: it is a table, and no line."""

    slope: float = 1.0
    intercept: float = 0.0
    type: str = ""
    has_table: bool = False


def rescaling(header: DataSet, frame: int) -> Rescaling:
    """frame: its number, from 1."""
    transformation = _functional_group(header, frame, _PIXEL_VALUE_TRANSFORMATION)
    slope, intercept = (next(iter(numbers(transformation, tag)), default) for tag, default in ((_SLOPE, 1.0), (_INTERCEPT, 0.0)))
    return Rescaling(slope, intercept, transformation.text(_RESCALE_TYPE)[:64], bool(header.items(_MODALITY_LUT)))


def measurable(header: DataSet, frame: int) -> Measurable:
    """frame: its number, from 1."""
    least, most = _value_range(header, frame)
    return Measurable(whole_number(header, ROWS, 0), whole_number(header, COLUMNS, 0), _pixel_unit(header, frame), least, most)


def pixel_scale(header: DataSet, frame: int, points: Sequence[Point]) -> PixelScale:
    """For points of one frame (its number, from 1).

    An image with ultrasound regions is as long as the region that all points lie in says (PS3.3 C.8.5.5); between regions there is no
    length. Imager Pixel Spacing is in the plane of the detector: by itself it makes no millimetres (PS3.3 10.7.1).
    """
    regions = header.items(_REGIONS)
    if regions:
        return next((_region_scale(region) for region in regions if _holds(region, points)), NO_SCALE)
    spacing = _positive_pair(numbers(_functional_group(header, frame, _PIXEL_MEASURES), _PIXEL_SPACING))
    imager = _positive_pair(numbers(header, _IMAGER_PIXEL_SPACING))
    if spacing is not None:
        at_detector = imager is not None and _CALIBRATION_TYPE not in header and abs(spacing[0] - imager[0]) <= 1e-6
        return PixelScale(SpacingSource.DETECTOR_PLANE if at_detector else SpacingSource.PIXEL_SPACING, *spacing)
    magnification = next(iter(numbers(header, _MAGNIFICATION)), 0.0)
    if imager is not None and magnification > 0:
        return PixelScale(SpacingSource.DETECTOR_CORRECTED, imager[0] / magnification, imager[1] / magnification)
    return NO_SCALE


def _functional_group(header: DataSet, frame: int, macro: int) -> DataSet:
    """The item that holds a macro for one frame (PS3.3 C.7.6.16): its own, else the shared one, else the data set itself."""
    own = header.items(PER_FRAME_FUNCTIONAL_GROUPS)[frame - 1 : frame]
    for group in (*own, *header.items(_SHARED_FUNCTIONAL_GROUPS)[:1]):
        if found := group.items(macro):
            return found[0]
    return header


def _positive_pair(values: list[float]) -> tuple[float, float] | None:
    return (values[0], values[1]) if len(values) >= 2 and values[0] > 0 and values[1] > 0 else None


def _holds(region: DataSet, points: Sequence[Point]) -> bool:
    edges = [next(iter(numbers(region, tag)), None) for tag in _REGION_EDGES]
    left, top, right, bottom = edges
    if left is None or top is None or right is None or bottom is None:
        return False
    return all(left <= column <= right + 1 and top <= row <= bottom + 1 for column, row in points)


def _region_scale(region: DataSet) -> PixelScale:
    """Nothing for a spectrum or a curve, and for axes that are not centimetres."""
    if whole_number(region, _SPATIAL_FORMAT, 0) != _TWO_DIMENSIONAL:
        return NO_SCALE
    if any(whole_number(region, tag, 0) != _CENTIMETRES for tag in _PHYSICAL_UNITS):
        return NO_SCALE
    x_cm, y_cm = (abs(next(iter(numbers(region, tag)), 0.0)) for tag in _PHYSICAL_DELTAS)
    return PixelScale(SpacingSource.ULTRASOUND_REGION, y_cm * 10, x_cm * 10) if x_cm and y_cm else NO_SCALE


def _value_range(header: DataSet, frame: int) -> tuple[float, float]:
    """Of what Bits Stored can hold, after rescaling; without bounds where pixels are no whole numbers."""
    bits = whole_number(header, _BITS_STORED, 0)
    if not 1 <= bits <= 32:
        return -math.inf, math.inf
    line = rescaling(header, frame)
    low = -(1 << (bits - 1)) if whole_number(header, PIXEL_REPRESENTATION, 0) == 1 else 0
    ends = [stored * line.slope + line.intercept for stored in (low, low + (1 << bits) - 1)]
    return min(ends), max(ends)


def _pixel_unit(header: DataSet, frame: int) -> str:
    """Empty where pixels have no one value that is shown: colour, and values through a modality LUT, which the app does not apply."""
    if whole_number(header, SAMPLES_PER_PIXEL, 1) != 1 or _MODALITY_LUT in header:
        return ""
    modality = header.text(_MODALITY)
    if modality == "CT":
        rescale_type = _functional_group(header, frame, _PIXEL_VALUE_TRANSFORMATION).text(_RESCALE_TYPE)
        return HOUNSFIELD_UNITS if rescale_type in ("", "HU") else NO_UNIT
    return BECQUEREL_PER_ML if modality == "PT" and header.text(_UNITS) == "BQML" else NO_UNIT
