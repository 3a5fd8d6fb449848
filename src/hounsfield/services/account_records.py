"""What the services of access ask of the database; `hounsfield.records` answers.

Every method is one short transaction, safe to call from any thread. Times are whole seconds since 1970-01-01 UTC.
Raises: IndexUnavailable where the database does not answer.
"""

from __future__ import annotations

from typing import Protocol

from hounsfield.model.accounts import Account, ApiToken, Session
from hounsfield.model.callers import RefusedCaller
from hounsfield.model.origin import Role


class AccountRecords(Protocol):
    """People's accounts, by name."""

    def account(self, name: str) -> Account | None: ...

    def accounts(self) -> list[Account]:
        """All of them, by name."""
        ...

    def add_account(self, account: Account) -> bool:
        """False where the name is taken."""
        ...

    def set_password(self, name: str, password_hash: str, must_change_password: bool) -> bool:
        """False where there is no such account; so do the two below."""
        ...

    def set_role(self, name: str, role: Role) -> bool: ...

    def set_disabled(self, name: str, disabled: bool) -> bool: ...


class SessionRecords(Protocol):
    """Browsers that are signed in, by the SHA-256 of their token."""

    def add_session(self, session: Session) -> None: ...

    def session(self, token_sha256: bytes) -> Session | None: ...

    def touch_session(self, token_sha256: bytes, last_used_at_s: int) -> None: ...

    def delete_session(self, token_sha256: bytes) -> None: ...

    def delete_sessions_of(self, account_name: str, except_token_sha256: bytes | None = None) -> None: ...

    def delete_sessions_older_than(self, created_before_s: int, used_before_s: int) -> int:
        """Either one suffices. Returns how many were deleted."""
        ...


class TokenRecords(Protocol):
    """Machines' credentials, by the SHA-256 of the secret or by name."""

    def add_token(self, token: ApiToken) -> bool:
        """False where the name is taken, be it by a revoked token."""
        ...

    def token(self, token_sha256: bytes) -> ApiToken | None: ...

    def tokens(self) -> list[ApiToken]:
        """All of them, by name."""
        ...

    def touch_token(self, token_sha256: bytes, last_used_at_s: int) -> None: ...

    def revoke_token(self, name: str, revoked_at_s: int) -> bool:
        """False where there is no such token, or it is revoked already."""
        ...


class CallerRecords(Protocol):
    """Application entities that were refused."""

    def note_refused(self, ae_title: str, host: str, at_s: int, keep: int) -> None:
        """Counts one more refusal; of all rows only the `keep` latest stay."""
        ...

    def refused_callers(self) -> list[RefusedCaller]:
        """The latest first."""
        ...

    def forget_refused(self, ae_title: str) -> bool:
        """All hosts of that title."""
        ...
