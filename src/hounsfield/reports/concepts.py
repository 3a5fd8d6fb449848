"""The coded concepts that measurements are written with and known by (PS3.16)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from hounsfield.model.measurement import (
    BECQUEREL_PER_ML,
    DEGREES,
    HOUNSFIELD_UNITS,
    MILLIMETRES,
    NO_UNIT,
    PIXELS,
    SQUARE_MILLIMETRES,
    Quantity,
    SpacingSource,
)

MANUFACTURER = "Hounsfield"
"""Of the objects that we make."""
OURS = "99HOUNSFIELD"
"""Our private coding scheme (PS3.3 8.2): for what the standard has no concept of."""


class Concept(NamedTuple):
    """A code of a coding scheme."""

    value: str
    scheme: str
    meaning: str


IMAGING_MEASUREMENTS = ("126010", "DCM")
MEASUREMENT_GROUP = ("125007", "DCM")
TRACKING_IDENTIFIER = ("112039", "DCM")
TRACKING_UID = ("112040", "DCM")
PERSON_OBSERVER_NAME = ("121008", "DCM")
DERIVATION = ("121401", "DCM")
METHODS = (("370129005", "SCT"), ("G-C036", "SRT"))
"""Measurement Method."""
FINDINGS = (("121071", "DCM"), ("121058", "DCM"))
FREE_TEXTS = frozenset({"CORNERSTONEFREETEXT", "CS3DTEXT"})
"""With these codes the viewers of the Cornerstone family write what a reader typed, as the meaning of a finding."""
PLACE_ALONE = ("111010", "DCM")
"""Center: those viewers write a point or an arrow as a number that measures nothing."""
REPORT_TITLES = frozenset((f"12600{number}", "DCM") for number in range(4))
"""Measurement Report Document Titles (CID 7021)."""

ATTENUATION = Concept("112031", "DCM", "Attenuation Coefficient")
PIXEL_VALUE = Concept("PixelValue", OURS, "Pixel value after rescaling")

QUANTITIES: Mapping[Quantity, Concept] = MappingProxyType(
    {
        Quantity.LENGTH: Concept("410668003", "SCT", "Length"),
        Quantity.LONG_AXIS: Concept("103339001", "SCT", "Long Axis"),
        Quantity.SHORT_AXIS: Concept("103340004", "SCT", "Short Axis"),
        Quantity.ANGLE: Concept("1483009", "SCT", "Angle"),
        Quantity.COBB_ANGLE: Concept("285285000", "SCT", "Cobb angle"),
        Quantity.AREA: Concept("42798000", "SCT", "Area"),
        Quantity.MEAN: Concept("373098007", "SCT", "Mean"),
        Quantity.SD: Concept("386136009", "SCT", "Standard Deviation"),
        Quantity.MIN: Concept("255605001", "SCT", "Minimum"),
        Quantity.MAX: Concept("56851009", "SCT", "Maximum"),
    }
)
_RETIRED = {
    "G-D7FE": "length",
    "G-A185": "long-axis",
    "G-A186": "short-axis",
    "G-A160": "angle",
    "G-A166": "area",
    "R-00317": "mean",
    "R-10047": "sd",
    "R-404FB": "min",
    "G-A437": "max",
}

QUANTITY_OF: Mapping[tuple[str, str], Quantity] = MappingProxyType(
    {(concept.value, concept.scheme): quantity for quantity, concept in QUANTITIES.items()}
    | {(value, "SRT"): Quantity(name) for value, name in _RETIRED.items()}
    | {
        (ATTENUATION.value, ATTENUATION.scheme): Quantity.VALUE,
        (PIXEL_VALUE.value, PIXEL_VALUE.scheme): Quantity.VALUE,
        ("121206", "DCM"): Quantity.LENGTH,  # Distance
        ("131184002", "SCT"): Quantity.AREA,  # Area of defined region
    }
)
"""Also by the codes of SRT that came before those of SCT, which older objects and other makers' have."""

UNITS: Mapping[str, Concept] = MappingProxyType(
    {
        code: Concept(code, "UCUM", meaning)
        for code, meaning in (
            (MILLIMETRES, "mm"),
            (SQUARE_MILLIMETRES, "mm2"),
            (DEGREES, "degrees"),
            (PIXELS, "pixels"),
            (HOUNSFIELD_UNITS, "Hounsfield unit"),
            (BECQUEREL_PER_ML, "Becquerels/milliliter"),
            (NO_UNIT, "no units"),
        )
    }
)

SPACINGS: Mapping[SpacingSource, Concept] = MappingProxyType(
    {
        SpacingSource.PIXEL_SPACING: Concept("PixelSpacing", OURS, "Pixel Spacing (0028,0030)"),
        SpacingSource.DETECTOR_PLANE: Concept("DetectorPlane", OURS, "Pixel Spacing (0028,0030) in the plane of the detector"),
        SpacingSource.DETECTOR_CORRECTED: Concept(
            "DetectorCorrected", OURS, "Imager Pixel Spacing (0018,1164) by magnification (0018,1114)"
        ),
        SpacingSource.ULTRASOUND_REGION: Concept("UltrasoundRegion", OURS, "Sequence of Ultrasound Regions (0018,6011)"),
        SpacingSource.NONE: Concept("NoSpacing", OURS, "No spacing: in pixels"),
    }
)
SPACING_OF: Mapping[tuple[str, str], SpacingSource] = MappingProxyType(
    {(concept.value, concept.scheme): source for source, concept in SPACINGS.items()}
)

STATE = Concept("State", OURS, "State of the measurement")
REMOVED = Concept("Removed", OURS, "Taken away by the observer")
WITHDRAWN = Concept("Withdrawn", OURS, "Key images withdrawn")
"""Title of a selection that takes back what its maker selected before: a selection of nothing cannot be written (PS3.3 C.17.6)."""
