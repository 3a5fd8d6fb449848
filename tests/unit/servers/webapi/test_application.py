"""The whole site: headers on every answer, limits, logs without patients, life and health."""

from __future__ import annotations

import asyncio
import json
import threading
import time

import pytest
import structlog

from hounsfield.servers.webapi import guarded, session_routes
from hounsfield.servers.webapi.application import Site
from hounsfield.servers.webapi.guarded import MAX_BODY_BYTES, MAX_STRANGERS_BODY_BYTES
from hounsfield.servers.webapi.health import Health, has_free_space

EVERYWHERE = [
    "/",
    "/index.html",
    "/studies/1.2.3",
    "/assets/index-BxY3_k9z.js",
    "/missing.js",
    "/health/live",
    "/health/ready",
    "/health/x",
    "/api/session",
    "/api/worklist",
    "/api/nothing",
    "/dicom-web/studies",
    "/dicom-web/raise",
    "/api",
    "/dicom-web",
    "//",
]


@pytest.mark.parametrize("path", EVERYWHERE)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "TRACE"])
def test_every_answer_carries_the_security_headers_once(house, path, method):
    for browser in (house.browser(), house.browser("vera")):
        headers = browser.send(method, path).headers
        for name in ("content-security-policy", "x-content-type-options", "referrer-policy", "permissions-policy"):
            assert len(headers.get_list(name)) == 1, name
        assert headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in headers
        assert "strict-transport-security" not in headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "base-uri 'none'" in policy


