"""Nothing without a credential, nothing beyond one's role: over the route table itself, so that a new route cannot be forgotten."""

from __future__ import annotations

import re

import pytest
from fastapi.routing import APIRoute

from hounsfield.servers.webapi.api import create_routes
from hounsfield.servers.webapi.guarded import OPEN

UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}


def _requests(house):
    """(method, route template, path) of every route there is."""
    found = []
    for route in create_routes(house.parts).routes:
        path = re.sub(r"\{[^}]*\}", "1.2.840.1", route.path)
        found += [(method, route.path, path) for method in sorted(route.methods or ())]
    return found


def _all_but_sign_in(house):
    return [request for request in _requests(house) if (request[0], request[1]) not in OPEN]


def test_the_walk_sees_the_contract(house):
    walked = {(method, template) for method, template, _ in _requests(house)}
    assert walked >= {
        ("GET", "/api/session"),
        ("POST", "/api/session"),
        ("DELETE", "/api/session"),
        ("POST", "/api/session/password"),
        ("GET", "/api/worklist"),
        ("GET", "/api/studies/{study_uid}"),
        ("DELETE", "/api/studies/{study_uid}"),
        ("GET", "/api/status"),
        ("GET", "/api/callers"),
        ("POST", "/api/callers/{ae_title:path}/accept"),
        ("DELETE", "/api/callers/{ae_title:path}"),
        ("GET", "/api/conflicts"),
        ("GET", "/api/peers"),
        ("PUT", "/api/peers/{ae_title:path}"),
        ("DELETE", "/api/peers/{ae_title:path}"),
        ("POST", "/api/peers/{ae_title:path}/echo"),
        ("GET", "/api/openapi.json"),
    }
    assert all(isinstance(route, APIRoute) or route.path == "/api/openapi.json" for route in create_routes(house.parts).routes)


def test_every_route_without_a_credential_is_401(house):
    browser = house.browser()
    for method, _, path in _all_but_sign_in(house):
        response = browser.send(method, path, json={"reason": "x"} if method != "GET" else None)
        assert response.status_code == 401, (method, path)
        assert method == "HEAD" or response.json()["error"]["code"] == "not-signed-in"
        assert response.headers["www-authenticate"].startswith("Bearer")
    assert house.worklist.asked == house.worklist.deleted == []


def test_what_does_not_exist_is_401_too(house):
    for path in ("/api", "/api/", "/api/nothing", "/api/docs", "/api/session/", "/api//worklist", "/api/../api/worklist"):
        assert house.browser().get(path).status_code == 401, path
    assert house.browser("vera").get("/api/nothing").status_code == 404


@pytest.mark.parametrize(
    "authorization",
    ["Bearer hsf_" + "A" * 43, "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.", "Basic YWRtaW46YWRtaW4=", "Bearer null", "Token x"],
)
def test_every_route_with_a_bad_credential_is_401(house, authorization):
    for method, _, path in _all_but_sign_in(house):
        assert house.browser().send(method, path, headers={"Authorization": authorization}).status_code == 401, (method, path)


def test_every_change_with_a_cookie_but_without_the_csrf_token_is_403(house):
    browser = house.browser("ada")
    unsafe = [(method, path) for method, _, path in _all_but_sign_in(house) if method in UNSAFE]
    assert len(unsafe) >= 5
    for method, path in unsafe:
        response = browser.send(method, path, json={"reason": "x"})
        assert (response.status_code, response.json()["error"]["code"]) == (403, "access-denied"), (method, path)
    assert house.worklist.deleted == []
    assert browser.get("/api/session").status_code == 200


def test_every_change_from_another_site_is_403(house):
    browser = house.browser("ada")
    for method, _, path in _requests(house):
        if method in UNSAFE:
            headers = {"X-CSRF-Token": browser.csrf_token, "Origin": "https://evil.test"}
            body = {"username": "ada", "password": house.access.password}
            assert browser.send(method, path, headers=headers, json=body).status_code == 403, (method, path)


def test_a_viewer_changes_nothing_of_the_site(house):
    browser = house.browser("vera")
    own = {"/api/session", "/api/session/password"}
    for method, template, path in _requests(house):
        if method in UNSAFE and template not in own:
            response = browser.change(method, path, json={"reason": "by mistake"})
            assert response.status_code == 403, (method, path)
    assert house.worklist.deleted == []
    assert house.access.callers.known() == []


def test_an_editor_deletes_but_does_not_administer(house):
    browser = house.browser("edgar")
    assert browser.change("DELETE", "/api/studies/1.2.840.1", json={"reason": "wrong patient"}).status_code == 204
    [(origin, study, reason)] = house.worklist.deleted
    assert (origin.principal.name, origin.host, study, reason) == ("edgar", "192.0.2.7", "1.2.840.1", "wrong patient")
    assert browser.change("POST", "/api/callers/CT1/accept").status_code == 403


def test_tokens_have_roles_too(house):
    for role, status in (("viewer", 403), ("editor", 204)):
        secret, _ = house.access.tokens.issue(f"a {role}", _role(role))
        headers = {"Authorization": f"Bearer {secret}"}
        response = house.browser().send("DELETE", "/api/studies/1.2.840.1", headers=headers, json={"reason": "x"})
        assert response.status_code == status
        basic = house.browser().send("GET", "/api/worklist", headers={"Authorization": _basic("anyone", secret)})
        assert basic.status_code == 200


def test_basic_with_an_accounts_password_is_not_taken(house):
    headers = {"Authorization": _basic("ada", house.access.password)}
    assert house.browser().get("/api/worklist", headers=headers).status_code == 401


def test_the_openapi_document_names_every_route_for_those_signed_in(house):
    document = house.browser("vera").get("/api/openapi.json").json()
    described = {template.replace(":path", "") for _, template, _ in _requests(house)} - {"/api/openapi.json"}
    assert set(document["paths"]) == described
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            success = [status for status in operation["responses"] if status.startswith("2")]
            assert success == ["204"] or operation["responses"]["200"]["content"]["application/json"]["schema"], (path, method)


def _role(name):
    from hounsfield.model.origin import Role

    return Role(name)


def _basic(user, password):
    import base64

    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
