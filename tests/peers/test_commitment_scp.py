"""pynetdicom as a modality that asks us to commit: what it is told, and by which association (PS3.4 annex J)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom import AE
from pynetdicom.dsutils import encode

from dimse_kit.committing import CT, MR, PUSH_MODEL, PUSH_MODEL_INSTANCE, Committing, Modality, ask, committing, store
from dimse_kit.dcmtk import free_port
from dimse_kit.objects import data_set_of, write_ct
from dimse_kit.raw_commitment import raw_modality, wanted
from dimse_kit.server import until
from dimse_kit.wire import EXPLICIT, Wire, a_request
from hounsfield.dicom.commitment import MAX_REFERENCES, encode_request, read_result
from hounsfield.model.commitment import CommitmentRequest, CommitmentResult, Reference
from hounsfield.network.dimse import CommandField, request, response
from hounsfield.network.pdu import ProposedContext
from hounsfield.services.commitment_queue import QueueLimits
from services.server import launch, running

VERIFICATION = "1.2.840.10008.1.1"


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    return [write_ct(tmp_path / f"{number}.dcm", number, pixel_bytes=size) for number, size in enumerate((2, 20_000, 300_000))]


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Committing]:
    with committing(tmp_path) as running:
        yield running


def stored_in(archive: Committing, files: list[Path]) -> list[tuple[str, str]]:
    with Modality().associated(archive.address) as association:
        return store(association, files)


def files_left(folder: Path) -> list[Path]:
    return list((folder / "commitments").iterdir())


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1"], ids=["implicit", "explicit"])
def test_a_report_on_the_same_association(archive: Committing, files: list[Path], syntax: str) -> None:
    modality = Modality()
    with modality.associated(archive.address, syntax=syntax) as association:
        stored = store(association, files)
        status, transaction = ask(association, stored)
        heard = modality.heard_of(transaction)
        assert status == 0
        assert heard.on is association
        assert (heard.event_type, heard.committed, heard.failed) == (1, stored, {})
        assert heard.data_set.RetrieveAETitle == "HOUNSFIELD"
        assert until(lambda: len(archive.queue) == 0)
        store(association, files[:1])
    assert until(lambda: files_left(archive.folder) == [])


@pytest.mark.parametrize("role", [True, False], ids=["it accepts our role", "it says nothing of roles"])
def test_a_report_on_a_new_association(tmp_path: Path, files: list[Path], role: bool) -> None:
    modality = Modality()
    with committing(tmp_path, attend_s=0) as archive, modality.listening(role=role) as archive.ports["MODALITY"]:
        with modality.associated(archive.address) as association:
            stored = store(association, files)
            status, transaction = ask(association, stored)
        heard = modality.heard_of(transaction)
        assert status == 0
        assert heard.on is not association
        assert heard.on.requestor.ae_title == "HOUNSFIELD"
        (asked,) = heard.on.requestor.role_selection.values()
        assert (asked.sop_class_uid, asked.scu_role, asked.scp_role) == (PUSH_MODEL, False, True)
        assert (heard.event_type, heard.committed, heard.failed) == (1, stored, {})
        assert until(lambda: len(archive.queue) == 0)
    assert until(lambda: files_left(tmp_path) == [])


def test_damage_on_the_disk_is_found_and_said_of_those_only(archive: Committing, files: list[Path]) -> None:
    stored = stored_in(archive, files)
    archive.flip_byte(stored[1][1])
    modality = Modality()
    with modality.associated(archive.address) as association:
        _, transaction = ask(association, stored)
        heard = modality.heard_of(transaction)
    assert heard.event_type == 2
    assert heard.committed == [stored[0], stored[2]]
    assert heard.failed == {stored[1][1]: 0x0110}


def test_damage_in_the_file_meta_information_counts(archive: Committing, files: list[Path]) -> None:
    ((sop_class, sop_instance),) = stored_in(archive, files[2:])
    (held,) = archive.holdings.held(1, [sop_instance])
    archive.flip_byte(sop_instance, from_end=held.instance.stored.location.length_bytes - 5)
    modality = Modality()
    with modality.associated(archive.address) as association:
        _, transaction = ask(association, [(sop_class, sop_instance)])
        assert modality.heard_of(transaction).failed == {sop_instance: 0x0110}


def test_each_reason_where_it_applies(archive: Committing, files: list[Path]) -> None:
    stored = stored_in(archive, files)
    modality = Modality()
    with modality.associated(archive.address) as association:
        asked = [stored[0], (CT, "1.2.3.999"), (MR, stored[1][1]), (VERIFICATION, "1.2.3.998"), ("1.2.826.0.1.99", "1.2.3.997")]
        _, transaction = ask(association, asked)
        heard = modality.heard_of(transaction)
    assert heard.event_type == 2
    assert heard.committed == [stored[0]]
    assert heard.failed == {"1.2.3.999": 0x0112, stored[1][1]: 0x0119, "1.2.3.998": 0x0122, "1.2.3.997": 0x0112}


def test_where_nothing_is_committed_there_is_no_sequence_of_it(archive: Committing) -> None:
    modality = Modality()
    with modality.associated(archive.address) as association:
        _, transaction = ask(association, [(CT, "1.2.3.999")])
        heard = modality.heard_of(transaction)
    assert "ReferencedSOPSequence" not in heard.data_set
    assert "RetrieveAETitle" not in heard.data_set
    assert heard.failed == {"1.2.3.999": 0x0112}


def test_an_instance_named_twice_is_reported_once(archive: Committing, files: list[Path]) -> None:
    stored = stored_in(archive, files[:1])
    modality = Modality()
    with modality.associated(archive.address) as association:
        _, transaction = ask(association, stored * 3)
        assert modality.heard_of(transaction).committed == stored


def _action(**values: object) -> Dataset:
    action = Dataset()
    for keyword, value in values.items():
        setattr(action, keyword, value)
    return action


def _item(**values: str) -> Dataset:
    return _action(**values)


GOOD = _item(ReferencedSOPClassUID=CT, ReferencedSOPInstanceUID="1.2.3")


@pytest.mark.parametrize(
    ("action", "more", "status"),
    [
        (None, {}, 0x0115),
        (_action(ReferencedSOPSequence=[GOOD]), {}, 0x0115),
        (_action(TransactionUID="", ReferencedSOPSequence=[GOOD]), {}, 0x0115),
        (_action(TransactionUID="1.2.3"), {}, 0x0115),
        (_action(TransactionUID="1.2.3", ReferencedSOPSequence=[]), {}, 0x0115),
        (_action(TransactionUID="1.2.3", ReferencedSOPSequence=[GOOD, _item(ReferencedSOPClassUID=CT)]), {}, 0x0115),
        (_action(TransactionUID="1.2.3", ReferencedSOPSequence=[_item(ReferencedSOPInstanceUID="1.2.3")]), {}, 0x0115),
        (_action(TransactionUID="1.2.3", ReferencedSOPSequence=[GOOD]), {"action_type": 2}, 0x0123),
        (_action(TransactionUID="1.2.3", ReferencedSOPSequence=[GOOD]), {"instance": "1.2.3.4"}, 0x0112),
        (_action(TransactionUID="1.2.3", ReferencedSOPSequence=[GOOD] * (MAX_REFERENCES + 1)), {}, 0x0213),
    ],
    ids=[
        "no data set",
        "no Transaction UID",
        "an empty Transaction UID",
        "no sequence",
        "an empty sequence",
        "an item without an instance",
        "an item without a class",
        "another action",
        "another instance",
        "too many instances",
    ],
)
def test_what_is_not_understood_is_refused_and_the_association_lives_on(
    archive: Committing, files: list[Path], action: Dataset | None, more: dict[str, object], status: int
) -> None:
    """By hand: pynetdicom's own thread may take a message for another."""
    uid = str(dcmread(files[0]).SOPInstanceUID)
    raw = None if action is None else encode(action, False, True)
    with raw_modality(archive.address) as modality:
        assert modality.hear_response(modality.ask(raw, **more)) == status  # type: ignore[arg-type]
        assert modality.hear_response(modality.store(uid, data_set_of(files[0]))) == 0
        request = wanted("1.2.3.4", [(CT, uid)])
        assert modality.hear_response(modality.ask(request)) == 0
        assert modality.hear_report() == CommitmentResult("1.2.3.4", request.references)
        assert until(lambda: len(archive.queue) == 0)


