"""WADO-RS: frames of an instance (PS3.18 10.4.1.1.6)."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Callable
from typing import Final

import structlog

from hounsfield.dicom.frames import FrameSpan
from hounsfield.dicom.transfer_syntaxes import transfer_syntax
from hounsfield.model.errors import FrameNotFound, InvalidQuery
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.servers.dicomweb.delivery import FrameDelivery, deliver_frames
from hounsfield.servers.dicomweb.exchange import Exchange, Header
from hounsfield.servers.dicomweb.multipart import MultipartWriter
from hounsfield.servers.dicomweb.pictures import Pictures
from hounsfield.servers.dicomweb.work import Work
from hounsfield.services.retrieve import Retrieve

MAX_FRAMES_IN_PATH: Final = 10_000

log = structlog.get_logger()


class Frames:
    """The handler of `/frames/{frames}`."""

    def __init__(self, retrieve: Retrieve, pictures: Pictures, work: Work, new_boundary: Callable[[], str]) -> None:
        self._retrieve = retrieve
        self._pictures = pictures
        self._work = work
        self._new_boundary = new_boundary

    async def frames(self, exchange: Exchange) -> None:
        """GET .../frames/{list}: one part a frame, in the order asked for; as stored where that is acceptable, else decoded."""
        study, series, sop_instance, listed = exchange.parts
        numbers = read_frame_list(listed)
        find = self._retrieve.with_frames
        instance, spans = await self._work.quick(find, exchange.origin, study, series, sop_instance, numbers)
        await self._answer(exchange, instance, numbers, spans)

    async def all_frames(self, exchange: Exchange, instance: StoredInstance) -> None:
        """Every frame, a part each."""
        numbers = list(range(1, instance.frames + 1))
        if not numbers:
            raise FrameNotFound("the instance has no frames")
        study, series, sop_instance = exchange.parts[:3]
        _, spans = await self._work.slow(self._retrieve.with_frames, exchange.origin, study, series, sop_instance, numbers)
        await self._answer(exchange, instance, numbers, spans)

    async def _answer(self, exchange: Exchange, instance: StoredInstance, numbers: list[int], spans: list[FrameSpan]) -> None:
        delivery = deliver_frames(instance.transfer_syntax_uid, exchange.accept, single=len(numbers) == 1)
        answer = _FramesAnswer(instance, delivery, MultipartWriter(self._new_boundary()))
        headers: list[Header] = [(b"content-type", answer.content_type)]
        if len(numbers) == 1:
            await exchange.answer(200, headers, await self._piece(answer, numbers[0], spans[0], last=True))
        else:
            await exchange.stream(200, headers, self._pieces(answer, numbers, spans))

    async def _pieces(self, answer: _FramesAnswer, numbers: list[int], spans: list[FrameSpan]) -> AsyncGenerator[bytes | bytearray, None]:
        for number, span in zip(numbers, spans, strict=True):
            yield await self._piece(answer, number, span, last=False)
        yield answer.tail(last=True)

    async def _piece(self, answer: _FramesAnswer, number: int, span: FrameSpan, *, last: bool) -> bytes | bytearray:
        """One frame with what stands around it."""
        instance = answer.instance
        frame: bytes | None = None
        if answer.must_decode(span):
            frame = await self._work.decode(self._pictures.decoded_frame, instance, number)
        elif transfer_syntax(instance.transfer_syntax_uid).deflated:
            frame = await self._work.decode(self._retrieve.frame, instance, number)
        if frame is not None:
            return b"".join((answer.head(len(frame)), frame, answer.tail(last=last)))
        length = span.length_bytes
        return await self._read_enclosed(instance, span, answer.head(length), answer.tail(last=last))

    async def _read_enclosed(self, instance: StoredInstance, span: FrameSpan, head: bytes, tail: bytes) -> bytearray:
        """Head, frame and tail in one buffer: the frame is read to where it is sent from."""
        body = bytearray(len(head) + span.length_bytes + len(tail))
        body[: len(head)] = head
        end = len(body) - len(tail)
        body[end:] = tail
        with memoryview(body) as view, view[len(head) : end] as target:
            await self._work.read(self._retrieve.frame_into, instance, span, target)
        return body


class _FramesAnswer:
    """What goes around the frames of one answer."""

    def __init__(self, instance: StoredInstance, delivery: FrameDelivery, writer: MultipartWriter) -> None:
        self.instance = instance
        self._delivery = delivery
        self._writer = writer

    @property
    def content_type(self) -> bytes:
        if self._delivery.multipart:
            return self._writer.content_type(self._delivery.media_type)
        return self._delivery.part_type.encode()

    def head(self, length_bytes: int) -> bytes:
        return self._writer.part_head(self._delivery.part_type, length_bytes=length_bytes) if self._delivery.multipart else b""

    def tail(self, *, last: bool) -> bytes:
        return self._writer.close() if last and self._delivery.multipart else b""

    def must_decode(self, span: FrameSpan) -> bool:
        """Native frames too, where they are big endian or begin inside a byte."""
        if self._delivery.decode or span.bit_offset or span.bit_length:
            return True
        return not transfer_syntax(self.instance.transfer_syntax_uid).little_endian


def read_frame_list(listed: str) -> list[int]:
    """`1,2,7`: numbers from 1. Raises: InvalidQuery, FrameNotFound."""
    texts = listed.split(",")
    if len(texts) > MAX_FRAMES_IN_PATH:
        raise InvalidQuery(f"more than {MAX_FRAMES_IN_PATH} frames in one request")
    if not all(text.isascii() and text.isdigit() and len(text) <= 10 for text in texts):
        raise InvalidQuery("the frames are numbers from 1, with commas between")
    numbers = [int(text) for text in texts]
    if 0 in numbers:
        raise FrameNotFound("frames count from 1")
    return numbers


def random_boundary() -> str:
    """For one answer; nobody can have put it into an object beforehand."""
    return os.urandom(16).hex()
