"""Views that map more of a file than memory should hold."""

from __future__ import annotations

import mmap
import sys
from pathlib import Path

import pytest
from xxhash import xxh3_64_intdigest

from hounsfield.dicom.buffer import LET_GO_AFTER_BYTES, Pages
from hounsfield.dicom.frames import checksum_of, native_frames

MIB = 1 << 20


def _kilobytes(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


@pytest.fixture
def mapped(tmp_path: Path) -> memoryview:
    """320 MiB of zeros."""
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(320 * MIB)
    with path.open("rb") as file:
        return memoryview(mmap.mmap(file.fileno(), 0, flags=mmap.MAP_SHARED, prot=mmap.PROT_READ))


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of resident memory is read from /proc")
@pytest.mark.parametrize("frame_bytes", [MIB, 160 * MIB], ids=["many frames", "two frames"])
def test_what_was_read_is_let_go(mapped: memoryview, frame_bytes: int) -> None:
    Path("/proc/self/clear_refs").write_text("5")
    before = _kilobytes("VmRSS")
    with mapped.cast("B") as view:
        table = native_frames(view, 0, 8 * frame_bytes, len(view) // frame_bytes)
    assert _kilobytes("VmHWM") - before < 160 * 1024
    assert set(table.checksums) == {xxh3_64_intdigest(bytes(frame_bytes))}


def test_checksums_in_pieces_are_those_of_the_whole(mapped: memoryview) -> None:
    fragments = ((3, 70 * MIB), (100 * MIB, 5))
    assert checksum_of(mapped, fragments, Pages(mapped)) == checksum_of(mapped, fragments)


def test_small_views_and_those_of_memory_are_left_alone(mapped: memoryview) -> None:
    assert Pages(mapped).many
    assert not Pages(mapped[:LET_GO_AFTER_BYTES]).many
    assert not Pages(memoryview(bytes(LET_GO_AFTER_BYTES + 1))).many
