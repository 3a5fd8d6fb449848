"""A disk that fills up while the server runs: refused in words, nothing partial, reads go on, and it heals without a restart."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from hounsfield.peers.dimse import DimsePeer, Sent, send
from kills.objects import Made, make
from services.command_line import hounsfield
from services.databases import ON_POSTGRESQL
from services.server import Server, running

pytestmark = pytest.mark.long

OUT_OF_RESOURCES = 0xA700
MIB = 1 << 20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 400 MiB."""
    mount = tmp_path / "disk"
    mount.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400m", "tmpfs", str(mount)], capture_output=True, text=True)
    if made.returncode:
        pytest.skip(f"a file system cannot be mounted here: {made.stderr.strip()}")
    try:
        yield mount
    finally:
        subprocess.run(["umount", "--lazy", str(mount)], check=True)


@contextlib.contextmanager
def filled(disk: Path, leave_bytes: int) -> Iterator[None]:
    """Somebody else's file takes all but `leave_bytes`."""
    status = os.statvfs(disk)
    ballast = disk / "ballast"
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, status.f_bavail * status.f_frsize - leave_bytes)
    try:
        yield
    finally:
        ballast.unlink()


def until(holds: Callable[[], bool], within_s: float = 15) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, f"not within {within_s} s"
        time.sleep(0.05)


def over_dimse(server: Server, *made: Made) -> list[Sent]:
    return list(send(DimsePeer(server.ae_title, server.host, server.dicom_port), [one.path for one in made]))


def over_stow(web: httpx.Client, made: Made) -> httpx.Response:
    return web.post("/studies", content=made.path.read_bytes(), headers={"Content-Type": "application/dicom"})


def comes_back(web: httpx.Client, made: Made) -> bool:
    at = f"/studies/{made.study_instance_uid}/series/{made.series_instance_uid}/instances/{made.sop_instance_uid}"
    answer = web.get(at, headers={"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'})
    return answer.status_code == 200 and made.data_set in answer.content


def indexed(web: httpx.Client) -> int:
    answer = web.get("/instances", params={"limit": 1000})
    return len(answer.json()) if answer.status_code == 200 else 0


def ready(server: Server) -> int:
    return httpx.get(f"{server.url}/health/ready", timeout=10).status_code


def test_less_free_space_than_is_kept(small_disk: Path, tmp_path: Path) -> None:
    before, refused, after = (make(tmp_path / name, random.Random(7), number, 0, 10) for number, name in enumerate("abc"))
    with (
        running(small_disk / "data", "--open-access", HOUNSFIELD_MIN_FREE_BYTES=str(16 * MIB)) as server,
        httpx.Client(base_url=server.dicom_web, timeout=30) as web,
    ):
        assert all(sent.ok for sent in over_dimse(server, *before))
        with filled(small_disk, 8 * MIB):
            assert {sent.status for sent in over_dimse(server, *refused[:5])} == {OUT_OF_RESOURCES}
            assert over_stow(web, refused[5]).status_code == 507
            brought = hounsfield("import", refused[6].path, "--data-dir", server.data_dir)
            assert (brought.code, "16 MiB are free" in brought.err) == (1, True), brought
            until(lambda: ready(server) == 503)
            assert all(comes_back(web, one) for one in before)
            assert indexed(web) == len(before)
        assert all(sent.ok for sent in over_dimse(server, *refused))
        assert over_stow(web, after[0]).status_code == 200
        until(lambda: ready(server) == 200)
        assert all(comes_back(web, one) for one in [*refused, after[0]])
        assert indexed(web) == 21


@pytest.mark.skipif(ON_POSTGRESQL, reason="the database must lie on the disk that is full")
def test_a_disk_that_is_full_to_the_last_byte(small_disk: Path, tmp_path: Path) -> None:
    """With no reserve kept: packs and database meet ENOSPC wherever it strikes."""
    before, during, after = (make(tmp_path / name, random.Random(8), number, 0, 40) for number, name in enumerate("abc"))
    with (
        running(small_disk / "data", "--open-access", HOUNSFIELD_MIN_FREE_BYTES="0") as server,
        httpx.Client(base_url=server.dicom_web, timeout=30) as web,
    ):
        assert all(sent.ok for sent in over_dimse(server, *before))
        # What the open pack has reserved is used up first; then it strikes in the middle of objects.
        with filled(small_disk, 0):
            sent = over_dimse(server, *during)
            large = _large(tmp_path / "large", 24)
            sent_large = over_dimse(server, *large)
            kept = [one for one, answer in zip(during + large, sent + sent_large, strict=True) if answer.ok]
            lost = [answer.status for answer in sent + sent_large if not answer.ok]
            assert lost, "the disk was not full"
            assert set(lost) == {OUT_OF_RESOURCES}, [hex(status or 0) for status in lost]
            status = over_stow(web, after[0]).status_code
            assert status in (503, 507)
            assert all(comes_back(web, one) for one in [*before, *kept])
        assert {one.status for one in over_dimse(server, *during, *large, *after)} == {0}
        assert all(comes_back(web, one) for one in [*before, *during, *large, *after])
        assert indexed(web) == len(before) + len(during) + len(large) + len(after)
        until(lambda: ready(server) == 200)
    verified = hounsfield("verify", "--json", "--data-dir", small_disk / "data")
    assert verified.json == {
        "verified": len(before) + len(during) + len(large) + len(after),
        "damaged": [],
        "renditions": 0,
        "damaged_renditions": [],
    }
    assert "Traceback" not in (small_disk / "data.log").read_text()


def _large(folder: Path, count: int) -> list[Made]:
    """Each larger than what a pack reserves at a time."""
    made = [one for one in make(folder, random.Random(9), 99, 0, count) if len(one.data_set) > 400_000]
    for number in range(2):
        (one,) = make(folder / str(number), random.Random(number), 200 + number, 0, 1)
        data_set = one.data_set[:-4] + b"\0\0\0\0"
        grown = data_set + _private(30 * MIB)
        prefix = one.path.read_bytes()[: -len(one.data_set)]
        one.path.write_bytes(prefix + grown)
        made.append(Made(one.path, one.study_instance_uid, one.series_instance_uid, one.sop_instance_uid, grown))
    return made


def _private(length: int) -> bytes:
    """(FFFC,FFFC) Data Set Trailing Padding."""
    return b"\xfc\xff\xfc\xffOB\0\0" + length.to_bytes(4, "little") + bytes(length)
