"""Presentation states over images: each step of the pipeline, as PS3.4 N.2 orders them."""

from __future__ import annotations

import io
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from hounsfield.codecs.covering import GraphicKind, Layout
from hounsfield.codecs.describe import ImageDescription, describe
from hounsfield.codecs.presentation import PictureFormat, Presentation, RenderRequest, Window
from hounsfield.codecs.presentation_state import COLOUR, GREYSCALE, PSEUDO_COLOUR, PresentationState, Reference, read_presentation_state
from hounsfield.codecs.render import render
from hounsfield.dicom.part10 import read_prefix
from hounsfield.model.errors import UndecodablePixels

Header = Callable[..., bytes]
PNG = RenderRequest(PictureFormat.PNG)
VALUES = np.array([[0, 100, 200, 300, 400, 500], [1000, 1500, 2000, 2500, 3000, 4095]] * 2, "<u2")


def item(**values: Any) -> Dataset:
    found = Dataset()
    for keyword, value in values.items():
        setattr(found, keyword, value)
    return found


def image_of(uid: str, *frames: int) -> Dataset:
    found = item(ReferencedSOPClassUID="1.2.840.10008.5.1.4.1.1.2", ReferencedSOPInstanceUID=uid)
    if frames:
        found.ReferencedFrameNumber = list(frames)
    return found


def state_of(sop_class_uid: str = GREYSCALE, syntax: str = ExplicitVRLittleEndian, **values: Any) -> PresentationState:
    """Written by pydicom, read by us."""
    data_set = item(SpecificCharacterSet="ISO_IR 192", SOPClassUID=sop_class_uid, SOPInstanceUID="1.9", **values)
    if "ReferencedSeriesSequence" not in values:
        data_set.ReferencedSeriesSequence = [item(SeriesInstanceUID="1.2", ReferencedImageSequence=[image_of("1.2.3")])]
    data_set.file_meta = FileMetaDataset()
    data_set.file_meta.TransferSyntaxUID, data_set.file_meta.MediaStorageSOPClassUID = syntax, sop_class_uid
    data_set.file_meta.MediaStorageSOPInstanceUID = "1.9"
    target = BytesIO()
    pydicom.dcmwrite(
        target,
        data_set,
        enforce_file_format=True,
        little_endian=syntax != ExplicitVRBigEndian,
        implicit_vr=syntax == ImplicitVRLittleEndian,
    )
    meta = read_prefix(target.getvalue())
    assert meta is not None
    return read_presentation_state(target.getvalue()[meta.length_bytes :], syntax, sop_class_uid)


@pytest.fixture
def image(header: Header) -> ImageDescription:
    """4 rows of 6 pixels of 12 bits, with a window and rescaling that no presentation state takes over."""
    return describe(header((0x00281050, "DS", b"40"), (0x00281051, "DS", b"80"), (0x00281052, "DS", b"-1024")), ExplicitVRLittleEndian)


def shown(state: PresentationState, image: ImageDescription, request: RenderRequest = PNG) -> np.ndarray:
    picture = render(VALUES.tobytes(), image.frame(0), state.over(image, "1.2.3", 1), request)
    return np.asarray(Image.open(io.BytesIO(picture)))


def spread(values: np.ndarray, low: float, high: float) -> np.ndarray:
    return np.clip(np.rint((values.astype(float) - low) / (high - low) * 255), 0, 255)


def test_what_is_left_out_changes_nothing(image: ImageDescription) -> None:
    """Not the image's window, and not its rescaling either: all 12 bits are spread over the shades."""
    assert np.array_equal(shown(state_of(), image), spread(VALUES, 0, 4095))


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_modality_and_window(image: ImageDescription, syntax: str) -> None:
    window = item(WindowCenter="300", WindowWidth="401")
    state = state_of(syntax=syntax, RescaleSlope="2", RescaleIntercept="-100", RescaleType="US", SoftcopyVOILUTSequence=[window])
    assert np.array_equal(shown(state, image), spread(VALUES * 2.0 - 100, 299.5 - 200, 299.5 + 200))
    assert shown(state_of(PresentationLUTShape="INVERSE", SoftcopyVOILUTSequence=[window]), image)[0, 0] == 255


def table(first: int, bits: int, *entries: int) -> Dataset:
    found = item(LUTData=np.array(entries, "<u2").tobytes())
    found.add_new("LUTDescriptor", "US", [len(entries), first, bits])
    found["LUTData"].VR = "OW"
    return found


