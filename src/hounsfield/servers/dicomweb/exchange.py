"""One request and the ways to answer it, on plain ASGI."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from hounsfield.model.errors import InvalidQuery
from hounsfield.model.origin import Origin, Principal, Protocol, Role
from hounsfield.servers.dicomweb.media_types import MediaType, parse_accept

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Header = tuple[bytes, bytes]
Pieces = AsyncGenerator[bytes | bytearray, None]
"""Of a body; each holds until the next one is asked for."""

MAX_QUERY_BYTES: Final = 64 << 10
MAX_PARAMETERS: Final = 256
LEAST_COMPRESSED_BYTES: Final = 1 << 10
MOST_COMPRESSED_IN_LOOP_BYTES: Final = 64 << 10
"""Half a millisecond; what is longer is compressed in a thread."""
AHEAD_BYTES: Final = 4 << 20
"""Of a body that is made while it is sent, before the status goes out: a small one comes whole or is an error, and is not cut short."""
_GZIP: Final = 31
_FASTEST: Final = 1
_HOST = re.compile(r"[A-Za-z0-9.-]+(?::[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](?::[0-9]{1,5})?")

# What every answer says: pixels and files are never sniffed for another type, and no shared cache may keep them.
COMMON_HEADERS: Final[tuple[Header, ...]] = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"private, no-cache"),
)


NOBODY: Final = Principal("nobody", Role.VIEWER, partition_id=0)


class Disconnected(Exception):
    """The client went away: there is nobody to answer."""


class Exchange:
    """One HTTP request and its answer.

    principal: who asks; nobody until the application has found out.
    root: the path of the service, `/dicom-web`.
    parts: what the path gave for the variables of the route, in order.
    common: headers of every answer.
    status, sent_bytes: of the answer, as far as it has gone out.
    """

    __slots__ = ("_parameters", "_receive", "_send", "common", "headers", "parts", "principal", "root", "scope", "sent_bytes", "status")

    def __init__(self, scope: Scope, receive: Receive, send: Send, headers: Mapping[bytes, bytes], root: str) -> None:
        self.scope = scope
        self.headers = headers
        self.principal = NOBODY
        self.root = root
        self.parts: tuple[str, ...] = ()
        self.common: tuple[Header, ...] = COMMON_HEADERS
        self.status = 0
        self.sent_bytes = 0
        self._receive = receive
        self._send = send
        self._parameters: tuple[tuple[str, str], ...] | None = None

    @property
    def started(self) -> bool:
        """Whether the status is out."""
        return self.status != 0

    @property
    def origin(self) -> Origin:
        """Who asks, for the services."""
        client = self.scope.get("client")
        return Origin(Protocol.DICOMWEB, self.principal, client[0] if client else "")

    @property
    def base_url(self) -> str:
        """Of the service, as the client addressed it; relative to the host where its name looks odd."""
        host = self.headers.get(b"host", b"").decode("latin-1")
        if _HOST.fullmatch(host) is None:
            return self.root
        return f"{self.scope.get('scheme', 'http')}://{host}{self.root}"

    @property
    def parameters(self) -> tuple[tuple[str, str], ...]:
        """The query's names and values, decoded, in order. Raises: InvalidQuery."""
        if self._parameters is None:
            self._parameters = _parse_query(self.scope["query_string"])
        return self._parameters

    def parameter(self, name: str) -> str | None:
        """The first value of a query parameter."""
        return next((value for key, value in self.parameters if key == name), None)

    @property
    def accept(self) -> tuple[MediaType, ...]:
        """What the client takes, best first; the query parameter goes before the header (8.3.3.1)."""
        if b"accept=" in self.scope["query_string"] and (text := self.parameter("accept")):
            return parse_accept(text)
        return parse_accept(self.headers.get(b"accept", b"").decode("latin-1"))

    @property
    def takes_gzip(self) -> bool:
        """Whether an answer may be compressed (RFC 9110 12.5.3)."""
        for coding in self.headers.get(b"accept-encoding", b"").lower().split(b","):
            name, _, weight = coding.partition(b";")
            if name.strip() in (b"gzip", b"*"):
                return weight.replace(b" ", b"") not in (b"q=0", b"q=0.0", b"q=0.00", b"q=0.000")
        return False

    async def body(self) -> AsyncIterator[bytes]:
        """The request's body as it arrives. Raises: Disconnected."""
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            more = message.get("more_body", False)
            if piece := message.get("body", b""):
                yield piece

    async def answer(self, status: int, headers: Iterable[Header], body: bytes | bytearray = b"") -> None:
        """The whole answer at once. `body` is bytes or bytearray: granian takes a memoryview for nothing at all."""
        # An answer without content has no length either (RFC 9110 8.6).
        length = () if status == 204 else ((b"content-length", str(len(body)).encode()),)
        self.status = status
        await self._send({"type": "http.response.start", "status": status, "headers": [*self.common, *length, *headers]})
        if self.scope["method"] == "HEAD":
            body = b""
        self.sent_bytes = len(body)
        await self._send({"type": "http.response.body", "body": body})

    async def answer_text(self, status: int, headers: Iterable[Header], body: bytes) -> None:
        """As `answer`, by gzip where the client takes it and the body is worth it; `headers` name accept-encoding in Vary."""
        if len(body) > LEAST_COMPRESSED_BYTES and b"accept-encoding" in self.headers and self.takes_gzip:
            if len(body) > MOST_COMPRESSED_IN_LOOP_BYTES:
                body = await asyncio.get_running_loop().run_in_executor(None, zlib.compress, body, _FASTEST, _GZIP)
            else:
                body = zlib.compress(body, _FASTEST, _GZIP)
            headers = [*headers, (b"content-encoding", b"gzip")]
        await self.answer(status, headers, body)

    async def not_modified(self, etag: bytes, headers: Iterable[Header] = ()) -> bool:
        """Whether the client has this representation already; then it has been told so (RFC 9110 13.1.2).

        etag: may be weak, for a representation whose bytes differ from answer to answer, as those of a multipart message do.
        """
        known = self.headers.get(b"if-none-match")
        opaque = etag.removeprefix(b"W/")
        if known is None or (known != b"*" and opaque not in [tag.strip().removeprefix(b"W/") for tag in known.split(b",")]):
            return False
        await self._start(304, [*self.common, (b"etag", etag), *headers])
        await self._send({"type": "http.response.body", "body": b""})
        return True

    async def answer_json(self, status: int, document: object, headers: Iterable[Header] = ()) -> None:
        """A small document of our own."""
        body = json.dumps(document, ensure_ascii=False).encode()
        await self.answer(status, [(b"content-type", b"application/json"), *headers], body)

    async def stream(self, status: int, headers: Iterable[Header], pieces: Pieces, length_bytes: int | None = None) -> None:
        """An answer of any size; `pieces` is closed in any case, and early when the client goes away."""
        length = [] if length_bytes is None else [(b"content-length", str(length_bytes).encode())]
        await self._start(status, [*self.common, *length, *headers])
        async with self.watched() as gone:
            async with contextlib.aclosing(pieces):
                if self.scope["method"] != "HEAD":
                    async for piece in pieces:
                        if gone.done():
                            raise Disconnected
                        self.sent_bytes += len(piece)
                        await self._send({"type": "http.response.body", "body": piece, "more_body": True})
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    @contextlib.asynccontextmanager
    async def watched(self) -> AsyncIterator[asyncio.Future[None]]:
        """For the length of a `with`: a future that is done when the client has gone away. The body has been read by then."""
        gone = asyncio.ensure_future(self._wait_for_disconnect())
        try:
            yield gone
        finally:
            gone.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await gone

    async def _start(self, status: int, headers: list[Header]) -> None:
        self.status = status
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def stream_from_first(self, status: int, headers: Iterable[Header], pieces: Pieces, length_bytes: int | None = None) -> None:
        """The same; the first piece is fetched before the status goes out, so that the failure of what comes first has its own answer.

        Where the length is not known the body is being made, and more can fail: then `AHEAD_BYTES` of it are fetched.
        """
        async with contextlib.aclosing(pieces):
            first = await anext(pieces, b"")
            if length_bytes is None and len(first) < AHEAD_BYTES:
                first = bytearray(first)
                async for piece in pieces:
                    first += piece
                    if len(first) >= AHEAD_BYTES:
                        break
            await self.stream(status, headers, enclosed(first, pieces), length_bytes)

    async def _wait_for_disconnect(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass


async def enclosed(first: bytes | bytearray, pieces: Pieces, last: bytes = b"") -> Pieces:
    """The pieces, with something before and something behind them; they are closed in any case."""
    async with contextlib.aclosing(pieces):
        if first:
            yield first
        async for piece in pieces:
            yield piece
    if last:
        yield last


def _parse_query(raw: bytes) -> tuple[tuple[str, str], ...]:
    if not raw:
        return ()
    if len(raw) > MAX_QUERY_BYTES:
        raise InvalidQuery(f"a query of more than {MAX_QUERY_BYTES} bytes")
    try:
        return tuple(
            parse_qsl(raw.decode("ascii"), keep_blank_values=True, encoding="utf-8", errors="strict", max_num_fields=MAX_PARAMETERS)
        )
    except ValueError as exc:
        raise InvalidQuery("the query is not percent-encoded UTF-8, or has too many parameters") from exc
