"""One member on its way into a pack: bytes first, headers last, one flush."""

from __future__ import annotations

import contextlib
import hashlib

import xxhash

from hounsfield.archive.disk import Buffer, write_fully
from hounsfield.archive.faults import is_no_space, unavailable
from hounsfield.archive.member import NO_DIGEST, ROOM_BYTES, Member, MemberKind, encode
from hounsfield.archive.pack import OpenPack
from hounsfield.archive.tar_format import padded
from hounsfield.model.errors import InvalidInput, PackUnavailable, Unavailable, UnreadableObject
from hounsfield.model.location import Digests
from hounsfield.model.rendition import Original

_WRITTEN_DIRECTLY_BYTES = 32 * 1024
"""A piece at least this long goes to the file without a stop in the window."""

_ZEROS = bytes(512)


class MemberWriter:
    """Writes one member at the end of a pack that the caller has borrowed.

    A member that fits the pack's window is written by one call at `commit`. A longer one streams into the file behind blank header
    room, and its headers are written last. Either way one flush makes it durable, and only then it belongs to the pack.
    """

    __slots__ = (
        "_broken", "_checksum", "_committed", "_data_set_length", "_digest", "_digests", "_filled", "_limit", "_offset", "_pack",
        "_position", "_prefix", "_room", "_spilled", "_touched", "_window",
    )  # fmt: skip

    def __init__(self, pack: OpenPack, prefix: bytes, room_bytes: int = ROOM_BYTES) -> None:
        if len(prefix) > len(pack.window) // 2:
            raise UnreadableObject(f"file meta information of more than {len(pack.window) // 2} bytes")
        if room_bytes + len(prefix) > len(pack.window):
            raise InvalidInput("an overlay too long for the pack's window")
        self._pack = pack
        self._prefix = prefix
        self._room = room_bytes
        self._offset = pack.end_offset_bytes
        self._window = pack.window
        self._limit = len(pack.window)
        start = room_bytes + len(prefix)
        self._window[room_bytes:start] = prefix
        self._filled = start
        self._data_set_length = 0
        self._spilled = False
        self._position = self._offset + room_bytes
        self._digests: Digests | None = None
        self._committed = False
        self._touched = False
        self._broken = False

    @property
    def data_set_length_bytes(self) -> int:
        """Of what has been written so far."""
        return self._data_set_length

    @property
    def committed(self) -> bool:
        """Whether the member belongs to the pack."""
        return self._committed

    def write(self, data: Buffer) -> None:
        """Append to the data set. Raises: OutOfSpace, PackUnavailable."""
        length = len(data)
        end = self._filled + length
        self._data_set_length += length
        self._digests = None
        if end <= self._limit:
            self._window[self._filled : end] = data
            self._filled = end
            return
        try:
            self._spill(data)
        except OSError as error:
            raise self._failed(error) from error

    def _spill(self, data: Buffer) -> None:
        """Flush the window, then the piece that no longer fitted."""
        self._flush_window()
        if len(data) >= min(_WRITTEN_DIRECTLY_BYTES, self._limit):
            self._write_out(data)
            return
        self._window[: len(data)] = data
        self._filled = len(data)

    def _flush_window(self) -> None:
        if self._spilled:
            if self._filled:
                self._write_out(self._window[: self._filled])
        else:
            self._spilled = True
            self._digest = hashlib.sha256()
            self._checksum = xxhash.xxh3_64(self._prefix)
            start = self._room + len(self._prefix)
            self._put(self._window[self._room : start])
            self._write_out(self._window[start : self._filled])
        self._filled = 0

    def _write_out(self, data: Buffer) -> None:
        self._put(data)
        self._digest.update(data)
        self._checksum.update(data)

    def _put(self, data: Buffer) -> None:
        end = self._position + len(data)
        self._pack.reserve(end)
        # Counted before it is written: a write that fails half-way must be wiped too.
        start, self._position, self._touched = self._position, end, True
        write_fully(self._pack.disk, self._pack.descriptor, data, start)

    def view(self) -> memoryview:
        """The data set as written so far, read-only; valid until the next write or the end of this member.

        Raises: OutOfSpace, PackUnavailable.
        """
        if not self._spilled:
            start = self._room + len(self._prefix)
            return self._window[start : self._filled].toreadonly()
        try:
            self._flush_window()
            start = self._offset + self._room + len(self._prefix)
            return self._pack.disk.map(self._pack.descriptor, start, self._data_set_length)
        except OSError as error:
            raise self._failed(error) from error

    def digests(self) -> Digests:
        """Of everything written so far. Raises: OutOfSpace, PackUnavailable."""
        if self._digests is None:
            prefix_digest = hashlib.sha256(self._prefix).digest() if self._prefix else NO_DIGEST
            if self._spilled:
                try:
                    self._flush_window()
                except OSError as error:
                    raise self._failed(error) from error
                self._digests = Digests(prefix_digest, self._digest.digest(), self._checksum.intdigest())
            else:
                whole = self._window[self._room : self._filled]
                data_set_digest = hashlib.sha256(whole[len(self._prefix) :]).digest()
                self._digests = Digests(prefix_digest, data_set_digest, xxhash.xxh3_64_intdigest(whole))
        return self._digests

    def commit(
        self,
        kind: MemberKind,
        path: str,
        received_at_ns: int,
        *,
        partition_id: int = 0,
        source: str = "",
        transfer_syntax_uid: str = "",
        header_length_bytes: int = 0,
        overlay: bytes = b"",
        original: Original | None = None,
        durable: bool = True,
    ) -> Member:
        """Write the headers and flush: when this returns, the member is durable.

        durable: False leaves the flush to the caller, who writes more members before it.
        Raises: OutOfSpace, PackUnavailable, InvalidInput.
        """
        pack = self._pack
        if pack.poisoned or self._broken:
            raise PackUnavailable(f"pack {pack.pack_id} has failed this object before")
        member = Member(
            kind, path, pack.pack_id, pack.sequence, self._offset, len(self._prefix), self._data_set_length,
            header_length_bytes, self.digests(), received_at_ns, partition_id, source, transfer_syntax_uid, overlay, self._room, original,
        )  # fmt: skip
        room = encode(member, pack.identity.nonce)
        end = member.end_offset_bytes
        try:
            if self._spilled:
                self._put(_ZEROS[: end - self._position])
                write_fully(pack.disk, pack.descriptor, room, self._offset)
            else:
                self._write_at_once(room, end)
        except OSError as error:
            raise self._failed(error) from error
        if durable:
            self._flush()
        self._committed = True
        pack.end_offset_bytes = end
        pack.sequence += 1
        return member

    def _write_at_once(self, room: bytes, end: int) -> None:
        length = padded(self._filled)
        self._pack.reserve(end)
        self._position, self._touched = end, True
        self._window[: self._room] = room
        self._window[self._filled : length] = _ZEROS[: length - self._filled]
        write_fully(self._pack.disk, self._pack.descriptor, self._window[:length], self._offset)

    def _flush(self) -> None:
        try:
            self._pack.disk.fdatasync(self._pack.descriptor)
        except OSError as error:
            # The kernel may have marked pages clean that never reached the disk: a second flush would lie.
            self._pack.poisoned = True
            with contextlib.suppress(OSError):
                # As far as the disk lets us, what was refused shall not come back after a crash.
                self._pack.disk.pwrite(self._pack.descriptor, bytes(ROOM_BYTES), self._offset)
            raise unavailable(error, f"flushing pack {self._pack.pack_id}") from error

    def _failed(self, error: OSError) -> Unavailable:
        self._broken = True
        if not is_no_space(error):
            self._pack.poisoned = True
        return unavailable(error, f"writing to pack {self._pack.pack_id}")

    def close(self) -> None:
        """Leave the pack as it was, unless the member was committed. Never raises: a pack that cannot be wiped is set aside."""
        pack = self._pack
        if self._committed or not self._touched or pack.poisoned:
            return
        try:
            pack.wipe(self._position)
        except OSError:
            pack.poisoned = True


def append(pack: OpenPack, kind: MemberKind, path: str, body: bytes, received_at_ns: int, *, durable: bool = True) -> Member:
    """Write a whole small member. Raises: OutOfSpace, PackUnavailable."""
    writer = MemberWriter(pack, b"")
    try:
        writer.write(body)
        return writer.commit(kind, path, received_at_ns, durable=durable)
    finally:
        writer.close()
