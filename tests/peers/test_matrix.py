"""Clients of four makers × echo, store, find, get, move, and destinations of four makers, against one whole server."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from dicomweb_kit.objects import as_file, ct
from dimse_kit.server import until
from matrix_kit.client import Address, Client
from matrix_kit.dcmjs_client import Dcmjs
from matrix_kit.dcmtk import Dcmtk
from matrix_kit.destinations import MAKERS, Arrived
from matrix_kit.orthanc_client import OrthancClient
from matrix_kit.pynetdicom_client import Pynetdicom
from senders.clients import DCMJS
from services.orthanc import orthanc
from services.server import running

pytestmark = [
    pytest.mark.skipif(any(shutil.which(tool) is None for tool in ("echoscu", "dcmqrscp")), reason="DCMTK is not installed"),
    pytest.mark.skipif(shutil.which("Orthanc") is None, reason="Orthanc is not installed"),
    pytest.mark.skipif(not (DCMJS / "node_modules").is_dir(), reason="dcmjs-dimse is not installed"),
]

CLIENTS = ("dcmtk", "pynetdicom", "dcmjs-dimse", "orthanc")
IMAGES = (1, 2, 3)


@dataclass(frozen=True, slots=True)
class House:
    """A server that holds a study for each client, so that what comes is what it asked for; four destinations the server knows by name."""

    at: Address
    clients: dict[str, Client]
    arrived: dict[str, Arrived]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("matrix")
    with contextlib.ExitStack() as stack:
        opened = {name: stack.enter_context(make(folder / name, name.upper())) for name, make in MAKERS.items()}
        peers = [word for name, (port, _) in opened.items() for word in ("--peer", f"{name.upper()}=127.0.0.1:{port}")]
        server = stack.enter_context(running(folder / "data", "--open-access", *peers))
        at = Address(server.ae_title, server.dicom_port)
        clients: dict[str, Client] = {
            "dcmtk": Dcmtk(),
            "pynetdicom": Pynetdicom(),
            "dcmjs-dimse": Dcmjs(),
            "orthanc": OrthancClient(stack.enter_context(orthanc(folder / "client", "CLIENT"))),
        }
        clients["dcmtk"].store(at, _write(folder / "first", [image for name in CLIENTS for image in _images(_study(name))]))
        yield House(at, clients, {name: arrived for name, (_, arrived) in opened.items()})


def _study(client: str, *, stored_by_it: bool = False) -> str:
    return f"1.2.{78 if stored_by_it else 77}.{CLIENTS.index(client)}"


def _images(study: str) -> list[Dataset]:
    return [ct(number, study=study, series=f"{study}.1", PatientID=f"PAT-{study}") for number in IMAGES]


def _write(folder: Path, objects: list[Dataset]) -> list[Path]:
    folder.mkdir()
    paths = [folder / f"{number}.dcm" for number in range(len(objects))]
    for path, one in zip(paths, objects, strict=True):
        path.write_bytes(as_file(one))
    return paths


@pytest.mark.parametrize("name", CLIENTS)
class TestClient:
    def test_echo(self, house: House, name: str) -> None:
        house.clients[name].echo(house.at)

    def test_store(self, house: House, name: str, tmp_path: Path) -> None:
        study = _study(name, stored_by_it=True)
        house.clients[name].store(house.at, _write(tmp_path / "files", _images(study)))
        assert house.clients["dcmtk"].find(house.at, f"PAT-{study}") == {study}

    def test_find(self, house: House, name: str) -> None:
        assert house.clients[name].find(house.at, f"PAT-{_study(name)}") == {_study(name)}
        assert house.clients[name].find(house.at, "PAT-NOBODY") == set()

    def test_get(self, house: House, name: str, tmp_path: Path) -> None:
        study = _study(name)
        assert house.clients[name].get(house.at, study, tmp_path) == {image.SOPInstanceUID for image in _images(study)}

    @pytest.mark.parametrize("destination", list(MAKERS))
    def test_move(self, house: House, name: str, destination: str) -> None:
        study = _study(name)
        house.clients[name].move(house.at, study, destination.upper())
        sent = {image.SOPInstanceUID: image for image in _images(study)}
        arrived = house.arrived[destination]
        assert until(lambda: arrived().keys() >= sent.keys(), 10)
        came = arrived()
        for uid, image in sent.items():
            assert came[uid].PixelData == image.PixelData
