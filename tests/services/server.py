"""A real `hounsfield serve` on free ports, for tests that go through the whole chain."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from services.command_line import Ran, hounsfield
from services.databases import environment_of
from services.ports import free_port

HOUNSFIELD = str(Path(sys.executable).parent / "hounsfield")


@dataclass(slots=True)
class Server:
    """A running server. output: what it has printed so far is in this file."""

    data_dir: Path
    host: str
    dicom_port: int
    http_port: int
    output: Path
    process: subprocess.Popen[bytes]
    ae_title: str = "HOUNSFIELD"

    @property
    def url(self) -> str:
        """Of the web app."""
        return f"http://{self.host}:{self.http_port}"

    @property
    def dicom_web(self) -> str:
        """The DICOMweb root."""
        return f"{self.url}/dicom-web"

    def run(self, *words: str, check: bool = True) -> Ran:
        """Run another subcommand on the same data directory. check: anything but success fails the test."""
        ran = hounsfield(*words, "--data-dir", self.data_dir)
        assert not check or ran.code == 0, ran.err or ran.out
        return ran

    def process_of(self, name: str) -> psutil.Process:
        """name: `archive` or `jobs`."""
        (found,) = [child for child in psutil.Process(self.process.pid).children() if is_process_of(child, name)]
        return found

    def kill(self) -> None:
        """SIGKILL to every process of the server at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM, as systemd would; the exit code."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.process.returncode


def is_process_of(process: psutil.Process, name: str) -> bool:
    """name: `archive` or `jobs`."""
    return process.name() == f"pacs-{name}"


def launch(data_dir: Path, *options: str, command: str = "serve", ready_within_s: float = 60.0, **environment: str) -> Server:
    """Start a server and return when it says it is ready."""
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    server_ports = free_port(), free_port()
    output = data_dir.parent / f"{data_dir.name}.log"
    with output.open("ab") as log:
        process = subprocess.Popen(
            [
                HOUNSFIELD,
                command,
                "--data-dir",
                str(data_dir),
                "--dicom-port",
                str(server_ports[0]),
                "--http-port",
                str(server_ports[1]),
                *options,
            ],
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **environment_of(data_dir), **environment},
            start_new_session=True,
        )
    server = Server(data_dir, "127.0.0.1", *server_ports, output, process)
    deadline = time.monotonic() + ready_within_s
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise AssertionError(f"the server ended with {process.returncode}:\n{output.read_text()[-3000:]}")
        with contextlib.suppress(OSError, urllib.error.URLError), urllib.request.urlopen(f"{server.url}/health/ready", timeout=2):
            return server
        time.sleep(0.02)
    server.kill()
    raise AssertionError(f"not ready within {ready_within_s} s:\n{output.read_text()[-3000:]}")


@contextlib.contextmanager
def running(data_dir: Path, *options: str, **environment: str) -> Iterator[Server]:
    """A server for the length of a `with`."""
    server = launch(data_dir, *options, **environment)
    try:
        yield server
    finally:
        server.stop()
