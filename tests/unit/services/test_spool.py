"""What of an upload must wait."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from hounsfield.model.errors import ObjectTooLarge, OutOfSpace, Unavailable
from hounsfield.services import spool as module
from hounsfield.services.spool import IN_MEMORY_BYTES, Spool


@pytest.mark.parametrize("pieces", [[10, 20], [IN_MEMORY_BYTES], [IN_MEMORY_BYTES - 1, 5, 7], [3 << 20, 1]])
def test_what_was_written_is_read(tmp_path: Path, pieces: list[int]) -> None:
    whole = os.urandom(sum(pieces))
    folder = tmp_path / "spool"
    with Spool(folder, 1 << 30) as spool:
        position = 0
        for length in pieces:
            spool.write(memoryview(whole)[position : position + length])
            position += length
        assert spool.length_bytes == len(whole)
        assert b"".join(spool.pieces(0, len(whole))) == whole
        assert spool.read(7, 11) == whole[7:18]
        assert folder.exists() == (len(whole) > IN_MEMORY_BYTES), "a little stays in memory"
        assert not folder.exists() or list(folder.iterdir()) == [], "the file has no name: a killed process leaves nothing"
    spool.close()


def test_limits(tmp_path: Path) -> None:
    with Spool(tmp_path, 100) as spool:
        spool.write(memoryview(bytes(60)))
        with pytest.raises(ObjectTooLarge):
            spool.write(memoryview(bytes(60)))
    with Spool(tmp_path, 1 << 40, min_free_bytes=1 << 60) as spool, pytest.raises(OutOfSpace):
        spool.write(memoryview(bytes(IN_MEMORY_BYTES + 1)))


@pytest.mark.parametrize(("number", "error"), [(errno.ENOSPC, OutOfSpace), (errno.EIO, Unavailable)])
def test_a_disk_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, error: type[Exception]) -> None:
    def fail(_descriptor: int, _data: memoryview) -> None:
        raise OSError(number, "no")

    monkeypatch.setattr(module, "_write_all", fail)
    with Spool(tmp_path, 1 << 30) as spool, pytest.raises(error):
        spool.write(memoryview(bytes(IN_MEMORY_BYTES + 1)))
