"""Decoding of one frame, whatever its transfer syntax.

What the colour of a decoded frame is follows two rules: a syntax that is lossless for the samples leaves the declared
photometric interpretation alone (YBR_FULL_422 becomes YBR_FULL: the shared chrominance is repeated); where the syntax
itself codes a colour transform (lossy JPEG, JPEG 2000's component transform, JPEG XL) the frame comes back as RGB.
Colour is always by pixel. `DecodedFrame` says what holds.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np

from hounsfield.codecs.capabilities import DECODABLE, NATIVE
from hounsfield.codecs.codestream import (
    GIF,
    PNG,
    JPEG2000Header,
    JPEGHeader,
    read_jpeg2000_header,
    read_jpeg_header,
    read_jpeg_xl_size,
    read_png_header,
)
from hounsfield.codecs.frame import MAX_FRAME_BYTES, DecodedFrame, FrameDescription, SampleKind
from hounsfield.codecs.gif_input import decode_gif
from hounsfield.codecs.native import Samples, inflate_frame, pack_bits, sample_dtype, unpack_native, unpack_rle
from hounsfield.model.errors import UndecodablePixels

_BIG_ENDIAN = "1.2.840.10008.1.2.2"
_CODED_COLOUR = frozenset(("YBR_RCT", "YBR_ICT"))

Decoder = Callable[[bytes, FrameDescription], tuple[Samples, str]]


def decode(frame: bytes | memoryview, description: FrameDescription, limit_bytes: int = MAX_FRAME_BYTES) -> DecodedFrame:
    """Returns the frame as Explicit VR Little Endian carries it. Raises: UndecodablePixels."""
    samples, photometric = decode_samples(frame, description, limit_bytes)
    bits_allocated, bits_stored, high_bit = description.bits_allocated, description.bits_stored, description.high_bit
    data = pack_bits(samples) if bits_allocated == 1 else samples.astype(sample_dtype(description), copy=False).tobytes()
    return DecodedFrame(
        data=data,
        rows=description.rows,
        columns=description.columns,
        samples_per_pixel=description.samples_per_pixel,
        photometric_interpretation=photometric,
        planar_configuration=0,
        bits_allocated=bits_allocated,
        bits_stored=bits_stored,
        high_bit=high_bit,
        pixel_representation=description.pixel_representation,
    )


def decode_samples(frame: bytes | memoryview, description: FrameDescription, limit_bytes: int = MAX_FRAME_BYTES) -> tuple[Samples, str]:
    """Returns samples of (rows, columns, samples per pixel), little endian, and their photometric interpretation.

    Raises: UndecodablePixels.
    """
    description.check(limit_bytes)
    syntax = description.transfer_syntax_uid
    if syntax in NATIVE:
        return unpack_native(frame, description, big_endian=syntax == _BIG_ENDIAN), _sampled_in_full(description)
    decoder = _DECODERS.get(syntax) or _PICTURES.get(syntax)
    if decoder is None:
        raise UndecodablePixels(f"no decoder for transfer syntax {syntax}")
    if description.kind is not SampleKind.INTEGER:
        raise UndecodablePixels(f"{description.kind} pixel data cannot be compressed")
    try:
        samples, photometric = decoder(bytes(frame), description)
    except (RuntimeError, ValueError, TypeError, ArithmeticError, IndexError) as exc:
        raise UndecodablePixels(f"{syntax}: {exc}") from exc
    except MemoryError as exc:
        raise UndecodablePixels(f"{syntax}: the frame needs more memory than a decoder is given") from exc
    return _fitted(samples, description), photometric


def _sampled_in_full(description: FrameDescription) -> str:
    return {"YBR_FULL_422": "YBR_FULL", "YBR_PARTIAL_422": "YBR_PARTIAL"}.get(
        description.photometric_interpretation, description.photometric_interpretation
    )


def _fitted(samples: Samples, description: FrameDescription) -> Samples:
    """Brings what a library returned to the described shape and type, with the sign that the header gives the bits."""
    shape = (description.rows, description.columns, description.samples_per_pixel)
    if samples.size != shape[0] * shape[1] * shape[2] or samples.shape[:2] != shape[:2]:
        raise UndecodablePixels(f"the stream holds {samples.shape}, the header says {shape}")
    samples = samples.reshape(shape)
    if description.bits_allocated == 1:
        return samples
    wanted = sample_dtype(description)
    if samples.dtype.itemsize > wanted.itemsize and int(samples.max(initial=0)) >> description.bits_allocated:
        raise UndecodablePixels(f"samples of {samples.dtype} do not fit into {description.bits_allocated} bits allocated")
    return samples.astype(wanted, copy=False)


def _by_pixel(samples: Samples, description: FrameDescription) -> Samples:
    """Components that a library returned one plane after the other, as (rows, columns, samples per pixel)."""
    by_plane = (description.samples_per_pixel, description.rows, description.columns)
    is_by_plane = samples.shape == by_plane and samples.shape[:2] != (description.rows, description.columns)
    return samples.transpose(1, 2, 0) if is_by_plane else samples


def _sign_extended(samples: Samples, description: FrameDescription, precision: int) -> Samples:
    """Two's complement of `precision` bits that the codec returned without a sign (it has none in JPEG, or the stream left it out)."""
    wanted = sample_dtype(description)
    if not description.signed or precision >= description.bits_allocated:
        return samples.astype(wanted, copy=False)
    shift = description.bits_allocated - precision
    extended: Samples = np.right_shift(np.left_shift(samples.astype(wanted), shift), shift)
    return extended


