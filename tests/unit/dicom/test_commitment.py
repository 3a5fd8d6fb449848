"""Action and event information of storage commitment, both ways, and against pydicom."""

from __future__ import annotations

import contextlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

from hounsfield.dicom.commitment import (
    MAX_INFORMATION_BYTES,
    TooManyReferences,
    encode_request,
    encode_result,
    read_request,
    read_result,
)
from hounsfield.model.commitment import CommitmentRequest, CommitmentResult, EventType, Failure, Reference
from hounsfield.model.errors import InvalidInput

SYNTAXES = {True: "1.2.840.10008.1.2", False: "1.2.840.10008.1.2.1"}

uids = st.from_regex(r"[0-2](\.(0|[1-9][0-9]{0,8})){1,5}", fullmatch=True)
references = st.builds(Reference, uids, uids)
requests = st.builds(CommitmentRequest, uids, st.lists(references, min_size=1, max_size=5, unique=True).map(tuple))
failures = st.builds(Failure, references, st.integers(0, 0xFFFF))
results = st.builds(CommitmentResult, uids, st.lists(references, max_size=4).map(tuple), st.lists(failures, max_size=4).map(tuple))


@given(requests, st.booleans())
def test_a_request_that_is_written_is_read(request: CommitmentRequest, implicit_vr: bool) -> None:
    assert read_request(encode_request(request, implicit_vr=implicit_vr), SYNTAXES[implicit_vr]) == request


@given(results, st.booleans(), st.sampled_from(["", "ARCHIVE"]))
def test_a_result_that_is_written_is_read(result: CommitmentResult, implicit_vr: bool, title: str) -> None:
    raw = encode_result(result, implicit_vr=implicit_vr, retrieve_ae_title=title)
    assert read_result(raw, SYNTAXES[implicit_vr]) == result


@given(results, st.sampled_from(["", "ARCHIVE"]))
def test_pydicom_reads_the_same_result(result: CommitmentResult, title: str) -> None:
    raw = encode_result(result, implicit_vr=False, retrieve_ae_title=title)
    data_set = dcmread(io.BytesIO(b"\0" * 128 + b"DICM" + META + raw))
    assert data_set.TransactionUID == result.transaction_uid
    assert ("RetrieveAETitle" in data_set) == bool(title and result.committed)
    good = [(one.ReferencedSOPClassUID, one.ReferencedSOPInstanceUID) for one in data_set.get("ReferencedSOPSequence", [])]
    assert good == [(one.sop_class_uid, one.sop_instance_uid) for one in result.committed]
    bad = [(one.ReferencedSOPInstanceUID, one.FailureReason) for one in data_set.get("FailedSOPSequence", [])]
    assert bad == [(one.reference.sop_instance_uid, one.reason) for one in result.failed]
    assert ("FailedSOPSequence" in data_set) == (result.event_type is EventType.FAILURES_EXIST)


META = b"\2\0\0\0UL\4\0\x1c\0\0\0" + b"\2\0\x10\0UI\x14\0" + b"1.2.840.10008.1.2.1\0"


@given(requests, st.booleans(), st.integers(0, 400), st.binary(min_size=1, max_size=4))
def test_damage_is_refused_or_harmless(request: CommitmentRequest, implicit_vr: bool, offset: int, damage: bytes) -> None:
    raw = bytearray(encode_request(request, implicit_vr=implicit_vr))
    raw[offset : offset + len(damage)] = damage
    with contextlib.suppress(InvalidInput):
        read_request(bytes(raw), SYNTAXES[implicit_vr])


@given(requests, st.booleans(), st.data())
def test_a_request_that_is_cut_short_is_refused(request: CommitmentRequest, implicit_vr: bool, data: st.DataObject) -> None:
    raw = encode_request(request, implicit_vr=implicit_vr)
    length = data.draw(st.integers(0, len(raw) - 1))
    with pytest.raises(InvalidInput):
        read_request(raw[:length], SYNTAXES[implicit_vr])


def test_what_is_longer_than_any_request_is_not_parsed() -> None:
    with pytest.raises(TooManyReferences):
        read_request(bytes(MAX_INFORMATION_BYTES + 1), SYNTAXES[True])


def test_undefined_lengths_are_read() -> None:
    data_set = Dataset()
    data_set.TransactionUID = "1.2.3"
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = "1.2.4", "1.2.5"
    item.is_undefined_length_sequence_item = True
    data_set.ReferencedSOPSequence = [item]
    data_set["ReferencedSOPSequence"].is_undefined_length = True
    written = DicomBytesIO()
    written.is_little_endian, written.is_implicit_VR = True, False
    write_dataset(written, data_set)
    assert read_request(written.getvalue(), SYNTAXES[False]) == CommitmentRequest("1.2.3", (Reference("1.2.4", "1.2.5"),))
