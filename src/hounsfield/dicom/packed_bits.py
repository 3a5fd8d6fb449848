"""Runs of single bits that begin and end inside a byte (PS3.5 8.1.1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

Buffer = bytes | bytearray | memoryview


class BitRun(NamedTuple):
    """bit_offset: of the first bit in the first byte of `data`, from the least significant one."""

    data: Buffer
    bit_offset: int
    bit_length: int


def joined_bits(runs: Iterable[BitRun]) -> Iterator[Buffer]:
    """The runs one directly behind the other, a piece for each as far as whole bytes go; the last byte filled up with zeros."""
    rest, resting = 0, 0
    for data, bit_offset, bit_length in runs:
        if not (resting or bit_offset or bit_length % 8):
            yield data if 8 * len(data) == bit_length else data[: bit_length // 8]
            continue
        bits = int.from_bytes(data, "little") >> bit_offset & ((1 << bit_length) - 1)
        bits = bits << resting | rest
        whole, resting = divmod(resting + bit_length, 8)
        yield (bits & ((1 << 8 * whole) - 1)).to_bytes(whole, "little")
        rest = bits >> 8 * whole
    if resting:
        yield bytes([rest])
