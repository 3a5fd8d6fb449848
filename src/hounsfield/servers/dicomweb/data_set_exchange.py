"""Data sets without bulk data in requests and answers: DICOM JSON or the Native DICOM Model (PS3.18 8.7.3.2, 11.1.3)."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from hounsfield.dicom.json_data_set import MAX_ELEMENTS, checked_data_set, read_json_data_set
from hounsfield.dicom.xml_model import json_of_xml, xml_document
from hounsfield.model.errors import ObjectTooLarge, UnsupportedMediaType
from hounsfield.servers.dicomweb.exchange import Exchange, Header
from hounsfield.servers.dicomweb.media_types import (
    DICOM_JSON,
    JSON,
    MULTIPART_RELATED,
    MalformedHeader,
    MediaType,
    choose,
    parse_media_type,
)
from hounsfield.servers.dicomweb.multipart import MultipartParser, PartBegin, PartData
from hounsfield.servers.dicomweb.store.stow import UploadStalled

DICOM_XML: Final = "application/dicom+xml"
MAX_BODY_BYTES: Final = 1 << 20
BODY_WITHIN_S: Final = 30.0

_JSON_TYPES: Final = (DICOM_JSON, JSON)
_XML_TYPES: Final = (DICOM_XML, "application/xml", "text/xml")

Write = Callable[[Sequence[Mapping[str, Any]]], tuple[bytes, bytes]]
"""Content-Type and body of an answer with these data sets."""


async def read_data_set(
    exchange: Exchange, *, required: bool = True, max_bytes: int = MAX_BODY_BYTES, max_elements: int = MAX_ELEMENTS
) -> dict[str, Any]:
    """The one data set of a request's body; empty where there is no body and none is required.

    Raises: UnsupportedMediaType, ObjectTooLarge, UploadStalled; InvalidInput where it is not well formed.
    """
    body = await _body(exchange, max_bytes)
    if not body and not required:
        return {}
    kind = _content_type(exchange)
    if kind.is_multipart:
        body = _only_part(body, kind)
    if kind.payload in _JSON_TYPES:
        return read_json_data_set(body, max_elements)
    return checked_data_set(json_of_xml(body), max_elements)


async def _body(exchange: Exchange, max_bytes: int) -> bytes:
    received = bytearray()
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            async for piece in exchange.body():
                received += piece
                if len(received) > max_bytes:
                    raise ObjectTooLarge(f"a body of more than {max_bytes} bytes")
    except TimeoutError as exc:
        raise UploadStalled(f"the body did not come within {BODY_WITHIN_S:g} s") from exc
    return bytes(received)


def _content_type(exchange: Exchange) -> MediaType:
    if exchange.headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise UnsupportedMediaType("no Content-Encoding is taken here; send the body as it is")
    try:
        kind = parse_media_type(exchange.headers.get(b"content-type", b"").decode("latin-1"))
    except MalformedHeader as exc:
        raise UnsupportedMediaType("the Content-Type says nothing that is taken here") from exc
    if kind.payload not in (*_JSON_TYPES, *_XML_TYPES):
        raise UnsupportedMediaType(f"send {DICOM_JSON} or {DICOM_XML}")
    return kind


def _only_part(body: bytes, kind: MediaType) -> bytes:
    parser = MultipartParser(kind.parameters.get("boundary", ""))
    content = bytearray()
    parts = 0
    for event in parser.feed(body):
        if isinstance(event, PartBegin):
            parts += 1
            if parts > 1:
                raise UnsupportedMediaType("one data set is taken, in one part")
        elif isinstance(event, PartData):
            content += event.data
    parser.close()
    return bytes(content)


# Answers


def choose_writer(accept: Iterable[MediaType]) -> Write:
    """How data sets are answered: DICOM JSON unless XML is asked for. Raises: NotAcceptable."""
    return choose(accept, _offer)


def _offer(wanted: MediaType) -> Write | None:
    if wanted.is_multipart:
        return _xml_parts if wanted.covers(DICOM_XML) and wanted.payload != "*/*" else None
    for name in _JSON_TYPES:
        if wanted.covers(name):
            return _json_writer(name)
    return _xml if wanted.name == DICOM_XML else None


def _json_writer(name: str) -> Write:
    def write(data_sets: Sequence[Mapping[str, Any]]) -> tuple[bytes, bytes]:
        return name.encode(), json.dumps(data_sets, separators=(",", ":"), ensure_ascii=False).encode()

    return write


def _xml(data_sets: Sequence[Mapping[str, Any]]) -> tuple[bytes, bytes]:
    """A document holds one data set; several need a multipart message."""
    if len(data_sets) == 1:
        return DICOM_XML.encode(), xml_document(data_sets[0])
    return _xml_parts(data_sets)


def _xml_parts(data_sets: Sequence[Mapping[str, Any]]) -> tuple[bytes, bytes]:
    boundary = secrets.token_hex(16).encode()
    parts = [b"--%b\r\nContent-Type: %b\r\n\r\n%b\r\n" % (boundary, DICOM_XML.encode(), xml_document(one)) for one in data_sets]
    content_type = b'%b; type="%b"; boundary=%b' % (MULTIPART_RELATED.encode(), DICOM_XML.encode(), boundary)
    return content_type, b"".join(parts) + b"--%b--\r\n" % boundary


def warning(text: str) -> Header:
    """A header `Warning: 299` (PS3.18 8.4, RFC 7234 5.5)."""
    fit = text.replace('"', "'").encode("ascii", "replace")
    return b"warning", b'299 hounsfield "%b"' % fit
