"""Hostile and damaged objects: read or refused, in bounded time and memory, and never another exception."""

from __future__ import annotations

import contextlib
import json
import random
import struct
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hounsfield.dicom.header import scan, scan_header
from hounsfield.dicom.json_model import data_set_json
from hounsfield.dicom.part10 import guess_transfer_syntax, read_prefix
from hounsfield.dicom.transfer_syntaxes import TRANSFER_SYNTAXES
from hounsfield.model.errors import UnreadableObject

pytestmark = pytest.mark.no_database

EXPLICIT = "1.2.840.10008.1.2.1"
IMPLICIT = "1.2.840.10008.1.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
JPEG = "1.2.840.10008.1.2.4.50"

UNDEFINED = b"\xff\xff\xff\xff"
OPEN_SEQUENCE = b"\x40\x00\x30\xa7SQ\0\0" + UNDEFINED
OPEN_ITEM = b"\xfe\xff\x00\xe0" + UNDEFINED


def element(tag: int, vr: bytes, value: bytes) -> bytes:
    """Short form, explicit little endian."""
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, len(value)) + value


IDENTIFIERS = element(0x00080016, b"UI", b"1.2.840.10008.5.1.4.1.1.7\0") + element(0x00080018, b"UI", b"1.2.3\0")
STUDY = element(0x0020000D, b"UI", b"1.2\0") + element(0x0020000E, b"UI", b"1.2.4\0")


def read_all(content: bytes) -> str:
    """What every channel does with a file, and how it ended."""
    try:
        meta = read_prefix(content)
        data_set = memoryview(content)[meta.length_bytes if meta else 0 :]
        uid = (meta.transfer_syntax_uid if meta else "") or guess_transfer_syntax(data_set) or EXPLICIT
        json.loads(data_set_json(data_set, uid, bulk_data_uri=lambda path: path))
        scanned = scan(data_set, uid)
        scan_header(data_set[: scanned.header_length_bytes], uid)
        for index in range(min(scanned.frame_table.count, 100)):
            span = scanned.frame_table.frame(index)
            assert scanned.frame_table.inflated or all(offset + length <= len(data_set) for offset, length in span.fragments)
    except UnreadableObject:
        return "refused"
    return "odd" if scanned.problems else "read"


def test_every_hostile_file_is_read_or_refused_within_a_second(corpus: Path) -> None:
    ends: dict[str, int] = {}
    for path in sorted((corpus / "fuzz").rglob("*")) + sorted((corpus / "edge").rglob("*")):
        if path.is_file():
            started = time.perf_counter()
            end = read_all(path.read_bytes())
            assert time.perf_counter() - started < 1, path.name
            ends[end] = ends.get(end, 0) + 1
    assert sum(ends.values()) > 120
    assert ends["read"] > 50
    assert ends["odd"] > 10


def damaged(content: bytes, seed: random.Random) -> bytes:
    """One to four random injuries, more of them near the front, where the header is."""
    injured = bytearray(content)
    for _ in range(seed.randint(1, 4)):
        at = int(len(injured) * seed.random() ** 3)
        kind = seed.randrange(6)
        if kind == 0:
            injured[at : at + 1] = seed.randbytes(1)
        elif kind == 1:
            injured[at : at + 4] = seed.choice([UNDEFINED, b"\0\0\0\0", b"\xfe\xff\xff\xff", b"\xff\xff\xff\x7f", b"\1\0\0\0"])
        elif kind == 2:
            del injured[at : at + seed.randint(1, 40)]
        elif kind == 3:
            injured[at:at] = seed.choice(
                [OPEN_SEQUENCE, OPEN_ITEM, b"\xfe\xff\xdd\xe0\0\0\0\0", b"\xfe\xff\x0d\xe0\0\0\0\0", seed.randbytes(12)]
            )
        elif kind == 4:
            del injured[at:]
        else:
            injured[at : at + 2] = seed.choice([b"SQ", b"UN", b"OB", b"US", b"\0\0", b"UT", b"PN"])
    return bytes(injured)


SAMPLES = (
    "image/pydicom/CT_small.dcm",
    "image/pydicom/image_dfl.dcm",
    "image/pydicom/SC_rgb_rle_2frame.dcm",
    "image/pydicom/rtplan.dcm",
    "charset/pydicom/chrH32.dcm",
    "dicomdir/pydicom/DICOMDIR-implicit",
)


@pytest.mark.parametrize("sample", SAMPLES)
def test_damaged_files_are_read_or_refused(corpus: Path, sample: str) -> None:
    path = corpus / sample
    if not path.is_file():
        pytest.skip(f"{sample} is not in this corpus")
    content = path.read_bytes()
    for number in range(250):
        seed = random.Random(f"{sample} {number}")
        try:
            read_all(damaged(content, seed))
        except Exception:
            print("seed:", f"{sample} {number}")
            raise


