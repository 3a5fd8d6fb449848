"""Ranges of stored files. A part has no checksum of its own: the file is held against its own before the first part of it goes out."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator

from hounsfield.archive.reader import CHUNK_BYTES, PackReader
from hounsfield.model.location import Location
from hounsfield.model.stored_instance import StoredInstance

WHOLE_BYTES = 4 << 20
"""A file up to this size is read whole, and checked, for each range."""
REMEMBERED_FILES = 256
"""Of larger ones, those found sound lately: a client that fetches one range after the other does not have all of it read each time."""


class VerifiedRanges:
    """Thread-safe."""

    def __init__(self, packs: PackReader) -> None:
        self._packs = packs
        self._sound: OrderedDict[Location, None] = OrderedDict()
        self._lock = threading.Lock()

    def pieces(self, instance: StoredInstance, wanted: range) -> Iterator[bytes]:
        """wanted: of the stored Part 10 file, inside it. Raises: DamagedObject, PackUnavailable."""
        location = instance.stored.location
        if location.length_bytes <= WHOLE_BYTES:
            yield self._packs.read_object(location, instance.stored.digests)[wanted.start : wanted.stop]
            return
        self._verify(instance)
        for first in range(wanted.start, wanted.stop, CHUNK_BYTES):
            yield self._packs.read(location.pack_id, location.offset_bytes + first, min(CHUNK_BYTES, wanted.stop - first))

    def _verify(self, instance: StoredInstance) -> None:
        location = instance.stored.location
        with self._lock:
            if location in self._sound:
                self._sound.move_to_end(location)
                return
        for _ in self._packs.stream(location, instance.stored.digests):
            pass
        with self._lock:
            self._sound[location] = None
            if len(self._sound) > REMEMBERED_FILES:
                self._sound.popitem(last=False)
