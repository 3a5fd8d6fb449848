"""A client that speaks plain ASGI to the application, and fakes of what stands below it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from hounsfield.model.errors import NotSignedIn
from hounsfield.model.origin import Principal, Role


@dataclass(frozen=True, slots=True)
class Answer:
    """headers: lower-case names; complete: whether the application ended the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    complete: bool


class FakeGuard:
    """Knows three bearer tokens, named as their roles."""

    def recall(self, headers: Sequence[tuple[bytes, bytes]], method: str) -> Principal | None:
        return None

    def authenticate(self, headers: Sequence[tuple[bytes, bytes]], method: str, host: str) -> Principal:
        token = dict(headers).get(b"authorization", b"").removeprefix(b"Bearer ").decode()
        if token not in list(Role):
            raise NotSignedIn("sign in, or send an API token")
        return Principal(token, Role(token))

    def csrf_token(self, headers: object) -> str:
        return ""

    def require_own_pages(self, headers: object) -> None: ...

    def forget(self) -> None: ...


@pytest.fixture(scope="session")
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as threads:
        yield threads


@pytest.fixture
def guard() -> FakeGuard:
    return FakeGuard()


Call = Callable[..., Answer]


@pytest.fixture
def call() -> Call:
    """`call(app, "GET", "/dicom-web/studies", query="limit=1", headers={...}, pieces=[...], cut=False)`.

    cut: the client goes away after the last piece instead of ending the body; stall: it does nothing more.
    bodiless: Content-Length speaks of a body that does not come.
    """

    def run(
        app: Callable[..., Awaitable[None]],
        method: str,
        path: str,
        *,
        query: str = "",
        headers: Mapping[str, str] | None = None,
        pieces: Sequence[bytes] = (),
        cut: bool = False,
        stall: bool = False,
        role: str = "editor",
        bodiless: bool = False,
    ) -> Answer:
        raw = {"host": "pacs.example:8080", **({"authorization": f"Bearer {role}"} if role else {}), **(headers or {})}
        scope: dict[str, Any] = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "scheme": "http",
            "headers": [(name.encode(), value.encode()) for name, value in raw.items()],
            "client": ("192.0.2.7", 50000),
        }
        return asyncio.run(_exchange(app, scope, list(pieces), cut, stall, bodiless))

    return run


async def _exchange(
    app: Callable[..., Awaitable[None]], scope: dict[str, Any], pieces: list[bytes], cut: bool, stall: bool, bodiless: bool
) -> Answer:
    sent: list[dict[str, Any]] = []
    ended = asyncio.Event()
    messages: list[dict[str, Any]] = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    if not stall:
        messages.append({"type": "http.disconnect"} if cut else {"type": "http.request", "body": b"", "more_body": False})

    async def receive() -> dict[str, Any]:
        if messages:
            return messages.pop(0)
        await ended.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.body":
            assert type(message["body"]) in (bytes, bytearray), "granian takes anything else for an empty body"
            message = {**message, "body": bytes(message["body"])}
        sent.append(message)

    await app(scope, receive, send)
    ended.set()
    if not sent:
        return Answer(0, {}, b"", False)
    start, *bodies = sent
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    body = b"".join(message["body"] for message in bodies)
    if "content-length" in headers and not bodiless:
        assert int(headers["content-length"]) == len(body)
    return Answer(start["status"], headers, body, bool(bodies) and not bodies[-1].get("more_body", False))
