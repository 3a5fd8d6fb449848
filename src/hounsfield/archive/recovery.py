"""What the packs hold that the index has not seen, and open packs made ready to be appended to again."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hounsfield.archive.disk import Disk
from hounsfield.archive.member import Member, MemberKind, MemberNames
from hounsfield.archive.pack import FIRST_MEMBER_OFFSET_BYTES, OpenPack, PackIdentity, read_identity
from hounsfield.archive.reader import PackReader
from hounsfield.archive.tar_format import BLOCK_BYTES
from hounsfield.archive.walk import find_behind, is_whole, walk
from hounsfield.model.location import StoredObject


@dataclass(frozen=True, slots=True)
class RecoveredObject:
    """A durable object that the index has not seen.

    header: the data set up to Pixel Data, where the pack's catalogue has it. frame_table: likewise.
    indexed_through: the offset, in its pack, behind this object: what the index keeps once it has this one and all before it.
    read: a context in which the data set is mapped.
    """

    stored: StoredObject
    names: MemberNames
    header_length_bytes: int
    header: bytes | None
    frame_table: bytes | None
    indexed_through: int
    read: Callable[[], contextlib.AbstractContextManager[memoryview]]


@dataclass(frozen=True, slots=True)
class PackProblem:
    """Something about a pack that a person should look at. reason: what was found, without any patient's data."""

    pack_id: str
    reason: str


def recovered(
    reader: PackReader, member: Member, identity: PackIdentity, header: bytes | None = None, frame_table: bytes | None = None
) -> RecoveredObject:
    """The member as recovery hands it out."""
    location = member.location

    def read() -> contextlib.AbstractContextManager[memoryview]:
        return reader.mapped(location.pack_id, location.data_set_offset_bytes, location.data_set_length_bytes)

    return RecoveredObject(
        member.stored(identity.node), member.names, member.header_length_bytes, header, frame_table, member.end_offset_bytes, read
    )


class TailRecovery:
    """The members of one kind in one pack from an offset on, told apart into whole, damaged and torn.

    After iterating: `end_offset_bytes` is where appending may go on, `sequence` the next number, or None where nothing was read from
    which to tell, and `problems` what a person should know. A pack with problems is not to be cut or appended to: what lies behind a
    damaged place had been acknowledged.
    """

    def __init__(self, disk: Disk, descriptor: int, identity: PackIdentity, start_bytes: int, kind: MemberKind = MemberKind.OBJECT) -> None:
        self._disk = disk
        self._descriptor = descriptor
        self._identity = identity
        self._kind = kind
        self.end_offset_bytes = max(start_bytes, FIRST_MEMBER_OFFSET_BYTES)
        self.sequence: int | None = 1 if start_bytes <= FIRST_MEMBER_OFFSET_BYTES else None
        self.problems: list[str] = []

    def __iter__(self) -> Iterator[Member]:
        while True:
            yield from self._unbroken()
            beyond = find_behind(self._disk, self._descriptor, self._identity, self.end_offset_bytes + BLOCK_BYTES, self._kind)
            if beyond is None:
                return
            self.problems.append(f"damaged between {self.end_offset_bytes} and {beyond.offset_bytes}: what lies behind is whole")
            self.end_offset_bytes, self.sequence = beyond.offset_bytes, beyond.sequence

    def _unbroken(self) -> Iterator[Member]:
        for member in walk(self._disk, self._descriptor, self._identity, self.end_offset_bytes, self.sequence):
            if member.kind is not self._kind:
                # The catalogue of a pack whose sealing was cut short: it is written anew.
                return
            if not is_whole(self._disk, self._descriptor, member):
                if find_behind(self._disk, self._descriptor, self._identity, member.end_offset_bytes, self._kind) is None:
                    return
                self.problems.append(f"the member at {member.offset_bytes} no longer matches its digests")
            else:
                yield member
            self.end_offset_bytes, self.sequence = member.end_offset_bytes, member.sequence + 1


def is_unborn(disk: Disk, descriptor: int) -> bool:
    """Whether a pack without a readable header never held anything: its making was cut short. Raises: OSError."""
    offset = FIRST_MEMBER_OFFSET_BYTES
    while chunk := disk.pread(descriptor, 1 << 20, offset):
        if chunk.count(0) != len(chunk):
            return False
        offset += len(chunk)
    return True


def reopen(
    disk: Disk, path: Path, descriptor: int, identity: PackIdentity, tail: TailRecovery, allocation_step_bytes: int, window_bytes: int
) -> OpenPack:
    """The pack, cut behind its last whole member. It can be appended to once `read_back` has been through it. Raises: OSError."""
    pack = OpenPack(disk, path, descriptor, identity, allocation_step_bytes, window_bytes)
    pack.end_offset_bytes = tail.end_offset_bytes
    pack.paths = None
    pack.cut()
    return pack


def open_identity(disk: Disk, path: Path, pack_id: str, *, writable: bool) -> tuple[int, PackIdentity | None]:
    """An open descriptor of a pack and what its header says. Raises: OSError."""
    descriptor = disk.open(path, writable=writable)
    try:
        return descriptor, read_identity(disk, descriptor, pack_id)
    except BaseException:
        disk.close(descriptor)
        raise
