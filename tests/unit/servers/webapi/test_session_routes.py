"""Sign in, sign out, change one's password, as a browser does."""

from __future__ import annotations

from http.cookies import SimpleCookie

import pytest

from hounsfield.servers.webapi.api import create_api
from hounsfield.servers.webapi.application import Site
from hounsfield.servers.webapi.parts import Parts, SiteFacts
from hounsfield.services.guard import OpenAccess


def _cookie(response):
    return SimpleCookie(response.headers["set-cookie"])["hounsfield_session"]


def test_signing_in_gives_a_session_that_scripts_cannot_read(house):
    browser = house.browser()
    response = browser.sign_in("Edgar", house.access.password)
    assert response.status_code == 200
    answer = response.json()
    assert answer["user"] == {"name": "edgar", "role": "editor"}
    assert answer["open_access"] is False
    cookie = _cookie(response)
    assert (cookie["httponly"], cookie["samesite"].lower(), cookie["path"], cookie["secure"]) == (True, "strict", "/", "")
    assert cookie["domain"] == cookie["max-age"] == cookie["expires"] == ""
    assert cookie.value not in response.text
    assert response.headers["cache-control"] == "no-store"
    again = browser.get("/api/session")
    assert (again.status_code, again.json()) == (200, answer)


def test_over_https_the_cookie_is_secure(house):
    assert _cookie(house.browser(base_url="https://pacs.example").sign_in("vera", house.access.password))["secure"] is True
    proxied = house.browser().send(
        "POST", "/api/session", json={"username": "vera", "password": house.access.password}, headers={"X-Forwarded-Proto": "https"}
    )
    assert _cookie(proxied)["secure"] is True


def test_a_planted_session_is_not_kept(house):
    """Session fixation: whatever the browser held before a sign-in is worth nothing after it."""
    attacker = house.browser("vera")
    planted = attacker.cookies["hounsfield_session"]
    victim = house.browser()
    victim.cookies.set("hounsfield_session", planted, domain="pacs.example", path="/")
    response = victim.sign_in("edgar", house.access.password)
    assert response.status_code == 200
    assert _cookie(response).value != planted
    assert attacker.get("/api/session").status_code == 401


@pytest.mark.parametrize("made_up", ["A" * 43, "", "x", "%00", "A" * 3000])
def test_a_made_up_cookie_is_no_session(house, made_up):
    browser = house.browser()
    response = browser.send("GET", "/api/session", headers={"Cookie": f"hounsfield_session={made_up}"})
    assert response.status_code == 401


def test_wrong_name_and_wrong_password_look_alike(house):
    browser = house.browser()
    wrong_password = browser.sign_in("vera", "wrong horse battery")
    wrong_name = browser.sign_in("nobody", house.access.password)
    assert wrong_password.status_code == wrong_name.status_code == 401
    assert wrong_password.content == wrong_name.content
    assert "set-cookie" not in wrong_password.headers


def test_guessing_is_slowed_down_with_429(house):
    browser = house.browser()
    codes = [browser.sign_in("vera", "wrong horse battery").status_code for _ in range(4)]
    assert codes == [401, 401, 401, 429]
    response = browser.sign_in("vera", house.access.password)
    assert response.status_code == 429
    assert response.json()["error"]["code"] == "too-many-attempts"
    assert int(response.headers["retry-after"]) >= 1


def test_signing_out_ends_the_session_at_once(house):
    browser = house.browser("vera")
    stolen = dict(browser.cookies)
    assert browser.get("/api/worklist").status_code == 200
    response = browser.change("DELETE", "/api/session")
    assert response.status_code == 204
    assert _cookie(response)["max-age"] == "0"
    thief = house.browser()
    thief.cookies.update(stolen)
    assert thief.get("/api/worklist").status_code == 401


def test_expired_sessions_are_refused(house):
    browser = house.browser("vera")
    assert browser.get("/api/worklist").status_code == 200
    house.access.clock.advance(30 * 60)
    assert browser.get("/api/worklist").status_code == 401


