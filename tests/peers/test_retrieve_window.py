"""Several operations in flight: a destination and a client that answer four requests at once, the last first."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dimse_kit.objects import CT_IMAGE_STORAGE, data_set_of, write_ct
from dimse_kit.retrieving import STUDY_GET, STUDY_MOVE, Retrieving, retrieving
from dimse_kit.wire import EXPLICIT, GENEROUS
from hounsfield.dicom.data_set_writer import NewElement, encode_data_set
from hounsfield.network.association import Association
from hounsfield.network.dimse import Command, CommandField, Element, decode_command, request, response
from hounsfield.network.limits import AssociationLimits
from hounsfield.network.negotiation import Implementation
from hounsfield.network.pdu import (
    PDU,
    PDV,
    AnsweredContext,
    AssociateAccept,
    AssociateRequest,
    ContextResult,
    DataTransfer,
    ProposedContext,
    ReleaseRequest,
    ReleaseResponse,
    decode_pdu,
    encode_pdu,
)
from hounsfield.network.requestor import associate
from hounsfield.network.user_information import AsynchronousWindow, RoleSelection, UserInformation

STUDY = "1.2.826.0.1.3680043.10.999.2"
COUNT = 13
AT_ONCE = 4


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    directory = tmp_path_factory.mktemp("objects")
    return [write_ct(directory / f"{number}.dcm", number, pixel_bytes=100_000) for number in range(COUNT)]


@pytest.fixture(scope="module")
def archive(files: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Retrieving]:
    with retrieving(tmp_path_factory.mktemp("archive")) as running:
        running.store(files)
        yield running


class Destination:
    """Takes one association; answers when it holds as many requests as it may, or when nothing more can come.

    most: requests that it held at once. objects: what came, by SOP Instance UID.
    """

    def __init__(self, window: AsynchronousWindow | None, expected: int) -> None:
        self.window = window
        self.expected = expected
        self.most = 0
        self.objects: dict[str, bytes] = {}
        self.asked: AsynchronousWindow | None = None

    def serve(self, listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            asked = _receive(connection)
            assert isinstance(asked, AssociateRequest)
            self.asked = asked.user.window
            answers = tuple(AnsweredContext(one.context_id, ContextResult.ACCEPTANCE, one.transfer_syntaxes[0]) for one in asked.contexts)
            user = UserInformation(16384, "1.2.3", "DESTINATION", self.window)
            connection.sendall(encode_pdu(AssociateAccept(asked.called_ae_title, asked.calling_ae_title, answers, user)))
            self._operate(connection)

    def _operate(self, connection: socket.socket) -> None:
        held: list[tuple[int, Command]] = []
        command: tuple[int, Command] | None = None
        data = b""
        at_once = self.window.invoked if self.window else 1
        while not isinstance(pdu := _receive(connection), ReleaseRequest):
            assert isinstance(pdu, DataTransfer), pdu
            for value in pdu.values:
                if value.is_command:
                    command, data = (value.context_id, decode_command(bytes(value.data))), b""
                    continue
                data += bytes(value.data)
                if value.is_last:
                    assert command is not None
                    self.objects[command[1].sop_instance_uid] = data
                    held.append(command)
            self.most = max(self.most, len(held))
            if len(held) == at_once or len(self.objects) == self.expected:
                for context_id, asked in reversed(held):
                    answer = response(asked, 0x0000)
                    connection.sendall(encode_pdu(DataTransfer((PDV(context_id, is_command=True, is_last=True, data=answer),))))
                held = []
        connection.sendall(encode_pdu(ReleaseResponse()))


@contextlib.contextmanager
def serving(destination: Destination) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=destination.serve, args=(listening,), daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(10)


def _receive(connection: socket.socket) -> PDU:
    header = _exactly(connection, 6)
    return decode_pdu(header + _exactly(connection, struct.unpack(">L", header[2:])[0]), GENEROUS)


def _exactly(connection: socket.socket, count: int) -> bytes:
    gathered = b""
    while len(gathered) < count:
        piece = connection.recv(count - len(gathered))
        assert piece, "closed"
        gathered += piece
    return gathered


def _identifier() -> bytes:
    return encode_data_set([NewElement(0x00080052, "CS", "STUDY"), NewElement(0x0020000D, "UI", STUDY)], implicit_vr=False)


def _associated(archive: Retrieving, model: str, window: AsynchronousWindow | None = None) -> Association:
    contexts = [ProposedContext(1, model, (EXPLICIT,)), ProposedContext(3, CT_IMAGE_STORAGE, (EXPLICIT,))]
    roles = (RoleSelection(CT_IMAGE_STORAGE, scu=False, scp=True),)
    identity = Implementation("1.2.3", "TESTER")
    return associate(archive.address, "TESTER", "HOUNSFIELD", contexts, identity, AssociationLimits(), roles=roles, window=window)


@pytest.mark.parametrize(("window", "most"), [(AsynchronousWindow(AT_ONCE, 1), AT_ONCE), (AsynchronousWindow(1, 1), 1), (None, 1)])
def test_move(window: AsynchronousWindow | None, most: int, archive: Retrieving, files: list[Path]) -> None:
    destination = Destination(window, COUNT)
    with serving(destination) as port:
        archive.know("ASYNCHRONOUS", port)
        association = _associated(archive, STUDY_MOVE)
        asked = request(CommandField.C_MOVE_RQ, 1, STUDY_MOVE, has_data_set=True, priority=0, move_destination="ASYNCHRONOUS")
        association.send(1, asked, _identifier())
        message = association.receive()
        assert message is not None
        answer = decode_command(message.command)
        association.release()
    assert destination.asked == AsynchronousWindow(16, 1)
    assert destination.most == most
    assert (answer.status, answer.number(Element.COMPLETED_SUBOPERATIONS)) == (0x0000, COUNT)
    assert sorted(destination.objects.values()) == sorted(map(data_set_of, files))


def test_get(archive: Retrieving, files: list[Path]) -> None:
    association = _associated(archive, STUDY_GET, AsynchronousWindow(1, AT_ONCE))
    assert association.answer.window == AsynchronousWindow(1, AT_ONCE)
    association.send(1, request(CommandField.C_GET_RQ, 1, STUDY_GET, has_data_set=True, priority=0), _identifier())
    held: list[Command] = []
    objects: list[bytes] = []
    most = 0
    while (message := association.receive()) is not None:
        command = decode_command(message.command)
        if command.field == CommandField.C_GET_RSP:
            break
        data = bytearray()
        association.read_data_set(data.extend)
        objects.append(bytes(data))
        held.append(command)
        most = max(most, len(held))
        if len(held) == AT_ONCE or len(objects) == COUNT:
            for one in reversed(held):
                association.send(3, response(one, 0x0000))
            held = []
    association.release()
    assert most == AT_ONCE
    assert (command.status, command.number(Element.COMPLETED_SUBOPERATIONS)) == (0x0000, COUNT)
    assert sorted(objects) == sorted(map(data_set_of, files))


def test_no_window_is_answered_where_none_was_asked(archive: Retrieving) -> None:
    association = _associated(archive, STUDY_GET)
    assert association.answer.window is None
    association.release()
