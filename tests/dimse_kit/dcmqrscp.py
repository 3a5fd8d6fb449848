"""DCMTK's archive, for the tests that query it, send to it or have it send."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from dimse_kit import dcmtk
from dimse_kit.server import until
from services.ports import free_port

CONFIGURATION = """\
NetworkTCPPort = {port}
MaxPDUSize = 16384
MaxAssociations = 16
HostTable BEGIN
{hosts}
HostTable END
VendorTable BEGIN
VendorTable END
AETable BEGIN
{title} {area} RW (200, 1024mb) ANY
AETable END
"""


class Archive(NamedTuple):
    """A running one. area: the folder in which its objects lie."""

    port: int
    area: Path


@contextlib.contextmanager
def dcmqrscp(folder: Path, title: str, knows: Mapping[str, int] | None = None) -> Iterator[Archive]:
    """knows: ports on this machine of the AE titles to which it can send."""
    area = folder / title
    area.mkdir(parents=True)
    port = free_port()
    hosts = "\n".join(f"host{number} = ({name}, 127.0.0.1, {there})" for number, (name, there) in enumerate((knows or {}).items()))
    configuration = folder / "dcmqrscp.cfg"
    configuration.write_text(CONFIGURATION.format(port=port, hosts=hosts, title=title, area=area))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(["dcmqrscp", "-c", str(configuration)], stdout=log, stderr=log)
    try:
        assert until(lambda: dcmtk.run("echoscu", "-aec", title, "127.0.0.1", port).returncode == 0, 10)
        yield Archive(port, area)
    finally:
        process.terminate()
        process.wait(10)
