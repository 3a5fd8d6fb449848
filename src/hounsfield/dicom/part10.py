"""Preamble, prefix and file meta information (PS3.10 section 7.1)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from hounsfield import __version__
from hounsfield.dicom.buffer import Buffer
from hounsfield.dicom.encoding import EXPLICIT_LITTLE, Malformed, read_element_header
from hounsfield.dicom.transfer_syntaxes import EXPLICIT_VR_BIG_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, transfer_syntax
from hounsfield.dicom.value_representations import LONG_VRS, VALUE_REPRESENTATIONS
from hounsfield.model.errors import UnreadableObject

IMPLEMENTATION_CLASS_UID = "2.25.38204910496330617926756850869038152305"
IMPLEMENTATION_VERSION_NAME = f"HOUNSFIELD_{__version__}"[:16]

PREFIX_LIMIT_BYTES = 1 << 20
"""File meta information longer than this is refused."""

PREAMBLE_BYTES = 132

_EXPLICIT = struct.Struct("<HH2sH")
_IMPLICIT = struct.Struct("<HHL")
_LENGTH = struct.Struct("<L")


@dataclass(frozen=True, slots=True)
class FileMeta:
    """What stands before a data set in a file.

    transfer_syntax_uid, sop_class_uid, sop_instance_uid: as written, without padding; empty where absent.
    length_bytes: from the file's first byte to the data set's.
    has_preamble: False for a file that begins with group 2, or DICM alone: its bytes are not a Part 10 prefix.
    """

    transfer_syntax_uid: str
    sop_class_uid: str
    sop_instance_uid: str
    length_bytes: int
    has_preamble: bool = True


def read_prefix(head: Buffer) -> FileMeta | None:
    """Reads what stands before the data set; None where there is neither a prefix nor group 2.

    head: the file's first bytes: all of them, or at least as many as the meta information has (at most PREFIX_LIMIT_BYTES).
    The end of group 2 is found by walking it: the group length element is often wrong.
    Raises: UnreadableObject where the meta information is cut short or nonsense.
    """
    view = memoryview(head).cast("B")
    if bytes(view[128:132]) == b"DICM":
        return _read_group_2(view, PREAMBLE_BYTES, has_preamble=True)
    if bytes(view[0:4]) == b"DICM":
        return _read_group_2(view, 4, has_preamble=False)
    if bytes(view[0:2]) == b"\x02\x00" and len(view) >= 8 and view[3] == 0:
        return _read_group_2(view, 0, has_preamble=False)
    return None


def _read_group_2(view: memoryview, offset: int, *, has_preamble: bool) -> FileMeta:
    end = min(len(view), PREFIX_LIMIT_BYTES)
    uids = {0x0002: "", 0x0003: "", 0x0010: ""}
    declared_end = 0
    while offset + 8 <= end and bytes(view[offset : offset + 2]) == b"\2\0":
        if offset == declared_end and transfer_syntax(uids[0x0010]).deflated:
            break  # what follows is a deflate stream that happens to begin like group 2
        try:
            tag, _vr, value, length = read_element_header(view, offset, end, EXPLICIT_LITTLE)
        except Malformed as exc:
            raise UnreadableObject(f"the file meta information is damaged: {exc}") from exc
        element = tag & 0xFFFF
        if length > end - value:
            raise UnreadableObject(f"file meta element (0002,{element:04X}) claims {length} bytes, more than there are")
        if element in uids:
            uids[element] = bytes(view[value : value + min(length, 128)]).decode("latin-1").strip("\0 ")
        offset = value + length
        if element == 0 and length == 4:
            declared_end = offset + _LENGTH.unpack_from(view, value)[0]
    return FileMeta(uids[0x0010], uids[0x0002], uids[0x0003], offset, has_preamble)


def build_prefix(sop_class_uid: str, sop_instance_uid: str, transfer_syntax_uid: str, source_ae_title: str = "") -> bytes:
    """Preamble, prefix and file meta information for a data set that came over the network."""
    elements = [
        _element(0x0001, b"OB", b"\0\1"),
        _element(0x0002, b"UI", sop_class_uid.encode("ascii", "replace")),
        _element(0x0003, b"UI", sop_instance_uid.encode("ascii", "replace")),
        _element(0x0010, b"UI", transfer_syntax_uid.encode("ascii", "replace")),
        _element(0x0012, b"UI", IMPLEMENTATION_CLASS_UID.encode("ascii")),
        _element(0x0013, b"SH", IMPLEMENTATION_VERSION_NAME.encode("ascii")),
    ]
    if source_ae_title:
        elements.append(_element(0x0016, b"AE", source_ae_title.encode("ascii", "replace")[:16]))
    body = b"".join(elements)
    return bytes(128) + b"DICM" + _element(0x0000, b"UL", _LENGTH.pack(len(body))) + body


def _element(element: int, vr: bytes, value: bytes) -> bytes:
    if len(value) % 2:
        value += b"\0" if vr == b"UI" else b" "
    if vr in LONG_VRS:
        return struct.pack("<HH2sHL", 2, element, vr, 0, len(value)) + value
    return _EXPLICIT.pack(2, element, vr, len(value)) + value


def guess_transfer_syntax(head: Buffer) -> str | None:
    """The transfer syntax of a data set without meta information, from its first element; None where it does not look like a data set.

    Compressed pixel data cannot be told from here: `header.scan` finds it by its undefined length.
    """
    view = memoryview(head).cast("B")
    if len(view) < 8:
        return None
    group, _element, vr, _length = _EXPLICIT.unpack_from(view, 0)
    if 0 < group <= 0x0080:
        if vr in VALUE_REPRESENTATIONS:
            return EXPLICIT_VR_LITTLE_ENDIAN
        implicit_length = _IMPLICIT.unpack_from(view, 0)[2]
        return IMPLICIT_VR_LITTLE_ENDIAN if implicit_length <= 0x10000 or implicit_length == 0xFFFFFFFF else None
    if group and group & 0xFF == 0 and group >> 8 <= 0x80 and vr in VALUE_REPRESENTATIONS:
        return EXPLICIT_VR_BIG_ENDIAN
    return None
