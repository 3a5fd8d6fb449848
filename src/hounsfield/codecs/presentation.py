"""How stored values become grey or colour on a screen (PS3.3 C.7.6.3, C.11.1, C.11.2; PS3.4 N.2)."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class WindowFunction(enum.StrEnum):
    """VOI LUT Function (PS3.3 C.11.2.1.2)."""

    LINEAR = "LINEAR"
    LINEAR_EXACT = "LINEAR_EXACT"
    SIGMOID = "SIGMOID"


@dataclass(frozen=True, slots=True)
class Window:
    """center, width: in units of the modality LUT's output."""

    center: float
    width: float
    function: WindowFunction = WindowFunction.LINEAR


@dataclass(frozen=True, slots=True)
class LookUpTable:
    """A modality or VOI LUT (PS3.3 C.11.1.1).

    first_value: the input that takes the first entry; smaller inputs take it too, larger ones than the last take the last.
    entries: 16 bit little endian.
    bits: of an entry, 8 to 16.
    """

    first_value: int
    entries: bytes
    bits: int

    @property
    def count(self) -> int:
        """How many entries there are."""
        return len(self.entries) // 2


@dataclass(frozen=True, slots=True)
class Palette:
    """The three tables of PALETTE COLOR (PS3.3 C.7.9)."""

    red: LookUpTable
    green: LookUpTable
    blue: LookUpTable


@dataclass(frozen=True, slots=True)
class Presentation:
    """All that rendering needs beside the samples.

    slope, intercept: the modality's rescaling, not used where `modality_lut` is given.
    window, voi_lut: the first of each that the header offers; a table is preferred, as it says more than a window does.
    padding: first and last stored value that mean "nothing here" (PS3.3 C.7.5.1.1.2).
    aspect_ratio: height of a pixel divided by its width.
    """

    slope: float = 1.0
    intercept: float = 0.0
    modality_lut: LookUpTable | None = None
    window: Window | None = None
    voi_lut: LookUpTable | None = None
    palette: Palette | None = None
    padding: tuple[float, float] | None = None
    aspect_ratio: float = 1.0


class PictureFormat(enum.StrEnum):
    """What a picture is encoded as."""

    JPEG = "jpeg"
    PNG = "png"


@dataclass(frozen=True, slots=True)
class RenderRequest:
    """The rendered resource's parameters (PS3.18 8.3.5.1).

    viewport: width and height in pixels into which the picture is fitted, keeping its proportions; None for the picture's own size.
    region: column, row, width and height of the part to show, in stored pixels; a negative width or height mirrors (PS3.18 8.3.5.1.3).
    window: instead of what the header offers.
    quality: of JPEG, 1 to 100.
    enlarge: whether a picture smaller than the viewport grows to fill it.
    """

    picture_format: PictureFormat = PictureFormat.JPEG
    viewport: tuple[int, int] | None = None
    region: tuple[int, int, int, int] | None = None
    window: Window | None = None
    quality: int = 85
    enlarge: bool = True
