"""WADO-URI: one instance by query parameters, as an object or rendered (PS3.18 chapter 9)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from hounsfield.codecs.presentation import PictureFormat, RenderRequest, Window
from hounsfield.model.errors import FrameNotFound, InvalidQuery, InvalidUID, NotAcceptable
from hounsfield.model.identifiers import is_usable_uid
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.servers.dicomweb.exchange import Exchange, Header
from hounsfield.servers.dicomweb.media_types import DICOM, MediaType, choose, parse_accept
from hounsfield.servers.dicomweb.rendering.parameters import MAX_VIEWPORT_SIDE, choose_format, media_type_of, read_quality
from hounsfield.servers.dicomweb.rendering.picture_choice import Picture, PictureChoice, has_frames
from hounsfield.servers.dicomweb.rendering.pictures import Pictures
from hounsfield.servers.dicomweb.rendering.rendered import etag_of
from hounsfield.servers.dicomweb.retrieve.delivery import Packaging
from hounsfield.servers.dicomweb.retrieve.objects import Objects
from hounsfield.servers.dicomweb.work import Work
from hounsfield.services.retrieve import Retrieve

WADO_URI: Final = "wado"
"""Of the resource, below the DICOMweb root."""

_OF_PICTURES: Final = frozenset(
    ("frameNumber", "imageQuality", "rows", "columns", "region", "windowCenter", "windowWidth", "presentationUID", "presentationSeriesUID")
)
"""Parameters that make no sense for an object (table 9.5.1-1)."""

_SAID_BY_THE_STATE: Final = ("windowCenter", "windowWidth", "region")
"""What does not go with a presentation state, which says it itself (PS3.18 2019a 8.2.9.1, 8.2.9.2; table 8.3.5-1)."""

_NOT_SUPPORTED: Final = {
    "anonymize": "objects are not anonymized here",
    "annotation": "nothing is written into pictures here",
    "imageAnnotation": "nothing is written into pictures here",
}


class WadoURI:
    """The handler of `/wado`."""

    def __init__(self, retrieve: Retrieve, objects: Objects, pictures: Pictures, work: Work) -> None:
        self._retrieve = retrieve
        self._objects = objects
        self._pictures = pictures
        self._choice = PictureChoice(retrieve, pictures)
        self._work = work

    async def instance(self, exchange: Exchange) -> None:
        """GET /wado?requestType=WADO&studyUID=...&seriesUID=...&objectUID=...

        Raises: InvalidQuery, InvalidUID, NotFound, Gone, NotAcceptable, and what reading and decoding raise.
        """
        named = _named(exchange)
        for name, reason in _NOT_SUPPORTED.items():
            if exchange.parameter(name) is not None:
                raise NotAcceptable(f"{name}: {reason}")
        wanted = _media_types(exchange)
        instance = await self._work.quick(self._retrieve.instance, exchange.origin, *named)
        if choose(wanted, lambda one: _is_object(one, instance)):
            await self._object(exchange, named, wanted)
        else:
            await self._picture(exchange, instance, wanted)

    async def _object(self, exchange: Exchange, named: tuple[str, str, str], wanted: Sequence[MediaType]) -> None:
        """Retrieve DICOM Instance (9.4)."""
        asked = exchange.parameter("transferSyntax")
        if asked and not is_usable_uid(asked):
            raise InvalidQuery("transferSyntax is not a UID")
        for name in _OF_PICTURES:
            if exchange.parameter(name) is not None:
                raise InvalidQuery(f"{name} does not go with an object as it is")
        if asked is None:
            asked = next((one.transfer_syntax for one in wanted if one.name == DICOM), "")
        await self._objects.answer(exchange, named, [(Packaging.SINGLE, asked)])

    async def _picture(self, exchange: Exchange, instance: StoredInstance, wanted: Sequence[MediaType]) -> None:
        """Retrieve Rendered Instance (9.5): of several frames the first (that a presentation state shows), unless one is named."""
        if exchange.parameter("transferSyntax") is not None:
            raise InvalidQuery("transferSyntax does not go with a picture")
        number = _whole(exchange, "frameNumber", 1)
        if number is not None and number > instance.frames:
            raise FrameNotFound(f"the instance has {instance.frames} frames")
        state = _presentation_state(exchange)
        request = _render_request(exchange, choose_format(wanted), instance)
        picture = Picture(instance, number or 1)
        if state is not None:
            picture = await self._work.slow(self._choice.through, exchange.origin, instance, *state, number)
        etag = etag_of([picture], request)
        headers: list[Header] = [(b"vary", b"accept")]
        if await exchange.not_modified(etag, headers):
            return
        data = await self._work.decode(self._pictures.rendered, instance, picture.number, request, picture.state)
        kind = media_type_of(request.picture_format)
        await exchange.answer(200, [(b"content-type", kind), (b"etag", etag), *headers], data)


def _named(exchange: Exchange) -> tuple[str, str, str]:
    """Study, series and instance (9.1.2.1)."""
    if exchange.parameter("requestType") != "WADO":
        raise InvalidQuery("requestType is WADO")
    uids = [exchange.parameter(name) for name in ("studyUID", "seriesUID", "objectUID")]
    if not all(uids):
        raise InvalidQuery("studyUID, seriesUID and objectUID name an instance; one of them is missing")
    study, series, sop_instance = (uid or "" for uid in uids)
    if not all(map(is_usable_uid, (study, series, sop_instance))):
        raise InvalidUID("studyUID, seriesUID and objectUID are UIDs")
    return study, series, sop_instance


def _presentation_state(exchange: Exchange) -> tuple[str, str] | None:
    """Series and instance of the presentation state through which the picture is asked for. Raises: InvalidQuery, InvalidUID."""
    series, uid = (exchange.parameter(name) for name in ("presentationSeriesUID", "presentationUID"))
    if series is None and uid is None:
        return None
    if not (series and uid):
        raise InvalidQuery("presentationUID and presentationSeriesUID come together")
    if not (is_usable_uid(series) and is_usable_uid(uid)):
        raise InvalidUID("presentationUID and presentationSeriesUID are UIDs")
    for name in _SAID_BY_THE_STATE:
        if exchange.parameter(name) is not None:
            raise InvalidQuery(f"{name} does not go with a presentation state, which says itself what is shown")
    return series, uid


def _media_types(exchange: Exchange) -> Sequence[MediaType]:
    """What is acceptable, best first: contentType goes before the header (9.1.2.2.1)."""
    listed = exchange.parameter("contentType")
    return parse_accept(listed) if listed else exchange.accept


def _is_object(wanted: MediaType, instance: StoredInstance) -> bool | None:
    """Whether this asks for the object, as against a picture of it; None for what cannot be given.

    Of an image a range of types means a picture (9.3), of anything else the object.
    """
    if wanted.is_multipart:
        return None
    if wanted.name == DICOM:
        return True
    if has_frames(instance) and any(wanted.covers(name) for name in ("image/jpeg", "image/png", "image/gif")):
        return False
    return True if wanted.covers(DICOM) else None


def _render_request(exchange: Exchange, picture_format: PictureFormat, instance: StoredInstance) -> RenderRequest:
    """The rendering parameters (9.5.1.2). Raises: InvalidQuery."""
    rows, columns = (_whole(exchange, name, 1, MAX_VIEWPORT_SIDE) for name in ("rows", "columns"))
    quality = exchange.parameter("imageQuality")
    center, width = (_decimal(exchange, name) for name in ("windowCenter", "windowWidth"))
    if (center is None) != (width is None):
        raise InvalidQuery("windowCenter and windowWidth come together")
    if width is not None and width < 1:
        raise InvalidQuery("windowWidth is 1 or more")
    region = exchange.parameter("region")
    return RenderRequest(
        picture_format,
        viewport=(columns or MAX_VIEWPORT_SIDE, rows or MAX_VIEWPORT_SIDE) if rows or columns else None,
        region=None if region is None else _region(region, instance.columns or 1, instance.rows or 1),
        window=None if center is None or width is None else Window(center, width),
        quality=RenderRequest().quality if quality is None else read_quality(quality),
    )


def _region(text: str, columns: int, rows: int) -> tuple[int, int, int, int]:
    """`xmin,ymin,xmax,ymax`, each 0 to 1 of the image (9.5.1.2.5), in whole pixels that hold it. Raises: InvalidQuery."""
    try:
        left, top, right, bottom = (float(field) for field in text.split(",", 4))
    except ValueError as exc:
        raise InvalidQuery("region takes xmin,ymin,xmax,ymax") from exc
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        raise InvalidQuery("a region lies within 0 and 1 and is not empty")
    first_column, first_row = math.floor(left * columns), math.floor(top * rows)
    return first_column, first_row, math.ceil(right * columns) - first_column, math.ceil(bottom * rows) - first_row


def _whole(exchange: Exchange, name: str, least: int, most: int = 1 << 31) -> int | None:
    text = exchange.parameter(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and least <= int(text) <= most):
        raise InvalidQuery(f"{name} is a whole number from {least}")
    return int(text)


def _decimal(exchange: Exchange, name: str) -> float | None:
    text = exchange.parameter(name)
    if text is None:
        return None
    try:
        number = float(text) if len(text) <= 32 else math.nan
    except ValueError as exc:
        raise InvalidQuery(f"{name} is a number") from exc
    if not math.isfinite(number) or abs(number) > 1e9:
        raise InvalidQuery(f"{name} is out of range")
    return number
