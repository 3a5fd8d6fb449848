"""Pictures in files that no transfer syntax holds: they become native frames (PS3.18 tables 8.7.3-2, 10.5.2-1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from hounsfield.codecs.codestream import GIF, PNG, read_png_header
from hounsfield.codecs.compressed_parts import PictureFacts
from hounsfield.codecs.frame import MAX_FRAME_BYTES, FrameDescription
from hounsfield.codecs.gif_input import read_gif_header
from hounsfield.dicom.composed import Slice
from hounsfield.model.errors import InconsistentObject, ObjectTooLarge, UndecodablePixels, UnreadableObject
from hounsfield.services.pixel_value import FrameCodec
from hounsfield.services.spool import Spool

PICTURE_FILES: Final = frozenset({PNG, GIF})

BATCH_BYTES: Final = 32 << 20
"""Frames of one GIF that are decoded together; each batch decodes those before it once more."""


@dataclass(frozen=True, slots=True)
class NativeFrames:
    """slices: of the spool, a frame or several each, in order. delays_ms: how long each frame of a GIF is shown; else none."""

    facts: PictureFacts
    slices: tuple[Slice, ...]
    frames: int
    delays_ms: tuple[int, ...]


def decode_pictures(media_type: str, parts: Sequence[Slice], spool: Spool, codec: FrameCodec) -> NativeFrames:
    """parts: files of one media type in the spool; of several, all frames of the first come first. The pixels go into the spool.

    Raises: UnreadableObject, InconsistentObject, ObjectTooLarge, Unavailable, OutOfSpace.
    """
    found: set[PictureFacts] = set()
    slices: list[Slice] = []
    delays_ms: list[int] = []
    for part in parts:
        if part.length_bytes > MAX_FRAME_BYTES:
            raise ObjectTooLarge(f"a picture of more than {MAX_FRAME_BYTES} bytes")
        file = spool.read(*part)
        try:
            facts, delays, descriptions = _png(file) if media_type == PNG else _gif(file)
            found.add(facts)
            delays_ms += delays
            for description in descriptions:
                frame = codec.decode(file, description)
                slices.append(Slice(spool.length_bytes, len(frame.data)))
                spool.write(memoryview(frame.data))
        except UndecodablePixels as exc:
            raise UnreadableObject(f"a part is not the {media_type} that it says it is, or too large a picture") from exc
    if len(found) > 1:
        raise InconsistentObject("the frames of one object are of several sizes")
    (facts,) = found
    frames = len(delays_ms) if media_type == GIF else len(parts)
    return NativeFrames(facts, tuple(slices), frames, tuple(delays_ms))


def _png(file: bytes) -> tuple[PictureFacts, tuple[int, ...], Iterator[FrameDescription]]:
    rows, columns, bits, samples = read_png_header(file)
    photometric = "MONOCHROME2" if samples == 1 else "RGB"
    description = FrameDescription(PNG, rows, columns, samples, photometric, 0, bits, bits, bits - 1, 0)
    return PictureFacts(rows, columns, samples, photometric, bits), (), iter([description])


def _gif(file: bytes) -> tuple[PictureFacts, tuple[int, ...], Iterator[FrameDescription]]:
    header = read_gif_header(file)
    FrameDescription(GIF, header.rows, header.columns, 3, "RGB", 0, 8, 8, 7, 0).check()
    together = max(1, min(BATCH_BYTES // (header.rows * header.columns * 3), 65535 // header.rows))
    descriptions = (
        FrameDescription(GIF, header.rows * (end - first), header.columns, 3, "RGB", 0, 8, 8, 7, 0, first_picture=first)
        for first in range(0, header.frames, together)
        for end in [min(first + together, header.frames)]
    )
    return PictureFacts(header.rows, header.columns, 3, "RGB", 8), header.delays_ms, descriptions
