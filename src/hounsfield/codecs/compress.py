"""Encoding of one frame with loss: JPEG, JPEG-LS near-lossless, JPEG 2000 and High-Throughput JPEG 2000 (PS3.5 8.2).

Nothing here is chosen by itself: a `Loss` was asked for. Each stream is decoded again, and what was lost is held against it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from hounsfield.codecs.codestream import with_precision
from hounsfield.codecs.decode import decode_samples
from hounsfield.codecs.encode import without_colour_axis, without_signs
from hounsfield.codecs.frame import MAX_FRAME_BYTES, EncodedFrame, FrameDescription
from hounsfield.codecs.loss import (
    HTJ2K,
    JPEG_2000,
    JPEG_BASELINE,
    JPEG_EXTENDED,
    JPEG_LS_NEAR_LOSSLESS,
    MOST_ATTEMPTS,
    Loss,
    Measure,
    why_not,
)
from hounsfield.codecs.native import Samples
from hounsfield.model.errors import UndecodablePixels

_UNDERSTOOD = ("MONOCHROME1", "MONOCHROME2", "RGB", "YBR_FULL")
_NEAR_ENOUGH_DB = 1.0
_ABOVE_DB = 0.2
_COARSER_DB = 12.0
"""By which the hint is lowered at most: a frame without noise says nothing of how far it could be."""
_FINER_DB = 1.5
"""By which it is raised at least when that did not suffice, and more each time: of some frames a little more changes nothing."""


class _Stream(NamedTuple):
    data: bytes
    photometric_interpretation: str


Compressor = Callable[[Samples, FrameDescription, float], _Stream]
"""Samples, their description, and the amount as the encoder takes it."""


def compress(frame: bytes | memoryview, description: FrameDescription, loss: Loss, limit_bytes: int = MAX_FRAME_BYTES) -> EncodedFrame:
    """Returns a frame of any syntax that can be decoded, with no more loss than was asked for. Raises: UndecodablePixels."""
    if reason := why_not(description, loss):
        raise UndecodablePixels(reason)
    samples, photometric = decode_samples(frame, description, limit_bytes)
    if photometric not in _UNDERSTOOD:
        raise UndecodablePixels(f"{photometric} is not compressed lossily")
    _check_range(samples, description)
    plain = replace(
        description,
        transfer_syntax_uid=loss.transfer_syntax_uid,
        photometric_interpretation=photometric,
        planar_configuration=0,
        bit_offset=0,
        swapped_bytes=False,
    )
    try:
        stream = _compressed(samples, plain, loss, limit_bytes)
    except (RuntimeError, ValueError, TypeError) as exc:
        raise UndecodablePixels(f"{loss.transfer_syntax_uid}: {exc}") from exc
    return EncodedFrame(stream.data, stream.photometric_interpretation)


def _compressed(samples: Samples, plain: FrameDescription, loss: Loss, limit_bytes: int) -> _Stream:
    compressor = COMPRESSORS[loss.transfer_syntax_uid]
    if loss.measure is Measure.PSNR:
        return _with_noise(compressor, samples, plain, loss.amount, limit_bytes)
    stream = compressor(samples, plain, loss.amount)
    again = _decoded(stream, plain, limit_bytes)
    if loss.measure is Measure.NEAR and _largest_error(samples, again) > loss.amount:
        raise UndecodablePixels("samples at the ends of their range cannot be coded near-lossless with their sign")
    return stream


def _with_noise(compressor: Compressor, samples: Samples, plain: FrameDescription, least_db: float, limit_bytes: int) -> _Stream:
    """The shortest stream, of a few, that has at least this ratio of signal to noise."""
    best: _Stream | None = None
    peak = _peak(samples)
    # Encoders count from the whole range.
    hint = least_db + 20 * math.log10(((1 << plain.bits_stored) - 1) / peak)
    for attempt in range(MOST_ATTEMPTS):
        stream = compressor(samples, plain, hint)
        reached = _psnr_db(samples, _decoded(stream, plain, limit_bytes), peak)
        if reached >= least_db and (best is None or len(stream.data) < len(best.data)):
            best = stream
        if least_db <= reached <= least_db + _NEAR_ENOUGH_DB:
            break
        missing = least_db + _ABOVE_DB - reached
        hint += max(missing, _FINER_DB * attempt) if missing > 0 else max(missing, -_COARSER_DB)
    if best is None:
        raise UndecodablePixels(f"the frame cannot be coded in {plain.transfer_syntax_uid} with a PSNR of {least_db:g} dB")
    return best


def _decoded(stream: _Stream, plain: FrameDescription, limit_bytes: int) -> Samples:
    """As every reader will have it; lossy JPEG comes back as RGB, all else in the colour space in which it went in."""
    coded = replace(plain, photometric_interpretation=stream.photometric_interpretation)
    again, photometric = decode_samples(stream.data, coded, limit_bytes)
    if photometric not in (plain.photometric_interpretation, "RGB"):
        raise UndecodablePixels("the stream comes back in another colour space")
    return again


def _check_range(samples: Samples, description: FrameDescription) -> None:
    """Bits above Bits Stored, once used for overlays, do not fit into a stream of that precision."""
    low = -(1 << description.bits_stored - 1) if description.signed else 0
    if samples.min() < low or samples.max() >= low + (1 << description.bits_stored):
        raise UndecodablePixels(f"samples do not fit into {description.bits_stored} bits stored")


def _largest_error(samples: Samples, again: Samples) -> int:
    return int(np.abs(samples.astype(np.int32) - again.astype(np.int32)).max())


def _peak(samples: Samples) -> int:
    """The distance of the largest sample from the smallest; 1 where there is none."""
    return max(1, int(samples.max()) - int(samples.min()))


def _psnr_db(samples: Samples, again: Samples, peak: int) -> float:
    noise = float(np.mean(np.square(samples.astype(np.float64) - again.astype(np.float64))))
    return math.inf if noise == 0 else 10 * math.log10(peak**2 / noise)


def _compress_jpeg(samples: Samples, plain: FrameDescription, quality: float) -> _Stream:
    """Colour as YBR_FULL_422, each two pixels of a row with one chrominance (PS3.5 8.2.1, PS3.3 C.7.6.3.1.2)."""
    from imagecodecs import jpeg8_encode  # only a child that encodes pays for it

    options: dict[str, Any] = {"level": int(quality), "bitspersample": plain.bits_stored}
    if plain.samples_per_pixel == 1:
        return _Stream(bytes(jpeg8_encode(without_colour_axis(samples), **options)), plain.photometric_interpretation)
    source = "RGB" if plain.photometric_interpretation == "RGB" else "YCBCR"
    data = jpeg8_encode(samples, colorspace=source, outcolorspace="YCBCR", subsampling="422", **options)
    return _Stream(bytes(data), "YBR_FULL_422")


def _compress_jpeg_ls(samples: Samples, plain: FrameDescription, near: float) -> _Stream:
    from jpeg_ls import encode_buffer  # only a child that encodes pays for it

    values = without_signs(samples, plain.bits_stored, "JPEG-LS")
    interleaved_by_sample = 2 if samples.shape[2] > 1 else 0
    data = encode_buffer(values.tobytes(), *samples.shape, plain.bits_stored, int(near), interleaved_by_sample)
    return _Stream(bytes(data), plain.photometric_interpretation)


def _compress_jpeg_2000(samples: Samples, plain: FrameDescription, hint_db: float) -> _Stream:
    """By the 9-7 wavelet; red, green and blue through the irreversible component transform (PS3.5 8.2.4)."""
    from imagecodecs import jpeg2k_encode  # only a child that encodes pays for it

    rotated = plain.photometric_interpretation == "RGB"
    data = jpeg2k_encode(
        without_colour_axis(samples),
        level=max(1, hint_db),  # type: ignore[arg-type]  # its stub says int, it takes a double
        codecformat="J2K",
        bitspersample=plain.bits_stored,
        reversible=False,
        mct=rotated,
        numthreads=1,
    )
    return _Stream(bytes(data), "YBR_ICT" if rotated else plain.photometric_interpretation)


def _compress_high_throughput(samples: Samples, plain: FrameDescription, hint_db: float) -> _Stream:
    from imagecodecs import htj2k_encode  # only a child that encodes pays for it

    options: dict[str, Any] = {"reversible": False, "tlm": True}
    # Noise of evenly spread errors, of a range of 1: step / sqrt(12).
    options["level"] = min(0.5, math.sqrt(12) * 10 ** (-hint_db / 20))
    rotated = plain.photometric_interpretation == "RGB"
    if plain.samples_per_pixel == 3:
        options["rgb"] = rotated
    # The encoder takes the precision from the type of the samples. They are moved to its upper end; the decoder, told their own
    # precision, moves them back: steps of the irreversible path count in parts of the range (15444-1 E.1.1).
    unused = samples.dtype.itemsize * 8 - plain.bits_stored
    data = bytes(htj2k_encode(without_colour_axis(samples << unused if unused else samples), **options))
    if unused:
        data = with_precision(data, plain.bits_stored, signed=plain.signed)
    return _Stream(data, "YBR_ICT" if rotated else plain.photometric_interpretation)


COMPRESSORS: dict[str, Compressor] = {
    JPEG_BASELINE: _compress_jpeg,
    JPEG_EXTENDED: _compress_jpeg,
    JPEG_LS_NEAR_LOSSLESS: _compress_jpeg_ls,
    JPEG_2000: _compress_jpeg_2000,
    HTJ2K: _compress_high_throughput,
}
