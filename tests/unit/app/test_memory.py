"""What was freed is the machine's again."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
from hounsfield.app.memory import give_back
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096
blocks, kept = [], []
for _ in range(2000):
    blocks.append(b"x" * 60_000)
    kept.append(b"y" * 5_000)
del blocks
before = resident()
give_back()
print(before - resident(), len(kept))
"""


def test_holes_between_pieces_in_use_are_given_back() -> None:
    """Blocks too small for a mapping of their own, each before a piece that stays; in a process whose heap nothing else has used."""
    ran = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60)
    given_back, kept = map(int, ran.stdout.split())
    assert kept == 2000
    assert given_back > 2000 * 60_000 // 2
