"""The JSON of `/api/users` and `/api/tokens`. Times are ISO 8601 UTC, empty where there is none."""

from __future__ import annotations

from pydantic import Field

from hounsfield.model.accounts import Account, ApiToken
from hounsfield.model.origin import Role
from hounsfield.servers.webapi.schemas import Answer, Asked, iso_time

DAY_S = 86_400
MOST_DAYS = 3650


class AccountAnswer(Answer):
    """A person's account, without its password."""

    name: str
    role: Role
    disabled: bool
    must_change_password: bool
    created_at: str

    @classmethod
    def of(cls, account: Account) -> AccountAnswer:
        """Of a record."""
        return cls(
            name=account.name,
            role=account.role,
            disabled=account.disabled,
            must_change_password=account.must_change_password,
            created_at=_moment(account.created_at_s),
        )


class AccountsAnswer(Answer):
    """By name."""

    users: list[AccountAnswer]


class AccountAsked(Asked):
    """A new account."""

    name: str = Field(max_length=64)
    role: Role = Role.VIEWER


class AccountChangeAsked(Asked):
    """What shall be otherwise; what is left out stays."""

    role: Role | None = None
    disabled: bool | None = None


class NewPasswordAnswer(Answer):
    """A password that was made up, told only here. It has to be changed at the first sign-in."""

    name: str
    password: str


class TokenAnswer(Answer):
    """A machine's credential, without its secret."""

    name: str
    role: Role
    created_at: str
    created_by: str
    last_used_at: str
    expires_at: str
    revoked_at: str

    @classmethod
    def of(cls, token: ApiToken) -> TokenAnswer:
        """Of a record."""
        return cls(
            name=token.name,
            role=token.role,
            created_at=_moment(token.created_at_s),
            created_by=token.created_by,
            last_used_at=_moment(token.last_used_at_s),
            expires_at=_moment(token.expires_at_s),
            revoked_at=_moment(token.revoked_at_s),
        )


class TokensAnswer(Answer):
    """By name, revoked and expired ones too."""

    tokens: list[TokenAnswer]


class TokenAsked(Asked):
    """A new token. valid_days: 0 for as long as it is not revoked."""

    name: str = Field(max_length=64)
    role: Role = Role.VIEWER
    valid_days: int = Field(default=0, ge=0, le=MOST_DAYS)


class NewTokenAnswer(Answer):
    """A token and its secret, told only here."""

    token: TokenAnswer
    secret: str


def _moment(at_s: int | None) -> str:
    return "" if at_s is None else iso_time(at_s * 1000)
