"""What every disk must do: the operating system's, and the simulated one that the proofs run on."""

from __future__ import annotations

from pathlib import Path

import pytest

from hounsfield.archive.disk import Disk, OsDisk, write_fully
from hounsfield.model.errors import ArchiveLocked
from power_cut.simulated_disk import SimulatedDisk


@pytest.fixture(params=[OsDisk, SimulatedDisk])
def disk(request: pytest.FixtureRequest) -> Disk:
    made: Disk = request.param()
    return made


@pytest.fixture
def folder(disk: Disk, tmp_path: Path) -> Path:
    folder = tmp_path / "a" / "b"
    disk.make_directory(folder)
    return folder


def test_reads_what_was_written(disk: Disk, folder: Path) -> None:
    file = disk.create(folder / "x")
    write_fully(disk, file, memoryview(b"0123456789"), 0)
    assert disk.pwrite(file, b"ab", 3) == 2
    disk.fdatasync(file)
    assert disk.pread(file, 100, 0) == b"012ab56789"
    assert disk.pread(file, 3, 2) == b"2ab"
    assert disk.pread(file, 3, 10) == b""
    into = bytearray(4)
    assert disk.pread_into(file, into, 8) == 2
    assert into == b"89\0\0"
    assert disk.size(file) == disk.size_of(folder / "x") == 10
    disk.forget_cached(file, 0)
    assert disk.pread(file, 2, 0) == b"01"
    disk.close(file)


def test_a_gap_reads_as_zeros(disk: Disk, folder: Path) -> None:
    file = disk.create(folder / "x")
    disk.pwrite(file, b"x", 5)
    assert disk.pread(file, 10, 0) == b"\0\0\0\0\0x"
    disk.close(file)


def test_truncating_cuts_and_allocating_adds_zeros(disk: Disk, folder: Path) -> None:
    file = disk.create(folder / "x")
    disk.pwrite(file, b"secret", 0)
    disk.truncate(file, 2)
    disk.allocate(file, 2, 4)
    assert disk.pread(file, 10, 0) == b"se\0\0\0\0"
    disk.allocate(file, 0, 3)
    assert disk.size(file) == 6
    disk.close(file)


@pytest.mark.parametrize(("offset", "length"), [(0, 10), (4090, 20), (4096, 4096), (5, 0), (8190, 2)])
def test_a_map_shows_the_range(disk: Disk, folder: Path, offset: int, length: int) -> None:
    content = bytes(range(256)) * 32
    file = disk.create(folder / "x")
    disk.pwrite(file, content, 0)
    view = disk.map(file, offset, length)
    disk.close(file)
    assert view == content[offset : offset + length]
    assert view.readonly


def test_names_are_made_once_moved_and_removed(disk: Disk, folder: Path) -> None:
    disk.close(disk.create(folder / "x"))
    disk.close(disk.create(folder / "y"))
    with pytest.raises(FileExistsError):
        disk.create(folder / "x")
    other = folder.parent / "c"
    disk.make_directory(other)
    disk.make_directory(other)
    disk.rename(folder / "x", other / "z")
    disk.fsync_directory(folder)
    disk.fsync_directory(other)
    assert (disk.names(folder), disk.names(other)) == (["y"], ["z"])
    disk.unlink(folder / "y")
    assert disk.names(folder) == []


def test_what_is_not_there_is_not_found(disk: Disk, folder: Path) -> None:
    for attempt in (
        lambda: disk.open(folder / "x"),
        lambda: disk.size_of(folder / "x"),
        lambda: disk.unlink(folder / "x"),
        lambda: disk.rename(folder / "x", folder / "y"),
        lambda: disk.names(folder / "nowhere"),
        lambda: disk.create(folder / "nowhere" / "x"),
        lambda: disk.fsync_directory(folder / "nowhere"),
    ):
        with pytest.raises(FileNotFoundError):
            attempt()


def test_an_open_file_outlives_its_name(disk: Disk, folder: Path) -> None:
    file = disk.create(folder / "x")
    disk.pwrite(file, b"still", 0)
    reader = disk.open(folder / "x")
    disk.rename(folder / "x", folder / "y")
    assert disk.pread(reader, 9, 0) == b"still"
    disk.close(reader)
    disk.close(file)


def test_a_closed_descriptor_is_an_error(disk: Disk, folder: Path) -> None:
    file = disk.create(folder / "x")
    disk.close(file)
    with pytest.raises(OSError, match="Bad file descriptor"):
        disk.pwrite(file, b"x", 0)


def test_one_lock_at_a_time(disk: Disk, folder: Path) -> None:
    lock = disk.lock(folder / "lock")
    with pytest.raises(ArchiveLocked, match="another process"):
        disk.lock(folder / "lock")
    disk.close(lock)
    disk.close(disk.lock(folder / "lock"))
