"""Where the frames of an image lie in the patient, read from its metadata in the DICOM JSON model (PS3.18 F).

Classic images say it themselves (PS3.3 C.7.6.2), enhanced ones in their functional groups (C.7.6.16).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from hounsfield.model.representative import is_localizer
from hounsfield.model.volume import LeftOut, PlacedSlice, Vector, cross

DataSet = Mapping[str, Any]
"""A data set in the DICOM JSON model."""

MOST_FRAMES = 20_000
"""Of one image."""

_SOP_INSTANCE_UID, _INSTANCE_NUMBER, _FRAME_OF_REFERENCE_UID = "00080018", "00200013", "00200052"
_IMAGE_TYPE, _FRAME_TYPE, _SAMPLES, _ROWS, _COLUMNS, _FRAMES = "00080008", "00089007", "00280002", "00280010", "00280011", "00280008"
_SHARED, _PER_FRAME = "52009229", "52009230"
_ORIENTATION, _ORIENTATION_MACRO = "00200037", "00209116"
_POSITION, _POSITION_MACRO = "00200032", "00209113"
_SPACING, _MEASURES_MACRO = "00280030", "00289110"

_TRAITS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "StackID": ("00209056", ("00209111",)),
    "TemporalPositionIdentifier": ("00200100", ()),
    "TemporalPositionIndex": ("00209128", ("00209111",)),
    "EchoNumbers": ("00180086", ()),
    "DiffusionBValue": ("00189087", ("00189117",)),
    "ComplexImageComponent": ("00089208", ("00189226",)),
    "NominalPercentageOfCardiacPhase": ("00209241", ("00189118",)),
    "DiffusionGradientOrientation": ("00189089", ("00189117", "00189076")),
    "EchoTime": ("00189082", ("00189114",)),
    "InversionTime": ("00180082", ()),
    "FlipAngle": ("00181314", ("00189112",)),
    "AcquisitionNumber": ("00200012", ()),
    "ImageType": (_FRAME_TYPE, ("00189226",)),
    "TriggerTime": ("00189153", ("00189118",)),
    "AcquisitionDateTime": ("00189074", ("00209111",)),
    "AcquisitionTime": ("00080032", ()),
}
"""By keyword: the attribute of a frame, and the macro in which it stands."""
_CLASSIC = {
    "EchoTime": "00180081",
    "TriggerTime": "00181060",
    "AcquisitionDateTime": "0008002A",
    "ImageType": _IMAGE_TYPE,
    "DiffusionGradientOrientation": "00189089",
}
"""Where a classic image has it under another tag."""


def slices_of(instance: DataSet) -> Iterator[tuple[PlacedSlice | None, LeftOut | None, str, int]]:
    """Of each frame its slice, or why there is none; the SOP Instance UID; the frame's number. Nothing for an object without pixels.

    Frames of a multi-frame image without functional groups, such as a cine loop, have no places of their own.
    """
    uid = _text(instance, _SOP_INSTANCE_UID)
    rows, columns = _whole(instance, _ROWS), _whole(instance, _COLUMNS)
    if not rows or not columns:
        return
    shared = _item(instance, _SHARED)
    groups = _items(instance, _PER_FRAME)
    count = min(max(1, _whole(instance, _FRAMES)), MOST_FRAMES)
    for number in range(1, count + 1):
        own = groups[number - 1] if number <= len(groups) else {}
        if count > 1 and not own:
            yield None, LeftOut.NO_PLANE, uid, number
            continue
        frame = _Frame(instance, shared, own)
        placed = _placed(frame, instance, number, rows, columns)
        if _whole(instance, _SAMPLES) > 1:
            yield None, LeftOut.COLOUR, uid, number
        elif is_localizer(frame.trait("ImageType")) or is_localizer(_joined(instance, _IMAGE_TYPE)):
            yield None, LeftOut.LOCALIZER, uid, number
        elif placed is None:
            yield None, LeftOut.NO_PLANE, uid, number
        else:
            yield placed, None, uid, number


class _Frame:
    """The attributes of one frame: its own functional groups first, then the shared ones, then the image (PS3.3 C.7.6.16.1.1)."""

    def __init__(self, instance: DataSet, shared: DataSet, own: DataSet) -> None:
        self._instance = instance
        self._groups = [group for group in (own, shared) if group]

    def numbers(self, macro: str, tag: str) -> list[float]:
        for group in self._groups:
            if found := _numbers(_item(group, macro), tag):
                return found
        return _numbers(self._instance, tag)

    def trait(self, keyword: str) -> str:
        tag, macros = _TRAITS[keyword]
        for group in self._groups if macros else ():
            item = group
            for macro in macros:
                item = _item(item, macro)
            if found := _joined(item, tag):
                return found
        return _joined(self._instance, _CLASSIC.get(keyword, tag))


def _placed(frame: _Frame, instance: DataSet, number: int, rows: int, columns: int) -> PlacedSlice | None:
    orientation = frame.numbers(_ORIENTATION_MACRO, _ORIENTATION)
    position = frame.numbers(_POSITION_MACRO, _POSITION)
    spacing = frame.numbers(_MEASURES_MACRO, _SPACING)
    if len(orientation) != 6 or len(position) != 3 or len(spacing) != 2 or not all(0 < one < 1e4 for one in spacing):
        return None
    row, column = _unit(orientation[:3]), _unit(orientation[3:])
    if row is None or column is None or math.hypot(*cross(row, column)) < 0.99 or any(abs(one) > 1e6 for one in position):
        return None
    traits = {keyword: value for keyword in _TRAITS if (value := frame.trait(keyword))}
    return PlacedSlice(
        _text(instance, _SOP_INSTANCE_UID),
        number,
        _whole(instance, _INSTANCE_NUMBER),
        _text(instance, _FRAME_OF_REFERENCE_UID),
        row,
        column,
        (position[0], position[1], position[2]),
        rows,
        columns,
        (spacing[0], spacing[1]),
        traits,
    )


def _unit(values: list[float]) -> Vector | None:
    length = math.hypot(*values)
    return (values[0] / length, values[1] / length, values[2] / length) if 0.9 < length < 1.1 else None


def _values(item: DataSet, tag: str) -> list[Any]:
    element = item.get(tag)
    values = element.get("Value") if isinstance(element, Mapping) else None
    return values if isinstance(values, list) else []


def _numbers(item: DataSet, tag: str) -> list[float]:
    values = _values(item, tag)
    usual = all(isinstance(one, int | float) and math.isfinite(one) for one in values)
    return [float(one) for one in values] if usual else []


def _whole(item: DataSet, tag: str) -> int:
    value = next(iter(_numbers(item, tag)), 0.0)
    return int(value) if 0 <= value < 1 << 32 else 0


def _text(item: DataSet, tag: str) -> str:
    return str(next(iter(_values(item, tag)), None) or "").strip()


def _joined(item: DataSet, tag: str) -> str:
    return "\\".join(str(one).strip() for one in _values(item, tag) if isinstance(one, str | int | float))


def _items(item: DataSet, tag: str) -> list[DataSet]:
    return [one for one in _values(item, tag) if isinstance(one, Mapping)]


def _item(item: DataSet, tag: str) -> DataSet:
    return next(iter(_items(item, tag)), {})
