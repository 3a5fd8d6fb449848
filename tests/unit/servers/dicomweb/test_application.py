"""Who asks, what an error becomes, and answers that stream."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from typing import Any

import pytest

from hounsfield.model import errors
from hounsfield.servers.dicomweb.application import DICOMWeb, joined_headers
from hounsfield.servers.dicomweb.exchange import Exchange
from hounsfield.servers.dicomweb.recent_bytes import RecentBytes
from hounsfield.servers.dicomweb.routing import Handler, Route
from hounsfield.servers.dicomweb.work import Work

Get = Callable[..., Any]


@pytest.fixture
def get(call: Callable[..., Any], guard: Any, executor: Executor) -> Get:
    def run(handler: Handler, **more: Any) -> Any:
        return call(DICOMWeb([Route("GET", "studies", handler)], guard, executor), "GET", "/dicom-web/studies", **more)

    return run


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (errors.InvalidQuery("q"), 400, "invalid-query"),
        (errors.AccessDenied("x"), 403, "access-denied"),
        (errors.StudyNotFound("x"), 404, "not-found"),
        (errors.NotAcceptable("x"), 406, "not-acceptable"),
        (errors.Gone("x"), 410, "gone"),
        (errors.UndecodablePixels("x"), 422, "undecodable-pixels"),
        (errors.DamagedObject("x"), 500, "damaged-object"),
        (errors.IndexUnavailable("x"), 503, "unavailable"),
        (errors.OutOfSpace("x"), 507, "out-of-space"),
    ],
)
def test_errors(get: Get, error: errors.HounsfieldError, status: int, code: str) -> None:
    async def fail(exchange: Exchange) -> None:
        raise error

    answer = get(fail)
    assert answer.status == status
    assert json.loads(answer.body) == {"error": {"code": code, "message": str(error)}}
    assert answer.headers["content-type"] == "application/json"
    assert ("retry-after" in answer.headers) == isinstance(error, errors.Unavailable)


def test_an_unexpected_error_says_only_its_number(get: Get, capsys: pytest.CaptureFixture[str]) -> None:
    async def fail(exchange: Exchange) -> None:
        raise ValueError("Doe^Jane")

    answer = get(fail)
    assert answer.status == 500
    assert b"Jane" not in answer.body
    incident = json.loads(answer.body)["error"]["message"].rpartition(" ")[2]
    assert incident in capsys.readouterr().out


def test_nobody_gets_in_without_a_credential(get: Get) -> None:
    async def secret(exchange: Exchange) -> None:
        await exchange.answer(200, [], b"secret")

    answer = get(secret, role="")
    assert (answer.status, b"secret" in answer.body) == (401, False)
    assert answer.headers["www-authenticate"] == 'Basic realm="Hounsfield", Bearer'
    assert get(secret, role="viewer").status == 200


def test_a_stream_that_fails_is_not_ended(get: Get) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"
        raise errors.DamagedObject("x")

    async def handler(exchange: Exchange) -> None:
        await exchange.stream(200, [], pieces())

    with pytest.raises(errors.DamagedObject):
        get(handler)


def test_a_stream_stops_when_the_client_has_gone(get: Get) -> None:
    sent = []

    async def pieces() -> AsyncIterator[bytes]:
        for number in range(1000):
            sent.append(number)
            yield b"x"
            await asyncio.sleep(0)

    async def handler(exchange: Exchange) -> None:
        await exchange.stream(200, [], pieces())

    answer = get(handler, cut=True)
    assert not answer.complete
    assert len(sent) < 20


@pytest.mark.parametrize(
    ("known", "status"), [('"a"', 304), ('"b", "a"', 304), ('W/"a"', 304), ("*", 304), ('"b"', 200), ('"aa"', 200), ("a", 200)]
)
def test_what_the_client_has_already(get: Get, known: str, status: int) -> None:
    async def handler(exchange: Exchange) -> None:
        if not await exchange.not_modified(b'"a"'):
            await exchange.answer(200, [(b"etag", b'"a"')], b"body")

    answer = get(handler, headers={"if-none-match": known})
    assert (answer.status, answer.body) == (status, b"body" if status == 200 else b"")


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        ("gzip", True),
        ("br, gzip;q=0.5", True),
        ("*", True),
        ("GZIP", True),
        ("", False),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip; q=0.0", False),
    ],
)
def test_gzip(get: Get, header: str, taken: bool) -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.answer_json(200, exchange.takes_gzip)

    assert json.loads(get(handler, headers={"accept-encoding": header}).body) is taken


@pytest.mark.parametrize(
    ("host", "base"),
    [
        ("pacs.example", "http://pacs.example/dicom-web"),
        ("[::1]:8080", "http://[::1]:8080/dicom-web"),
        ('evil"/><script>', "/dicom-web"),
        ("a b", "/dicom-web"),
        ("", "/dicom-web"),
    ],
)
def test_the_address_of_the_service(get: Get, host: str, base: str) -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.answer_json(200, exchange.base_url)

    assert json.loads(get(handler, headers={"host": host}).body) == base


def test_accept_in_the_query(get: Get) -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.answer_json(200, [item.name for item in exchange.accept])

    assert json.loads(get(handler, query="accept=image/png", headers={"accept": "image/jpeg"}).body) == ["image/png"]
    assert get(handler, query="a=%FF").status == 200
    assert get(handler, query="accept=%FF").status == 400
    assert get(handler, query="accept=x&" + "a=1&" * 300).status == 400
    assert get(handler, query="accept=" + "a" * 70_000).status == 400


def test_recent_bytes_forget_the_oldest() -> None:
    recent = RecentBytes(10)
    recent.keep("a", b"1234")
    recent.keep("b", b"1234")
    assert recent.find("a") == b"1234"
    recent.keep("c", b"1234")
    assert [recent.find(key) for key in "abc"] == [b"1234", None, b"1234"]
    recent.keep("d", b"x" * 11)
    assert recent.find("d") is None


def test_an_iterator_that_is_left_is_closed(executor: Executor) -> None:
    closed = []

    def numbers() -> Any:
        try:
            yield from range(10)
        finally:
            closed.append(True)

    async def run() -> None:
        pieces = Work(executor).each(numbers())
        assert await anext(pieces) == 0
        await pieces.aclose()  # type: ignore[attr-defined]

    asyncio.run(run())
    assert closed == [True]


def test_headers_that_come_twice() -> None:
    raw = [(b"accept", b"image/png"), (b"host", b"a"), (b"accept", b"image/jpeg;q=0.5")]
    assert joined_headers(raw) == {b"accept": b"image/png, image/jpeg;q=0.5", b"host": b"a"}
    assert joined_headers(raw[:2]) == {b"accept": b"image/png", b"host": b"a"}


@pytest.mark.parametrize("size", [1024, 1025, 200_000])
def test_a_long_text_goes_out_compressed_where_that_is_taken(get: Get, size: int) -> None:
    text = (b"0123456789" * (size // 10 + 1))[:size]

    async def handler(exchange: Exchange) -> None:
        await exchange.answer_text(200, [(b"vary", b"accept-encoding")], text)

    for accepted in ("gzip", "br, gzip;q=0.5", "identity", ""):
        answer = get(handler, headers={"accept-encoding": accepted} if accepted else {})
        compressed = size > 1024 and "gzip" in accepted
        assert answer.headers.get("content-encoding") == ("gzip" if compressed else None)
        assert (gzip.decompress(answer.body) if compressed else answer.body) == text
        assert answer.headers["vary"] == "accept-encoding"
        assert compressed == (len(answer.body) < size)
