"""Write measurements as a Comprehensive SR of template TID 1500 (PS3.16), with highdicom."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pydicom
from highdicom import sr
from highdicom.coding_schemes import CodingSchemeIdentificationItem
from highdicom.sr.coding import CodedConcept
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.uid import UID

from hounsfield import __version__
from hounsfield.dicom.part10 import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from hounsfield.dicom.sop_classes import RETIRED_STORAGE_SOP_CLASSES, STORAGE_SOP_CLASSES
from hounsfield.model.errors import InconsistentObject
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
from hounsfield.reports.concepts import (
    ATTENUATION,
    OURS,
    PIXEL_VALUE,
    QUANTITIES,
    REMOVED,
    SPACINGS,
    STATE,
    UNITS,
    Concept,
)

_IMAGING_PROCEDURE = Concept("363679005", "SCT", "Imaging procedure")
_TYPE_2 = ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "AccessionNumber", "StudyID", "StudyDate", "StudyTime")
"""Of patient and study: empty where the image leaves them out."""
_JUDGED = ("PatientBirthDate", "PatientSex", "StudyDate", "StudyTime")
"""highdicom refuses values beyond the standard's. They are not ours to judge: the report has them as the image has."""
_STAND_IN = "1.2.840.10008.5.1.4.1.1.7"
"""highdicom knows no retired and no private SOP class: it is told of a secondary capture, and the references are put right afterwards."""
_WHOLE_SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"
_INFERRED = frozenset({Kind.LENGTH, Kind.BIDIRECTIONAL, Kind.ANGLE, Kind.COBB, Kind.PROBE})
"""Kinds that are their values; of the others the outline is what is marked."""
_GRAPHIC_TYPES = {
    Kind.PROBE: sr.GraphicTypeValues.POINT,
    Kind.TEXT: sr.GraphicTypeValues.POINT,
    Kind.ELLIPSE: sr.GraphicTypeValues.ELLIPSE,
}
_REFUSALS = (AttributeError, EOFError, KeyError, NotImplementedError, OverflowError, TypeError, ValueError, InvalidDicomError, struct.error)
"""What pydicom and highdicom raise for values of images that no report can have."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Of the report. instance_number: within its series."""

    series_instance_uid: str
    sop_instance_uid: str
    instance_number: int


@dataclass(frozen=True, slots=True)
class ImageFile:
    """A Part 10 file up to its pixels. is_multi_frame: references to it name the frame (PS3.3 10.3)."""

    head: bytes
    is_multi_frame: bool


def compose(
    identity: Identity,
    observer: str,
    now: datetime,
    measurements: Sequence[Measurement],
    removals: Sequence[Removal],
    images: Mapping[str, ImageFile],
) -> bytes:
    """A Part 10 file in Explicit VR Little Endian, its texts in UTF-8.

    observer: the name of whoever measured. now: of the content. images: by SOP Instance UID, all that are measured on, of one study.
    Raises: InconsistentObject where what the images say of patient and study cannot be written.
    """
    try:
        evidence = {uid: pydicom.dcmread(io.BytesIO(image.head), stop_before_pixels=True) for uid, image in images.items()}
        first = next(iter(evidence.values()))
        judged = [first[keyword] for keyword in _JUDGED if keyword in first]
        stood_in = {uid: str(image.SOPClassUID) for uid, image in evidence.items() if not _is_known(image.SOPClassUID)}
        for uid, image in evidence.items():
            _complete(image)
            if uid in stood_in:
                image.SOPClassUID = _STAND_IN
        groups = [_group(one, _Source(evidence[one.sop_instance_uid], images, one.frame)) for one in measurements]
        groups += [_removal(one, _Source(evidence[one.sop_instance_uid], images, one.frame)) for one in removals]
        report = sr.MeasurementReport(_context(observer), _coded(_IMAGING_PROCEDURE), groups)
        document = sr.ComprehensiveSR(
            list(evidence.values()),
            report,
            series_instance_uid=identity.series_instance_uid,
            series_number=9000,
            series_description="Measurements",
            sop_instance_uid=identity.sop_instance_uid,
            instance_number=identity.instance_number,
            manufacturer="Hounsfield",
            manufacturer_model_name="Hounsfield",
            device_serial_number="0",
            software_versions=__version__,
            is_complete=True,
            content_date=now.date(),
            content_time=now.time(),
            coding_schemes=[CodingSchemeIdentificationItem(OURS, name="Hounsfield", responsible_organization="Hounsfield")],
            specific_character_set="ISO_IR 192",
        )
        for element in judged:
            document[element.tag] = element
        if stood_in:
            _name_classes(document, stood_in)
        document.file_meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
        document.file_meta.ImplementationVersionName = IMPLEMENTATION_VERSION_NAME
        file = io.BytesIO()
        document.save_as(file, enforce_file_format=True)
    except _REFUSALS as exc:
        raise InconsistentObject(f"no report can be written about these images: {exc}") from exc
    return file.getvalue()


