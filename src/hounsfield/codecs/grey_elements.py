"""The elements of the grey scale pipeline, wherever they stand: in an image, its functional groups, a presentation state (PS3.3 C.11)."""

from __future__ import annotations

from hounsfield.codecs.elements import Element, items, read_elements
from hounsfield.codecs.lookup_tables import read_look_up_table
from hounsfield.codecs.presentation import LookUpTable, Window, WindowFunction

Elements = dict[int, Element]

CENTER, WIDTH, INTERCEPT, SLOPE, FUNCTION = 0x00281050, 0x00281051, 0x00281052, 0x00281053, 0x00281056
MODALITY_LUT, VOI_LUT = 0x00283000, 0x00283010
PRESENTATION_LUT, PRESENTATION_LUT_SHAPE = 0x20500010, 0x20500020

VOI = frozenset((CENTER, WIDTH, FUNCTION, VOI_LUT))
MODALITY = frozenset((INTERCEPT, SLOPE, MODALITY_LUT))

_WINDOW_FUNCTIONS = {function.value: function for function in WindowFunction}


def window_of(found: Elements) -> Window | None:
    """The first window; None where it is missing or impossible (PS3.3 C.11.2.1.2)."""
    if CENTER not in found or WIDTH not in found:
        return None
    center, width = found[CENTER].number(), found[WIDTH].number()
    if center is None or width is None or width <= 0:
        return None
    name = found[FUNCTION].text() if FUNCTION in found else ""
    return Window(center, width, _WINDOW_FUNCTIONS.get(name, WindowFunction.LINEAR))


def first_table(found: Elements, tag: int, *, signed: bool) -> LookUpTable | None:
    """The table in the first item of a sequence. signed: how its first input is to be read where the VR does not say it."""
    if tag in found:
        for item in items(found[tag]):
            return read_look_up_table(item, found[tag].encoding, signed=signed)
    return None


def voi_input_is_signed(found: Elements, *, stored_signed: bool) -> bool:
    """The descriptor's VR goes with what the modality LUT gives out (PS3.3 C.11.2.1.1)."""
    intercept = found[INTERCEPT].number() if INTERCEPT in found else None
    return MODALITY_LUT not in found and (stored_signed or (intercept or 0) < 0)


def is_inverse(found: Elements) -> bool | None:
    """Presentation LUT Shape (2050,0020); None where it is missing, or says nothing known."""
    shape = found[PRESENTATION_LUT_SHAPE].text() if PRESENTATION_LUT_SHAPE in found else ""
    return {"INVERSE": True, "IDENTITY": False}.get(shape)


def nested(found: Elements, tag: int, wanted: frozenset[int], most: int = 4096) -> list[Elements]:
    """The wanted elements of each item of a sequence, of at most so many items; none where it is missing."""
    sequence = found.get(tag)
    if sequence is None:
        return []
    return [read_elements(item, sequence.encoding, wanted) for item, _ in zip(items(sequence), range(most), strict=False)]
