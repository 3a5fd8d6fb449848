"""The DICOM server over real sockets: who is let in, for what, and what is answered."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from dimse_kit.server import MemoryStore, running_server, until
from dimse_kit.wire import CT_IMAGE_STORAGE, EXPLICIT, IMPLICIT, VERIFICATION, Wire, a_request, echo_command, store_command
from hounsfield.dicom.sop_classes import OTHERS_UNDER_THE_STORAGE_ARC, STORAGE_SOP_CLASSES
from hounsfield.dicom.transfer_syntaxes import TRANSFER_SYNTAXES
from hounsfield.model.errors import (
    ArchiveBusy,
    CallerUnknown,
    HounsfieldError,
    IndexUnavailable,
    MismatchedIdentifiers,
    ObjectTooLarge,
    OutOfSpace,
    PackUnavailable,
    UnreadableObject,
)
from hounsfield.model.origin import Protocol
from hounsfield.model.outcomes import StoreOutcome
from hounsfield.model.peers import Peer, PeerCertificate, Permission
from hounsfield.network.dimse import Command, CommandField, Element, decode_command, request
from hounsfield.network.limits import AssociationLimits
from hounsfield.network.pdu import Abort, AssociateReject, DataTransfer, ProposedContext, ReleaseRequest, ReleaseResponse
from hounsfield.network.status import Status
from hounsfield.network.user_information import RoleSelection
from hounsfield.servers.dimse.storage import StoragePolicy

pytestmark = pytest.mark.no_database

PRIVATE_CLASS = "1.3.12.2.1107.5.9.1"
PRIVATE_SYNTAX = "1.2.826.0.1.3680043.2.1"
FIND_STUDY_ROOT = "1.2.840.10008.5.1.4.1.2.2.1"
NEWER_STORAGE_CLASS = "1.2.840.10008.5.1.4.1.1.999.1"
BIG_ENDIAN = "1.2.840.10008.1.2.2"


class OnlyCT:
    """Knows one caller and remembers the others."""

    def __init__(self) -> None:
        self.refused: list[tuple[str, str]] = []

    def admit(self, calling_ae_title: str, host: str, certificate: PeerCertificate | None = None) -> Peer:
        if calling_ae_title != "CT":
            self.refused.append((calling_ae_title, host))
            raise CallerUnknown(calling_ae_title)
        return Peer(calling_ae_title)


def _answer(wire: Wire) -> Command:
    pdu = wire.receive()
    assert isinstance(pdu, DataTransfer), pdu
    (value,) = pdu.values
    assert value.is_command
    assert value.is_last
    return decode_command(value.data)


def _store(wire: Wire, data: bytes = b"a data set", message_id: int = 1) -> Command:
    wire.command(3, store_command(message_id))
    for offset in range(0, len(data), 4):
        wire.data(3, data[offset : offset + 4], is_last=offset + 4 >= len(data))
    return _answer(wire)


def _is_alive(wire: Wire) -> bool:
    wire.command(1, echo_command(77))
    answer = _answer(wire)
    return (answer.field, answer.status, answer.message_id_responded_to) == (CommandField.C_ECHO_RSP, 0, 77)


def test_an_unknown_called_title_is_rejected() -> None:
    with running_server() as server, Wire(server.address) as wire:
        wire.send(a_request(called="ELSEWHERE"))
        assert wire.receive() == AssociateReject(1, 1, 7)


@pytest.mark.parametrize("calling", ["MR", "", "BACK\\SLASH"])
def test_an_unknown_calling_title_is_rejected_and_noted(calling: str) -> None:
    callers = OnlyCT()
    with running_server(callers=callers) as server, Wire(server.address) as wire:
        wire.send(a_request(calling=calling))
        assert wire.receive() == AssociateReject(1, 1, 3)
    assert callers.refused == ([("MR", "127.0.0.1")] if calling == "MR" else [])


def test_a_known_calling_title_is_let_in() -> None:
    with running_server(callers=OnlyCT()) as server, Wire(server.address) as wire:
        wire.associate(a_request(calling="CT"))
        assert _is_alive(wire)


class OnlyRetrieves:
    """Knows everybody, who may retrieve and not store."""

    def admit(self, calling_ae_title: str, host: str, certificate: PeerCertificate | None = None) -> Peer:
        return Peer(calling_ae_title, may=frozenset({Permission.RETRIEVE}))


def test_a_context_that_was_accepted_for_sub_operations_takes_no_object() -> None:
    store = MemoryStore()
    asked = a_request()
    as_scp = replace(asked.user, roles=(RoleSelection(asked.contexts[1].abstract_syntax, scu=True, scp=True),))
    with running_server(store, callers=OnlyRetrieves()) as server, Wire(server.address) as wire:
        answer = wire.associate(replace(asked, user=as_scp))
        assert [context.result for context in answer.contexts] == [0, 0]
        assert _store(wire).status == Status.NOT_AUTHORIZED
        assert _is_alive(wire)
    with running_server(store, callers=OnlyRetrieves()) as server, Wire(server.address) as wire:
        assert [context.result for context in wire.associate().contexts] == [0, 1]
    assert store.kept == []


def test_when_full_the_next_is_rejected_and_let_in_after_a_release() -> None:
    limits = AssociationLimits(max_associations=2, max_associations_per_caller=2)
    with running_server(limits=limits) as server, contextlib.ExitStack() as stack:
        first, second, third, fourth = (stack.enter_context(Wire(server.address)) for _ in range(4))
        first.associate()
        second.associate()
        third.send(a_request())
        assert third.receive() == AssociateReject(2, 3, 2)
        assert [record.state for record in server.registry.snapshot()] == ["established"] * 2
        first.send(ReleaseRequest())
        assert first.receive() == ReleaseResponse()
        assert until(lambda: len(server.registry) == 1)
        fourth.associate()
        assert _is_alive(fourth)


def test_one_caller_does_not_take_every_place() -> None:
    limits = AssociationLimits(max_associations=10, max_associations_per_caller=1)
    with running_server(limits=limits) as server, contextlib.ExitStack() as stack:
        first, second, other = (stack.enter_context(Wire(server.address)) for _ in range(3))
        first.associate()
        second.send(a_request())
        assert second.receive() == AssociateReject(2, 3, 2)
        other.associate(a_request(calling="OTHER"))


def _results(contexts: list[tuple[str, tuple[str, ...]]], policy: StoragePolicy | None = None) -> list[tuple[int, str]]:
    proposed = [ProposedContext(2 * number + 1, *context) for number, context in enumerate(contexts)]
    with running_server(storage_policy=policy) as server, Wire(server.address) as wire:
        answer = wire.associate(a_request(proposed))
    return [(context.result, context.transfer_syntax if context.result == 0 else "") for context in answer.contexts]


def test_contexts_are_answered_one_by_one() -> None:
    assert _results(
        [
            (VERIFICATION, (IMPLICIT,)),
            (VERIFICATION, (PRIVATE_SYNTAX,)),
            (FIND_STUDY_ROOT, (IMPLICIT,)),
            (CT_IMAGE_STORAGE, (IMPLICIT, EXPLICIT)),
            (CT_IMAGE_STORAGE, (BIG_ENDIAN, EXPLICIT)),
            (CT_IMAGE_STORAGE, (BIG_ENDIAN,)),
            (CT_IMAGE_STORAGE, (PRIVATE_SYNTAX,)),
            (CT_IMAGE_STORAGE, ()),
            (CT_IMAGE_STORAGE, ("no uid at all",)),
            (PRIVATE_CLASS, (EXPLICIT,)),
            (NEWER_STORAGE_CLASS, (EXPLICIT,)),
            ("no uid at all", (EXPLICIT,)),
            ("", (EXPLICIT,)),
        ]
    ) == [
        (0, IMPLICIT),
        (4, ""),
        (3, ""),
        (0, EXPLICIT),
        (0, EXPLICIT),
        (0, BIG_ENDIAN),
        (0, PRIVATE_SYNTAX),
        (4, ""),
        (4, ""),
        (0, EXPLICIT),
        (0, EXPLICIT),
        (3, ""),
        (3, ""),
    ]


def test_what_is_not_the_standards_is_a_matter_of_policy() -> None:
    contexts = [(PRIVATE_CLASS, (EXPLICIT,)), (NEWER_STORAGE_CLASS, (EXPLICIT,)), (CT_IMAGE_STORAGE, (PRIVATE_SYNTAX,))]
    assert _results(contexts, StoragePolicy(unknown_sop_classes=False, private_transfer_syntaxes=False)) == [(3, ""), (3, ""), (4, "")]


def test_what_is_registered_beside_storage_is_not_stored() -> None:
    classes = sorted(OTHERS_UNDER_THE_STORAGE_ARC)
    assert _results([(uid, (EXPLICIT,)) for uid in classes]) == [(3, "")] * len(classes)


def test_every_storage_class_and_every_transfer_syntax_is_taken() -> None:
    classes = list(STORAGE_SOP_CLASSES)
    for first in range(0, len(classes), 128):
        part = classes[first : first + 128]
        assert _results([(uid, (EXPLICIT,)) for uid in part]) == [(0, EXPLICIT)] * len(part)
    syntaxes = list(TRANSFER_SYNTAXES)
    assert _results([(CT_IMAGE_STORAGE, (uid,)) for uid in syntaxes]) == [(0, uid) for uid in syntaxes]


def test_an_object_arrives_byte_for_byte() -> None:
    store = MemoryStore()
    with running_server(store) as server, Wire(server.address) as wire:
        wire.associate()
        data = bytes(range(256)) * 3
        answer = _store(wire, data, message_id=4711)
        assert (answer.status, answer.message_id_responded_to, answer.sop_instance_uid) == (0, 4711, "1.2.3.5")
        assert until(lambda: server.registry.snapshot()[0].objects == 1)
    (kept,) = store.kept
    assert kept.data_set == data
    assert (kept.envelope.sop_class_uid, kept.envelope.sop_instance_uid, kept.envelope.transfer_syntax_uid) == (
        CT_IMAGE_STORAGE,
        "1.2.3.5",
        EXPLICIT,
    )
    origin = kept.origin
    assert (origin.protocol, origin.host, origin.calling_ae_title, origin.called_ae_title, origin.principal.name) == (
        Protocol.DIMSE,
        "127.0.0.1",
        "TESTER",
        "HOUNSFIELD",
        "TESTER",
    )


STATUSES: list[tuple[Exception, int]] = [
    (OutOfSpace("full"), 0xA700),
    (ArchiveBusy("busy"), 0xA700),
    (ObjectTooLarge("large"), 0xA700),
    (UnreadableObject("no object"), 0xC000),
    (MismatchedIdentifiers("another UID"), 0xA900),
    (IndexUnavailable("gone"), 0x0110),
    (PackUnavailable("gone"), 0x0110),
    (HounsfieldError("some"), 0x0110),
    (ZeroDivisionError("a bug with a secret"), 0x0110),
]


@pytest.mark.parametrize("when", ["begin", "enter", "midway", "end"])
@pytest.mark.parametrize(("error", "status"), STATUSES, ids=[type(error).__name__ for error, _ in STATUSES])
def test_a_refusal_has_its_status_and_the_association_lives_on(error: Exception, status: int, when: str) -> None:
    store = MemoryStore()
    if when == "begin":
        store.fail_at_begin = error
    elif when == "enter":
        store.fail_at_enter = error
    elif when == "midway":
        store.fail_at_byte = (100, error)
    else:
        store.fail_at_end = error
    with capture_logs() as logs, running_server(store) as server, Wire(server.address) as wire:
        wire.associate()
        answer = _store(wire, bytes(300))
        assert answer.status == status
        comment = answer.text(Element.ERROR_COMMENT)
        assert comment == (str(error) if isinstance(error, HounsfieldError) else "internal error, see the server's log")
        assert _is_alive(wire)
        store.fail_at_begin = store.fail_at_enter = store.fail_at_byte = store.fail_at_end = None
        assert _store(wire).status == 0
    assert {"store.refused", "store.failed"} & {entry["event"] for entry in logs}
    assert [kept.data_set for kept in store.kept] == [b"a data set"]


def test_what_is_kept_aside_is_a_warning_with_its_reason() -> None:
    store = MemoryStore(outcome=StoreOutcome.KEPT_ASIDE_UID, reason="the same UID with other bytes")
    with running_server(store) as server, Wire(server.address) as wire:
        wire.associate()
        answer = _store(wire)
    assert answer.status == 0xB007
    assert answer.text(Element.ERROR_COMMENT) == "kept aside: the same UID with other bytes"


def test_a_duplicate_is_a_success() -> None:
    with running_server(MemoryStore(outcome=StoreOutcome.DUPLICATE)) as server, Wire(server.address) as wire:
        wire.associate()
        assert _store(wire).status == 0


@pytest.mark.parametrize("how", ["abort", "close"])
def test_an_object_cut_off_midway_leaves_nothing(how: str) -> None:
    store = MemoryStore()
    with running_server(store) as server, Wire(server.address) as wire:
        wire.associate()
        wire.command(3, store_command())
        wire.data(3, bytes(5000), is_last=False)
        if how == "abort":
            wire.send(Abort(0))
        else:
            wire.socket.close()
        assert store.wait_for(lambda: store.aborted == 1)
        assert until(lambda: len(server.registry) == 0)
    assert store.kept == []


@pytest.mark.parametrize(
    ("context_id", "command", "status"),
    [
        (1, request(CommandField.C_FIND_RQ, 5, FIND_STUDY_ROOT, has_data_set=True), 0x0211),
        (3, request(CommandField.N_CREATE_RQ, 5, CT_IMAGE_STORAGE, has_data_set=True), 0x0211),
        (3, request(CommandField.C_ECHO_RQ, 5, VERIFICATION, has_data_set=False), 0x0211),
        (1, request(CommandField.C_STORE_RQ, 5, CT_IMAGE_STORAGE, has_data_set=True, affected_sop_instance_uid="1.2"), 0x0211),
    ],
    ids=["C-FIND", "N-CREATE", "C-ECHO on storage", "C-STORE on verification"],
)
def test_an_operation_nobody_performs_is_declined(context_id: int, command: bytes, status: int) -> None:
    with running_server() as server, Wire(server.address) as wire:
        wire.associate()
        wire.command(context_id, command)
        if decode_command(command).has_data_set:
            wire.data(context_id, bytes(100))
        answer = _answer(wire)
        assert (answer.status, answer.message_id_responded_to) == (status, 5)
        assert answer.field == decode_command(command).field | 0x8000
        assert _is_alive(wire)


def test_nonsense_in_a_command_is_aborted_and_others_go_on() -> None:
    with running_server() as server, Wire(server.address) as wire, Wire(server.address) as other:
        wire.associate()
        other.associate()
        wire.command(1, b"nonsense")
        assert isinstance(wire.receive(), Abort)
        assert _is_alive(other)


def test_a_store_without_a_data_set_is_left_to_the_store() -> None:
    store = MemoryStore(fail_at_end=UnreadableObject("empty"))
    with running_server(store) as server, Wire(server.address) as wire:
        wire.associate()
        wire.command(3, request(CommandField.C_STORE_RQ, 1, CT_IMAGE_STORAGE, has_data_set=False, affected_sop_instance_uid="1.2"))
        assert _answer(wire).status == 0xC000
        assert _is_alive(wire)


def test_closing_ends_idle_associations_and_frees_the_port() -> None:
    with running_server(limits=AssociationLimits(idle_timeout_s=60, artim_s=0.2)) as server, Wire(server.address) as wire:
        wire.associate()
        server.close(grace_s=5)
        assert wire.receive() == Abort(0, 0)
        assert wire.closed()
        with pytest.raises(ConnectionRefusedError):
            Wire(server.address)


def test_no_log_line_names_a_patient() -> None:
    canary = b"CANARY^PATIENT"
    store = MemoryStore(fail_at_end=UnreadableObject("no object in it"))
    with capture_logs() as logs, running_server(store) as server, Wire(server.address) as wire:
        wire.associate()
        _store(wire, canary * 10)
    assert "store.refused" in {entry["event"] for entry in logs}
    assert "CANARY" not in repr(logs)
