"""WADO-RS: rendered resources and thumbnails (PS3.18 10.4.1.1.3, 10.4.1.1.4)."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from typing import Final

import structlog

from hounsfield.codecs.gif_frames import TRAILER, delays, frame_block, opening, read_gif
from hounsfield.codecs.presentation import PictureFormat, RenderRequest
from hounsfield.model.errors import InvalidQuery, NotAcceptable, UndecodablePixels
from hounsfield.servers.dicomweb.exchange import Exchange, Header
from hounsfield.servers.dicomweb.media_types import MediaType
from hounsfield.servers.dicomweb.multipart import MultipartWriter
from hounsfield.servers.dicomweb.recent_bytes import RecentBytes
from hounsfield.servers.dicomweb.rendering.parameters import Rendition, choose_format, choose_rendition, media_type_of, read_render_request
from hounsfield.servers.dicomweb.rendering.picture_choice import Chosen, Picture, PictureChoice, is_state
from hounsfield.servers.dicomweb.rendering.pictures import Pictures
from hounsfield.servers.dicomweb.rendering.video import MovingPictures, VideoEncoder
from hounsfield.servers.dicomweb.retrieve.frames import read_frame_list
from hounsfield.servers.dicomweb.work import Work
from hounsfield.services.retrieve import Retrieve

log = structlog.get_logger()

THUMBNAIL_VIEWPORT: Final = (256, 256)
REMEMBERED_BYTES: Final = 8 << 20

MOST_MOVING_FRAMES: Final = 2_000
"""In one GIF or video."""


class Rendered:
    """The handlers of `/rendered` and `/thumbnail`. video: makes MP4, where the site has an encoder."""

    def __init__(
        self, retrieve: Retrieve, pictures: Pictures, work: Work, new_boundary: Callable[[], str], video: VideoEncoder | None = None
    ) -> None:
        self._retrieve = retrieve
        self._choice = PictureChoice(retrieve, pictures)
        self._pictures = pictures
        self._work = work
        self._new_boundary = new_boundary
        self._video = video
        self._thumbnails = RecentBytes(REMEMBERED_BYTES)

    async def all_images(self, exchange: Exchange) -> None:
        """GET /studies/{study}[/series/{series}]/rendered: in a multipart message every picture, else one that stands for them."""
        rendition = choose_rendition(exchange.accept, several=True, video=False)
        request = read_render_request(exchange, rendition.picture_format)
        find: Callable[..., Chosen] = self._choice.of_all if rendition.multipart else self._choice.representative
        await self._answer(exchange, rendition, request, await self._work.slow(find, exchange.origin, *exchange.parts))

    async def instance(self, exchange: Exchange) -> None:
        """GET .../instances/{instance}/rendered: every frame as a part, as a GIF that moves or as a video; else the first."""
        rendition = choose_rendition(exchange.accept, several=False, video=self._video is not None)
        request = read_render_request(exchange, rendition.picture_format)
        only_first = not (rendition.multipart or rendition.video or rendition.picture_format is PictureFormat.GIF)
        instance = await self._work.quick(self._retrieve.instance, exchange.origin, *exchange.parts)
        run = self._work.slow if is_state(instance) else self._work.quick
        chosen = await run(self._choice.of_instance, exchange.origin, instance, only_first=only_first)
        await self._answer(exchange, rendition, request, chosen)

    async def frames(self, exchange: Exchange) -> None:
        """GET .../frames/{list}/rendered: the same of these frames; several are not given as one picture that stands still."""
        study, series, sop_instance, listed = exchange.parts
        numbers = read_frame_list(listed)
        rendition = choose_rendition(exchange.accept, several=len(numbers) > 1, video=self._video is not None and len(numbers) > 1)
        moves = rendition.video or rendition.picture_format is PictureFormat.GIF
        if len(numbers) > 1 and not (moves or rendition.multipart):
            raise NotAcceptable("several frames come as multipart/related, as image/gif or as video/mp4")
        request = read_render_request(exchange, rendition.picture_format)
        chosen = await self._work.quick(self._choice.of_frames, exchange.origin, study, series, sop_instance, numbers)
        await self._answer(exchange, rendition, request, chosen)

    async def thumbnail(self, exchange: Exchange) -> None:
        """GET /studies/{study}[/series/{series}[/instances/{instance}[/frames/{frame}]]]/thumbnail: one small picture without texts."""
        asked = read_render_request(exchange, choose_format(_jpeg_first(exchange)), THUMBNAIL_VIEWPORT)
        request = replace(asked, overlays=False, annotations=())
        if len(exchange.parts) == 4:
            study, series, sop_instance, listed = exchange.parts
            numbers = read_frame_list(listed)[:1]
            chosen = await self._work.quick(self._choice.of_frames, exchange.origin, study, series, sop_instance, numbers)
        else:
            chosen = await self._work.slow(self._choice.representative, exchange.origin, *exchange.parts)
        picture = chosen.pictures[0]
        etag = etag_of([picture], request)
        if await exchange.not_modified(etag):
            return
        small = self._thumbnails.find(etag)
        if small is None:
            small = await self._render(picture, request)
            self._thumbnails.keep(etag, small)
        await exchange.answer(200, _headers(media_type_of(request.picture_format), etag), small)

    async def _answer(self, exchange: Exchange, rendition: Rendition, request: RenderRequest, chosen: Chosen) -> None:
        if any(picture.state is not None for picture in chosen.pictures[:1]) and (request.region or request.window):
            raise InvalidQuery("a presentation state says itself which part and which window is shown (PS3.18 table 8.3.5-1)")
        if rendition.multipart:
            await self._answer_parts(exchange, rendition, request, chosen)
            return
        pictures = chosen.pictures
        moves = len(pictures) > 1 and chosen.is_one_object and (rendition.video or request.picture_format is PictureFormat.GIF)
        if rendition.video and not moves:
            raise NotAcceptable("a video is made of several frames of one image")
        if moves and len(pictures) > MOST_MOVING_FRAMES:
            raise NotAcceptable(f"more than {MOST_MOVING_FRAMES} frames are not put into one moving picture: name fewer")
        shown = pictures if moves else pictures[:1]
        etag = etag_of(shown, request)
        if await exchange.not_modified(etag):
            return
        headers = _headers(rendition.media_type.encode(), etag)
        if rendition.video:
            await exchange.answer(200, headers, await self._work.decode(self._film, shown, request))
        elif moves:
            await self._stream(exchange, 200, headers, self._moving(shown, request))
        else:
            await exchange.answer(200, headers, await self._render(shown[0], request))

    async def _answer_parts(self, exchange: Exchange, rendition: Rendition, request: RenderRequest, chosen: Chosen) -> None:
        writer = MultipartWriter(self._new_boundary())
        headers: list[Header] = [(b"content-type", writer.content_type(rendition.media_type)), (b"vary", b"accept")]
        if not chosen.complete:
            headers.append((b"warning", b'299 hounsfield "Some images are not here, or cannot be rendered."'))
        pieces = self._parts(writer, rendition, request, chosen.pictures, exchange.base_url)
        await self._stream(exchange, 200 if chosen.complete else 206, headers, pieces)

    async def _stream(self, exchange: Exchange, status: int, headers: Sequence[Header], pieces: AsyncGenerator[bytes, None]) -> None:
        # Made before the status goes out, so that the failure of what comes first gets its own answer.
        try:
            first = await anext(pieces)
        except BaseException:
            await pieces.aclose()
            raise
        await exchange.stream(status, headers, _behind(first, pieces))

    async def _parts(
        self, writer: MultipartWriter, rendition: Rendition, request: RenderRequest, pictures: Sequence[Picture], base_url: str
    ) -> AsyncGenerator[bytes, None]:
        for position, picture in enumerate(pictures):
            try:
                data = await self._render(picture, request)
            except UndecodablePixels as exc:
                if position == 0:
                    raise
                # One broken image must not keep the others of a study from being seen; which ones came, the parts say.
                log.warning("rendered.left_out", sop_instance_uid=picture.instance.sop_instance_uid, frame=picture.number, error=str(exc))
                continue
            head = writer.part_head(rendition.media_type, length_bytes=len(data), location=location_of(picture, base_url))
            yield head + data
        yield writer.close()

    async def _moving(self, pictures: Sequence[Picture], request: RenderRequest) -> AsyncGenerator[bytes, None]:
        times = await self._work.slow(self._times, pictures)
        for number, (picture, delay) in enumerate(zip(pictures, delays(times), strict=True)):
            frame = read_gif(await self._render(picture, request))
            yield (opening(frame) if number == 0 else b"") + frame_block(frame, delay)
        yield TRAILER

    def _times(self, pictures: Sequence[Picture]) -> list[float]:
        """Of each picture, in seconds; rising where the frames do."""
        times = self._pictures.times_s(pictures[0].instance)
        chosen = [times[picture.number - 1] for picture in pictures]
        if all(later > earlier for earlier, later in itertools.pairwise(chosen)):
            return [time - chosen[0] for time in chosen]
        step = times[-1] / (len(times) - 1) if len(times) > 1 else 0.1
        return [index * step for index in range(len(pictures))]

    def _film(self, pictures: Sequence[Picture], request: RenderRequest) -> bytes:
        if self._video is None:
            raise NotAcceptable("this site has no video encoder")
        times = self._times(pictures)
        rate = (len(times) - 1) / times[-1] if times[-1] > 0 else 10.0
        made = (self._pictures.rendered(picture.instance, picture.number, request, picture.state) for picture in pictures)
        return self._video.encode(MovingPictures(made, rate))

    async def _render(self, picture: Picture, request: RenderRequest) -> bytes:
        return await self._work.decode(self._pictures.rendered, picture.instance, picture.number, request, picture.state)


def etag_of(pictures: Sequence[Picture], request: RenderRequest) -> bytes:
    """Of an answer with these pictures: changes with the objects, with what goes out corrected, and with how it is asked for."""
    digest = hashlib.sha256(str(request).encode())
    for picture in pictures:
        stored = picture.instance.stored
        digest.update(f"{stored.digests.checksum:016x}/{picture.number}/{picture.state_checksum:016x}/".encode() + stored.overlay)
    return f'"{digest.hexdigest()[:32]}"'.encode()


def location_of(picture: Picture, base_url: str) -> str:
    """Where one frame is rendered alone; of what a presentation state shows the frame itself."""
    instance = picture.instance
    series = f"{base_url}/studies/{instance.study_instance_uid}/series/{instance.series_instance_uid}"
    return f"{series}/instances/{instance.sop_instance_uid}/frames/{picture.number}/rendered"


async def _behind(first: bytes, pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes | bytearray, None]:
    try:
        yield first
        async for piece in pieces:
            yield piece
    finally:
        await pieces.aclose()


def _headers(media_type: bytes, etag: bytes) -> list[Header]:
    return [(b"content-type", media_type), (b"etag", etag), (b"vary", b"accept")]


def _jpeg_first(exchange: Exchange) -> Sequence[MediaType]:
    """A thumbnail is a JPEG wherever one is taken at all: browsers put PNG first, which is larger and slower."""
    return sorted(exchange.accept, key=lambda wanted: not wanted.covers("image/jpeg"))
