"""The judge of each request."""

from __future__ import annotations

import base64

import pytest

from hounsfield.model.errors import AccessDenied, NotSignedIn
from hounsfield.model.origin import Role
from hounsfield.services.guard import OpenAccess

HOST = "192.0.2.7"
UNSAFE = ("POST", "PUT", "PATCH", "DELETE", "BREW")


def _cookie(token: str, *more: tuple[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    return [(b"host", b"pacs.example:8080"), (b"cookie", b"theme=dark; hounsfield_session=" + token.encode() + b"; x=y"), *more]


def _bearer(secret: str) -> list[tuple[bytes, bytes]]:
    return [(b"host", b"pacs.example"), (b"authorization", b"Bearer " + secret.encode())]


def _basic(user: str, password: str, *more: tuple[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    return [(b"host", b"pacs.example"), (b"authorization", b"Basic " + base64.b64encode(f"{user}:{password}".encode())), *more]


def _judge(guard, headers, method="GET"):
    """Both ways must agree: what is recalled is what would be judged."""
    judged = guard.authenticate(headers, method, HOST)
    assert guard.recall(headers, method) == judged
    return judged


@pytest.fixture
def signed_in(access):
    return access.sessions.sign_in("edgar", access.password, HOST)


@pytest.fixture
def token(access):
    secret, _ = access.tokens.issue("ct-1", Role.VIEWER)
    return secret


def test_a_session_cookie_is_the_account(access, signed_in):
    principal = _judge(access.guard, _cookie(signed_in.token))
    assert (principal.name, principal.role) == ("edgar", Role.EDITOR)


def test_a_token_is_taken_as_bearer_and_as_password_of_basic(access, token):
    for headers in (_bearer(token), _basic("anyone", token), _basic("", token)):
        principal = _judge(access.guard, headers)
        assert (principal.name, principal.role) == ("ct-1", Role.VIEWER)
    assert _judge(access.guard, [(b"authorization", b"bEARER  " + token.encode() + b" ")]).name == "ct-1"


def test_the_password_of_an_account_is_not_taken_by_basic(access):
    with pytest.raises(NotSignedIn):
        access.guard.authenticate(_basic("edgar", access.password), "GET", HOST)


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"authorization", b"")],
        [(b"authorization", b"Bearer")],
        [(b"authorization", b"Bearer hsf_")],
        [(b"authorization", b"Bearer hsf_" + b"A" * 43)],
        [(b"authorization", b"Bearer hsf_" + b"A" * 43 + b"\n")],
        [(b"authorization", b"Bearer " + b"\xff" * 47)],
        [(b"authorization", b"Basic !!!")],
        [(b"authorization", b"Basic " + base64.b64encode(b"no colon"))],
        [(b"authorization", b"Basic \xff\xfe")],
        [(b"authorization", b"Digest username=x")],
        [(b"authorization", b"A" * 100_000)],
        [(b"cookie", b"hounsfield_session=")],
        [(b"cookie", b"hounsfield_session=" + b"A" * 43)],
        [(b"cookie", b"hounsfield_session=" + b"A" * 100_000)],
        [(b"cookie", b"HOUNSFIELD_SESSION=abc; xhounsfield_session=abc; ; =;")],
    ],
)
def test_no_credential_or_a_bad_one_is_not_signed_in(access, headers):
    assert access.guard.recall(headers, "GET") is None
    with pytest.raises(NotSignedIn):
        access.guard.authenticate(headers, "GET", HOST)


def test_a_credential_that_comes_twice_is_refused(access, signed_in, token):
    twice = [
        [*_cookie(signed_in.token), (b"cookie", b"hounsfield_session=" + b"A" * 43)],
        [(b"cookie", b"hounsfield_session=" + b"A" * 43 + b"; hounsfield_session=" + signed_in.token.encode())],
        [*_bearer(token), (b"authorization", b"Bearer hsf_" + b"A" * 43)],
    ]
    access.guard.authenticate(_cookie(signed_in.token), "GET", HOST)
    access.guard.authenticate(_bearer(token), "GET", HOST)
    for headers in twice:
        assert access.guard.recall(headers, "GET") is None
        with pytest.raises(NotSignedIn):
            access.guard.authenticate(headers, "GET", HOST)


def test_a_bad_authorization_is_not_made_good_by_a_cookie(access, signed_in):
    headers = _cookie(signed_in.token, (b"authorization", b"Bearer hsf_" + b"A" * 43))
    with pytest.raises(NotSignedIn):
        access.guard.authenticate(headers, "GET", HOST)


