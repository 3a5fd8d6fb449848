"""What is offered for C-GET, and how a retrieval is followed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import ClassVar

import pytest

from dimse_kit.server import MemoryStore, running_server
from hounsfield.dicom.sop_classes import STORAGE_SOP_CLASSES
from hounsfield.dicom.transfer_syntaxes import TRANSFER_SYNTAXES
from hounsfield.model.errors import HounsfieldError, InvalidInput, OutOfSpace, Unavailable
from hounsfield.model.origin import Origin
from hounsfield.model.query import Level
from hounsfield.network.association import Association, Message
from hounsfield.network.dimse import Command, CommandField, Element, decode_command, encode_command, request
from hounsfield.network.errors import ProtocolError
from hounsfield.network.pdu import ContextResult, ProposedContext
from hounsfield.network.status import Status
from hounsfield.network.user_information import RoleSelection
from hounsfield.peers.dimse import MOST_CONTEXTS, DimsePeer
from hounsfield.peers.pull import STUDY_ROOT_GET, Progress, Wanted, get, storage_contexts
from hounsfield.peers.query import QueryFailed
from hounsfield.servers.dimse.service import Service

CT = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"


class Archive(Service):
    """Answers C-GET as the test says: one list of (status, data sets to send before it)."""

    script: ClassVar[list[tuple[Status, int]]] = []
    answers: ClassVar[list[int]] = []
    store_on: ClassVar[int] = 0

    def choose(self, context: ProposedContext) -> str | ContextResult | None:
        return EXPLICIT if context.abstract_syntax == STUDY_ROOT_GET else None

    def role(self, asked: RoleSelection) -> RoleSelection | None:
        return asked

    def handle(self, association: Association, message: Message, origin: Origin) -> None:
        wish = decode_command(message.command)
        association.read_data_set(lambda _: None)
        storage = next(c.context_id for c in association.contexts.values() if c.abstract_syntax == CT)
        for status, count in self.script:
            for number in range(1, count + 1):
                values = {"priority": 0, "affected_sop_instance_uid": f"1.2.{number}"}
                rq = request(CommandField.C_STORE_RQ, number, CT, has_data_set=True, **values)  # type: ignore[arg-type]
                association.send(self.store_on or storage, rq, b"data set of some length")
                answer = association.receive()
                assert answer is not None
                self.answers.append(decode_command(answer.command).status)
            association.send(message.context.context_id, get_response(wish, status, count))


def get_response(wish: Command, status: Status, completed: int) -> bytes:
    return encode_command(
        {
            Element.COMMAND_FIELD: CommandField.C_GET_RSP,
            Element.MESSAGE_ID_RESPONDED_TO: wish.message_id,
            Element.DATA_SET_TYPE: 0x0101,
            Element.STATUS: status,
            Element.COMPLETED_SUBOPERATIONS: completed,
            Element.ERROR_COMMENT: "so it is",
        }
    )


class Kept:
    """Takes one object."""

    def __init__(self, failure: HounsfieldError | None) -> None:
        self.data = b""
        self.finished = False
        self._failure = failure

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.data += bytes(data)

    def finish(self) -> None:
        if self._failure is not None:
            raise self._failure
        self.finished = True


@pytest.fixture
def archive() -> Iterator[DimsePeer]:
    Archive.answers, Archive.store_on = [], 0  # type: ignore[misc]
    with running_server(MemoryStore(), more_services=[Archive()]) as server:
        yield DimsePeer("HOUNSFIELD", *server.address)


def pulled(peer: DimsePeer, script: list[tuple[Status, int]], failure: HounsfieldError | None = None) -> tuple[list[Progress], list[Kept]]:
    Archive.script = script  # type: ignore[misc]
    kept: list[Kept] = []

    @contextlib.contextmanager
    def receive(sop_class_uid: str, sop_instance_uid: str, transfer_syntax_uid: str) -> Iterator[Kept]:
        assert (sop_class_uid, transfer_syntax_uid) == (CT, EXPLICIT)
        if isinstance(failure, Unavailable):
            raise failure
        kept.append(Kept(failure))
        yield kept[-1]

    return list(get(peer, Wanted.parse("1.2"), [CT], receive)), kept


def test_objects_are_taken_on_the_same_association(archive: DimsePeer) -> None:
    progress, kept = pulled(archive, [(Status.PENDING, 2), (Status.SUCCESS, 1)])
    assert progress == [Progress(0, 2, 0, 0, False), Progress(0, 1, 0, 0, True)]
    assert [one.data for one in kept] == [b"data set of some length"] * 3
    assert all(one.finished for one in kept)
    assert Archive.answers == [0, 0, 0]


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (OutOfSpace("full"), Status.PROCESSING_FAILURE),
        (InvalidInput("odd"), Status.CANNOT_UNDERSTAND),
        (HounsfieldError("no"), Status.PROCESSING_FAILURE),
    ],
)
def test_an_object_that_cannot_be_kept_is_a_failure_and_the_next_is_taken(
    archive: DimsePeer, failure: HounsfieldError, status: Status
) -> None:
    status = Status.OUT_OF_RESOURCES if isinstance(failure, OutOfSpace) else status
    progress, _ = pulled(archive, [(Status.SUCCESS, 2)], failure)
    assert progress[-1].is_final
    assert Archive.answers == [status, status]


def test_a_failure_without_an_account_is_told(archive: DimsePeer) -> None:
    with pytest.raises(QueryFailed, match=r"C000 \(cannot understand, so it is\)") as caught:
        pulled(archive, [(Status.CANNOT_UNDERSTAND, 0)])
    assert caught.value.status == 0xC000


def test_a_store_on_the_context_of_the_query_is_refused(archive: DimsePeer) -> None:
    Archive.store_on = 1  # type: ignore[misc]
    with pytest.raises(ProtocolError):
        pulled(archive, [(Status.SUCCESS, 1)])


def test_a_few_classes_are_offered_in_every_transfer_syntax_alone() -> None:
    contexts = storage_contexts([CT, CT])
    assert {context.abstract_syntax for context in contexts} == {CT}
    assert {uid for context in contexts for uid in context.transfer_syntaxes} >= {
        uid for uid, syntax in TRANSFER_SYNTAXES.items() if syntax.encapsulated
    }
    assert all(len(context.transfer_syntaxes) == 1 for context in contexts if EXPLICIT not in context.transfer_syntaxes)


@pytest.mark.parametrize("classes", [[], list(STORAGE_SOP_CLASSES)[:20], list(STORAGE_SOP_CLASSES)])
def test_many_classes_fit_into_one_association(classes: list[str]) -> None:
    contexts = storage_contexts(classes)
    assert len(contexts) <= MOST_CONTEXTS - 1
    assert [context.context_id for context in contexts] == list(range(3, 2 * len(contexts) + 3, 2))
    assert all(context.transfer_syntaxes[0] == EXPLICIT for context in contexts)


def test_what_is_wanted() -> None:
    assert Wanted.parse("1.2").level is Level.STUDY
    assert Wanted.parse("1.2", "1.3").level is Level.SERIES
    assert [key.value for key in Wanted.parse("1.2", "1.3", "1.4").keys] == ["1.2", "1.3", "1.4"]
    for words in (("x",), ("1.2", "", "1.4"), ("",)):
        with pytest.raises(InvalidInput):
            Wanted.parse(*words)
