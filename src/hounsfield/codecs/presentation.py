"""How stored values become grey or colour on a screen (PS3.3 C.7.6.3, C.11.1, C.11.2; PS3.4 N.2)."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from hounsfield.codecs.covering import Layout, Overlay, Shutter


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

    @classmethod
    def between(cls, low: float, high: float) -> Window:
        """From black at one value to white at the other."""
        return cls((low + high) / 2, (high - low) or 1.0, WindowFunction.LINEAR_EXACT)


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
    presentation_lut: from the VOI LUT's output, whatever its range, to shades (PS3.3 C.11.4).
    inverse: whether low values are bright; None where the photometric interpretation says it.
    supplemental: whether stored values from the palette's first input on are colours, the others grey (PS3.3 C.7.6.19).
    pseudo_colour: what shades of grey are shown in (PS3.4 N.2.6).
    padding: first and last stored value that mean "nothing here" (PS3.3 C.7.5.1.1.2).
    aspect_ratio: height of a pixel divided by its width.
    icc_profile: of the colours; empty where there is none or none is asked for.
    captions: lines for the upper and for the lower left corner.
    """

    slope: float = 1.0
    intercept: float = 0.0
    modality_lut: LookUpTable | None = None
    window: Window | None = None
    voi_lut: LookUpTable | None = None
    presentation_lut: LookUpTable | None = None
    inverse: bool | None = None
    palette: Palette | None = None
    supplemental: bool = False
    pseudo_colour: Palette | None = None
    padding: tuple[float, float] | None = None
    aspect_ratio: float = 1.0
    overlays: tuple[Overlay, ...] = ()
    shutter: Shutter | None = None
    layout: Layout | None = None
    icc_profile: bytes = b""
    captions: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())


Region = tuple[int, int, int | None, int | None]


class PictureFormat(enum.StrEnum):
    """What a picture is encoded as."""

    JPEG = "jpeg"
    PNG = "png"
    GIF = "gif"


class ColourSpace(enum.StrEnum):
    """What is done about the colours (PS3.18 8.3.5.1.5).

    NO: no profile goes with the picture. YES: the object's own does, or sRGB where it has none. Others: converted, and said in a profile.
    """

    NO = "no"
    YES = "yes"
    SRGB = "srgb"
    ADOBE_RGB = "adobergb"
    ROMM_RGB = "rommrgb"


class Annotation(enum.StrEnum):
    """What is written into the picture (PS3.18 8.3.5.1.1)."""

    PATIENT = "patient"
    TECHNIQUE = "technique"


@dataclass(frozen=True, slots=True)
class RenderRequest:
    """The rendered resource's parameters (PS3.18 8.3.5.1).

    viewport: width and height in pixels into which the picture is fitted, keeping its proportions; None for the picture's own size.
    region: column, row, width and height of the part to show, in stored pixels; a negative width or height mirrors (PS3.18 8.3.5.1.3).
        A width or height of None reaches to the edge.
    window: instead of what the header offers.
    quality: of JPEG, 1 to 100.
    enlarge: whether a picture smaller than the viewport grows to fill it.
    annotations: sorted.
    overlays: whether the planes of groups 60xx that the image carries are drawn.
    """

    picture_format: PictureFormat = PictureFormat.JPEG
    viewport: tuple[int, int] | None = None
    region: Region | None = None
    window: Window | None = None
    quality: int = 85
    enlarge: bool = True
    annotations: tuple[Annotation, ...] = ()
    colour_space: ColourSpace = ColourSpace.NO
    overlays: bool = True
