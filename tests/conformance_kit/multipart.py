"""multipart/related messages (RFC 2387, RFC 2046 5.1): written by hand, and taken apart strictly."""

from __future__ import annotations

import email.message
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import httpx

BOUNDARY = "conformance-c0ffee"


@dataclass(frozen=True, slots=True)
class Part:
    """headers: names in lower case."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """Without parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def transfer_syntax(self) -> str:
        """The transfer-syntax parameter; empty where there is none."""
        return parameter(self.headers.get("content-type", ""), "transfer-syntax")


def parameter(content_type: str, name: str) -> str:
    """A parameter of a media type, unquoted; empty where there is none."""
    message = email.message.Message()
    message["content-type"] = content_type
    value = message.get_param(name, "", unquote=True)
    return value if isinstance(value, str) else ""


def body_of(parts: Iterable[tuple[Mapping[str, str], bytes]], boundary: str = BOUNDARY) -> bytes:
    """A multipart body with its closing delimiter."""
    pieces = []
    for headers, data in parts:
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        pieces.append(f"--{boundary}\r\n{head}\r\n".encode() + data + b"\r\n")
    return b"".join(pieces) + f"--{boundary}--\r\n".encode()


def content_type_of(payload: str, boundary: str = BOUNDARY) -> str:
    """The header of a message whose parts are of type `payload`."""
    return f'multipart/related; type="{payload}"; boundary={boundary}'


def parts_of(answer: httpx.Response) -> list[Part]:
    """The parts of an answer. Raises: AssertionError where it is no well-formed multipart/related message."""
    content_type = answer.headers.get("content-type", "")
    assert content_type.lower().startswith("multipart/related"), f"Content-Type is {content_type!r}"
    boundary = parameter(content_type, "boundary")
    assert boundary, f"no boundary in {content_type!r}"
    delimiter = b"\r\n--" + boundary.encode()
    sections = (b"\r\n" + answer.content).split(delimiter)
    assert len(sections) >= 2, "the boundary does not occur"
    assert sections[-1].startswith(b"--"), "the closing delimiter is missing"
    parts = []
    for section in sections[1:-1]:
        section = section.lstrip(b" \t")
        assert section.startswith(b"\r\n"), "a delimiter is followed by something else than a line break"
        head, separator, body = (section if section.startswith(b"\r\n\r\n") else section[2:]).partition(b"\r\n\r\n")
        assert separator, "a part has no empty line behind its headers"
        headers = {}
        for line in head.decode("latin-1").split("\r\n"):
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        parts.append(Part(headers, body))
    return parts
