"""WADO-RS: rendered instances and frames, and thumbnails (PS3.18 10.4.1.1.3, 10.4.1.1.4)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Final

from hounsfield.codecs.presentation import RenderRequest
from hounsfield.model.errors import FrameNotFound, NotFound
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.servers.dicomweb.exchange import Exchange, Header
from hounsfield.servers.dicomweb.frames import read_frame_list
from hounsfield.servers.dicomweb.media_types import MediaType
from hounsfield.servers.dicomweb.pictures import Pictures
from hounsfield.servers.dicomweb.recent_bytes import RecentBytes
from hounsfield.servers.dicomweb.rendered_parameters import choose_format, media_type_of, read_render_request
from hounsfield.servers.dicomweb.work import Work
from hounsfield.services.retrieve import Retrieve

THUMBNAIL_VIEWPORT: Final = (256, 256)
REMEMBERED_BYTES: Final = 8 << 20


class NoPicture(NotFound):
    """Nothing in it can be shown as a picture."""


class Rendered:
    """The handlers of `/rendered` and `/thumbnail`."""

    def __init__(self, retrieve: Retrieve, pictures: Pictures, work: Work) -> None:
        self._retrieve = retrieve
        self._pictures = pictures
        self._work = work
        self._thumbnails = RecentBytes(REMEMBERED_BYTES)

    async def instance(self, exchange: Exchange) -> None:
        """GET .../instances/{instance}/rendered: of several frames the first."""
        await self._answer(exchange, 1)

    async def frame(self, exchange: Exchange) -> None:
        """GET .../frames/{frame}/rendered."""
        numbers = read_frame_list(exchange.parts[3])
        if len(numbers) != 1:
            raise FrameNotFound("one frame is rendered at a time")
        await self._answer(exchange, numbers[0])

    async def _answer(self, exchange: Exchange, number: int) -> None:
        request = read_render_request(exchange, choose_format(exchange.accept))
        instance = await self._work.quick(self._retrieve.instance, exchange.origin, *exchange.parts[:3])
        _check_number(instance, number)
        etag = picture_etag(instance, number, request)
        if not await exchange.not_modified(etag):
            picture = await self._work.decode(self._pictures.rendered, instance, number, request)
            await exchange.answer(200, _headers(request, etag), picture)

    async def thumbnail(self, exchange: Exchange) -> None:
        """GET /studies/{study}[/series/{series}[/instances/{instance}[/frames/{frame}]]]/thumbnail: of what lies in the middle."""
        numbers = read_frame_list(exchange.parts[3]) if len(exchange.parts) == 4 else []
        request = read_render_request(exchange, choose_format(_jpeg_first(exchange)), THUMBNAIL_VIEWPORT)
        find: Callable[..., StoredInstance] = self._retrieve.instance if len(exchange.parts) >= 3 else self._retrieve.representative
        instance = await self._work.quick(find, exchange.origin, *exchange.parts[:3])
        number = numbers[0] if numbers else (instance.frames + 1) // 2
        _check_number(instance, number)
        etag = picture_etag(instance, number, request)
        if await exchange.not_modified(etag):
            return
        picture = self._thumbnails.find(etag)
        if picture is None:
            picture = await self._work.decode(self._pictures.rendered, instance, number, request)
            self._thumbnails.keep(etag, picture)
        await exchange.answer(200, _headers(request, etag), picture)


def picture_etag(instance: StoredInstance, number: int, request: RenderRequest) -> bytes:
    """Changes with the object, the frame and how it is asked for."""
    key = f"{instance.stored.digests.checksum:016x}/{number}/{request}"
    return f'"{hashlib.sha256(key.encode()).hexdigest()[:32]}"'.encode()


def _check_number(instance: StoredInstance, number: int) -> None:
    if not instance.frames:
        raise NoPicture("the instance has no frames")
    if number > instance.frames:
        raise FrameNotFound(f"the instance has {instance.frames} frames")


def _headers(request: RenderRequest, etag: bytes) -> list[Header]:
    return [(b"content-type", media_type_of(request.picture_format)), (b"etag", etag), (b"vary", b"accept")]


def _jpeg_first(exchange: Exchange) -> Sequence[MediaType]:
    """A thumbnail is a JPEG wherever one is taken at all: browsers put PNG first, which is larger and slower."""
    return sorted(exchange.accept, key=lambda wanted: not wanted.covers("image/jpeg"))