def test_a_full_queue_is_a_resource_limitation(tmp_path: Path) -> None:
    with committing(tmp_path, QueueLimits(max_requests=4), attend_s=0) as archive:
        modality = Modality()
        with modality.associated(archive.address) as association:
            assert [ask(association, [(CT, "1.2.3")])[0] for _ in range(3)] == [0, 0, 0x0213]
        other = Modality("OTHER")
        with other.associated(archive.address) as association:
            assert ask(association, [(CT, "1.2.3")])[0] == 0


def test_a_transaction_uid_in_use_is_refused_for_other_instances_and_a_repeated_request_is_reported_once(
    tmp_path: Path, files: list[Path]
) -> None:
    modality = Modality()
    transaction = str(generate_uid())
    with committing(tmp_path, attend_s=0) as archive:
        stored = stored_in(archive, files)
        with modality.associated(archive.address) as association:
            assert ask(association, stored[:1], transaction)[0] == 0
            assert ask(association, stored[:1], transaction)[0] == 0
            assert ask(association, stored[1:], transaction)[0] == 0
            assert ask(association, stored[1:], transaction)[0] == 0
        with modality.listening() as archive.ports["MODALITY"]:
            assert until(lambda: len(archive.queue) == 0)
    first, second = modality.heard
    assert (first.event_type, first.committed) == (1, stored[:1])
    assert (second.event_type, second.failed) == (2, {uid: 0x0131 for _, uid in stored[1:]})


