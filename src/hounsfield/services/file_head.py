"""Find where the data set begins in a file that arrives in pieces (PS3.10 section 7.1)."""

from __future__ import annotations

from dataclasses import dataclass

from hounsfield.dicom.header import scan_header
from hounsfield.dicom.part10 import build_prefix, guess_transfer_syntax, read_prefix
from hounsfield.model.errors import UnreadableObject

HEAD_BYTES = 64 << 10
"""Enough for any honest file meta information, and for the identifiers of a bare data set."""

MEDIA_STORAGE_DIRECTORY = "1.2.840.10008.1.3.10"


@dataclass(frozen=True, slots=True)
class FileParts:
    """prefix: preamble to file meta information; data_set: what of the data set has arrived so far."""

    prefix: bytes
    data_set: bytes
    transfer_syntax_uid: str


class FileHead:
    """Collects the first bytes of a file until its parts can be told."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    @property
    def received_bytes(self) -> int:
        """How much has been fed."""
        return len(self._bytes)

    def feed(self, data: bytes | bytearray | memoryview) -> bool:
        """Returns whether there is enough to call `split`."""
        self._bytes += data
        return len(self._bytes) >= HEAD_BYTES

    def split(self) -> FileParts:
        """Raises: UnreadableObject."""
        head = bytes(self._bytes)
        meta = read_prefix(head)
        if meta is None:
            return _bare_data_set(head, guess_transfer_syntax(head) or "")
        if meta.sop_class_uid == MEDIA_STORAGE_DIRECTORY:
            raise UnreadableObject("a DICOMDIR lists objects and is none itself")
        if meta.length_bytes > len(head):
            raise UnreadableObject("the file meta information is longer than the file, or than 64 KiB")
        data_set = head[meta.length_bytes :]
        transfer_syntax_uid = meta.transfer_syntax_uid or guess_transfer_syntax(data_set)
        if not transfer_syntax_uid:
            raise UnreadableObject("no transfer syntax in the file meta information, and none could be told from the bytes")
        if not meta.has_preamble:
            return _bare_data_set(data_set, transfer_syntax_uid)
        return FileParts(head[: meta.length_bytes], data_set, transfer_syntax_uid)


def _bare_data_set(head: bytes, transfer_syntax_uid: str) -> FileParts:
    """Without a preamble the file is none of Part 10: it is given a prefix of ours, the data set stays as it came."""
    if not transfer_syntax_uid:
        raise UnreadableObject("neither a DICOM file (no DICM prefix) nor a bare data set")
    instance = scan_header(head, transfer_syntax_uid).attributes.instance
    prefix = build_prefix(instance.sop_class_uid, instance.sop_instance_uid, transfer_syntax_uid)
    return FileParts(prefix, head, transfer_syntax_uid)
