"""A data set that was read, as elements to be written anew in little endian."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hounsfield.dicom.data_set_writer import NewElement
from hounsfield.dicom.element_tree import DataSet, Element
from hounsfield.dicom.json_model import little_endian
from hounsfield.dicom.tags import PIXEL_DATA
from hounsfield.model.errors import UndecodablePixels

Keep = Callable[[int], bool]


def new_elements(tree: DataSet, keep: Keep = lambda _: True) -> dict[int, NewElement]:
    """All but Pixel Data of the outermost level, by tag, their values as they stand.

    keep: whether an element of this tag is wanted, at any level. Group lengths (PS3.5 7.2) never are: they would be those of another
    encoding. Raises: UndecodablePixels where there is a compressed picture inside a sequence.
    """
    return {
        element.tag: NewElement(element.tag, element.vr, _value(element, tree, keep))
        for element in tree
        if element.tag != PIXEL_DATA and element.tag & 0xFFFF and keep(element.tag)
    }


def new_items(items: Sequence[DataSet], keep: Keep = lambda _: True) -> list[list[NewElement]]:
    """Items of a sequence; pictures in them included. Raises: UndecodablePixels."""
    found = []
    for item in items:
        inner = new_elements(item, keep)
        icon = item.get(PIXEL_DATA)
        if icon is not None and keep(PIXEL_DATA):
            inner[PIXEL_DATA] = NewElement(PIXEL_DATA, icon.vr, _value(icon, item, keep))
        found.append(list(inner.values()))
    return found


def _value(element: Element, tree: DataSet, keep: Keep) -> bytes | Sequence[Sequence[NewElement]]:
    if element.items is not None:
        return new_items(element.items, keep)
    if element.encapsulated:
        raise UndecodablePixels("a compressed picture inside a sequence is not written anew")
    return little_endian(element, little=tree.encoding.little_endian)
