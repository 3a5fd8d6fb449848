"""Storage providers of several makers, as destinations; each gives its port and a way to see what came."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import Dataset
from pynetdicom import AE, AllStoragePresentationContexts, evt

from dimse_kit import dcmtk
from dimse_kit.dcmqrscp import dcmqrscp as dcmtk_archive
from services.orthanc import orthanc

Arrived = Callable[[], dict[str, Dataset]]
"""What has come so far, by SOP Instance UID."""


@contextlib.contextmanager
def storescp(folder: Path, title: str) -> Iterator[tuple[int, Arrived]]:
    """DCMTK's, which answers to any title."""
    folder.mkdir()
    with dcmtk.storescp(folder) as port:
        yield port, lambda: _files(folder)


@contextlib.contextmanager
def dcmqrscp(folder: Path, title: str) -> Iterator[tuple[int, Arrived]]:
    """DCMTK's archive."""
    with dcmtk_archive(folder, title) as archive:
        yield archive.port, lambda: _files(archive.area)


@contextlib.contextmanager
def pynetdicom_scp(folder: Path, title: str) -> Iterator[tuple[int, Arrived]]:
    """pynetdicom's, in this process."""
    came: dict[str, Dataset] = {}

    def keep(event: Any) -> int:
        data_set = event.dataset
        data_set.file_meta = event.file_meta
        came[str(data_set.SOPInstanceUID)] = data_set
        return 0x0000

    ae = AE(ae_title=title)
    ae.supported_contexts = AllStoragePresentationContexts
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, keep)])
    try:
        yield server.socket.getsockname()[1], lambda: dict(came)
    finally:
        server.shutdown()


@contextlib.contextmanager
def orthanc_archive(folder: Path, title: str) -> Iterator[tuple[int, Arrived]]:
    """Debian's Orthanc."""
    with orthanc(folder, title) as running:

        def arrived() -> dict[str, Dataset]:
            found = [pydicom.dcmread(io.BytesIO(file)) for file in running.files()]
            return {str(one.SOPInstanceUID): one for one in found}

        yield running.dicom_port, arrived


MAKERS = {"storescp": storescp, "dcmqrscp": dcmqrscp, "pynetdicom": pynetdicom_scp, "orthanc": orthanc_archive}


def _files(folder: Path) -> dict[str, Dataset]:
    paths = [path for path in folder.iterdir() if path.is_file() and path.name != "index.dat"]
    found = [pydicom.dcmread(path, force=True) for path in paths]
    return {str(one.SOPInstanceUID): one for one in found}
