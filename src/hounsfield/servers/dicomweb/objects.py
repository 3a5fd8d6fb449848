"""WADO-RS: whole instances, of a study, of a series, or one (PS3.18 10.4.1.1.1)."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

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

BATCH_BYTES: Final = 512 << 10
"""Of files that are handed on at once: each hand-over costs tens of microseconds."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One object and how it goes out. head: what stands before its bytes in the body."""

    instance: StoredInstance
    delivery: ObjectDelivery
    head: bytes

    @property
    def is_stored_file(self) -> bool:
        """Whether it goes out byte for byte as it lies in the pack."""
        return self.delivery.change is Change.NONE and not self.instance.stored.overlay

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
        if not all(one.is_stored_file for one in self.outgoing):
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
        pieces = self._pieces(shipment)
        async with contextlib.aclosing(pieces):
            # Fetched before the status goes out, so that the failure of what comes first gets its own answer.
            first = await anext(pieces)
            await exchange.stream(shipment.status, shipment.headers, _behind(first, pieces), shipment.length_bytes)

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

    async def _pieces(self, shipment: Shipment) -> AsyncGenerator[bytes | bytearray, None]:
        """The body.

        What is sent as it is stored passes through one buffer, which stays in the processor's cache: a piece holds until the next one is
        asked for. `Exchange.stream` has handed it on by then, and granian copies what it is handed (held by a test).
        """
        room = bytearray()
        for batch in batches(shipment.outgoing):
            one = batch[0]
            if one.delivery.change is not Change.NONE:
                yield one.head + await self._work.decode(self._transcoder.explicit_little_endian, one.instance)
            elif one.stored_length_bytes > QUICK_READ_BYTES or not one.is_stored_file:
                yield one.head
                async with contextlib.aclosing(self._work.each(self._retrieve.stream(one.instance))) as file:
                    async for piece in file:
                        yield piece
            else:
                await self._read(batch, room)
                yield room
        if shipment.tail:
            yield shipment.tail

    async def _read(self, batch: Sequence[Outgoing], room: bytearray) -> None:
        """Heads and files, each read to where it is sent from."""
        needed = sum(len(one.head) + one.stored_length_bytes for one in batch)
        if len(room) < needed:
            room.extend(bytes(needed - len(room)))
        else:
            del room[needed:]
        end = 0
        with memoryview(room) as view:
            for one in batch:
                start = end + len(one.head)
                view[end:start] = one.head
                end = start + one.stored_length_bytes
                with view[start:end] as target:
                    await self._work.read(self._retrieve.file_into, one.instance, target)


async def _behind(first: bytes | bytearray, pieces: AsyncGenerator[bytes | bytearray, None]) -> AsyncGenerator[bytes | bytearray, None]:
    yield first
    async for piece in pieces:
        yield piece


def batches(outgoing: Sequence[Outgoing]) -> Iterator[list[Outgoing]]:
    """In order; objects that go out as they are stored are sent several at once where they are short."""
    batch: list[Outgoing] = []
    length = 0
    for one in outgoing:
        if batch and (not one.is_stored_file or length + one.stored_length_bytes > BATCH_BYTES):
            yield batch
            batch, length = [], 0
        batch.append(one)
        length += one.stored_length_bytes if one.is_stored_file else BATCH_BYTES
    if batch:
        yield batch


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
