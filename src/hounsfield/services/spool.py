"""What of an upload must wait for the rest of it: a little in memory, more in a file without a name, gone with whoever holds it."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from hounsfield.model.errors import ObjectTooLarge, OutOfSpace, Unavailable

IN_MEMORY_BYTES: Final = 256 << 10
READ_BYTES: Final = 1 << 20
LOOK_AFTER_BYTES: Final = 64 << 20
"""How much is written between two looks at the disk."""


class Spool:
    """Appended to, then read; one thread at a time.

    folder: made where it is missing; None: the system's for temporary files.
    min_free_bytes: of its file system, below which nothing more is taken.
    """

    def __init__(self, folder: Path | None, max_bytes: int, min_free_bytes: int = 0) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._min_free_bytes = min_free_bytes
        self._memory = bytearray()
        self._descriptor = -1
        self._unwatched_bytes = 0
        self.length_bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def write(self, data: memoryview) -> None:
        """Raises: ObjectTooLarge, OutOfSpace, Unavailable."""
        if self.length_bytes + len(data) > self._max_bytes:
            raise ObjectTooLarge(f"more than {self._max_bytes} bytes of bulk data in one request")
        try:
            if self._descriptor < 0 and self.length_bytes + len(data) <= IN_MEMORY_BYTES:
                self._memory += data
            else:
                self._write_to_disk(data)
        except OSError as exc:
            if exc.errno in (errno.ENOSPC, errno.EDQUOT):
                raise OutOfSpace("the disk on which bulk data waits is full") from exc
            raise Unavailable("bulk data cannot be put aside while the rest of the upload is awaited") from exc
        self.length_bytes += len(data)

    def _write_to_disk(self, data: memoryview) -> None:
        if self._descriptor < 0:
            if self._folder is not None:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._folder) as file:
                self._descriptor = os.dup(file.fileno())
            _write_all(self._descriptor, memoryview(self._memory))
            self._unwatched_bytes = LOOK_AFTER_BYTES
        self._unwatched_bytes += len(data)
        if self._min_free_bytes and self._unwatched_bytes >= LOOK_AFTER_BYTES:
            self._unwatched_bytes = 0
            status = os.fstatvfs(self._descriptor)
            if status.f_bavail * status.f_frsize < self._min_free_bytes:
                raise OutOfSpace(f"less than {self._min_free_bytes >> 20} MiB are free on the disk on which bulk data waits")
        _write_all(self._descriptor, data)

    def read(self, offset_bytes: int, length_bytes: int) -> bytes:
        """Raises: Unavailable."""
        if self._descriptor < 0:
            return bytes(self._memory[offset_bytes : offset_bytes + length_bytes])
        pieces, left = [], length_bytes
        while left:
            try:
                piece = os.pread(self._descriptor, left, offset_bytes + length_bytes - left)
            except OSError as exc:
                raise Unavailable("bulk data that was put aside cannot be read") from exc
            if not piece:
                break
            pieces.append(piece)
            left -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def pieces(self, offset_bytes: int, length_bytes: int) -> Iterator[bytes]:
        """The same, a megabyte at a time. Raises: Unavailable."""
        for start in range(0, length_bytes, READ_BYTES):
            yield self.read(offset_bytes + start, min(READ_BYTES, length_bytes - start))

    def close(self) -> None:
        """Idempotent; nothing of it is left then."""
        self._memory = bytearray()
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


def _write_all(descriptor: int, data: memoryview) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
