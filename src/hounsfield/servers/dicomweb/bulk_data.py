"""WADO-RS: values that metadata refers to by BulkDataURI (PS3.18 10.4.1.1.5), of an object as it goes out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hounsfield.dicom.json_model import bulk_data
from hounsfield.dicom.transfer_syntaxes import EXPLICIT_VR_LITTLE_ENDIAN, transfer_syntax
from hounsfield.model.errors import NotFound, ObjectTooLarge
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.servers.dicomweb.exchange import Exchange
from hounsfield.servers.dicomweb.frames import Frames
from hounsfield.servers.dicomweb.media_types import OCTET_STREAM, MediaType, choose
from hounsfield.servers.dicomweb.multipart import MultipartWriter
from hounsfield.servers.dicomweb.work import Work
from hounsfield.services.retrieve import Retrieve

MAX_WHOLE_READ_BYTES: Final = 256 << 20
"""A value that stands behind the pixels can be had of objects up to this size."""

_PIXEL_DATA: Final = frozenset({"7FE00008", "7FE00009", "7FE00010"})


class BulkDataNotFound(NotFound):
    """The instance has no such value."""


class BulkData:
    """The handler of `/bulkdata/{path}`."""

    def __init__(self, retrieve: Retrieve, frames: Frames, work: Work, new_boundary: Callable[[], str]) -> None:
        self._retrieve = retrieve
        self._frames = frames
        self._work = work
        self._new_boundary = new_boundary

    async def value(self, exchange: Exchange) -> None:
        """GET .../bulkdata/{path}: tags and item indexes with slashes between; of the pixel data all frames, a part each."""
        instance = await self._work.quick(self._retrieve.instance, exchange.origin, *exchange.parts[:3])
        path = exchange.parts[3].upper()
        if path in _PIXEL_DATA:
            await self._frames.all_frames(exchange, instance)
            return
        multipart = choose(exchange.accept, _offer)
        value = await self._work.slow(self._value, instance, path)
        if value is None:
            raise BulkDataNotFound("the instance has no such value")
        if not multipart:
            await exchange.answer(200, [(b"content-type", OCTET_STREAM.encode())], value)
            return
        writer = MultipartWriter(self._new_boundary())
        body = b"".join((writer.part_head(OCTET_STREAM, length_bytes=len(value)), value, writer.close()))
        await exchange.answer(200, [(b"content-type", writer.content_type(OCTET_STREAM))], body)

    def _value(self, instance: StoredInstance, path: str) -> bytes | None:
        deflated = transfer_syntax(instance.transfer_syntax_uid).deflated
        syntax = EXPLICIT_VR_LITTLE_ENDIAN if deflated else instance.transfer_syntax_uid
        header, length = self._retrieve.effective_header(instance)
        value = bulk_data(header if deflated else memoryview(header)[:length], syntax, path)
        if value is not None or deflated or instance.header_length_bytes >= instance.stored.location.data_set_length_bytes:
            return value
        if instance.stored.location.length_bytes > MAX_WHOLE_READ_BYTES:
            raise ObjectTooLarge("the value stands behind pixel data too large to be read over")
        return bulk_data(self._whole(instance), syntax, path)

    def _whole(self, instance: StoredInstance) -> memoryview:
        """The data set as it goes out."""
        if not instance.stored.overlay:
            return self._retrieve.read(instance).data_set
        return memoryview(b"".join(self._retrieve.stream(instance)))[instance.stored.location.prefix_length_bytes :]


def _offer(wanted: MediaType) -> bool | None:
    if not wanted.covers(OCTET_STREAM):
        return None
    return wanted.is_multipart
