"""Rejection by a stored Key Object Selection document: by whom, of what, and once (IHE RAD Imaging Object Change Management)."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pydicom
import pytest
from pydicom.sr.coding import Code
from pydicom.uid import KeyObjectSelectionDocumentStorage
from pynetdicom.ae import ApplicationEntity
from structlog.testing import capture_logs

from dicomweb_kit.notes import OF_INTEREST, Named, note
from dicomweb_kit.objects import as_file, ct
from dicomweb_kit.pacs import Pacs, open_pacs
from dimse_kit.server import running_server
from hounsfield.model.origin import Origin, Principal, Protocol, Role
from hounsfield.model.outcomes import StoreOutcome
from hounsfield.model.peers import EVERYTHING, USUAL, Peer, PeerCertificate, Permission
from hounsfield.model.rejection import RejectionCode
from hounsfield.model.visibility import VisibleStudies
from hounsfield.services.delete import Subject
from hounsfield.services.reject import restore_objects

MODALITY = Principal("CT1", Role.EDITOR)
MAY, MAY_NOT = (Origin(Protocol.DIMSE, MODALITY, "192.0.2.1", "CT1", may_reject=may) for may in (True, False))

FIRST, SECOND, OTHER_SERIES, OTHER_STUDY = (
    ("1.2.3", "1.2.3.1", "1.2.3.1.1"),
    ("1.2.3", "1.2.3.1", "1.2.3.1.2"),
    ("1.2.3", "1.2.3.2", "1.2.3.2.1"),
    ("1.2.4", "1.2.4.1", "1.2.4.1.1"),
)
NOTE = "1.2.3.99.1"


@pytest.fixture
def pacs(tmp_path: Path) -> Iterator[Pacs]:
    """Two studies; the first has two series."""
    with open_pacs(tmp_path) as opened:
        for study, series, uid in (FIRST, SECOND, OTHER_SERIES, OTHER_STUDY):
            bring(opened, as_file(ct(int(uid[-1]), study=study, series=series)), MAY_NOT)
        yield opened


def bring(pacs: Pacs, file: bytes, origin: Origin = MAY) -> StoreOutcome:
    with pacs.local.receive_file(origin) as reception:
        reception.write(file)
        return reception.finish().outcome


def seen(pacs: Pacs) -> set[str]:
    """SOP Instance UIDs, the notes' apart."""
    found = pacs.get("/instances")
    uids = {item["00080018"]["Value"][0] for item in found.json()} if found.status_code == 200 else set()
    return uids - {f"1.2.3.99.{number}" for number in range(1, 9)}


EVERY = {one[2] for one in (FIRST, SECOND, OTHER_SERIES, OTHER_STUDY)}


@pytest.mark.parametrize("code", [code.value for code in RejectionCode])
def test_what_it_names_is_out_of_sight_and_the_note_is_stored(pacs: Pacs, code: str) -> None:
    assert bring(pacs, note(1, FIRST, title=Code(code, "DCM", "x"))) is StoreOutcome.STORED
    assert seen(pacs) == EVERY - {FIRST[2]}
    assert pacs.get(f"/studies/1.2.3/series/1.2.3.99/instances/{NOTE}").status_code == 200
    assert pacs.get("/studies/1.2.3/series/1.2.3.1/instances/1.2.3.1.1").status_code == 410
    (standing,) = pacs.reader.rejections()
    assert (standing.code, standing.principal, standing.sop_instance_uid) == (code, "CT1", FIRST[2])
    assert NOTE in standing.reason


def test_without_the_permission_it_is_stored_only(pacs: Pacs) -> None:
    with capture_logs() as logs:
        assert bring(pacs, note(1, FIRST), MAY_NOT) is StoreOutcome.STORED
    assert seen(pacs) == EVERY
    assert pacs.get(f"/studies/1.2.3/series/1.2.3.99/instances/{NOTE}").status_code == 200
    (said,) = (entry for entry in logs if entry["event"] == "rejection_note.stored_only")
    assert (said["sop_instance_uid"], said["code"], said["calling_ae_title"]) == (NOTE, "113001", "CT1")


@pytest.mark.parametrize("title", [OF_INTEREST, Code("113001", "SRT", "x"), Code("", "DCM", "")])
def test_another_title_rejects_nothing(pacs: Pacs, title: Code) -> None:
    bring(pacs, note(1, FIRST, title=title))
    assert seen(pacs) == EVERY


