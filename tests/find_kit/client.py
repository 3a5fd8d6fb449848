"""A client that asks many queries on one association, its answers read by pydicom."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import pydicom
from pydicom.datadict import dictionary_VR
from pydicom.dataset import Dataset
from pydicom.filewriter import write_dataset

from hounsfield.network.association import Association
from hounsfield.network.dimse import Command, CommandField, decode_command, request
from hounsfield.network.limits import AssociationLimits
from hounsfield.network.negotiation import Implementation
from hounsfield.network.pdu import ProposedContext
from hounsfield.network.requestor import associate, finish
from hounsfield.network.user_information import ExtendedNegotiation

PATIENT_ROOT = "1.2.840.10008.5.1.4.1.2.1.1"
STUDY_ROOT = "1.2.840.10008.5.1.4.1.2.2.1"
PATIENT_STUDY_ONLY = "1.2.840.10008.5.1.4.1.2.3.1"
MODELS = (PATIENT_ROOT, STUDY_ROOT, PATIENT_STUDY_ONLY)
EXPLICIT = "1.2.840.10008.1.2.1"
IMPLICIT = "1.2.840.10008.1.2"
EVERYTHING = bytes((1, 1, 1, 1, 1, 1, 1))
LITERAL = bytes((1, 1, 0, 0, 0, 1, 1))
"""All that has one right answer: no matching by sound, no other time zone."""
ZONED = bytes((1, 1, 0, 1, 0, 1, 1))
"""The same in the request's time zone."""


@dataclass
class Answer:
    """All responses to one request. final: the last command; statuses: of the pending ones."""

    found: list[Dataset]
    statuses: set[int]
    final: Command


def identifier(values: Mapping[str, object], character_set: str = "ISO_IR 192") -> Dataset:
    """A data set of keywords; texts in a character set."""
    data_set = Dataset()
    data_set.SpecificCharacterSet = character_set
    for keyword, value in values.items():
        setattr(data_set, keyword, int(str(value)) if value and dictionary_VR(keyword) == "US" else value)
    return data_set


class FindClient:
    """One association. extended: what is asked for by extended negotiation, the same for each model."""

    def __init__(self, port: int, extended: bytes = b"", transfer_syntax: str = EXPLICIT) -> None:
        contexts = [ProposedContext(2 * index + 1, model, (transfer_syntax,)) for index, model in enumerate(MODELS)]
        self.association: Association = associate(
            ("127.0.0.1", port),
            "TESTER",
            "HOUNSFIELD",
            contexts,
            Implementation("1.2.3.4", "TESTER"),
            AssociationLimits(),
            extended=tuple(ExtendedNegotiation(model, extended) for model in MODELS) if extended else (),
        )
        self._implicit = transfer_syntax == IMPLICIT
        self._message_id = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.association.release()
        else:
            finish(self.association)

    def ask(self, data_set: Dataset, model: str = STUDY_ROOT) -> int:
        """Sends a request; returns its message ID."""
        self._message_id += 1
        buffer = pydicom.filebase.DicomBytesIO()
        buffer.is_little_endian, buffer.is_implicit_VR = True, self._implicit
        write_dataset(buffer, data_set)
        command = request(CommandField.C_FIND_RQ, self._message_id, model, has_data_set=True, priority=0)
        self.association.send(2 * MODELS.index(model) + 1, command, buffer.getvalue())
        return self._message_id

    def cancel(self, message_id: int, model: str = STUDY_ROOT) -> None:
        """Sends C-CANCEL."""
        command = request(CommandField.C_CANCEL_RQ, 0, "", has_data_set=False, message_id_responded_to=message_id)
        self.association.send(2 * MODELS.index(model) + 1, command)

    def response(self) -> tuple[Command, Dataset | None]:
        """The next one."""
        message = self.association.receive()
        assert message is not None
        command = decode_command(message.command)
        if not command.has_data_set:
            return command, None
        gathered = bytearray()
        self.association.read_data_set(gathered.extend)
        return command, pydicom.dcmread(io.BytesIO(_file(bytes(gathered), self._implicit)), force=True)

    def find(self, data_set: Dataset, model: str = STUDY_ROOT) -> Answer:
        """Asks, and takes all responses."""
        self.ask(data_set, model)
        found, statuses = [], set()
        while True:
            command, answer = self.response()
            if answer is None:
                return Answer(found, statuses, command)
            statuses.add(command.status)
            found.append(answer)


def _file(data_set: bytes, implicit: bool) -> bytes:
    uid = (IMPLICIT if implicit else EXPLICIT).encode()
    uid += b"\0" * (len(uid) % 2)
    element = b"\x02\0\x10\0UI" + len(uid).to_bytes(2, "little") + uid
    length = b"\x02\0\0\0UL\x04\0" + len(element).to_bytes(4, "little")
    return b"\0" * 128 + b"DICM" + length + element + data_set
