"""Sessions and API tokens over time."""

from __future__ import annotations

import hashlib

import pytest

from hounsfield.model.errors import AccessDenied, AlreadyExists, InvalidInput, NotFound, NotSignedIn, WeakPassword
from hounsfield.model.origin import Role
from hounsfield.services.sessions import csrf_token_of

HOST = "192.0.2.7"


def _sign_in(access, name="vera"):
    return access.sessions.sign_in(name, access.password, HOST)


def test_only_a_digest_of_the_secret_is_kept(access):
    signed_in = _sign_in(access)
    session, account = access.sessions.find(signed_in.token)
    assert session.token_sha256 == hashlib.sha256(signed_in.token.encode()).digest()
    assert account.name == "vera"
    assert len(signed_in.token) == 43


def test_every_sign_in_has_its_own_secret(access):
    assert _sign_in(access).token != _sign_in(access).token


def test_the_csrf_token_does_not_tell_the_session_and_differs_by_session(access):
    one, two = _sign_in(access), _sign_in(access)
    assert one.csrf_token == csrf_token_of(one.token)
    assert one.csrf_token != two.csrf_token
    assert one.token not in one.csrf_token


@pytest.mark.parametrize("secret", ["", "x", "A" * 43, "\0" * 43, "A" * 5000, "\ud800" * 43])
def test_a_made_up_secret_is_refused(access, secret):
    with pytest.raises(NotSignedIn):
        access.sessions.find(secret)


def test_an_idle_session_ends(access):
    token = _sign_in(access).token
    access.clock.advance(30 * 60 - 1)
    access.sessions.find(token)
    access.clock.advance(1)
    with pytest.raises(NotSignedIn, match="expired"):
        access.sessions.find(token)
    access.clock.advance(-60)
    with pytest.raises(NotSignedIn, match="ended"):  # it is gone, and does not come back with the clock
        access.sessions.find(token)


def test_a_session_in_use_ends_after_its_absolute_term(access):
    token = _sign_in(access).token
    for _ in range(12 * 60 // 20):
        session, _ = access.sessions.find(token)
        access.sessions.touch(session)
        access.clock.advance(20 * 60)
    with pytest.raises(NotSignedIn):
        access.sessions.find(token)


def test_signing_out_ends_it(access):
    token = _sign_in(access).token
    access.sessions.sign_out(token)
    with pytest.raises(NotSignedIn):
        access.sessions.find(token)
    access.sessions.sign_out(token)


def test_a_change_of_password_ends_the_other_sessions(access):
    here, elsewhere, other_user = _sign_in(access), _sign_in(access), _sign_in(access, "edgar")
    access.sessions.change_password(here.token, access.password, "a wholly new password", HOST)
    access.sessions.find(here.token)
    access.sessions.find(other_user.token)
    with pytest.raises(NotSignedIn):
        access.sessions.find(elsewhere.token)
    with pytest.raises(NotSignedIn):
        _sign_in(access)
    access.sessions.sign_in("vera", "a wholly new password", HOST)


def test_a_change_of_password_needs_the_current_one_and_a_good_new_one(access):
    token = _sign_in(access).token
    with pytest.raises(AccessDenied, match="current password is wrong"):
        access.sessions.change_password(token, "wrong horse battery", "a wholly new password", HOST)
    with pytest.raises(WeakPassword):
        access.sessions.change_password(token, access.password, "short", HOST)
    _sign_in(access)


def test_disabling_ends_all_sessions(access):
    token = _sign_in(access).token
    access.accounts.disable("vera")
    with pytest.raises(NotSignedIn):
        access.sessions.find(token)
    access.accounts.enable("vera")
    with pytest.raises(NotSignedIn):
        access.sessions.find(token)


def test_a_session_of_a_disabled_account_is_none_even_where_it_was_not_deleted(access):
    token = _sign_in(access).token
    access.records.set_disabled("vera", True)
    with pytest.raises(NotSignedIn, match="not in use"):
        access.sessions.find(token)


def test_setting_a_password_for_somebody_ends_all_their_sessions(access):
    token = _sign_in(access).token
    access.accounts.set_password("vera", "a wholly new password", must_change=True)
    with pytest.raises(NotSignedIn):
        access.sessions.find(token)
    assert access.sessions.sign_in("vera", "a wholly new password", HOST).account.must_change_password


def test_expired_sessions_are_swept_at_a_sign_in(access):
    old = _sign_in(access)
    access.clock.advance(31 * 60)
    _sign_in(access, "edgar")
    assert access.records.session(hashlib.sha256(old.token.encode()).digest()) is None


def test_a_token_is_told_once_and_kept_as_a_digest(access):
    secret, token = access.tokens.issue("viewer-box", Role.VIEWER, created_by="ada")
    assert secret.startswith("hsf_")
    assert len(secret) == 47
    assert token.token_sha256 == hashlib.sha256(secret.encode()).digest()
    assert secret not in repr(access.tokens.all())
    assert access.tokens.find(secret).name == "viewer-box"


def test_a_revoked_or_expired_token_is_refused(access):
    revoked, _ = access.tokens.issue("a", Role.VIEWER)
    expiring, _ = access.tokens.issue("b", Role.VIEWER, valid_for_s=3600)
    access.tokens.revoke("a")
    with pytest.raises(NotSignedIn, match="revoked"):
        access.tokens.find(revoked)
    access.clock.advance(3599)
    access.tokens.find(expiring)
    access.clock.advance(1)
    with pytest.raises(NotSignedIn, match="expired"):
        access.tokens.find(expiring)


def test_a_token_name_is_never_used_again(access):
    access.tokens.issue("a", Role.VIEWER)
    access.tokens.revoke("a")
    with pytest.raises(AlreadyExists):
        access.tokens.issue("a", Role.VIEWER)
    with pytest.raises(NotFound):
        access.tokens.revoke("a")


@pytest.mark.parametrize("name", ["", " ", "a\nb", "a\0", "x" * 65, "é"])
def test_odd_token_names_are_refused(access, name):
    with pytest.raises(InvalidInput):
        access.tokens.issue(name, Role.VIEWER)
    with pytest.raises(InvalidInput):
        access.tokens.issue("fine", Role.VIEWER, valid_for_s=0)


def test_use_of_a_token_is_written_at_most_once_a_minute(access):
    secret, _ = access.tokens.issue("a", Role.VIEWER)

    def last_used():
        return access.tokens.all()[0].last_used_at_s

    assert last_used() is None
    access.tokens.find(secret)
    first = last_used()
    assert first == int(access.clock())
    access.clock.advance(59)
    access.tokens.find(secret)
    assert last_used() == first
    access.clock.advance(1)
    access.tokens.find(secret)
    assert last_used() == first + 60
