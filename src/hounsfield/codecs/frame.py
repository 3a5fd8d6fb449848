"""What is needed to decode one frame, and what a decoded frame is."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from hounsfield.model.errors import UndecodablePixels

MAX_FRAME_BYTES = 128 << 20
"""No frame is decoded that would take more, whatever the header says. A tomosynthesis slice takes about 30 MB, a whole leg 70 MB."""

_INTEGER_BITS = (1, 8, 16, 32)


class SampleKind(enum.StrEnum):
    """Which of the pixel data elements holds the samples (PS3.3 C.7.6.3, C.7.6.24, C.7.6.25)."""

    INTEGER = "integer"
    FLOAT = "float"
    DOUBLE = "double"


@dataclass(frozen=True, slots=True)
class FrameDescription:
    """The Image Pixel attributes of one stored frame (PS3.3 C.7.6.3).

    planar_configuration: 0 colour by pixel, 1 colour by plane; compressed streams say it themselves.
    bit_offset: for native frames of Bits Allocated 1, of the first pixel in the first byte, from the least significant bit.
    swapped_bytes: 8 bit samples in 16 bit words of the other byte order (Pixel Data of VR OW in Explicit VR Big Endian).
    first_picture: of a GIF, the frame (from 0) with which this one begins: those behind it are below, as far as the rows go.
    """

    transfer_syntax_uid: str
    rows: int
    columns: int
    samples_per_pixel: int
    photometric_interpretation: str
    planar_configuration: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    pixel_representation: int
    kind: SampleKind = SampleKind.INTEGER
    bit_offset: int = 0
    swapped_bytes: bool = False
    first_picture: int = 0

    @property
    def pixels(self) -> int:
        """Pixels in the frame."""
        return self.rows * self.columns

    @property
    def signed(self) -> bool:
        """Whether samples are two's complement."""
        return self.pixel_representation == 1 and self.kind is SampleKind.INTEGER

    @property
    def subsampled(self) -> bool:
        """Whether a native frame of this description carries half of the chrominance (PS3.3 C.7.6.3.1.2)."""
        return self.samples_per_pixel == 3 and self.photometric_interpretation in ("YBR_FULL_422", "YBR_PARTIAL_422")

    @property
    def native_length_bytes(self) -> int:
        """Of the frame as Explicit VR Little Endian carries it; a frame of single bits is padded to a whole byte."""
        if self.bits_allocated == 1:
            return (self.pixels * self.samples_per_pixel + 7) // 8
        return self.pixels * self.samples_per_pixel * (self.bits_allocated // 8)

    def check(self, limit_bytes: int = MAX_FRAME_BYTES) -> None:
        """Believes nothing before anything is allocated. Raises: UndecodablePixels."""
        if not (0 < self.rows <= 65535 and 0 < self.columns <= 65535):
            raise UndecodablePixels(f"{self.columns}x{self.rows} pixels is no picture")
        if self.samples_per_pixel not in (1, 3, 4):
            raise UndecodablePixels(f"{self.samples_per_pixel} samples per pixel are not defined")
        if self.kind is SampleKind.INTEGER:
            if self.bits_allocated not in _INTEGER_BITS:
                raise UndecodablePixels(f"{self.bits_allocated} bits allocated cannot be decoded")
            if not 1 <= self.bits_stored <= self.bits_allocated:
                raise UndecodablePixels(f"{self.bits_stored} bits stored do not fit into {self.bits_allocated} bits allocated")
            if not self.bits_stored - 1 <= self.high_bit < self.bits_allocated:
                raise UndecodablePixels(f"high bit {self.high_bit} contradicts {self.bits_stored} of {self.bits_allocated} bits")
        elif self.bits_allocated != (32 if self.kind is SampleKind.FLOAT else 64):
            raise UndecodablePixels(f"{self.bits_allocated} bits allocated contradict {self.kind} pixel data")
        if not 0 <= self.bit_offset < 8:
            raise UndecodablePixels("a bit offset counts within one byte")
        # A child needs the samples once more, sometimes as 32 bit integers.
        if max(self.native_length_bytes, self.pixels * self.samples_per_pixel) > limit_bytes:
            raise UndecodablePixels(f"a frame of {self.native_length_bytes} bytes is above the limit of {limit_bytes}")


@dataclass(frozen=True, slots=True)
class DecodedFrame:
    """A frame as Explicit VR Little Endian carries it, and the attributes that then describe it.

    data: colour by pixel, little endian, not padded to even length.
    """

    data: bytes
    rows: int
    columns: int
    samples_per_pixel: int
    photometric_interpretation: str
    planar_configuration: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    pixel_representation: int


@dataclass(frozen=True, slots=True)
class EncodedFrame:
    """A frame in a compressed transfer syntax, colour by pixel; bits and sign are those of the frame it was made of.

    data: not padded to even length.
    """

    data: bytes
    photometric_interpretation: str
