"""What the page cache does not hold is not waited for in the event loop."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from dicomweb_kit.objects import as_file, ct, pixels
from dicomweb_kit.pacs import open_pacs, parts_of
from hounsfield.archive.disk import OsDisk
from hounsfield.archive.reader import PackReader


def test_cold_frames_are_read_in_a_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the page cache still holds a page is the kernel's secret, so its refusal to wait (preadv2(2)) is made here."""
    waited_in: list[str] = []
    read_into, read = OsDisk.pread_into, os.preadv
    cold = False

    def spy(self: OsDisk, *arguments: Any) -> int:
        waited_in.append(threading.current_thread().name)
        return read_into(self, *arguments)

    def preadv(descriptor: int, buffers: Any, offset: int, flags: int = 0) -> int:
        if cold and flags & os.RWF_NOWAIT:
            raise BlockingIOError(errno.EAGAIN, "would wait for the disk")
        return read(descriptor, buffers, offset, flags)

    cold_reads = warm_reads = 0
    monkeypatch.setattr(OsDisk, "pread_into", spy)
    monkeypatch.setattr(os, "preadv", preadv)
    with open_pacs(tmp_path) as pacs:
        assert pacs.store(as_file(ct(1))).status_code == 200
        instance = "/studies/1.2.3/series/1.2.3.1/instances/1.2.3.1.1"
        for path, expected in ((f"{instance}/frames/1", pixels(1).tobytes()), (instance, as_file(ct(1)))):
            for cold in (True, False):
                waited_in.clear()
                ((_, body),) = parts_of(pacs.get(path))
                assert body == expected
                assert threading.main_thread().name not in waited_in
                cold_reads += cold and bool(waited_in)
                warm_reads += not cold and bool(waited_in)
    assert (cold_reads, warm_reads) in ((2, 0), (2, 2)), "a file system that cannot tell always reads in a thread"


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
