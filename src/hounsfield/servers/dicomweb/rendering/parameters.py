"""The query parameters of rendered resources, read into a `RenderRequest` (PS3.18 8.3.5)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from hounsfield.codecs.presentation import Annotation, ColourSpace, PictureFormat, Region, RenderRequest, Window, WindowFunction
from hounsfield.model.errors import InvalidQuery
from hounsfield.servers.dicomweb.exchange import Exchange
from hounsfield.servers.dicomweb.media_types import MediaType, choose

MAX_VIEWPORT_SIDE: Final = 16_384
MP4: Final = "video/mp4"

_FORMATS: Final = {"image/jpeg": PictureFormat.JPEG, "image/png": PictureFormat.PNG, "image/gif": PictureFormat.GIF}
_FUNCTIONS: Final = {
    "linear": WindowFunction.LINEAR,
    "linear-exact": WindowFunction.LINEAR_EXACT,
    "sigmoid": WindowFunction.SIGMOID,
}


@dataclass(frozen=True, slots=True)
class Rendition:
    """What a client is given. picture_format: of each picture; of a video that of what its encoder is fed.

    multipart: a part for each picture. video: all pictures as one video.
    """

    picture_format: PictureFormat
    multipart: bool = False
    video: bool = False

    @property
    def media_type(self) -> str:
        """Of the picture, of each part, or of the video."""
        return MP4 if self.video else media_type_of(self.picture_format).decode()


def read_render_request(exchange: Exchange, picture_format: PictureFormat, viewport: tuple[int, int] | None = None) -> RenderRequest:
    """viewport: where the client names none; then pictures smaller than it are not enlarged. Raises: InvalidQuery."""
    asked = exchange.parameter("viewport")
    size, region = (viewport, None) if asked is None else read_viewport(asked)
    quality = exchange.parameter("quality")
    window = exchange.parameter("window")
    profile = exchange.parameter("iccprofile")
    return RenderRequest(
        picture_format,
        viewport=size,
        region=region,
        window=None if window is None else read_window(window),
        quality=RenderRequest().quality if quality is None else read_quality(quality),
        enlarge=asked is not None,
        annotations=read_annotations(exchange.parameter("annotation")),
        colour_space=ColourSpace.NO if profile is None else read_colour_space(profile, picture_format),
    )


def choose_format(accept: Iterable[MediaType]) -> PictureFormat:
    """By the client's preference, of single pictures. Raises: NotAcceptable."""
    return choose(accept, _offer_format)


def _offer_format(wanted: MediaType) -> PictureFormat | None:
    if wanted.is_multipart:
        return None
    return next((_FORMATS[name] for name in _FORMATS if wanted.covers(name)), None)


def choose_rendition(accept: Iterable[MediaType], *, several: bool, video: bool) -> Rendition:
    """By the client's preference.

    several: whether the resource is of several pictures: then a client without wishes is given a multipart message of JPEG pictures, the
    default of table 8.7.4-1. video: whether one can be made of it. Raises: NotAcceptable.
    """

    def offer(wanted: MediaType) -> Rendition | None:
        found = next((_FORMATS[name] for name in _FORMATS if wanted.covers(name)), None)
        if found is not None:
            return Rendition(found, multipart=wanted.is_multipart or (several and wanted.name == "*/*"))
        if video and not wanted.is_multipart and wanted.covers(MP4):
            return Rendition(PictureFormat.PNG, video=True)
        return None

    return choose(accept, offer)


def media_type_of(picture_format: PictureFormat) -> bytes:
    """The Content-Type."""
    return next(name for name, known in _FORMATS.items() if known is picture_format).encode()


def read_viewport(text: str) -> tuple[tuple[int, int], Region | None]:
    """`vw,vh` or `vw,vh,sx,sy,sw,sh`: the picture's size and the part of the stored image to show (8.3.5.1.3).

    Of the four last ones some may be left empty, and the commas at the end too. They are read as whole pixels. Raises: InvalidQuery.
    """
    fields = text.split(",")
    if not 2 <= len(fields) <= 6:
        raise InvalidQuery("viewport takes width,height or width,height,x,y,width,height")
    width, height = (_whole_number("viewport", field) for field in fields[:2])
    if not (1 <= width <= MAX_VIEWPORT_SIDE and 1 <= height <= MAX_VIEWPORT_SIDE):
        raise InvalidQuery(f"a viewport measures 1 to {MAX_VIEWPORT_SIDE} pixels each way")
    if len(fields) == 2:
        return (width, height), None
    numbers = [round(_number("viewport", field)) if field.strip() else None for field in (*fields[2:], "", "", "", "")[:4]]
    if all(number is None for number in numbers):
        raise InvalidQuery("the viewport ends in commas, or names no part of the image")
    left, top, across, down = numbers[0] or 0, numbers[1] or 0, numbers[2], numbers[3]
    if left < 0 or top < 0 or across == 0 or down == 0:
        raise InvalidQuery("the viewport's part of the image is empty, or begins outside it")
    return (width, height), (left, top, across, down)


def read_window(text: str) -> Window:
    """`center,width,function` (8.3.5.1.4). Raises: InvalidQuery."""
    fields = text.split(",")
    if len(fields) not in (2, 3):
        raise InvalidQuery("window takes center,width,function")
    center, width = (_number("window", field) for field in fields[:2])
    function = _FUNCTIONS.get(fields[2].strip().lower() if len(fields) == 3 else "linear")
    if function is None:
        raise InvalidQuery("the window's function is linear, linear-exact or sigmoid")
    if width < (1 if function is WindowFunction.LINEAR else 1e-9):
        raise InvalidQuery("the window's width is too small")
    return Window(center, width, function)


def read_quality(text: str) -> int:
    """1 to 100 (8.3.5.1.2). Raises: InvalidQuery."""
    quality = _whole_number("quality", text)
    if not 1 <= quality <= 100:
        raise InvalidQuery("quality is 1 to 100")
    return quality


def read_annotations(text: str | None) -> tuple[Annotation, ...]:
    """`patient`, `technique` or both, with a comma between (8.3.5.1.1). Raises: InvalidQuery."""
    if text is None:
        return ()
    try:
        return tuple(sorted({Annotation(word.strip()) for word in text.split(",")}))
    except ValueError as exc:
        raise InvalidQuery("annotation takes patient, technique, or both with a comma between") from exc


def read_colour_space(text: str, picture_format: PictureFormat) -> ColourSpace:
    """`no`, `yes`, `srgb`, `adobergb` or `rommrgb` (8.3.5.1.5). A GIF has no place for a profile. Raises: InvalidQuery."""
    try:
        space = ColourSpace(text)
    except ValueError as exc:
        raise InvalidQuery(f"iccprofile takes {', '.join(ColourSpace)}") from exc
    if picture_format is PictureFormat.GIF and space not in (ColourSpace.NO, ColourSpace.SRGB):
        raise InvalidQuery("a GIF carries no ICC profile: iccprofile is no or srgb")
    return space


def _whole_number(name: str, text: str) -> int:
    number = _number(name, text)
    if number != int(number):
        raise InvalidQuery(f"{name} takes whole numbers")
    return int(number)


def _number(name: str, text: str) -> float:
    try:
        number = float(text) if len(text) <= 32 else math.nan
    except ValueError as exc:
        raise InvalidQuery(f"{name} takes numbers, with commas between") from exc
    if not math.isfinite(number) or abs(number) > 1e9:
        raise InvalidQuery(f"{name}: a number is out of range")
    return number
