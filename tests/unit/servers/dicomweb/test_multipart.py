"""The multipart parser and writer."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hounsfield.servers.dicomweb.multipart import (
    MalformedMultipart,
    MultipartLimits,
    MultipartParser,
    MultipartWriter,
    PartBegin,
    PartData,
    PartEnd,
    TruncatedMultipart,
)

BOUNDARY = "frontier-1"


def parse(pieces: list[bytes], boundary: str = BOUNDARY, limits: MultipartLimits | None = None) -> list[tuple[dict[str, str], bytes]]:
    """All complete parts. Raises what the parser raises."""
    parser = MultipartParser(boundary, limits)
    parts: list[tuple[dict[str, str], bytes]] = []
    headers: dict[str, str] = {}
    body = bytearray()
    for piece in pieces:
        for event in parser.feed(piece):
            match event:
                case PartBegin():
                    headers, body = dict(event.headers), bytearray()
                case PartData(data):
                    assert len(data)
                    body += data
                case PartEnd():
                    parts.append((headers, bytes(body)))
    parser.close()
    return parts


def message(bodies: list[bytes], boundary: str = BOUNDARY) -> bytes:
    writer = MultipartWriter(boundary)
    whole = b"".join(writer.part_head("application/dicom") + body for body in bodies)
    return whole + writer.close()


LINES = st.lists(
    st.sampled_from([b"\r\n", b"\r", b"\n", b"--", b"-", b"--frontier-1"[:7], b"\r\n--frontier-", b"a", b"\x00\xff", b"DICM"]), max_size=30
).map(b"".join)
BODIES = st.lists(LINES.filter(lambda body: b"\r\n--" + BOUNDARY.encode() not in b"\r\n" + body + b"\r\n"), max_size=5)


def cut(whole: bytes, places: list[int]) -> list[bytes]:
    marks = sorted({min(place, len(whole)) for place in places} | {0, len(whole)})
    return [whole[start:end] for start, end in itertools.pairwise(marks)]


@settings(deadline=None)
@given(bodies=BODIES.filter(bool), places=st.lists(st.integers(0, 400), max_size=40))
@example(bodies=[b"\r\n--frontier-"], places=[60, 61, 62, 63])
@example(bodies=[b"\r\r\n--frontier-\r\n"], places=list(range(400)))
def test_any_chunking_gives_the_same_parts(bodies: list[bytes], places: list[int]) -> None:
    parts = parse(cut(message(bodies), places))
    assert [body for _, body in parts] == bodies
    assert all(headers == {"content-type": "application/dicom"} for headers, _ in parts)


def test_byte_by_byte() -> None:
    whole = message([b"one\r\n--frontier", b"", b"\r\n\r\n"])
    assert parse([bytes([byte]) for byte in whole]) == parse([whole])
    assert [body for _, body in parse([whole])] == [b"one\r\n--frontier", b"", b"\r\n\r\n"]


def test_preamble_epilogue_and_padding_are_left_out() -> None:
    whole = b"this is for mail readers\r\n--b \t\r\nA: 1\r\n\r\nbody\r\n--b--\r\nmore \r\n--b\r\n\r\nnot a part"
    assert parse([whole], "b") == [({"a": "1"}, b"body")]


def test_a_part_without_headers() -> None:
    assert parse([b"--b\r\n\r\nbody\r\n--b--"], "b") == [({}, b"body")]


@given(length=st.integers(0, 400))
def test_a_message_cut_short_is_told(length: int) -> None:
    whole = message([b"x" * 100, b"y" * 100])
    closing = len(whole) - 2
    if length >= closing:
        return
    with pytest.raises(TruncatedMultipart):
        parse([whole[:length]])


def test_complete_parts_of_a_truncated_message_were_seen() -> None:
    parser = MultipartParser(BOUNDARY)
    whole = message([b"x" * 100, b"y" * 100])
    events = list(parser.feed(whole[:-60]))
    assert sum(isinstance(event, PartEnd) for event in events) == 1
    with pytest.raises(TruncatedMultipart):
        parser.close()


@pytest.mark.parametrize("boundary", ["", " ", "a ", "x" * 71, "a\r\nb", 'a"b', "é"])
def test_boundaries_that_are_none(boundary: str) -> None:
    with pytest.raises(MalformedMultipart):
        MultipartParser(boundary)


def test_the_longest_boundary() -> None:
    boundary = "x" * 70
    assert parse([message([b"body"], boundary)], boundary) == [({"content-type": "application/dicom"}, b"body")]


def _million_headers() -> bytes:
    return b"--b\r\n" + b"A: 1\r\n" * 1_000_000 + b"\r\nbody\r\n--b--"


def _million_parts() -> bytes:
    return b"--b\r\n\r\nx\r\n" * 1_000_000 + b"--b--"


def _endless_preamble() -> bytes:
    return b"x" * (64 << 20)


def _endless_header() -> bytes:
    return b"--b\r\nA: " + b"x" * (64 << 20)


@pytest.mark.parametrize("attack", [_million_headers, _million_parts, _endless_preamble, _endless_header])
@pytest.mark.parametrize("piece_bytes", [1 << 16, 1 << 30])
def test_attacks_are_refused_at_once(attack: object, piece_bytes: int) -> None:
    whole = attack()  # type: ignore[operator]
    pieces = [whole[start : start + piece_bytes] for start in range(0, len(whole), piece_bytes)]
    begin = time.process_time()
    with pytest.raises(MalformedMultipart):
        parse(pieces, "b")
    assert time.process_time() - begin < 1


def test_too_many_headers_in_few_bytes() -> None:
    with pytest.raises(MalformedMultipart, match="headers"):
        parse([b"--b\r\n" + b"A: 1\r\n" * 17 + b"\r\n"], "b")


@pytest.mark.parametrize(
    "whole", [b"--b junk\r\n\r\nbody\r\n--b--", b"--b\r\nno colon\r\n\r\nbody\r\n--b--", b"--b\r\n: 1\r\n\r\n\r\n--b--"]
)
def test_malformed_heads(whole: bytes) -> None:
    with pytest.raises(MalformedMultipart):
        parse([whole], "b")


def test_content_passes_through_without_a_copy() -> None:
    piece = b"--b\r\n\r\n" + b"x" * 1000
    (_, data) = list(MultipartParser("b").feed(piece))
    assert isinstance(data, PartData)
    assert data.data.obj is piece
