"""The texts of a data set at every depth: whether a character set reads them, and the same texts in UTF-8."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hounsfield.dicom.buffer import Buffer
from hounsfield.dicom.character_sets import ESCAPE, CharacterSet
from hounsfield.dicom.element_tree import DataSet, Element, read_data_set, read_items
from hounsfield.dicom.encoding import Encoding
from hounsfield.dicom.tags import SPECIFIC_CHARACTER_SET
from hounsfield.dicom.top_level import Span, TopLevel, encode_element, encode_item, encode_undefined

TEXT_VRS = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
"""Those that Specific Character Set (0008,0005) applies to (PS3.5 6.1.2.3)."""


LONGEST_TEXT_BYTES = 1 << 20
"""A longer text is neither looked at nor changed nor put into another character set."""


def is_plain(raw: bytes) -> bool:
    """Whether a text is of the default repertoire alone."""
    return raw.isascii() and ESCAPE not in raw


def undeclared_texts(header: Buffer, transfer_syntax_uid: str) -> Iterator[bytes]:
    """The texts for which no character set is declared and that the default repertoire cannot express, one at a time."""
    tree = read_data_set(header, transfer_syntax_uid)
    return (raw for raw, characters in _texts(tree) if not (characters.is_declared or is_plain(raw)))


def _texts(data_set: DataSet) -> Iterator[tuple[bytes, CharacterSet]]:
    for element in data_set:
        if element.vr in TEXT_VRS and len(element.value) <= LONGEST_TEXT_BYTES:
            yield bytes(element.value), data_set.characters
        for item in element.items or ():
            yield from _texts(item)


def in_utf_8(found: TopLevel, span: Span, characters: CharacterSet) -> bytes | None:
    """The value of an element with its texts in UTF-8; None where it can stay as it is, or where it is too long.

    characters: in which the data set is written, where an item does not say otherwise.
    """
    value = found.raw(span.tag)
    if span.vr in TEXT_VRS:
        return _text_in_utf_8(value, characters)
    if span.vr != "SQ":
        return None
    items = read_items(value, found.encoding, characters)
    if all(is_plain(raw) for item in items for raw, _characters in _texts(item)):
        return None
    return _items(items, found.encoding)


def _items(items: Iterable[DataSet], encoding: Encoding) -> bytes:
    return b"".join([encode_item(_item(item, encoding), encoding) for item in items])


def _item(item: DataSet, encoding: Encoding) -> bytes:
    return b"".join([_element(element, item.characters, encoding) for element in item if element.tag != SPECIFIC_CHARACTER_SET])


def _element(element: Element, characters: CharacterSet, encoding: Encoding) -> bytes:
    if element.items is not None:
        return encode_element(element.tag, "SQ", _items(element.items, encoding), encoding)
    if element.encapsulated:
        return encode_undefined(element.tag, element.vr, bytes(element.value), encoding)
    changed = _text_in_utf_8(element.value, characters) if element.vr in TEXT_VRS else None
    return encode_element(element.tag, element.vr, bytes(element.value) if changed is None else changed, encoding)


def _text_in_utf_8(value: memoryview, characters: CharacterSet) -> bytes | None:
    """None where it can stay as it is, or where it is too long."""
    if len(value) > LONGEST_TEXT_BYTES:
        return None
    raw = bytes(value)
    return None if is_plain(raw) else characters.decode(raw).encode()