def test_tables(image: ImageDescription) -> None:
    modality = table(0, 16, *(value // 2 for value in range(4096)))
    modality.ModalityLUTType = "US"
    voi = item(VOILUTSequence=[table(0, 8, *(value // 8 for value in range(2048)))])
    plut = table(0, 8, *(255 - value for value in range(256)))
    state = state_of(ModalityLUTSequence=[modality], SoftcopyVOILUTSequence=[voi], PresentationLUTSequence=[plut])
    assert np.array_equal(shown(state, image), 255 - VALUES // 16)


def test_polarity_is_the_states_alone(header: Header) -> None:
    negative = describe(header((0x00280004, "CS", b"MONOCHROME1")), ExplicitVRLittleEndian)
    assert shown(state_of(PresentationLUTShape="IDENTITY"), negative)[0, 0] == 0
    assert shown(state_of(PresentationLUTShape="INVERSE"), negative)[0, 0] == 255


def test_each_item_is_for_the_frames_that_it_names(image: ImageDescription) -> None:
    items = [
        item(ReferencedImageSequence=[image_of("1.2.4")], WindowCenter="1", WindowWidth="10"),
        item(ReferencedImageSequence=[image_of("1.2.3", 2, 3)], WindowCenter="2", WindowWidth="10"),
        item(ReferencedImageSequence=[image_of("1.2.3", 1)], WindowCenter="3", WindowWidth="10"),
        item(WindowCenter="4", WindowWidth="10"),
    ]
    state = state_of(SoftcopyVOILUTSequence=items)
    centers = [state.over(image, uid, number).window for uid, number in (("1.2.4", 7), ("1.2.3", 3), ("1.2.3", 1), ("1.2.9", 1))]
    assert centers == [Window(1, 10), Window(2, 10), Window(3, 10), Window(4, 10)]


def test_references() -> None:
    series = [
        item(SeriesInstanceUID="1.2", ReferencedImageSequence=[image_of("1.2.3"), image_of("1.2.4", 2, 5)]),
        item(SeriesInstanceUID="1.3", ReferencedImageSequence=[image_of("1.3.1"), image_of("1.3.1")]),
    ]
    assert state_of(ReferencedSeriesSequence=series).references == (
        Reference("1.2", "1.2.3", ()),
        Reference("1.2", "1.2.4", (2, 5)),
        Reference("1.3", "1.3.1", ()),
    )


def test_displayed_area_turn_and_flip(image: ImageDescription) -> None:
    area = item(DisplayedAreaTopLeftHandCorner=[2, 1], DisplayedAreaBottomRightHandCorner=[5, 2], PresentationPixelAspectRatio=["1", "1"])
    state = state_of(DisplayedAreaSelectionSequence=[area], ImageRotation=90, ImageHorizontalFlip="Y")
    expected = np.rot90(spread(VALUES, 0, 4095)[0:2, 1:5], -1)[:, ::-1]
    assert np.array_equal(shown(state, image), expected)


def test_pixels_of_the_displayed_area_that_are_not_square(image: ImageDescription) -> None:
    area = item(DisplayedAreaTopLeftHandCorner=[1, 1], DisplayedAreaBottomRightHandCorner=[6, 4], PresentationPixelSpacing=["2", "1"])
    assert shown(state_of(DisplayedAreaSelectionSequence=[area]), image).shape == (8, 6)


def test_an_impossible_area_is_refused(image: ImageDescription) -> None:
    area = item(DisplayedAreaTopLeftHandCorner=[-2147483648, 1], DisplayedAreaBottomRightHandCorner=[2147483647, 2])
    with pytest.raises(UndecodablePixels):
        shown(state_of(DisplayedAreaSelectionSequence=[area]), image)


def test_shutter(image: ImageDescription) -> None:
    state = state_of(
        ShutterShape="RECTANGULAR",
        ShutterLeftVerticalEdge="2",
        ShutterRightVerticalEdge="3",
        ShutterUpperHorizontalEdge="1",
        ShutterLowerHorizontalEdge="2",
        ShutterPresentationValue=0x4000,
    )
    found = shown(state, image)
    assert (found == 0x40).sum() >= 20 and np.array_equal(found[:2, 1:3], spread(VALUES, 0, 4095)[:2, 1:3])


def overlay(data_set: dict[str, Any], group: int, plane: np.ndarray, layer: str = "") -> Dataset:
    found = item(**data_set)
    packed = np.packbits(plane.reshape(-1).astype(bool), bitorder="little").tobytes()
    for element, vr, value in (
        (0x10, "US", plane.shape[0]),
        (0x11, "US", plane.shape[1]),
        (0x40, "CS", "G"),
        (0x50, "SS", [1, 1]),
        (0x100, "US", 1),
        (0x102, "US", 0),
        (0x3000, "OW", packed + bytes(len(packed) % 2)),
    ):
        found.add_new(group << 16 | element, vr, value)
    if layer:
        found.add_new(group << 16 | 0x1001, "CS", layer)
    return found


def _written(data_set: Dataset) -> PresentationState:
    target = BytesIO()
    pydicom.filewriter.write_dataset(_buffer(target), data_set)
    return read_presentation_state(target.getvalue(), ExplicitVRLittleEndian, GREYSCALE)


def _buffer(target: BytesIO) -> Any:
    from pydicom.filebase import DicomIO

    wrapped = DicomIO(target)
    wrapped.is_little_endian, wrapped.is_implicit_VR = True, False
    return wrapped


def test_overlays_are_drawn_where_a_layer_activates_them(image: ImageDescription) -> None:
    plane = np.zeros((4, 6), np.uint8)
    plane[3, 2] = 1
    layers = {
        "GraphicLayerSequence": [item(GraphicLayer="MARKS", GraphicLayerOrder=1, GraphicLayerRecommendedDisplayGrayscaleValue=0x7F00)]
    }
    assert shown(_written(overlay(layers, 0x6000, plane, "MARKS")), image)[3, 2] == 0x7F
    assert shown(_written(overlay(layers, 0x6000, plane)), image)[3, 2] == spread(VALUES, 0, 4095)[3, 2]


def test_an_overlay_as_shutter(image: ImageDescription) -> None:
    plane = np.ones((4, 6), np.uint8)
    plane[1, 1] = 0
    found = shown(
        _written(overlay({"ShutterShape": "BITMAP", "ShutterOverlayGroup": 0x6002, "ShutterPresentationValue": 0}, 0x6002, plane)), image
    )
    assert np.argwhere(found).tolist() == [[1, 1]]


def annotation(*graphics: Dataset, texts: tuple[Dataset, ...] = (), **more: Any) -> Dataset:
    found = item(GraphicLayer="ONE", **more)
    if graphics:
        found.GraphicObjectSequence = list(graphics)
    if texts:
        found.TextObjectSequence = list(texts)
    return found


def graphic(kind: str, *data: float, units: str = "PIXEL", filled: str = "N") -> Dataset:
    return item(
        GraphicAnnotationUnits=units,
        GraphicDimensions=2,
        NumberOfGraphicPoints=len(data) // 2,
        GraphicData=list(data),
        GraphicType=kind,
        GraphicFilled=filled,
    )


def test_graphics_are_read(image: ImageDescription) -> None:
    words = item(
        UnformattedTextValue="Größe 肺\r\n2", BoundingBoxAnnotationUnits="DISPLAY", BoundingBoxTextHorizontalJustification="CENTER"
    )
    words.BoundingBoxTopLeftHandCorner, words.BoundingBoxBottomRightHandCorner = [0.1, 0.2], [0.5, 0.6]
    words.AnchorPoint, words.AnchorPointAnnotationUnits, words.AnchorPointVisibility = [3, 2], "PIXEL", "Y"
    state = state_of(
        GraphicAnnotationSequence=[
            annotation(graphic("POLYLINE", 0, 0, 5, 0), graphic("CIRCLE", 3, 2, 4, 2, units="DISPLAY", filled="Y"), texts=(words,)),
            annotation(graphic("POINT", 1, 1), ReferencedImageSequence=[image_of("1.2.4")]),
            annotation(graphic("NONSENSE", 1, 1), graphic("POLYLINE", float("nan"), 1)),
        ],
        GraphicLayerSequence=[item(GraphicLayer="ONE", GraphicLayerOrder=1, GraphicLayerRecommendedDisplayGrayscaleValue=0x8000)],
    )
    layout = state.over(image, "1.2.3", 1).layout
    assert isinstance(layout, Layout)
    assert [(one.kind, one.relative, one.filled, one.shade) for one in layout.graphics] == [
        (GraphicKind.POLYLINE, False, False, 0x80),
        (GraphicKind.CIRCLE, True, True, 0x80),
    ]
    (text,) = layout.texts
    assert (text.text, text.box_relative, text.justification, text.anchor, text.anchor_visible) == (
        "Größe 肺\r\n2",
        True,
        "CENTER",
        (3, 2),
        True,
    )
    assert state.over(image, "1.2.4", 1).layout.graphics[-1].kind is GraphicKind.POINT  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("kind", "data", "inside", "outside"),
    [
        ("POLYLINE", (1, 2.5, 4, 2.5), (40, 50), (40, 10)),
        ("CIRCLE", (3, 2, 4.5, 2), (90, 40), (60, 40)),
        ("ELLIPSE", (1, 2, 5, 2, 3, 1, 3, 3), (20, 40), (60, 40)),
        ("POINT", (3, 2), (60, 40), (80, 70)),
        ("INTERPOLATED", (1, 1, 3, 3, 5, 1), (60, 60), (60, 30)),
    ],
)
def test_graphics_are_drawn_where_they_belong(
    header: Header, kind: str, data: tuple[float, ...], inside: tuple[int, int], outside: tuple[int, int]
) -> None:
    image = describe(header(), ExplicitVRLittleEndian)
    state = state_of(GraphicAnnotationSequence=[annotation(graphic(kind, *data))])
    picture = render(bytes(48), image.frame(0), state.over(image, "1.2.3", 1), RenderRequest(PictureFormat.PNG, viewport=(120, 80)))
    found = np.asarray(Image.open(io.BytesIO(picture)))
    around = found[inside[1] - 2 : inside[1] + 3, inside[0] - 2 : inside[0] + 3]
    assert around.max() == 255 and found[outside[1] - 1 : outside[1] + 2, outside[0] - 1 : outside[0] + 2].max() == 0


def test_graphics_turn_with_the_image_and_texts_stay_upright(header: Header) -> None:
    image = describe(header(), ExplicitVRLittleEndian)
    line = annotation(graphic("POLYLINE", 0, 0.5, 6, 0.5))
    found = [
        np.asarray(
            Image.open(
                io.BytesIO(
                    render(
                        bytes(48),
                        image.frame(0),
                        state_of(GraphicAnnotationSequence=[line], ImageRotation=turn, ImageHorizontalFlip="N").over(image, "1.2.3", 1),
                        RenderRequest(PictureFormat.PNG, viewport=(120, 120)),
                    )
                )
            )
        )
        for turn in (0, 90, 180)
    ]
    assert [np.unravel_index(one.argmax(), one.shape)[axis] // 10 for one, axis in zip(found, (0, 1, 0), strict=True)] == [1, 7, 7]


@pytest.mark.parametrize("words", ["A", "", "\r\n" * 500, "肺 Ж ع \ud7ff" * 100, "\x01\x1b[0m\x7f", "x" * 5000])
def test_no_text_is_an_error(image: ImageDescription, words: str) -> None:
    text = item(UnformattedTextValue=words, AnchorPoint=[2, 2], AnchorPointAnnotationUnits="PIXEL", AnchorPointVisibility="N")
    assert shown(state_of(GraphicAnnotationSequence=[annotation(texts=(text,))]), image).shape == (4, 6)


def test_a_colour_state_leaves_the_grey_steps_alone(image: ImageDescription) -> None:
    found = state_of(COLOUR, ImageRotation=180, ImageHorizontalFlip="N").over(image, "1.2.3", 1)
    assert (found.window, found.intercept, found.layout and found.layout.quarter_turns) == (Window(40, 80), -1024, 2)


def test_pseudo_colour(image: ImageDescription) -> None:
    ramp, down = np.arange(256, dtype="<u2"), np.arange(255, -1, -1).astype("<u2")
    values: dict[str, Any] = {}
    for name, entries in (("Red", ramp), ("Green", down), ("Blue", ramp * 0)):
        values[f"{name}PaletteColorLookupTableDescriptor"] = [256, 0, 16]
        values[f"{name}PaletteColorLookupTableData"] = (entries * 257).astype("<u2").tobytes()
    found = shown(state_of(PSEUDO_COLOUR, **values), image)
    grey = spread(VALUES, 0, 4095)
    assert np.array_equal(found, np.stack([grey, 255 - grey, grey * 0], axis=2))


def test_nonsense_is_an_empty_state(image: ImageDescription) -> None:
    for data in (b"", b"\0" * 100, b"\xff" * 100, bytes(range(256))):
        state = read_presentation_state(data, ExplicitVRLittleEndian, GREYSCALE)
        assert state.references == () and isinstance(state.over(image, "1.2.3", 1), Presentation)
