"""We tell pynetdicom what of a study is here (PS3.4 annex R)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, evt

from dimse_kit.committing import CT, LIMITS, Modality, committing, store
from dimse_kit.objects import write_ct
from hounsfield.archive.reader import PackReader
from hounsfield.index.reader import IndexReader
from hounsfield.model.errors import StudyNotFound
from hounsfield.model.origin import SYSTEM, Origin, Protocol
from hounsfield.network.errors import AssociationRefused
from hounsfield.peers.dimse import DimsePeer
from hounsfield.services.availability import announce_study
from hounsfield.services.retrieve import Retrieve

AVAILABILITY = UID("1.2.840.10008.5.1.4.33")
ORIGIN = Origin(Protocol.SYSTEM, SYSTEM)
STUDY, SERIES = "1.2.826.0.1.3680043.10.999.2", "1.2.826.0.1.3680043.10.999.3"


class Listener:
    """pynetdicom as the provider. heard: SOP Instance UID and attributes of what it was told."""

    def __init__(self) -> None:
        self.status = 0x0000
        self.heard: list[tuple[str, Dataset]] = []
        self.port = 0

    def on_create(self, event: evt.Event) -> tuple[int, None]:
        self.heard.append((str(event.request.AffectedSOPInstanceUID), event.attribute_list))
        return self.status, None

    @property
    def peer(self) -> DimsePeer:
        return DimsePeer("LISTENER", "127.0.0.1", self.port, "ARCHIVE")


@pytest.fixture(params=[ImplicitVRLittleEndian, ExplicitVRLittleEndian], ids=["implicit", "explicit"])
def listener(request: pytest.FixtureRequest) -> Iterator[Listener]:
    listener = Listener()
    entity = AE("LISTENER")
    entity.add_supported_context(AVAILABILITY, request.param)
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_N_CREATE, listener.on_create)])
    listener.port = server.socket.getsockname()[1]
    yield listener
    server.shutdown()


@pytest.fixture
def retrieve(tmp_path: Path) -> Iterator[Retrieve]:
    with committing(tmp_path) as archive:
        with Modality().associated(archive.address) as association:
            store(association, [write_ct(tmp_path / f"{number}.dcm", number) for number in range(3)])
        packs = PackReader(tmp_path / "packs")
        yield Retrieve(IndexReader(archive.database), packs)
        packs.close()


def test_a_study_is_announced_with_all_that_is_required_and_nothing_else(listener: Listener, retrieve: Retrieve) -> None:
    assert announce_study(retrieve, ORIGIN, STUDY, listener.peer, LIMITS).ok
    ((instance, told),) = listener.heard
    assert UID(instance).is_valid
    assert {element.keyword for element in told} == {
        "ReferencedPerformedProcedureStepSequence",
        "ReferencedSeriesSequence",
        "StudyInstanceUID",
    }
    assert told.StudyInstanceUID == STUDY
    assert len(told.ReferencedPerformedProcedureStepSequence) == 0
    (series,) = told.ReferencedSeriesSequence
    assert {element.keyword for element in series} == {"SeriesInstanceUID", "ReferencedSOPSequence"}
    assert series.SeriesInstanceUID == SERIES
    items = [
        (item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID, item.InstanceAvailability, item.RetrieveAETitle)
        for item in series.ReferencedSOPSequence
    ]
    assert items == [(CT, f"1.2.826.0.1.3680043.10.999.1.{number + 1}", "ONLINE", "ARCHIVE") for number in range(3)]


def test_each_notification_has_a_uid_of_its_own(listener: Listener, retrieve: Retrieve) -> None:
    for _ in range(2):
        announce_study(retrieve, ORIGIN, STUDY, listener.peer, LIMITS)
    assert len({instance for instance, _ in listener.heard}) == 2


def test_a_failure_is_told(listener: Listener, retrieve: Retrieve) -> None:
    listener.status = 0x0110
    answer = announce_study(retrieve, ORIGIN, STUDY, listener.peer, LIMITS)
    assert (answer.ok, answer.status) == (False, 0x0110)


def test_a_study_that_is_not_here(listener: Listener, retrieve: Retrieve) -> None:
    with pytest.raises(StudyNotFound):
        announce_study(retrieve, ORIGIN, "1.2.3", listener.peer, LIMITS)
    assert listener.heard == []


def test_a_peer_that_does_not_take_notifications(retrieve: Retrieve) -> None:
    entity = AE("OTHER")
    entity.add_supported_context("1.2.840.10008.1.1")
    server = entity.start_server(("127.0.0.1", 0), block=False)
    try:
        with pytest.raises(AssociationRefused):
            announce_study(retrieve, ORIGIN, STUDY, DimsePeer("OTHER", *server.socket.getsockname()), LIMITS)
    finally:
        server.shutdown()
