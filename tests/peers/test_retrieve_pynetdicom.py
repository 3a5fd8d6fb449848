"""pynetdicom as the user of C-GET and as the destination of C-MOVE: counts, refusals, cancellation, what is damaged."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, evt

from dimse_kit.objects import CT_IMAGE_STORAGE, data_set_of, write_ct
from dimse_kit.retrieving import ORIGIN, PATIENT_GET, STUDY_GET, STUDY_MOVE, Receiver, Response, Retrieving, keys, responses_of, retrieving
from dimse_kit.server import MemoryStore, running_server, until
from hounsfield.model.rejection import RejectionCode
from hounsfield.model.retrieval import Named
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.services.delete import Subject, delete_study
from hounsfield.services.object_source import PackSource
from hounsfield.services.reject import reject_objects, restore_objects

STUDY = "1.2.826.0.1.3680043.10.999.2"
MR_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.4"
COUNT = 12
CT_ONLY: dict[str, Any] = {CT_IMAGE_STORAGE: [ExplicitVRLittleEndian]}
CT_AND_MR: dict[str, Any] = CT_ONLY | {MR_IMAGE_STORAGE: [ExplicitVRLittleEndian]}


def uid(number: int) -> str:
    return f"1.2.826.0.1.3680043.10.999.1.{number + 1}"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Twelve CT, of which the last two are called MR; the ninth is longer than what is read at once."""
    directory = tmp_path_factory.mktemp("objects")
    classes = [CT_IMAGE_STORAGE] * (COUNT - 2) + [MR_IMAGE_STORAGE] * 2
    return [
        write_ct(directory / f"{number}.dcm", number, sop_class_uid=sop_class, pixel_bytes=5_000_000 if number == 8 else 20_000)
        for number, sop_class in enumerate(classes)
    ]


@pytest.fixture
def archive(files: list[Path], tmp_path: Path) -> Iterator[Retrieving]:
    with retrieving(tmp_path / "archive") as running:
        running.store(files)
        yield running


def get(archive: Retrieving, receiver: Receiver, contexts: dict[str, Any], identifier: Any = None) -> list[Response]:
    with receiver.associated(archive.address, contexts) as association:
        return responses_of(association.send_c_get(identifier or keys("STUDY", StudyInstanceUID=STUDY), STUDY_GET))


def move(archive: Retrieving, identifier: Any = None, destination: str = "RECEIVER") -> list[Response]:
    ae = AE("MOVER")
    ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = 20
    ae.add_requested_context(STUDY_MOVE, ExplicitVRLittleEndian)
    association = ae.associate(*archive.address, ae_title="HOUNSFIELD")
    assert association.is_established
    try:
        return responses_of(association.send_c_move(identifier or keys("STUDY", StudyInstanceUID=STUDY), destination, STUDY_MOVE))
    finally:
        association.release()


def test_get_of_everything_in_order(archive: Retrieving, files: list[Path]) -> None:
    receiver = Receiver()
    responses = get(archive, receiver, CT_AND_MR)
    assert responses[-1] == Response(0x0000, None, COUNT, 0, 0)
    assert list(receiver.came) == [uid(number) for number in range(COUNT)], "by instance number"
    assert list(receiver.came.values()) == [data_set_of(path) for path in files]


def test_a_class_without_a_context_fails_and_is_named(archive: Retrieving) -> None:
    receiver = Receiver()
    responses = get(archive, receiver, CT_ONLY)
    assert responses[-1] == Response(0xB000, None, COUNT - 2, 2, 0, (uid(10), uid(11)))
    assert len(receiver.came) == COUNT - 2


def test_nothing_can_go(archive: Retrieving) -> None:
    responses = get(archive, Receiver(), {"1.2.840.10008.5.1.4.1.1.1": [ExplicitVRLittleEndian]})
    assert (responses[-1].status, responses[-1].counts) == (0xA702, (0, COUNT, 0))
    assert len(responses[-1].failed_uids) == COUNT
    assert "no presentation context" in responses[-1].comment


def test_a_context_without_the_role_is_not_sent_to(archive: Retrieving) -> None:
    ae = AE("GETTER")
    ae.add_requested_context(STUDY_GET, ExplicitVRLittleEndian)
    ae.add_requested_context(CT_IMAGE_STORAGE, ExplicitVRLittleEndian)
    heard: list[str] = []
    handlers: list[Any] = [(evt.EVT_DIMSE_RECV, lambda event: heard.append(type(event.message).__name__))]
    association = ae.associate(*archive.address, ae_title="HOUNSFIELD", evt_handlers=handlers)
    responses = responses_of(association.send_c_get(keys("STUDY", StudyInstanceUID=STUDY), STUDY_GET))
    association.release()
    assert (responses[-1].status, responses[-1].failed) == (0xA702, COUNT)
    assert set(heard) == {"C_GET_RSP"}


