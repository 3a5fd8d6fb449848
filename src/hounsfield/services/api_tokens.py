"""Machines' credentials: `hsf_` and 256 random bits, told once, kept as SHA-256."""

from __future__ import annotations

import base64
import re
import secrets
import time
from collections.abc import Callable

from hounsfield.model.accounts import ApiToken
from hounsfield.model.errors import AlreadyExists, InvalidInput, NotFound, NotSignedIn
from hounsfield.model.origin import Role
from hounsfield.services.account_records import TokenRecords
from hounsfield.services.sessions import sha256_of

PREFIX = "hsf_"
TOUCH_INTERVAL_S = 60
_SECRET = re.compile(r"hsf_[A-Za-z0-9_-]{43}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._@-]{0,63}")


class ApiTokens:
    """Issues, judges and revokes tokens."""

    def __init__(
        self,
        records: TokenRecords,
        *,
        now: Callable[[], float] = time.time,
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._records = records
        self._now = now
        self._random_bytes = random_bytes

    def issue(self, name: str, role: Role, *, created_by: str = "", valid_for_s: int | None = None) -> tuple[str, ApiToken]:
        """Returns the secret, which is told only here, and what is kept of it.

        Raises: InvalidInput; AlreadyExists where a token, be it revoked, has the name.
        """
        name = name.strip()
        if _NAME.fullmatch(name) is None:
            raise InvalidInput("a token's name is 1 to 64 letters a-z, digits, spaces, dots, hyphens, underscores or @")
        if valid_for_s is not None and valid_for_s <= 0:
            raise InvalidInput("a token is valid for some time: give a number of seconds above 0")
        secret = PREFIX + base64.urlsafe_b64encode(self._random_bytes(32)).rstrip(b"=").decode("ascii")
        now_s = int(self._now())
        token = ApiToken(name, role, sha256_of(secret), now_s, created_by, None, None if valid_for_s is None else now_s + valid_for_s)
        if not self._records.add_token(token):
            raise AlreadyExists(f"there is a token {name!r} already, or was one: choose another name")
        return secret, token

    def find(self, secret: str) -> ApiToken:
        """The live token of this secret; its use is noted at most once a minute. Raises: NotSignedIn."""
        if _SECRET.fullmatch(secret) is None:
            raise NotSignedIn("not an API token (an account's password is accepted only by the sign-in page)")
        token = self._records.token(sha256_of(secret))
        if token is None:
            raise NotSignedIn("no such API token")
        now_s = int(self._now())
        if token.revoked_at_s is not None:
            raise NotSignedIn("the API token has been revoked")
        if token.expires_at_s is not None and now_s >= token.expires_at_s:
            raise NotSignedIn("the API token has expired")
        if token.last_used_at_s is None or now_s - token.last_used_at_s >= TOUCH_INTERVAL_S:
            self._records.touch_token(token.token_sha256, now_s)
        return token

    def all(self) -> list[ApiToken]:
        """All tokens by name, revoked and expired ones too."""
        return self._records.tokens()

    def revoke(self, name: str) -> None:
        """It is refused from now on; by running servers within the `remember_s` of their guard. Raises: NotFound."""
        if not self._records.revoke_token(name.strip(), int(self._now())):
            raise NotFound(f"there is no token {name!r} in use")
