"""The bytes of stored objects, as they lie in the packs or rewritten where the other side needs it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain

import xxhash

from hounsfield.archive.reader import PackReader
from hounsfield.codecs.capabilities import ENCODABLE
from hounsfield.dicom.transfer_syntaxes import DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN, transfer_syntax
from hounsfield.model.errors import DamagedObject
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.model.transcoding import TARGETS
from hounsfield.network.transport import Buffer
from hounsfield.services.coercion import effective_data_set
from hounsfield.services.rewrite import UNCOMPRESSED, Rewriter

WHOLE_BYTES = 4 << 20
"""Objects up to this size are read at once, into a buffer that the next one takes over."""

PIECE_BYTES = 1 << 20

MOST_GATHERED_BYTES = 64 << 20
"""A rewritten object up to this size is complete before its first byte goes: one that cannot be rewritten costs no association."""


class PackSource:
    """Opens objects for one sender, one at a time; used by one thread. It is a `peers.object_source.ObjectSource`.

    preferred: transfer syntaxes that the other side takes best, first choice first.
    """

    def __init__(self, packs: PackReader, rewriter: Rewriter, preferred: Sequence[str] = ()) -> None:
        self.preferred = preferred
        self._packs = packs
        self._rewriter = rewriter
        self._buffer = bytearray()

    def syntaxes(self, instance: StoredInstance, accepted: Collection[str]) -> Sequence[str]:
        """Those in which the instance may go, the best first."""
        stored = instance.transfer_syntax_uid
        kept = ""
        if stored not in accepted and not TARGETS.isdisjoint(accepted):
            kept = self._rewriter.retrieve.renditions.transfer_syntax_of(instance)
        order = best_first(stored, self.preferred, kept)
        return [uid for uid in order if uid in accepted and (uid == stored or self._rewriter.can(instance, uid))]

    def open(self, instance: StoredInstance, transfer_syntax_uid: str) -> Buffer | Iterable[Buffer]:
        """Its data set.

        Raises: DamagedObject, PackUnavailable, UnreadableObject, UndecodablePixels, ObjectTooLarge, Unavailable.
        """
        if transfer_syntax_uid != instance.transfer_syntax_uid:
            return gathered(self._rewriter.pieces(instance, transfer_syntax_uid))
        if instance.stored.overlay:
            is_short = instance.stored.location.length_bytes <= WHOLE_BYTES
            return effective_data_set(self._packs, instance, [self._whole(instance)] if is_short else self._pieces(instance))
        if instance.stored.location.length_bytes <= WHOLE_BYTES:
            return self._whole(instance)
        return self._pieces(instance)

    def _whole(self, instance: StoredInstance) -> memoryview:
        location = instance.stored.location
        if len(self._buffer) < location.length_bytes:
            self._buffer = bytearray(location.length_bytes)
        view = memoryview(self._buffer)[: location.length_bytes]
        self._packs.read_into(location.pack_id, location.offset_bytes, view)
        if xxhash.xxh3_64_intdigest(view) != instance.stored.digests.checksum:
            raise _damaged(instance)
        return view[location.prefix_length_bytes :]

    def _pieces(self, instance: StoredInstance) -> Iterator[memoryview]:
        """Two buffers in turn: one is on its way while the next is read."""
        location = instance.stored.location
        checksum = xxhash.xxh3_64(self._packs.read(location.pack_id, location.offset_bytes, location.prefix_length_bytes))
        buffers = memoryview(bytearray(PIECE_BYTES)), memoryview(bytearray(PIECE_BYTES))
        offset, end = location.data_set_offset_bytes, location.offset_bytes + location.length_bytes
        turn = 0
        while offset < end:
            piece = buffers[turn][: min(PIECE_BYTES, end - offset)]
            self._packs.read_into(location.pack_id, offset, piece)
            checksum.update(piece)
            offset += len(piece)
            turn = 1 - turn
            if offset == end and checksum.intdigest() != instance.stored.digests.checksum:
                raise _damaged(instance)
            yield piece


class HeaderSource:
    """Objects without their bulk data (PS3.4 Z.1.3). It is a `peers.object_source.ObjectSource`."""

    preferred: Sequence[str] = ()

    def __init__(self, rewriter: Rewriter) -> None:
        self._rewriter = rewriter

    def syntaxes(self, instance: StoredInstance, accepted: Collection[str]) -> Sequence[str]:
        """Explicit VR Little Endian or what is written like it; Implicit."""
        order = dict.fromkeys((*UNCOMPRESSED, instance.transfer_syntax_uid, *accepted))
        return [uid for uid in order if uid in accepted and (known := transfer_syntax(uid)).little_endian and not known.deflated]

    def open(self, instance: StoredInstance, transfer_syntax_uid: str) -> Buffer:
        """Raises: DamagedObject, PackUnavailable, UnreadableObject, UndecodablePixels, ObjectTooLarge."""
        return self._rewriter.without_bulk_data(instance, transfer_syntax_uid)


def best_first(stored_uid: str, preferred: Sequence[str], kept_uid: str = "") -> Iterable[str]:
    """What is preferred, as stored, as it is kept besides, uncompressed, compressed without loss, deflated.

    What is stored lossily goes so wherever it can.
    """
    first = (stored_uid, *preferred) if transfer_syntax(stored_uid).lossy else (*preferred, stored_uid)
    return dict.fromkeys((*first, *filter(None, (kept_uid,)), *UNCOMPRESSED, *ENCODABLE, DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN))


def gathered(pieces: Iterator[Buffer]) -> Iterable[Buffer]:
    """All pieces, made ready as far as they fit; the others are made when they are due."""
    ready: list[Buffer] = []
    room = MOST_GATHERED_BYTES
    for piece in pieces:
        ready.append(piece)
        room -= len(piece)
        if room < 0:
            return chain(ready, pieces)
    return ready


def _damaged(instance: StoredInstance) -> DamagedObject:
    return DamagedObject(f"{instance.sop_instance_uid} no longer matches its checksum")
