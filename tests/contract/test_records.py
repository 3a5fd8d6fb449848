"""Records of access, on every database; what they promise is in `services.account_records`."""

from __future__ import annotations

import pytest

from hounsfield.model.accounts import Account, ApiToken, Session
from hounsfield.model.callers import RefusedCaller
from hounsfield.model.origin import Role
from hounsfield.records.records import Records
from index_kit.databases import Indexed


@pytest.fixture
def records(index: Indexed) -> Records:
    """Over an empty database."""
    return Records(index.database)


def test_accounts(records: Records) -> None:
    ada = Account("ada", Role.ADMINISTRATOR, "$argon2", 100, must_change_password=True)
    assert records.account("ada") is None
    assert records.add_account(ada)
    assert not records.add_account(Account("ada", Role.VIEWER, "x", 200))
    assert records.add_account(Account("Zoë", Role.VIEWER, "y", 200, disabled=True))
    assert records.account("ada") == ada
    assert [account.name for account in records.accounts()] == ["Zoë", "ada"]
    assert records.set_password("ada", "new", False)
    assert records.set_role("ada", Role.EDITOR)
    assert records.set_disabled("ada", True)
    assert records.account("ada") == Account("ada", Role.EDITOR, "new", 100, False, True)
    assert not records.set_password("nobody", "x", True)
    assert not records.set_role("nobody", Role.VIEWER)
    assert not records.set_disabled("nobody", True)


def test_sessions(records: Records) -> None:
    one, two, three = (Session(bytes([number]) * 32, "ada", 100 * number, 1000 - number) for number in (1, 2, 3))
    for session in (one, two, three):
        records.add_session(session)
    records.add_session(Session(b"\7" * 32, "vera", 5000, 5000))
    assert records.session(one.token_sha256) == one
    assert records.session(b"\x09" * 32) is None
    records.touch_session(two.token_sha256, 2000)
    assert records.session(two.token_sha256) == Session(two.token_sha256, "ada", 200, 2000)
    assert records.delete_sessions_older_than(created_before_s=101, used_before_s=998) == 2
    assert [records.session(session.token_sha256) is not None for session in (one, two, three)] == [False, True, False]
    records.add_session(three)
    records.delete_sessions_of("ada", two.token_sha256)
    assert [records.session(session.token_sha256) is not None for session in (two, three)] == [True, False]
    records.delete_sessions_of("ada")
    assert records.session(two.token_sha256) is None
    assert records.session(b"\7" * 32) is not None
    records.delete_session(b"\7" * 32)
    assert records.session(b"\7" * 32) is None


def test_api_tokens(records: Records) -> None:
    token = ApiToken("viewer", Role.VIEWER, b"\1" * 32, 100, "ada", expires_at_s=900)
    assert records.add_token(token)
    assert not records.add_token(ApiToken("viewer", Role.EDITOR, b"\2" * 32, 100))
    assert records.add_token(ApiToken("another", Role.EDITOR, b"\3" * 32, 100))
    assert records.token(b"\1" * 32) == token
    assert records.token(b"\2" * 32) is None
    assert [one.name for one in records.tokens()] == ["another", "viewer"]
    records.touch_token(b"\1" * 32, 500)
    assert records.revoke_token("viewer", 600)
    assert not records.revoke_token("viewer", 700)
    assert not records.revoke_token("nobody", 700)
    found = records.token(b"\1" * 32)
    assert found is not None
    assert (found.last_used_at_s, found.revoked_at_s, found.expires_at_s) == (500, 600, 900)
    assert not records.add_token(ApiToken("viewer", Role.EDITOR, b"\4" * 32, 100))


def test_refused_callers(records: Records) -> None:
    for at_s, (title, host) in enumerate([("A", "h1"), ("B", "h1"), ("A", "h1"), ("A", "h2")]):
        records.note_refused(title, host, at_s, keep=10)
    assert records.refused_callers() == [RefusedCaller("A", "h2", 3, 1), RefusedCaller("A", "h1", 2, 2), RefusedCaller("B", "h1", 1, 1)]
    assert records.forget_refused("A")
    assert not records.forget_refused("A")
    assert [caller.ae_title for caller in records.refused_callers()] == ["B"]


def test_of_refused_callers_only_the_latest_are_kept(records: Records) -> None:
    for number in range(12):
        records.note_refused(f"AET{number:02}", "h", number, keep=5)
    assert [caller.ae_title for caller in records.refused_callers()] == [f"AET{number:02}" for number in range(11, 6, -1)]


def test_settings(records: Records) -> None:
    assert records.setting("a") is None
    records.put_setting("a", "1")
    records.put_setting("a", "2")
    assert records.setting("a") == "2"
