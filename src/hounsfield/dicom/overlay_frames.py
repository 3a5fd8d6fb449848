"""Overlays that follow the frames of an image (PS3.3 C.9.2, C.9.3)."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from hounsfield.dicom.data_set_writer import NewElement
from hounsfield.dicom.element_tree import DataSet
from hounsfield.dicom.frame_times import whole_number
from hounsfield.dicom.packed_bits import BitRun, joined_bits
from hounsfield.model.frame_selection import SOPClassNotExtractable

_ROWS, _COLUMNS, _FRAMES, _FIRST_FRAME, _DATA = 0x0010, 0x0011, 0x0015, 0x0051, 0x3000
_GROUPS = range(0x60000000, 0x60200000, 0x20000)


def extract_overlays(header: DataSet, indices: Sequence[int], elements: dict[int, NewElement]) -> None:
    """Leaves in `elements` the overlays of the frames of these indices alone, and of each overlay its frames of those.

    An overlay without Number of Frames in Overlay lies over every frame and stays as it is. Raises: SOPClassNotExtractable.
    """
    for group in _GROUPS:
        if group | _FRAMES in header or group | _FIRST_FRAME in header:
            _extract(header, group, indices, elements)


def _extract(header: DataSet, group: int, indices: Sequence[int], elements: dict[int, NewElement]) -> None:
    frames = whole_number(header, group | _FRAMES, 1)
    first = whole_number(header, group | _FIRST_FRAME, 1) - 1
    kept = [(position, index - first) for position, index in enumerate(indices, 1) if first <= index < first + frames]
    if not kept:
        for tag in [tag for tag in elements if tag & 0xFFFF0000 == group]:
            del elements[tag]
        return
    if kept[0][0] > 0xFFFF:
        raise SOPClassNotExtractable("it has an overlay over a frame that Image Frame Origin cannot name")
    elements[group | _FIRST_FRAME] = NewElement(group | _FIRST_FRAME, "US", struct.pack("<H", kept[0][0]))
    if frames == 1:
        return
    elements[group | _FRAMES] = NewElement(group | _FRAMES, "IS", str(len(kept)))
    data = elements.get(group | _DATA)
    bits = whole_number(header, group | _ROWS, 0) * whole_number(header, group | _COLUMNS, 0)
    if data is None or not isinstance(data.value, bytes) or not bits or bits * frames > 8 * len(data.value):
        raise SOPClassNotExtractable("it has an overlay that is not whole")
    runs = (BitRun(data.value[start >> 3 : (start + bits + 7) >> 3], start & 7, bits) for start in (bits * frame for _, frame in kept))
    elements[group | _DATA] = data._replace(value=b"".join(joined_bits(runs)))
