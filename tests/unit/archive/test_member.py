"""Member headers: what goes in comes out, and nothing else is believed."""

from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hounsfield.archive.member import (
    LARGEST_ROOM_BYTES,
    ROOM_BYTES,
    Member,
    MemberKind,
    MemberNames,
    decode,
    encode,
    object_path,
    room_for,
    room_of,
)
from hounsfield.archive.tar_format import padded, pax_record, ustar_header
from hounsfield.model.errors import InvalidInput
from hounsfield.model.location import Digests

NONCE = bytes(range(32))
PACK = "0123456789abcdef0123456789abcdef"


def member(**changes: object) -> Member:
    said = {
        "kind": MemberKind.OBJECT, "path": "1.2/1.2.3/1.2.3.4.dcm", "pack_id": PACK, "sequence": 7, "offset_bytes": 5120,
        "prefix_length_bytes": 300, "data_set_length_bytes": 8000, "header_length_bytes": 700,
        "digests": Digests(b"p" * 32, b"d" * 32, 2**64 - 1), "received_at_ns": 1_700_000_000_123_456_789, "partition_id": 1,
        "source": "STORESCU", "transfer_syntax_uid": "1.2.840.10008.1.2.1",
    } | changes  # fmt: skip
    return Member(**said)  # type: ignore[arg-type]


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
sizes = st.integers(0, 2**40)


@given(sizes, sizes, st.integers(0, 2**63), st.binary(min_size=32, max_size=32), st.integers(0, 2**64 - 1), texts, st.integers(0, 2**50))
def test_what_is_encoded_is_decoded(prefix: int, data_set: int, received: int, digest: bytes, checksum: int, source: str, at: int) -> None:
    original = member(
        prefix_length_bytes=prefix, data_set_length_bytes=data_set, received_at_ns=received, source=source, offset_bytes=at,
        digests=Digests(digest, digest[::-1], checksum),
    )  # fmt: skip
    room = encode(original, NONCE)
    assert len(room) == ROOM_BYTES
    assert decode(room, NONCE, PACK, at) == original


def test_an_overlay_stands_in_the_headers() -> None:
    overlay = '{"rules":[["PatientName","set","Müller\\\\王\\""]]}'.encode() * 50
    room_bytes = room_for(overlay)
    assert room_bytes % 512 == 0
    for given_overlay in (overlay, overlay[:40], b""):
        original = member(overlay=given_overlay, room_bytes=room_bytes)
        room = encode(original, NONCE)
        assert len(room) == room_bytes == room_of(room[:ROOM_BYTES])
        assert decode(room, NONCE, PACK, 5120) == original
        assert decode(room[:ROOM_BYTES], NONCE, PACK, 5120) is None
        assert decode(room + bytes(512), NONCE, PACK, 5120) is None
    assert original.location.offset_bytes == 5120 + room_bytes
    changed = bytearray(encode(member(overlay=overlay, room_bytes=room_bytes), NONCE))
    changed[1200] ^= 1
    assert decode(bytes(changed), NONCE, PACK, 5120) is None
    with pytest.raises(InvalidInput):
        encode(member(overlay=overlay), NONCE)
    with pytest.raises(InvalidInput):
        room_for(b"a" * LARGEST_ROOM_BYTES)


def test_a_room_is_as_long_as_no_other_header_says() -> None:
    for records in (0, 512, 1023, 1025, LARGEST_ROOM_BYTES, 8**11 - 1):
        head = ustar_header(b"", b"HOUNSFIELD/header", records, 0, kind=b"x")
        assert room_of(head + bytes(1536)) == 0, records
    assert room_of(b"HOUNSFIELD/header") == 0
    assert room_of(ustar_header(b"", b"HOUNSFIELD/header", 1536, 0, kind=b"x")) == ROOM_BYTES + 512


