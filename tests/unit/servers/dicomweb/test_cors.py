"""Pages of other origins."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

import pytest

from hounsfield.model.errors import StudyNotFound
from hounsfield.servers.dicomweb.application import DICOMWeb
from hounsfield.servers.dicomweb.cors import Cors
from hounsfield.servers.dicomweb.exchange import Exchange
from hounsfield.servers.dicomweb.routing import Route

VIEWER = "https://viewer.example"
ASKING = {"origin": VIEWER, "access-control-request-method": "GET", "access-control-request-headers": "authorization"}

Call = Callable[..., Any]


async def found(exchange: Exchange) -> None:
    await exchange.answer_json(200, [])


async def failing(exchange: Exchange) -> None:
    raise StudyNotFound("no study")


@pytest.fixture
def app_for(guard: Any, executor: Executor) -> Callable[..., DICOMWeb]:
    routes = [Route("GET", "studies", found), Route("POST", "studies", found), Route("GET", "series", failing)]
    return lambda *origins: DICOMWeb(routes, guard, executor, cors=Cors(frozenset(origins)))


def _of_cors(answer: Any) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control")}


def test_none_by_default(call: Call, app_for: Callable[..., DICOMWeb]) -> None:
    app = app_for()
    for method in ("GET", "OPTIONS"):
        answer = call(app, method, "/dicom-web/studies", headers=ASKING)
        assert _of_cors(answer) == {}
    assert call(app, "OPTIONS", "/dicom-web/studies", headers=ASKING, role="").status == 401
    assert "origin" not in call(app, "GET", "/dicom-web/studies", headers=ASKING).headers.get("vary", "")


def test_a_preflight_request_needs_no_credential(call: Call, app_for: Callable[..., DICOMWeb]) -> None:
    answer = call(app_for(VIEWER), "OPTIONS", "/dicom-web/studies", headers=ASKING, role="")
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == VIEWER
    assert answer.headers["access-control-allow-methods"] == "GET, HEAD, OPTIONS, POST"
    assert "authorization" in answer.headers["access-control-allow-headers"]
    assert answer.headers["vary"] == "origin"
    assert call(app_for(VIEWER), "OPTIONS", "/dicom-web/nothing", headers=ASKING, role="").status == 204


def test_the_answer_itself(call: Call, app_for: Callable[..., DICOMWeb]) -> None:
    app = app_for(VIEWER)
    for path, role, status in (("studies", "viewer", 200), ("series", "viewer", 404), ("nothing", "viewer", 404), ("studies", "", 401)):
        answer = call(app, "GET", f"/dicom-web/{path}", headers={"origin": VIEWER}, role=role)
        assert answer.status == status
        assert answer.headers["access-control-allow-origin"] == VIEWER, "a page must be able to read what went wrong"
        assert "warning" in answer.headers["access-control-expose-headers"]
        assert answer.headers["vary"] == "origin"
    assert call(app, "GET", "/dicom-web/studies").headers["vary"] == "origin", "a cache must not give it to the other page"


@pytest.mark.parametrize("origin", ["https://viewer.example.evil", "http://viewer.example", "https://viewer.example:8443", "null", "*", ""])
def test_other_origins(call: Call, app_for: Callable[..., DICOMWeb], origin: str) -> None:
    app = app_for(VIEWER)
    assert _of_cors(call(app, "GET", "/dicom-web/studies", headers={"origin": origin})) == {}
    refused = call(app, "OPTIONS", "/dicom-web/studies", headers={**ASKING, "origin": origin}, role="")
    assert (refused.status, _of_cors(refused)) == (401, {})


@pytest.mark.parametrize("origins", [("*",), (VIEWER,), ("*", VIEWER)])
def test_what_a_browser_attaches_by_itself_is_never_allowed(call: Call, app_for: Callable[..., DICOMWeb], origins: tuple[str, ...]) -> None:
    app = app_for(*origins)
    for method in ("GET", "OPTIONS"):
        answer = call(app, method, "/dicom-web/studies", headers=ASKING)
        assert answer.headers["access-control-allow-origin"] == ("*" if "*" in origins else VIEWER)
        assert "access-control-allow-credentials" not in answer.headers


def test_options_without_a_preflight_describe(call: Call, app_for: Callable[..., DICOMWeb]) -> None:
    answer = call(app_for(VIEWER), "OPTIONS", "/dicom-web/studies", headers={"origin": VIEWER})
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, VIEWER)
    assert call(app_for(VIEWER), "OPTIONS", "/dicom-web/studies", headers={"origin": VIEWER}, role="").status == 401
