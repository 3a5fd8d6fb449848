"""STOW-RS: objects in (PS3.18 10.5)."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hounsfield.dicom.part10 import read_prefix
from hounsfield.model.errors import (
    AccessDenied,
    ArchiveBusy,
    HounsfieldError,
    InvalidInput,
    UnreadableObject,
    UnsupportedMediaType,
)
from hounsfield.model.origin import Origin, Role
from hounsfield.model.outcomes import StoreResult
from hounsfield.servers.dicomweb.exchange import Exchange
from hounsfield.servers.dicomweb.media_types import (
    DICOM,
    DICOM_JSON,
    DICOM_XML,
    MalformedHeader,
    MediaType,
    parse_media_type,
)
from hounsfield.servers.dicomweb.multipart import Event, MultipartLimits, MultipartParser, PartBegin, PartData, PartEnd
from hounsfield.servers.dicomweb.pace import LEAST_BYTES_PER_S, Pace
from hounsfield.servers.dicomweb.store.metadata_upload import MetadataUpload
from hounsfield.servers.dicomweb.store.response import (
    Failure,
    Outcomes,
    encode_response,
    response_headers,
    response_status,
    response_type,
)
from hounsfield.services.pixel_value import FrameCodec
from hounsfield.services.spool import Spool

if TYPE_CHECKING:
    from hounsfield.services.store import FileStore, Reception

HEAD_BYTES: Final = 1024
"""What is kept of a part's beginning: enough of its file meta information to name in a failure the object that it was."""

PARTS_FINISHING: Final = 3
"""Parts of one upload that are being made durable while the next one arrives: they share flushes and index commits."""
FINISHED_APART_BYTES: Final = 64 << 10
"""For a smaller part a hop into another thread costs more than it saves."""
FINISHING_THREADS: Final = 12

MAX_UNREADABLE_PARTS: Final = 1000
"""So many parts that are no DICOM objects, and it is not worth reading on."""


class UploadStalled(HounsfieldError):
    """No byte of the body came for too long."""


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """idle_s: without a byte from the client, after which the upload is given up and what it holds is set free.

    max_uploads: at once in this process; one more is told to come again.
    max_metadata_bytes, max_bulk_bytes: of one request, where they come apart.
    min_free_bytes: of the disk on which bulk data waits, below which no more of it is taken.
    """

    multipart: MultipartLimits = field(default_factory=MultipartLimits)
    idle_s: float = 60.0
    max_uploads: int = 32
    max_metadata_bytes: int = 64 << 20
    max_bulk_bytes: int = 64 << 30
    min_free_bytes: int = 0


class PartReception:
    """One part on its way into the store; bytes come in any thread, one call at a time."""

    def __init__(self, open_reception: Callable[[], Reception]) -> None:
        self._open_reception = open_reception
        self._stack = ExitStack()
        self._reception: Reception | None = None
        self._head = bytearray()
        self._refusal: HounsfieldError | None = None
        self.received_bytes = 0

    def write(self, data: memoryview) -> None:
        """Errors are kept for `finish`; the rest of a refused part is read and let go."""
        self.received_bytes += len(data)
        if self._refusal is not None:
            return
        if len(self._head) < HEAD_BYTES:
            self._head += data[: HEAD_BYTES - len(self._head)]
        try:
            if self._reception is None:
                self._reception = self._stack.enter_context(self._open_reception())
            self._reception.write(data)
        except HounsfieldError as exc:
            self.refuse(exc)

    def refuse(self, error: HounsfieldError) -> None:
        """The part is not to be stored."""
        self._refusal = error
        self.abandon()

    def finish(self) -> StoreResult | Failure:
        """Returns when the object is durable, or has been refused."""
        try:
            if self._refusal is not None:
                raise self._refusal
            if self._reception is None:
                raise UnreadableObject("an empty part")
            with self._stack:
                return self._reception.finish()
        except HounsfieldError as exc:
            return self._failure(exc)

    def abandon(self) -> None:
        """Leaves no trace of what has come."""
        self._stack.close()
        self._reception = None

    def _failure(self, error: HounsfieldError) -> Failure:
        try:
            meta = read_prefix(bytes(self._head))
        except UnreadableObject:
            meta = None
        if meta is None:
            return Failure("", "", error)
        return Failure(meta.sop_class_uid, meta.sop_instance_uid, error)


