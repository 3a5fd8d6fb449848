"""WADO-RS: frames of an instance (PS3.18 10.4.1.1.6)."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Final

from hounsfield.codecs.capabilities import DECODABLE
from hounsfield.codecs.encodable import is_encodable
from hounsfield.dicom.frames import FrameSpan
from hounsfield.dicom.transfer_syntaxes import transfer_syntax
from hounsfield.model.errors import FrameNotFound, InvalidQuery
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.servers.dicomweb.byte_ranges import answer_whole_or_part
from hounsfield.servers.dicomweb.etags import etag, object_state, short
from hounsfield.servers.dicomweb.exchange import Exchange, Header, Pieces
from hounsfield.servers.dicomweb.media_types import MediaType
from hounsfield.servers.dicomweb.multipart import MultipartWriter
from hounsfield.servers.dicomweb.rendering.pictures import Pictures
from hounsfield.servers.dicomweb.retrieve.delivery import FrameDelivery, Recoding, deliver_frames
from hounsfield.servers.dicomweb.work import Work
from hounsfield.services.retrieve import Retrieve

MAX_FRAMES_IN_PATH: Final = 10_000

_VARY: Final[Header] = (b"vary", b"accept")


class Frames:
    """The handler of `/frames/{frames}`."""

    def __init__(self, retrieve: Retrieve, pictures: Pictures, work: Work, new_boundary: Callable[[], str]) -> None:
        self._retrieve = retrieve
        self._pictures = pictures
        self._work = work
        self._new_boundary = new_boundary

    async def frames(self, exchange: Exchange) -> None:
        """GET .../frames/{list}: one part a frame, in the order asked for, in the first form asked for that can be given."""
        await self.listed(exchange, exchange.parts[3])

    async def listed(self, exchange: Exchange, listed: str) -> None:
        """The frames of a list such as `1,2,7`, of the instance that the path names."""
        study, series, sop_instance = exchange.parts[:3]
        numbers = read_frame_list(listed)
        find = self._retrieve.with_frames
        instance, spans = await self._work.quick(find, exchange.origin, study, series, sop_instance, numbers)
        delivery = await self.delivery(instance, exchange.accept, single=len(numbers) == 1)
        answer = FramesAnswer(instance, delivery, MultipartWriter(self._new_boundary()))
        # What a codec has made may differ from one release of it to the next.
        weak = delivery.multipart or delivery.recoding is not Recoding.NONE
        tag = etag(object_state(instance), short(listed), delivery.transfer_syntax_uid, weak=weak)
        if await exchange.not_modified(tag, [_VARY]):
            return
        headers: list[Header] = [(b"content-type", answer.content_type), _VARY]
        if len(numbers) > 1:
            await exchange.stream_from_first(200, [*headers, (b"etag", tag)], self._pieces(answer, numbers, spans))
            return
        body = await self._piece(answer, numbers[0], spans[0], tail=answer.tail)
        if delivery.multipart:
            await exchange.answer(200, [*headers, (b"etag", tag)], body)
        else:
            await answer_whole_or_part(exchange, headers, tag, body)

    async def delivery(self, instance: StoredInstance, accept: Sequence[MediaType], *, single: bool) -> FrameDelivery:
        """How the frames go out. Reads the header where only a codec could meet what is asked for. Raises: NotAcceptable."""
        stored = instance.transfer_syntax_uid
        hoped = deliver_frames(stored, accept, lambda _: stored in DECODABLE, single=single)
        if hoped.recoding is not Recoding.ENCODE:
            return hoped
        frame = (await self._work.slow(self._pictures.description, instance)).frame(0)
        return deliver_frames(stored, accept, lambda target: is_encodable(frame, target), single=single)

    async def all_parts(self, instance: StoredInstance, delivery: FrameDelivery, writer: MultipartWriter, location: str) -> Pieces:
        """Every frame with the head of its part. location: of the pixel data, without the frame where there are several."""
        answer = FramesAnswer(instance, delivery, writer, location)
        table = await self._work.slow(self._retrieve.frames, instance)
        for index in range(table.count):
            yield await self._piece(answer, index + 1, table.frame(index), tail=b"")

    async def all_decoded(self, instance: StoredInstance) -> Pieces:
        """Every frame as Explicit VR Little Endian carries it, one behind the other."""
        for number in range(1, instance.frames + 1):
            yield await self._work.decode(self._pictures.decoded_frame, instance, number)

    async def _pieces(self, answer: FramesAnswer, numbers: list[int], spans: list[FrameSpan]) -> Pieces:
        for number, span in zip(numbers, spans, strict=True):
            yield await self._piece(answer, number, span, tail=b"")
        yield answer.tail

    async def _piece(self, answer: FramesAnswer, number: int, span: FrameSpan, *, tail: bytes) -> bytes | bytearray:
        """One frame with what stands around it."""
        instance = answer.instance
        frame: bytes | None = None
        if answer.delivery.recoding is Recoding.ENCODE:
            frame = await self._work.decode(self._pictures.encoded_frame, instance, number, answer.delivery.transfer_syntax_uid)
        elif answer.must_decode(span):
            frame = await self._work.decode(self._pictures.decoded_frame, instance, number)
        elif transfer_syntax(instance.transfer_syntax_uid).deflated:
            frame = await self._work.decode(self._retrieve.frame, instance, number)
        if frame is not None:
            return b"".join((answer.head(len(frame), number), frame, tail))
        return await self._read_enclosed(instance, span, answer.head(span.length_bytes, number), tail)

    async def _read_enclosed(self, instance: StoredInstance, span: FrameSpan, head: bytes, tail: bytes) -> bytearray:
        """Head, frame and tail in one buffer: the frame is read to where it is sent from."""
        body = bytearray(len(head) + span.length_bytes + len(tail))
        body[: len(head)] = head
        end = len(body) - len(tail)
        body[end:] = tail
        with memoryview(body) as view, view[len(head) : end] as target:
            await self._work.read(self._retrieve.frame_into, instance, span, target)
        return body


class FramesAnswer:
    """What goes around the frames of one instance. location: of its pixel data, for the parts' Content-Location; empty for none."""

    def __init__(self, instance: StoredInstance, delivery: FrameDelivery, writer: MultipartWriter, location: str = "") -> None:
        self.instance = instance
        self.delivery = delivery
        self._writer = writer
        self._location = location

    @property
    def content_type(self) -> bytes:
        """Of the whole."""
        if self.delivery.multipart:
            return self._writer.content_type(self.delivery.media_type)
        return self.delivery.part_type.encode()

    def head(self, length_bytes: int, number: int) -> bytes:
        """What stands before a frame (number: from 1) of this length."""
        if not self.delivery.multipart:
            return b""
        location = self._location
        if location and self.instance.frames > 1:
            location = f"{location}/frames/{number}"
        return self._writer.part_head(self.delivery.part_type, length_bytes=length_bytes, location=location)

    @property
    def tail(self) -> bytes:
        """What stands behind the last."""
        return self._writer.close() if self.delivery.multipart else b""

    def must_decode(self, span: FrameSpan) -> bool:
        """Native frames too, where they are big endian or begin inside a byte."""
        if self.delivery.recoding is Recoding.DECODE or span.bit_offset or span.bit_length:
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
