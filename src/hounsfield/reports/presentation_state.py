"""Write how a frame is seen as a Softcopy Presentation State, greyscale or colour (PS3.3 A.33.1, A.33.2), with highdicom."""

from __future__ import annotations

from typing import Any

import numpy as np
from highdicom import ModalityLUTTransformation, PresentationLUTTransformation, pr
from PIL import ImageCms
from pydicom.dataset import Dataset
from pydicom.valuerep import DSfloat

from hounsfield.dicom.pixel_scale import Rescaling
from hounsfield.model.measurement import Point
from hounsfield.model.saved_view import Figure, Label, View
from hounsfield.reports.evidence import Evidence, Identity, ImageFile, of_ours, person_name, refusing

SERIES_NUMBER = 9002
_LAYER = pr.GraphicLayer("ANNOTATIONS", 1, "Annotations")


def compose_view(identity: Identity, view: View, rescaling: Rescaling, image: ImageFile) -> bytes:
    """A Part 10 file. image: the one that is shown. rescaling: of its frame.

    Raises: InconsistentObject where what the image says of itself cannot be written.
    """
    with refusing("presentation state"):
        evidence = Evidence({view.sop_instance_uid: image})
        shown = evidence.data_sets[view.sop_instance_uid]
        annotations = _annotations(view, shown, image.is_multi_frame)
        common: dict[str, Any] = {
            "referenced_images": [shown],
            "series_number": SERIES_NUMBER,
            "series_description": "Saved views",
            "content_label": "VIEW",
            "content_description": view.name,
            "content_creator_name": person_name(identity.maker),
            "graphic_layers": [_LAYER] if annotations else None,
            "graphic_annotations": annotations or None,
            **of_ours(identity),
        }
        state: Dataset
        if view.window is None:
            state = pr.ColorSoftcopyPresentationState(**common, icc_profile=_profile_of(shown))
        else:
            state = pr.GrayscaleSoftcopyPresentationState(
                **common,
                modality_lut_transformation=None if rescaling.has_table else ModalityLUTTransformation(0.0, 1.0, "US"),
                voi_lut_transformations=[
                    pr.SoftcopyVOILUTTransformation(view.window.center, view.window.width, voi_lut_function=view.window.curve)
                ],
                presentation_lut_transformation=PresentationLUTTransformation("INVERSE" if view.inverted else "IDENTITY"),
            )
            _rescale(state, shown, rescaling)
        state.PresentationCreationDate, state.PresentationCreationTime = identity.now.date(), identity.now.time()
        _place_in_body(state, shown)
        _true_points(state, view)
        _lay_out(state, view, shown, image.is_multi_frame)
        return evidence.file(state)


def _place_in_body(state: Dataset, shown: Dataset) -> None:
    """As the image's series has it; a side that nobody states is empty, which is to say that it is not known (PS3.3 C.7.3.1)."""
    part = str(shown.get("BodyPartExamined") or "")
    if part:
        state.BodyPartExamined = part
    if "Laterality" in shown or not part:
        state.Laterality = shown.get("Laterality") or ""


def _annotations(view: View, shown: Dataset, is_multi_frame: bool) -> list[pr.GraphicAnnotation]:
    graphics = [_graphic(figure, shown) for figure in view.figures]
    texts = [_text(label, shown) for label in view.labels]
    if not graphics and not texts:
        return []
    frame = view.frame if is_multi_frame else None
    return [pr.GraphicAnnotation([shown], _LAYER, frame, graphic_objects=graphics or None, text_objects=texts or None)]


def _graphic(figure: Figure, shown: Dataset) -> pr.GraphicObject:
    return pr.GraphicObject(figure.kind, np.array([_within(point, shown) for point in figure.points]), "PIXEL")


def _text(label: Label, shown: Dataset) -> pr.TextObject:
    return pr.TextObject(label.text, "PIXEL", anchor_point=_within(label.at, shown), anchor_point_visible=False)


def _within(point: Point, shown: Dataset) -> Point:
    return min(max(point[0], 0.0), float(shown.Columns)), min(max(point[1], 0.0), float(shown.Rows))


def _true_points(state: Dataset, view: View) -> None:
    """highdicom takes no point beside the image; a figure may well reach beyond its edge, and is written as it was drawn."""
    for annotation in state.get("GraphicAnnotationSequence", []):
        for item, figure in zip(annotation.get("GraphicObjectSequence", []), view.figures, strict=True):
            item.GraphicData = [value for point in figure.points for value in point]
        for item, label in zip(annotation.get("TextObjectSequence", []), view.labels, strict=True):
            item.AnchorPoint = list(label.at)


def _rescale(state: Dataset, shown: Dataset, rescaling: Rescaling) -> None:
    """The modality LUT of the frame: what the state leaves out, no viewer takes from the image (PS3.4 N.2.1)."""
    if rescaling.has_table:
        state.ModalityLUTSequence = shown.ModalityLUTSequence
        return
    state.RescaleIntercept, state.RescaleSlope = (DSfloat(value, auto_format=True) for value in (rescaling.intercept, rescaling.slope))
    state.RescaleType = rescaling.type or "US"


def _lay_out(state: Dataset, view: View, shown: Dataset, is_multi_frame: bool) -> None:
    """Spatial Transformation and Displayed Area modules (PS3.3 C.10.6, C.10.4)."""
    state.ImageRotation = view.quarter_turns % 4 * 90
    state.ImageHorizontalFlip = "Y" if view.flipped else "N"
    [area] = state.DisplayedAreaSelectionSequence
    area.pop("ReferencedImageSequence", None)
    first, last = _corners(view)
    area.DisplayedAreaTopLeftHandCorner, area.DisplayedAreaBottomRightHandCorner = first, last
    area.PresentationSizeMode = "SCALE TO FIT"
    spacing = shown.get("PixelSpacing")
    if spacing is not None and len(spacing) == 2 and all(float(value) > 0 for value in spacing):
        area.pop("PresentationPixelAspectRatio", None)
        area.PresentationPixelSpacing = list(spacing)
    if is_multi_frame:
        for series in state.ReferencedSeriesSequence:
            for reference in series.ReferencedImageSequence:
                reference.ReferencedFrameNumber = [view.frame]


def _corners(view: View) -> tuple[list[int], list[int]]:
    """The pixels that come to stand at the upper left and lower right of the display (PS3.3 C.10.4)."""
    left, top, right, bottom = view.area
    around = [(left, top), (right, top), (right, bottom), (left, bottom)]
    # A quarter turn clockwise brings the lower left corner to the upper left.
    turned = [around[(at - view.quarter_turns) % 4] for at in range(4)]
    if view.flipped:
        turned = [turned[1], turned[0], turned[3], turned[2]]
    return list(turned[0]), list(turned[2])


def _profile_of(shown: Dataset) -> bytes:
    """The image's own, else that of sRGB: a colour state has one, of an input device or a colour space (PS3.3 C.11.15)."""
    profile = bytes(shown.get("ICCProfile") or ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    # That of a display of three primaries is that of an input device as well, but for its class (ICC.1 8.3.3, 8.4.3).
    return profile[:12] + b"scnr" + profile[16:] if profile[12:16] == b"mntr" else profile
