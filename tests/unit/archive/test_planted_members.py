"""An object whose bytes look like members of the pack it arrives in: none of them may ever be found.

The forger knows the pack's UUID, the sequence number and every offset, and lacks only the nonce. Each scene is played once with the guard,
and once without it to see that the scene would succeed.
"""

from __future__ import annotations

import random

import pytest

from hounsfield.archive import member as member_module
from hounsfield.archive.archive import Archive
from hounsfield.archive.member import ROOM_BYTES, MemberNames
from hounsfield.archive.pack import OpenPack
from power_cut.crash import Platter
from power_cut.simulated_disk import SimulatedDisk, Write
from power_cut.workload import PLANTED, ROOT, Clock, forged_member, small_archive

NAMES = MemberNames(1, "1", "1.1", "1.1.1", "1.2.840.10008.1.2", "TEST")
SHORT = b"short"


def stored(archive: Archive, data: bytes) -> None:
    with archive.receive(b"") as incoming:
        incoming.write(data)
        incoming.commit(NAMES, header_length_bytes=0, frame_table=b"")


def hostile_bytes(pack_id: str, start: int, sequence: int) -> bytes:
    """A data set that begins at `start` of the pack and is a member at each block of it, right for its place."""
    length = len(forged_member(pack_id, sequence, start))
    members = [forged_member(pack_id, sequence, start + at * length) for at in range(6)]
    return b"".join(members)


def found_after_restart(disk: SimulatedDisk) -> list[str]:
    archive = small_archive(disk, random.Random(1), Clock())
    return [one.names.series_instance_uid for one in archive.recover({})]


@pytest.fixture(params=["guarded", "nonce known to all"])
def guarded(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    if request.param == "guarded":
        return True
    monkeypatch.setattr(member_module, "is_authentic", lambda _nonce, _room: True)
    return False


def scene() -> tuple[SimulatedDisk, Archive, str, int]:
    """A pack with one object; where the next one's data set will begin."""
    disk = SimulatedDisk()
    disk.make_directory(ROOT.parent)
    archive = small_archive(disk, random.Random(5), Clock())
    with archive.receive(b"") as incoming:
        incoming.write(b"first")
        location = incoming.commit(NAMES, header_length_bytes=0, frame_table=b"").location
    return disk, archive, location.pack_id, location.end_offset_bytes


def test_killed_in_the_middle_of_a_hostile_object(guarded: bool) -> None:
    disk, archive, pack_id, end = scene()
    incoming = archive.receive(b"")
    incoming.write(hostile_bytes(pack_id, end + ROOM_BYTES, 2))
    incoming.view()
    archive.close()
    assert (PLANTED in found_after_restart(disk)) is not guarded


def test_a_short_object_behind_an_abandoned_hostile_one_whose_zeros_were_lost(guarded: bool) -> None:
    """The power goes after the short object's bytes reached the disk and before the zeros did."""
    disk, archive, pack_id, end = scene()
    before = {inode: bytes(content) for inode, content in disk.files.items()}
    short_end = end + ROOM_BYTES + 512
    with archive.receive(b"") as incoming:
        incoming.write(bytes(short_end - end - ROOM_BYTES) + hostile_bytes(pack_id, short_end, 3))
        incoming.view()
    inode = disk.entries[ROOT / "open" / f"{pack_id}.tar"]
    assert bytes(disk.files[inode]).rstrip(b"\0") == before[inode].rstrip(b"\0"), "abandoned bytes are wiped"
    writes = [operation for operation in disk.journal if isinstance(operation, Write) and PLANTED.encode() in operation.data]
    hostile = max(writes, key=lambda write: len(write.data))
    stored(archive, SHORT)
    archive.close()
    file = disk.files[inode]
    file[short_end : hostile.offset + len(hostile.data)] = hostile.data[short_end - hostile.offset :]
    assert (PLANTED in found_after_restart(disk)) is not guarded


def test_an_abandoned_hostile_object_is_gone_before_the_room_is_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    for wiping in (True, False):
        if not wiping:
            monkeypatch.setattr(OpenPack, "wipe", lambda _pack, _until: None)
            monkeypatch.setattr(member_module, "is_authentic", lambda _nonce, _room: True)
        disk, archive, pack_id, end = scene()
        with archive.receive(b"") as incoming:
            incoming.write(bytes(512) + hostile_bytes(pack_id, end + ROOM_BYTES + 512, 3))
            incoming.view()
        stored(archive, SHORT)
        archive.close()
        content = bytes(disk.files[disk.entries[ROOT / "open" / f"{pack_id}.tar"]])
        assert (PLANTED.encode() in content) is not wiping
        assert (PLANTED in found_after_restart(disk)) is not wiping


def test_at_no_power_cut_is_anything_planted_found(guarded: bool) -> None:
    disk, archive, pack_id, end = scene()
    start = SimulatedDisk()
    start.directories = set(disk.directories)
    for sequence in (2, 3):
        with archive.receive(b"") as incoming:
            incoming.write(hostile_bytes(pack_id, end + ROOM_BYTES, sequence))
            incoming.write(bytes(5000))
        stored(archive, SHORT)
        end += ROOM_BYTES + 512
    platter, chance, planted = Platter(start), random.Random(3), 0
    for operation in disk.journal:
        platter.follow(operation)
        for _ in range(10):
            planted += PLANTED in found_after_restart(platter.image(chance))
    assert (planted > 0) is not guarded


def test_a_forged_member_is_perfect_but_for_the_nonce() -> None:
    """Otherwise the scenes above would prove nothing."""
    forged = forged_member("a" * 32, 2, 5120)
    assert member_module.decode(forged[:ROOM_BYTES], bytes(32), "a" * 32, 5120) is not None
    assert member_module.decode(forged[:ROOM_BYTES], b"n" * 32, "a" * 32, 5120) is None
