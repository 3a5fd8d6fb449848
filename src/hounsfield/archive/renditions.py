"""Rendition packs: lossless copies of objects in another transfer syntax, durable beside the packs of the objects, never among them.

They can be lost without loss: each says which object it was made of, and could be made again. So they are not sealed and have no
catalogue; `reindex` reads their headers and their bodies.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from hounsfield.archive.disk import Buffer, Disk
from hounsfield.archive.faults import unavailable
from hounsfield.archive.layout import Layout, pack_id_of
from hounsfield.archive.member import Member, MemberKind, MemberNames, object_path
from hounsfield.archive.member_writer import MemberWriter
from hounsfield.archive.pack import WINDOW_BYTES, OpenPack, PackIdentity
from hounsfield.archive.pack_files import create_pack, read_back
from hounsfield.archive.recovery import TailRecovery, is_unborn, open_identity, reopen
from hounsfield.archive.tar_format import padded
from hounsfield.archive.walk import ends_a_member
from hounsfield.model.rendition import Original, Rendition

ALLOCATION_STEP_BYTES = 16 << 20
PACK_SIZE_BYTES = 1 << 30

Report = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class KeptRendition:
    """A durable rendition. node: of the pack. indexed_through: the offset, in its pack, behind it."""

    rendition: Rendition
    node: str
    indexed_through: int


class RenditionLog:
    """Appends renditions, one at a time, and reads them back. Thread-safe.

    new_identity: names a new pack. report: told the pack and the reason when one cannot be read.
    """

    def __init__(
        self, disk: Disk, layout: Layout, new_identity: Callable[[], PackIdentity], clock: Callable[[], int], report: Report
    ) -> None:
        self._disk = disk
        self._directory = layout.renditions
        self._new_identity = new_identity
        self._clock = clock
        self._report = report
        self._lock = threading.Lock()
        self._pack: OpenPack | None = None
        self._recovered = False

    def append(
        self, names: MemberNames, original: Original, prefix: bytes, data_set: Iterable[Buffer], header_length_bytes: int
    ) -> KeptRendition:
        """When this returns, the rendition is durable. `recover` has been through before.

        names: of the original, but for the transfer syntax. header_length_bytes: of the data set, up to Pixel Data.
        Raises: OutOfSpace, PackUnavailable, InvalidInput; what was written is then abandoned.
        """
        with self._lock:
            pack = self._writable()
            writer = MemberWriter(pack, prefix)
            try:
                for piece in data_set:
                    writer.write(piece)
                member = writer.commit(
                    MemberKind.RENDITION,
                    pack.unused_path(object_path(names)),
                    self._clock(),
                    partition_id=names.partition_id,
                    source=names.source,
                    transfer_syntax_uid=names.transfer_syntax_uid,
                    header_length_bytes=header_length_bytes,
                    original=original,
                )
                pack.remember(member, b"")
            finally:
                writer.close()
                if pack.poisoned:
                    self._pack = None
                    pack.close()
            return _kept(member, pack.identity.node)

    def _writable(self) -> OpenPack:
        pack = self._pack
        if pack is not None and pack.end_offset_bytes < PACK_SIZE_BYTES:
            return pack
        if pack is not None:
            pack.close()
            self._pack = None
        self._pack = create_pack(self._disk, self._directory, self._new_identity(), ALLOCATION_STEP_BYTES, WINDOW_BYTES)
        return self._pack

    def recover(self, indexed_through: Mapping[str, int]) -> Iterator[KeptRendition]:
        """What the packs hold beyond what the index has seen, in each in the order in which it was made; to be exhausted.

        The first time, before anything is appended, what a kill left behind the last one is cut off. Raises: PackUnavailable.
        """
        with self._lock:
            writable, self._recovered = not self._recovered, True
            try:
                names = self._disk.names(self._directory)
            except OSError as error:
                raise unavailable(error, "looking for renditions") from error
        for name in names:
            pack_id = pack_id_of(name)
            if pack_id is not None:
                # The index may count to the last byte of a file; the next member begins on a block's edge.
                through = padded(indexed_through.get(pack_id, 0))
                with self._lock:
                    found = list(self._recover_pack(self._directory / name, pack_id, through, writable))
                yield from found

    def _recover_pack(self, path: Path, pack_id: str, through: int, writable: bool) -> Iterator[KeptRendition]:
        try:
            descriptor, identity = open_identity(self._disk, path, pack_id, writable=writable)
        except OSError as error:
            self._report(pack_id, f"cannot be read: {error.strerror or error}")
            return
        kept = False
        try:
            if identity is None:
                if writable:
                    self._bury(path, pack_id, descriptor)
                return
            if writable:
                # What a killed process had written is in the page cache, not yet on the disk.
                self._disk.fdatasync(descriptor)
                self._disk.forget_cached(descriptor, through)
            tail = TailRecovery(self._disk, descriptor, identity, through, MemberKind.RENDITION)
            if through and not ends_a_member(self._disk, descriptor, identity, through):
                tail = TailRecovery(self._disk, descriptor, identity, 0, MemberKind.RENDITION)
                tail.problems.append(f"the index has it through {through}, where no member ends")
            for member in tail:
                yield _kept(member, identity.node)
            for problem in tail.problems if writable else ():
                self._report(pack_id, problem)
            if writable and not tail.problems and self._pack is None and tail.end_offset_bytes < PACK_SIZE_BYTES:
                kept = self._reopen(path, descriptor, identity, tail)
        except OSError as error:
            self._report(pack_id, f"cannot be read: {error.strerror or error}")
        finally:
            if not kept:
                self._disk.close(descriptor)

    def _reopen(self, path: Path, descriptor: int, identity: PackIdentity, tail: TailRecovery) -> bool:
        """Whether it is appended to again."""
        pack = reopen(self._disk, path, descriptor, identity, tail, ALLOCATION_STEP_BYTES, WINDOW_BYTES)
        if not read_back(pack):
            return False
        self._pack = pack
        return True

    def _bury(self, path: Path, pack_id: str, descriptor: int) -> None:
        if is_unborn(self._disk, descriptor):
            self._disk.unlink(path)
            self._disk.fsync_directory(path.parent)
        else:
            self._report(pack_id, "its own header is damaged")

    def close(self) -> None:
        """Close the open pack."""
        with self._lock:
            if self._pack is not None:
                self._pack.close()
                self._pack = None


def _kept(member: Member, node: str) -> KeptRendition:
    assert member.original is not None
    names = member.names
    rendition = Rendition(
        member.partition_id,
        names.study_instance_uid,
        names.sop_instance_uid,
        member.original,
        member.transfer_syntax_uid,
        member.location,
        member.digests,
        member.header_length_bytes,
        member.received_at_ns,
    )
    return KeptRendition(rendition, node, member.end_offset_bytes)