def test_pages_run_only_our_scripts_and_data_runs_none(house):
    page = house.browser().get("/").headers["content-security-policy"]
    assert page == (
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; img-src 'self' data: blob:; "
        "style-src-elem 'self'; style-src-attr 'unsafe-inline'; font-src 'self'; manifest-src 'self'; "
        "base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    )
    for path in ("/api/session", "/dicom-web/studies"):
        data = house.browser().get(path).headers["content-security-policy"]
        assert "script-src" not in data
        assert "sandbox" in data


def test_over_https_only_https(house):
    for path in ("/", "/api/session", "/dicom-web/studies"):
        headers = house.browser(base_url="https://pacs.example").get(path).headers
        assert headers["strict-transport-security"] == "max-age=31536000"


def test_what_dicomweb_says_itself_is_kept(house):
    assert house.browser().get("/dicom-web/studies").headers.get_list("cache-control") == ["private, no-cache"]


def test_answers_of_the_api_are_never_stored(house):
    for path in ("/api/session", "/api/worklist", "/api/nothing", "/api/openapi.json"):
        for browser in (house.browser(), house.browser("vera")):
            assert browser.get(path).headers.get_list("cache-control") == ["no-store"]


def _large_bodies(limit_bytes):
    async def dripping():
        for _ in range(limit_bytes // 4096 + 2):
            yield b"x" * 4096

    return b"x" * (limit_bytes + 1), dripping()


def test_a_large_body_is_refused_whether_announced_or_not(house):
    for content in _large_bodies(MAX_STRANGERS_BODY_BYTES):
        response = house.browser().send("POST", "/api/session", content=content)
        assert (response.status_code, response.json()["error"]["code"]) == (413, "body-too-large")
    browser = house.browser("vera")
    for content in _large_bodies(MAX_BODY_BYTES):
        assert browser.change("POST", "/api/session/password", content=content).status_code == 413
    for lie in ("99999999999999999999999", "-1", "1e9", "x"):
        assert house.browser().send("POST", "/api/session", headers={"Content-Length": lie}, content=b"{}").status_code == 413


def test_a_queue_of_sign_ins_keeps_nobody_else_waiting(house):
    """With every turn taken, sign-ins wait in threads of their own, and those beyond the queue are told to come back."""

    async def ask(method, path, headers=(), body=b""):
        sent = []
        waiting = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive():
            return waiting.pop()

        async def send(message):
            sent.append(message)

        await house.site(_scope(method, path, headers), receive, send)
        return sent[0]["status"]

    async def flood():
        json_type = [(b"content-type", b"application/json")]
        body = json.dumps({"username": "vera", "password": house.access.password}).encode()
        sign_ins = [asyncio.create_task(ask("POST", "/api/session", json_type, body)) for _ in range(session_routes.MAX_WAITING + 50)]
        beyond = await asyncio.wait_for(sign_ins[-1], 20)
        assert beyond == 503
        statuses = [await ask("GET", "/api/worklist", cookie) for _ in range(5)]
        release.set()
        return statuses, [await one for one in sign_ins]

    cookie = [(b"cookie", b"hounsfield_session=" + house.browser("vera").cookies["hounsfield_session"].encode())]
    release = threading.Event()
    hasher = house.access.accounts._hasher
    matches = hasher.matches
    hasher.matches = lambda *given: release.wait(30) and matches(*given)
    others, sign_ins = asyncio.run(flood())
    assert others == [200] * 5
    assert sign_ins.count(503) == 50
    assert sign_ins.count(200) == session_routes.MAX_WAITING


def _run(application, scope, messages):
    """The answers of an ASGI application to the given messages; after these nothing more ever arrives."""
    sent = []
    waiting = list(messages)

    async def receive():
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop(0)

    async def send(message):
        sent.append(message)

    asyncio.run(application(scope, receive, send))
    return sent


def _scope(method="GET", path="/", headers=()):
    return {
        "type": "http",
        "method": method,
        "path": path,
        "headers": list(headers),
        "query_string": b"",
        "scheme": "http",
        "client": ("192.0.2.7", 1),
        "root_path": "",
    }


def test_a_body_that_never_ends_is_not_waited_for(house, monkeypatch):
    monkeypatch.setattr(guarded, "BODY_DEADLINE_S", 0.05)
    sent = _run(house.site, _scope("POST", "/api/session"), [{"type": "http.request", "body": b"{", "more_body": True}])
    assert sent[0]["status"] == 408


def test_nobody_is_answered_who_is_gone(house):
    assert _run(house.site, _scope("POST", "/api/session"), [{"type": "http.disconnect"}]) == []


def test_the_body_of_a_stranger_is_not_even_read(house):
    sent = _run(house.site, _scope("POST", "/api/session/password"), [])
    assert sent[0]["status"] == 401


def test_an_unknown_error_is_500_without_its_words_and_is_logged_without_them(house):
    browser = house.browser("vera")
    house.worklist.failure = KeyError("Canaria^Serinus")
    with structlog.testing.capture_logs() as logs:
        api, dicomweb = browser.get("/api/worklist?q=Serinus"), browser.get("/dicom-web/raise")
    for response in (api, dicomweb):
        assert (response.status_code, response.json()["error"]["code"]) == (500, "internal-error")
        assert "Canaria" not in response.text
    failures = [entry for entry in logs if entry["event"] == "request-failed"]
    assert [entry["error"] for entry in failures] == ["KeyError", "RuntimeError"]
    assert any("page" in place for place in failures[0]["places"])
    assert "Canaria" not in json.dumps(logs)
    assert "Serinus" not in json.dumps(logs)


def test_an_answer_that_fails_half_way_is_never_made_to_look_whole(house):
    sent = _run(house.site, _scope(path="/dicom-web/half"), [])
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[-1]["more_body"] is True


def test_requests_are_logged_by_route_never_by_what_they_ask(house):
    browser = house.browser("vera")
    with structlog.testing.capture_logs() as logs:
        browser.get("/api/worklist?q=Serinus&patient_name=Canaria")
        browser.get("/api/studies/1.2.840.1")
        browser.get("/api/Canaria")
        browser.get("/dicom-web/studies?PatientName=Canaria")
        browser.get("/Canaria")
        browser.sign_in("Canaria", "Serinus Serinus")
        browser.send("CANARIA-", "/api/worklist")
    assert [(entry["event"], entry["method"], entry["route"], entry["status"]) for entry in logs] == [
        ("request", "GET", "/api/worklist", 200),
        ("request", "GET", "/api/studies/{study_uid}", 200),
        ("request", "GET", "/api", 404),
        ("request", "POST", "/api/session", 401),
        ("request", "?", "/api", 403),
    ]
    assert all(entry["ms"] >= 0 for entry in logs)
    text = json.dumps(logs)
    for word in ("Canaria", "Serinus", "CANARY", "1.2.840.1"):
        assert word not in text


def test_startup_and_shutdown_run_their_steps(house):
    steps = []
    site = Site(
        api=house.site,
        dicomweb=house.site,
        static=house.site,
        health=house.site,
        on_startup=[lambda: steps.append("up")],
        on_shutdown=[lambda: steps.append("down")],
    )
    sent = _run(site, {"type": "lifespan"}, [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
    assert steps == ["up", "down"]
    assert [message["type"] for message in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_a_failed_startup_is_told_without_details(house):
    def fail():
        raise RuntimeError("Canaria")

    site = Site(api=house.site, dicomweb=house.site, static=house.site, health=house.site, on_startup=[fail])
    assert _run(site, {"type": "lifespan"}, [{"type": "lifespan.startup"}]) == [
        {"type": "lifespan.startup.failed", "message": "RuntimeError"}
    ]


def test_web_sockets_are_closed(house):
    assert _run(house.site, {"type": "websocket", "path": "/api/x"}, []) == [{"type": "websocket.close", "code": 1008}]


def test_a_path_that_only_resembles_the_api_is_the_app(house):
    for path in ("/apis", "/API/session", "/x/api/worklist", "/dicom-webx"):
        assert house.browser().get(path).text.startswith("<!doctype html>")


def test_health_needs_no_credential_and_says_no_more_than_names(house):
    assert house.browser().get("/health/live").json() == {"status": "live"}
    ready = house.browser().get("/health/ready")
    assert (ready.status_code, ready.json()) == (200, {"status": "ready", "components": {"index": "ok"}})
    assert ready.headers["cache-control"] == "no-store"
    assert house.browser().get("/health").status_code == 404
    assert house.browser().send("POST", "/health/live").status_code == 405


def _ask(health, path="/health/ready"):
    sent = _run(health, _scope(path=path), [])
    return sent[0]["status"], json.loads(sent[1]["body"])


def _raise():
    raise OSError("/var/lib/secret/path")


def test_a_failing_component_is_named_and_nothing_else(tmp_path):
    health = Health({"index": lambda: True, "archive": _raise, "disk": has_free_space(tmp_path, 1 << 60)})
    status, document = _ask(health)
    assert (status, document) == (503, {"status": "not ready", "components": {"index": "ok", "archive": "failing", "disk": "failing"}})
    assert _ask(health, "/health/live")[0] == 200
    health.close()


def test_disk_space_above_the_threshold_is_ready(tmp_path):
    assert _ask(Health({"disk": has_free_space(tmp_path, 1)}))[0] == 200
    assert _ask(Health({"disk": has_free_space(tmp_path / "missing", 1)}))[0] == 503


def test_a_component_that_hangs_is_failing_soon_and_costs_one_thread():
    release = threading.Event()
    calls = []

    def hang():
        calls.append(1)
        return release.wait(20)

    health = Health({"archive": hang, "index": lambda: True}, fresh_s=0, patience_s=0.05)
    began = time.monotonic()
    for _ in range(5):
        assert _ask(health)[1]["components"] == {"archive": "failing", "index": "ok"}
    assert time.monotonic() - began < 5
    assert len(calls) == 1
    release.set()
    deadline = time.monotonic() + 5
    while _ask(health)[0] != 200:
        assert time.monotonic() < deadline
    health.close()


def test_components_are_not_asked_at_every_request():
    calls = []
    health = Health({"index": lambda: calls.append(1) is None}, fresh_s=60)
    for _ in range(10):
        assert _ask(health)[0] == 200
    assert len(calls) == 1


def test_a_component_that_heals_is_ready_again():
    works = [False]
    health = Health({"index": lambda: works[0]}, fresh_s=0)
    assert _ask(health)[0] == 503
    works[0] = True
    assert _ask(health)[0] == 200
