"""Debian's Orthanc on free ports, driven by its REST API: as a client of ours, a destination and a source."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from services.server import free_port

needs_orthanc = pytest.mark.skipif(shutil.which("Orthanc") is None, reason="Orthanc is not installed")


@dataclass(frozen=True, slots=True)
class Orthanc:
    """A running one."""

    ae_title: str
    dicom_port: int
    http_port: int

    def call(self, method: str, path: str, body: object = None, *, timeout_s: float = 60) -> Any:
        """The JSON of an answer; bytes go and come as they are. Raises: urllib.error.HTTPError."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.http_port}{path}", data=data, method=method)
        with urllib.request.urlopen(request, timeout=timeout_s) as answer:
            raw: bytes = answer.read()
            kind: str = answer.headers.get("Content-Type", "")
        return json.loads(raw) if raw and kind.startswith("application/json") else raw

    def know(self, name: str, ae_title: str, port: int, host: str = "127.0.0.1") -> None:
        """Give a modality a name."""
        self.call("PUT", f"/modalities/{name}", {"AET": ae_title, "Host": host, "Port": port})

    def upload(self, path: Path) -> str:
        """The identifier that Orthanc gives the instance."""
        identifier: str = self.call("POST", "/instances", path.read_bytes())["ID"]
        return identifier

    def files(self) -> list[bytes]:
        """All instances as Part 10 files."""
        return [self.call("GET", f"/instances/{identifier}/file") for identifier in self.call("GET", "/instances")]

    def forget_everything(self) -> None:
        """Delete all patients."""
        for identifier in self.call("GET", "/patients"):
            self.call("DELETE", f"/patients/{identifier}")


@contextlib.contextmanager
def orthanc(folder: Path, ae_title: str = "ORTHANC", modalities: Mapping[str, tuple[str, int]] | None = None) -> Iterator[Orthanc]:
    """modalities: name to AE title and port on this machine."""
    folder.mkdir(parents=True, exist_ok=True)
    running = Orthanc(ae_title, free_port(), free_port())
    known = {name: {"AET": title, "Host": "127.0.0.1", "Port": port} for name, (title, port) in (modalities or {}).items()}
    settings = {
        "StorageDirectory": str(folder / "data"),
        "IndexDirectory": str(folder / "data"),
        "HttpPort": running.http_port,
        "DicomPort": running.dicom_port,
        "DicomAet": ae_title,
        "DicomAlwaysAllowEcho": True,
        "DicomAlwaysAllowStore": True,
        "DicomAlwaysAllowFind": True,
        "DicomAlwaysAllowGet": True,
        "DicomAlwaysAllowMove": True,
        "DicomCheckCalledAet": False,
        "UnknownSopClassAccepted": True,
        "AuthenticationEnabled": False,
        "RemoteAccessAllowed": False,
        "ExecuteLuaEnabled": False,
        "DicomModalities": known,
        "Plugins": [],
    }
    (folder / "orthanc.json").write_text(json.dumps(settings))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(["Orthanc", str(folder / "orthanc.json")], stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError, urllib.error.URLError):
                running.call("GET", "/system", timeout_s=2)
                break
            assert process.poll() is None, f"Orthanc ended:\n{(folder / 'log').read_text()[-2000:]}"
            assert time.monotonic() < deadline, "Orthanc does not answer"
        yield running
    finally:
        process.terminate()
        process.wait(30)
