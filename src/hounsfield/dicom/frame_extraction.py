"""The header of an image with some of the frames of another (PS3.4 Y.3.3): everything that counts frames follows."""

from __future__ import annotations

import math
import struct
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise

from hounsfield.dicom.data_set_writer import NewElement
from hounsfield.dicom.element_tree import DataSet
from hounsfield.dicom.frame_times import FRAME_DELAY, FRAME_TIME, FRAME_TIME_VECTOR, PER_FRAME_FUNCTIONAL_GROUPS, numbers, offsets_ms
from hounsfield.dicom.overlay_frames import extract_overlays
from hounsfield.dicom.tags import NUMBER_OF_FRAMES, PIXEL_TAGS, tag_text
from hounsfield.dicom.tree_elements import new_elements, new_items
from hounsfield.model.frame_selection import SOPClassNotExtractable

_FRAME_INCREMENT_POINTER, _FRAME_DIMENSION_POINTER = 0x00280009, 0x0028000A
_DIMENSION_ORGANIZATION_TYPE = 0x00209311

_VECTORS = (0x00182001, 0x00182002, 0x00182003, 0x00182004, 0x00182005, 0x00182006)
"""Page Number, Frame Label, Frame Primary and Secondary Angle, Slice Location, Display Window Label Vector (PS3.3 C.8.6.5)."""

_MOTIONS = {0x00181500: (0x00181520, 0x00181521), 0x00181134: (0x00181135, 0x00181136, 0x00181137)}
"""Positioner Motion and its increments, Table Motion and its (PS3.3 C.8.7.5.1.3, C.8.7.4): offsets from where it began."""
_ANGLES = {0x00181520: 0x00181510, 0x00181521: 0x00181511}

_UNDERSTOOD_POINTERS = frozenset((FRAME_TIME, FRAME_TIME_VECTOR, *_VECTORS, *_ANGLES, *_MOTIONS[0x00181134], PER_FRAME_FUNCTIONAL_GROUPS))

_REFUSED = frozenset(
    (
        0x3004000C,  # Grid Frame Offset Vector: the first frame tells the position of all
        0x30020030,  # Exposure Sequence of RT images, which names frames
        0x00183103,  # IVUS Pullback Start Frame Number
        0x00183104,
        0x00221646,  # B-scan Cycle Time Vector
        *range(0x00540010, 0x00540101, 0x10),  # vectors of nuclear medicine and PET, whose counts are told by other attributes too
        0x00540210,
    )
)
"""Attributes that tie all frames together in a way that is lost with some of them."""

_DROPPED = frozenset(
    (
        *PIXEL_TAGS,
        0x7FE00001,  # Extended Offset Table, its lengths, Encapsulated Pixel Data Value Total Length
        0x7FE00002,
        0x7FE00003,
        0x00080012,  # Instance Creation Date and Time, Instance Creator UID
        0x00080013,
        0x00080014,
        0x00082142,  # Start Trim, Stop Trim
        0x00082143,
        0x00089458,  # Frame Display Sequence
        0x00180072,  # Effective Duration
        0x00186060,  # R Wave Time Vector
        0x00200242,  # SOP Instance UID of Concatenation Source, and the other attributes of a concatenation
        0x00209161,
        0x00209162,
        0x00209163,
        0x00209228,
        0x00280106,  # Smallest and Largest Image Pixel Value
        0x00280107,
        0x00880200,  # Icon Image Sequence
        0x4FFE0001,  # MAC Parameters Sequence and Digital Signatures Sequence: of other bytes
        0xFFFAFFFA,
        0xFFFCFFFC,
    )
)
"""Optional attributes that hold for all frames together, or for the object as it was."""

_RATES = (0x00180040, 0x00082144)
"""Cine Rate, Recommended Display Frame Rate."""

_REPRESENTATIVE_FRAME, _FRAMES_OF_INTEREST, _OF_FRAMES_OF_INTEREST = 0x00286010, 0x00286020, (0x00286022, 0x00286023)
_R_WAVE_POINTER = 0x00286040
_LARGEST_US = 0xFFFF
_MASKS, _MASK_FRAMES, _APPLICABLE_FRAMES, _VIEWING_MODE = 0x00286100, 0x00286110, 0x00286102, 0x00281090


def is_kept(tag: int) -> bool:
    """Whether an element goes into the new instance: none that is private, for nobody knows what it says of which frame (Y.3.3)."""
    return not tag & 0x10000 and tag not in _DROPPED and not 0x50000000 <= tag < 0x51000000


