"""Accept and Content-Type."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hounsfield.model.errors import NotAcceptable
from hounsfield.servers.dicomweb.media_types import MalformedHeader, choose, parse_accept, parse_media_type
from hounsfield.servers.dicomweb.xml_answer import offer_search_type


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
        ("", "application/dicom+json"),
        ("*/*", "application/dicom+json"),
        ("application/*", "application/dicom+json"),
        ("application/json", "application/json"),
        ("application/dicom+xml, application/json;q=0.1", "application/json"),
    ],
)
def test_what_a_search_answers_with(accept: str, given_type: str) -> None:
    assert choose(parse_accept(accept), offer_search_type) == given_type


@pytest.mark.parametrize(
    "accept", ["text/html", "application/dicom+xml", 'multipart/related; type="application/dicom+json"', "application/json;q=0"]
)
def test_without_multipart_a_search_gives_json_alone(accept: str) -> None:
    with pytest.raises(NotAcceptable):
        choose(parse_accept(accept), offer_search_type)


@given(st.text(max_size=200))
def test_nothing_else_is_raised(text: str) -> None:
    with contextlib.suppress(MalformedHeader):
        parse_accept(text)


def test_a_long_header_costs_little() -> None:
    with pytest.raises(MalformedHeader):
        parse_accept('"' * 1_000_000)
    assert len(parse_accept(", ".join(["a/b"] * 800))) == 64
