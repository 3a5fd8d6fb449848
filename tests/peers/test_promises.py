"""`hounsfield peer commit` and `peer announce`: one archive asks another to keep what it has."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pynetdicom import AE, evt
from pynetdicom.sop_class import InstanceAvailabilityNotification  # type: ignore[attr-defined]

from dicomweb_kit.objects import as_file, ct
from dimse_kit import dcmtk
from services.command_line import Ran, hounsfield
from services.server import Server, free_port, running

pytestmark = pytest.mark.skipif(shutil.which("storescu") is None, reason="DCMTK is not installed")

STUDY = "1.2.3"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("files")
    for number in (1, 2, 3):
        (folder / f"{number}.dcm").write_bytes(as_file(ct(number)))
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory, files: list[Path]) -> Iterator[Server]:
    """Holds the whole study, and is called ASKER."""
    with running(tmp_path_factory.mktemp("asker") / "data", "--open-access", "--ae-title", "ASKER") as server:
        _store(server, "ASKER", files)
        yield server


@pytest.fixture(scope="module")
def keeper(tmp_path_factory: pytest.TempPathFactory, files: list[Path], asker: Server) -> Iterator[Server]:
    """Holds two of its three instances."""
    known = f"ASKER=127.0.0.1:{asker.dicom_port}"
    with running(tmp_path_factory.mktemp("keeper") / "data", "--open-access", "--ae-title", "KEEPER", "--peer", known) as server:
        _store(server, "KEEPER", files[:2])
        yield server


def _store(server: Server, ae_title: str, files: list[Path]) -> None:
    done = dcmtk.run("storescu", "-R", "-aec", ae_title, server.host, server.dicom_port, *files)
    assert done.returncode == 0, done.stdout


def _peer(server: Server, command: str, *arguments: str) -> Ran:
    return hounsfield("peer", command, *arguments, "--data-dir", str(server.data_dir))


def test_what_is_missing_is_named_until_it_is_there(asker: Server, keeper: Server, files: list[Path]) -> None:
    assert _peer(asker, "add", "KEEPER", f"127.0.0.1:{keeper.dicom_port}").code == 0
    ran = _peer(asker, "commit", "KEEPER", "--study", STUDY, "--ae-title", "ASKER", "--json")
    told = json.loads(ran.out)
    assert (ran.code, told["instances"], told["answered"], told["committed"]) == (1, 3, True, False)
    assert told["failed"] == {"1.2.3.1.3": "0112"}
    _store(keeper, "KEEPER", files[2:])
    ran = _peer(asker, "commit", "KEEPER", "--study", STUDY, "--ae-title", "ASKER")
    assert (ran.code, ran.out) == (0, "KEEPER keeps all 3 instances\n")


def test_a_peer_is_told_what_can_be_had(asker: Server) -> None:
    heard: list[Any] = []

    def take(event: Any) -> tuple[int, None]:
        heard.append(event.attribute_list)
        return 0x0000, None

    ae = AE(ae_title="LISTENER")
    ae.add_supported_context(InstanceAvailabilityNotification)
    listener = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_N_CREATE, take)])
    try:
        port = listener.socket.getsockname()[1]
        assert _peer(asker, "add", "LISTENER", f"127.0.0.1:{port}").code == 0
        ran = _peer(asker, "announce", "LISTENER", "--study", STUDY, "--ae-title", "ASKER")
    finally:
        listener.shutdown()
    assert (ran.code, ran.out) == (0, "LISTENER has been told\n")
    (said,) = heard
    assert said.StudyInstanceUID == STUDY
    items = said.ReferencedSeriesSequence[0].ReferencedSOPSequence
    assert {(item.ReferencedSOPInstanceUID, item.InstanceAvailability, item.RetrieveAETitle) for item in items} == {
        (f"1.2.3.1.{number}", "ONLINE", "ASKER") for number in (1, 2, 3)
    }


def test_a_peer_that_is_not_there(asker: Server) -> None:
    assert _peer(asker, "add", "NOBODY", f"127.0.0.1:{free_port()}").code == 0
    ran = _peer(asker, "commit", "NOBODY", "--study", STUDY)
    assert ran.code == 1
    assert "cannot be reached" in ran.err
