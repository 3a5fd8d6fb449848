"""Preamble, prefix and file meta information."""

from __future__ import annotations

import contextlib
import struct
from io import BytesIO
from typing import Any

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hounsfield.dicom.part10 import FileMeta, build_prefix, guess_transfer_syntax, read_prefix
from hounsfield.model.errors import UnreadableObject

EXPLICIT = "1.2.840.10008.1.2.1"


def test_what_is_built_is_read_back() -> None:
    prefix = build_prefix("1.2.840.10008.5.1.4.1.1.2", "1.2.3.4", EXPLICIT, "MODALITY")
    assert read_prefix(prefix + b"\x08\0\x05\0CS\0\0") == FileMeta(EXPLICIT, "1.2.840.10008.5.1.4.1.1.2", "1.2.3.4", len(prefix))


def test_pydicom_reads_what_is_built() -> None:
    meta = pydicom.filereader.read_partial(BytesIO(build_prefix("1.2.840.10008.5.1.4.1.1.2", "1.2.3", EXPLICIT, "AET"))).file_meta
    assert meta.MediaStorageSOPInstanceUID == "1.2.3"
    assert meta.SourceApplicationEntityTitle == "AET"
    assert meta.FileMetaInformationVersion == b"\0\1"
    assert meta.ImplementationVersionName.startswith("HOUNSFIELD_")


def test_a_wrong_group_length_does_not_matter(data: Any) -> None:
    prefix = bytearray(build_prefix("1.2", "1.2.3", EXPLICIT))
    prefix[140:144] = struct.pack("<L", 12)
    meta = read_prefix(bytes(prefix) + data.identifiers())
    assert meta is not None
    assert meta.length_bytes == len(prefix)


def test_a_deflate_stream_that_looks_like_group_2_is_left_alone() -> None:
    prefix = build_prefix("1.2", "1.2.3", "1.2.840.10008.1.2.1.99")
    meta = read_prefix(prefix + b"\x02\x00\x99\x77rubbish and more")
    assert meta is not None
    assert meta.length_bytes == len(prefix)


def test_group_2_without_a_preamble(data: Any) -> None:
    prefix = build_prefix("1.2", "1.2.3", EXPLICIT)
    for head in (prefix[132:], prefix[128:]):
        meta = read_prefix(head + data.identifiers())
        assert meta == FileMeta(EXPLICIT, "1.2", "1.2.3", len(head), has_preamble=False)


def test_no_prefix(data: Any) -> None:
    assert read_prefix(data.identifiers()) is None
    assert read_prefix(b"") is None
    assert read_prefix(b"\x7fELF" + bytes(200)) is None


def test_meta_information_cut_short_is_refused() -> None:
    prefix = build_prefix("1.2", "1.2.3", EXPLICIT)
    with pytest.raises(UnreadableObject, match="claims"):
        read_prefix(prefix[:-3])
    lying = bytes(128) + b"DICM" + struct.pack("<HH2sHL", 2, 0x0102, b"OB", 0, 0xFFFFFFF0)
    with pytest.raises(UnreadableObject, match="claims 4294967280 bytes"):
        read_prefix(lying)


@given(st.binary(max_size=400))
def test_any_bytes_give_an_answer_or_unreadable(tail: bytes) -> None:
    for head in (tail, bytes(128) + b"DICM" + tail, bytes(128) + b"DICM\x02\0" + tail):
        with contextlib.suppress(UnreadableObject):
            read_prefix(head)
        guess_transfer_syntax(head)


def test_guesses(data: Any) -> None:
    assert guess_transfer_syntax(data.identifiers()) == EXPLICIT
    assert guess_transfer_syntax(data.identifiers(data.implicit)) == "1.2.840.10008.1.2"
    assert guess_transfer_syntax(data.identifiers(data.explicit_big)) == "1.2.840.10008.1.2.2"
    assert guess_transfer_syntax(b"%PDF-1.7 etc") is None
    assert guess_transfer_syntax(b"GIF") is None