@pytest.mark.parametrize("method", UNSAFE)
def test_with_a_cookie_a_change_needs_the_csrf_token(access, signed_in, method):
    access.guard.authenticate(_cookie(signed_in.token), "GET", HOST)  # remembered by now: the check must hold there too
    other = access.sessions.sign_in("edgar", access.password, HOST).csrf_token
    for more in ((), ((b"x-csrf-token", b""),), ((b"x-csrf-token", b"x"),), ((b"x-csrf-token", other.encode()),)):
        headers = _cookie(signed_in.token, *more)
        assert access.guard.recall(headers, method) is None
        with pytest.raises(AccessDenied) as refused:
            access.guard.authenticate(headers, method, HOST)
        assert not isinstance(refused.value, NotSignedIn)
    good = _cookie(signed_in.token, (b"x-csrf-token", signed_in.csrf_token.encode()))
    assert _judge(access.guard, good, method).name == "edgar"


@pytest.mark.parametrize(
    ("sent", "allowed"),
    [
        ([(b"sec-fetch-site", b"same-origin")], True),
        ([(b"sec-fetch-site", b"none")], True),
        ([(b"sec-fetch-site", b"same-site")], False),
        ([(b"sec-fetch-site", b"cross-site")], False),
        ([(b"sec-fetch-site", b"cross-site"), (b"origin", b"http://pacs.example:8080")], False),
        ([(b"origin", b"http://pacs.example:8080")], True),
        ([(b"origin", b"https://PACS.example:8080")], True),
        ([(b"origin", b"http://pacs.example")], False),
        ([(b"origin", b"http://pacs.example:8080.evil.test")], False),
        ([(b"origin", b"http://evil.test")], False),
        ([(b"origin", b"null")], False),
        ([], True),
    ],
)
def test_a_change_from_another_sites_page_is_refused(access, signed_in, sent, allowed):
    headers = _cookie(signed_in.token, (b"x-csrf-token", signed_in.csrf_token.encode()), *sent)
    if allowed:
        assert _judge(access.guard, headers, "DELETE").name == "edgar"
    else:
        with pytest.raises(AccessDenied):
            access.guard.authenticate(headers, "DELETE", HOST)
        assert access.guard.recall(headers, "DELETE") is None


def test_tokens_need_no_csrf_token_but_basic_is_refused_from_other_sites(access, token):
    cross_site = (b"sec-fetch-site", b"cross-site")
    assert _judge(access.guard, _bearer(token), "POST").name == "ct-1"
    assert _judge(access.guard, _basic("x", token), "POST").name == "ct-1"
    assert _judge(access.guard, [*_bearer(token), cross_site], "POST").name == "ct-1"
    with pytest.raises(AccessDenied):
        access.guard.authenticate(_basic("x", token, cross_site), "POST", HOST)


def test_what_is_remembered_costs_no_query(access, signed_in, token):
    for headers in (_cookie(signed_in.token), _bearer(token)):
        access.guard.authenticate(headers, "GET", HOST)
        before = access.database.statement_count
        assert access.guard.recall(headers, "GET") is not None
        assert access.database.statement_count == before


@pytest.mark.parametrize("end", ["sign-out", "disable", "password"])
def test_an_ended_session_is_refused_by_other_processes_within_five_seconds(access, signed_in, end):
    elsewhere = access.another_guard()
    headers = _cookie(signed_in.token)
    _judge(elsewhere, headers)
    if end == "sign-out":
        access.sessions.sign_out(signed_in.token)
    elif end == "disable":
        access.accounts.disable("edgar")
    else:
        access.accounts.set_password("edgar", "a wholly new password")
    access.clock.advance(5)
    assert elsewhere.recall(headers, "GET") is None
    with pytest.raises(NotSignedIn):
        elsewhere.authenticate(headers, "GET", HOST)


def test_a_revoked_token_is_refused_within_five_seconds(access, token):
    _judge(access.guard, _bearer(token))
    access.tokens.revoke("ct-1")
    access.clock.advance(5)
    assert access.guard.recall(_bearer(token), "GET") is None
    with pytest.raises(NotSignedIn):
        access.guard.authenticate(_bearer(token), "GET", HOST)


def test_a_change_of_role_counts_within_five_seconds(access, signed_in):
    assert _judge(access.guard, _cookie(signed_in.token)).role is Role.EDITOR
    access.accounts.set_role("edgar", Role.VIEWER)
    access.clock.advance(5)
    assert access.guard.authenticate(_cookie(signed_in.token), "GET", HOST).role is Role.VIEWER


