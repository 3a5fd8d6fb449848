"""WADO-RS: all bulk data, or all pixel data, of a study, a series or an instance (PS3.18 10.4.1.1.5, 10.4.1.1.6, 10.4.3.3.5)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from hounsfield.model.errors import NotAcceptable
from hounsfield.model.origin import Origin
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.servers.dicomweb.exchange import Exchange, Header, Pieces, enclosed
from hounsfield.servers.dicomweb.media_types import OCTET_STREAM, MediaType
from hounsfield.servers.dicomweb.multipart import MultipartWriter
from hounsfield.servers.dicomweb.retrieve.bulk_data import PIXEL_DATA, BulkData, BulkDataNotFound
from hounsfield.servers.dicomweb.retrieve.delivery import FrameDelivery
from hounsfield.servers.dicomweb.retrieve.frames import Frames
from hounsfield.servers.dicomweb.work import Work
from hounsfield.services.metadata import SeriesMetadata
from hounsfield.services.retrieve import Retrieve

_MISSING: Final[Header] = (b"warning", b'299 hounsfield "Some pixel data cannot be given in the media types asked for."')


@dataclass(frozen=True, slots=True)
class _Plan:
    """pixels: how the frames of each instance go out, None where they do not. values: whether other values are taken at all."""

    pixels: Sequence[tuple[StoredInstance, FrameDelivery | None]]
    values: bool
    complete: bool

    @property
    def media_type(self) -> str:
        """Of the message's first part, as far as it can be told."""
        if self.values:
            return OCTET_STREAM
        return next((delivery.media_type for _, delivery in self.pixels if delivery is not None), OCTET_STREAM)


class AllBulkData:
    """The handlers of `/bulkdata` and `/pixeldata` on three levels."""

    def __init__(
        self,
        retrieve: Retrieve,
        documents: SeriesMetadata,
        single: BulkData,
        frames: Frames,
        work: Work,
        new_boundary: Callable[[], str],
    ) -> None:
        self._retrieve = retrieve
        self._documents = documents
        self._single = single
        self._frames = frames
        self._work = work
        self._new_boundary = new_boundary

    async def all(self, exchange: Exchange) -> None:
        """GET .../bulkdata: what the metadata refers to by BulkDataURI, a part each; of pixel data a part a frame."""
        await self._answer(exchange, values=any(_takes_values(wanted) for wanted in exchange.accept))

    async def pixel_data(self, exchange: Exchange) -> None:
        """GET .../pixeldata: of the instances that have any."""
        if len(exchange.parts) == 3:
            await self._single.pixel_data(exchange)
        else:
            await self._answer(exchange, values=False)

    async def _answer(self, exchange: Exchange, *, values: bool) -> None:
        plan = await self._plan(exchange, await self._work.slow(self._instances, exchange.origin, exchange.parts), values)
        writer = MultipartWriter(self._new_boundary())
        parts = self._parts(plan, writer)
        async with contextlib.aclosing(parts):
            first = await anext(parts, None)
            if first is None:
                raise BulkDataNotFound("there is no such bulk data")
            headers = [(b"content-type", writer.content_type(plan.media_type)), (b"vary", b"accept")]
            pieces = enclosed(first, parts, writer.close())
            await exchange.stream_from_first(200 if plan.complete else 206, headers if plan.complete else [*headers, _MISSING], pieces)

    def _instances(self, origin: Origin, named: tuple[str, ...]) -> Sequence[StoredInstance]:
        return [self._retrieve.instance(origin, *named)] if len(named) == 3 else self._retrieve.instances(origin, *named)

    async def _plan(self, exchange: Exchange, instances: Sequence[StoredInstance], values: bool) -> _Plan:
        """Raises: NotAcceptable where nothing at all can be given."""
        accept = [wanted for wanted in exchange.accept if wanted.is_multipart or wanted.name.endswith("*")]
        pixels: list[tuple[StoredInstance, FrameDelivery | None]] = []
        complete = True
        for instance in instances:
            delivery = None
            if instance.rows:
                try:
                    delivery = await self._frames.delivery(instance, accept, single=False)
                except NotAcceptable:
                    complete = False
            pixels.append((instance, delivery))
        if not values and not complete and not any(delivery for _, delivery in pixels):
            raise NotAcceptable("bulk data comes in the parts of a multipart/related message")
        return _Plan(pixels, values, complete)

    async def _parts(self, plan: _Plan, writer: MultipartWriter) -> Pieces:
        for instance, delivery in plan.pixels:
            if not plan.values and delivery is None:
                continue
            paths = await self._work.slow(self._documents.bulk_data_paths, instance)
            if plan.values:
                others = [path for path in paths if path not in PIXEL_DATA]
                async with contextlib.aclosing(self._work.each(self._single.values(instance, others))) as found:
                    async for path, value in found:
                        location = self._documents.bulk_data_uri(instance, path)
                        yield writer.part_head(OCTET_STREAM, length_bytes=len(value), location=location) + value
            pixel_paths = [path for path in paths if path in PIXEL_DATA]
            if delivery is not None and pixel_paths:
                location = self._documents.bulk_data_uri(instance, pixel_paths[0])
                async with contextlib.aclosing(self._frames.all_parts(instance, delivery, writer, location)) as frames:
                    async for frame in frames:
                        yield frame


def _takes_values(wanted: MediaType) -> bool:
    """Values that are no pixels have no other form than their bytes."""
    return (wanted.is_multipart or wanted.name.endswith("*")) and wanted.covers(OCTET_STREAM)