def test_refusals_and_warnings_of_the_receiver_are_counted(archive: Retrieving) -> None:
    receiver = Receiver(statuses={uid(3): 0xA700, uid(5): 0xB000, uid(7): 0xC123})
    expected = Response(0xB000, None, COUNT - 3, 2, 1, (uid(3), uid(7)))
    assert get(archive, receiver, CT_AND_MR)[-1] == expected
    with receiver.listening(CT_AND_MR) as port:
        archive.know("RECEIVER", port)
        assert move(archive)[-1] == expected


def test_warnings_alone_are_a_warning(archive: Retrieving) -> None:
    receiver = Receiver(statuses={uid(number): 0xB007 for number in range(COUNT)})
    assert get(archive, receiver, CT_AND_MR)[-1] == Response(0xB000, None, 0, 0, COUNT)


def test_the_destination_is_told_who_asked(archive: Retrieving, files: list[Path]) -> None:
    receiver = Receiver()
    with receiver.listening(CT_AND_MR) as port:
        archive.know("RECEIVER", port)
        responses = move(archive)
    assert responses[-1] == Response(0x0000, None, COUNT, 0, 0)
    assert list(receiver.came.values()) == [data_set_of(path) for path in files]
    assert {(one.MoveOriginatorApplicationEntityTitle, one.MoveOriginatorMessageID) for one in receiver.requests} == {("MOVER", 1)}


def test_a_get_that_is_cancelled(archive: Retrieving) -> None:
    """Remaining, completed, failed and warning are together what was planned, and no object comes afterwards."""
    receiver = Receiver()

    def keep_and_cancel(event: Any) -> int:
        if len(receiver.came) == 4:
            event.assoc.send_c_cancel(1, query_model=STUDY_GET)
        return receiver.keep(event)

    with receiver.associated(archive.address, CT_AND_MR, on_store=keep_and_cancel) as association:
        (*_, last) = responses_of(association.send_c_get(keys("STUDY", StudyInstanceUID=STUDY), STUDY_GET, msg_id=1))
        assert last.status == 0xFE00
        assert last.completed == len(receiver.came) < COUNT
        assert last.remaining == COUNT - last.completed
        again = responses_of(association.send_c_get(keys("STUDY", StudyInstanceUID=STUDY), STUDY_GET, msg_id=2))
        assert again[-1].status == 0x0000, "the association lives on"


def test_a_move_that_is_cancelled(archive: Retrieving) -> None:
    receiver = Receiver()
    ae = AE("MOVER")
    ae.add_requested_context(STUDY_MOVE, ExplicitVRLittleEndian)
    association = ae.associate(*archive.address, ae_title="HOUNSFIELD")
    keep = receiver.keep

    def keep_and_cancel(event: Any) -> int:
        if len(receiver.came) == 4:
            association.send_c_cancel(1, query_model=STUDY_MOVE)
        return keep(event)

    receiver.keep = keep_and_cancel  # type: ignore[method-assign]
    with receiver.listening(CT_AND_MR) as port:
        archive.know("RECEIVER", port)
        (*_, last) = responses_of(association.send_c_move(keys("STUDY", StudyInstanceUID=STUDY), "RECEIVER", STUDY_MOVE, msg_id=1))
    association.release()
    assert last.status == 0xFE00
    assert last.completed == len(receiver.came) < COUNT
    assert last.remaining == COUNT - last.completed


def test_a_damaged_object_is_never_sent_as_good(archive: Retrieving) -> None:
    archive.damage(uid(2))
    receiver = Receiver()
    assert get(archive, receiver, CT_AND_MR)[-1] == Response(0xB000, None, COUNT - 1, 1, 0, (uid(2),))
    assert uid(2) not in receiver.came


