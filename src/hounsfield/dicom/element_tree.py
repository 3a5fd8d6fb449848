"""A whole data set as a tree of elements, read with tolerance and without copying values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import repeat
from typing import NamedTuple

from hounsfield.dicom.buffer import Buffer
from hounsfield.dicom.character_sets import DEFAULT_CHARACTER_SET, CharacterSet, character_set
from hounsfield.dicom.deflate import inflate
from hounsfield.dicom.dictionary import vr_of
from hounsfield.dicom.encoding import (
    DELIMITATIONS,
    IMPLICIT_LITTLE,
    ITEM,
    ITEM_DELIMITATION,
    SEQUENCE_DELIMITATION,
    Encoding,
    Malformed,
    detect,
    read_element_header,
    skip_items,
)
from hounsfield.dicom.tags import PIXEL_REPRESENTATION, SPECIFIC_CHARACTER_SET, tag_text
from hounsfield.dicom.transfer_syntaxes import transfer_syntax
from hounsfield.dicom.value_representations import UNDEFINED_LENGTH, VR_NAMES

DEPTH_LIMIT = 64
"""Sequences nested deeper are kept as bytes of VR UN. The standard nests a handful of levels."""

TREE_LIMIT = 500_000
"""No more elements and items than this are kept of one object: each costs some 400 bytes of memory."""


class Element(NamedTuple):
    """One data element.

    vr: as stated, or by the dictionary where not stated; UN where nobody knows.
    value: the value field as it stands in the data set; of a value of undefined length its items with their headers and delimitations.
    items: of a sequence; None for everything else.
    encapsulated: whether the value is made of fragments (PS3.5 A.4).
    """

    tag: int
    vr: str
    value: memoryview
    items: tuple[DataSet, ...] | None = None
    encapsulated: bool = False


@dataclass(slots=True)
class DataSet:
    """Elements in order of tag; of two with one tag the first.

    encoding: in which the values are written.
    problems: why reading ended before the end of the bytes; of a nested data set always empty.
    whole: whether every element was read, and every sequence taken apart; of a nested data set always true.
    """

    elements: dict[int, Element]
    characters: CharacterSet
    encoding: Encoding
    problems: list[str] = field(default_factory=list)
    whole: bool = True

    def __iter__(self) -> Iterator[Element]:
        return iter(self.elements.values())

    def __contains__(self, tag: int) -> bool:
        return tag in self.elements

    def get(self, tag: int) -> Element | None:
        """The element of this tag."""
        return self.elements.get(tag)

    def text(self, tag: int) -> str:
        """Decoded and without padding, values joined by backslashes; empty where absent."""
        element = self.elements.get(tag)
        return "" if element is None else self.characters.decode(bytes(element.value)).strip(" \0")

    def items(self, tag: int) -> tuple[DataSet, ...]:
        """The items of a sequence; none where absent."""
        element = self.elements.get(tag)
        return () if element is None or element.items is None else element.items


def read_data_set(data_set: Buffer, transfer_syntax_uid: str, *, header_length_bytes: int | None = None) -> DataSet:
    """Reads all elements. What cannot be read ends the reading, and is said in `problems`; an element cut short keeps what is there of it.

    header_length_bytes: read no further than the element that begins there (Pixel Data), which is kept with what there is of its value.
    The tree refers to the bytes of `data_set`, unless they had to be inflated.
    Raises: UnreadableObject where a deflated data set cannot be inflated.
    """
    view = memoryview(data_set).cast("B")
    syntax = transfer_syntax(transfer_syntax_uid)
    if syntax.deflated:
        view, header_length_bytes = memoryview(inflate(view)), None
    encoding, problem = detect(view, syntax.implicit_vr, syntax.little_endian)
    reader = _Reader(view, header_length_bytes)
    root, _end = reader.data_set(0, len(view), encoding, _Scope(DEFAULT_CHARACTER_SET, False), 0)
    root.problems += [problem] if problem else []
    root.problems += reader.problems
    root.whole = reader.whole
    return root


def read_items(raw: Buffer, encoding: Encoding, characters: CharacterSet) -> tuple[DataSet, ...]:
    """The items of the value of a sequence, with or without a sequence delimitation; none where they cannot be read."""
    view = memoryview(raw).cast("B")
    try:
        return _Reader(view, None).items(0, len(view), encoding, _Scope(characters, False), 0, defined=True)[0]
    except Malformed:
        return ()


def _cut_short(tag: int, vr: str, view: memoryview, value: int, length: int) -> Element:
    """The last element that can be read, with what there is of its value."""
    undefined = length == UNDEFINED_LENGTH
    part = view[value:] if undefined else view[value : value + length]
    return Element(tag, "UN" if vr == "SQ" else vr, part, None, undefined and vr != "SQ")


class _Scope(NamedTuple):
    """What an item inherits from the data set around it (PS3.5 7.5.3, and Pixel Representation for the VR of pixel values)."""

    characters: CharacterSet
    signed: bool


class _Reader:
    def __init__(self, view: memoryview, stop: int | None) -> None:
        self.view = view
        self.stop = stop
        self.problems: list[str] = []
        self.whole = True
        self.budget = TREE_LIMIT

    def data_set(self, offset: int, end: int, encoding: Encoding, scope: _Scope, depth: int) -> tuple[DataSet, int]:
        """Elements up to `end` or an item delimitation, and where they ended.

        Only the outermost keeps what came before bytes that cannot be read. Raises: Malformed, in an item.
        """
        elements: dict[int, Element] = {}
        root = depth == 0
        last = -1
        ordered = True
        characters, signed = scope
        creators: dict[int, str] = {}
        view = self.view
        implicit = encoding.implicit_vr
        try:
            while offset < end:
                self.budget -= 1
                if self.budget < 0:
                    raise Malformed(f"more than {TREE_LIMIT} elements")
                start = offset
                tag, stated, value, length = read_element_header(view, offset, end, encoding)
                if tag in DELIMITATIONS:
                    offset = value
                    if tag == ITEM_DELIMITATION and not root:
                        break
                    if tag == SEQUENCE_DELIMITATION and not root:
                        offset = start
                        break
                    continue
                if tag == 0 and length == 0 and root:
                    self.problems.append(f"{end - start} bytes of padding at the end")
                    break
                vr = VR_NAMES.get(stated) or self._vr(tag, creators, signed, length)
                if vr == "UN" and stated and (known := vr_of(tag)).isupper():
                    vr = known
                if root and start == self.stop:
                    elements[tag] = _cut_short(tag, vr, view, value, length)
                    break
                inner = IMPLICIT_LITTLE if stated == b"UN" else encoding
                try:
                    element, offset = self._element(tag, vr, value, length, end, inner, _Scope(characters, signed), depth)
                except Malformed:
                    if root:
                        elements.setdefault(tag, _cut_short(tag, vr, view, value, length))
                    raise
                if tag < last:
                    ordered = False
                last = tag
                if tag in elements:
                    continue
                elements[tag] = element
                if tag == SPECIFIC_CHARACTER_SET:
                    characters = character_set(bytes(element.value[:1024]))
                elif tag == PIXEL_REPRESENTATION:
                    signed = bytes(element.value[:2]).strip(b"\0") == b"\1"
                elif implicit and tag & 0x1FF00 == 0x10000:
                    creators[tag & 0xFFFF0000 | (tag & 0xFF) << 8] = bytes(element.value[:64]).decode("latin-1").strip(" \0")
        except Malformed as exc:
            if not root:
                raise
            self.problems.append(str(exc))
            self.whole = False
        if not ordered:
            elements = dict(sorted(elements.items()))
        return DataSet(elements, characters, encoding), offset

    def _vr(self, tag: int, creators: dict[int, str], signed: bool, length: int) -> str:
        private = tag & 0x10000 and tag & 0xFF00
        vr = vr_of(tag, creators.get(tag & 0xFFFFFF00, "")) if private else vr_of(tag)
        if vr.isupper():
            return vr if vr != "UN" or length != UNDEFINED_LENGTH else "SQ"
        if vr == "xs":
            return "SS" if signed else "US"
        if length == UNDEFINED_LENGTH:
            return "OB"  # fragments, whatever else the data set is (PS3.5 A.4)
        return "US" if vr == "lt" and length == 2 else "OW"

    def _element(
        self, tag: int, vr: str, value: int, length: int, end: int, encoding: Encoding, scope: _Scope, depth: int
    ) -> tuple[Element, int]:
        view = self.view
        if length == UNDEFINED_LENGTH:
            if vr in ("SQ", "UN") and depth < DEPTH_LIMIT:
                items, after = self.items(value, end, encoding, scope, depth, defined=False)
                return Element(tag, "SQ", view[value:after], items), after
            after = skip_items(view, value, end, encoding)
            return Element(tag, "UN" if vr == "SQ" else vr, view[value:after], None, vr != "SQ"), after
        if length > end - value:
            raise Malformed(f"element {tag_text(tag)} claims {length} bytes, {end - value} are left")
        after = value + length
        if vr != "SQ":
            return Element(tag, vr, view[value:after]), after
        if depth < DEPTH_LIMIT:
            try:
                return Element(tag, vr, view[value:after], self.items(value, after, encoding, scope, depth, defined=True)[0]), after
            except Malformed as exc:
                self.problems.append(f"{tag_text(tag)} is kept as bytes: {exc}")
        self.whole = False
        return Element(tag, "UN", view[value:after]), after

    def items(
        self, offset: int, end: int, encoding: Encoding, scope: _Scope, depth: int, *, defined: bool
    ) -> tuple[tuple[DataSet, ...], int]:
        items: list[DataSet] = []
        view = self.view
        for _ in repeat(None, TREE_LIMIT):
            if defined and offset >= end:
                break
            if offset + 8 > end:
                raise Malformed("a sequence is cut short")
            group, number, length = encoding.implicit.unpack_from(view, offset)
            tag = group << 16 | number
            if tag == ITEM:
                offset += 8
                if length == UNDEFINED_LENGTH:
                    item, offset = self.data_set(offset, end, encoding, scope, depth + 1)
                elif length > end - offset:
                    raise Malformed(f"an item claims {length} bytes, {end - offset} are left")
                else:
                    item, _after = self.data_set(offset, offset + length, encoding, scope, depth + 1)
                    offset += length
                items.append(item)
            elif tag == SEQUENCE_DELIMITATION:
                offset += 8
                if not defined:
                    break
            elif tag == ITEM_DELIMITATION:
                offset += 8
            elif defined:
                raise Malformed(f"{tag_text(tag)} stands where an item should")
            else:
                break
        return tuple(items), offset
