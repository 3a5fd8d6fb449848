"""Write measurements as a Comprehensive SR of template TID 1500 (PS3.16), with highdicom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from highdicom import sr

from hounsfield import __version__
from hounsfield.model.measurement import (
    HOUNSFIELD_UNITS,
    STATISTICS,
    Kind,
    MeasuredValue,
    Measurement,
    Point,
    Quantity,
    Removal,
    SpacingSource,
)
from hounsfield.reports.concepts import ATTENUATION, PIXEL_VALUE, QUANTITIES, REMOVED, SPACINGS, STATE, UNITS, Concept
from hounsfield.reports.evidence import Evidence, Identity, ImageFile, at_time, coded, observer_of, of_ours, our_coding_scheme, refusing

VIEWER = "Hounsfield viewer"
"""Algorithm Name of what the viewer computed of the pixels, and the server only held against what they can be."""
SERIES_NUMBER = 9000
_IMAGING_PROCEDURE = Concept("363679005", "SCT", "Imaging procedure")
_WHOLE_SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"
_INFERRED = frozenset({Kind.LENGTH, Kind.BIDIRECTIONAL, Kind.ANGLE, Kind.COBB, Kind.PROBE})
"""Kinds that are their values; of the others the outline is what is marked."""
_GRAPHIC_TYPES = {
    Kind.PROBE: sr.GraphicTypeValues.POINT,
    Kind.TEXT: sr.GraphicTypeValues.POINT,
    Kind.ELLIPSE: sr.GraphicTypeValues.ELLIPSE,
}


def compose(identity: Identity, measurements: Sequence[Measurement], removals: Sequence[Removal], images: Mapping[str, ImageFile]) -> bytes:
    """A Part 10 file in Explicit VR Little Endian, its texts in UTF-8.

    images: by SOP Instance UID, all that are measured on, of one study.
    Raises: InconsistentObject where what the images say of patient and study cannot be written.
    """
    with refusing("report"):
        evidence = Evidence(images)
        groups = [_group(one, _Source(evidence, one.sop_instance_uid, one.frame)) for one in measurements]
        groups += [_removal(one, _Source(evidence, one.sop_instance_uid, one.frame)) for one in removals]
        document = sr.ComprehensiveSR(
            list(evidence.data_sets.values()),
            sr.MeasurementReport(sr.ObservationContext(observer_of(identity)), coded(_IMAGING_PROCEDURE), groups),
            series_number=SERIES_NUMBER,
            series_description="Measurements",
            is_complete=True,
            coding_schemes=[our_coding_scheme()],
            **of_ours(identity),
            **at_time(identity),
        )
        return evidence.file(document)


class _Source:
    """The frame that one measurement is on."""

    def __init__(self, evidence: Evidence, sop_instance_uid: str, frame: int) -> None:
        image = evidence.data_sets[sop_instance_uid]
        frames = [frame] if evidence.images[sop_instance_uid].is_multi_frame else None
        self._named = (image.SOPClassUID, image.SOPInstanceUID, frames)

    @property
    def pixel_origin(self) -> str | None:
        """Of a tiled image the points are those of one tile (PS3.3 C.18.6.1)."""
        return "FRAME" if self._named[0] == _WHOLE_SLIDE else None

    def of_region(self) -> sr.SourceImageForRegion:
        return sr.SourceImageForRegion(*self._named)

    def of_group(self) -> sr.SourceImageForMeasurementGroup:
        return sr.SourceImageForMeasurementGroup(*self._named)


def _group(
    one: Measurement, source: _Source
) -> sr.MeasurementsAndQualitativeEvaluations | sr.PlanarROIMeasurementsAndQualitativeEvaluations:
    """A region is a planar ROI (TID 1410), arrow and text are such without a value; other values are inferred from points (TID 1501)."""
    tracking = sr.TrackingIdentifier(one.tracking_uid, one.label)
    graphic_type, points = _graphic(one)
    if one.kind in _INFERRED:
        axes = (points[:2], points[2:]) if one.kind is Kind.BIDIRECTIONAL else [points] * len(one.values)
        measured = [
            _measurement(value, one, [_coordinates(graphic_type, own, source)]) for value, own in zip(_in_order(one), axes, strict=True)
        ]
        return sr.MeasurementsAndQualitativeEvaluations(tracking, measurements=measured)
    region = sr.ImageRegion(graphic_type, points, source.of_region(), source.pixel_origin)
    measured = [_measurement(value, one, None) for value in one.values]
    return sr.PlanarROIMeasurementsAndQualitativeEvaluations(tracking, region, measurements=measured)


def _in_order(one: Measurement) -> list[MeasuredValue]:
    """The long axis before the short one, as its points are."""
    return sorted(one.values, key=lambda value: value.name == Quantity.SHORT_AXIS)


def _coordinates(
    graphic_type: sr.GraphicTypeValues, points: np.ndarray[tuple[int, int], np.dtype[np.float64]], source: _Source
) -> sr.CoordinatesForMeasurement:
    coordinates = sr.CoordinatesForMeasurement(graphic_type, points, source.of_region())
    if source.pixel_origin:
        coordinates.PixelOriginInterpretation = source.pixel_origin
    return coordinates


def _removal(one: Removal, source: _Source) -> sr.MeasurementsAndQualitativeEvaluations:
    return sr.MeasurementsAndQualitativeEvaluations(
        sr.TrackingIdentifier(one.tracking_uid, one.label),
        qualitative_evaluations=[sr.QualitativeEvaluation(coded(STATE), coded(REMOVED))],
        source_images=[source.of_group()],
    )


def _graphic(one: Measurement) -> tuple[sr.GraphicTypeValues, np.ndarray[tuple[int, int], np.dtype[np.float64]]]:
    points: Iterable[Point] = one.points
    if one.kind in (Kind.RECTANGLE, Kind.FREEHAND):
        points = (*one.points, one.points[0])  # a closed outline
    return _GRAPHIC_TYPES.get(one.kind, sr.GraphicTypeValues.POLYLINE), np.array(list(points), np.float64)


def _measurement(value: MeasuredValue, one: Measurement, coordinates: list[sr.CoordinatesForMeasurement] | None) -> sr.Measurement:
    quantity = Quantity(value.name)
    of_pixels = ATTENUATION if value.unit == HOUNSFIELD_UNITS else PIXEL_VALUE
    is_statistic = quantity in STATISTICS
    of_pixels_alone = is_statistic or quantity is Quantity.VALUE
    return sr.Measurement(
        coded(of_pixels if of_pixels_alone else QUANTITIES[quantity]),
        value.value,
        coded(UNITS[value.unit]),
        derivation=coded(QUANTITIES[quantity]) if is_statistic else None,
        method=coded(SPACINGS[SpacingSource(one.spacing)]) if not of_pixels_alone else None,
        algorithm_id=sr.AlgorithmIdentification(VIEWER, __version__) if of_pixels_alone else None,
        referenced_coordinates=coordinates,
    )
