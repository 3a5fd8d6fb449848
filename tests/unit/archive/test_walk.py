"""Looking for members where bytes only look like them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from hounsfield.archive.disk import OsDisk
from hounsfield.archive.member import LARGEST_ROOM_BYTES, NO_DIGEST, ROOM_BYTES, Member, MemberKind, encode, room_for
from hounsfield.archive.pack import PackIdentity
from hounsfield.archive.tar_format import BLOCK_BYTES, ustar_header
from hounsfield.archive.walk import find_behind, member_at
from hounsfield.model.location import Digests

IDENTITY = PackIdentity("0123456789abcdef" * 2, "node", bytes(range(32)), 1)
OVERLAY = b"{}" * 60_000
FAKE = ustar_header(b"", b"HOUNSFIELD/header", LARGEST_ROOM_BYTES - ROOM_BYTES, 0, kind=b"x")
FAKES = FAKE * ((1 << 20) // BLOCK_BYTES)


def room_at(offset_bytes: int, *, nonce: bytes = IDENTITY.nonce, pack_id: str = IDENTITY.pack_id, size_bytes: int = 0) -> bytes:
    digests = Digests(NO_DIGEST, NO_DIGEST, 0)
    return encode(
        Member(
            MemberKind.OBJECT, "1/2/3.dcm", pack_id, 2, offset_bytes, 0, size_bytes, 0, digests, 1, 1, "CT1", "1.2.840.10008.1.2.1",
            OVERLAY, room_for(OVERLAY),
        ),
        nonce,
    )  # fmt: skip


class CountingDisk(OsDisk):
    """Counts what is read."""

    read_bytes = 0

    def pread(self, descriptor: int, length_bytes: int, offset_bytes: int) -> bytes:
        self.read_bytes += length_bytes
        return super().pread(descriptor, length_bytes, offset_bytes)


@pytest.fixture
def file(tmp_path: Path) -> Iterator[int]:
    descriptor = os.open(tmp_path / "pack", os.O_RDWR | os.O_CREAT)
    yield descriptor
    os.close(descriptor)


@pytest.mark.parametrize("size_bytes", [0, 8**11])
def test_a_member_with_a_large_room_is_found_behind_many_that_are_none(file: int, size_bytes: int) -> None:
    room = room_at(len(FAKES), size_bytes=size_bytes)
    os.pwrite(file, FAKES + room, 0)
    disk = CountingDisk()
    found = find_behind(disk, file, IDENTITY, 0)
    assert found is not None
    assert (found.offset_bytes, found.overlay, found.room_bytes) == (len(FAKES), OVERLAY, len(room))
    assert disk.read_bytes < 8 * len(FAKES), "of each fake no more than where it would begin"


def test_of_what_names_its_place_the_end_is_read_before_the_rest(file: int) -> None:
    """By somebody who knows all of the pack but its nonce, and leaves the ends of the rooms out."""
    step = 4 * BLOCK_BYTES
    fakes = b"".join([room_at(at, nonce=bytes(32))[:step] for at in range(0, 1 << 20, step)])
    os.pwrite(file, fakes + bytes(LARGEST_ROOM_BYTES), 0)
    disk = CountingDisk()
    assert find_behind(disk, file, IDENTITY, 0) is None
    assert disk.read_bytes < 8 * len(fakes)


def test_none_of_the_checks_replaces_the_code(file: int) -> None:
    for offset, room in enumerate((room_at(0), room_at(0, nonce=bytes(32)), room_at(512), room_at(0, pack_id="f" * 32))):
        os.ftruncate(file, 0)
        os.pwrite(file, room, 0)
        assert (member_at(OsDisk(), file, IDENTITY, 0) is not None) is (offset == 0)
        for at in (600, len(room) // 2, len(room) - 3 * BLOCK_BYTES, len(room) - BLOCK_BYTES - 30, len(room) - 100):
            os.pwrite(file, bytes((room[at] ^ 1,)), at)
            assert member_at(OsDisk(), file, IDENTITY, 0) is None
            os.pwrite(file, room[at : at + 1], at)
        os.ftruncate(file, len(room) - 1)
        assert member_at(OsDisk(), file, IDENTITY, 0) is None
