"""An object on its way into the archive."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self

from hounsfield.archive.disk import Buffer
from hounsfield.archive.member import ROOM_BYTES, MemberKind, MemberNames, object_path
from hounsfield.archive.member_writer import MemberWriter
from hounsfield.archive.pack import OpenPack
from hounsfield.archive.pool import PackPool
from hounsfield.model.location import Digests, StoredObject


class Incoming:
    """A borrowed pack and one member being written to it.

    A context manager. Leaving it without `commit` abandons the object; leaving it in any way gives the pack back, so leave it only after
    the object's index rows are committed: the members of a pack then reach the index in their order.
    """

    __slots__ = ("_affinity", "_clock", "_pack", "_pool", "_released", "_writer", "write")

    def __init__(
        self, pool: PackPool, pack: OpenPack, prefix: bytes, affinity: str, clock: Callable[[], int], room_bytes: int = ROOM_BYTES
    ) -> None:
        self._pool = pool
        self._pack = pack
        self._affinity = affinity
        self._clock = clock
        self._released = False
        self._writer = MemberWriter(pack, prefix, room_bytes)
        self.write: Callable[[Buffer], None] = self._writer.write
        """Append to the data set. Raises: OutOfSpace, PackUnavailable."""

    @property
    def data_set_length_bytes(self) -> int:
        """Of what has been written so far."""
        return self._writer.data_set_length_bytes

    def view(self) -> memoryview:
        """The data set as written so far, read-only; valid until the next `write` or `commit`.

        Raises: OutOfSpace, PackUnavailable.
        """
        return self._writer.view()

    def digests(self) -> Digests:
        """Of everything written so far. Raises: OutOfSpace, PackUnavailable."""
        return self._writer.digests()

    def commit(self, member: MemberNames, *, header_length_bytes: int, frame_table: bytes, overlay: bytes = b"") -> StoredObject:
        """Make the object durable: when this returns, it outlives a power cut.

        header_length_bytes: of the data set up to Pixel Data. frame_table: as the codec of frame tables writes it; may be empty.
        overlay: no longer than room was asked for.
        Raises: OutOfSpace, PackUnavailable, InvalidInput; the object is then abandoned.
        """
        pack = self._pack
        path = pack.unused_path(object_path(member))
        written = self._writer.commit(
            MemberKind.OBJECT,
            path,
            self._clock(),
            partition_id=member.partition_id,
            source=member.source,
            transfer_syntax_uid=member.transfer_syntax_uid,
            header_length_bytes=header_length_bytes,
            overlay=overlay,
        )
        pack.remember(written, frame_table)
        self._affinity = self._affinity or member.series_instance_uid
        return written.stored(pack.identity.node)

    def close(self, *, failed: bool = False) -> None:
        """Abandon the object unless it was committed, and give the pack back.

        failed: a committed object did not reach the index. Nothing is appended behind it then: the offset through which the index has
        the pack would pass it over.
        """
        if self._released:
            return
        self._released = True
        try:
            self._writer.close()
        finally:
            self._pool.give_back(self._pack, self._affinity, retire=failed and self._writer.committed)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close(failed=error is not None)
