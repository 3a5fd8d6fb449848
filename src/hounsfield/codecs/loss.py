"""How much a frame may lose when it is compressed lossily, and which frames may be; no codec needs to be loaded to know it."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from hounsfield.codecs.capabilities import DECODABLE
from hounsfield.codecs.frame import FrameDescription, SampleKind
from hounsfield.dicom.transfer_syntaxes import transfer_syntax
from hounsfield.model.errors import InvalidInput

JPEG_BASELINE: Final = "1.2.840.10008.1.2.4.50"
JPEG_EXTENDED: Final = "1.2.840.10008.1.2.4.51"
JPEG_LS_NEAR_LOSSLESS: Final = "1.2.840.10008.1.2.4.81"
JPEG_2000: Final = "1.2.840.10008.1.2.4.91"
HTJ2K: Final = "1.2.840.10008.1.2.4.203"


class Measure(enum.StrEnum):
    """What the amount of a loss counts: each coding has one way of its own to be told.

    QUALITY: scale of the quantization tables of libjpeg, 1 to 100. NEAR: most by which a sample may be off (14495-1).
    PSNR: least peak signal-to-noise ratio of a frame, in dB; the peak is the distance of its largest sample from its smallest, for images
    of 16 bits seldom use more than a part of their range.
    """

    QUALITY = "quality"
    NEAR = "near"
    PSNR = "psnr"


MEASURES: Final[Mapping[str, Measure]] = MappingProxyType(
    {
        JPEG_BASELINE: Measure.QUALITY,
        JPEG_EXTENDED: Measure.QUALITY,
        JPEG_LS_NEAR_LOSSLESS: Measure.NEAR,
        JPEG_2000: Measure.PSNR,
        HTJ2K: Measure.PSNR,
    }
)
"""The lossy transfer syntaxes that are written, and how the loss is told in each."""

MOST_ATTEMPTS: Final = 4
"""Encodings of one frame until its noise is what was asked for: encoders take a noise for a hint."""

_RANGES: Final = {Measure.QUALITY: (1, 100), Measure.NEAR: (1, 255), Measure.PSNR: (20, 120)}
_PALETTE: Final = "PALETTE COLOR"
_COLOURS: Final = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_RCT", "YBR_ICT")
_GREYS: Final = ("MONOCHROME1", "MONOCHROME2")


@dataclass(frozen=True, slots=True)
class Loss:
    """A lossy transfer syntax and an amount, in the unit of its measure. Made by `loss_of`."""

    transfer_syntax_uid: str
    amount: float

    @property
    def measure(self) -> Measure:
        """Of its transfer syntax."""
        return MEASURES[self.transfer_syntax_uid]

    def __str__(self) -> str:
        name = transfer_syntax(self.transfer_syntax_uid).name
        words = {Measure.QUALITY: "quality {:g}", Measure.NEAR: "NEAR {:g}", Measure.PSNR: "PSNR of {:g} dB or more"}
        return f"{name}, {words[self.measure].format(self.amount)}"


def loss_of(transfer_syntax_uid: str, amounts: Mapping[Measure, float | None]) -> Loss:
    """amounts: by measure, None where not given; that of the transfer syntax must be there, and no other. Raises: InvalidInput."""
    measure = MEASURES[transfer_syntax_uid]
    given = {one: amount for one, amount in amounts.items() if amount is not None}
    if set(given) != {measure}:
        raise InvalidInput(f"{transfer_syntax_uid} is lossy: how much may be lost is told by {measure}, and by that alone")
    least, most = _RANGES[measure]
    if not least <= given[measure] <= most or (measure is not Measure.PSNR and given[measure] % 1):
        raise InvalidInput(f"{measure} is {'a number' if measure is Measure.PSNR else 'a whole number'} from {least} to {most}")
    return Loss(transfer_syntax_uid, given[measure])


def why_not(description: FrameDescription, loss: Loss) -> str:
    """Why frames of this description are not compressed so, as far as it tells; empty where they are (PS3.5 8.2)."""
    one = description
    if one.transfer_syntax_uid not in DECODABLE:
        return "its frames cannot be decoded"
    if one.kind is not SampleKind.INTEGER or one.bits_allocated not in (8, 16):
        return f"samples of {one.bits_allocated} bits are not compressed lossily"
    if one.high_bit != one.bits_stored - 1:
        return "samples that do not begin at the lowest bit are not compressed"
    if one.photometric_interpretation == _PALETTE:
        return "the numbers of colours in a palette cannot be near to one another"
    if one.photometric_interpretation not in (_GREYS if one.samples_per_pixel == 1 else _COLOURS) or one.samples_per_pixel not in (1, 3):
        return f"{one.photometric_interpretation} of {one.samples_per_pixel} samples per pixel is not compressed lossily"
    if loss.measure is Measure.QUALITY:
        return _why_no_jpeg(one, loss)
    if loss.measure is Measure.NEAR and loss.amount > ((1 << one.bits_stored) - 1) // 2:
        return f"NEAR of {loss.amount:g} is more than half of what {one.bits_stored} bits hold"
    return "" if one.bits_stored >= 2 else "single bits are not compressed lossily"


def _why_no_jpeg(one: FrameDescription, loss: Loss) -> str:
    """The DCT processes are of 8 and of 12 bits without a sign; of 8 bits the encoder writes the baseline process alone."""
    if one.signed:
        return "lossy JPEG knows no sign"
    bits = (one.bits_stored, one.bits_allocated)
    if loss.transfer_syntax_uid == JPEG_BASELINE:
        return "" if bits == (8, 8) else "JPEG baseline is of 8 bits stored in 8, not {} in {}".format(*bits)
    if bits != (12, 16):
        return "JPEG extended is written of 12 bits stored in 16, not {} in {}".format(*bits)
    return "" if one.samples_per_pixel == 1 else "JPEG extended is written of grey images alone"
