"""A frame table in its compact form, of which a frame is read when it is asked for: one of a million frames stays small."""

from __future__ import annotations

from dataclasses import dataclass

from hounsfield.dicom.frames import FrameSpan, frame_count, frame_from_bytes, is_inflated, is_native


@dataclass(frozen=True, slots=True)
class CompactFrames:
    """blob: as `FrameTable.to_bytes` has it. Every property raises FramesDamaged where it is no such thing."""

    blob: bytes

    @property
    def count(self) -> int:
        """Frames that are there whole."""
        return frame_count(self.blob)

    @property
    def inflated(self) -> bool:
        """Whether offsets count in the inflated data set."""
        return is_inflated(self.blob)

    @property
    def is_compressed(self) -> bool:
        """Whether the frames lie in fragments."""
        return not is_native(self.blob)

    def frame(self, index: int) -> FrameSpan:
        """index: from 0. Raises: FrameNotFound, FramesDamaged."""
        return frame_from_bytes(self.blob, index)
