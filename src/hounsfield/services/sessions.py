"""Browsers that are signed in: a random secret in a cookie, kept here only as its SHA-256.

A session ends by itself after an idle term (automatic logoff, HIPAA 164.312(a)(2)(iii)) and after an absolute term. Use is
written at most once a minute, so the idle term may end up to a minute early, never late.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from hounsfield.model.accounts import Account, Session
from hounsfield.model.errors import AccessDenied, NotSignedIn
from hounsfield.services.account_records import AccountRecords, SessionRecords
from hounsfield.services.accounts import Accounts

TOUCH_INTERVAL_S = 60
TOKEN_BYTES = 32
_TOKEN_CHARACTERS = 43


@dataclass(frozen=True, slots=True)
class SignedIn:
    """token: the cookie's secret, told once. csrf_token: what unsafe requests must carry beside it."""

    token: str
    csrf_token: str
    account: Account


def sha256_of(secret: str) -> bytes:
    """What is kept of a random secret; 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def csrf_token_of(token: str) -> str:
    """Derived from the session's secret, so that nothing more need be kept; it says nothing about the secret."""
    digest = hmac.digest(token.encode("utf-8", "surrogatepass"), b"hounsfield csrf 1", "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


class Sessions:
    """Opens, finds and ends sessions."""

    def __init__(
        self,
        accounts: Accounts,
        account_records: AccountRecords,
        records: SessionRecords,
        *,
        idle_s: int = 30 * 60,
        absolute_s: int = 12 * 3600,
        now: Callable[[], float] = time.time,
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._accounts = accounts
        self._account_records = account_records
        self._records = records
        self.idle_s = idle_s
        self.absolute_s = absolute_s
        self._now = now
        self._random_bytes = random_bytes

    def sign_in(self, name: str, password: str, host: str) -> SignedIn:
        """A new session with a new secret, whatever the browser held before. Raises: NotSignedIn, TooManyAttempts, Unavailable."""
        account = self._accounts.check(name, password, host)
        now_s = int(self._now())
        self._records.delete_sessions_older_than(now_s - self.absolute_s, now_s - self.idle_s)
        token = base64.urlsafe_b64encode(self._random_bytes(TOKEN_BYTES)).rstrip(b"=").decode("ascii")
        self._records.add_session(Session(sha256_of(token), account.name, now_s, now_s))
        return SignedIn(token, csrf_token_of(token), account)

    def find(self, token: str) -> tuple[Session, Account]:
        """The live session of this secret and its account. Raises: NotSignedIn."""
        if len(token) != _TOKEN_CHARACTERS:
            raise NotSignedIn("this is not a session of this site: sign in")
        session = self._records.session(sha256_of(token))
        now_s = self._now()
        if session is None:
            raise NotSignedIn("the session has ended: sign in again")
        if now_s - session.created_at_s >= self.absolute_s or now_s - session.last_used_at_s >= self.idle_s:
            self._records.delete_session(session.token_sha256)
            raise NotSignedIn("the session has expired: sign in again")
        account = self._account_records.account(session.account_name)
        if account is None or account.disabled:
            raise NotSignedIn("the account is not in use any more")
        return session, account

    def touch_is_due(self, session: Session) -> bool:
        """Whether use of it should be written now."""
        return self._now() - session.last_used_at_s >= min(TOUCH_INTERVAL_S, self.idle_s // 10)

    def touch(self, session: Session) -> None:
        """Writes that it is in use."""
        self._records.touch_session(session.token_sha256, int(self._now()))

    def remaining_s(self, session: Session) -> float:
        """Seconds until it ends if it is not used."""
        now_s = self._now()
        return min(session.created_at_s + self.absolute_s - now_s, session.last_used_at_s + self.idle_s - now_s)

    def sign_out(self, token: str) -> None:
        """Ends it; nothing happens where there is none."""
        self._records.delete_session(sha256_of(token))

    def change_password(self, token: str, current: str, new: str, host: str) -> None:
        """Changes the password of the session's own account and ends its other sessions.

        Raises: NotSignedIn where there is no such session; AccessDenied where `current` is wrong; TooManyAttempts, WeakPassword.
        """
        session, account = self.find(token)
        try:
            self._accounts.check(account.name, current, host)
        except NotSignedIn as exc:
            raise AccessDenied("the current password is wrong") from exc
        self._accounts.set_password(account.name, new, keep_session=session.token_sha256)
