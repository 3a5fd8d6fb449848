"""`hounsfield serve`: one command, several processes.

This process holds the lock on the data directory, keeps the archive process alive, and runs granian, which keeps the HTTP
workers. Every process dies with its parent; none of them holds anything that a kill could lose.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import json
import os
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from hounsfield.app import locks
from hounsfield.app.children import Child, hand_over
from hounsfield.app.loading import loading
from hounsfield.app.settings import Settings
from hounsfield.model.errors import ConfigurationError

log = structlog.get_logger()

ARCHIVE_START_TIMEOUT_S = 3600.0
"""Recovery of an archive that was killed reads what the index has not seen; it must be allowed to end."""
WEB_START_TIMEOUT_S = 60.0
JOBS_START_TIMEOUT_S = 60.0
RESTART_PAUSE_S = 0.5
LONGEST_RESTART_PAUSE_S = 30.0
TOLD_TO_STOP_PAUSE_S = 3.0
STABLE_AFTER_S = 30.0
HEADER_READ_TIMEOUT_MS = 30_000
MOST_HEADER_BYTES = 64 << 10
"""Of an HTTP/2 request. Of HTTP/1.1 it is what fits into granian's buffer, 400 KiB, and 100 headers (431), and 64 KiB of target (414)."""
MOST_STREAMS = 100
"""Of one HTTP/2 connection at once."""
HTTP2_PING_INTERVAL_MS = 30_000
"""A connection that does not answer is closed 20 s later."""
MAX_QUICK_RESTARTS = 5


@dataclass(frozen=True, slots=True)
class Running:
    """What a person needs to know of a server that has started."""

    url: str
    settings: Settings


