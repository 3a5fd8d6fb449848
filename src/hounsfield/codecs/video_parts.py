"""Size and number of frames of a video, read from the boxes of an MP4 file or the headers of an MPEG-2 stream.

ISO/IEC 14496-12 (boxes: tkhd, hdlr, stsd, stsz), ISO/IEC 13818-2 6.2.2.1 (sequence header). Nothing is decoded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

Read = Callable[[int, int], bytes]

MOST_BOXES: Final = 10_000
SEARCHED_BYTES: Final = 4 << 20
"""Of an MPEG-2 stream, for its first sequence header."""
COUNTED_AT_ONCE_BYTES: Final = 4 << 20

_CONTAINERS: Final = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl"})
_VISUAL_SIZE_OFFSET: Final = 32
"""Of width and height in a visual sample entry, from its first byte."""


class VideoFacts(NamedTuple):
    """frames: None where they cannot be counted."""

    rows: int
    columns: int
    frames: int | None


def read_mp4(read: Read, length_bytes: int) -> VideoFacts | None:
    """Of the first video track; None where there is none, or the file is no MP4."""
    left = [MOST_BOXES]
    for kind, start, end in _boxes(read, 0, length_bytes, left):
        if kind == b"moov":
            for inner, inner_start, inner_end in _boxes(read, start, end, left):
                if inner == b"trak" and (found := _track(read, inner_start, inner_end, left)) is not None:
                    return found
    return None


def _track(read: Read, start: int, end: int, left: list[int]) -> VideoFacts | None:
    handler, size, frames = b"", (0, 0), None
    for kind, inside, behind in _leaves(read, start, end, left):
        if kind == b"hdlr" and behind - inside >= 12:
            handler = read(inside + 8, 4)
        elif kind == b"stsd" and behind - inside >= 8 + _VISUAL_SIZE_OFFSET + 4:
            raw = read(inside + 8 + _VISUAL_SIZE_OFFSET, 4)
            size = (int.from_bytes(raw[:2], "big"), int.from_bytes(raw[2:], "big"))
        elif kind == b"stsz" and behind - inside >= 12:
            frames = int.from_bytes(read(inside + 8, 4), "big")
    if handler != b"vide" or not all(size):
        return None
    return VideoFacts(size[1], size[0], frames or None)


def _leaves(read: Read, start: int, end: int, left: list[int]) -> Iterator[tuple[bytes, int, int]]:
    stack = [(start, end)]
    while stack:
        for kind, inside, behind in _boxes(read, *stack.pop(), left):
            if kind in _CONTAINERS:
                stack.append((inside, behind))
            else:
                yield kind, inside, behind


def _boxes(read: Read, start: int, end: int, left: list[int]) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and end of the content of each box."""
    while start + 8 <= end and left[0] > 0:
        left[0] -= 1
        head = read(start, min(16, end - start))
        size, kind, header = int.from_bytes(head[:4], "big"), head[4:8], 8
        if size == 1 and len(head) == 16:
            size, header = int.from_bytes(head[8:], "big"), 16
        behind = end if size == 0 else start + size
        if behind > end or behind < start + header:
            return
        yield kind, start + header, behind
        start = behind


def read_mpeg2(read: Read, length_bytes: int) -> VideoFacts | None:
    """Of an elementary stream or one in program or transport packets; its pictures are counted where it is no transport stream."""
    head = read(0, min(SEARCHED_BYTES, length_bytes))
    found = head.find(b"\0\0\1\xb3")
    if found < 0 or found + 7 > len(head):
        return None
    size = int.from_bytes(head[found + 4 : found + 7], "big")
    columns, rows = size >> 12, size & 0xFFF
    if not rows or not columns:
        return None
    packed = head[:1] == b"\x47"
    return VideoFacts(rows, columns, None if packed else _count(read, length_bytes, b"\0\0\1\0"))


def _count(read: Read, length_bytes: int, code: bytes) -> int | None:
    count, kept = 0, b""
    for start in range(0, length_bytes, COUNTED_AT_ONCE_BYTES):
        piece = kept + read(start, min(COUNTED_AT_ONCE_BYTES, length_bytes - start))
        count += piece.count(code)
        kept = piece[-len(code) + 1 :]
    return count or None
