"""WADO-RS: whole instances, of a study, of a series, or one (PS3.18 10.4.1.1.1)."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass

from hounsfield.model.errors import NotAcceptable
from hounsfield.model.origin import Origin
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.servers.dicomweb.delivery import Change, ObjectDelivery, asked_for_objects, deliver_object
from hounsfield.servers.dicomweb.exchange import Exchange, Header
from hounsfield.servers.dicomweb.media_types import DICOM
from hounsfield.servers.dicomweb.multipart import MultipartWriter
from hounsfield.servers.dicomweb.work import QUICK_READ_BYTES, Work
from hounsfield.services.retrieve import Retrieve
from hounsfield.services.transcode import Transcoder

Asked = Sequence[tuple[bool, str]]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One object and how it goes out. head: what stands before its bytes in the body."""

    instance: StoredInstance
    delivery: ObjectDelivery
    head: bytes

    @property
    def stored_length_bytes(self) -> int:
        """Of the Part 10 file as it is stored."""
        return self.instance.stored.location.length_bytes


@dataclass(frozen=True, slots=True)
class Shipment:
    """The objects of one answer. tail: what stands behind the last; complete: whether all that was named is among them."""

    outgoing: Sequence[Outgoing]
    tail: bytes
    content_type: bytes
    complete: bool

    @property
    def status(self) -> int:
        """206 where some objects cannot be had as asked for (PS3.18 table 8.5-1)."""
        return 200 if self.complete else 206

    @property
    def headers(self) -> list[Header]:
        """Beside what every answer has."""
        missing = (b"warning", b'299 hounsfield "Some instances cannot be given in the transfer syntaxes asked for."')
        return [(b"content-type", self.content_type), *([] if self.complete else [missing])]

    @property
    def length_bytes(self) -> int | None:
        """Of the whole body where it is known beforehand: only so does a client notice an answer that was cut short."""
        if any(one.delivery.change is not Change.NONE for one in self.outgoing):
            return None
        return sum(len(one.head) + one.stored_length_bytes for one in self.outgoing) + len(self.tail)


class Objects:
    """The handler of the three retrieve resources."""

    def __init__(self, retrieve: Retrieve, transcoder: Transcoder, work: Work, new_boundary: Callable[[], str]) -> None:
        self._retrieve = retrieve
        self._transcoder = transcoder
        self._work = work
        self._new_boundary = new_boundary

    async def objects(self, exchange: Exchange) -> None:
        """GET /studies/{study}[/series/{series}[/instances/{instance}]]."""
        single = len(exchange.parts) == 3
        asked = asked_for_objects(exchange.accept, single=single)
        run = self._work.quick if single else self._work.slow
        shipment = await run(self._shipment, exchange.origin, exchange.parts, asked)
        first = await self._first_piece(shipment.outgoing[0])
        await exchange.stream(shipment.status, shipment.headers, self._pieces(shipment, first), shipment.length_bytes)

    def _shipment(self, origin: Origin, named: tuple[str, ...], asked: Asked) -> Shipment:
        """What goes out for the study, series or instance that is named. Raises: NotFound, Gone, NotAcceptable."""
        instances = [self._retrieve.instance(origin, *named)] if len(named) == 3 else self._retrieve.instances(origin, *named)
        chosen = [(instance, choice) for instance in instances if (choice := choose_delivery(instance, asked)) is not None]
        if not chosen:
            raise NotAcceptable("what is stored cannot be given in any of the transfer syntaxes asked for")
        writer = MultipartWriter(self._new_boundary()) if chosen[0][1][0] else None
        outgoing = [Outgoing(instance, delivery, _head(writer, delivery)) for instance, (_multipart, delivery) in chosen]
        content_type = writer.content_type(DICOM) if writer is not None else _part_type(outgoing[0].delivery).encode()
        tail = writer.close() if writer is not None else b""
        return Shipment(outgoing, tail, content_type, complete=len(chosen) == len(instances))

    async def _first_piece(self, outgoing: Outgoing) -> bytes | bytearray | None:
        """Fetched before the status goes out, so that one object's failure gets its own answer; None for one too large to fetch whole."""
        return None if self._is_streamed(outgoing) else await self._whole(outgoing, bytearray())

    async def _pieces(self, shipment: Shipment, first: bytes | bytearray | None) -> AsyncGenerator[bytes | bytearray, None]:
        room = bytearray()
        for one in shipment.outgoing:
            if self._is_streamed(one):
                yield one.head
                async with contextlib.aclosing(self._work.each(self._retrieve.stream(one.instance))) as file:
                    async for piece in file:
                        yield piece
            else:
                yield first if first is not None else await self._whole(one, room)
            first = None
        if shipment.tail:
            yield shipment.tail

    @staticmethod
    def _is_streamed(outgoing: Outgoing) -> bool:
        return outgoing.delivery.change is Change.NONE and outgoing.stored_length_bytes > QUICK_READ_BYTES

    async def _whole(self, outgoing: Outgoing, room: bytearray) -> bytes | bytearray:
        if outgoing.delivery.change is Change.NONE:
            await self._read_enclosed(outgoing, room)
            return room
        return outgoing.head + await self._work.decode(self._transcoder.explicit_little_endian, outgoing.instance)

    async def _read_enclosed(self, outgoing: Outgoing, room: bytearray) -> None:
        """Head and file in one buffer: the file is read to where it is sent from.

        room: the same for all objects of an answer, for it stays in the processor's cache. `Exchange.stream` has handed a piece on before
        it asks for the next one, and granian copies what it is handed (held by a test).
        """
        start = len(outgoing.head)
        needed = start + outgoing.stored_length_bytes
        if len(room) < needed:
            room.extend(bytes(needed - len(room)))
        else:
            del room[needed:]
        room[:start] = outgoing.head
        with memoryview(room) as view, view[start:] as target:
            await self._work.read(self._retrieve.file_into, outgoing.instance, target)


def choose_delivery(instance: StoredInstance, asked: Asked) -> tuple[bool, ObjectDelivery] | None:
    """Whether as multipart, and how; None where nothing of what is asked for can be had."""
    for multipart, transfer_syntax in asked:
        if (delivery := deliver_object(instance.transfer_syntax_uid, transfer_syntax)) is not None:
            return multipart, delivery
    return None


def _part_type(delivery: ObjectDelivery) -> str:
    return f"{DICOM}; transfer-syntax={delivery.transfer_syntax_uid}"


def _head(writer: MultipartWriter | None, delivery: ObjectDelivery) -> bytes:
    return b"" if writer is None else writer.part_head(_part_type(delivery))
