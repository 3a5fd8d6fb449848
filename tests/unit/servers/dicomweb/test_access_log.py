"""One event a request, without what was searched for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from typing import Any

import pytest
from structlog.testing import capture_logs

from hounsfield.model.errors import DamagedObject
from hounsfield.servers.dicomweb.application import DICOMWeb
from hounsfield.servers.dicomweb.exchange import Exchange
from hounsfield.servers.dicomweb.routing import Route

Call = Callable[..., Any]


async def search(exchange: Exchange) -> None:
    await exchange.answer_json(200, list(exchange.parameters))


async def frames(exchange: Exchange) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"123"
        yield b"45"

    await exchange.stream(200, [], pieces())  # type: ignore[arg-type]


async def breaking(exchange: Exchange) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"123"
        raise DamagedObject("damaged")

    await exchange.stream(200, [], pieces())  # type: ignore[arg-type]


ROUTES = [
    Route("GET", "studies", search),
    Route("GET", "studies/{study}/series/{series}/instances/{instance}/frames/{frames}", frames),
    Route("GET", "studies/{study}", breaking),
]


def _logged(call: Call, app: DICOMWeb, method: str, path: str, **more: Any) -> list[dict[str, Any]]:
    with capture_logs() as events:
        call(app, method, path, **more)
    return [dict(event) for event in events if event["event"] == "http.request"]


@pytest.fixture
def app(guard: Any, executor: Executor) -> DICOMWeb:
    return DICOMWeb(ROUTES, guard, executor, access_log=True)


def test_what_it_says(call: Call, app: DICOMWeb) -> None:
    (event,) = _logged(call, app, "GET", "/dicom-web/studies", query="PatientName=Canary^Jane&PatientID=CANARY-7&PatientBirthDate=19500101")
    took = event.pop("ms")
    assert took >= 0
    size = event.pop("bytes")
    assert size > 20
    assert event == {
        "event": "http.request",
        "log_level": "info",
        "method": "GET",
        "route": "/dicom-web/studies",
        "status": 200,
        "whole": True,
        "principal": "editor",
        "client": "192.0.2.7",
    }


def test_resources_by_their_pattern_and_uids(call: Call, app: DICOMWeb) -> None:
    (event,) = _logged(call, app, "GET", "/dicom-web/studies/1.2/series/1.3/instances/1.4/frames/1")
    assert event["route"] == "/dicom-web/studies/{study}/series/{series}/instances/{instance}/frames/{frames}"
    assert (event["study"], event["series"], event["instance"], event["bytes"]) == ("1.2", "1.3", "1.4", 5)
    (event,) = _logged(call, app, "HEAD", "/dicom-web/studies", bodiless=True)
    assert (event["method"], event["bytes"]) == ("HEAD", 0)


@pytest.mark.parametrize(
    ("method", "path", "status", "route"),
    [
        ("GET", "/dicom-web/Canary^Jane", 404, ""),
        ("GET", "/dicom-web/studies/Canary^Jane/series/1/instances/1/frames/1", 400, None),
        ("CANARY-7", "/dicom-web/studies", 405, "/dicom-web/studies"),
    ],
)
def test_a_path_is_never_quoted(call: Call, app: DICOMWeb, method: str, path: str, status: int, route: str | None) -> None:
    (event,) = _logged(call, app, method, path)
    assert event["status"] == status
    assert route is None or event["route"] == route
    assert not any("canary" in str(value).lower() for value in event.values())


def test_who_was_not_let_in(call: Call, app: DICOMWeb) -> None:
    (event,) = _logged(call, app, "GET", "/dicom-web/studies", role="")
    assert (event["status"], event["principal"]) == (401, "nobody")


def test_an_answer_that_was_cut(call: Call, app: DICOMWeb) -> None:
    with capture_logs() as events, pytest.raises(DamagedObject):
        call(app, "GET", "/dicom-web/studies/1.2")
    (event,) = [event for event in events if event["event"] == "http.request"]
    assert (event["status"], event["bytes"], event["whole"]) == (200, 3, False)


def test_off_unless_asked_for(call: Call, guard: Any, executor: Executor) -> None:
    assert _logged(call, DICOMWeb(ROUTES, guard, executor), "GET", "/dicom-web/studies") == []