def test_several_requests_at_once_on_one_association(archive: Committing, files: list[Path]) -> None:
    """A peer that sends them without waiting, by hand: pynetdicom would take a report for the answer to its next request."""
    stored = stored_in(archive, files)
    wanted = [CommitmentRequest(f"1.2.{number}", (Reference(*one),)) for number, one in enumerate(stored)]
    committed = []
    answered = []
    with Wire(archive.address) as wire:
        wire.associate(a_request([ProposedContext(1, PUSH_MODEL, (EXPLICIT,))]))
        for number, one in enumerate(wanted, 1):
            action = request(
                CommandField.N_ACTION_RQ,
                number,
                PUSH_MODEL,
                has_data_set=True,
                requested_sop_instance_uid=PUSH_MODEL_INSTANCE,
                action_type_id=1,
            )
            wire.command(1, action)
            wire.data(1, encode_request(one, implicit_vr=False))
        while len(answered) < 3 or len(committed) < 3:
            command, data = wire.message()
            if command.is_response:
                assert command.status == 0
                answered.append(command.message_id_responded_to)
                continue
            result = read_result(data, EXPLICIT)
            assert result.failed == ()
            committed.append((result.transaction_uid, result.committed))
            wire.command(1, response(command, 0))
        assert until(lambda: len(archive.queue) == 0)
    assert answered == [1, 2, 3]
    assert committed == [(one.transaction_uid, one.references) for one in wanted]


def test_a_peer_that_is_down_is_told_when_it_is_up(tmp_path: Path, files: list[Path]) -> None:
    modality = Modality()
    with committing(tmp_path, attend_s=0) as archive:
        archive.ports["MODALITY"] = port = free_port()
        with modality.associated(archive.address) as association:
            stored = store(association, files)
            transactions = {ask(association, [reference])[1] for reference in stored}
        assert until(lambda: archive.attempts("MODALITY") >= 3)
        assert len(files_left(tmp_path)) == 3
        with modality.listening(port):
            assert until(lambda: len(archive.queue) == 0)
    assert {heard.transaction_uid for heard in modality.heard} == transactions
    assert len({heard.on for heard in modality.heard}) == 1, "one association for all that waits"


def test_a_peer_that_answers_a_failure_is_asked_again(tmp_path: Path, files: list[Path]) -> None:
    modality = Modality()
    modality.status = 0x0110
    with committing(tmp_path) as archive:
        with modality.associated(archive.address) as association:
            _, transaction = ask(association, store(association, files))
            modality.heard_of(transaction)
        with modality.listening() as archive.ports["MODALITY"]:
            assert until(lambda: len(modality.heard) >= 3)
            modality.status = 0
            assert until(lambda: len(archive.queue) == 0)
    assert modality.heard[0].on is association
    assert modality.heard[-1].on is not association