class _Source:
    """The frame that one measurement is on."""

    def __init__(self, image: Dataset, images: Mapping[str, ImageFile], frame: int) -> None:
        self._named = (image.SOPClassUID, image.SOPInstanceUID, [frame] if images[image.SOPInstanceUID].is_multi_frame else None)

    @property
    def pixel_origin(self) -> str | None:
        """Of a tiled image the points are those of one tile (PS3.3 C.18.6.1)."""
        return "FRAME" if self._named[0] == _WHOLE_SLIDE else None

    def of_region(self) -> sr.SourceImageForRegion:
        return sr.SourceImageForRegion(*self._named)

    def of_group(self) -> sr.SourceImageForMeasurementGroup:
        return sr.SourceImageForMeasurementGroup(*self._named)


def _complete(image: Dataset) -> None:
    """As highdicom takes it."""
    for keyword in _TYPE_2:
        if keyword in _JUDGED:
            image.pop(keyword, None)
        if keyword not in image:
            setattr(image, keyword, "")


def _is_known(sop_class_uid: str) -> bool:
    return sop_class_uid in STORAGE_SOP_CLASSES and sop_class_uid not in RETIRED_STORAGE_SOP_CLASSES


def _name_classes(data_set: Dataset, classes: Mapping[str, str]) -> None:
    """In every reference to these instances."""
    if data_set.get("ReferencedSOPInstanceUID") in classes:
        data_set.ReferencedSOPClassUID = classes[data_set.ReferencedSOPInstanceUID]
    for element in data_set:
        if element.VR == "SQ":
            for item in element.value:
                _name_classes(item, classes)


def _context(observer: str) -> sr.ObservationContext:
    name = "".join(" " if character in "^=\\" else character for character in observer)[:64]
    # One component of a name (PS3.5 6.2.1.1): accounts have no family and given name apart.
    person = sr.PersonObserverIdentifyingAttributes(f"{name}^", login_name=observer[:64])
    return sr.ObservationContext(sr.ObserverContext(CodedConcept("121006", "DCM", "Person"), person))


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
        qualitative_evaluations=[sr.QualitativeEvaluation(_coded(STATE), _coded(REMOVED))],
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
    of_points = not is_statistic and quantity is not Quantity.VALUE
    return sr.Measurement(
        _coded(of_pixels if is_statistic or quantity is Quantity.VALUE else QUANTITIES[quantity]),
        value.value,
        _coded(UNITS[value.unit]),
        derivation=_coded(QUANTITIES[quantity]) if is_statistic else None,
        method=_coded(SPACINGS[SpacingSource(one.spacing)]) if of_points else None,
        referenced_coordinates=coordinates,
    )


def _coded(concept: Concept) -> CodedConcept:
    return CodedConcept(concept.value, concept.scheme, concept.meaning)
