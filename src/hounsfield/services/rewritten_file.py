"""A stored object as a Part 10 file in another transfer syntax, in pieces of a size that is worth handing on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hounsfield.dicom.part10 import build_prefix
from hounsfield.model.errors import FrameNotFound, NotAcceptable, UndecodablePixels, UnreadableObject
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.network.transport import Buffer
from hounsfield.services.rewrite import Rewriter

PIECE_BYTES = 1 << 20
READY_BYTES = 32 << 20
"""A file up to this size is complete before its first byte goes: one that cannot be rewritten costs no half answer."""


def rewritten_file(rewriter: Rewriter, instance: StoredInstance, target_uid: str) -> Iterator[bytes]:
    """The file's pieces.

    Raises: NotAcceptable where the object cannot be taken apart without loss: at most its stored bytes can be had;
    UndecodablePixels, ObjectTooLarge, DamagedObject, PackUnavailable, Unavailable.
    """
    ready: list[bytes] = []
    room = READY_BYTES
    pieces = joined(_file(rewriter, instance, target_uid))
    for piece in pieces:
        if room < 0:
            yield piece
            continue
        ready.append(piece)
        room -= len(piece)
        if room < 0:
            yield from ready
            ready.clear()
    yield from ready


def joined(pieces: Iterable[Buffer], piece_bytes: int = PIECE_BYTES) -> Iterator[bytes]:
    """The same bytes in pieces of at least this length, the last one excepted."""
    waiting: list[Buffer] = []
    length = 0
    for piece in pieces:
        waiting.append(piece)
        length += len(piece)
        if length >= piece_bytes:
            yield b"".join(waiting)
            waiting.clear()
            length = 0
    if length:
        yield b"".join(waiting)


def _file(rewriter: Rewriter, instance: StoredInstance, target_uid: str) -> Iterator[Buffer]:
    yield build_prefix(instance.sop_class_uid, instance.sop_instance_uid, target_uid)
    try:
        yield from rewriter.pieces(instance, target_uid)
    except FrameNotFound as exc:
        raise UndecodablePixels(f"not all frames are there: {exc}") from exc
    except UnreadableObject as exc:
        raise NotAcceptable(str(exc)) from exc
