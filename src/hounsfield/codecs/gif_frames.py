"""Single GIF pictures put together into a moving one, frame by frame (GIF89a), so that no more than one is ever in memory."""

from __future__ import annotations

import itertools
import struct
from dataclasses import dataclass

from hounsfield.model.errors import UndecodablePixels

_NO_LIMIT = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"
"""Repeat for ever."""

TRAILER = b"\x3b"
_SHORTEST_DELAY = 2
"""Hundredths of a second; browsers take less for a tenth."""


@dataclass(frozen=True, slots=True)
class GifFrame:
    """The image block of a GIF with one picture. colours: its table, 3 bytes an entry. data: code size and data blocks."""

    width: int
    height: int
    colours: bytes
    data: bytes


def read_gif(picture: bytes) -> GifFrame:
    """Raises: UndecodablePixels where this is no GIF with a picture."""
    try:
        if picture[:3] != b"GIF":
            raise ValueError("no signature")
        width, height, flags = struct.unpack_from("<HHB", picture, 6)
        position = 13
        colours, position = colour_table(picture, position, flags)
        while picture[position] == 0x21:
            position = behind_blocks(picture, position + 2)
        if picture[position] != 0x2C:
            raise ValueError("no image")
        _left, _top, columns, rows, local = struct.unpack_from("<4HB", picture, position + 1)
        own, position = colour_table(picture, position + 10, local)
        end = behind_blocks(picture, position + 1)
    except (ValueError, IndexError, struct.error) as exc:
        raise UndecodablePixels("an encoder answered something other than a picture") from exc
    if (columns, rows) != (width, height) or not (own or colours) or local & 0x40:
        raise UndecodablePixels("an encoder answered something other than a whole picture")
    return GifFrame(width, height, own or colours, picture[position:end])


def opening(first: GifFrame) -> bytes:
    """What stands before the first frame."""
    return b"GIF89a" + struct.pack("<HHBBB", first.width, first.height, 0x70, 0, 0) + _NO_LIMIT


def frame_block(frame: GifFrame, delay: int) -> bytes:
    """One frame, shown for so many hundredths of a second."""
    bits = (len(frame.colours) // 3 - 1).bit_length() - 1
    control = struct.pack("<BBBBHBB", 0x21, 0xF9, 4, 0x04, min(max(delay, _SHORTEST_DELAY), 65535), 0, 0)
    descriptor = struct.pack("<B4HB", 0x2C, 0, 0, frame.width, frame.height, 0x80 | bits)
    return control + descriptor + frame.colours + frame.data


def delays(times_s: list[float]) -> list[int]:
    """Hundredths of a second from each time to the next; what rounding takes from one is given to the next. The last as the one before."""
    ends = [round(time * 100) for time in times_s]
    found = [max(_SHORTEST_DELAY, later - earlier) for earlier, later in itertools.pairwise(ends)]
    return [*found, found[-1] if found else 100]


def colour_table(picture: bytes, position: int, flags: int) -> tuple[bytes, int]:
    """The table that stands there, if the flags say so, and what stands behind it. Raises: ValueError."""
    if not flags & 0x80:
        return b"", position
    end = position + 3 * (2 << (flags & 7))
    if end > len(picture):
        raise ValueError("a table of colours is cut short")
    return picture[position:end], end


def behind_blocks(picture: bytes, position: int) -> int:
    """What stands behind data blocks and their terminator. Raises: IndexError."""
    while picture[position]:
        position += 1 + picture[position]
    return position + 1
