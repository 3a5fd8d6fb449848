"""What this layer reads from: anything that gives its bytes without a copy."""

from __future__ import annotations

import mmap

Buffer = bytes | bytearray | memoryview | mmap.mmap

LET_GO_AFTER_BYTES = 64 << 20


class Pages:
    """The pages of a view that may map gigabytes of a file: what has been read is let go, so that memory stays flat.

    Pages of a shared map that is only read are given up without loss: they stay in the page cache, from where they come back. A view
    of anything else, or a small one, is left alone.
    """

    __slots__ = ("_mapped", "_read_bytes")

    def __init__(self, view: memoryview) -> None:
        self._mapped: mmap.mmap | None = None
        self._read_bytes = 0
        owner: object = view.obj
        if len(view) > LET_GO_AFTER_BYTES and view.readonly and isinstance(owner, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
            self._mapped = owner

    @property
    def many(self) -> bool:
        """Whether it is worth while to tell what has been read."""
        return self._mapped is not None

    def read(self, length_bytes: int) -> None:
        """So many bytes have been read, and are not needed again soon."""
        self._read_bytes += length_bytes
        if self._mapped is not None and self._read_bytes >= LET_GO_AFTER_BYTES:
            self._read_bytes = 0
            self._mapped.madvise(mmap.MADV_DONTNEED)
