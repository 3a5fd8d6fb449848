"""DCMTK's command line tools, as far as the tests need them."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dimse_kit.server import until
from services.ports import free_port

needs_dcmtk = pytest.mark.skipif(
    any(shutil.which(tool) is None for tool in ("echoscu", "storescu", "dcmsend", "storescp")), reason="DCMTK is not installed"
)


def run(tool: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Runs a tool to its end, as stock leaves it: with Nagle's algorithm on. All of its output is in `stdout`."""
    command = [tool, *map(str, arguments)]
    variables = {name: value for name, value in os.environ.items() if name != "TCP_NODELAY"}
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, env=variables)


@contextlib.contextmanager
def storescp(directory: Path, *options: object, listen_on: int = 0) -> Iterator[int]:
    """DCMTK's storage provider that keeps data sets as received; gives its port. listen_on: 0 for a free one."""
    port = listen_on or free_port()
    # Its profile takes every transfer syntax that DCMTK knows.
    command = ["storescp", "+B", "+xa", "-od", str(directory), *map(str, options), str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert until(lambda: _listens(port), 10), "storescp does not listen"
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