def _check_size(rows: int, columns: int, components: int, precision: int, description: FrameDescription) -> None:
    """A stream may not be larger than its header let us expect: this is what keeps a small bomb from being believed."""
    if (rows, columns, components) != (description.rows, description.columns, description.samples_per_pixel):
        raise UndecodablePixels(
            f"the stream holds {columns}x{rows} pixels of {components} samples, "
            f"the header says {description.columns}x{description.rows} of {description.samples_per_pixel}"
        )
    if precision > max(8, description.bits_allocated):
        raise UndecodablePixels(f"samples of {precision} bits do not fit into {description.bits_allocated} bits allocated")


def _decode_jpeg(frame: bytes, description: FrameDescription) -> tuple[Samples, str]:
    from imagecodecs import jpeg8_decode  # only a child that meets such a frame pays for it

    header = read_jpeg_header(frame)
    _check_size(header.rows, header.columns, header.components, header.precision, description)
    options: dict[str, Any] = {}
    photometric = _sampled_in_full(description)
    if header.components == 3:
        if header.lossless:
            # Whatever the samples mean, they are to come back as they went in.
            options = {"colorspace": "RGB", "outcolorspace": "RGB"}
        else:
            options = {"colorspace": "YCBCR" if _is_luminance_chrominance(header, description) else "RGB", "outcolorspace": "RGB"}
            photometric = "RGB"
    return _sign_extended(jpeg8_decode(frame, **options), description, header.precision), photometric


def _is_luminance_chrominance(header: JPEGHeader, description: FrameDescription) -> bool:
    """Whether the coded components are YCbCr.

    The stream's own word counts first (Adobe's transform, JFIF, component identifiers), for headers are often left
    behind when pixels are recompressed. A silent stream that shares chrominance between pixels is not RGB either; only then does
    the photometric interpretation decide. A decoder that assumes YCbCr here turns unmarked RGB pink.
    """
    if header.adobe_transform is not None:
        return header.adobe_transform != 0
    if header.jfif:
        return True
    if header.component_ids == b"RGB":
        return False
    return header.subsampled or description.photometric_interpretation != "RGB"


def _decode_jpeg_ls(frame: bytes, description: FrameDescription) -> tuple[Samples, str]:
    from imagecodecs import jpegls_decode  # only a child that meets such a frame pays for it

    header = read_jpeg_header(frame)
    _check_size(header.rows, header.columns, header.components, header.precision, description)
    samples = _by_pixel(jpegls_decode(frame), description)
    return _sign_extended(samples, description, header.precision), _sampled_in_full(description)