def extract_header(header: DataSet, indices: Sequence[int], count: int) -> dict[int, NewElement]:
    """The elements, but Pixel Data, of an image with the frames of these indices alone.

    header: of the source, of which `count` frames are there. indices: from 0, ascending, at least one.
    Raises: SOPClassNotExtractable, UndecodablePixels.
    """
    if len(indices) < count:
        _check(header)
    return _Extraction(header, indices, count).elements


def _check(header: DataSet) -> None:
    bound = next((tag for tag in _REFUSED if tag in header), None)
    if bound is None:
        bound = next((tag for tag in _pointers(header) if tag not in _UNDERSTOOD_POINTERS), None)
    if bound is not None:
        raise SOPClassNotExtractable(f"its frames are tied together by {tag_text(bound)}")
    if header.text(_DIMENSION_ORGANIZATION_TYPE) == "TILED_FULL":
        raise SOPClassNotExtractable("where its tiles lie is told by their order")


def _pointers(header: DataSet) -> list[int]:
    element = header.get(_FRAME_INCREMENT_POINTER)
    if element is None:
        return []
    words = struct.unpack(f"{header.encoding.mark}{len(element.value) // 2}H", element.value[: len(element.value) // 2 * 2])
    return [group << 16 | number for group, number in zip(words[::2], words[1::2], strict=False)]


class _Extraction:
    def __init__(self, header: DataSet, indices: Sequence[int], count: int) -> None:
        self.elements = new_elements(header, lambda tag: is_kept(tag) and tag != PER_FRAME_FUNCTIONAL_GROUPS)
        self._header = header
        self._indices = indices
        self._count = count
        self._put(NUMBER_OF_FRAMES, "IS", str(len(indices)))
        self._functional_groups()
        if len(indices) < count:
            self._times()
            self._vectors()
            self._motions()
            self._references()
            self._masks()
            extract_overlays(header, indices, self.elements)

    def _new_number(self, number: float) -> int | None:
        """Of a frame by its number (from 1) in the source; None where it is left out, or no number of VR US can name it."""
        position = bisect_left(self._indices, number - 1)
        is_kept = position < min(len(self._indices), _LARGEST_US) and self._indices[position] == number - 1
        return position + 1 if is_kept else None

    def _put(self, tag: int, vr: str, value: str | bytes) -> None:
        self.elements[tag] = NewElement(tag, vr, value)

    def _remove(self, *tags: int) -> None:
        for tag in tags:
            self.elements.pop(tag, None)

    def _functional_groups(self) -> None:
        """One item a frame (PS3.3 C.7.6.16)."""
        if PER_FRAME_FUNCTIONAL_GROUPS not in self._header:
            return
        groups = self._header.items(PER_FRAME_FUNCTIONAL_GROUPS)
        if len(groups) != self._count:
            raise SOPClassNotExtractable(f"it has functional groups of {len(groups)} frames for {self._count}")
        chosen = new_items([groups[index] for index in self._indices], is_kept)
        self.elements[PER_FRAME_FUNCTIONAL_GROUPS] = NewElement(PER_FRAME_FUNCTIONAL_GROUPS, "SQ", chosen)

    def _times(self) -> None:
        """Frame Time while the frames are equally far apart, else Frame Time Vector; what came before the first is Frame Delay."""
        indices = self._indices
        steps = {later - earlier for earlier, later in pairwise(indices)} or {1}
        if steps != {1}:
            self._remove(*_RATES)
        offsets = offsets_ms(self._header, self._count)
        if offsets is None:
            if FRAME_TIME_VECTOR in self._header:
                raise SOPClassNotExtractable("Frame Time Vector has not one value a frame")
            return
        interval = numbers(self._header, FRAME_TIME)
        if FRAME_TIME_VECTOR in self._header or len(steps) > 1:
            at = [offsets[index] for index in indices]
            self._put(FRAME_TIME_VECTOR, "DS", _decimals([0.0, *(later - earlier for earlier, later in pairwise(at))]))
        if len(steps) == 1 and len(interval) == 1:
            self._put(FRAME_TIME, "DS", _decimals([interval[0] * steps.pop()]))
        elif FRAME_TIME in self.elements:
            self._remove(FRAME_TIME)
            self._point_at_vector()
        before = offsets[indices[0]]
        if before or FRAME_DELAY in self._header:
            delay = next(iter(numbers(self._header, FRAME_DELAY)), 0.0)
            self._put(FRAME_DELAY, "DS", _decimals([delay + before]))

    def _point_at_vector(self) -> None:
        time, vector = (struct.pack("<HH", tag >> 16, tag & 0xFFFF) for tag in (FRAME_TIME, FRAME_TIME_VECTOR))
        for tag in (_FRAME_INCREMENT_POINTER, _FRAME_DIMENSION_POINTER):
            element = self.elements.get(tag)
            if element is not None and isinstance(element.value, bytes):
                tags = [element.value[first : first + 4] for first in range(0, len(element.value), 4)]
                self._put(tag, "AT", b"".join(dict.fromkeys(vector if one == time else one for one in tags)))

    def _vectors(self) -> None:
        for tag in _VECTORS:
            if tag in self.elements:
                raw = bytes(self._header.elements[tag].value).split(b"\\")
                if len(raw) != self._count:
                    raise SOPClassNotExtractable(f"{tag_text(tag)} has not one value a frame")
                self._put(tag, self.elements[tag].vr, b"\\".join(raw[index] for index in self._indices))

    def _motions(self) -> None:
        """Offsets from where the movement began, one a frame; where there is one frame nothing moves."""
        for motion, increments in _MOTIONS.items():
            for tag in increments:
                values = numbers(self._header, tag)
                if not values:
                    continue
                if len(values) == 1:
                    values = [values[0] * index for index in range(self._count)]
                if len(values) != self._count:
                    raise SOPClassNotExtractable(f"{tag_text(tag)} has not one value a frame")
                chosen = [values[index] for index in self._indices]
                self._put(tag, "DS", _decimals(chosen))
                angle = _ANGLES.get(tag)
                if len(chosen) == 1:
                    self._remove(tag)
                    start = numbers(self._header, angle) if angle is not None else []
                    if angle is not None and len(start) == 1:
                        self._put(angle, "DS", _decimals([start[0] + chosen[0]]))
            if motion in self.elements and len(self._indices) == 1:
                self._put(motion, "CS", "STATIC")

    def _references(self) -> None:
        """Frames that are named by number: those that are still there, by their new number (PS3.3 C.7.6.9)."""
        for tag in (_REPRESENTATIVE_FRAME, _R_WAVE_POINTER):
            self._renumber(tag)
        named = numbers(self._header, _FRAMES_OF_INTEREST)
        for tag in _OF_FRAMES_OF_INTEREST:
            if tag in self.elements:
                raw = bytes(self._header.elements[tag].value).split(b"\\")
                kept = [value for value, number in zip(raw, named, strict=False) if self._new_number(number)]
                self._put(tag, self.elements[tag].vr, b"\\".join(kept))
                if not kept or len(raw) != len(named):
                    self._remove(tag)
        self._renumber(_FRAMES_OF_INTEREST)

    def _renumber(self, tag: int) -> None:
        if tag in self.elements:
            kept = [new for number in numbers(self._header, tag) if (new := self._new_number(number)) is not None]
            self._put(tag, "US", struct.pack(f"<{len(kept)}H", *kept))
            if not kept:
                self._remove(tag)

    def _masks(self) -> None:
        """Mask Subtraction Sequence, where its masks are still there (PS3.3 C.7.6.10); else the frames are shown as they are."""
        items = []
        for item in self._header.items(_MASKS):
            masks = [self._new_number(number) for number in numbers(item, _MASK_FRAMES)]
            bounds = numbers(item, _APPLICABLE_FRAMES)
            applicable = [self._within(first, last) for first, last in zip(bounds[::2], bounds[1::2], strict=False)]
            ranges = [number for pair in applicable if pair is not None for number in pair]
            if not all(masks) or (bounds and not ranges):
                continue
            inner = new_elements(item, is_kept)
            for tag, values in ((_MASK_FRAMES, masks), (_APPLICABLE_FRAMES, ranges)):
                if tag in inner:
                    inner[tag] = NewElement(tag, "US", struct.pack(f"<{len(values)}H", *values))
            items.append(list(inner.values()))
        if _MASKS in self.elements:
            self.elements[_MASKS] = NewElement(_MASKS, "SQ", items)
            if not items:
                self._remove(_MASKS)
                self._put(_VIEWING_MODE, "CS", "NAT")

    def _within(self, first: float, last: float) -> tuple[int, int] | None:
        """The new numbers of the first and the last frame between two of the source."""
        before, through = bisect_left(self._indices, first - 1), bisect_right(self._indices, last - 1)
        return (before + 1, through) if before < through <= _LARGEST_US else None


def _decimals(values: Sequence[float]) -> str:
    """Of VR DS: 16 characters each at the most (PS3.5 6.2). Raises: SOPClassNotExtractable."""
    texts = [f"{value:.10g}" for value in values]
    texts = [text if len(text) <= 16 else f"{value:.8g}" for text, value in zip(texts, values, strict=True)]
    if not all(math.isfinite(float(text)) for text in texts):
        raise SOPClassNotExtractable("its times or movements add up to what is no finite number")
    return "\\".join(texts)
