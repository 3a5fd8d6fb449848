"""The catalogue at the end of a sealed pack, so that `reindex` reads it and not the objects.

A zlib stream. For each object one line of JSON, then the bytes of its header and of its frame table as the line says.
The footer behind the catalogue has a fixed length, and so is found from the end of the file.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from hounsfield.archive.disk import Disk
from hounsfield.archive.member import LARGEST_ROOM_BYTES, ROOM_BYTES, Member, MemberKind, describe, from_description
from hounsfield.archive.pack import END_OF_TAR_BYTES, PackIdentity
from hounsfield.archive.tar_format import BLOCK_BYTES
from hounsfield.archive.walk import is_whole, member_at

CATALOGUE_PATH = "HOUNSFIELD/catalogue.zlib"
FOOTER_PATH = "HOUNSFIELD/footer.json"
HEADER_MAX_BYTES = 1 << 20
"""Of an object's header in the catalogue; a longer one is read from the object."""

LINE_MAX_BYTES = 16 * 1024 + LARGEST_ROOM_BYTES
FRAME_TABLE_MAX_BYTES = 1 << 30
_CHUNK_BYTES = 256 * 1024
_FOOTER_FROM_END_BYTES = ROOM_BYTES + BLOCK_BYTES + END_OF_TAR_BYTES


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """One object. header, frame_table: None where the catalogue does not have them."""

    member: Member
    header: bytes | None
    frame_table: bytes | None


@dataclass(frozen=True, slots=True)
class Footer:
    """objects_end_bytes: where the objects end and the catalogue begins. count: of objects."""

    objects_end_bytes: int
    count: int

    def to_json(self) -> bytes:
        """The footer's body, at most one block."""
        return json.dumps({"catalogue": self.objects_end_bytes, "count": self.count}, separators=(",", ":")).encode()


def encode_entry(entry: CatalogueEntry) -> bytes:
    """The entry as it goes into the stream."""
    said: dict[str, object] = {
        **describe(entry.member),
        "path": entry.member.path,
        "header_bytes": None if entry.header is None else len(entry.header),
        "frame_table_bytes": None if entry.frame_table is None else len(entry.frame_table),
    }
    return b"".join((json.dumps(said, separators=(",", ":")).encode(), b"\n", entry.header or b"", entry.frame_table or b""))


def decode_entries(compressed: Iterator[bytes]) -> Iterator[CatalogueEntry]:
    """The entries of a stream, in memory one at a time. Raises: ValueError where the stream contradicts itself."""
    source = _Inflated(compressed)
    while line := source.line():
        try:
            said: dict[str, Any] = json.loads(line)
            header = source.take(said["header_bytes"], HEADER_MAX_BYTES)
            frame_table = source.take(said["frame_table_bytes"], FRAME_TABLE_MAX_BYTES)
            yield CatalogueEntry(from_description(said, said["path"]), header, frame_table)
        except (KeyError, TypeError) as error:
            raise ValueError("a catalogue entry lacks what it must say") from error


class _Inflated:
    """Bytes out of a zlib stream, never much more at once than was asked for."""

    def __init__(self, compressed: Iterator[bytes]) -> None:
        self._compressed = compressed
        self._inflate = zlib.decompressobj()
        self._ready = bytearray()
        self._position = 0

    def _more(self) -> bool:
        piece = self._inflate.unconsumed_tail or next(self._compressed, b"")
        if not piece:
            return False
        del self._ready[: self._position]
        self._position = 0
        try:
            self._ready += self._inflate.decompress(piece, _CHUNK_BYTES)
        except zlib.error as error:
            raise ValueError("the catalogue cannot be inflated") from error
        return True

    def line(self) -> bytes:
        """Up to a line feed; empty at the end."""
        while (end := self._ready.find(b"\n", self._position)) < 0:
            if len(self._ready) - self._position > LINE_MAX_BYTES:
                raise ValueError("a catalogue entry is too long")
            if not self._more():
                if len(self._ready) > self._position or not self._inflate.eof:
                    raise ValueError("the catalogue ends in the middle")
                return b""
        line = bytes(self._ready[self._position : end])
        self._position = end + 1
        return line

    def take(self, length_bytes: int | None, limit_bytes: int) -> bytes | None:
        """So many bytes; None of None."""
        if length_bytes is None:
            return None
        if not 0 <= length_bytes <= limit_bytes:
            raise ValueError("a catalogue entry's blob is out of bounds")
        while len(self._ready) - self._position < length_bytes:
            if not self._more():
                raise ValueError("the catalogue ends in the middle")
        taken = bytes(self._ready[self._position : self._position + length_bytes])
        self._position += length_bytes
        return taken


def deflate(entries: Iterator[CatalogueEntry], write: Callable[[bytes], None]) -> int:
    """Write the stream piece by piece; returns the number of entries."""
    stream = zlib.compressobj(level=1)
    count = 0
    for entry in entries:
        count += 1
        if piece := stream.compress(encode_entry(entry)):
            write(piece)
    write(stream.flush())
    return count


def read_footer(disk: Disk, descriptor: int, identity: PackIdentity) -> Footer | None:
    """What stands at the end of a sealed pack; None where it is not whole. Raises: OSError."""
    member = member_at(disk, descriptor, identity, disk.size(descriptor) - _FOOTER_FROM_END_BYTES)
    if member is None or member.kind is not MemberKind.FOOTER or not is_whole(disk, descriptor, member):
        return None
    try:
        said = json.loads(disk.pread(descriptor, member.data_set_length_bytes, member.body_offset_bytes))
        return Footer(int(said["catalogue"]), int(said["count"]))
    except (ValueError, KeyError, TypeError):
        return None


def read_catalogue(disk: Disk, descriptor: int, identity: PackIdentity, footer: Footer) -> Iterator[CatalogueEntry] | None:
    """The entries of a sealed pack; None where the catalogue is not whole. Raises: OSError; ValueError while iterating."""
    member = member_at(disk, descriptor, identity, footer.objects_end_bytes)
    if member is None or member.kind is not MemberKind.CATALOGUE or not is_whole(disk, descriptor, member):
        return None
    return decode_entries(_pieces(disk, descriptor, member))


def _pieces(disk: Disk, descriptor: int, member: Member) -> Iterator[bytes]:
    offset = member.body_offset_bytes
    end = offset + member.data_set_length_bytes
    while offset < end:
        piece = disk.pread(descriptor, min(_CHUNK_BYTES, end - offset), offset)
        if not piece:
            return
        yield piece
        offset += len(piece)