class Supervisor:
    """Starts, watches and stops everything that `serve` consists of."""

    def __init__(self, settings: Settings, on_ready: Callable[[Running], None]) -> None:
        self._settings = settings
        self._on_ready = on_ready
        self._archive = Child("archive")
        self._jobs = Child("jobs")
        self._archive_started = threading.Event()
        self._stopping = threading.Event()
        self._failure: str = ""

    def run(self) -> int:
        """Blocks until a signal stops the server; the exit code. Raises: ArchiveLocked, ConfigurationError."""
        hand_over(self._settings)
        try:
            if sys.platform == "linux":
                self._archive.fork_ahead()
                self._jobs.fork_ahead()
            return self._run(self._settings)
        finally:
            self._stop_children()

    def _run(self, settings: Settings) -> int:
        with locks.exclusive(settings.data_dir / "serve.lock", who="hounsfield serve"):
            _check_port(settings.host, settings.http_port, "http-port")
            _check_port(settings.host, settings.dicom_port, "dicom-port")
            if settings.tls_certificate:
                _check_port(settings.host, settings.tls_port, "tls-port")
            try:
                # Side by side. Until the archive is there, `/health/ready` says so.
                threading.Thread(target=self._keep_archive, name="keep-archive", daemon=True).start()
                threading.Thread(target=self._keep_jobs, name="keep-jobs", daemon=True).start()
                threading.Thread(target=self._announce, name="announce", daemon=True).start()
                self._serve_http()
            finally:
                self._stop_children()
        if self._failure:
            log.error("serve.gave_up", reason=self._failure)
            return 1
        return 0

    def _stop_children(self) -> None:
        self._stopping.set()
        self._jobs.stop()
        self._archive.stop()

    def _serve_http(self) -> None:
        from granian.constants import HTTPModes, Interfaces
        from granian.http import HTTP1Settings, HTTP2Settings
        from granian.server import Server

        # The workers are forked from this process: what it has imported they need not import each for itself, and share.
        with loading():
            import hounsfield.app.web  # noqa: F401

        gc.freeze()
        settings = self._settings
        server = Server(
            "hounsfield.app.web:application",
            factory=True,
            address=_address_of(settings.host)[1],
            port=settings.http_port,
            interface=Interfaces.ASGI,
            workers=settings.http_workers,
            http=HTTPModes.auto,
            websockets=True,
            backlog=2048,
            backpressure=512,
            http1_settings=HTTP1Settings(header_read_timeout=HEADER_READ_TIMEOUT_MS),
            http2_settings=HTTP2Settings(
                max_headers_size=MOST_HEADER_BYTES, max_concurrent_streams=MOST_STREAMS, keep_alive_interval=HTTP2_PING_INTERVAL_MS
            ),
            log_enabled=False,
            respawn_failed_workers=True,
            respawn_interval=0.5,
            workers_kill_timeout=10,
        )
        try:
            server.serve()
        except SystemExit:
            # Where a signal reaches all at once, workers that end before granian has told them to count as failed.
            if not server.interrupt_signal:
                raise

    def _keep_archive(self) -> None:
        quick = 0
        while not self._stopping.is_set():
            try:
                self._archive.start(ARCHIVE_START_TIMEOUT_S)
            except ConfigurationError as exc:
                if not self._stopping.is_set():
                    self._give_up(str(exc))
                return
            self._archive_started.set()
            started = time.monotonic()
            code = self._archive.wait()
            # One that was told to stop was perhaps told so together with this process, which takes a little longer.
            if self._stopping.wait(TOLD_TO_STOP_PAUSE_S if code == 0 else 0.0):
                return
            log.error("serve.archive_process_ended", exit_code=code)
            quick = quick + 1 if time.monotonic() - started < STABLE_AFTER_S else 1
            if quick > MAX_QUICK_RESTARTS:
                self._give_up(f"the archive process ended {quick} times in a row")
                return
            self._stopping.wait(RESTART_PAUSE_S * quick)

    def _keep_jobs(self) -> None:
        """What it does can wait: its end is never the end of the others, so it is started again for as long as it takes."""
        quick = 0
        while not self._archive_started.wait(0.5):
            if self._stopping.is_set():
                return
        while not self._stopping.is_set():
            started = time.monotonic()
            try:
                self._jobs.start(JOBS_START_TIMEOUT_S)
                code = self._jobs.wait()
                if self._stopping.wait(TOLD_TO_STOP_PAUSE_S if code == 0 else 0.0):
                    return
                log.error("serve.jobs_process_ended", exit_code=code)
            except ConfigurationError as exc:
                if not self._stopping.is_set():
                    log.error("serve.jobs_process_not_started", reason=str(exc))
            quick = quick + 1 if time.monotonic() - started < STABLE_AFTER_S else 1
            self._stopping.wait(min(RESTART_PAUSE_S * 2 ** min(quick, 8), LONGEST_RESTART_PAUSE_S))

    def _give_up(self, reason: str) -> None:
        self._failure = reason
        os.kill(os.getpid(), 15)

    def _announce(self) -> None:
        settings = self._settings
        host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host
        url = f"http://{f'[{host}]' if ':' in host else host}:{settings.http_port}"
        while not self._archive_started.wait(0.5):
            if self._stopping.is_set():
                return
        deadline = time.monotonic() + WEB_START_TIMEOUT_S
        while time.monotonic() < deadline and not self._stopping.is_set():
            if _is_ready(url):
                self._on_ready(Running(url, settings))
                return
            self._stopping.wait(0.05)
        if not self._stopping.is_set():
            log.error("serve.web_not_ready", url=url, waited_s=WEB_START_TIMEOUT_S)


def _is_ready(url: str) -> bool:
    with (
        contextlib.suppress(OSError, ValueError, urllib.error.URLError),
        urllib.request.urlopen(f"{url}/health/ready", timeout=2) as answer,
    ):
        json.load(answer)
        return True
    return False


def _check_port(host: str, port: int, option: str) -> None:
    """A clear word now instead of a traceback of a child later. Raises: ConfigurationError."""
    if port == 0:
        return
    family, address = _address_of(host)
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as exc:
            if exc.errno == errno.EADDRNOTAVAIL:
                raise ConfigurationError(f"{host} is no address of this machine; choose another with --host") from exc
            why = {
                errno.EADDRINUSE: "another program uses it",
                errno.EACCES: "ports below 1024 need a privilege",
            }.get(exc.errno or 0, str(exc))
            raise ConfigurationError(f"cannot listen on {host} port {port}: {why}; choose another with --{option}") from exc


def _address_of(host: str) -> tuple[socket.AddressFamily, str]:
    """The first address of a name such as `localhost`, by preference IPv4; an address is its own. Raises: ConfigurationError."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        family, _, _, _, address = min(found, key=lambda one: one[0] != socket.AF_INET)
    except (OSError, UnicodeError) as exc:
        raise ConfigurationError(f"{host} is not known as an address or name: {exc}; choose another with --host") from exc
    return family, str(address[0])
