"""Arbitrary bytes as a multipart body: parts or a refusal, and the same whatever the pieces."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hounsfield.servers.dicomweb.multipart import MalformedMultipart, MultipartLimits, MultipartParser, PartBegin, PartData

pytestmark = pytest.mark.no_database

TOKENS = st.sampled_from([b"\r\n", b"--b", b"--", b"\r\n--b", b"\r\n--b--", b"A: 1", b":", b"\r", b"\n", b" ", b"x" * 50, b"\0\xff", b"b"])
BODIES = st.lists(TOKENS | st.binary(max_size=5), max_size=60).map(b"".join)
LIMITS = MultipartLimits(max_parts=4, max_headers=3, max_header_bytes=60, max_preamble_bytes=40)


def outcome(pieces: list[bytes]) -> tuple[list[object], bool]:
    """The parts' headers and bytes as far as they came, and whether the body was refused."""
    parser = MultipartParser("b", LIMITS)
    seen: list[object] = []
    try:
        for piece in pieces:
            for event in parser.feed(piece):
                if isinstance(event, PartBegin):
                    seen.append(dict(event.headers))
                elif isinstance(event, PartData):
                    if not isinstance(seen[-1], bytes):
                        seen.append(b"")
                    seen[-1] += bytes(event.data)  # type: ignore[operator]
                else:
                    seen.append("end")
        parser.close()
    except MalformedMultipart:
        return [one for one in seen if not isinstance(one, bytes)], True
    return seen, False


@settings(deadline=None, max_examples=300)
@given(body=BODIES, size=st.integers(1, 9))
def test_any_bytes(body: bytes, size: int) -> None:
    whole = outcome([body])
    assert outcome([body[start : start + size] for start in range(0, len(body), size)]) == whole
