"""Walking along a pack's members, and looking for them where the chain is broken."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import xxhash

from hounsfield.archive.disk import Disk
from hounsfield.archive.member import ROOM_BYTES, Member, MemberKind, decode, ends_as_a_room, room_of, says_where_it_is
from hounsfield.archive.pack import PackIdentity
from hounsfield.archive.tar_format import BLOCK_BYTES
from hounsfield.model.location import Digests

CHUNK_BYTES = 1 << 20
_SEARCHED_BACKWARDS_BYTES = 64 << 20
_MAGIC = b"HOUNSFIELD/header"
_TAIL_BYTES = 2 * BLOCK_BYTES


def member_at(disk: Disk, descriptor: int, identity: PackIdentity, offset_bytes: int) -> Member | None:
    """The authentic member whose headers lie there, or None. Raises: OSError.

    A large room is read, and its code worked out, only where its first and its last blocks are such as we write them: bytes that look
    like the beginnings of many such rooms do not cost the length of each.
    """
    room = disk.pread(descriptor, ROOM_BYTES, offset_bytes)
    length = room_of(room)
    if length > len(room) == ROOM_BYTES:
        if not says_where_it_is(room, identity.pack_id, offset_bytes):
            return None
        if not ends_as_a_room(disk.pread(descriptor, _TAIL_BYTES, offset_bytes + length - _TAIL_BYTES)):
            return None
        room += disk.pread(descriptor, length - ROOM_BYTES, offset_bytes + ROOM_BYTES)
    return decode(room, identity.nonce, identity.pack_id, offset_bytes) if length else None


def walk(disk: Disk, descriptor: int, identity: PackIdentity, start_bytes: int, sequence: int | None = None) -> Iterator[Member]:
    """The authentic members from `start_bytes` on, each at the end of the one before and with the next number.

    sequence: of the first; None takes whatever its authenticated header says. Raises: OSError.
    """
    offset = start_bytes
    while True:
        member = member_at(disk, descriptor, identity, offset)
        if member is None or (sequence is not None and member.sequence != sequence):
            return
        yield member
        offset = member.end_offset_bytes
        sequence = member.sequence + 1


def find_behind(
    disk: Disk, descriptor: int, identity: PackIdentity, start_bytes: int, kind: MemberKind = MemberKind.OBJECT
) -> Member | None:
    """The first authentic member of this kind that lies anywhere behind `start_bytes`, on a block's edge; None where there is none.

    One flush follows another, so a member behind a place that cannot be read proves that the place was durable once: it is damaged,
    not torn. Raises: OSError.
    """
    offset = start_bytes
    while chunk := disk.pread(descriptor, CHUNK_BYTES, offset):
        found = chunk.find(_MAGIC)
        while found >= 0:
            if found % BLOCK_BYTES == 0:
                member = member_at(disk, descriptor, identity, offset + found)
                if member is not None and member.kind is kind:
                    return member
            found = chunk.find(_MAGIC, found + 1)
        # A header begins on a block's edge: what is left over of a block belongs to the next piece.
        whole = len(chunk) & -BLOCK_BYTES
        if not whole:
            return None
        offset += whole
    return None


def ends_a_member(disk: Disk, descriptor: int, identity: PackIdentity, end_bytes: int) -> bool:
    """Whether an authentic member ends just there. Looks backwards, so that a long pack costs no more than its last member.

    Raises: OSError.
    """
    end = end_bytes
    while end > 0 and end_bytes - end < _SEARCHED_BACKWARDS_BYTES:
        start = max(0, (end - 1) & -CHUNK_BYTES)
        chunk = disk.pread(descriptor, end - start, start)
        found = chunk.rfind(_MAGIC)
        while found >= 0:
            if found % BLOCK_BYTES == 0:
                member = member_at(disk, descriptor, identity, start + found)
                if member is not None:
                    return member.end_offset_bytes == end_bytes
            found = chunk.rfind(_MAGIC, 0, found)
        end = start
    return any(member.end_offset_bytes == end_bytes for member in walk(disk, descriptor, identity, 0))


def is_whole(disk: Disk, descriptor: int, member: Member) -> bool:
    """Whether the member's body is what its headers say, by all digests. Raises: OSError."""
    prefix = disk.pread(descriptor, member.prefix_length_bytes, member.body_offset_bytes)
    checksum = xxhash.xxh3_64(prefix)
    data_set = hashlib.sha256()
    offset = member.body_offset_bytes + member.prefix_length_bytes
    end = offset + member.data_set_length_bytes
    while offset < end:
        chunk = disk.pread(descriptor, min(CHUNK_BYTES, end - offset), offset)
        if not chunk:
            return False
        data_set.update(chunk)
        checksum.update(chunk)
        offset += len(chunk)
    return Digests(hashlib.sha256(prefix).digest(), data_set.digest(), checksum.intdigest()) == member.digests
