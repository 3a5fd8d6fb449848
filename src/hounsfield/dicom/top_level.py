"""The elements of a data set's outermost level by where they stand, for those who change some and pass the others through."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from itertools import repeat
from typing import NamedTuple

from hounsfield.dicom.buffer import Buffer
from hounsfield.dicom.character_sets import CharacterSet, character_set
from hounsfield.dicom.dictionary import vr_of
from hounsfield.dicom.encoding import (
    DELIMITATIONS,
    IMPLICIT_LITTLE,
    SEQUENCE_DELIMITATION,
    Encoding,
    Malformed,
    detect,
    read_element_header,
    skip_items,
)
from hounsfield.dicom.tags import PIXEL_TAGS, SPECIFIC_CHARACTER_SET
from hounsfield.dicom.transfer_syntaxes import transfer_syntax
from hounsfield.dicom.value_representations import LONG_VRS, UNDEFINED_LENGTH, VR_NAMES

MOST_ELEMENTS = 50_000
"""More than any object has at its outermost level, a few hundred bytes of memory each."""


class Span(NamedTuple):
    """An element from its tag to behind its value; offsets from the data set's first byte.

    vr: as stated, else by the dictionary; UN of a sequence that is stated as that: its items are in Implicit VR (PS3.5 6.2.2).
    delimited: whether it is of undefined length.
    """

    tag: int
    vr: str
    offset_bytes: int
    value_offset_bytes: int
    end_bytes: int
    delimited: bool


@dataclass(frozen=True, slots=True)
class TopLevel:
    """The elements up to Pixel Data, or up to where they can be read, in the order in which they stand.

    end_bytes: where reading ended.
    """

    view: memoryview
    encoding: Encoding
    spans: tuple[Span, ...]
    end_bytes: int
    first: dict[int, Span] = field(default_factory=dict)
    """By tag; of several with one tag the first."""

    @property
    def declared(self) -> bytes:
        """The value of Specific Character Set, without padding; empty where absent."""
        return bytes(self.raw(SPECIFIC_CHARACTER_SET)[:1024]).strip(b" \0")

    @property
    def characters(self) -> CharacterSet:
        """In which its texts are written."""
        return character_set(self.declared)

    def value(self, tag: int) -> bytes:
        """The value field as it stands; of a sequence its items, without the delimitation. Empty where absent."""
        return bytes(self.raw(tag))

    def raw(self, tag: int) -> memoryview:
        """The same without a copy."""
        span = self.first.get(tag)
        if span is None:
            return memoryview(b"")
        end = span.end_bytes
        if span.delimited and end - span.value_offset_bytes >= 8:
            group, element, _length = self.encoding.implicit.unpack_from(self.view, end - 8)
            if group << 16 | element == SEQUENCE_DELIMITATION:  # some writers forget it
                end -= 8
        return self.view[span.value_offset_bytes : end]


def read_top_level(header: Buffer, transfer_syntax_uid: str) -> TopLevel:
    """Never raises: what cannot be read ends the reading. header: not deflated."""
    view = memoryview(header).cast("B")
    syntax = transfer_syntax(transfer_syntax_uid)
    encoding, _problem = detect(view, syntax.implicit_vr, syntax.little_endian)
    spans: list[Span] = []
    offset, end = 0, len(view)
    try:
        for _ in repeat(None, MOST_ELEMENTS):
            if offset >= end:
                break
            tag, stated, value, length = read_element_header(view, offset, end, encoding)
            if tag in PIXEL_TAGS or (tag == 0 and length == 0):
                break
            if tag in DELIMITATIONS:  # a stray item or delimitation between elements: step into it
                offset = value
                continue
            if length == UNDEFINED_LENGTH:
                following = skip_items(view, value, end, IMPLICIT_LITTLE if stated == b"UN" else encoding)
            else:
                following = value + length
            if following > end:
                break
            vr = VR_NAMES.get(stated, "")
            if vr in ("", "UN") and (known := vr_of(tag)).isupper() and not (vr and known == "SQ"):
                vr = known
            spans.append(Span(tag, vr or "UN", offset, value, following, length == UNDEFINED_LENGTH))
            offset = following
    except Malformed:
        pass
    first: dict[int, Span] = {}
    for span in spans:
        first.setdefault(span.tag, span)
    return TopLevel(view, encoding, tuple(spans), offset, first)


def encode_element(tag: int, vr: str, value: bytes, encoding: Encoding) -> bytes:
    """One element of a defined length; a value of odd length is padded with a space. value: in the encoding's byte order."""
    if len(value) % 2:
        value += b" "
    group, element = tag >> 16, tag & 0xFFFF
    if encoding.implicit_vr:
        return encoding.implicit.pack(group, element, len(value)) + value
    coded = vr.encode("ascii")
    if coded in LONG_VRS or len(value) > 0xFFFF:  # PS3.5 6.2.2, note 2: a value too long for its VR's length field goes as UN
        return encoding.short.pack(group, element, coded if coded in LONG_VRS else b"UN", 0) + encoding.long.pack(len(value)) + value
    return encoding.short.pack(group, element, coded, len(value)) + value


def encode_undefined(tag: int, vr: str, value: bytes, encoding: Encoding) -> bytes:
    """One element of undefined length; its value ends with the delimitation."""
    group, element = tag >> 16, tag & 0xFFFF
    if encoding.implicit_vr:
        return encoding.implicit.pack(group, element, UNDEFINED_LENGTH) + value
    return encoding.short.pack(group, element, vr.encode("ascii"), 0) + encoding.long.pack(UNDEFINED_LENGTH) + value


def encode_item(value: bytes, encoding: Encoding) -> bytes:
    """An item of a sequence, of a defined length."""
    return struct.pack(f"{encoding.mark}HHL", 0xFFFE, 0xE000, len(value)) + value
