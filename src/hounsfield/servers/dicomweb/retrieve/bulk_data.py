"""WADO-RS: single values that metadata refers to by BulkDataURI (PS3.18 10.4.1.1.5), of an object as it goes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from hounsfield.dicom.element_tree import DataSet, read_data_set
from hounsfield.dicom.json_model import bulk_data, value_at
from hounsfield.dicom.transfer_syntaxes import EXPLICIT_VR_LITTLE_ENDIAN, transfer_syntax
from hounsfield.model.errors import FrameNotFound, NotFound, ObjectTooLarge
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.servers.dicomweb.byte_ranges import ACCEPT_RANGES, answer_whole_or_part, asked_range, content_range
from hounsfield.servers.dicomweb.etags import etag, object_state, short
from hounsfield.servers.dicomweb.exchange import Exchange, Header, enclosed
from hounsfield.servers.dicomweb.media_types import OCTET_STREAM, MediaType, choose
from hounsfield.servers.dicomweb.multipart import MultipartWriter
from hounsfield.servers.dicomweb.retrieve.delivery import FrameDelivery
from hounsfield.servers.dicomweb.retrieve.frames import Frames
from hounsfield.servers.dicomweb.work import Work
from hounsfield.services.metadata import SeriesMetadata
from hounsfield.services.retrieve import Retrieve
from hounsfield.services.verified_ranges import VerifiedRanges

MAX_WHOLE_READ_BYTES: Final = 256 << 20
"""A value that stands behind the pixels can be had of objects up to this size."""

PIXEL_DATA: Final = frozenset({"7FE00008", "7FE00009", "7FE00010"})

_VARY: Final[Header] = (b"vary", b"accept")


class BulkDataNotFound(NotFound):
    """The instance has no such value."""


class BulkData:
    """The handler of `/bulkdata/{path}`, and of the pixel data of one instance."""

    def __init__(
        self,
        retrieve: Retrieve,
        documents: SeriesMetadata,
        ranges: VerifiedRanges,
        frames: Frames,
        work: Work,
        new_boundary: Callable[[], str],
    ) -> None:
        self._retrieve = retrieve
        self._documents = documents
        self._ranges = ranges
        self._frames = frames
        self._work = work
        self._new_boundary = new_boundary

    async def value(self, exchange: Exchange) -> None:
        """GET .../bulkdata/{path}: tags and item indexes with slashes between."""
        path, _, frames = exchange.parts[3].partition("/frames/")
        path = path.upper()
        if path in PIXEL_DATA:
            await (self._frames.listed(exchange, frames) if frames else self.pixel_data(exchange, path))
            return
        instance = await self._work.quick(self._retrieve.instance, exchange.origin, *exchange.parts[:3])
        multipart = choose(exchange.accept, _offer)
        value = await self._work.slow(self._value, instance, path)
        if value is None or frames:
            raise BulkDataNotFound("the instance has no such value")
        tag = etag(object_state(instance), short(path), weak=multipart)
        if await exchange.not_modified(tag, [_VARY]):
            return
        if not multipart:
            await answer_whole_or_part(exchange, [(b"content-type", OCTET_STREAM.encode()), _VARY], tag, value)
            return
        writer = MultipartWriter(self._new_boundary())
        head = writer.part_head(OCTET_STREAM, length_bytes=len(value), location=self._documents.bulk_data_uri(instance, path))
        headers = [(b"content-type", writer.content_type(OCTET_STREAM)), (b"etag", tag), _VARY]
        await exchange.answer(200, headers, b"".join((head, value, writer.close())))

    async def pixel_data(self, exchange: Exchange, path: str = "7FE00010") -> None:
        """All frames, a part each; of what is not compressed also the value as it stands, without multipart."""
        instance = await self._work.quick(self._retrieve.instance, exchange.origin, *exchange.parts[:3])
        if not instance.frames:
            raise FrameNotFound("the instance has no frames")
        single = instance.frames == 1
        accept = exchange.accept if single else [wanted for wanted in exchange.accept if _may_hold_several(wanted)]
        delivery = await self._frames.delivery(instance, accept, single=True)
        if delivery.multipart:
            await self._frames_as_parts(exchange, instance, delivery, path)
        elif single:
            await self._frames.listed(exchange, "1")
        else:
            await self._native_value(exchange, instance, delivery)

    async def _frames_as_parts(self, exchange: Exchange, instance: StoredInstance, delivery: FrameDelivery, path: str) -> None:
        tag = etag(object_state(instance), path, delivery.transfer_syntax_uid, weak=True)
        if await exchange.not_modified(tag, [_VARY]):
            return
        writer = MultipartWriter(self._new_boundary())
        parts = self._frames.all_parts(instance, delivery, writer, self._documents.bulk_data_uri(instance, path))
        headers = [(b"content-type", writer.content_type(delivery.media_type)), (b"etag", tag), _VARY]
        await exchange.stream_from_first(200, headers, enclosed(b"", parts, writer.close()))

    async def _native_value(self, exchange: Exchange, instance: StoredInstance, delivery: FrameDelivery) -> None:
        """Several frames one behind the other. Ranges are given where they lie so in the stored file."""
        stored = transfer_syntax(instance.transfer_syntax_uid)
        in_file = stored.little_endian and not stored.deflated and not stored.encapsulated
        tag = etag(object_state(instance), "pixels", weak=not in_file)
        if await exchange.not_modified(tag, [_VARY]):
            return
        headers: list[Header] = [(b"content-type", delivery.part_type.encode()), (b"etag", tag), _VARY]
        if not in_file:
            await exchange.stream_from_first(200, headers, self._frames.all_decoded(instance))
            return
        place = await self._work.slow(self._place_of_frames, instance)
        headers.append(ACCEPT_RANGES)
        asked = asked_range(exchange.headers, tag, len(place))
        if asked is not None:
            headers.append(content_range(asked, len(place)))
        wanted = place if asked is None else place[asked.start : asked.stop]
        pieces = self._work.each(self._ranges.pieces(instance, wanted))
        await exchange.stream_from_first(200 if asked is None else 206, headers, pieces, len(wanted))

    def _place_of_frames(self, instance: StoredInstance) -> range:
        """In the stored file."""
        table = self._retrieve.frames(instance)
        first, last = table.frame(0).fragments[0], table.frame(table.count - 1).fragments[-1]
        prefix = instance.stored.location.prefix_length_bytes
        return range(prefix + first[0], prefix + sum(last))

    def values(self, instance: StoredInstance, paths: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Those of the paths that stand before the pixels. Raises: DamagedObject, PackUnavailable."""
        tree = self._header_tree(instance)
        for path in paths:
            if (value := value_at(tree, path)) is not None:
                yield path, value

    def _header_tree(self, instance: StoredInstance) -> DataSet:
        deflated = transfer_syntax(instance.transfer_syntax_uid).deflated
        header, length = self._retrieve.effective_header(instance)
        if deflated:
            return read_data_set(header, EXPLICIT_VR_LITTLE_ENDIAN)
        return read_data_set(memoryview(header)[:length], instance.transfer_syntax_uid)

    def _value(self, instance: StoredInstance, path: str) -> bytes | None:
        value = value_at(self._header_tree(instance), path)
        is_all = instance.header_length_bytes >= instance.stored.location.data_set_length_bytes
        if value is not None or is_all or transfer_syntax(instance.transfer_syntax_uid).deflated:
            return value
        if instance.stored.location.length_bytes > MAX_WHOLE_READ_BYTES:
            raise ObjectTooLarge("the value stands behind pixel data too large to be read over")
        return bulk_data(self._whole(instance), instance.transfer_syntax_uid, path)

    def _whole(self, instance: StoredInstance) -> memoryview:
        """The data set as it goes out."""
        if not instance.stored.overlay:
            return self._retrieve.read(instance).data_set
        return memoryview(b"".join(self._retrieve.stream(instance)))[instance.stored.location.prefix_length_bytes :]


def _offer(wanted: MediaType) -> bool | None:
    if not wanted.covers(OCTET_STREAM):
        return None
    return wanted.is_multipart


def _may_hold_several(wanted: MediaType) -> bool:
    """Frames: as parts, or one behind the other where none is compressed."""
    if wanted.is_multipart or wanted.name.endswith("*"):
        return True
    return wanted.name == OCTET_STREAM and wanted.transfer_syntax in ("", EXPLICIT_VR_LITTLE_ENDIAN)
