"""The site as one HTTP worker of `hounsfield serve` has it, under granian in a thread, with one archive behind it."""

from __future__ import annotations

import asyncio
import contextlib
import io
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pydicom
from granian.constants import Interfaces
from granian.server.embed import Server
from pydicom.dataset import FileDataset, FileMetaDataset

from hounsfield.app import bootstrap, web
from hounsfield.app.settings import Settings
from hounsfield.model.origin import SYSTEM, Origin, Protocol
from hounsfield.servers.webapi.application import Site
from services.ports import free_port

PASSWORD = "correct horse battery"


@dataclass
class RunningSite:
    """A site that answers; `site` is the application itself."""

    port: int
    settings: Settings
    site: Site

    @property
    def url(self) -> str:
        """Without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @contextlib.contextmanager
    def client(self, name: str = "") -> Iterator[httpx.Client]:
        """A browser's cookies and headers; signed in where a name is given, each time anew."""
        with httpx.Client(base_url=self.url, timeout=20) as client:
            if name:
                answer = client.post("/api/session", json={"username": name, "password": PASSWORD})
                assert answer.status_code == 200, answer.text
                client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
            yield client

    def raw(self, request: bytes) -> bytes:
        """What comes back for these very bytes, until the server closes or falls silent."""
        received = b""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            connection.sendall(request)
            connection.settimeout(1.0)
            with contextlib.suppress(TimeoutError, ConnectionError):
                while chunk := connection.recv(65536):
                    received += chunk
        return received


def small_object(study: str, series: str, instance: str, **attributes: str) -> bytes:
    """A Part 10 file of a secondary capture with 2 x 2 pixels."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    meta.MediaStorageSOPInstanceUID = instance
    meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    data_set = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    data_set.SOPClassUID, data_set.SOPInstanceUID = meta.MediaStorageSOPClassUID, instance
    data_set.StudyInstanceUID, data_set.SeriesInstanceUID = study, series
    data_set.SpecificCharacterSet, data_set.Modality = "ISO_IR 192", "OT"
    for keyword, value in attributes.items():
        setattr(data_set, keyword, value)
    data_set.Rows = data_set.Columns = 2
    data_set.SamplesPerPixel, data_set.PhotometricInterpretation = 1, "MONOCHROME2"
    data_set.BitsAllocated, data_set.BitsStored, data_set.HighBit, data_set.PixelRepresentation = 8, 8, 7, 0
    data_set.PixelData = b"\x00\x40\x80\xff"
    target = io.BytesIO()
    pydicom.dcmwrite(target, data_set, enforce_file_format=True)
    return target.getvalue()


def store(settings: Settings, *files: bytes) -> None:
    """Brings files into the archive, while no server runs."""
    with bootstrap.owning(settings) as parts:
        for content in files:
            with parts.store.receive_file(Origin(Protocol.IMPORT, SYSTEM)) as reception:
                reception.write(content)
                reception.finish()


def add_people(settings: Settings) -> None:
    """`vera` (viewer), `edgar` (editor) and `ada` (administrator), all with `PASSWORD`."""
    from hounsfield.model.origin import Role

    with bootstrap.access(settings) as parts:
        for name, role in (("vera", Role.VIEWER), ("edgar", Role.EDITOR), ("ada", Role.ADMINISTRATOR)):
            parts.accounts.create(name, PASSWORD, role)


@contextlib.contextmanager
def running_site(settings: Settings) -> Iterator[RunningSite]:
    """The HTTP worker's application, answering on `settings.http_port`."""
    site = web.build(settings)
    server = Server(site, address="127.0.0.1", port=settings.http_port, interface=Interfaces.ASGI, websockets=False, log_enabled=False)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=(server.serve(),), name="granian")
    thread.start()
    try:
        _wait_for(settings.http_port, thread)
        yield RunningSite(settings.http_port, settings, site)
    finally:
        loop.call_soon_threadsafe(server.stop)
        thread.join(20)
        loop.close()


def _wait_for(port: int, thread: threading.Thread) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            httpx.get(f"http://127.0.0.1:{port}/health/live", timeout=5)
            return
        except httpx.TransportError:
            if time.monotonic() > deadline or not thread.is_alive():
                raise
            threading.Event().wait(0.02)


def settings_in(folder: Path, **changes: object) -> Settings:
    """Settings with a data directory of their own and free ports."""
    return Settings.model_validate({"data_dir": folder / "data", "http_port": free_port(), "dicom_port": free_port(), **changes})