tags = st.one_of(
    st.sampled_from(
        [0x00080005, 0x00080018, 0x00100010, 0x00280008, 0x00400275, 0x7FE00001, 0x7FE00010, 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD, 0]
    ),
    st.integers(0, 2**32 - 1),
)
lengths = st.one_of(st.integers(0, 16), st.sampled_from([0xFFFFFFFF, 0xFFFFFFFE, 0x7FFFFFFF, 0xFFFF]))
vrs = st.sampled_from([b"SQ", b"UN", b"OB", b"LO", b"UI", b"US", b"DS", b"PN", b"??", b"\0\0", b"ZZ"])
pieces = st.one_of(
    st.builds(lambda t, v, n: struct.pack("<HH2sHL", t >> 16, t & 0xFFFF, v, 0, n), tags, vrs, lengths),
    st.builds(lambda t, v, n: struct.pack("<HH2sH", t >> 16, t & 0xFFFF, v, n & 0xFFFF), tags, vrs, lengths),
    st.builds(lambda t, n: struct.pack("<HHL", t >> 16, t & 0xFFFF, n), tags, lengths),
    st.binary(max_size=12),
    st.just(IDENTIFIERS),
    st.just(STUDY),
)


@settings(max_examples=300, deadline=1000)
@given(st.lists(pieces, max_size=12).map(b"".join), st.sampled_from(sorted(TRANSFER_SYNTAXES)))
def test_any_elements_are_read_or_refused(raw: bytes, uid: str) -> None:
    for data_set in (raw, IDENTIFIERS + STUDY + raw):
        try:
            scanned = scan(data_set, uid)
        except UnreadableObject:
            continue
        finally:
            try:
                json.loads(data_set_json(data_set, uid, bulk_data_uri=None))
            except UnreadableObject:
                assert TRANSFER_SYNTAXES[uid].deflated
        assert 0 <= scanned.header_length_bytes <= len(data_set)


def gigabyte_of_zeros() -> bytes:
    """One deflate stream of about a megabyte."""
    engine = zlib.compressobj(9, wbits=-15)
    first, second = [engine.compress(bytes(1 << 20)) + engine.flush(zlib.Z_SYNC_FLUSH) for _ in range(2)]
    return first + second * 1022 + engine.flush()


def chunk_of_fragments() -> bytes:
    """Pixel Data of very many empty fragments."""
    head = IDENTIFIERS + STUDY + struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF)
    return head + b"\xfe\xff\x00\xe0\0\0\0\0" * 2_000_000


BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "a million sequences deep": (lambda: IDENTIFIERS + STUDY + (OPEN_SEQUENCE + OPEN_ITEM) * 1_000_000, EXPLICIT),
    "a million sequences deep before the identifiers": (lambda: (OPEN_SEQUENCE + OPEN_ITEM) * 1_000_000 + IDENTIFIERS, EXPLICIT),
    "deep and implicit": (lambda: (b"\x40\x00\x30\xa7" + UNDEFINED + OPEN_ITEM) * 200_000, IMPLICIT),
    "deep inside UN": (lambda: IDENTIFIERS + STUDY + (b"\x09\x00\x01\x10UN\0\0" + UNDEFINED + OPEN_ITEM) * 100_000, EXPLICIT),
    "a million empty elements": (lambda: IDENTIFIERS + STUDY + element(0x00091001, b"LO", b"") * 1_000_000, EXPLICIT),
    "two million empty fragments": (chunk_of_fragments, JPEG),
    "a gigabyte deflated": (gigabyte_of_zeros, DEFLATED),
    "length of 4 GiB": (lambda: IDENTIFIERS + STUDY + struct.pack("<HH2sHL", 0x0042, 0x0011, b"OB", 0, 0xFFFFFFFE), EXPLICIT),
    "offset table of 4 GiB": (lambda: IDENTIFIERS + STUDY + struct.pack("<HH2sHL", 0x7FE0, 0x0001, b"OV", 0, 0xFFFFFFF0), EXPLICIT),
    "a name of 60 MB": (lambda: IDENTIFIERS + struct.pack("<HH2sHL", 0x10, 0x10, b"UN", 0, 60 << 20) + bytes(60 << 20) + STUDY, EXPLICIT),
    "escapes without end": (
        lambda: IDENTIFIERS + element(0x00080005, b"CS", b"\\ISO 2022 IR 87 ") + element(0x00100010, b"PN", b"\x1b(B" * 21_000) + STUDY,
        EXPLICIT,
    ),
}


@pytest.fixture
def traced() -> Iterator[None]:
    """Memory of Python objects is watched."""
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.parametrize("bomb", BOMBS)
def test_bombs_cost_little_time(bomb: str) -> None:
    make, uid = BOMBS[bomb]
    data_set = make()
    started = time.process_time()
    with contextlib.suppress(UnreadableObject):
        scan(data_set, uid)
    assert time.process_time() - started < 2  # half a second on a quiet machine


@pytest.mark.parametrize("bomb", ["length of 4 GiB", "offset table of 4 GiB", "a name of 60 MB", "a gigabyte deflated"])
def test_bombs_cost_little_memory(bomb: str, traced: None) -> None:
    make, uid = BOMBS[bomb]
    data_set = make()
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    with contextlib.suppress(UnreadableObject):
        scan(data_set, uid)
    assert tracemalloc.get_traced_memory()[1] - before < (300 << 20 if uid == DEFLATED else 1 << 20)
