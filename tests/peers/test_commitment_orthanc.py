"""Orthanc asks us to commit, and we ask it: each reports by a new association."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread

from dimse_kit.committing import CT, LIMITS, MR, committing
from dimse_kit.objects import write_ct
from dimse_kit.server import until
from hounsfield.model.commitment import Failure, Reference
from hounsfield.peers.dimse import DimsePeer
from hounsfield.services.asked_commitments import AskedCommitment, AskedCommitments
from services.orthanc import Orthanc, needs_orthanc, orthanc

pytestmark = needs_orthanc


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    with orthanc(tmp_path_factory.mktemp("orthanc")) as running:
        yield running


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    return [write_ct(tmp_path / f"{number}.dcm", number, pixel_bytes=2000) for number in range(3)]


def uids_of(files: list[Path]) -> list[str]:
    return [str(dcmread(path).SOPInstanceUID) for path in files]


def test_orthanc_as_the_user(peer: Orthanc, tmp_path: Path, files: list[Path]) -> None:
    instances = uids_of(files)
    with committing(tmp_path) as archive:
        archive.ports["ORTHANC"] = peer.dicom_port
        peer.know("server", "HOUNSFIELD", archive.address[1])
        identifiers = [peer.upload(path) for path in files]
        peer.call("POST", "/modalities/server/store", {"Resources": identifiers, "Synchronous": True})
        archive.flip_byte(instances[1])
        wanted = [*([CT, uid] for uid in instances), [MR, instances[0]], [CT, "1.2.3.999"]]
        asked = peer.call("POST", "/modalities/server/storage-commitment", {"DicomInstances": wanted})

        def said() -> Any:
            return peer.call("GET", asked["Path"])

        assert until(lambda: said()["Status"] != "Pending", 20)
        report = said()
        assert until(lambda: len(archive.queue) == 0)
    assert report["Status"] == "Failure"
    assert report["RemoteAET"] == "HOUNSFIELD"
    assert {one["SOPInstanceUID"] for one in report["Success"]} == {instances[0], instances[2]}
    failed = {(one["SOPClassUID"], one["SOPInstanceUID"]): one["FailureReason"] for one in report["Failures"]}
    assert failed == {(CT, instances[1]): 0x0110, (MR, instances[0]): 0x0119, (CT, "1.2.3.999"): 0x0112}


def test_orthanc_as_the_provider(peer: Orthanc, tmp_path: Path, files: list[Path]) -> None:
    instances = uids_of(files)
    for path in files:
        peer.upload(path)
    asking = AskedCommitments(tmp_path / "asked")
    with committing(tmp_path, take_result=asking.take) as archive:
        peer.know("server", "HOUNSFIELD", archive.address[1])
        wanted = [*(Reference(CT, uid) for uid in instances), Reference(CT, "1.2.3.999")]
        sent = asking.ask(DimsePeer("ORTHANC", "127.0.0.1", peer.dicom_port), wanted, wait_s=0, limits=LIMITS)

        def found() -> AskedCommitment | None:
            return asking.find(sent.request.transaction_uid)

        assert until(lambda: (now := found()) is not None and now.result is not None, 20)
        settled = found()
    assert settled is not None
    assert settled.result is not None
    assert set(settled.result.committed) == set(wanted[:3])
    assert settled.result.failed == (Failure(wanted[3], 0x0112),)
    assert not settled.is_committed
