"""C-GET and C-MOVE of a study of 250 CT: objects a second, with DCMTK's getscu, movescu and storescp."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from bench.load import Study
from bench.servers import Running

DESTINATION = "BENCH_SCP"


def environment(*, stock: bool) -> dict[str, str]:
    """stock: Nagle's algorithm stays on, as an unconfigured DCMTK leaves it."""
    without = {name: value for name, value in os.environ.items() if name != "TCP_NODELAY"}
    return without if stock else without | {"TCP_NODELAY": "1"}


def scratch(folder: Path) -> Path:
    """Where clients write what they get: in memory where that can be, so that it is not their disk that is measured."""
    memory = Path("/dev/shm")
    return (memory if memory.is_dir() else folder) / "hounsfield-bench-retrieved"


def get(running: Running, study: Study, folder: Path, *, stock: bool = False) -> float:
    """Objects a second of one C-GET, the start of the client included. What came is compared with what was stored."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    command = ["getscu", "-B", "-S", "-aec", running.ae_title, "-od", str(folder), *_keys(study), "127.0.0.1", str(running.dicom_port)]
    started = time.perf_counter()
    _run(command, stock=stock)
    took_s = time.perf_counter() - started
    check(study, folder)
    return len(study.sop_instance_uids) / took_s


@contextlib.contextmanager
def destination(folder: Path, port: int, *, stock: bool = False) -> Iterator[None]:
    """DCMTK's receiver on this port, writing what it gets as it gets it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    process = subprocess.Popen(
        ["storescp", "--fork", "+B", "-od", str(folder), str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment(stock=stock),
    )
    try:
        deadline = time.monotonic() + 10
        while subprocess.run(["echoscu", "127.0.0.1", str(port)], capture_output=True, check=False).returncode:
            if time.monotonic() > deadline:
                raise RuntimeError("storescp did not start")
        yield
    finally:
        process.terminate()
        process.wait(30)


def move(running: Running, study: Study, folder: Path, *, stock: bool = False) -> float:
    """Objects a second of one C-MOVE to the destination, whose folder it is."""
    for path in folder.iterdir():
        path.unlink()
    command = ["movescu", "-S", "-aec", running.ae_title, "-aem", DESTINATION, *_keys(study), "127.0.0.1", str(running.dicom_port)]
    started = time.perf_counter()
    _run(command, stock=stock)
    took_s = time.perf_counter() - started
    check(study, folder)
    return len(study.sop_instance_uids) / took_s


def check(study: Study, folder: Path) -> None:
    """What came is what went in: as many objects, their data sets byte for byte. Raises: RuntimeError."""
    came = sorted(map(_pixels, folder.iterdir()))
    sent = sorted(map(_pixels, study.folder.iterdir()))
    if came != sent:
        raise RuntimeError(f"{len(came)} objects came of {len(sent)}, or others than were sent")


def _pixels(path: Path) -> bytes:
    """The data set of a Part 10 file, from SOP Class UID on: what DCMTK writes before it is its own."""
    raw = path.read_bytes()
    return raw[raw.index(b"\x08\x00\x16\x00") :]


def know_destination(running: Running, port: int) -> None:
    """Tells Orthanc where the destination is; Hounsfield was told when it was started."""
    if running.name != "orthanc":
        return
    url = running.dicom_web.removesuffix("/dicom-web") + "/modalities/bench"
    body = f'["{DESTINATION}", "127.0.0.1", {port}]'.encode()
    with urllib.request.urlopen(urllib.request.Request(url, data=body, method="PUT"), timeout=10):
        pass


def _keys(study: Study) -> list[str]:
    return ["-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={study.study_instance_uid}"]


def _run(command: list[str], *, stock: bool) -> None:
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment(stock=stock), check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr.decode()[-500:]}")
