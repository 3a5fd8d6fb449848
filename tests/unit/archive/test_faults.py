"""The disk fails at every operation in turn: nothing partial, nothing lost, and it goes on afterwards."""

from __future__ import annotations

import errno
import os

import pytest

from hounsfield.archive.archive import Archive
from hounsfield.archive.member import MemberNames
from hounsfield.archive.reader import PackReader
from hounsfield.model.errors import OutOfSpace, PackUnavailable, Unavailable
from hounsfield.model.location import StoredObject
from power_cut.simulated_disk import SimulatedDisk
from power_cut.workload import ROOT, Clock

WRITING = frozenset({"create", "pwrite", "fdatasync", "truncate", "allocate", "fsync_directory", "rename", "unlink"})
SIZES = (100, 3000, 40_000, 10)


def archive_on(disk: SimulatedDisk) -> Archive:
    disk.make_directory(ROOT.parent)
    return Archive(
        ROOT, disk=disk, allocation_step_bytes=16_384, window_bytes=4096, pack_size_bytes=60_000, seal_after_idle_s=0.0, clock=Clock()
    )


def store(archive: Archive, number: int, size: int) -> tuple[StoredObject, bytes]:
    content = bytes([number % 251]) * size
    with archive.receive(b"p", affinity="1.1") as incoming:
        for start in range(0, size, 2500):
            incoming.write(content[start : start + 2500])
        incoming.view()
        names = MemberNames(1, "1", "1.1", f"1.1.{number}", "1.2.840.10008.1.2", "TEST")
        return incoming.commit(names, header_length_bytes=10, frame_table=b"f"), b"p" + content


class FailOnce:
    """Fails the operation with this number, counting those that write, and then `times` - 1 more."""

    def __init__(self, at: int, error: int, times: int) -> None:
        self.left, self.error, self.times = at, error, times

    def __call__(self, operation: str, _inode: int) -> OSError | None:
        if operation not in WRITING:
            return None
        self.left -= 1
        return OSError(self.error, os.strerror(self.error)) if -self.times <= self.left < 0 else None


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_whatever_operation_fails_nothing_is_lost_or_partial(error: int, times: int) -> None:
    at = 0
    while work_with_a_fault(at, error, times):
        at += 1
    assert at > 40


def work_with_a_fault(at: int, error: int, times: int) -> bool:
    """Returns whether the fault was reached."""
    disk = SimulatedDisk()
    archive = archive_on(disk)
    kept: list[tuple[StoredObject, bytes]] = []
    decided: list[int] = []
    disk.fault = fault = FailOnce(at, error, times)
    for number in range(8):
        try:
            if number == 4:
                with archive.receive(b"") as abandoned:
                    abandoned.write(b"abandoned" * 2000)
            kept.append(store(archive, number, SIZES[number % 4]))
        except Unavailable as refused:
            assert isinstance(refused, OutOfSpace if error != errno.EIO else PackUnavailable)
        try:
            archive.decide({"number": number})
            decided.append(number)
        except Unavailable as refused:
            assert isinstance(refused, OutOfSpace if error != errno.EIO else PackUnavailable)
        if number % 3 == 2:
            archive.seal_idle()
    disk.fault = lambda _operation, _inode: None
    kept.append(store(archive, 100, 5000))
    archive.decide({"number": 100})
    archive.seal_idle()
    expect(disk, kept)
    assert len(kept) >= 9 - times
    archive.close()

    archive = archive_on(disk)
    recovered = {one.stored for one in archive.recover({})}
    assert {stored for stored, _ in kept} <= recovered
    assert len(recovered) <= 9, "an object must not come back twice"
    assert {*decided, 100} <= {record["number"] for record in archive.decisions()}
    expect(disk, [*kept, store(archive, 101, 5000)])
    return fault.left < 0


def expect(disk: SimulatedDisk, kept: list[tuple[StoredObject, bytes]]) -> None:
    reader = PackReader(ROOT, disk=disk)
    for stored, content in kept:
        assert reader.read_object(stored.location, stored.digests) == content
        reader.verify(stored)


def test_a_full_disk_refuses_and_takes_again_once_there_is_room() -> None:
    disk = SimulatedDisk()
    archive = archive_on(disk)
    kept = [store(archive, 0, 1000)]
    disk.capacity_bytes = sum(map(len, disk.files.values())) + 30_000
    refused = 0
    for number in range(1, 40):
        try:
            kept.append(store(archive, number, 1000))
        except OutOfSpace:
            refused += 1
    assert refused > 10
    assert len(kept) > 10, "the disk is used to its end, though a whole step of room no longer fits"
    with pytest.raises(OutOfSpace):
        store(archive, 50, 100_000)
    expect(disk, kept)
    assert disk.capacity_bytes - sum(map(len, disk.files.values())) > 1000, "refused objects and failed allocations keep no room"
    disk.capacity_bytes = None
    kept += [store(archive, 60, 100_000), store(archive, 61, 1000)]
    expect(disk, kept)
    assert archive.problems == []
    archive.close()
    assert {one.stored for one in archive_on(disk).recover({})} == {stored for stored, _ in kept}


def test_after_a_failed_flush_the_pack_is_never_written_again() -> None:
    disk = SimulatedDisk()
    archive = archive_on(disk)
    first = store(archive, 0, 1000)
    disk.fault = lambda operation, _inode: OSError(errno.EIO, "Input/output error") if operation == "fdatasync" else None
    with pytest.raises(PackUnavailable, match="flushing"):
        store(archive, 1, 1000)
    disk.fault = lambda _operation, _inode: None
    inode = disk.entries[ROOT / "aside" / f"{first[0].location.pack_id}.tar"]
    disk.journal.clear()
    second = store(archive, 2, 1000)
    assert second[0].location.pack_id != first[0].location.pack_id
    assert not any(getattr(operation, "inode", None) == inode for operation in disk.journal)
    assert [problem.pack_id for problem in archive.problems] == [first[0].location.pack_id]
    expect(disk, [first, second])
    archive.close()
    archive = archive_on(disk)
    assert {one.stored for one in archive.recover({})} == {first[0], second[0]}


def test_a_flush_that_failed_for_space_is_not_tried_again_either() -> None:
    disk = SimulatedDisk()
    archive = archive_on(disk)
    first = store(archive, 0, 1000)
    disk.fault = lambda operation, _inode: OSError(errno.ENOSPC, "No space left on device") if operation == "fdatasync" else None
    with pytest.raises(OutOfSpace):
        store(archive, 1, 1000)
    disk.fault = lambda _operation, _inode: None
    assert store(archive, 2, 1000)[0].location.pack_id != first[0].location.pack_id


def test_a_read_error_is_unavailable_not_damage() -> None:
    disk = SimulatedDisk()
    stored, _ = store(archive_on(disk), 0, 1000)
    disk.fault = lambda operation, _inode: OSError(errno.EIO, "Input/output error") if operation == "pread" else None
    with pytest.raises(PackUnavailable):
        PackReader(ROOT, disk=disk).verify(stored)
