"""C-FIND as SCU: asking a peer what it holds (PS3.4 C.4.1, PS3.7 9.3.2)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

from hounsfield.dicom.data_set_writer import NUMBER_CODES, NewElement, encode_data_set
from hounsfield.dicom.dictionary import keyword_of, tag_of, vr_of
from hounsfield.dicom.json_model import data_set_json
from hounsfield.dicom.tags import SPECIFIC_CHARACTER_SET, tag_text
from hounsfield.dicom.transfer_syntaxes import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from hounsfield.model.errors import InvalidQuery
from hounsfield.model.query import Level
from hounsfield.network.association import Association
from hounsfield.network.dimse import NO_DATA_SET, Command, CommandField, Element, Value, decode_command, encode_command, request
from hounsfield.network.errors import AssociationLost, NetworkError, ProtocolError
from hounsfield.network.limits import AssociationLimits
from hounsfield.network.pdu import ProposedContext
from hounsfield.network.requestor import finish
from hounsfield.network.status import Status, is_failure, is_pending
from hounsfield.peers.dimse import DimsePeer, open_association

PATIENT_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.1.1"
STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"

QUERY_RETRIEVE_LEVEL = 0x00080052
LEVEL_VALUES = {Level.PATIENT: "PATIENT", Level.STUDY: "STUDY", Level.SERIES: "SERIES", Level.INSTANCE: "IMAGE"}
"""Of Query/Retrieve Level (PS3.4 C.6.1.1.1)."""

MAX_ANSWER_BYTES = 1 << 20
MEDIUM_PRIORITY = 0
MOST_BEHIND_CANCEL = 10_000
"""So many more matches are heard out while a peer has not yet read our C-CANCEL."""

_STATUS_NAMES = {int(status): status.name for status in Status}

_TAG = re.compile(r"\(?([0-9A-Fa-f]{4}),?([0-9A-Fa-f]{4})\)?")

_KEYS_ASKED_FOR = {
    Level.PATIENT: ("PatientID", "PatientName", "PatientBirthDate", "PatientSex"),
    Level.STUDY: (
        "PatientID",
        "PatientName",
        "StudyInstanceUID",
        "StudyDate",
        "StudyTime",
        "AccessionNumber",
        "ModalitiesInStudy",
        "StudyDescription",
        "NumberOfStudyRelatedInstances",
    ),
    Level.SERIES: (
        "StudyInstanceUID",
        "SeriesInstanceUID",
        "SeriesNumber",
        "Modality",
        "SeriesDescription",
        "NumberOfSeriesRelatedInstances",
    ),
    Level.INSTANCE: ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID", "InstanceNumber"),
}
"""What is asked for at each level where nobody says more."""


class QueryFailed(NetworkError):
    """The peer answered a query or a retrieval with a failure. status: its code (PS3.4 C.4)."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Key:
    """A matching key, or with an empty value a return key (PS3.4 C.2.2.1). value: as DICOM writes it."""

    tag: int
    value: str = ""

    @classmethod
    def parse(cls, text: str) -> Key:
        """`PatientName=DOE*`, `0010,0010=DOE*`, or a name alone for what shall be returned. Raises: InvalidQuery."""
        name, _, value = text.partition("=")
        tag = tag_of(name.strip())
        if tag is None:
            numbers = _TAG.fullmatch(name.strip())
            if numbers is None:
                raise InvalidQuery(f"{name[:64]!r} is neither a keyword of the data dictionary nor a tag such as 0010,0010")
            tag = int(numbers[1] + numbers[2], 16)
        if tag >> 16 < 8 or not tag & 0xFFFF:
            raise InvalidQuery(f"{tag_text(tag)} cannot be a key")
        return cls(tag, value)

    def element(self) -> NewElement:
        """As it goes into an identifier. Raises: InvalidQuery where its value does not fit its VR."""
        vr = vr_of(self.tag)
        vr = "US" if vr == "xs" else vr
        if not self.value:
            return NewElement(self.tag, vr if vr.isupper() else "UN", None)
        if vr == "SQ" or not vr.isupper():
            raise InvalidQuery(f"{tag_text(self.tag)} of VR {vr} cannot be given a value here")
        if vr not in NUMBER_CODES:
            return NewElement(self.tag, vr, self.value)
        try:
            numbers = [float(part) if vr in ("FD", "FL") else int(part) for part in self.value.split("\\")]
        except ValueError as exc:
            raise InvalidQuery(f"{tag_text(self.tag)} wants numbers") from exc
        return NewElement(self.tag, vr, numbers)


def keys_for(level: Level, keys: Iterable[Key] = ()) -> list[Key]:
    """Those given, and what is asked for at the level where nothing else is said of it."""
    given = {key.tag: key for key in keys}
    usual = {tag: Key(tag) for keyword in _KEYS_ASKED_FOR[level] if (tag := tag_of(keyword)) is not None}
    return list((usual | given).values())


def name_of(tag: int) -> str:
    """The keyword of a tag, or the tag where it has none."""
    return keyword_of(tag) or tag_text(tag)


