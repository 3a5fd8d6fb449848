"""What the page cache does not hold is not waited for in the event loop."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from dicomweb_kit.objects import as_file, ct, pixels
from dicomweb_kit.pacs import open_pacs, parts_of
from hounsfield.archive.disk import OsDisk
from hounsfield.archive.reader import PackReader

TRIES = 50
"""To let go is advice: pages that the kernel is still filing away stay."""


def test_cold_frames_are_read_in_a_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waited_in: list[str] = []
    read_into = OsDisk.pread_into

    def spy(self: OsDisk, *arguments: Any) -> int:
        waited_in.append(threading.current_thread().name)
        return read_into(self, *arguments)

    cold_reads = warm_reads = 0
    monkeypatch.setattr(OsDisk, "pread_into", spy)
    with open_pacs(tmp_path) as pacs:
        assert pacs.store(as_file(ct(1))).status_code == 200
        instance = "/studies/1.2.3/series/1.2.3.1/instances/1.2.3.1.1"

        def waits(path: str, expected: bytes) -> bool:
            waited_in.clear()
            ((_, body),) = parts_of(pacs.get(path))
            assert body == expected
            assert threading.main_thread().name not in waited_in
            return bool(waited_in)

        for path, expected in ((f"{instance}/frames/1", pixels(1).tobytes()), (instance, as_file(ct(1)))):
            for _ in range(TRIES):
                forget(pacs.archive_root)
                if waits(path, expected):
                    cold_reads += 1
                    break
            warm_reads += waits(path, expected)
    assert (cold_reads, warm_reads) in ((2, 0), (2, 2)), "a file system that cannot tell always reads in a thread"


def forget(folder: Path) -> None:
    """Let clean pages of all files go from the page cache."""
    for path in folder.rglob("*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            os.fsync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


def test_what_is_cached_is_had_at_once(tmp_path: Path) -> None:
    with open_pacs(tmp_path) as pacs:
        assert pacs.store(as_file(ct(1))).status_code == 200
        (pack,) = pacs.reader.all_instances()
        location = pack.stored.location
        reader = PackReader(pacs.archive_root)
        buffer = bytearray(location.length_bytes)
        reader.read_into(location.pack_id, location.offset_bytes, buffer)
        again = bytearray(location.length_bytes)
        if reader.read_cached_into(location.pack_id, location.offset_bytes, again):
            assert again == buffer == as_file(ct(1))
        beyond = bytearray(1 << 20)
        assert not reader.read_cached_into(location.pack_id, 1 << 40, beyond)
        reader.close()
