"""People and machines that may sign in, as they are kept: no secret is kept readable.

Times are whole seconds since 1970-01-01 UTC. Passwords are kept as argon2id strings, random secrets as SHA-256 (32 bytes).
"""

from __future__ import annotations

from dataclasses import dataclass

from hounsfield.model.origin import Role


@dataclass(frozen=True, slots=True)
class Account:
    """A person's account.

    name: unique, lower case.
    password_hash: the argon2id string.
    must_change_password: the next sign-in should lead to choosing a new one.
    """

    name: str
    role: Role
    password_hash: str
    created_at_s: int
    must_change_password: bool = False
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that has signed in.

    token_sha256: of the secret in the cookie; the key.
    created_at_s: start of the absolute term. last_used_at_s: start of the idle term, written at most once a minute.
    """

    token_sha256: bytes
    account_name: str
    created_at_s: int
    last_used_at_s: int


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A machine's credential.

    name: unique among all tokens, revoked ones too, so that a name in an audit record means one token for ever.
    last_used_at_s: written at most once a minute; None while never used.
    expires_at_s, revoked_at_s: None for never.
    """

    name: str
    role: Role
    token_sha256: bytes
    created_at_s: int
    created_by: str = ""
    last_used_at_s: int | None = None
    expires_at_s: int | None = None
    revoked_at_s: int | None = None