def test_tar_reads_a_member_with_an_overlay() -> None:
    overlay = b'{"rules":[]}' * 100
    room = encode(member(overlay=overlay, room_bytes=room_for(overlay), prefix_length_bytes=0, data_set_length_bytes=5), NONCE)
    with tarfile.open(fileobj=io.BytesIO(room + b"bytes" + bytes(507 + 1024))) as tar:
        (found,) = tar.getmembers()
        assert (found.name, found.size) == ("1.2/1.2.3/1.2.3.4.dcm", 5)
        extracted = tar.extractfile(found)
        assert extracted is not None
        assert extracted.read() == b"bytes"


def test_the_longest_names_fit() -> None:
    uid = "1." + "2" * 62
    path = object_path(MemberNames(1, uid, uid, uid, uid, "A" * 64))
    longest = member(
        path=path.removesuffix(".dcm") + "~32768.dcm", transfer_syntax_uid=uid, source="A" * 64, prefix_length_bytes=2**40,
        data_set_length_bytes=2**40, header_length_bytes=2**40, offset_bytes=2**45, sequence=10**6, partition_id=10**9,
        received_at_ns=2**63,
    )  # fmt: skip
    assert decode(encode(longest, NONCE), NONCE, PACK, 2**45) == longest


def test_every_changed_bit_is_noticed() -> None:
    room = encode(member(), NONCE)
    for position in range(0, ROOM_BYTES * 8, 5):
        changed = bytearray(room)
        changed[position // 8] ^= 1 << position % 8
        assert decode(bytes(changed), NONCE, PACK, 5120) is None, position


def test_another_nonce_pack_or_place_is_not_believed() -> None:
    room = encode(member(), NONCE)
    assert decode(room, bytes(32), PACK, 5120) is None
    assert decode(room, NONCE, "f" * 32, 5120) is None
    assert decode(room, NONCE, PACK, 5632) is None
    assert decode(room[:-1], NONCE, PACK, 5120) is None
    assert decode(bytes(ROOM_BYTES), NONCE, PACK, 5120) is None


def test_too_long_a_text_is_refused() -> None:
    with pytest.raises(InvalidInput):
        encode(member(source="A" * 65), NONCE)
    with pytest.raises(InvalidInput):
        encode(member(transfer_syntax_uid="1" * 5000), NONCE)


@pytest.mark.parametrize("hostile", ["../../etc/passwd", "", ".", "1/2", "1.2\0", "x" * 500, "\ud800"])
def test_what_is_no_uid_never_gets_into_a_path(hostile: str) -> None:
    path = object_path(MemberNames(1, hostile, hostile, hostile, "", ""))
    assert [len(part) for part in path.split("/")] == [41, 41, 45]
    assert path.replace("/", "").replace(".dcm", "").isalnum()


def test_names_come_back_from_the_path() -> None:
    assert member().names == MemberNames(1, "1.2", "1.2.3", "1.2.3.4", "1.2.840.10008.1.2.1", "STORESCU")
    assert member(path="1.2/1.2.3/1.2.3.4~9.dcm").names.sop_instance_uid == "1.2.3.4"


def test_more_than_8_gib_is_said_in_a_pax_record() -> None:
    room = encode(member(prefix_length_bytes=0, data_set_length_bytes=9 << 30), NONCE)
    with tarfile.open(fileobj=io.BytesIO(room)) as pack:
        entry = pack.next()
    assert entry is not None
    assert entry.size == 9 << 30


def test_headers_are_what_tarfile_writes() -> None:
    ours = ustar_header(b"a/b", b"c.dcm", 12345, 1_700_000_000)
    info = tarfile.TarInfo("a/b/c.dcm")
    info.size, info.mtime, info.mode = 12345, 1_700_000_000, 0o400
    ignored = {"chksum": 0}
    assert tarfile.TarInfo.frombuf(ours, "ascii", "strict").get_info() | ignored == info.get_info() | ignored
    with pytest.raises(ValueError, match="does not fit"):
        ustar_header(b"", b"x" * 101, 0, 0)


@given(st.binary(min_size=1, max_size=1100))
def test_a_pax_record_counts_itself(value: bytes) -> None:
    record = pax_record(b"key", value)
    assert int(record.split(b" ")[0]) == len(record)


def test_padding_fills_blocks() -> None:
    assert [padded(length) for length in (0, 1, 511, 512, 513)] == [0, 512, 512, 512, 1024]
