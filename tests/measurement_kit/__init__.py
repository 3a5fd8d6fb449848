"""Measurements of each kind on a small CT of `dicomweb_kit.objects`, with the values that follow from their points by hand."""

from __future__ import annotations

import math
from typing import Any

from hounsfield.model.measurement import Kind, MeasuredValue, Measurement, SpacingSource

SPACING: dict[str, Any] = {
    "PixelSpacing": [2.0, 0.5],
    "RescaleSlope": 1,
    "RescaleIntercept": -1024,
    "RescaleType": "HU",
    "PatientPosition": "HFS",
}
"""Rows lie 2 mm apart, columns 0.5 mm."""

STATISTICS = tuple(MeasuredValue(name, value, "[hnsf'U]") for name, value in (("mean", 12.5), ("sd", 3.25), ("min", 4.0), ("max", 21.0)))


def tracking_uid(number: int) -> str:
    """Of the n-th measurement of a test."""
    return f"2.25.{10**20 + number}"


def measurement(number: int, kind: Kind, points: Any, *values: MeasuredValue, image: str = "1.2.3.1.1", **more: Any) -> Measurement:
    """On the first frame, its label a text beyond ASCII."""
    named = {"label": f"Läsion {number}", "frame": 1, "spacing": SpacingSource.PIXEL_SPACING, **more}
    return Measurement(
        tracking_uid(number), named["label"], kind, image, named["frame"], tuple(map(tuple, points)), values, named["spacing"]
    )


def one_of_each(image: str = "1.2.3.1.1") -> list[Measurement]:
    """Of the ten kinds."""
    return [
        # 6 columns of 0.5 mm and 2 rows of 2 mm: 3, 4, 5.
        measurement(1, Kind.LENGTH, [(10.5, 10.5), (16.5, 12.5)], MeasuredValue("length", 5.0, "mm"), image=image),
        # Right along a row and straight down a column.
        measurement(2, Kind.ANGLE, [(20, 5), (10, 5), (10, 9)], MeasuredValue("angle", 90.0, "deg"), image=image),
        measurement(3, Kind.RECTANGLE, [(4, 4), (12, 4), (12, 8), (4, 8)], MeasuredValue("area", 32.0, "mm2"), *STATISTICS, image=image),
        measurement(
            4,
            Kind.ELLIPSE,
            [(10, 16), (30, 16), (20, 12), (20, 20)],
            MeasuredValue("area", math.pi * 5 * 8, "mm2"),
            *STATISTICS,
            image=image,
        ),
        measurement(5, Kind.PROBE, [(7.5, 9.5)], MeasuredValue("value", -17.0, "[hnsf'U]"), image=image),
        measurement(6, Kind.ARROW, [(30, 10), (40, 4)], image=image),
        # 12 columns are 6 mm, 2 rows are 4 mm.
        measurement(
            7,
            Kind.BIDIRECTIONAL,
            [(10, 10), (22, 10), (16, 9), (16, 11)],
            MeasuredValue("long-axis", 6.0, "mm"),
            MeasuredValue("short-axis", 4.0, "mm"),
            image=image,
        ),
        # Down 1 row (2 mm) over 4 columns (2 mm), and up as steeply below it.
        measurement(8, Kind.COBB, [(10, 4), (14, 5), (14, 20), (10, 21)], MeasuredValue("cobb-angle", 90.0, "deg"), image=image),
        # Half of 8 columns (4 mm) by 4 rows (8 mm).
        measurement(9, Kind.FREEHAND, [(4, 4), (12, 4), (12, 8)], MeasuredValue("area", 16.0, "mm2"), *STATISTICS, image=image),
        measurement(10, Kind.TEXT, [(20.5, 8.5)], image=image),
    ]
