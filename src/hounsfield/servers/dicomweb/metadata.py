"""WADO-RS: metadata of studies, series and instances as DICOM JSON (PS3.18 10.4.1.1.2)."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import AsyncGenerator, Sequence
from typing import Final

from hounsfield.model.origin import Origin
from hounsfield.servers.dicomweb.exchange import Exchange, Header
from hounsfield.servers.dicomweb.media_types import json_type
from hounsfield.servers.dicomweb.recent_bytes import RecentBytes
from hounsfield.servers.dicomweb.work import Work
from hounsfield.services.metadata import SeriesMetadata
from hounsfield.services.retrieve import Retrieve

REMEMBERED_BYTES: Final = 8 << 20
_VARY: Final[Header] = (b"vary", b"accept, accept-encoding")


class Metadata:
    """The handlers of `/metadata` on three levels."""

    def __init__(self, retrieve: Retrieve, documents: SeriesMetadata, work: Work) -> None:
        self._retrieve = retrieve
        self._documents = documents
        self._work = work
        self._recent = RecentBytes(REMEMBERED_BYTES)

    async def series(self, exchange: Exchange) -> None:
        """GET /studies/{study}/series/{series}/metadata: the stored document, as it is where the client takes gzip."""
        content_type = json_type(exchange.accept)
        etag = await self._work.quick(self._documents.etag, exchange.origin, *exchange.parts)
        compressed = exchange.takes_gzip
        tag = f'"{etag}{"-gzip" if compressed else ""}"'.encode()
        if await exchange.not_modified(tag, [_VARY]):
            return
        body = self._recent.find(etag)
        if body is None:
            document = await self._work.slow(self._documents.document, exchange.origin, *exchange.parts)
            self._recent.keep(document.etag, document.body)
            body, tag = document.body, tag.replace(etag.encode(), document.etag.encode())
        headers: list[Header] = [(b"content-type", content_type), (b"etag", tag), _VARY]
        if compressed:
            headers.append((b"content-encoding", b"gzip"))
        else:
            body = await self._work.slow(gzip.decompress, body)
        await exchange.answer(200, headers, body)

    async def instance(self, exchange: Exchange) -> None:
        """GET .../instances/{instance}/metadata."""
        content_type = json_type(exchange.accept)
        instance = await self._work.quick(self._retrieve.instance, exchange.origin, *exchange.parts)
        overlay = instance.stored.overlay
        etag = f'"{instance.stored.digests.checksum:016x}{hashlib.sha256(overlay).hexdigest()[:16] if overlay else ""}"'.encode()
        if await exchange.not_modified(etag, [_VARY]):
            return
        body = await self._work.slow(self._documents.of_instances, [instance])
        await exchange.answer(200, [(b"content-type", content_type), (b"etag", etag), _VARY], body)

    async def study(self, exchange: Exchange) -> None:
        """GET /studies/{study}/metadata: the documents of its series, one after the other."""
        content_type = json_type(exchange.accept)
        study = exchange.parts[0]
        instances = await self._work.slow(self._retrieve.instances, exchange.origin, study)
        series = list(dict.fromkeys(instance.series_instance_uid for instance in instances))
        etags = await self._work.slow(self._etags, exchange.origin, study, series)
        compressed = exchange.takes_gzip
        digest = hashlib.sha256(" ".join(etags).encode()).hexdigest()[:32]
        tag = f'"{digest}{"-gzip" if compressed else ""}"'.encode()
        if await exchange.not_modified(tag, [_VARY]):
            return
        headers: list[Header] = [(b"content-type", content_type), (b"etag", tag), _VARY]
        pieces = self._joined(exchange.origin, study, series)
        if compressed:
            headers.append((b"content-encoding", b"gzip"))
            pieces = self._compressed(pieces)
        await exchange.stream(200, headers, pieces)

    def _etags(self, origin: Origin, study: str, series: Sequence[str]) -> list[str]:
        return [self._documents.etag(origin, study, one) for one in series]

    async def _joined(self, origin: Origin, study: str, series: Sequence[str]) -> AsyncGenerator[bytes | bytearray, None]:
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

    async def _compressed(self, pieces: AsyncGenerator[bytes | bytearray, None]) -> AsyncGenerator[bytes | bytearray, None]:
        compressor = zlib.compressobj(1, wbits=31)
        async for piece in pieces:
            if packed := await self._work.slow(compressor.compress, piece):
                yield packed
        yield compressor.flush()
