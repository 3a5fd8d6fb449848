"""The Storage Commitment Push Model's action and event information, written and read (PS3.4 tables J.3-1, J.3-2)."""

from __future__ import annotations

from collections.abc import Sequence

from hounsfield.dicom.data_set_writer import NewElement, encode_data_set
from hounsfield.dicom.element_tree import DataSet, read_data_set
from hounsfield.dicom.tags import tag_text
from hounsfield.model.commitment import CommitmentRequest, CommitmentResult, Failure, Reference
from hounsfield.model.errors import InvalidInput, InvalidUID
from hounsfield.model.identifiers import parse_uid

PUSH_MODEL_SOP_CLASS = "1.2.840.10008.1.20.1"
PUSH_MODEL_SOP_INSTANCE = "1.2.840.10008.1.20.1.1"
"""The well-known instance that every request and every notification names (PS3.4 J.3.5)."""

MAX_INFORMATION_BYTES = 4 << 20
MAX_REFERENCES = 20_000

_RETRIEVE_AE_TITLE = 0x00080054
_REFERENCED_SOP_CLASS_UID = 0x00081150
_REFERENCED_SOP_INSTANCE_UID = 0x00081155
_TRANSACTION_UID = 0x00081195
_FAILURE_REASON = 0x00081197
_FAILED_SOP_SEQUENCE = 0x00081198
_REFERENCED_SOP_SEQUENCE = 0x00081199


class TooManyReferences(InvalidInput):
    """More than one transaction may name; the same instances can be asked for in several."""


def encode_request(request: CommitmentRequest, *, implicit_vr: bool) -> bytes:
    """The action information of N-ACTION."""
    elements = [
        NewElement(_TRANSACTION_UID, "UI", request.transaction_uid),
        NewElement(_REFERENCED_SOP_SEQUENCE, "SQ", [_item(reference) for reference in request.references]),
    ]
    return encode_data_set(elements, implicit_vr=implicit_vr)


def read_request(raw: bytes, transfer_syntax_uid: str) -> CommitmentRequest:
    """An instance that is named twice is taken once. Raises: TooManyReferences, InvalidInput."""
    tree = _read(raw, transfer_syntax_uid)
    items = tree.items(_REFERENCED_SOP_SEQUENCE)
    if not items:
        raise InvalidInput(f"{tag_text(_REFERENCED_SOP_SEQUENCE)} names no instance")
    _check_number(items)
    return CommitmentRequest(_uid(tree, _TRANSACTION_UID), tuple(dict.fromkeys(map(_reference, items))))


def encode_result(result: CommitmentResult, *, implicit_vr: bool, retrieve_ae_title: str = "") -> bytes:
    """The event information of N-EVENT-REPORT. retrieve_ae_title: where what is committed can be retrieved; empty for not said."""
    elements = [NewElement(_TRANSACTION_UID, "UI", result.transaction_uid)]
    if result.committed:
        if retrieve_ae_title:
            elements.append(NewElement(_RETRIEVE_AE_TITLE, "AE", retrieve_ae_title))
        elements.append(NewElement(_REFERENCED_SOP_SEQUENCE, "SQ", [_item(reference) for reference in result.committed]))
    if result.failed:
        failed = [[*_item(failure.reference), NewElement(_FAILURE_REASON, "US", failure.reason)] for failure in result.failed]
        elements.append(NewElement(_FAILED_SOP_SEQUENCE, "SQ", failed))
    return encode_data_set(elements, implicit_vr=implicit_vr)


def read_result(raw: bytes, transfer_syntax_uid: str) -> CommitmentResult:
    """Raises: TooManyReferences, InvalidInput."""
    tree = _read(raw, transfer_syntax_uid)
    committed, failed = tree.items(_REFERENCED_SOP_SEQUENCE), tree.items(_FAILED_SOP_SEQUENCE)
    _check_number([*committed, *failed])
    return CommitmentResult(
        _uid(tree, _TRANSACTION_UID),
        tuple(map(_reference, committed)),
        tuple(Failure(_reference(item), _reason(item)) for item in failed),
    )


def _read(raw: bytes, transfer_syntax_uid: str) -> DataSet:
    if len(raw) > MAX_INFORMATION_BYTES:
        raise TooManyReferences(f"more than {MAX_INFORMATION_BYTES} bytes")
    tree = read_data_set(raw, transfer_syntax_uid)
    if tree.problems:
        raise InvalidInput(f"the data set cannot be read: {tree.problems[0]}")
    return tree


def _check_number(items: Sequence[DataSet]) -> None:
    if len(items) > MAX_REFERENCES:
        raise TooManyReferences(f"more than {MAX_REFERENCES} instances in one transaction")


def _item(reference: Reference) -> list[NewElement]:
    return [
        NewElement(_REFERENCED_SOP_CLASS_UID, "UI", reference.sop_class_uid),
        NewElement(_REFERENCED_SOP_INSTANCE_UID, "UI", reference.sop_instance_uid),
    ]


def _reference(item: DataSet) -> Reference:
    return Reference(_uid(item, _REFERENCED_SOP_CLASS_UID), _uid(item, _REFERENCED_SOP_INSTANCE_UID))


def _reason(item: DataSet) -> int:
    element = item.get(_FAILURE_REASON)
    if element is None or len(element.value) != 2:
        raise InvalidInput(f"{tag_text(_FAILURE_REASON)} holds no number")
    return int.from_bytes(element.value, "little" if item.encoding.little_endian else "big")


def _uid(data_set: DataSet, tag: int) -> str:
    try:
        return parse_uid(data_set.text(tag))
    except InvalidUID as exc:
        raise InvalidInput(f"{tag_text(tag)} holds no UID") from exc
