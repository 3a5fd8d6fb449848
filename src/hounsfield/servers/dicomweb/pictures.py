"""Frames decoded and rendered in the limited children of the codec pool."""

from __future__ import annotations

import threading
from collections import OrderedDict

from hounsfield.codecs.describe import ImageDescription, describe
from hounsfield.codecs.pool import CodecPool
from hounsfield.codecs.presentation import RenderRequest
from hounsfield.dicom.transfer_syntaxes import EXPLICIT_VR_LITTLE_ENDIAN, transfer_syntax
from hounsfield.model.location import Location
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.services.retrieve import Retrieve

REMEMBERED_DESCRIPTIONS = 512
REMEMBERED_HEADER_BYTES = 64 << 10
"""A description keeps views of its header: those of large multi-frame objects are read again instead."""


class Pictures:
    """Thread-safe; calls block."""

    def __init__(self, retrieve: Retrieve, pool: CodecPool) -> None:
        self._retrieve = retrieve
        self._pool = pool
        self._descriptions: OrderedDict[Location, ImageDescription] = OrderedDict()
        self._lock = threading.Lock()

    def decoded_frame(self, instance: StoredInstance, number: int) -> bytes:
        """Frame `number` (from 1) as Explicit VR Little Endian carries it.

        Raises: FrameNotFound, DamagedObject, PackUnavailable, UndecodablePixels, Unavailable.
        """
        frame = self._retrieve.frame(instance, number)
        return self._pool.decode(frame, self.description(instance).frame(number - 1)).data

    def encoded_frame(self, instance: StoredInstance, number: int, target_uid: str) -> bytes:
        """Frame `number` (from 1) in one of `codecs.capabilities.ENCODABLE`, without loss. Raises: as `decoded_frame`."""
        frame = self._retrieve.frame(instance, number)
        return self._pool.encode(frame, self.description(instance).frame(number - 1), target_uid).data

    def rendered(self, instance: StoredInstance, number: int, request: RenderRequest) -> bytes:
        """Frame `number` (from 1) as a JPEG or PNG. Raises: as `decoded_frame`; InvalidInput for an impossible viewport."""
        frame = self._retrieve.frame(instance, number)
        description = self.description(instance)
        return self._pool.render(frame, description.frame(number - 1), description.presentation(number - 1), request)

    def description(self, instance: StoredInstance) -> ImageDescription:
        """What its header says of its frames. Raises: UndecodablePixels, DamagedObject, PackUnavailable."""
        key = instance.stored.location
        with self._lock:
            if (known := self._descriptions.get(key)) is not None:
                self._descriptions.move_to_end(key)
                return known
        syntax = transfer_syntax(instance.transfer_syntax_uid)
        # The header of a deflated object comes inflated.
        written_in = EXPLICIT_VR_LITTLE_ENDIAN if syntax.deflated else syntax.uid
        description = describe(self._retrieve.header(instance), written_in)
        if instance.header_length_bytes <= REMEMBERED_HEADER_BYTES and not syntax.deflated:
            with self._lock:
                self._descriptions[key] = description
                if len(self._descriptions) > REMEMBERED_DESCRIPTIONS:
                    self._descriptions.popitem(last=False)
        return description
