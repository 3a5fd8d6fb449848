"""A trickle of bytes."""

from __future__ import annotations

import pytest

from hounsfield.servers.dicomweb.pace import Pace


@pytest.mark.parametrize(
    ("pieces", "slow"),
    [
        ([(59.0, 1)], [False]),
        ([(61.0, 1)], [True]),
        ([(30.0, 1), (30.0, 1)], [False, True]),
        ([(30.0, 1 << 16), (30.0, 1)], [False, False]),
        ([(30.0, 1 << 16), (30.0, 1), (60.0, 1)], [False, False, True]),
        ([(0.0, 1)] * 1000, [False] * 1000),
    ],
)
def test_too_slow(pieces: list[tuple[float, int]], slow: list[bool]) -> None:
    """What came fast before does not count for what trickles now; our own time does not count at all."""
    pace = Pace(least_bytes_per_s=1024, window_s=60)
    assert [pace.too_slow(*piece) for piece in pieces] == slow
