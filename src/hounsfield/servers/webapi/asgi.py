"""The shapes of ASGI 3 that these modules speak, and the two small answers they all give."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Header = tuple[bytes, bytes]

JSON_TYPE: Header = (b"content-type", b"application/json")


async def answer(send: Send, status: int, body: bytes, headers: Sequence[Header]) -> None:
    """Sends a whole answer at once; Content-Length is added."""
    sent = [*headers, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": sent})
    await send({"type": "http.response.body", "body": body})


def peer_host(scope: Scope) -> str:
    """The peer's address, empty where the server does not know it."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def header(scope: Scope, name: bytes) -> bytes:
    """The first header of this lower-case name, empty where there is none."""
    return next((value for key, value in scope["headers"] if key == name), b"")


def came_over_https(scope: Scope) -> bool:
    """Whether the browser speaks TLS with us, or says through a proxy that it does.

    Believing the header costs nothing: whoever sends it gets stricter answers.
    """
    return scope.get("scheme") == "https" or header(scope, b"x-forwarded-proto") == b"https"