def test_a_report_on_an_association_that_breaks_is_made_again_at_once(tmp_path: Path, files: list[Path]) -> None:
    modality = Modality()
    patient = QueueLimits(confirm_within_s=60.0, first_pause_s=0.05)
    with committing(tmp_path, patient) as archive, modality.listening() as archive.ports["MODALITY"]:
        with modality.associated(archive.address) as association:
            stored = store(association, files)
            modality.abort = True
            _, transaction = ask(association, stored)
            heard = modality.heard_of(transaction)
        assert heard.on is not association
        assert heard.committed == stored
        assert until(lambda: len(archive.queue) == 0)


def test_a_report_that_is_never_answered_is_made_again(archive: Committing, files: list[Path]) -> None:
    """While its association stays open."""
    stored = stored_in(archive, files[:1])
    modality = Modality("TESTER")
    action = request(
        CommandField.N_ACTION_RQ, 1, PUSH_MODEL, has_data_set=True, requested_sop_instance_uid=PUSH_MODEL_INSTANCE, action_type_id=1
    )
    with modality.listening() as archive.ports["TESTER"], Wire(archive.address) as wire:
        wire.associate(a_request([ProposedContext(1, PUSH_MODEL, (EXPLICIT,))]))
        wire.command(1, action)
        wire.data(1, encode_request(CommitmentRequest("1.2.3", (Reference(*stored[0]),)), implicit_vr=False))
        assert wire.message().command.is_response
        assert wire.message().command.field == CommandField.N_EVENT_REPORT_RQ
        assert modality.heard_of("1.2.3").committed == stored


def test_a_request_is_dropped_in_the_end(tmp_path: Path) -> None:
    with committing(tmp_path, QueueLimits(first_pause_s=0.05, keep_trying_s=0.3), attend_s=0) as archive:
        with Modality().associated(archive.address) as association:
            assert ask(association, [(CT, "1.2.3")])[0] == 0
        assert len(files_left(tmp_path)) == 1
        assert until(lambda: len(archive.queue) == 0)
        assert until(lambda: files_left(tmp_path) == [])


def test_extended_negotiation_of_the_class_is_not_answered_and_big_endian_is_not_taken(archive: Committing) -> None:
    entity = AE("MODALITY")
    entity.add_requested_context(PUSH_MODEL, "1.2.840.10008.1.2.2")
    entity.add_requested_context(VERIFICATION)
    association = entity.associate(*archive.address, ae_title="HOUNSFIELD")
    assert [context.result for context in association.rejected_contexts] == [4]
    association.release()


def test_a_restart_between_request_and_report(tmp_path: Path, files: list[Path]) -> None:
    modality = Modality()
    port = free_port()
    with committing(tmp_path, attend_s=0) as archive:
        archive.ports["MODALITY"] = port
        with modality.associated(archive.address) as association:
            stored = store(association, files)
            status, transaction = ask(association, stored)
            assert status == 0
    with committing(tmp_path) as archive, modality.listening() as archive.ports["MODALITY"]:
        assert modality.heard_of(transaction).committed == stored
        assert until(lambda: len(archive.queue) == 0)


def test_a_kill_between_request_and_report(tmp_path: Path, files: list[Path]) -> None:
    modality = Modality()
    port = free_port()
    options = ("--open-access", "--peer", f"MODALITY=127.0.0.1:{port}")
    server = launch(tmp_path / "data", *options)
    try:
        with modality.associated((server.host, server.dicom_port)) as association:
            stored = store(association, files)
        # Released at once, so that nothing can be reported before the kill.
        with modality.associated((server.host, server.dicom_port)) as association:
            modality.abort = True
            status, transaction = ask(association, [*stored, (CT, "1.2.3.999")])
            assert status == 0
    finally:
        server.kill()
    assert modality.heard == []
    modality.abort = False
    with modality.listening(port), running(tmp_path / "data", *options):
        heard = modality.heard_of(transaction, 30)
    assert heard.committed == stored
    assert heard.failed == {"1.2.3.999": 0x0112}


def test_one_bad_byte_of_a_data_set_does_not_hang_the_peer(archive: Committing) -> None:
    """A sequence that claims more than there is."""
    raw = encode(_action(TransactionUID="1.2.3"), False, True)
    assert raw is not None
    sequence = bytes.fromhex("08009911") + b"SQ" + bytes.fromhex("0000 08000000 feff00e0 ff000000")
    with raw_modality(archive.address) as modality:
        assert modality.hear_response(modality.ask(raw + sequence)) == 0x0115