@pytest.mark.parametrize(
    ("named", "gone"),
    [
        ((FIRST, OTHER_SERIES, OTHER_STUDY), (FIRST, OTHER_SERIES, OTHER_STUDY)),
        ((FIRST, SECOND), (FIRST, SECOND)),
        ((("1.2.3", "1.2.3.1", "9.9"), FIRST, ("9.9", "9.9.1", "9.9.1.1")), (FIRST,)),
        ((("1.2.4", "1.2.3.1", "1.2.3.1.1"), ("1.2.3", "1.2.3.2", "1.2.3.1.2")), ()),
        (((FIRST[0], FIRST[1], "../x"), ("", "", "")), ()),
        ((), ()),
    ],
    ids=["several studies", "a whole series", "unknown ones", "in another study or series", "no UIDs", "nothing"],
)
def test_references(pacs: Pacs, named: tuple[Named, ...], gone: tuple[Named, ...]) -> None:
    bring(pacs, note(1, *named))
    assert seen(pacs) == EVERY - {one[2] for one in gone}


def test_a_whole_series_is_one_decision_and_later_objects_of_it_are_seen(pacs: Pacs) -> None:
    bring(pacs, note(1, FIRST, SECOND))
    assert [(one.series_instance_uid, one.sop_instance_uid) for one in pacs.reader.rejections()] == [("1.2.3.1", "")]
    bring(pacs, as_file(ct(3)))
    assert "1.2.3.1.3" in seen(pacs)
    bring(pacs, note(2, OTHER_STUDY))
    assert pacs.reader.rejections()[0].sop_instance_uid == OTHER_STUDY[2], "of a single instance the decision names it"


def test_the_same_note_again_changes_nothing(pacs: Pacs) -> None:
    bring(pacs, note(1, FIRST, OTHER_STUDY))
    decisions = pacs.reader.rejections()
    assert bring(pacs, note(1, FIRST, OTHER_STUDY)) is StoreOutcome.DUPLICATE
    assert pacs.reader.rejections() == decisions
    restore_objects(pacs.decisions.decide, MAY, Subject(*FIRST), "the image is good after all")
    bring(pacs, note(1, FIRST, OTHER_STUDY))
    assert seen(pacs) == EVERY - {OTHER_STUDY[2]}, "what an editor has restored since stays"
    bring(pacs, note(2, FIRST))
    assert FIRST[2] not in seen(pacs), "another note is another decision"


def test_the_same_note_again_rejects_what_was_not_here_the_first_time(pacs: Pacs) -> None:
    late = ("1.2.3", "1.2.3.1", "1.2.3.1.3")
    bring(pacs, note(1, late))
    bring(pacs, as_file(ct(3)))
    assert late[2] in seen(pacs)
    bring(pacs, note(1, late))
    assert late[2] not in seen(pacs)


def test_a_note_that_names_itself_stays(pacs: Pacs) -> None:
    bring(pacs, note(1, FIRST, ("1.2.3", "1.2.3.99", NOTE)))
    assert pacs.get(f"/studies/1.2.3/series/1.2.3.99/instances/{NOTE}").status_code == 200


def test_studies_that_the_peer_does_not_see_are_not_rejected(pacs: Pacs) -> None:
    blind = Origin(Protocol.DIMSE, MODALITY, "192.0.2.1", "CT1", "", VisibleStudies(modalities=("MR",)), may_reject=True)
    bring(pacs, note(1, FIRST), blind)
    assert seen(pacs) == EVERY


def test_an_editor_rejects_by_stow(pacs: Pacs) -> None:
    assert pacs.store(note(1, FIRST)).status_code == 200
    assert seen(pacs) == EVERY - {FIRST[2]}


class OnePeer:
    """Admits one peer with these permissions."""

    def __init__(self, may: frozenset[Permission]) -> None:
        self._may = may

    def admit(self, calling_ae_title: str, host: str, certificate: PeerCertificate | None = None) -> Peer:
        return Peer(calling_ae_title, host, may=self._may)


@pytest.mark.parametrize(("may", "left"), [(EVERYTHING, EVERY - {FIRST[2]}), (USUAL, EVERY)], ids=["may reject", "what is usual"])
def test_a_peer_rejects_by_c_store_where_it_has_the_permission(pacs: Pacs, may: frozenset[Permission], left: set[str]) -> None:
    sender = ApplicationEntity("CT1")
    sender.add_requested_context(KeyObjectSelectionDocumentStorage)
    with running_server(pacs.local, callers=OnePeer(may)) as server:
        association = sender.associate(*server.address, ae_title="HOUNSFIELD")
        status = association.send_c_store(pydicom.dcmread(BytesIO(note(1, FIRST))))
        association.release()
    assert status.Status == 0x0000
    assert seen(pacs) == left
