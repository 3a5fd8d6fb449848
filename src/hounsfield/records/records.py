"""Accounts, sessions, API tokens and refused callers: explicit functions over small tables.

Answers the protocols of `services.account_records`. Each method is one short transaction; what it changed is flushed when it returns.
Raises: IndexUnavailable where the database does not answer.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Executable, Select, Table, bindparam, delete, literal_column, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from hounsfield.model.accounts import Account, ApiToken, Session
from hounsfield.model.callers import RefusedCaller
from hounsfield.model.connections import Connections
from hounsfield.model.origin import Role
from hounsfield.records.tables import account, api_token, refused_caller, session, setting

ZERO: ColumnElement[int] = literal_column("0")
ONE: ColumnElement[int] = literal_column("1")


class Records:
    """One database's records; safe to use from any thread."""

    def __init__(self, database: Connections) -> None:
        self._database = database
        p = bindparam
        upsert = sqlite.insert if database.dialect.name == "sqlite" else postgresql.insert

        def read(statement: Select[Any]) -> str:
            return database.compile(statement).sql

        def write(statement: Executable, *parameters: str) -> str:
            compiled = database.compile(statement)
            assert compiled.parameters == parameters, compiled
            return compiled.sql

        def add(table: Table) -> str:
            names = [column.name for column in table.columns]
            return write(upsert(table).values({name: p(name) for name in names}).on_conflict_do_nothing(), *names)

        self._account = read(select(account).where(account.c.name == p("key")))
        self._accounts = read(select(account).order_by(account.c.name))
        self._add_account = add(account)
        by_name = account.c.name == p("key")
        self._set_password = write(
            update(account).values(password_hash=p("hash"), must_change_password=p("must")).where(by_name), "hash", "must", "key"
        )
        self._set_role = write(update(account).values(role=p("new_role")).where(by_name), "new_role", "key")
        self._set_disabled = write(update(account).values(disabled=p("new")).where(by_name), "new", "key")

        by_token = session.c.token_sha256 == p("key")
        self._session = read(select(session).where(by_token))
        self._add_session = add(session)
        self._touch_session = write(update(session).values(last_used_at_s=p("at")).where(by_token), "at", "key")
        self._delete_session = write(delete(session).where(by_token), "key")
        self._delete_sessions_of = write(
            delete(session).where(session.c.account_name == p("name"), session.c.token_sha256 != p("kept")), "name", "kept"
        )
        self._delete_old_sessions = write(
            delete(session).where(or_(session.c.created_at_s < p("created"), session.c.last_used_at_s < p("used"))), "created", "used"
        )

        by_secret = api_token.c.token_sha256 == p("key")
        self._token = read(select(api_token).where(by_secret))
        self._tokens = read(select(api_token).order_by(api_token.c.name))
        self._add_token = add(api_token)
        self._touch_token = write(update(api_token).values(last_used_at_s=p("at")).where(by_secret), "at", "key")
        self._revoke_token = write(
            update(api_token).values(revoked_at_s=p("at")).where(api_token.c.name == p("key"), api_token.c.revoked_at_s.is_(None)),
            "at",
            "key",
        )

        noted = upsert(refused_caller).values(ae_title=p("ae_title"), host=p("host"), last_seen_s=p("at"), count=ONE)
        noted = noted.on_conflict_do_update(
            index_elements=["ae_title", "host"], set_={"last_seen_s": noted.excluded.last_seen_s, "count": refused_caller.c.count + ONE}
        )
        self._note_refused = write(noted, "ae_title", "host", "at")
        latest_first = (refused_caller.c.last_seen_s.desc(), refused_caller.c.ae_title, refused_caller.c.host)
        self._refused = read(select(refused_caller).order_by(*latest_first))
        self._delete_refused = write(
            delete(refused_caller).where(refused_caller.c.ae_title == p("ae_title"), refused_caller.c.host == p("host")), "ae_title", "host"
        )
        self._stale_refused = read(
            select(refused_caller.c.ae_title, refused_caller.c.host).order_by(*latest_first).limit(p("most")).offset(p("keep"))
        )
        self._forget_refused = write(delete(refused_caller).where(refused_caller.c.ae_title == p("key")), "key")

        self._setting = read(select(setting.c.value).where(setting.c.name == p("key")))
        set_value = upsert(setting).values(name=p("name"), value=p("value"))
        self._put_setting = write(
            set_value.on_conflict_do_update(index_elements=["name"], set_={"value": set_value.excluded.value}), "name", "value"
        )

    def _change(self, sql: str, *values: object) -> int:
        """How many rows one statement changed."""
        with self._database.control() as connection:
            return connection.execute(sql, values).rowcount

    # Accounts

    def account(self, name: str) -> Account | None:
        """By its name."""
        rows = self._database.fetch(self._account, (name,))
        return _account(rows[0]) if rows else None

    def accounts(self) -> list[Account]:
        """All of them, by name."""
        return list(map(_account, self._database.fetch(self._accounts)))

    def add_account(self, added: Account) -> bool:
        """False where the name is taken."""
        values = (added.name, added.role.value, added.password_hash, added.created_at_s, added.must_change_password, added.disabled)
        return self._change(self._add_account, *values) > 0

    def set_password(self, name: str, password_hash: str, must_change_password: bool) -> bool:
        """False where there is no such account."""
        return self._change(self._set_password, password_hash, must_change_password, name) > 0

    def set_role(self, name: str, role: Role) -> bool:
        """False where there is no such account."""
        return self._change(self._set_role, role.value, name) > 0

    def set_disabled(self, name: str, disabled: bool) -> bool:
        """False where there is no such account."""
        return self._change(self._set_disabled, disabled, name) > 0

    # Sessions

    def add_session(self, added: Session) -> None:
        """A browser has signed in."""
        self._change(self._add_session, added.token_sha256, added.account_name, added.created_at_s, added.last_used_at_s)

    def session(self, token_sha256: bytes) -> Session | None:
        """By the SHA-256 of its token."""
        rows = self._database.fetch(self._session, (token_sha256,))
        return Session(*rows[0]) if rows else None

    def touch_session(self, token_sha256: bytes, last_used_at_s: int) -> None:
        """It was used."""
        self._change(self._touch_session, last_used_at_s, token_sha256)

    def delete_session(self, token_sha256: bytes) -> None:
        """It is over."""
        self._change(self._delete_session, token_sha256)

    def delete_sessions_of(self, account_name: str, except_token_sha256: bytes | None = None) -> None:
        """All of an account's, but for the one."""
        self._change(self._delete_sessions_of, account_name, except_token_sha256 or b"")

    def delete_sessions_older_than(self, created_before_s: int, used_before_s: int) -> int:
        """Either one suffices. Returns how many were deleted."""
        return self._change(self._delete_old_sessions, created_before_s, used_before_s)

    # API tokens

    def add_token(self, added: ApiToken) -> bool:
        """False where the name is taken, be it by a revoked token."""
        values = (added.name, added.role.value, added.token_sha256, added.created_at_s, added.created_by)
        return self._change(self._add_token, *values, added.last_used_at_s, added.expires_at_s, added.revoked_at_s) > 0

    def token(self, token_sha256: bytes) -> ApiToken | None:
        """By the SHA-256 of its secret."""
        rows = self._database.fetch(self._token, (token_sha256,))
        return _token(rows[0]) if rows else None

    def tokens(self) -> list[ApiToken]:
        """All of them, by name."""
        return list(map(_token, self._database.fetch(self._tokens)))

    def touch_token(self, token_sha256: bytes, last_used_at_s: int) -> None:
        """It was used."""
        self._change(self._touch_token, last_used_at_s, token_sha256)

    def revoke_token(self, name: str, revoked_at_s: int) -> bool:
        """False where there is no such token, or it is revoked already."""
        return self._change(self._revoke_token, revoked_at_s, name) > 0

    # Callers

    def note_refused(self, ae_title: str, host: str, at_s: int, keep: int) -> None:
        """Counts one more refusal; of all rows only the `keep` latest stay."""
        self._change(self._note_refused, ae_title, host, at_s)
        for stale in self._database.fetch(self._stale_refused, (1000, keep)):
            self._change(self._delete_refused, *stale)

    def refused_callers(self) -> list[RefusedCaller]:
        """The latest first."""
        return [RefusedCaller(*row) for row in self._database.fetch(self._refused)]

    def forget_refused(self, ae_title: str) -> bool:
        """All hosts of that title. False where there was none."""
        return self._change(self._forget_refused, ae_title) > 0

    # Settings-like small values

    def setting(self, name: str) -> str | None:
        """A small value kept across restarts."""
        rows = self._database.fetch(self._setting, (name,))
        return str(rows[0][0]) if rows else None

    def put_setting(self, name: str, value: str) -> None:
        """Inserts or replaces."""
        self._change(self._put_setting, name, value)


def _account(row: Any) -> Account:
    name, role, password_hash, created_at_s, must_change_password, disabled = row
    return Account(name, Role(role), password_hash, created_at_s, bool(must_change_password), bool(disabled))


def _token(row: Any) -> ApiToken:
    name, role, token_sha256, created_at_s, created_by, last_used_at_s, expires_at_s, revoked_at_s = row
    return ApiToken(name, Role(role), token_sha256, created_at_s, created_by, last_used_at_s, expires_at_s, revoked_at_s)