def text_of(element: Mapping[str, Any]) -> str:
    """The values of an element of DICOM JSON, as a person reads them; what would steer a terminal becomes `?`."""
    values = element.get("Value", ())
    text = "\\".join(str(value.get("Alphabetic", "")) if isinstance(value, dict) else str(value) for value in values)
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def identifier(level: Level, keys: Iterable[Key], *, implicit_vr: bool) -> bytes:
    """The request's data set, texts in UTF-8 where they need more than the default repertoire. Raises: InvalidQuery."""
    elements = {key.tag: key.element() for key in keys}
    elements[QUERY_RETRIEVE_LEVEL] = NewElement(QUERY_RETRIEVE_LEVEL, "CS", LEVEL_VALUES[level])
    if not all(element.value.isascii() for element in elements.values() if isinstance(element.value, str)):
        elements[SPECIFIC_CHARACTER_SET] = NewElement(SPECIFIC_CHARACTER_SET, "CS", "ISO_IR 192")
    try:
        return encode_data_set(elements.values(), implicit_vr=implicit_vr)
    except ValueError as exc:
        raise InvalidQuery(str(exc)) from exc


def find(
    peer: DimsePeer, level: Level, keys: Iterable[Key], *, most: int = 10_000, limits: AssociationLimits | None = None
) -> Iterator[dict[str, Any]]:
    """Yields the peer's matches as DICOM JSON objects, cancelling the query behind the first `most` of them.

    The Patient Root is used at the patient level, the Study Root at all others.
    Raises: InvalidQuery; QueryFailed and other NetworkErrors.
    """
    keys = list(keys)
    sop_class = PATIENT_ROOT_FIND if level is Level.PATIENT else STUDY_ROOT_FIND
    identifier(level, keys, implicit_vr=True)  # what is wrong with the keys is said before anybody is called
    with association_for(peer, sop_class, limits) as association:
        yield from find_on(association, sop_class, level, keys, most)


@contextmanager
def association_for(peer: DimsePeer, sop_class: str, limits: AssociationLimits | None = None) -> Iterator[Association]:
    """An association with one context, number 1; released where all went well, aborted where not."""
    context = ProposedContext(1, sop_class, (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN))
    association = open_association(peer, [context], limits or AssociationLimits())
    try:
        yield association
        association.release()
    finally:
        finish(association)


def find_on(association: Association, sop_class: str, level: Level, keys: Iterable[Key], most: int) -> Iterator[dict[str, Any]]:
    """One query on context 1 of an open association."""
    syntax = association.contexts[1].transfer_syntax
    command = request(CommandField.C_FIND_RQ, 1, sop_class, has_data_set=True, priority=MEDIUM_PRIORITY)
    association.send(1, command, identifier(level, keys, implicit_vr=syntax == IMPLICIT_VR_LITTLE_ENDIAN))
    count = 0
    while True:
        answer, data_set = _receive(association)
        if not is_pending(answer.status):
            break
        count += 1
        if count <= most:
            yield json.loads(data_set_json(data_set, syntax, bulk_data_uri=None))
        elif count == most + 1:
            association.send(1, cancel(1))
        elif count > most + MOST_BEHIND_CANCEL:
            raise ProtocolError("the peer does not heed C-CANCEL")
    if is_failure(answer.status):
        raise_failure(association, answer)


def _receive(association: Association) -> tuple[Command, bytes]:
    message = association.receive()
    if message is None:
        raise AssociationLost("the peer released the association instead of answering")
    command = decode_command(message.command)
    if command.field != CommandField.C_FIND_RSP or command.message_id_responded_to != 1:
        raise ProtocolError(f"the peer answered {command.field:04X} to a query")
    return command, read_bounded(association, command)


def read_bounded(association: Association, command: Command) -> bytes:
    """The data set of an answer, if it has one. Raises: ProtocolError where it is longer than any answer has to be."""
    gathered = bytearray()

    def gather(piece: memoryview) -> None:
        if len(gathered) + len(piece) > MAX_ANSWER_BYTES:
            raise ProtocolError(f"an answer of more than {MAX_ANSWER_BYTES} bytes")
        gathered.extend(piece)

    if command.has_data_set:
        association.read_data_set(gather)
    return bytes(gathered)


def cancel(message_id: int) -> bytes:
    """C-CANCEL-RQ (PS3.7 9.3.2.3)."""
    values: dict[int, Value] = {
        Element.COMMAND_FIELD: CommandField.C_CANCEL_RQ,
        Element.MESSAGE_ID_RESPONDED_TO: message_id,
        Element.DATA_SET_TYPE: NO_DATA_SET,
    }
    return encode_command(values)


def raise_failure(association: Association, answer: Command) -> NoReturn:
    """Raises: QueryFailed, with the peer's own words."""
    name = _STATUS_NAMES.get(answer.status, "").replace("_", " ").lower()
    told = ", ".join(part for part in (name, answer.text(Element.ERROR_COMMENT)) if part)
    raise QueryFailed(f"{association.called_ae_title} answered {answer.status:04X}{f' ({told})' if told else ''}", answer.status)
