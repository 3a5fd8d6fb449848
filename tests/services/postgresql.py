"""A PostgreSQL server of our own for tests: loopback only, its data in a temporary folder, gone when the block is left.

PostgreSQL refuses to run as root; started by root, it runs as `nobody`.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

START_DEADLINE_S = 30.0
ENOUGH_MEMORY_BYTES = 4 << 30


class PostgresqlMissing(RuntimeError):
    """There is no PostgreSQL server on this machine."""


def find_binaries() -> Path:
    """The folder with `initdb` and `postgres`: HOUNSFIELD_POSTGRESQL_BIN, or Debian's newest. Raises: PostgresqlMissing."""
    named = os.environ.get("HOUNSFIELD_POSTGRESQL_BIN")
    if named:
        return Path(named)
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parent.parent.name))
    if not found:
        raise PostgresqlMissing("install postgresql, or name its folder in HOUNSFIELD_POSTGRESQL_BIN")
    return found[-1].parent


@dataclass
class Postgresql:
    """A server that can be stopped and started again. root: its folder; durable: with fsync, as a site has it."""

    root: Path
    binaries: Path
    durable: bool = False
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    user: dict[str, object] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of the caller's own settings."""
        return {"PATH": f"{self.binaries}:/usr/bin:/bin", "HOME": str(self.root), "LC_ALL": "C.UTF-8", "TZ": "UTC"}

    def address(self, database: str = "postgres") -> str:
        """Of one of its databases."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def create(self) -> None:
        """Make the folder of data."""
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(self.root, nobody.pw_uid, nobody.pw_gid)
            self.user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"]
        command = [str(self.binaries / "initdb"), "-D", str(self.root / "data"), *options]
        subprocess.run(command, check=True, env=self.environment, cwd=self.root, stdout=subprocess.DEVNULL, **self.user)  # type: ignore[call-overload]
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(self.root),
            "shared_buffers": "64MB",
            "max_connections": "100",
        }
        if not self.durable:
            settings |= {"fsync": "off", "full_page_writes": "off"}
        with (self.root / "data" / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())

    def start(self) -> None:
        """Start it and wait until it answers."""
        log = self.root / "log"
        with log.open("ab") as output:
            command = [str(self.binaries / "postgres"), "-D", str(self.root / "data")]
            self.process = subprocess.Popen(command, env=self.environment, cwd=self.root, stdout=output, stderr=output, **self.user)  # type: ignore[call-overload]
        status = self.root / "data" / "postmaster.pid"
        deadline = time.monotonic() + START_DEADLINE_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(log.read_text()[-2000:])
            with contextlib.suppress(FileNotFoundError, PermissionError):
                # The eighth line says how the start goes.
                if status.read_text().split("\n")[7:8] == ["ready   "]:
                    return
            time.sleep(0.02)
        raise RuntimeError("PostgreSQL did not start")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: SIGINT in good order, SIGQUIT at once, as a crash would."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(how)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _quick_folder() -> str:
    """Memory, where there is enough: a new database is some three hundred files, ten times slower on a busy disk."""
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() and shutil.disk_usage(memory).free >= ENOUGH_MEMORY_BYTES else "/tmp"


@contextlib.contextmanager
def postgresql(*, durable: bool = False) -> Iterator[Postgresql]:
    """A running server. Raises: PostgresqlMissing."""
    binaries = find_binaries()
    root = Path(tempfile.mkdtemp(prefix="hounsfield-pg-", dir="/tmp" if durable else _quick_folder()))
    server = Postgresql(root, binaries, durable)
    try:
        server.create()
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(root, ignore_errors=True)
