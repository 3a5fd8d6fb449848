"""Runs of bits are put together as one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hounsfield.dicom.packed_bits import BitRun, joined_bits

RUN = st.tuples(st.lists(st.booleans(), max_size=40), st.integers(0, 7), st.integers(0, 3))


def packed(bits: list[bool]) -> bytes:
    number = sum(bit << position for position, bit in enumerate(bits))
    return number.to_bytes((len(bits) + 7) // 8, "little")


@given(st.lists(RUN, max_size=12))
def test_bits_stay_in_order(runs: list[tuple[list[bool], int, int]]) -> None:
    """Whatever stands before and behind a run in its bytes."""
    given_runs = [BitRun(packed([True] * offset + bits + [True] * behind), offset, len(bits)) for bits, offset, behind in runs]
    assert b"".join(joined_bits(given_runs)) == packed([bit for bits, _, _ in runs for bit in bits])
