"""The query parameters of rendered resources, read into a `RenderRequest` (PS3.18 8.3.5)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

from hounsfield.codecs.presentation import PictureFormat, RenderRequest, Window, WindowFunction
from hounsfield.model.errors import InvalidQuery
from hounsfield.servers.dicomweb.exchange import Exchange
from hounsfield.servers.dicomweb.media_types import MediaType, choose

MAX_VIEWPORT_SIDE: Final = 16_384

_FORMATS: Final = {"image/jpeg": PictureFormat.JPEG, "image/png": PictureFormat.PNG}
_FUNCTIONS: Final = {
    "linear": WindowFunction.LINEAR,
    "linear-exact": WindowFunction.LINEAR_EXACT,
    "sigmoid": WindowFunction.SIGMOID,
}


def read_render_request(exchange: Exchange, picture_format: PictureFormat, viewport: tuple[int, int] | None = None) -> RenderRequest:
    """viewport: where the client names none; then pictures smaller than it are not enlarged. Raises: InvalidQuery."""
    asked = exchange.parameter("viewport")
    size, region = (viewport, None) if asked is None else read_viewport(asked)
    quality = exchange.parameter("quality")
    window = exchange.parameter("window")
    return RenderRequest(
        picture_format,
        viewport=size,
        region=region,
        window=None if window is None else read_window(window),
        quality=RenderRequest().quality if quality is None else read_quality(quality),
        enlarge=asked is not None,
    )


def choose_format(accept: Iterable[MediaType]) -> PictureFormat:
    """By the client's preference. Raises: NotAcceptable."""
    return choose(accept, _offer_format)


def _offer_format(wanted: MediaType) -> PictureFormat | None:
    if wanted.is_multipart:
        return None
    return next((_FORMATS[name] for name in _FORMATS if wanted.covers(name)), None)


def media_type_of(picture_format: PictureFormat) -> bytes:
    """The Content-Type."""
    return next(name for name, known in _FORMATS.items() if known is picture_format).encode()


def read_viewport(text: str) -> tuple[tuple[int, int], tuple[int, int, int, int] | None]:
    """`vw,vh` or `vw,vh,sx,sy,sw,sh`: the picture's size and the part of the stored image to show (8.3.5.1.3). Raises: InvalidQuery."""
    fields = text.split(",")
    if len(fields) not in (2, 6):
        raise InvalidQuery("viewport takes width,height or width,height,x,y,width,height")
    width, height = (_whole_number("viewport", field) for field in fields[:2])
    if not (1 <= width <= MAX_VIEWPORT_SIDE and 1 <= height <= MAX_VIEWPORT_SIDE):
        raise InvalidQuery(f"a viewport measures 1 to {MAX_VIEWPORT_SIDE} pixels each way")
    if len(fields) == 2:
        return (width, height), None
    left, top, across, down = (_whole_number("viewport", field) for field in fields[2:])
    if left < 0 or top < 0 or not across or not down:
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
