"""Every route of every area, over its own route table: nothing without a credential, no change without the right and the intent."""

from __future__ import annotations

import asyncio
import json
import re

import pytest

from hounsfield.app import bootstrap, web
from hounsfield.app.settings import Settings
from hounsfield.model.origin import Role
from hounsfield.servers.dicomweb.application import DICOMWeb
from hounsfield.servers.dicomweb.routing import Route
from webapi_kit.server import add_people, settings_in, small_object, store

FILE = small_object("1.2.3", "1.2.3.1", "1.2.3.1.1", PatientName="Canaria^Serinus", PatientID="CANARY-1")
VARIABLES = {
    "study": "1.2.3",
    "series": "1.2.3.1",
    "instance": "1.2.3.1.1",
    "frame": "1",
    "frames": "1",
    "path...": "00281101",
    "code": "113001",
    "workitem": "1.2.9.1",
    "aetitle": "VIEWER",
    "requester": "VIEWER",
    "transaction": "1.2.9.2",
    "mpps": "1.2.9.3",
}
NOT_THERE = ("/workitems/", "/subscribers/", "/commitment-requests/", "/modality-performed-procedure-steps/")
"""Of the resources below these none is there in this site."""

QUERIES = {"/dicom-web/archive": b"studies=1.2.3"}
"""What a resource cannot be asked without."""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A worker's application, the routes of DICOMweb as they were handed to it, and credentials."""
    routes: list[Route] = []
    original = DICOMWeb.__init__

    def remember(self, given, *rest, **named):
        routes.extend(given)
        original(self, given, *rest, **named)

    settings = settings_in(tmp_path_factory.mktemp("guard"))
    bootstrap.prepare(settings)
    store(settings, FILE)
    add_people(settings)
    with bootstrap.access(settings) as parts:
        secrets = {role: parts.tokens.issue(f"a {role}", role)[0] for role in Role}
        session = parts.sessions.sign_in("ada", "correct horse battery", "192.0.2.7")
    DICOMWeb.__init__ = remember
    try:
        site = web.build(settings)
    finally:
        DICOMWeb.__init__ = original
    return site, routes, secrets, session


def _ask(site, method, path, headers=(), body=b"", host=b"pacs.example"):
    sent = []
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive():
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop()

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": QUERIES.get(path, b""),
        "root_path": "",
        "scheme": "http",
        "http_version": "1.1",
        "client": ("192.0.2.7", 1),
        "server": ("127.0.0.1", 80),
        "headers": [(b"host", host), *headers],
    }
    asyncio.run(site(scope, receive, send))
    return sent[0]["status"], dict(sent[0]["headers"]), b"".join(message.get("body", b"") for message in sent[1:])


def _paths(routes):
    for route in routes:
        yield route.method, "/dicom-web/" + re.sub(r"\{([^}]*)\}", lambda found: VARIABLES[found[1]], route.pattern)


def test_no_route_of_dicomweb_answers_without_a_credential(built):
    site, routes, _, _ = built
    assert len(routes) >= 20
    for method, path in _paths(routes):
        status, headers, body = _ask(site, method, path)
        assert status == 401, (method, path)
        assert b"www-authenticate" in headers
        assert b"Canaria" not in body
        assert b"1.2.3.1" not in body


def test_only_programs_are_offered_basic_because_a_browser_would_open_a_window_of_its_own(built):
    site, _, _, _ = built
    browser = [(b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64) Chrome/140")]
    for path in ("/dicom-web/studies", "/api/worklist"):
        assert b"basic" not in _ask(site, "GET", path, browser)[1][b"www-authenticate"].lower()
    assert b"Basic" in _ask(site, "GET", "/dicom-web/studies", [(b"user-agent", b"curl/8")])[1][b"www-authenticate"]


def test_every_route_of_dicomweb_reads_with_a_viewers_token(built):
    """The walk above proves something only if these very paths answer to those who may."""
    site, routes, secrets, _ = built
    for method, path in _paths(routes):
        if method == "GET" and "bulkdata" not in path and path != "/dicom-web/wado":
            status, _, body = _ask(site, method, path, [(b"authorization", b"Bearer " + secrets[Role.VIEWER].encode())])
            assert status in ((404, 426) if any(part in path for part in NOT_THERE) else (200,)), (method, path, body[:200])


def test_a_method_or_path_without_a_route_says_no_more_to_strangers(built):
    site, _, _, _ = built
    for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"):
        for path in ("/dicom-web", "/dicom-web/", "/dicom-web/nothing", "/dicom-web/studies/1.2.3", "/api/x"):
            assert _ask(site, method, path)[0] == 401, (method, path)


def test_storing_needs_an_editor(built):
    site, routes, secrets, _ = built
    viewer = [(b"authorization", b"Bearer " + secrets[Role.VIEWER].encode()), (b"content-type", b"application/dicom")]
    unsafe = [(method, path) for method, path in _paths(routes) if method != "GET"]
    assert unsafe
    for method, path in unsafe:
        assert _ask(site, method, path, viewer, FILE)[0] == 403, (method, path)


def test_storing_with_a_cookie_needs_the_csrf_token_and_our_own_page(built):
    site, routes, _, session = built
    cookie = (b"cookie", b"hounsfield_session=" + session.token.encode())
    token = (b"x-csrf-token", session.csrf_token.encode())
    elsewhere = (b"origin", b"https://evil.test")
    kind = (b"content-type", b"application/dicom")
    for method, path in _paths(routes):
        if method != "GET":
            assert _ask(site, method, path, [cookie, kind], FILE)[0] == 403
            assert _ask(site, method, path, [cookie, token, elsewhere, kind], FILE)[0] == 403
            # With everything in order it goes on to the archive, which is not running here.
            status, _, body = _ask(site, method, path, [cookie, token, kind], FILE)
            assert status not in (401, 403), body


def test_health_and_the_sign_in_page_are_all_that_strangers_get(built):
    site, _, _, _ = built
    assert _ask(site, "GET", "/health/live")[0] == 200
    body = _ask(site, "GET", "/health/ready")[2]
    assert set(json.loads(body)) == {"status", "components"}
    assert _ask(site, "GET", "/")[0] in (200, 503)
    assert _ask(site, "POST", "/api/session", [(b"content-type", b"application/json")], b"{}")[0] == 422


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "pacs.example"])
def test_open_access_is_refused_unless_we_listen_on_loopback_only(tmp_path, host):
    with pytest.raises(ValueError, match="open_access"):
        Settings(data_dir=tmp_path, open_access=True, host=host)


def test_open_access_answers_no_other_sites_page(tmp_path):
    settings = settings_in(tmp_path, open_access=True)
    assert bootstrap.prepare(settings) == ""
    site = web.build(settings)
    local, rebound = b"127.0.0.1:8080", b"rebound.evil.test:8080"
    for path in ("/dicom-web/studies", "/api/worklist"):
        assert _ask(site, "GET", path, host=local)[0] in (200, 204)
        assert _ask(site, "GET", path, host=rebound)[0] == 403
    blind = [(b"origin", b"https://evil.test"), (b"content-type", b"application/dicom")]
    assert _ask(site, "POST", "/dicom-web/studies", blind, FILE, host=local)[0] == 403
