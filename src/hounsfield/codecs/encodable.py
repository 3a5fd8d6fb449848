"""Which frames the encoders take, as far as their description tells; no codec needs to be loaded to know it."""

from __future__ import annotations

from hounsfield.codecs.capabilities import DECODABLE, DEFLATED_FRAMES, ENCODABLE
from hounsfield.codecs.frame import FrameDescription, SampleKind

_JPEG_FAMILY = frozenset(("1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.80"))
_HIGH_THROUGHPUT = frozenset(("1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.202"))


def is_encodable(description: FrameDescription, target_uid: str) -> bool:
    """Whether `codecs.encode.encode` does not refuse a sound frame of this description from the outset."""
    if target_uid not in ENCODABLE or description.transfer_syntax_uid not in DECODABLE:
        return False
    if description.kind is not SampleKind.INTEGER or description.high_bit != description.bits_stored - 1:
        return False
    if target_uid == DEFLATED_FRAMES:
        return True
    if description.bits_allocated == 1:
        return False
    if target_uid in _JPEG_FAMILY:
        return description.samples_per_pixel in (1, 3) and 2 <= description.bits_stored <= 16
    if target_uid in _HIGH_THROUGHPUT:
        return description.samples_per_pixel in (1, 3) and description.bits_allocated <= 16
    if target_uid == "1.2.840.10008.1.2.5":
        return description.samples_per_pixel * description.bits_allocated // 8 <= 15
    return description.bits_allocated <= 16
