"""People who may sign in, and machines' tokens; for administrators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from fastapi import FastAPI

from hounsfield.model.errors import NotFound
from hounsfield.model.origin import Origin
from hounsfield.servers.webapi.parts import AdministratorOrigin
from hounsfield.servers.webapi.people_schemas import (
    DAY_S,
    AccountAnswer,
    AccountAsked,
    AccountChangeAsked,
    AccountsAnswer,
    NewPasswordAnswer,
    NewTokenAnswer,
    TokenAnswer,
    TokenAsked,
    TokensAnswer,
)
from hounsfield.services.accounts import Accounts, parse_account_name
from hounsfield.services.api_tokens import ApiTokens
from hounsfield.services.passwords import random_password

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PeopleParts:
    """What these handlers work with. forget: lets this process judge every credential anew."""

    accounts: Accounts
    tokens: ApiTokens
    forget: Callable[[], None]


def add_people_routes(app: FastAPI, parts: PeopleParts) -> None:
    """`/api/users` and `/api/tokens`. Each change is logged with who made it."""
    _add_users(app, parts)
    _add_tokens(app, parts)


def _add_users(app: FastAPI, parts: PeopleParts) -> None:
    accounts = parts.accounts

    @app.get("/api/users")
    def read_users(origin: AdministratorOrigin) -> AccountsAnswer:
        return AccountsAnswer(users=[AccountAnswer.of(account) for account in accounts.all()])

    @app.post("/api/users", status_code=201)
    def add_user(asked: AccountAsked, origin: AdministratorOrigin) -> NewPasswordAnswer:
        """With a password that is made up here and has to be changed at the first sign-in."""
        password = random_password()
        account = accounts.create(asked.name, password, asked.role, must_change=True)
        _note(origin, "add-user", account.name, role=account.role.value)
        return NewPasswordAnswer(name=account.name, password=password)

    @app.patch("/api/users/{name}")
    def change_user(name: str, asked: AccountChangeAsked, origin: AdministratorOrigin) -> AccountAnswer:
        """Its role, or whether it may sign in. The last administrator stays one."""
        name = parse_account_name(name)
        if asked.role is not None:
            accounts.set_role(name, asked.role)
            _note(origin, "set-role", name, role=asked.role.value)
        if asked.disabled is not None:
            (accounts.disable if asked.disabled else accounts.enable)(name)
            _note(origin, "disable-user" if asked.disabled else "enable-user", name)
        parts.forget()
        found = next((account for account in accounts.all() if account.name == name), None)
        if found is None:
            raise NotFound(f"there is no user {name!r}")
        return AccountAnswer.of(found)

    @app.post("/api/users/{name}/password")
    def reset_password(name: str, origin: AdministratorOrigin) -> NewPasswordAnswer:
        """A new one is made up; the account's sessions end."""
        name, password = parse_account_name(name), random_password()
        accounts.set_password(name, password, must_change=True)
        _note(origin, "reset-password", name)
        parts.forget()
        return NewPasswordAnswer(name=name, password=password)


def _add_tokens(app: FastAPI, parts: PeopleParts) -> None:
    tokens = parts.tokens

    @app.get("/api/tokens")
    def read_tokens(origin: AdministratorOrigin) -> TokensAnswer:
        return TokensAnswer(tokens=[TokenAnswer.of(token) for token in tokens.all()])

    @app.post("/api/tokens", status_code=201)
    def add_token(asked: TokenAsked, origin: AdministratorOrigin) -> NewTokenAnswer:
        """The secret is told in this answer and never again."""
        valid_for_s = asked.valid_days * DAY_S or None
        secret, token = tokens.issue(asked.name, asked.role, created_by=origin.principal.name, valid_for_s=valid_for_s)
        _note(origin, "add-token", token.name, role=token.role.value)
        return NewTokenAnswer(token=TokenAnswer.of(token), secret=secret)

    @app.delete("/api/tokens/{name}", status_code=204)
    def revoke_token(name: str, origin: AdministratorOrigin) -> None:
        """It is worthless from now on; its name stays taken."""
        tokens.revoke(name)
        _note(origin, "revoke-token", name)
        parts.forget()


def _note(origin: Origin, action: str, name: str, **more: str) -> None:
    _log.info("access-changed", action=action, name=name, by=origin.principal.name, host=origin.host, **more)
