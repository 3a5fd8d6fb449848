"""The port to the disk: the few operations by which packs are written and read, and their real adapter.

Everything the archive does to files goes through here, so that a test can record each write and cut the power between any two.
"""

from __future__ import annotations

import errno
import fcntl
import mmap
import os
from pathlib import Path
from typing import Protocol

from hounsfield.model.errors import ArchiveLocked

Buffer = bytes | bytearray | memoryview
"""Contiguous bytes; a memoryview has the format `B`."""

FILE_MODE = 0o600
DIRECTORY_MODE = 0o700


class Disk(Protocol):
    """Files by descriptor, names by path. Every method may raise OSError; offsets count from the file's first byte."""

    def create(self, path: Path) -> int:
        """A new, empty file, open for reading and writing. Its name is durable only after `fsync_directory`."""

    def open(self, path: Path, *, writable: bool = False) -> int:
        """An existing file."""

    def close(self, descriptor: int) -> None:
        """Give the descriptor back."""

    def pwrite(self, descriptor: int, data: Buffer, offset_bytes: int) -> int:
        """Returns how many bytes were taken, perhaps fewer than given."""

    def pread(self, descriptor: int, length_bytes: int, offset_bytes: int) -> bytes:
        """Returns up to `length_bytes`; fewer at the end of the file."""

    def pread_into(self, descriptor: int, buffer: bytearray | memoryview, offset_bytes: int) -> int:
        """Returns how many bytes were read; 0 at the end of the file."""

    def pread_cached_into(self, descriptor: int, buffer: bytearray | memoryview, offset_bytes: int) -> int:
        """Returns how many bytes the page cache gave without waiting for the disk, perhaps none."""

    def map(self, descriptor: int, offset_bytes: int, length_bytes: int) -> memoryview:
        """A read-only view of the page cache; the range lies inside the file."""

    def fdatasync(self, descriptor: int) -> None:
        """Returns when the file's bytes, and its size, are durable."""

    def truncate(self, descriptor: int, length_bytes: int) -> None:
        """Cut the file, or lengthen it by zeros."""

    def allocate(self, descriptor: int, offset_bytes: int, length_bytes: int) -> None:
        """Reserve room, which reads as zeros, so that later writes neither grow the file nor find the disk full."""

    def forget_cached(self, descriptor: int, offset_bytes: int, length_bytes: int = 0) -> None:
        """Let clean pages go from the page cache, so that they are next read from the disk itself.

        They are those of a range, or without a length all from `offset_bytes` on.
        """

    def size(self, descriptor: int) -> int:
        """Of the file, in bytes."""

    def size_of(self, path: Path) -> int:
        """Of the named file, in bytes."""

    def names(self, directory: Path) -> list[str]:
        """The names in a directory, sorted."""

    def make_directory(self, path: Path) -> None:
        """Make a directory, and its parents, where they are missing; their names are durable when it returns."""

    def fsync_directory(self, path: Path) -> None:
        """Returns when creations, renames and removals of names in `path` are durable."""

    def rename(self, source: Path, target: Path) -> None:
        """Atomically, replacing `target`."""

    def unlink(self, path: Path) -> None:
        """Remove the name."""

    def lock(self, path: Path) -> int:
        """Take the lock file for as long as the returned descriptor is open. Raises: ArchiveLocked."""


class OsDisk:
    """The operating system's files."""

    def create(self, path: Path) -> int:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)

    def open(self, path: Path, *, writable: bool = False) -> int:
        return os.open(path, (os.O_RDWR if writable else os.O_RDONLY) | os.O_CLOEXEC)

    def close(self, descriptor: int) -> None:
        os.close(descriptor)

    def pwrite(self, descriptor: int, data: Buffer, offset_bytes: int) -> int:
        return os.pwrite(descriptor, data, offset_bytes)

    def pread(self, descriptor: int, length_bytes: int, offset_bytes: int) -> bytes:
        return os.pread(descriptor, length_bytes, offset_bytes)

    def pread_into(self, descriptor: int, buffer: bytearray | memoryview, offset_bytes: int) -> int:
        return os.preadv(descriptor, [buffer], offset_bytes)

    def pread_cached_into(self, descriptor: int, buffer: bytearray | memoryview, offset_bytes: int) -> int:
        try:
            return os.preadv(descriptor, [buffer], offset_bytes, os.RWF_NOWAIT)
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EOPNOTSUPP):  # not cached, or a file system that cannot tell
                return 0
            raise

    def map(self, descriptor: int, offset_bytes: int, length_bytes: int) -> memoryview:
        if length_bytes == 0:
            return memoryview(b"")
        before = offset_bytes % mmap.ALLOCATIONGRANULARITY
        mapped = mmap.mmap(descriptor, before + length_bytes, flags=mmap.MAP_SHARED, prot=mmap.PROT_READ, offset=offset_bytes - before)
        return memoryview(mapped)[before : before + length_bytes]

    def fdatasync(self, descriptor: int) -> None:
        os.fdatasync(descriptor)

    def truncate(self, descriptor: int, length_bytes: int) -> None:
        os.ftruncate(descriptor, length_bytes)

    def allocate(self, descriptor: int, offset_bytes: int, length_bytes: int) -> None:
        os.posix_fallocate(descriptor, offset_bytes, length_bytes)

    def forget_cached(self, descriptor: int, offset_bytes: int, length_bytes: int = 0) -> None:
        # Only pages that lie in the range whole are let go: it is widened to their borders.
        first = offset_bytes - offset_bytes % mmap.PAGESIZE
        length = -(-(offset_bytes + length_bytes - first) // mmap.PAGESIZE) * mmap.PAGESIZE if length_bytes else 0
        os.posix_fadvise(descriptor, first, length, os.POSIX_FADV_DONTNEED)

    def size(self, descriptor: int) -> int:
        return os.fstat(descriptor).st_size

    def size_of(self, path: Path) -> int:
        return path.stat().st_size

    def names(self, directory: Path) -> list[str]:
        return sorted(entry.name for entry in directory.iterdir())

    def make_directory(self, path: Path) -> None:
        if path.is_dir():
            return
        self.make_directory(path.parent)
        path.mkdir(mode=DIRECTORY_MODE, exist_ok=True)
        self.fsync_directory(path.parent)

    def fsync_directory(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def rename(self, source: Path, target: Path) -> None:
        source.rename(target)

    def unlink(self, path: Path) -> None:
        path.unlink()

    def lock(self, path: Path) -> int:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            os.close(descriptor)
            raise ArchiveLocked(f"another process writes to {path.parent}; stop it first") from exc
        return descriptor


def write_fully(disk: Disk, descriptor: int, data: Buffer, offset_bytes: int) -> None:
    """Write all of `data`. Raises: OSError."""
    written = disk.pwrite(descriptor, data, offset_bytes)
    if written == len(data):
        return
    rest = memoryview(data)
    while written < len(rest):
        written += disk.pwrite(descriptor, rest[written:], offset_bytes + written)
