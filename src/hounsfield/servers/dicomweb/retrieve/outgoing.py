"""Objects on their way out: in which form each goes, and their bytes one behind the other."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog

from hounsfield.archive.member import MemberNames, object_path
from hounsfield.codecs.capabilities import ENCODABLE
from hounsfield.codecs.encodable import is_encodable
from hounsfield.dicom.transfer_syntaxes import transfer_syntax
from hounsfield.model.errors import NotAcceptable, UndecodablePixels
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.servers.dicomweb.exchange import Pieces
from hounsfield.servers.dicomweb.media_types import DICOM
from hounsfield.servers.dicomweb.rendering.pictures import Pictures
from hounsfield.servers.dicomweb.retrieve.delivery import ANY, ObjectDelivery, Packaging, deliver_object
from hounsfield.servers.dicomweb.retrieve.media_set import media_entries
from hounsfield.servers.dicomweb.work import QUICK_READ_BYTES, Work
from hounsfield.services.pixel_value import LONGEST_VALUE_BYTES
from hounsfield.services.retrieve import Retrieve
from hounsfield.services.rewrite import Rewriter
from hounsfield.services.rewritten_file import rewritten_file
from hounsfield.services.verified_ranges import VerifiedRanges
from hounsfield.services.zip_stream import Entry, zip_stream

log = structlog.get_logger()

BATCH_BYTES: Final = 512 << 10
"""Of files that are handed on at once: each hand-over costs tens of microseconds."""

_LARGE_BYTES: Final = 1 << 30
"""A stored file up to this length needs no 64 bit lengths in an archive."""


_MOST_BYTES_A_PIXEL: Final = 16
"""Four samples of 32 bits."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One object and how it goes out.

    head: what stands before its bytes in the body. instead: how it goes out where it turns out that it cannot be written anew.
    """

    instance: StoredInstance
    delivery: ObjectDelivery
    head: bytes
    instead: Outgoing | None = None

    @property
    def is_stored_file(self) -> bool:
        """Whether it goes out byte for byte as it lies in the pack."""
        return self.delivery.as_stored and not self.instance.stored.overlay

    @property
    def stored_length_bytes(self) -> int:
        """Of the Part 10 file as it is stored."""
        return self.instance.stored.location.length_bytes

    @property
    def may_be_large(self) -> bool:
        """Whether its length may need 64 bits in an archive."""
        return not self.is_stored_file or self.stored_length_bytes > _LARGE_BYTES


def _ignored(one: Outgoing) -> None:
    """Nobody asked how it goes out."""


class OutgoingObjects:
    """Chooses and reads."""

    def __init__(self, retrieve: Retrieve, rewriter: Rewriter, pictures: Pictures, ranges: VerifiedRanges, work: Work) -> None:
        self._retrieve = retrieve
        self._rewriter = rewriter
        self._pictures = pictures
        self._work = work
        self.ranges = ranges

    def may_read(self, asked: Sequence[tuple[Packaging, str]]) -> bool:
        """Whether `choose` may have to read a header, to see if the pixels can be compressed."""
        return any(uid in ENCODABLE for _, uid in asked)

    def choose(self, instance: StoredInstance, asked: Sequence[tuple[Packaging, str]]) -> tuple[Packaging, ObjectDelivery] | None:
        """How it is packed, and how it goes out; None where nothing of what is asked for can be had."""
        for packaging, uid in asked:
            if (delivery := deliver_object(instance.transfer_syntax_uid, uid, lambda target: self._can(instance, target))) is not None:
                return packaging, delivery
        return None

    def instead(self, one: Outgoing, asked: Sequence[tuple[Packaging, str]]) -> Outgoing:
        """The same with its stored bytes to fall back on, where they are acceptable: one bad picture does not cost all the others."""
        as_it_is = deliver_object(one.instance.transfer_syntax_uid, ANY, lambda _: False)
        if one.delivery.as_stored or as_it_is is None or not any(uid in ("", ANY) for _, uid in asked):
            return one
        head = one.head.replace(part_type(one.delivery).encode(), part_type(as_it_is).encode())
        return replace(one, instead=Outgoing(one.instance, as_it_is, head))

    def _can(self, instance: StoredInstance, target_uid: str) -> bool:
        if not self._rewriter.can(instance, target_uid):
            return False
        native = not transfer_syntax(target_uid).encapsulated
        if native and not self._may_be_too_long(instance):
            return True
        try:
            frame = self._pictures.description(instance).frame(0)
            if native:
                return frame.native_length_bytes * instance.frames <= LONGEST_VALUE_BYTES
            return is_encodable(frame, target_uid)
        except UndecodablePixels:
            return False

    @staticmethod
    def _may_be_too_long(instance: StoredInstance) -> bool:
        pixels = (instance.rows or 0) * (instance.columns or 0) * instance.frames
        return pixels * _MOST_BYTES_A_PIXEL > LONGEST_VALUE_BYTES

    async def joined(self, outgoing: Sequence[Outgoing], tail: bytes) -> Pieces:
        """Heads and files.

        What is sent as it is stored passes through one buffer, which stays in the processor's cache: a piece holds until the next one is
        asked for. `Exchange.stream` has handed it on by then, and granian copies what it is handed (held by a test).
        """
        room = bytearray()
        for batch in batches(outgoing):
            one = batch[0]
            if one.is_stored_file and one.stored_length_bytes <= QUICK_READ_BYTES:
                await self._read(batch, room)
                yield room
                continue
            async with contextlib.aclosing(self._work.each(self._file(one), decoding=not one.delivery.as_stored)) as file:
                async for piece in file:
                    yield piece
        if tail:
            yield tail

    async def archive(self, outgoing: Sequence[Outgoing], *, directory: bool) -> Pieces:
        """A ZIP archive of them (PS3.18 8.6.1.3). directory: as a file-set with a DICOMDIR."""
        decoding = not all(one.delivery.as_stored for one in outgoing)
        async with contextlib.aclosing(self.archive_of(outgoing, directory=directory, decoding=decoding)) as pieces:
            async for piece in pieces:
                yield piece

    async def archive_of(self, outgoing: Iterable[Outgoing], *, directory: bool, decoding: bool) -> Pieces:
        """The same of what is only found while it goes out. decoding: whether any of it is not given as it is stored."""
        entries = media_entries(outgoing, self._file, self._retrieve) if directory else self._entries(outgoing)
        async with contextlib.aclosing(self._work.each(zip_stream(entries), decoding=decoding)) as pieces:
            async for piece in pieces:
                yield piece

    def _entries(self, outgoing: Iterable[Outgoing]) -> Iterator[Entry]:
        for one in outgoing:
            instance = one.instance
            names = MemberNames(
                instance.stored.partition_id,
                instance.study_instance_uid,
                instance.series_instance_uid,
                instance.sop_instance_uid,
                one.delivery.transfer_syntax_uid,
                "",
            )
            yield Entry(object_path(names), self._file(one), one.may_be_large)

    def _file(self, one: Outgoing, going: Callable[[Outgoing], None] = _ignored) -> Iterator[bytes]:
        """Its head and its bytes. going: told how it does go out before the first of them."""
        try:
            pieces = self._bytes(one)
            first = next(pieces)
        except (UndecodablePixels, NotAcceptable) as exc:
            if one.instead is None:
                raise
            log.warning("dicomweb.goes_as_stored", sop_instance_uid=one.instance.sop_instance_uid, reason=str(exc))
            one = one.instead
            pieces = self._bytes(one)
            first = next(pieces)
        going(one)
        yield one.head + first
        yield from pieces

    def _bytes(self, one: Outgoing) -> Iterator[bytes]:
        if one.delivery.as_stored:
            return self._retrieve.stream(one.instance)
        return rewritten_file(self._rewriter, one.instance, one.delivery.transfer_syntax_uid)

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


def part_type(delivery: ObjectDelivery) -> str:
    """The Content-Type of one object."""
    return f"{DICOM}; transfer-syntax={delivery.transfer_syntax_uid}"
