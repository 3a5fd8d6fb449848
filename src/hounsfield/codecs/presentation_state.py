"""Softcopy presentation states: which images they show, and how (PS3.3 A.33, C.10, C.11; PS3.4 annex N)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hounsfield.codecs import overlays, shutters
from hounsfield.codecs.covering import WHITE, Layout, Overlay
from hounsfield.codecs.describe import ImageDescription
from hounsfield.codecs.elements import read_elements
from hounsfield.codecs.frame import FrameDescription
from hounsfield.codecs.grey_elements import (
    INTERCEPT,
    MODALITY,
    MODALITY_LUT,
    PRESENTATION_LUT,
    PRESENTATION_LUT_SHAPE,
    SLOPE,
    VOI,
    VOI_LUT,
    Elements,
    first_table,
    is_inverse,
    nested,
    voi_input_is_signed,
    window_of,
)
from hounsfield.codecs.lookup_tables import PALETTE, read_palette
from hounsfield.codecs.overlays import StoredOverlay, read_overlays
from hounsfield.codecs.presentation import Presentation, Window
from hounsfield.codecs.shutters import BITMAP_GROUP, read_shutter
from hounsfield.codecs.state_graphics import GRAPHIC_ANNOTATIONS, GRAPHIC_LAYERS, layer_shades, read_graphics
from hounsfield.dicom.character_sets import CharacterSet, character_set
from hounsfield.dicom.encoding import detect
from hounsfield.dicom.tags import SERIES_INSTANCE_UID, SPECIFIC_CHARACTER_SET
from hounsfield.dicom.transfer_syntaxes import transfer_syntax
from hounsfield.model.identifiers import is_usable_uid

GREYSCALE, COLOUR, PSEUDO_COLOUR = (f"1.2.840.10008.5.1.4.1.1.11.{number}" for number in (1, 2, 3))
PRESENTATION_STATES = frozenset((GREYSCALE, COLOUR, PSEUDO_COLOUR))
"""Those that can be applied. Blending, projection and advanced ones are not among them."""

MOST_REFERENCES = 10_000

_REFERENCED_SERIES, _REFERENCED_IMAGES, _SOP_INSTANCE, _FRAMES = 0x00081115, 0x00081140, 0x00081155, 0x00081160
_SOFTCOPY_VOI, _DISPLAYED_AREAS = 0x00283110, 0x0070005A
_UPPER_LEFT, _LOWER_RIGHT, _SPACING, _ASPECT_RATIO = 0x00700052, 0x00700053, 0x00700101, 0x00700102
_FLIP, _ROTATION = 0x00700041, 0x00700042
_ACTIVATION_LAYERS = frozenset(group << 16 | 0x1001 for group in overlays.GROUPS)

_REFERENCE = frozenset((_SOP_INSTANCE, _FRAMES))
_WANTED = (
    MODALITY
    | PALETTE
    | {SPECIFIC_CHARACTER_SET, _REFERENCED_SERIES, _SOFTCOPY_VOI, _DISPLAYED_AREAS, _FLIP, _ROTATION}
    | {PRESENTATION_LUT, PRESENTATION_LUT_SHAPE, GRAPHIC_ANNOTATIONS, GRAPHIC_LAYERS}
    | overlays.WANTED
    | _ACTIVATION_LAYERS
    | shutters.WANTED
)


@dataclass(frozen=True, slots=True)
class Reference:
    """An image that a presentation state shows. frames: their numbers (from 1); empty for all."""

    series_instance_uid: str
    sop_instance_uid: str
    frames: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PresentationState:
    """references: in the order in which they are listed, without repetition."""

    sop_class_uid: str
    references: tuple[Reference, ...]
    _found: Elements
    _characters: CharacterSet

    def over(self, image: ImageDescription, sop_instance_uid: str, number: int) -> Presentation:
        """How frame `number` (from 1) of an image is shown.

        What the state says counts, and nothing that the image itself says of the same step; a step that it leaves out changes nothing
        (PS3.4 N.2). Raises: UndecodablePixels for an image that has no sensible picture.
        """
        frame = image.frame(number - 1)
        own = image.presentation(number - 1)
        over, activated = self._overlays(image, number - 1)
        shown = replace(
            own,
            aspect_ratio=self._aspect_ratio(sop_instance_uid, number) or own.aspect_ratio,
            overlays=activated,
            shutter=read_shutter(self._found, self._bitmap(over)),
            layout=self._layout(sop_instance_uid, number),
        )
        if self.sop_class_uid == COLOUR:
            return shown
        return self._grey(shown, frame, sop_instance_uid, number)

    def _grey(self, shown: Presentation, frame: FrameDescription, sop_instance_uid: str, number: int) -> Presentation:
        found = self._found
        slope, intercept = (found[tag].number() if tag in found else None for tag in (SLOPE, INTERCEPT))
        shown = replace(
            shown,
            slope=slope or 1.0,
            intercept=intercept or 0.0,
            modality_lut=first_table(found, MODALITY_LUT, signed=frame.signed),
            window=None,
            voi_lut=None,
            presentation_lut=first_table(found, PRESENTATION_LUT, signed=False),
            inverse=is_inverse(found) or False,
            pseudo_colour=read_palette(found, signed=False) if self.sop_class_uid == PSEUDO_COLOUR else None,
        )
        signed = voi_input_is_signed(found, stored_signed=frame.signed)
        for item in nested(found, _SOFTCOPY_VOI, VOI | {_REFERENCED_IMAGES}):
            if applies(item, sop_instance_uid, number):
                shown = replace(shown, window=window_of(item), voi_lut=first_table(item, VOI_LUT, signed=signed))
                break
        if shown.window is None and shown.voi_lut is None:
            shown = replace(shown, window=_full_window(frame, shown))
        return shown

    def _overlays(self, image: ImageDescription, index: int) -> tuple[dict[int, Overlay], tuple[Overlay, ...]]:
        """The state's own planes by group, and those that one of its layers activates, be they its own or the image's (PS3.3 C.11.7)."""
        found = self._found
        frame = image.frame(index)
        stored: dict[int, StoredOverlay] = {overlay.group: overlay for overlay in image.stored_overlays}
        own: dict[int, StoredOverlay] = {}
        for overlay in read_overlays(found, frame.rows, frame.columns, 1):
            own[overlay.group] = overlay
        shades = layer_shades(found)
        drawn = []
        for group in overlays.GROUPS:
            layer = found.get(group << 16 | 0x1001)
            overlay_here = own.get(group) or stored.get(group)
            if layer is not None and layer.text() and overlay_here is not None:
                drawn.append(overlay_here.over(index, shades.get(layer.text(), WHITE)))
        planes = {group: plane for group, overlay in own.items() if (plane := overlay.over(index)) is not None}
        return planes, tuple(overlay for overlay in drawn if overlay is not None)

    def _bitmap(self, planes: dict[int, Overlay]) -> Overlay | None:
        group = self._found[BITMAP_GROUP].unsigned() if BITMAP_GROUP in self._found else None
        return planes.get(group) if group is not None else None

    def _layout(self, sop_instance_uid: str, number: int) -> Layout:
        found = self._found
        rotation = found[_ROTATION].unsigned() if _ROTATION in found else 0
        graphics, texts = read_graphics(found, self._characters, lambda item: applies(item, sop_instance_uid, number))
        area = self._displayed_area(sop_instance_uid, number)
        corners = None
        if area is not None and _UPPER_LEFT in area and _LOWER_RIGHT in area:
            values = [*area[_UPPER_LEFT].binary("i", 2), *area[_LOWER_RIGHT].binary("i", 2)]
            if len(values) == 4:
                (left, right), (top, bottom) = sorted((int(values[0]), int(values[2]))), sorted((int(values[1]), int(values[3])))
                corners = left, top, right, bottom
        is_flipped = _FLIP in found and found[_FLIP].text().upper() == "Y"
        return Layout(corners, (rotation or 0) // 90 % 4, is_flipped, graphics, texts)

    def _aspect_ratio(self, sop_instance_uid: str, number: int) -> float | None:
        area = self._displayed_area(sop_instance_uid, number) or {}
        for tag in (_SPACING, _ASPECT_RATIO):
            if tag in area:
                vertical, horizontal = area[tag].number(0), area[tag].number(1)
                if vertical and horizontal and 0.05 <= vertical / horizontal <= 20:
                    return vertical / horizontal
        return None

    def _displayed_area(self, sop_instance_uid: str, number: int) -> Elements | None:
        wanted = frozenset((_REFERENCED_IMAGES, _UPPER_LEFT, _LOWER_RIGHT, _SPACING, _ASPECT_RATIO))
        areas = nested(self._found, _DISPLAYED_AREAS, wanted)
        return next((area for area in areas if applies(area, sop_instance_uid, number)), None)


def read_presentation_state(data_set: bytes | memoryview, transfer_syntax_uid: str, sop_class_uid: str) -> PresentationState:
    """data_set: all of it; a deflated one must have been inflated. What cannot be read is left out."""
    view = memoryview(data_set).toreadonly()
    syntax = transfer_syntax(transfer_syntax_uid)
    encoding, _problem = detect(view, syntax.implicit_vr, syntax.little_endian)
    found = read_elements(view, encoding, _WANTED)
    declared = found[SPECIFIC_CHARACTER_SET].value if SPECIFIC_CHARACTER_SET in found else b""
    return PresentationState(sop_class_uid, tuple(_references(found)), found, character_set(bytes(declared[:1024])))


def applies(item: Elements, sop_instance_uid: str, number: int) -> bool:
    """Whether an item is for this frame: where it lists no images it is for all (PS3.3 C.10.4, C.10.5, C.11.8)."""
    if _REFERENCED_IMAGES not in item:
        return True
    references = nested(item, _REFERENCED_IMAGES, _REFERENCE, MOST_REFERENCES)
    if not references:
        return True
    for reference in references:
        if _SOP_INSTANCE in reference and reference[_SOP_INSTANCE].text() == sop_instance_uid:
            frames = _frame_numbers(reference)
            if not frames or number in frames:
                return True
    return False


def _references(found: Elements) -> Sequence[Reference]:
    listed: dict[Reference, None] = {}
    for series in nested(found, _REFERENCED_SERIES, frozenset((SERIES_INSTANCE_UID, _REFERENCED_IMAGES))):
        uid = series[SERIES_INSTANCE_UID].text() if SERIES_INSTANCE_UID in series else ""
        for image in nested(series, _REFERENCED_IMAGES, _REFERENCE, MOST_REFERENCES):
            instance = image[_SOP_INSTANCE].text() if _SOP_INSTANCE in image else ""
            if is_usable_uid(instance) and len(listed) < MOST_REFERENCES:
                listed[Reference(uid if is_usable_uid(uid) else "", instance, _frame_numbers(image))] = None
    return list(listed)


def _frame_numbers(reference: Elements) -> tuple[int, ...]:
    listed = reference[_FRAMES].text(16384).split("\\") if _FRAMES in reference else []
    digits = (number.strip() for number in listed)
    return tuple(int(number) for number in digits if number.isascii() and number.isdigit() and len(number) < 10 and int(number))


def _full_window(description: FrameDescription, presentation: Presentation) -> Window:
    """All values that the modality LUT can give out: what holds where a presentation state has no VOI LUT (PS3.4 N.2.1)."""
    if presentation.modality_lut is not None:
        return Window.between(0.0, float((1 << presentation.modality_lut.bits) - 1))
    low = -(1 << (description.bits_stored - 1)) if description.signed else 0
    ends = [value * presentation.slope + presentation.intercept for value in (low, low + (1 << description.bits_stored) - 1)]
    return Window.between(min(ends), max(ends))