class Upload:
    """The parts of one request's body; synchronous, fed in a thread.

    finisher: threads in which complete parts are made durable while the next ones arrive; what they do waits for no other thread.
    """

    def __init__(
        self, store: FileStore, origin: Origin, study_instance_uid: str, parser: MultipartParser | None, finisher: Executor
    ) -> None:
        self.outcomes = Outcomes()
        self._finisher = finisher
        self._finishing: deque[Future[StoreResult | Failure] | StoreResult | Failure] = deque()
        self._open = lambda: store.receive_file(origin, study_instance_uid)
        self._parser = parser
        self._part: PartReception | None = None
        if parser is None:
            self._part = PartReception(self._open)

    def feed(self, piece: bytes) -> None:
        """Raises: MalformedMultipart; failures of single parts are noted among the outcomes instead."""
        if self._parser is None:
            self._on_event(PartData(memoryview(piece)))
            return
        for event in self._parser.feed(piece):
            self._on_event(event)

    def close(self) -> None:
        """The body has come to its end; returns when all parts are durable or refused. Raises: TruncatedMultipart."""
        if self._parser is None:
            self._on_event(PartEnd())
        else:
            self._parser.close()
        self._settle(0)

    def abandon(self) -> None:
        """Drops the part that is under way; complete ones stay, and are settled."""
        if self._part is not None:
            self._part.abandon()
            self._part = None
        self._settle(0)

    def _settle(self, most: int) -> None:
        """Waits until at most so many parts are being made durable; outcomes keep the order of the parts."""
        while self._finishing and (len(self._finishing) > most or not isinstance(self._finishing[0], Future)):
            finishing = self._finishing.popleft()
            outcome = finishing.result() if isinstance(finishing, Future) else finishing
            if isinstance(outcome, Failure):
                self.outcomes.failures.append(outcome)
            else:
                self.outcomes.results.append(outcome)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, PartBegin):
            self._part = PartReception(self._open)
            if event.headers.get("content-type", DICOM).partition(";")[0].strip().lower() != DICOM:
                self._part.refuse(UnsupportedMediaType("a part that is not application/dicom"))
            return
        assert self._part is not None
        if isinstance(event, PartData):
            self._part.write(event.data)
        else:
            apart = self._part.received_bytes >= FINISHED_APART_BYTES
            self._finishing.append(self._finisher.submit(self._part.finish) if apart else self._part.finish())
            self._part = None
            self._settle(PARTS_FINISHING)
            if len(self.outcomes.failures) >= MAX_UNREADABLE_PARTS and not self.outcomes.results:
                raise UnreadableObject(f"{MAX_UNREADABLE_PARTS} parts and not one that could be stored")


