"""Frames decoded and rendered in the limited children of the codec pool."""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from dataclasses import replace

from hounsfield.codecs.captions import read_captions
from hounsfield.codecs.describe import ImageDescription, describe
from hounsfield.codecs.pool import CodecPool
from hounsfield.codecs.presentation import ColourSpace, Presentation, RenderRequest
from hounsfield.codecs.presentation_state import PresentationState, read_presentation_state
from hounsfield.dicom.element_tree import read_data_set
from hounsfield.dicom.frame_times import frame_times_s, numbers
from hounsfield.dicom.transfer_syntaxes import transfer_syntax
from hounsfield.model.errors import NotFound
from hounsfield.model.location import Location
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.services.coercion import header_syntax
from hounsfield.services.retrieve import Retrieve

REMEMBERED_DESCRIPTIONS = 512
REMEMBERED_HEADER_BYTES = 64 << 10
"""A description keeps views of its header: those of large multi-frame objects are read again instead."""

MOST_STATE_BYTES = 64 << 20

_DISPLAY_RATES = (0x00082144, 0x00180040)
"""Recommended Display Frame Rate and Cine Rate, in frames a second (PS3.3 C.7.6.5)."""

USUAL_RATE = 10.0


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
        """Frame `number` (from 1) in one of `codecs.capabilities.ENCODABLE`, without loss: as it is kept, else made.

        Raises: as `decoded_frame`.
        """
        kept = self._retrieve.renditions.frame(instance, number, target_uid)
        if kept is not None:
            return kept
        frame = self._retrieve.frame(instance, number)
        return self._pool.encode(frame, self.description(instance).frame(number - 1), target_uid).data

    def rendered(self, instance: StoredInstance, number: int, request: RenderRequest, state: PresentationState | None = None) -> bytes:
        """Frame `number` (from 1) as a picture, as the header or a presentation state says.

        Raises: as `decoded_frame`; InvalidInput for an impossible viewport.
        """
        frame = self._retrieve.frame(instance, number)
        description = self.description(instance)
        presentation = self._presentation(instance, description, number, request, state)
        return self._pool.render(frame, description.frame(number - 1), presentation, request)

    def state(self, instance: StoredInstance) -> PresentationState:
        """What a presentation state says. Raises: PackUnavailable, DamagedObject; NotFound where it is beyond all measure."""
        if instance.header_length_bytes > MOST_STATE_BYTES:
            raise NotFound("the presentation state is too large to be applied")
        return read_presentation_state(self._retrieve.header(instance), header_syntax(instance), instance.sop_class_uid)

    def representative_frame(self, instance: StoredInstance) -> int:
        """The one that the header names, if it is there; else the middle one. From 1. Raises: PackUnavailable, UndecodablePixels."""
        chosen = self.description(instance).representative_frame if instance.frames > 1 else None
        return chosen if chosen is not None and chosen <= instance.frames else (instance.frames + 1) // 2

    def times_s(self, instance: StoredInstance) -> list[float]:
        """Of each frame, in seconds from the first, as it is to be shown: by the header's times, else by the rate that it recommends.

        Raises: PackUnavailable, DamagedObject.
        """
        header = read_data_set(self._retrieve.header(instance), header_syntax(instance), header_length_bytes=instance.header_length_bytes)
        times = frame_times_s(header, instance.claimed_frames)
        if times is not None and len(times) >= instance.frames and all(later > earlier for earlier, later in itertools.pairwise(times)):
            return [time - times[0] for time in times]
        rates = [rate for tag in _DISPLAY_RATES for rate in numbers(header, tag)[:1] if 0.1 <= rate <= 100]
        return [index / (rates[0] if rates else USUAL_RATE) for index in range(instance.frames)]

    def _presentation(
        self,
        instance: StoredInstance,
        description: ImageDescription,
        number: int,
        request: RenderRequest,
        state: PresentationState | None,
    ) -> Presentation:
        if state is not None:
            shown = state.over(description, instance.sop_instance_uid, number)
        else:
            shown = description.presentation(number - 1)
            if request.overlays and description.stored_overlays:
                shown = replace(shown, overlays=description.overlays(number - 1))
        if request.colour_space is not ColourSpace.NO:
            shown = replace(shown, icc_profile=description.icc_profile)
        if request.annotations:
            header, _length = self._retrieve.effective_header(instance)
            several = number if instance.frames > 1 else 0
            shown = replace(shown, captions=read_captions(header, header_syntax(instance), request.annotations, several))
        return shown

    def description(self, instance: StoredInstance) -> ImageDescription:
        """What its header says of its frames. Raises: UndecodablePixels, DamagedObject, PackUnavailable."""
        key = instance.stored.location
        with self._lock:
            if (known := self._descriptions.get(key)) is not None:
                self._descriptions.move_to_end(key)
                return known
        description = describe(self._retrieve.header(instance), header_syntax(instance))
        is_inflated = transfer_syntax(instance.transfer_syntax_uid).deflated
        if instance.header_length_bytes <= REMEMBERED_HEADER_BYTES and not is_inflated:
            with self._lock:
                self._descriptions[key] = description
                if len(self._descriptions) > REMEMBERED_DESCRIPTIONS:
                    self._descriptions.popitem(last=False)
        return description
