"""Graphic annotations of a presentation state (PS3.3 C.10.5, C.10.7)."""

from __future__ import annotations

import math
from collections.abc import Callable

from hounsfield.codecs.covering import WHITE, Graphic, GraphicKind, Point, Text
from hounsfield.codecs.elements import Element
from hounsfield.codecs.grey_elements import Elements, nested
from hounsfield.dicom.character_sets import CharacterSet

GRAPHIC_ANNOTATIONS, GRAPHIC_LAYERS = 0x00700001, 0x00700060
_REFERENCED_IMAGES = 0x00081140
_LAYER, _LAYER_SHADE = 0x00700002, 0x00700066
_TEXTS, _GRAPHICS = 0x00700008, 0x00700009
_BOX_UNITS, _ANCHOR_UNITS, _UNITS, _WORDS = 0x00700003, 0x00700004, 0x00700005, 0x00700006
_BOX_START, _BOX_END, _JUSTIFICATION, _ANCHOR, _ANCHOR_VISIBLE = 0x00700010, 0x00700011, 0x00700012, 0x00700014, 0x00700015
_DATA, _TYPE, _FILLED = 0x00700022, 0x00700023, 0x00700024

_ANNOTATION = frozenset((_REFERENCED_IMAGES, _LAYER, _TEXTS, _GRAPHICS))
_TEXT = frozenset((_BOX_UNITS, _ANCHOR_UNITS, _WORDS, _BOX_START, _BOX_END, _JUSTIFICATION, _ANCHOR, _ANCHOR_VISIBLE))
_GRAPHIC = frozenset((_UNITS, _DATA, _TYPE, _FILLED))

MOST_OBJECTS = 2000
"""Graphics, and as many texts, of one presentation state; those behind are not drawn."""

_MOST_POINTS = 20_000
_MOST_TEXT_BYTES = 4096
_FARTHEST = 1e6
_KINDS = {kind.value: kind for kind in GraphicKind}


def layer_shades(found: Elements) -> dict[str, int]:
    """By name of a graphic layer the shade it recommends, 0 to 255 (PS3.3 C.10.7)."""
    layers = nested(found, GRAPHIC_LAYERS, frozenset((_LAYER, _LAYER_SHADE)))
    return {
        layer[_LAYER].text(): ((layer[_LAYER_SHADE].unsigned() or 0) >> 8) & 0xFF
        for layer in layers
        if _LAYER in layer and _LAYER_SHADE in layer
    }


def read_graphics(
    found: Elements, characters: CharacterSet, is_for_this: Callable[[Elements], bool]
) -> tuple[tuple[Graphic, ...], tuple[Text, ...]]:
    """What is to be drawn over the image for which `is_for_this` is true of an item of Graphic Annotation Sequence (0070,0001)."""
    shades = layer_shades(found)
    graphics: list[Graphic] = []
    texts: list[Text] = []
    for annotation in nested(found, GRAPHIC_ANNOTATIONS, _ANNOTATION):
        if not is_for_this(annotation):
            continue
        shade = shades.get(annotation[_LAYER].text(), WHITE) if _LAYER in annotation else WHITE
        graphics += filter(None, (_graphic(item, shade) for item in nested(annotation, _GRAPHICS, _GRAPHIC, MOST_OBJECTS - len(graphics))))
        texts += filter(None, (_text(item, shade, characters) for item in nested(annotation, _TEXTS, _TEXT, MOST_OBJECTS - len(texts))))
    return tuple(graphics), tuple(texts)


def _graphic(item: Elements, shade: int) -> Graphic | None:
    kind = _KINDS.get(item[_TYPE].text().upper()) if _TYPE in item else None
    points = _points(item.get(_DATA))
    if kind is None or not points:
        return None
    is_filled = _FILLED in item and item[_FILLED].text().upper() == "Y"
    return Graphic(kind, points, _is_relative(item, _UNITS), is_filled, shade)


def _text(item: Elements, shade: int, characters: CharacterSet) -> Text | None:
    if _WORDS not in item:
        return None
    start, end, anchor = (_points(item.get(tag)) for tag in (_BOX_START, _BOX_END, _ANCHOR))
    return Text(
        characters.decode(bytes(item[_WORDS].value[:_MOST_TEXT_BYTES])).strip(" \0"),
        (start[0], end[0]) if start and end else None,
        _is_relative(item, _BOX_UNITS),
        item[_JUSTIFICATION].text().upper() if _JUSTIFICATION in item else "LEFT",
        anchor[0] if anchor else None,
        _is_relative(item, _ANCHOR_UNITS),
        _ANCHOR_VISIBLE in item and item[_ANCHOR_VISIBLE].text().upper() == "Y",
        shade,
    )


def _is_relative(item: Elements, units: int) -> bool:
    return units in item and item[units].text().upper() == "DISPLAY"


def _points(element: Element | None) -> tuple[Point, ...]:
    values = element.binary("f", 2 * _MOST_POINTS) if element is not None else ()
    if not all(math.isfinite(value) and abs(value) <= _FARTHEST for value in values):
        return ()
    return tuple(zip(values[0::2], values[1::2], strict=False))
