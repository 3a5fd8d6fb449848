"""Metadata as XML, the Native DICOM Model, one part an instance (PS3.18 8.7.3.2, 10.4.3.3.2; PS3.19 A.1)."""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from hounsfield.dicom.xml_model import xml_of_json
from hounsfield.model.origin import Origin
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.servers.dicomweb.etags import etag
from hounsfield.servers.dicomweb.exchange import Exchange, Header, Pieces, enclosed
from hounsfield.servers.dicomweb.media_types import DICOM_JSON, DICOM_XML, JSON, MediaType, choose
from hounsfield.servers.dicomweb.multipart import MultipartWriter
from hounsfield.servers.dicomweb.work import Work
from hounsfield.services.metadata import SeriesMetadata, data_sets_of

BATCH_BYTES: Final = 256 << 10
"""Of parts that are handed on at once."""

_VARY: Final[Header] = (b"vary", b"accept, accept-encoding")
_MULTIPART: Final = b"multipart/related"


def metadata_type(accept: Iterable[MediaType], *, single: bool = False) -> bytes:
    """The Content-Type of a metadata resource, `multipart/related` alone for XML. Raises: NotAcceptable.

    single: one instance, whose XML may go without multipart.
    """
    return choose(accept, lambda wanted: _offer(wanted, single))


def _offer(wanted: MediaType, single: bool) -> bytes | None:
    if wanted.is_multipart:
        return _MULTIPART if wanted.payload in (DICOM_XML, "application/*", "*/*") else None
    for name in (DICOM_JSON, JSON):
        if wanted.covers(name):
            return name.encode()
    return DICOM_XML.encode() if single and wanted.name == DICOM_XML else None


def is_xml(content_type: bytes) -> bool:
    """Of what `metadata_type` has chosen."""
    return content_type in (_MULTIPART, DICOM_XML.encode())


class MetadataXML:
    """Answers in XML, made of the JSON documents: one data set at a time is in memory."""

    def __init__(self, documents: SeriesMetadata, work: Work, new_boundary: Callable[[], str]) -> None:
        self._documents = documents
        self._work = work
        self._new_boundary = new_boundary

    async def of_series(self, exchange: Exchange, state: str, study: str, series: Sequence[str]) -> None:
        """All instances of some series of a study. state: names what they hold now."""
        compressed = exchange.takes_gzip
        tag = etag(state, "xml", *(["gzip"] if compressed else []), weak=True)
        if await exchange.not_modified(tag, [_VARY]):
            return
        writer = MultipartWriter(self._new_boundary())
        parts = self._work.each(_parts(data_sets_of(self._series_documents(exchange.origin, study, series)), writer))
        pieces: Pieces = enclosed(b"", parts, writer.close())
        headers: list[Header] = [(b"content-type", writer.content_type(DICOM_XML)), (b"etag", tag), _VARY]
        if compressed:
            headers.append((b"content-encoding", b"gzip"))
            pieces = gzipped(pieces, self._work)
        await exchange.stream_from_first(200, headers, pieces)

    async def of_instance(self, exchange: Exchange, state: str, instance: StoredInstance, content_type: bytes) -> None:
        """content_type: as `metadata_type` has it."""
        multipart = content_type == _MULTIPART
        tag = etag(state, "xml", weak=multipart)
        if await exchange.not_modified(tag, [_VARY]):
            return
        document = await self._work.slow(self._document, instance)
        if multipart:
            writer = MultipartWriter(self._new_boundary())
            document = b"".join((writer.part_head(DICOM_XML, length_bytes=len(document)), document, writer.close()))
            content_type = writer.content_type(DICOM_XML)
        await exchange.answer(200, [(b"content-type", content_type), (b"etag", tag), _VARY], document)

    def _document(self, instance: StoredInstance) -> bytes:
        return xml_of_json(self._documents.of_instances([instance])[1:-1])

    def _series_documents(self, origin: Origin, study: str, series: Sequence[str]) -> Iterator[bytes]:
        for one in series:
            yield self._documents.document(origin, study, one).body


def _parts(data_sets: Iterable[bytes], writer: MultipartWriter) -> Iterator[bytes | bytearray]:
    batch = bytearray()
    for data_set in data_sets:
        document = xml_of_json(data_set)
        batch += writer.part_head(DICOM_XML, length_bytes=len(document))
        batch += document
        if len(batch) >= BATCH_BYTES:
            yield bytes(batch)
            batch.clear()
    if batch:
        yield bytes(batch)


async def gzipped(pieces: Pieces, work: Work) -> Pieces:
    """The pieces compressed by gzip."""
    compressor = zlib.compressobj(1, wbits=31)
    async with contextlib.aclosing(pieces):
        async for piece in pieces:
            if packed := await work.slow(compressor.compress, piece):
                yield packed
    yield compressor.flush()
