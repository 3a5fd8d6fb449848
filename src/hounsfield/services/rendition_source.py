"""What is kept of an object in another transfer syntax, handed out instead of being made; never without its digest being right."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import structlog

from hounsfield.archive.reader import PackReader
from hounsfield.index.renditions import Renditions
from hounsfield.model.errors import DamagedObject, PackUnavailable
from hounsfield.model.rendition import Original, Rendition
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.model.transcoding import TARGETS
from hounsfield.network.transport import Buffer
from hounsfield.services.coercion import effective_data_set

WHOLE_BYTES = 4 << 20
"""A file up to this size is read once; of a longer one the checksum is held against it before its first byte goes out."""

log = structlog.get_logger()


class RenditionSource:
    """Thread-safe. A damaged rendition is as good as none: the caller makes what is asked for from the original."""

    def __init__(self, renditions: Renditions, packs: PackReader) -> None:
        self._renditions = renditions
        self._packs = packs

    def transfer_syntax_of(self, instance: StoredInstance) -> str:
        """In which there is a rendition; empty where there is none. Raises: IndexUnavailable."""
        found = self._renditions.of(instance)
        return "" if found is None else found.transfer_syntax_uid

    def is_whole(self, instance: StoredInstance, transfer_syntax_uid: str) -> bool:
        """Whether there is a rendition, and its checksum is right. Raises: IndexUnavailable."""
        found = self._found(instance, transfer_syntax_uid)
        return found is not None and self._is_whole(found)

    def data_set(self, instance: StoredInstance, transfer_syntax_uid: str) -> Iterator[Buffer] | None:
        """The data set in this transfer syntax as it goes out, verified; None where there is no whole one. Raises: IndexUnavailable."""
        found = self._found(instance, transfer_syntax_uid)
        if found is None:
            return None
        location = found.location
        try:
            if location.length_bytes <= WHOLE_BYTES:
                file = memoryview(self._packs.read_object(location, found.digests))
                pieces: Iterator[Buffer] = iter((file[location.prefix_length_bytes :],))
            elif self._is_whole(found):
                pieces = _without_prefix(self._packs.stream(location, found.digests), location.prefix_length_bytes)
            else:
                return None
        except (DamagedObject, PackUnavailable) as exc:
            _complain(found, exc)
            return None
        return effective_data_set(self._packs, found.instead_of(instance), pieces) if instance.stored.overlay else pieces

    def frame(self, instance: StoredInstance, number: int, transfer_syntax_uid: str) -> bytes | None:
        """Frame `number` (from 1) in this transfer syntax, verified; None where there is no whole one.

        Raises: FrameNotFound, IndexUnavailable.
        """
        found = self._found(instance, transfer_syntax_uid)
        frames = None if found is None else self._renditions.frames(found)
        if found is None or frames is None:
            return None
        span = frames.frame(number - 1)
        location = found.location
        try:
            frame = b"".join(
                self._packs.read(location.pack_id, location.data_set_offset_bytes + offset, length) for offset, length in span.fragments
            )
            if not span.matches(frame):
                raise DamagedObject(f"frame {number} no longer matches its checksum")
        except (DamagedObject, PackUnavailable) as exc:
            _complain(found, exc)
            return None
        return frame

    def _found(self, instance: StoredInstance, transfer_syntax_uid: str) -> Rendition | None:
        if transfer_syntax_uid not in TARGETS:
            return None
        found = self._renditions.of(instance)
        matches = found is not None and found.transfer_syntax_uid == transfer_syntax_uid and found.original == Original.of(instance)
        return found if matches else None

    def _is_whole(self, found: Rendition) -> bool:
        try:
            for _ in self._packs.stream(found.location, found.digests):
                pass
        except (DamagedObject, PackUnavailable) as exc:
            _complain(found, exc)
            return False
        return True


def _without_prefix(pieces: Iterator[bytes], prefix_length_bytes: int) -> Iterator[Buffer]:
    """A file's first piece holds all of its prefix."""
    first = next(pieces)
    return itertools.chain((memoryview(first)[prefix_length_bytes:],), pieces)


def _complain(found: Rendition, error: Exception) -> None:
    log.error("rendition.unusable", sop_instance_uid=found.sop_instance_uid, reason=str(error))