class Stow:
    """The handler of both store resources.

    codec: decodes pictures that no transfer syntax holds. spool_dir: where bulk data waits for the rest of its upload.
    """

    def __init__(
        self,
        store: FileStore,
        executor: Executor,
        codec: FrameCodec,
        limits: UploadLimits | None = None,
        spool_dir: Path | None = None,
    ) -> None:
        self._store = store
        self._codec = codec
        self._executor = executor
        self._limits = limits or UploadLimits()
        self._spool_dir = spool_dir
        self._finisher = ThreadPoolExecutor(FINISHING_THREADS, thread_name_prefix="upload-finish")
        self._under_way = 0

    async def store_instances(self, exchange: Exchange) -> None:
        """POST /studies and /studies/{study}."""
        media_type = response_type(exchange.accept)
        if not exchange.principal.role.includes(Role.EDITOR):
            raise AccessDenied("this account may look, but not store")
        if self._under_way >= self._limits.max_uploads:
            raise ArchiveBusy(f"{self._limits.max_uploads} uploads are under way already; come again in a moment")
        upload = self._upload(exchange)
        self._under_way += 1
        try:
            await self._pump(exchange, upload)
        except InvalidInput as exc:  # the body is no multipart message, or is cut: what was complete is stored, and the answer says so
            upload.outcomes.failures.append(Failure("", "", exc))
        finally:
            self._under_way -= 1
            await self._run(upload.abandon)
        status = response_status(upload.outcomes)
        headers = response_headers(upload.outcomes, status, media_type)
        await exchange.answer(status, headers, encode_response(upload.outcomes, exchange.base_url, media_type))

    def _upload(self, exchange: Exchange) -> Upload | MetadataUpload:
        """Raises: UnsupportedMediaType, MalformedMultipart."""
        media_type, study_instance_uid = body_type(exchange.headers), exchange.parts[0] if exchange.parts else ""
        origin = replace(exchange.origin, may_reject=True)  # an editor's, who may reject what he likes
        parser = None
        if media_type.is_multipart:
            parser = MultipartParser(media_type.parameters.get("boundary", ""), self._limits.multipart)
        if media_type.payload in (DICOM, "*/*"):
            return Upload(self._store, origin, study_instance_uid, parser, self._finisher)
        spool = Spool(self._spool_dir, self._limits.max_bulk_bytes, self._limits.min_free_bytes)
        return MetadataUpload(
            lambda: self._store.receive_file(origin, study_instance_uid),
            parser,
            media_type.payload,
            spool,
            self._codec,
            f"{exchange.base_url}/studies",
            self._limits.max_metadata_bytes,
        )

    async def _pump(self, exchange: Exchange, upload: Upload | MetadataUpload) -> None:
        """One piece is fed in a thread while the next is awaited: the body is never held, and a slow client holds no thread."""
        under_way: asyncio.Future[None] | None = None
        body, pace = exchange.body(), Pace()
        try:
            while True:
                piece = await self._next_piece(body, pace)
                if under_way is not None:
                    await under_way
                under_way = None
                if piece is None:
                    break
                under_way = self._run(upload.feed, piece)
        finally:
            if under_way is not None:
                await asyncio.wait([under_way])
                under_way.exception()  # of two errors the first counts; that of the piece is not to be reported as forgotten
        await self._run(upload.close)

    async def _next_piece(self, body: object, pace: Pace) -> bytes | None:
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._limits.idle_s):
                piece: bytes | None = await anext(body, None)  # type: ignore[call-overload]
        except TimeoutError as exc:
            raise UploadStalled(f"no byte of the body for {self._limits.idle_s:g} s") from exc
        if piece is not None and pace.too_slow(time.monotonic() - began, len(piece)):
            raise UploadStalled(f"less than {LEAST_BYTES_PER_S} bytes of the body a second")
        return piece

    def _run(self, call: Callable[..., None], *arguments: object) -> asyncio.Future[None]:
        return asyncio.get_running_loop().run_in_executor(self._executor, call, *arguments)


def body_type(headers: Mapping[bytes, bytes]) -> MediaType:
    """The media type of a body that is taken. Raises: UnsupportedMediaType."""
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise UnsupportedMediaType("no Content-Encoding is taken here; send the body as it is")
    try:
        media_type = parse_media_type(headers.get(b"content-type", b"").decode("latin-1"))
    except MalformedHeader as exc:
        raise UnsupportedMediaType("the Content-Type says nothing that is taken here") from exc
    taken = (DICOM, DICOM_JSON, DICOM_XML, "*/*") if media_type.is_multipart else (DICOM, DICOM_JSON, DICOM_XML)
    if media_type.payload not in taken:
        raise UnsupportedMediaType(
            f'send multipart/related with a type of "{DICOM}", "{DICOM_JSON}" or "{DICOM_XML}", or one of these without multipart'
        )
    return media_type