def _decode_jpeg_2000(frame: bytes, description: FrameDescription) -> tuple[Samples, str]:
    header = read_jpeg2000_header(frame)
    _check_size(header.rows, header.columns, header.components, header.precision, description)
    stream = frame[header.codestream_offset_bytes :]
    samples = _by_openjph(stream, description, header) if header.high_throughput else _by_openjpeg(stream)
    photometric = _sampled_in_full(description)
    if header.components == 3 and (header.multiple_component_transform or photometric in _CODED_COLOUR):
        photometric = "RGB"
    if not header.signed:
        samples = _sign_extended(samples, description, header.precision)
    return samples, photometric


def _by_openjpeg(stream: bytes) -> Samples:
    from imagecodecs import jpeg2k_decode  # only a child that meets such a frame pays for it

    return jpeg2k_decode(stream, numthreads=1)


def _by_openjph(stream: bytes, description: FrameDescription, header: JPEG2000Header) -> Samples:
    """The fastest for HTJ2K. It lets values of the 9-7 wavelet leave their range, so that white turns black: there OpenJPEG goes first."""
    from imagecodecs import htj2k_decode  # only a child that meets such a frame pays for it

    if header.irreversible:
        with contextlib.suppress(RuntimeError):  # OpenJPEG knows HTJ2K of few coding passes only
            return _by_openjpeg(stream)
    return _by_pixel(htj2k_decode(stream), description)


def _decode_jpeg_xl(frame: bytes, description: FrameDescription) -> tuple[Samples, str]:
    from imagecodecs import jpegxl_decode  # only a child that meets such a frame pays for it

    rows, columns = read_jpeg_xl_size(frame)
    _check_size(rows, columns, description.samples_per_pixel, description.bits_stored, description)
    samples = jpegxl_decode(frame, numthreads=1)
    photometric = "RGB" if description.samples_per_pixel == 3 else description.photometric_interpretation
    return samples.astype(sample_dtype(description), copy=False), photometric


def _decode_rle(frame: bytes, description: FrameDescription) -> tuple[Samples, str]:
    return unpack_rle(frame, description), _sampled_in_full(description)


def _decode_deflated(frame: bytes, description: FrameDescription) -> tuple[Samples, str]:
    return inflate_frame(frame, description), _sampled_in_full(description)


def _decode_png(frame: bytes, description: FrameDescription) -> tuple[Samples, str]:
    """An index into a palette comes back as its colour, and opacity is left out (PS3.18 10.5.2, notes 1, 4 and 5)."""
    from imagecodecs import png_decode  # only a child that meets such a picture pays for it

    rows, columns, precision, samples_per_pixel = read_png_header(frame)
    _check_size(rows, columns, samples_per_pixel, precision, description)
    samples = png_decode(frame).reshape(rows, columns, -1)
    return samples[:, :, :samples_per_pixel], description.photometric_interpretation


def _decode_gif(frame: bytes, description: FrameDescription) -> tuple[Samples, str]:
    """Its colours; what is transparent shows the colour of its index (PS3.18 10.5.2, notes 1 and 5)."""
    return decode_gif(frame, description.rows, description.columns, description.first_picture), description.photometric_interpretation


_DECODERS: dict[str, Decoder] = {
    "1.2.840.10008.1.2.5": _decode_rle,
    "1.2.840.10008.1.2.8.1": _decode_deflated,
    **dict.fromkeys((f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 53, 55, 57, 70)), _decode_jpeg),
    **dict.fromkeys((f"1.2.840.10008.1.2.4.{number}" for number in (80, 81)), _decode_jpeg_ls),
    **dict.fromkeys((f"1.2.840.10008.1.2.4.{number}" for number in (90, 91, 92, 93, 201, 202, 203)), _decode_jpeg_2000),
    **dict.fromkeys((f"1.2.840.10008.1.2.4.{number}" for number in (110, 111, 112)), _decode_jpeg_xl),
}

assert frozenset(_DECODERS) == DECODABLE - NATIVE

_PICTURES: dict[str, Decoder] = {PNG: _decode_png, GIF: _decode_gif}
"""What is no transfer syntax, in the place of one: pictures that are decoded on their way in."""