def test_an_object_that_takes_us_by_surprise_fails_alone(archive: Retrieving, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = PackSource.open

    def surprised(source: PackSource, instance: StoredInstance, syntax: str) -> Any:
        if instance.sop_instance_uid == uid(6):
            raise LookupError("nobody thought of this")
        return opened(source, instance, syntax)

    monkeypatch.setattr(PackSource, "open", surprised)
    assert get(archive, Receiver(), CT_AND_MR)[-1] == Response(0xB000, None, COUNT - 1, 1, 0, (uid(6),))


def test_a_large_damaged_object_costs_its_association_not_the_others(archive: Retrieving) -> None:
    archive.damage(uid(8), from_end=1_000_000)
    receiver = Receiver()
    with receiver.listening(CT_AND_MR) as port:
        archive.know("RECEIVER", port)
        assert move(archive)[-1] == Response(0xB000, None, COUNT - 1, 1, 0, (uid(8),))
    assert set(receiver.came) == {uid(number) for number in range(COUNT)} - {uid(8)}


def test_a_get_of_a_large_damaged_object_ends_before_its_last_byte(archive: Retrieving) -> None:
    archive.damage(uid(8), from_end=1_000_000)
    receiver = Receiver()
    with receiver.associated(archive.address, CT_AND_MR) as association:
        responses_of(association.send_c_get(keys("STUDY", StudyInstanceUID=STUDY), STUDY_GET))
        assert until(lambda: not association.is_established)
    assert uid(8) not in receiver.came


def test_what_is_deleted_is_not_retrieved(archive: Retrieving) -> None:
    plan = archive.transfer.plan(ORIGIN, Named(study_instance_uids=(STUDY,)))
    delete_study(archive.decisions.decide, ORIGIN, STUDY, "a test")
    assert len(plan) == COUNT
    assert list(plan) == []
    assert plan.missing == [uid(number) for number in range(COUNT)]
    assert get(archive, Receiver(), CT_AND_MR)[-1] == Response(0x0000, None, 0, 0, 0)


def test_what_is_rejected_is_not_retrieved_until_it_is_restored(archive: Retrieving) -> None:
    one = Subject(STUDY, archive.reader.instances(1, STUDY, "", uid(3))[0].series_instance_uid, uid(3))
    reject_objects(archive.decisions.decide, ORIGIN, one, RejectionCode.QUALITY, "a test")
    receiver = Receiver()
    assert get(archive, receiver, CT_AND_MR)[-1] == Response(0x0000, None, COUNT - 1, 0, 0)
    assert uid(3) not in receiver.came
    restore_objects(archive.decisions.decide, ORIGIN, Subject(STUDY), "a test")
    assert get(archive, Receiver(), CT_AND_MR)[-1] == Response(0x0000, None, COUNT, 0, 0)


def test_patient_root_and_relational_keys(archive: Retrieving) -> None:
    receiver = Receiver()
    with receiver.associated(archive.address, CT_AND_MR, model=PATIENT_GET) as association:

        def ask(level: str, **values: str) -> tuple[int, int]:
            last = responses_of(association.send_c_get(keys(level, **values), PATIENT_GET))[-1]
            return last.status, last.completed

        assert ask("PATIENT", PatientID="T1") == (0x0000, COUNT)
        assert ask("PATIENT", PatientID="t1") == (0x0000, 0), "a unique key is compared as it stands"
        assert ask("PATIENT", PatientID="T*") == (0x0000, 0), "it is no wild card"
        assert ask("STUDY", PatientID="T1", StudyInstanceUID=STUDY) == (0x0000, COUNT)
        assert ask("STUDY", PatientID="OTHER", StudyInstanceUID=STUDY) == (0x0000, 0)
        assert ask("IMAGE", SOPInstanceUID=uid(1)) == (0x0000, 1), "without the keys above it"
        assert ask("PATIENT", StudyInstanceUID=STUDY)[0] == 0xA900
        assert ask("PATIENT", PatientID="T1\\T2")[0] == 0xA900


def test_only_implicit_is_taken(archive: Retrieving, files: list[Path]) -> None:
    receiver = Receiver()
    contexts: dict[str, Any] = {sop_class: [ImplicitVRLittleEndian] for sop_class in CT_AND_MR}
    assert get(archive, receiver, contexts)[-1] == Response(0x0000, None, COUNT, 0, 0)
    again = Receiver()
    with again.listening(contexts) as port:
        archive.know("RECEIVER", port)
        assert move(archive)[-1] == Response(0x0000, None, COUNT, 0, 0)
    assert again.came == receiver.came
    for path in files:
        stored = pydicom.dcmread(path)
        came = pydicom.dcmread(io.BytesIO(receiver.came[stored.SOPInstanceUID]), force=True)
        assert came == stored
        assert came.PixelData == stored.PixelData


def test_more_kinds_than_one_association_has_contexts(tmp_path: Path) -> None:
    classes = [f"1.2.826.0.1.3680043.10.999.7.{number}" for number in range(150)]
    objects = [write_ct(tmp_path / f"{n}.dcm", n, sop_class_uid=sop_class, pixel_bytes=2) for n, sop_class in enumerate(classes)]
    store = MemoryStore()
    with retrieving(tmp_path / "archive") as archive, running_server(store) as destination:
        archive.store(objects)
        archive.know("HOUNSFIELD", destination.address[1])
        assert move(archive, destination="HOUNSFIELD")[-1] == Response(0x0000, None, 150, 0, 0)
    assert sorted(kept.data_set for kept in store.kept) == sorted(map(data_set_of, objects))