def test_changing_the_password_ends_other_sessions_at_once(house):
    here, elsewhere = house.browser("vera"), house.browser("vera")
    assert elsewhere.get("/api/session").status_code == 200
    body = {"current": house.access.password, "new": "a wholly new password"}
    assert here.change("POST", "/api/session/password", json=body).status_code == 204
    assert here.get("/api/session").status_code == 200
    assert elsewhere.get("/api/session").status_code == 401
    assert house.browser().sign_in("vera", house.access.password).status_code == 401
    assert house.browser().sign_in("vera", "a wholly new password").status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"current": "wrong horse battery", "new": "a wholly new password"}, 403, "access-denied"),
        ({"current": "correct horse battery", "new": "short"}, 400, "weak-password"),
        ({"current": "correct horse battery"}, 422, "invalid-request"),
        ({"current": "correct horse battery", "new": ["x"]}, 422, "invalid-request"),
    ],
)
def test_a_refused_change_of_password(house, body, status, code):
    browser = house.browser("vera")
    response = browser.change("POST", "/api/session/password", json=body)
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)
    assert browser.get("/api/session").status_code == 200


def test_a_token_has_no_password_to_change(house):
    from hounsfield.model.origin import Role

    secret, _ = house.access.tokens.issue("box", Role.ADMINISTRATOR)
    response = house.browser().send(
        "POST",
        "/api/session/password",
        headers={"Authorization": f"Bearer {secret}"},
        json={"current": house.access.password, "new": "a wholly new password"},
    )
    assert response.status_code == 401


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b'{"username":"vera","password":"correct horse battery"}', "text/plain"),
        (b'{"username":"vera","password":"correct horse battery"}', ""),
        (b"username=vera&password=correct+horse+battery", "application/x-www-form-urlencoded"),
        (b"{", "application/json"),
        (b"\xff\xfe", "application/json"),
        (b'{"username":"vera\\ud800","password":"x"}', "application/json"),
        (b'{"username":"vera","password":"x","role":"administrator"}', "application/json"),
        (b'{"username":' + b"[" * 8_000 + b"]" * 8_000 + b',"password":"x"}', "application/json"),
    ],
)
def test_a_form_of_another_site_or_broken_json_signs_nobody_in(house, content, content_type):
    response = house.browser().send("POST", "/api/session", content=content, headers={"Content-Type": content_type})
    assert response.status_code in (400, 422)
    assert response.json()["error"]["code"] in ("bad-request", "invalid-request")
    assert "set-cookie" not in response.headers


def test_what_was_sent_is_not_repeated_in_a_refusal(house):
    response = house.browser().send("POST", "/api/session", json={"username": "vera", "password": {"s3cret": 1}})
    assert response.status_code == 422
    assert "s3cret" not in response.text


def test_a_user_name_with_line_breaks_makes_no_header_and_no_cookie(house):
    response = house.browser().sign_in("vera\r\nSet-Cookie: a=b", house.access.password)
    assert response.status_code == 401
    assert "set-cookie" not in response.headers


def test_open_access_has_a_session_without_signing_in(house):
    parts = house.parts
    facts = SiteFacts("HOUNSFIELD", "127.0.0.1", 11112, 8080, "0.1.0", open_access=True)
    opened = Parts(OpenAccess(), parts.sessions, parts.callers, parts.worklist, parts.delete_study, facts, parts.peers, parts.echo)
    house.site = Site(api=create_api(opened), dicomweb=house.site, static=house.site, health=house.site)
    browser = house.browser(base_url="http://localhost:8080")
    answer = browser.get("/api/session").json()
    assert answer["open_access"] is True
    assert answer["user"] == {"name": "open-access", "role": "administrator"}
    assert browser.sign_in("x", "y").json() == answer
    assert browser.change("DELETE", "/api/studies/1.2.840.1", json={"reason": "x"}).status_code == 204
    assert house.browser(base_url="http://rebound.evil.test:8080").get("/api/worklist").status_code == 403
    assert browser.send("DELETE", "/api/studies/1.2.840.1", headers={"Origin": "http://evil.test"}).status_code == 403
