"""Overlay planes, read from a header (PS3.3 C.9.2, retired C.9.3 for planes within the samples)."""

from __future__ import annotations

from dataclasses import dataclass

from hounsfield.codecs.covering import WHITE, Overlay
from hounsfield.codecs.elements import Element

_ROWS, _COLUMNS, _FRAMES, _ORIGIN, _FIRST_FRAME, _ALLOCATED, _POSITION, _DATA = 0x10, 0x11, 0x15, 0x50, 0x51, 0x100, 0x102, 0x3000
GROUPS = range(0x6000, 0x6020, 2)
WANTED = frozenset(
    group << 16 | element for group in GROUPS for element in (_ROWS, _COLUMNS, _FRAMES, _ORIGIN, _FIRST_FRAME, _ALLOCATED, _POSITION, _DATA)
)
_MOST_PIXELS = 1 << 26


@dataclass(frozen=True, slots=True)
class StoredOverlay:
    """All planes of one group.

    first_frame: index (from 0) of the image's frame that the first plane lies over.
    planes: how many; 0 where the one plane lies over every frame.
    data: of all planes; None where they stand in the samples.
    """

    group: int
    rows: int
    columns: int
    row: int
    column: int
    first_frame: int
    planes: int
    bit_position: int
    data: memoryview | None
    swapped_bytes: bool

    def over(self, index: int, shade: int = WHITE) -> Overlay | None:
        """The plane over frame `index` (from 0); None where there is none, or not all of it."""
        plane = index - self.first_frame if self.planes else 0
        if self.planes and not 0 <= plane < self.planes:
            return None
        place = (self.group, self.rows, self.columns, self.row, self.column)
        if self.data is None:
            return Overlay(*place, bit_position=self.bit_position, shade=shade)
        bits = self.rows * self.columns
        first, end = plane * bits // 8, (plane * bits + bits + 7) // 8
        if end > len(self.data):
            return None
        if self.swapped_bytes:
            words = bytearray(self.data[first & ~1 : (end + 1) & ~1])
            whole = len(words) & ~1
            words[0:whole:2], words[1:whole:2] = words[1:whole:2], words[0:whole:2]
            packed = bytes(words[first & 1 : whole])
        else:
            packed = bytes(self.data[first:end])
        return Overlay(*place, packed, plane * bits % 8, shade=shade)


def read_overlays(found: dict[int, Element], rows: int, columns: int, bits_allocated: int) -> tuple[StoredOverlay, ...]:
    """rows, columns, bits_allocated: of the image, which an overlay that does not say them shares."""
    read = (_read(found, group, rows, columns, bits_allocated) for group in GROUPS)
    return tuple(overlay for overlay in read if overlay is not None)


def _read(found: dict[int, Element], group: int, rows: int, columns: int, bits_allocated: int) -> StoredOverlay | None:
    def unsigned(element: int, default: int) -> int:
        value = found[group << 16 | element].unsigned() if group << 16 | element in found else None
        return default if value is None else value

    data = found.get(group << 16 | _DATA)
    within_samples = data is None and group << 16 | _POSITION in found and unsigned(_ALLOCATED, 1) > 1
    if data is None and not within_samples:
        return None
    height, width = unsigned(_ROWS, rows), unsigned(_COLUMNS, columns)
    position = unsigned(_POSITION, 0)
    if within_samples and (position >= bits_allocated or (height, width) != (rows, columns)):
        return None
    if not height or not width or height * width > _MOST_PIXELS:
        return None
    origin = found.get(group << 16 | _ORIGIN)
    at = origin.binary("h", 2) if origin is not None else ()
    frames = found[group << 16 | _FRAMES].number() if group << 16 | _FRAMES in found else None
    first = unsigned(_FIRST_FRAME, 1)
    several = not within_samples and (frames is not None or group << 16 | _FIRST_FRAME in found)
    return StoredOverlay(
        group,
        height,
        width,
        int(at[0]) - 1 if len(at) == 2 else 0,
        int(at[1]) - 1 if len(at) == 2 else 0,
        max(first, 1) - 1,
        max(1, int(min(frames or 1, 1 << 20))) if several else 0,
        position,
        None if data is None else data.value,
        data is not None and not data.encoding.little_endian and data.vr == "OW",
    )
