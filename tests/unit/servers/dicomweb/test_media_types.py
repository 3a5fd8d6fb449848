"""Accept and Content-Type."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hounsfield.model.errors import NotAcceptable
from hounsfield.servers.dicomweb.media_types import MalformedHeader, json_type, parse_accept, parse_media_type


def test_a_multipart_type() -> None:
    parsed = parse_media_type('multipart/related; Type="application/DICOM"; boundary="a\\"b;,c"; transfer-syntax=*')
    assert parsed.is_multipart
    assert parsed.payload == "application/dicom"
    assert parsed.parameters["boundary"] == 'a"b;,c'
    assert parsed.transfer_syntax == "*"


@pytest.mark.parametrize("text", ["", "dicom", "application/", "/dicom", "a/b; q=high", "a/b;" + "x" * 5000])
def test_what_is_no_media_type(text: str) -> None:
    with pytest.raises(MalformedHeader):
        parse_media_type(text)


def test_accept_by_preference() -> None:
    ranges = parse_accept('image/png;q=0.5, multipart/related; type="image/jpeg, or so"; q=0.8,application/json, text/html;q=0')
    assert [item.name for item in ranges] == ["application/json", "multipart/related", "image/png"]
    assert ranges[1].payload == "image/jpeg, or so"


@pytest.mark.parametrize(
    ("text", "name", "covered"),
    [
        ("*/*", "image/jpeg", True),
        ("image/*", "image/jpeg", True),
        ("image/*", "application/json", False),
        ("image/jp", "image/jpeg", False),
        ("multipart/related", "application/dicom", True),
        ('multipart/related; type="image/*"', "image/jls", True),
        ('multipart/related; type="application/dicom"', "application/dicom+json", False),
    ],
)
def test_ranges(text: str, name: str, covered: bool) -> None:
    assert parse_media_type(text).covers(name) is covered


@pytest.mark.parametrize(
    ("accept", "given_type"),
    [
        ("", b"application/dicom+json"),
        ("*/*", b"application/dicom+json"),
        ("application/*", b"application/dicom+json"),
        ("application/json", b"application/json"),
        ("application/dicom+xml, application/json;q=0.1", b"application/json"),
    ],
)
def test_json(accept: str, given_type: bytes) -> None:
    assert json_type(parse_accept(accept)) == given_type


@pytest.mark.parametrize(
    "accept", ["text/html", "application/dicom+xml", 'multipart/related; type="application/dicom+json"', "application/json;q=0"]
)
def test_json_is_all_there_is(accept: str) -> None:
    with pytest.raises(NotAcceptable):
        json_type(parse_accept(accept))


@given(st.text(max_size=200))
def test_nothing_else_is_raised(text: str) -> None:
    with contextlib.suppress(MalformedHeader):
        parse_accept(text)


def test_a_long_header_costs_little() -> None:
    with pytest.raises(MalformedHeader):
        parse_accept('"' * 1_000_000)
    assert len(parse_accept(", ".join(["a/b"] * 800))) == 64
