"""WADO-RS: metadata of studies, series and instances as DICOM JSON, or as XML by `metadata_xml` (PS3.18 10.4.1.1.2)."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Sequence
from typing import Final

from hounsfield.model.origin import Origin
from hounsfield.servers.dicomweb.etags import etag, object_state
from hounsfield.servers.dicomweb.exchange import Exchange, Header, Pieces
from hounsfield.servers.dicomweb.recent_bytes import RecentBytes
from hounsfield.servers.dicomweb.retrieve.metadata_xml import MetadataXML, gzipped, is_xml, metadata_type
from hounsfield.servers.dicomweb.work import Work
from hounsfield.services.metadata import SeriesMetadata
from hounsfield.services.retrieve import Retrieve

REMEMBERED_BYTES: Final = 8 << 20
_VARY: Final[Header] = (b"vary", b"accept, accept-encoding")


class Metadata:
    """The handlers of `/metadata` on three levels."""

    def __init__(self, retrieve: Retrieve, documents: SeriesMetadata, work: Work, xml: MetadataXML) -> None:
        self._retrieve = retrieve
        self._documents = documents
        self._work = work
        self._xml = xml
        self._recent = RecentBytes(REMEMBERED_BYTES)

    async def series(self, exchange: Exchange) -> None:
        """GET /studies/{study}/series/{series}/metadata: the stored document, as it is where the client takes gzip."""
        content_type = metadata_type(exchange.accept)
        state = await self._work.quick(self._documents.etag, exchange.origin, *exchange.parts)
        if is_xml(content_type):
            await self._xml.of_series(exchange, state, exchange.parts[0], exchange.parts[1:])
            return
        compressed = exchange.takes_gzip
        tag = f'"{state}{"-gzip" if compressed else ""}"'.encode()
        if await exchange.not_modified(tag, [_VARY]):
            return
        body = self._recent.find(state)
        if body is None:
            document = await self._work.slow(self._documents.document, exchange.origin, *exchange.parts)
            self._recent.keep(document.etag, document.body)
            body, tag = document.body, tag.replace(state.encode(), document.etag.encode())
        headers: list[Header] = [(b"content-type", content_type), (b"etag", tag), _VARY]
        if compressed:
            headers.append((b"content-encoding", b"gzip"))
        else:
            body = await self._work.slow(gzip.decompress, body)
        await exchange.answer(200, headers, body)

    async def instance(self, exchange: Exchange) -> None:
        """GET .../instances/{instance}/metadata."""
        content_type = metadata_type(exchange.accept, single=True)
        instance = await self._work.quick(self._retrieve.instance, exchange.origin, *exchange.parts)
        state = object_state(instance)
        if is_xml(content_type):
            await self._xml.of_instance(exchange, state, instance, content_type)
            return
        tag = etag(state)
        if await exchange.not_modified(tag, [_VARY]):
            return
        body = await self._work.slow(self._documents.of_instances, [instance])
        await exchange.answer(200, [(b"content-type", content_type), (b"etag", tag), _VARY], body)

    async def study(self, exchange: Exchange) -> None:
        """GET /studies/{study}/metadata: the documents of its series, one after the other."""
        content_type = metadata_type(exchange.accept)
        study = exchange.parts[0]
        instances = await self._work.slow(self._retrieve.instances, exchange.origin, study)
        series = list(dict.fromkeys(instance.series_instance_uid for instance in instances))
        etags = await self._work.slow(self._etags, exchange.origin, study, series)
        digest = hashlib.sha256(" ".join(etags).encode()).hexdigest()[:32]
        if is_xml(content_type):
            await self._xml.of_series(exchange, digest, study, series)
            return
        compressed = exchange.takes_gzip
        tag = f'"{digest}{"-gzip" if compressed else ""}"'.encode()
        if await exchange.not_modified(tag, [_VARY]):
            return
        headers: list[Header] = [(b"content-type", content_type), (b"etag", tag), _VARY]
        pieces = self._joined(exchange.origin, study, series)
        if compressed:
            headers.append((b"content-encoding", b"gzip"))
            pieces = gzipped(pieces, self._work)
        await exchange.stream(200, headers, pieces)

    def _etags(self, origin: Origin, study: str, series: Sequence[str]) -> list[str]:
        return [self._documents.etag(origin, study, one) for one in series]

    async def _joined(self, origin: Origin, study: str, series: Sequence[str]) -> Pieces:
        """One JSON array out of several."""
        separator = b"["
        for one in series:
            inner = await self._work.slow(self._inner, origin, study, one)
            if inner:
                yield separator + inner
                separator = b",\n"
        yield b"[]" if separator == b"[" else b"]"

    def _inner(self, origin: Origin, study: str, series: str) -> bytes:
        return gzip.decompress(self._documents.document(origin, study, series).body)[1:-1]
