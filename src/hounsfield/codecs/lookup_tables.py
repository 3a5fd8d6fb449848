"""Lookup tables as headers carry them: modality, VOI and palette, plain and segmented (PS3.3 C.7.9.2, C.11.1.1)."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from hounsfield.codecs.elements import Element, read_elements
from hounsfield.codecs.presentation import LookUpTable, Palette
from hounsfield.dicom.encoding import Encoding

PALETTE = frozenset((*range(0x00281101, 0x00281104), *range(0x00281201, 0x00281204), *range(0x00281221, 0x00281224)))
"""The elements of a palette (PS3.3 C.7.9)."""

_DESCRIPTOR, _DATA = 0x00283002, 0x00283006
_MAX_ENTRIES = 65536
_MAX_SEGMENTS = 65536
_DISCRETE, _LINEAR, _INDIRECT = 0, 1, 2


def read_look_up_table(item: memoryview, encoding: Encoding, *, signed: bool) -> LookUpTable | None:
    """From an item of Modality LUT Sequence or VOI LUT Sequence; None where it is not usable."""
    found = read_elements(item, encoding, frozenset((_DESCRIPTOR, _DATA)))
    if _DESCRIPTOR not in found or _DATA not in found:
        return None
    return _table(found[_DESCRIPTOR], found[_DATA], signed=signed)


def read_palette(found: dict[int, Element], *, signed: bool) -> Palette | None:
    """From the descriptors (0028,1101-1103) and the data (0028,1201-1203) or segmented data (0028,1221-1223)."""
    tables = []
    for colour in range(3):
        descriptor, data = found.get(0x00281101 + colour), found.get(0x00281201 + colour)
        segmented = found.get(0x00281221 + colour)
        if descriptor is None:
            return None
        if data is not None and len(data.value):
            table = _table(descriptor, data, signed=signed)
        elif segmented is not None:
            table = _segmented_table(descriptor, segmented, signed=signed)
        else:
            table = None
        if table is None:
            return None
        tables.append(table)
    return Palette(*tables)


def _table(descriptor: Element, data: Element, *, signed: bool) -> LookUpTable | None:
    shape = _read_descriptor(descriptor, signed=signed)
    if shape is None:
        return None
    count, first, bits = shape
    raw = bytes(data.value)
    if len(raw) < 2 * count and len(raw) >= count:
        words = tuple(raw[:count])
    else:
        # Where there are too few entries, those that are there count, the last goes on (the inputs beyond take it anyway).
        number = min(count, len(raw) // 2)
        words = struct.unpack_from(f"{'<' if data.encoding.little_endian else '>'}{number}H", raw)
    if not words:
        return None
    return LookUpTable(first, _entries(words), _true_bits(bits, max(words)))


def _entries(words: Sequence[int]) -> bytes:
    return struct.pack(f"<{len(words)}H", *words)


def _read_descriptor(descriptor: Element, *, signed: bool) -> tuple[int, int, int] | None:
    """Number of entries (0 stands for 65536), first input value, bits of an entry."""
    unsigned_values = descriptor.binary("H")
    if len(unsigned_values) < 3:
        return None
    first = descriptor.binary("h")[1] if signed or descriptor.vr == "SS" else unsigned_values[1]
    return int(unsigned_values[0]) or _MAX_ENTRIES, int(first), int(unsigned_values[2])


def _true_bits(stated: int, largest: int) -> int:
    """Some headers say 16 where entries are of 8 or 12 bits, or the other way round; an entry too large for its bits disproves them."""
    bits = stated if 8 <= stated <= 16 else 16
    return max(bits, largest.bit_length())


def _segmented_table(descriptor: Element, data: Element, *, signed: bool) -> LookUpTable | None:
    shape = _read_descriptor(descriptor, signed=signed)
    if shape is None:
        return None
    count, first, bits = shape
    wide = bits > 8
    words = [int(value) for value in data.binary("H" if wide else "B", maximum=1 << 20)]
    entries: list[int] = []
    _expand(words, 0, _MAX_SEGMENTS, wide, entries, count)
    if not entries:
        return None
    return LookUpTable(first, _entries(entries[:count]), 16 if wide else 8)


def _expand(words: list[int], position: int, segments: int, wide: bool, entries: list[int], count: int) -> None:
    """Appends what the segments give (PS3.3 C.7.9.2.1 to .3); an indirect segment may not lead to another one."""
    while segments and position + 1 < len(words) and len(entries) < count:
        opcode, length = words[position], words[position + 1]
        position += 2
        segments -= 1
        if opcode == _DISCRETE:
            entries.extend(words[position : position + length])
            position += length
        elif opcode == _LINEAR and position < len(words) and entries and length:
            start, end = entries[-1], words[position]
            entries.extend(start + round((end - start) * step / length) for step in range(1, length + 1))
            position += 1
        elif opcode == _INDIRECT and segments > length:
            low, high = words[position : position + 2] if wide else (0, 0)
            if not wide and position + 4 <= len(words):
                low, high = words[position] | words[position + 1] << 8, words[position + 2] | words[position + 3] << 8
            position += 2 if wide else 4
            offset = (low | high << 16) // (2 if wide else 1)
            _expand_copied(words, offset, length, entries, count)
        else:
            return


def _expand_copied(words: list[int], position: int, segments: int, entries: list[int], count: int) -> None:
    direct = [_DISCRETE, _LINEAR]
    for _ in range(segments):
        if position + 1 >= len(words) or words[position] not in direct or len(entries) >= count:
            return
        before = position
        _expand(words, position, 1, True, entries, count)
        position = before + (2 + words[before + 1] if words[before] == _DISCRETE else 3)
