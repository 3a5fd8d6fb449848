"""Reading out of packs, from any process and any thread."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

import xxhash

from hounsfield.archive.disk import Disk, OsDisk
from hounsfield.archive.faults import unavailable
from hounsfield.archive.layout import Layout, pack_file
from hounsfield.model.errors import DamagedObject, PackUnavailable
from hounsfield.model.location import Digests, Location, StoredObject
from hounsfield.model.rendition import Rendition

CHUNK_BYTES = 1 << 20


class _Handle:
    """An open pack file and how many are reading from it."""

    __slots__ = ("descriptor", "evicted", "users")

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.users = 1
        self.evicted = False


class PackReader:
    """Reads objects by their location. Thread-safe; keeps up to `descriptors_max` files open.

    A pack may move from `open/` to `sealed/` at any time: an open descriptor does not notice, and a new one is looked for in both.
    """

    def __init__(self, root: Path, *, disk: Disk | None = None, descriptors_max: int = 256) -> None:
        self._layout = Layout(root)
        self._disk: Disk = disk if disk is not None else OsDisk()
        self._descriptors_max = descriptors_max
        self._lock = threading.Lock()
        self._handles: OrderedDict[str, _Handle] = OrderedDict()

    def read(self, pack_id: str, offset_bytes: int, length_bytes: int) -> bytes:
        """A range of a pack, as it lies there: the caller holds it against a checksum. Raises: DamagedObject, PackUnavailable."""
        handle = self._acquire(pack_id)
        try:
            data = self._disk.pread(handle.descriptor, length_bytes, offset_bytes)
            while len(data) < length_bytes:
                more = self._disk.pread(handle.descriptor, length_bytes - len(data), offset_bytes + len(data))
                if not more:
                    raise _too_short(pack_id)
                data += more
            return data
        except OSError as error:
            raise unavailable(error, f"reading pack {pack_id}") from error
        finally:
            self._release(handle)

    def read_into(self, pack_id: str, offset_bytes: int, buffer: bytearray | memoryview) -> None:
        """Fill `buffer` from a pack; unverified as `read`. Raises: DamagedObject, PackUnavailable."""
        handle = self._acquire(pack_id)
        try:
            count = self._disk.pread_into(handle.descriptor, buffer, offset_bytes)
            if count == len(buffer):
                return
            rest = memoryview(buffer)
            while count < len(rest):
                more = self._disk.pread_into(handle.descriptor, rest[count:], offset_bytes + count)
                if not more:
                    raise _too_short(pack_id)
                count += more
        except OSError as error:
            raise unavailable(error, f"reading pack {pack_id}") from error
        finally:
            self._release(handle)

    def read_cached_into(self, pack_id: str, offset_bytes: int, buffer: bytearray | memoryview) -> bool:
        """Fill `buffer` if that takes no waiting for the disk, and tell whether it did; unverified as `read`. Raises: PackUnavailable."""
        handle = self._acquire(pack_id)
        try:
            return self._disk.pread_cached_into(handle.descriptor, buffer, offset_bytes) == len(buffer)
        except OSError as error:
            raise unavailable(error, f"reading pack {pack_id}") from error
        finally:
            self._release(handle)

    def read_object(self, location: Location, digests: Digests) -> bytes:
        """The whole Part 10 file, verified. Raises: DamagedObject, PackUnavailable."""
        data = self.read(location.pack_id, location.offset_bytes, location.length_bytes)
        if xxhash.xxh3_64_intdigest(data) != digests.checksum:
            raise _damaged(location)
        return data

    def stream(self, location: Location, digests: Digests, chunk_bytes: int = CHUNK_BYTES) -> Iterator[bytes]:
        """The whole Part 10 file in pieces. The last piece is withheld until the checksum of all has been held against them, so that
        a damaged object never arrives whole. Raises: DamagedObject, PackUnavailable.
        """
        checksum = xxhash.xxh3_64()
        withheld = b""
        for chunk in self._chunks(location.pack_id, location.offset_bytes, location.length_bytes, chunk_bytes):
            if withheld:
                yield withheld
            checksum.update(chunk)
            withheld = chunk
        if checksum.intdigest() != digests.checksum:
            raise _damaged(location)
        yield withheld

    def _chunks(self, pack_id: str, offset_bytes: int, length_bytes: int, chunk_bytes: int) -> Iterator[bytes]:
        end = offset_bytes + length_bytes
        while offset_bytes < end:
            chunk = self.read(pack_id, offset_bytes, min(chunk_bytes, end - offset_bytes))
            yield chunk
            offset_bytes += len(chunk)

    @contextlib.contextmanager
    def mapped(self, pack_id: str, offset_bytes: int, length_bytes: int) -> Iterator[memoryview]:
        """A range of a pack as a view of the page cache. Raises: DamagedObject, PackUnavailable."""
        handle = self._acquire(pack_id)
        try:
            try:
                if self._disk.size(handle.descriptor) < offset_bytes + length_bytes:
                    raise _too_short(pack_id)
                view = self._disk.map(handle.descriptor, offset_bytes, length_bytes)
            except OSError as error:
                raise unavailable(error, f"reading pack {pack_id}") from error
            yield view
        finally:
            self._release(handle)

    def verify(self, stored: StoredObject | Rendition, *, from_disk: bool = False) -> None:
        """Read the file again and hold it against all its digests. Raises: DamagedObject, PackUnavailable.

        from_disk: let go what the page cache has of it first, so that the disk itself is read as far as the system allows.
        """
        location = stored.location
        if from_disk:
            self._forget_cached(location)
        checksum = xxhash.xxh3_64()
        prefix = self.read(location.pack_id, location.offset_bytes, location.prefix_length_bytes)
        checksum.update(prefix)
        data_set = hashlib.sha256()
        for chunk in self._chunks(location.pack_id, location.data_set_offset_bytes, location.data_set_length_bytes, CHUNK_BYTES):
            data_set.update(chunk)
            checksum.update(chunk)
        found = Digests(hashlib.sha256(prefix).digest(), data_set.digest(), checksum.intdigest())
        if not digests_match(found, stored.digests):
            raise _damaged(location)

    def _forget_cached(self, location: Location) -> None:
        handle = self._acquire(location.pack_id)
        try:
            self._disk.forget_cached(handle.descriptor, location.offset_bytes, location.length_bytes)
        except OSError as error:
            raise unavailable(error, f"reading pack {location.pack_id}") from error
        finally:
            self._release(handle)

    def close(self) -> None:
        """Close every file that nobody is reading."""
        with self._lock:
            handles, self._handles = list(self._handles.values()), OrderedDict()
            for handle in handles:
                self._evict(handle)

    def _acquire(self, pack_id: str) -> _Handle:
        with self._lock:
            handle = self._handles.get(pack_id)
            if handle is not None:
                self._handles.move_to_end(pack_id)
                handle.users += 1
                return handle
        opened = _Handle(self._open(pack_id))
        with self._lock:
            handle = self._handles.get(pack_id)
            if handle is not None:
                handle.users += 1
                self._disk.close(opened.descriptor)
                return handle
            self._handles[pack_id] = opened
            if len(self._handles) > self._descriptors_max:
                self._evict(self._handles.popitem(last=False)[1])
            return opened

    def _open(self, pack_id: str) -> int:
        for _attempt in range(2):
            for directory in (*self._layout.directories, self._layout.renditions):
                try:
                    return self._disk.open(pack_file(directory, pack_id))
                except FileNotFoundError:
                    continue
                except OSError as error:
                    raise unavailable(error, f"opening pack {pack_id}") from error
        raise PackUnavailable(f"pack {pack_id} is not in {self._layout.root}")

    def _evict(self, handle: _Handle) -> None:
        handle.evicted = True
        if handle.users == 0:
            self._disk.close(handle.descriptor)

    def _release(self, handle: _Handle) -> None:
        with self._lock:
            handle.users -= 1
            if handle.evicted and handle.users == 0:
                self._disk.close(handle.descriptor)


def digests_match(found: Digests, expected: Digests) -> bool:
    """Whether bytes that were read again are the bytes that were stored."""
    return found == expected


def _damaged(location: Location) -> DamagedObject:
    return DamagedObject(f"the object at {location.offset_bytes} of pack {location.pack_id} no longer matches its digests")


def _too_short(pack_id: str) -> DamagedObject:
    return DamagedObject(f"pack {pack_id} ends before the object does")