def test_forgetting_takes_effect_at_once_even_against_a_judgement_under_way(access, signed_in, monkeypatch):
    headers = _cookie(signed_in.token)
    find = access.sessions.find

    def find_and_meanwhile_sign_out(token):
        found = find(token)
        access.sessions.sign_out(token)
        access.guard.forget()
        return found

    monkeypatch.setattr(access.sessions, "find", find_and_meanwhile_sign_out)
    access.guard.authenticate(headers, "GET", HOST)
    assert access.guard.recall(headers, "GET") is None


def test_a_session_is_never_remembered_beyond_its_end(access, signed_in):
    access.clock.advance(30 * 60 - 2)
    headers = _cookie(signed_in.token, (b"x-background", b"1"))
    access.guard.authenticate(headers, "GET", HOST)
    access.clock.advance(2)
    assert access.guard.recall(headers, "GET") is None


def test_an_expiring_token_is_never_remembered_beyond_a_second(access):
    secret, _ = access.tokens.issue("soon", Role.VIEWER, valid_for_s=100)
    access.clock.advance(99)
    _judge(access.guard, _bearer(secret))
    access.clock.advance(1)
    assert access.guard.recall(_bearer(secret), "GET") is None


def test_use_keeps_a_session_alive_but_background_polling_does_not(access, signed_in):
    polling = _cookie(signed_in.token, (b"x-background", b"1"))
    for _ in range(3 * 30):
        access.clock.advance(59)
        access.guard.authenticate(_cookie(signed_in.token), "GET", HOST)
    for _ in range(29):
        access.clock.advance(60)
        access.guard.authenticate(polling, "GET", HOST)
    access.clock.advance(61)
    with pytest.raises(NotSignedIn):
        access.guard.authenticate(polling, "GET", HOST)


def test_a_click_amid_polling_counts_as_use(access, signed_in):
    polling = _cookie(signed_in.token, (b"x-background", b"1"))
    access.clock.advance(29 * 60)
    access.guard.authenticate(polling, "GET", HOST)
    assert access.guard.recall(polling, "GET") is not None
    assert access.guard.recall(_cookie(signed_in.token), "GET") is None  # asks for a judgement, which writes the use
    access.guard.authenticate(_cookie(signed_in.token), "GET", HOST)
    access.clock.advance(2 * 60)
    access.guard.authenticate(polling, "GET", HOST)


def test_memory_is_bounded(access, signed_in):
    from hounsfield.services.guard import Guard

    guard = Guard(access.sessions, access.tokens, max_remembered=10, monotonic=access.clock)
    secrets = [access.tokens.issue(f"t{number}", Role.VIEWER)[0] for number in range(30)]
    for secret in secrets:
        guard.authenticate(_bearer(secret), "GET", HOST)
    assert sum(guard.recall(_bearer(secret), "GET") is not None for secret in secrets) == 10


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        (b"localhost", True),
        (b"localhost:8080", True),
        (b"app.localhost:8080", True),
        (b"127.0.0.1:8080", True),
        (b"127.1.2.3", True),
        (b"[::1]:8080", True),
        (b"[::1]", True),
        (b"", True),
        (b"evil.test", False),
        (b"evil.test:8080", False),
        (b"127.0.0.1.evil.test", False),
        (b"127.0.0.evil", False),
        (b"192.168.0.7:8080", False),
        (b"[::2]:8080", False),
        (b"notlocalhost", False),
    ],
)
def test_open_access_answers_only_to_names_of_this_machine(host, allowed):
    """A page whose name is made to point at 127.0.0.1 (DNS rebinding) must read nothing."""
    guard = OpenAccess()
    headers = [(b"host", host)]
    if allowed:
        assert _judge(guard, headers).role is Role.ADMINISTRATOR
    else:
        assert guard.recall(headers, "GET") is None
        with pytest.raises(AccessDenied):
            guard.authenticate(headers, "GET", HOST)


def test_open_access_takes_no_change_from_another_sites_page():
    guard = OpenAccess()
    with pytest.raises(AccessDenied):
        guard.authenticate([(b"host", b"localhost:8080"), (b"origin", b"http://evil.test")], "POST", HOST)
    assert guard.recall([(b"host", b"localhost:8080"), (b"sec-fetch-site", b"cross-site")], "POST") is None
    assert _judge(guard, [(b"host", b"localhost:8080"), (b"origin", b"http://localhost:8080")], "POST").name == "open-access"
