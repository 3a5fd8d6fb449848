"""The two servers under test, each started fresh on an empty folder and stopped by its own process id."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers. dicom_web: the root of its DICOMweb."""

    name: str
    ae_title: str
    dicom_port: int
    dicom_web: str
    process: subprocess.Popen[bytes]

    def memory_mb(self) -> float:
        """Resident memory of the process and all its children; shared pages counted once (PSS)."""
        main = psutil.Process(self.process.pid)
        return sum(p.memory_full_info().pss for p in [main, *main.children(recursive=True)]) / 1e6


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(url: str, process: subprocess.Popen[bytes], timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with exit code {process.returncode}")
        with contextlib.suppress(OSError, urllib.error.URLError), urllib.request.urlopen(url, timeout=2):
            return
        time.sleep(0.05)
    raise RuntimeError(f"{url} did not answer within {timeout_s} s")


@contextlib.contextmanager
def hounsfield(folder: Path, *options: str) -> Iterator[Running]:
    """`hounsfield serve --open-access`, as installed beside this interpreter."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    dicom_port, http_port = free_port(), free_port()
    command = [
        str(Path(sys.executable).parent / "hounsfield"), "serve", "--data-dir", str(folder / "data"), "--open-access",
        "--dicom-port", str(dicom_port), "--http-port", str(http_port), *options,
    ]  # fmt: skip
    with (folder / "log").open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env={**os.environ, "TCP_NODELAY": "1"})
        try:
            _wait(f"http://127.0.0.1:{http_port}/health/ready", process)
            yield Running("hounsfield", "HOUNSFIELD", dicom_port, f"http://127.0.0.1:{http_port}/dicom-web", process)
        finally:
            _stop(process)


@contextlib.contextmanager
def orthanc(folder: Path) -> Iterator[Running]:
    """Debian's Orthanc with its DICOMweb plugin: SQLite, synchronous storage, no sign-in."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    dicom_port, http_port = free_port(), free_port()
    (folder / "orthanc.json").write_text(
        json.dumps(
            {
                "StorageDirectory": str(folder / "data"),
                "IndexDirectory": str(folder / "data"),
                "SyncStorageArea": True,
                "HttpPort": http_port,
                "DicomPort": dicom_port,
                "DicomAet": "ORTHANC",
                "DicomAlwaysAllowStore": True,
                "DicomAlwaysAllowFind": True,
                "DicomAlwaysAllowGet": True,
                "DicomAlwaysAllowMove": True,
                "DicomCheckCalledAet": False,
                "AuthenticationEnabled": False,
                "RemoteAccessAllowed": False,
                "ExecuteLuaEnabled": False,
                "KeepAlive": True,
                "TcpNoDelay": True,
                "Plugins": ["/usr/share/orthanc/plugins/libOrthancDicomWeb.so"],
                "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
            }
        )
    )
    with (folder / "log").open("wb") as output:
        process = subprocess.Popen(
            ["Orthanc", str(folder / "orthanc.json")], stdout=output, stderr=output, env={**os.environ, "TCP_NODELAY": "1"}
        )
        try:
            _wait(f"http://127.0.0.1:{http_port}/system", process)
            yield Running("orthanc", "ORTHANC", dicom_port, f"http://127.0.0.1:{http_port}/dicom-web", process)
        finally:
            _stop(process)


@contextlib.contextmanager
def storescp(folder: Path) -> Iterator[int]:
    """The floor: DCMTK's receiver, a process an association, nothing flushed, nothing indexed. Yields its port."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    port = free_port()
    process = subprocess.Popen(
        ["storescp", "--fork", "-od", str(folder), str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TCP_NODELAY": "1"},
    )
    try:
        deadline = time.monotonic() + 10
        while subprocess.run(["echoscu", "127.0.0.1", str(port)], capture_output=True, check=False).returncode:
            if time.monotonic() > deadline:
                raise RuntimeError("storescp did not start")
        yield port
    finally:
        _stop(process)
        shutil.rmtree(folder, ignore_errors=True)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
