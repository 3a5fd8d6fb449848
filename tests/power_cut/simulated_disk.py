"""A disk in memory that records what is done to it, and can be told to fail."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hounsfield.archive.disk import Buffer
from hounsfield.model.errors import ArchiveLocked


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes put into the page cache."""

    inode: int
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Resize:
    """The file is so long from here on; what is added reads as zeros."""

    inode: int
    length: int


@dataclass(frozen=True, slots=True)
class Flush:
    """All of this file is durable."""

    inode: int


@dataclass(frozen=True, slots=True)
class Name:
    """A directory entry: made (source None), moved, or removed (target None)."""

    inode: int
    source: Path | None
    target: Path | None


@dataclass(frozen=True, slots=True)
class FlushNames:
    """All entries of this directory are durable."""

    directory: Path


Operation = Write | Resize | Flush | Name | FlushNames
Fault = Callable[[str, int], OSError | None]


class SimulatedDisk:
    """Keeps the contract of `Disk` (tests/contract/test_disk.py).

    journal: everything that was done, in order. capacity_bytes: of all files together; None is boundless.
    fault: asked before each operation with its name and the inode (0 for names); the error it returns is raised.
    """

    def __init__(self) -> None:
        self.files: dict[int, bytearray] = {}
        self.entries: dict[Path, int] = {}
        self.directories: set[Path] = set()
        self.journal: list[Operation] = []
        self.capacity_bytes: int | None = None
        self.fault: Fault = lambda _operation, _inode: None
        self._descriptors: dict[int, int] = {}
        self._next = 1
        self._locks: dict[int, Path] = {}

    def _number(self) -> int:
        self._next += 1
        return self._next

    def start_numbers_behind(self, number: int) -> None:
        """Inodes and descriptors made from now on are greater."""
        self._next = max(self._next, number)

    def _may(self, operation: str, inode: int = 0) -> None:
        error = self.fault(operation, inode)
        if error is not None:
            raise error

    def _inode(self, descriptor: int) -> int:
        if descriptor not in self._descriptors:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        return self._descriptors[descriptor]

    def _grow(self, inode: int, length: int) -> None:
        file = self.files[inode]
        if length <= len(file):
            return
        if length - len(file) > self._free():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        file.extend(bytes(length - len(file)))

    def _free(self) -> int:
        if self.capacity_bytes is None:
            return 1 << 62
        return max(0, self.capacity_bytes - sum(map(len, self.files.values())))

    def create(self, path: Path) -> int:
        self._may("create")
        if path in self.entries:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
        self._require_directory(path.parent)
        inode = self._number()
        self.files[inode] = bytearray()
        self.entries[path] = inode
        self.journal.append(Name(inode, None, path))
        return self._descriptor(inode)

    def _require_directory(self, path: Path) -> None:
        if path not in self.directories:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))

    def _descriptor(self, inode: int) -> int:
        descriptor = self._number()
        self._descriptors[descriptor] = inode
        return descriptor

    def _existing(self, path: Path) -> int:
        if path not in self.entries:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        return self.entries[path]

    def open(self, path: Path, *, writable: bool = False) -> int:
        inode = self._existing(path)
        self._may("open", inode)
        return self._descriptor(inode)

    def close(self, descriptor: int) -> None:
        self._inode(descriptor)
        del self._descriptors[descriptor]
        self._locks.pop(descriptor, None)

    def pwrite(self, descriptor: int, data: Buffer, offset_bytes: int) -> int:
        inode = self._inode(descriptor)
        self._may("pwrite", inode)
        copy = bytes(data)
        self._grow(inode, offset_bytes + len(copy))
        self.files[inode][offset_bytes : offset_bytes + len(copy)] = copy
        self.journal.append(Write(inode, offset_bytes, copy))
        return len(copy)

    def pread(self, descriptor: int, length_bytes: int, offset_bytes: int) -> bytes:
        inode = self._inode(descriptor)
        self._may("pread", inode)
        if offset_bytes < 0:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        return bytes(self.files[inode][offset_bytes : offset_bytes + length_bytes])

    def pread_into(self, descriptor: int, buffer: bytearray | memoryview, offset_bytes: int) -> int:
        data = self.pread(descriptor, len(buffer), offset_bytes)
        memoryview(buffer)[: len(data)] = data
        return len(data)

    def pread_cached_into(self, descriptor: int, buffer: bytearray | memoryview, offset_bytes: int) -> int:
        return self.pread_into(descriptor, buffer, offset_bytes)

    def map(self, descriptor: int, offset_bytes: int, length_bytes: int) -> memoryview:
        return memoryview(self.pread(descriptor, length_bytes, offset_bytes))

    def fdatasync(self, descriptor: int) -> None:
        inode = self._inode(descriptor)
        self._may("fdatasync", inode)
        self.journal.append(Flush(inode))

    def truncate(self, descriptor: int, length_bytes: int) -> None:
        inode = self._inode(descriptor)
        self._may("truncate", inode)
        del self.files[inode][length_bytes:]
        self._grow(inode, length_bytes)
        self.journal.append(Resize(inode, length_bytes))

    def allocate(self, descriptor: int, offset_bytes: int, length_bytes: int) -> None:
        inode = self._inode(descriptor)
        self._may("allocate", inode)
        try:
            self._grow(inode, offset_bytes + length_bytes)
        except OSError:
            # As real ones do: what there was has been taken.
            self._grow(inode, len(self.files[inode]) + self._free())
            raise
        self.journal.append(Resize(inode, len(self.files[inode])))

    def forget_cached(self, descriptor: int, offset_bytes: int, length_bytes: int = 0) -> None:
        self._inode(descriptor)

    def size(self, descriptor: int) -> int:
        return len(self.files[self._inode(descriptor)])

    def size_of(self, path: Path) -> int:
        return len(self.files[self._existing(path)])

    def names(self, directory: Path) -> list[str]:
        self._require_directory(directory)
        return sorted(path.name for path in self.entries if path.parent == directory)

    def make_directory(self, path: Path) -> None:
        self.directories.update((path, *path.parents))

    def fsync_directory(self, path: Path) -> None:
        self._may("fsync_directory")
        self._require_directory(path)
        self.journal.append(FlushNames(path))

    def rename(self, source: Path, target: Path) -> None:
        self._may("rename")
        inode = self._existing(source)
        self._require_directory(target.parent)
        del self.entries[source]
        self.entries[target] = inode
        self.journal.append(Name(inode, source, target))

    def unlink(self, path: Path) -> None:
        self._may("unlink")
        inode = self._existing(path)
        del self.entries[path]
        self.journal.append(Name(inode, path, None))

    def lock(self, path: Path) -> int:
        if path in self._locks.values():
            raise ArchiveLocked(f"another process writes to {path.parent}; stop it first")
        self._require_directory(path.parent)
        inode = self._number()
        self.files[inode] = bytearray()
        descriptor = self._descriptor(inode)
        self._locks[descriptor] = path
        return descriptor


class WithoutFlush(SimulatedDisk):
    """A broken house: nothing ever reaches the disk by order."""

    def fdatasync(self, descriptor: int) -> None:
        self._inode(descriptor)


class WithoutDirectoryFlush(SimulatedDisk):
    """A broken house: names are never made durable."""

    def fsync_directory(self, path: Path) -> None:
        self._require_directory(path)
