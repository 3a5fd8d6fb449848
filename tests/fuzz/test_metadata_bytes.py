"""Whatever stands in metadata and bulk data, an object comes of it or a coded error."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hounsfield.codecs.compressed_parts import TRANSFER_SYNTAXES_OF
from hounsfield.dicom.composed import Slice
from hounsfield.dicom.json_input import read_given, read_json_document
from hounsfield.dicom.part10 import read_prefix
from hounsfield.dicom.value_representations import VR_NAMES
from hounsfield.model.errors import HounsfieldError
from hounsfield.services.compose import BulkPart, compose_object
from hounsfield.services.spool import Spool

pytestmark = pytest.mark.no_database

NO_CODEC: Any = None

KNOWN = re.findall(
    "[0-9A-F]{8}",
    """
    00020010 00080005 00080016 00080018 00100010 0020000D 0020000E 00280002 00280004 00280008 00280010 00280011
    00280100 00280101 00280102 00280103 00282110 00420011 00420012 00880200 00091001 7FE00001 7FE00008 7FE00010
    00000000 FFFEE000
    """,
)
TAGS = st.sampled_from(KNOWN) | st.text(alphabet="0123456789abcdefABCDEF", min_size=8, max_size=8)
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(["1.2.3", "AAEC", "1", "-1", "1e400"])
)
JSON_VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3), max_leaves=6
)
ELEMENTS: st.SearchStrategy[Any] = st.deferred(
    lambda: st.fixed_dictionaries(
        {"vr": st.sampled_from(sorted(VR_NAMES.values())) | JSON_VALUES},
        optional={
            "Value": st.lists(SCALARS | st.dictionaries(TAGS, ELEMENTS, max_size=2), max_size=3) | JSON_VALUES,
            "InlineBinary": JSON_VALUES,
            "BulkDataURI": st.sampled_from(["one", "two", "none"]) | JSON_VALUES,
        },
    )
)
REQUIRED = {tag: {"vr": "UI", "Value": ["1.2.3"]} for tag in ("00080016", "00080018", "0020000D", "0020000E")}
DATA_SETS = st.dictionaries(TAGS, ELEMENTS, max_size=6) | st.dictionaries(TAGS, ELEMENTS, max_size=6).map(lambda given: REQUIRED | given)
STARTS = (b"", b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP  ", b"\0\0\0\x10ftyp", b"\0\0\1\xb3", b"\x89PNG\r\n\x1a\n")
KINDS = st.sampled_from([*sorted(TRANSFER_SYNTAXES_OF), "application/octet-stream", "application/pdf"])
PARTS = st.tuples(
    KINDS, st.sampled_from(["", "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.90", "1.2"]), st.sampled_from(STARTS), st.binary(max_size=80)
)


@settings(deadline=None, max_examples=400)
@given(document=DATA_SETS, parts=st.lists(PARTS, max_size=3))
def test_any_metadata_with_any_bulk_data(document: dict[str, Any], parts: list[tuple[str, str, bytes, bytes]]) -> None:
    with Spool(None, 1 << 20) as spool:
        bulk: dict[str, list[BulkPart]] = {"one": [], "two": []}
        for number, (kind, uid, start, rest) in enumerate(parts):
            where = Slice(spool.length_bytes, len(start) + len(rest))
            spool.write(memoryview(start + rest))
            bulk["two" if number == 2 else "one"].append(BulkPart(kind, uid, where))
        try:
            (raw,) = read_json_document(json.dumps([document]).encode())
            composed = compose_object(read_given(raw), bulk, spool, NO_CODEC)
        except HounsfieldError:
            return
        file = b"".join(composed.stream(spool))
        meta = read_prefix(file)
        assert meta is not None
        assert meta.sop_instance_uid


@settings(deadline=None, max_examples=200)
@given(raw=st.binary(max_size=200) | JSON_VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_as_metadata(raw: bytes) -> None:
    try:
        for document in read_json_document(raw):
            read_given(document)
    except HounsfieldError:
        return
