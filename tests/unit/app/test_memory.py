"""What was freed is the machine's again."""

from __future__ import annotations

import psutil

from hounsfield.app.memory import give_back

BLOCKS = 2_000
BLOCK_BYTES = 60_000


def test_holes_between_pieces_in_use_are_given_back() -> None:
    """Blocks too small for a mapping of their own, each before a piece that stays."""
    process = psutil.Process()
    blocks, kept = [], []
    for _ in range(BLOCKS):
        blocks.append(b"x" * BLOCK_BYTES)
        kept.append(b"y" * 600)
    del blocks
    before = process.memory_info().rss
    give_back()
    assert before - process.memory_info().rss > BLOCKS * BLOCK_BYTES // 2
    assert len(kept) == BLOCKS
