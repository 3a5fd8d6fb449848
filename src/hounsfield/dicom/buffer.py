"""What this layer reads from: anything that gives its bytes without a copy."""

from __future__ import annotations

from mmap import mmap

Buffer = bytes | bytearray | memoryview | mmap
