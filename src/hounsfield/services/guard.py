"""Who is it? The one judge of every HTTP request's credentials.

Accepted are, in this order: an `Authorization` header with an API token (`Bearer`, or as the password of `Basic` with any user
name), then the session cookie. A credential that was found good is remembered for `remember_s`, so that thousands of requests a
second cost no query; signing out, revoking, disabling and a change of role therefore take up to `remember_s` (5 s) to reach
every process.

Requests that change something and carry a credential which a browser attaches by itself (cookie, Basic) must come from our own
pages: `Sec-Fetch-Site` or, where a browser sends none, `Origin` must say so, and with a cookie the header `X-CSRF-Token` must
be that of the session.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from hounsfield.model.errors import AccessDenied, NotSignedIn
from hounsfield.model.origin import Principal, Role
from hounsfield.services.api_tokens import ApiTokens
from hounsfield.services.sessions import Sessions, csrf_token_of

SESSION_COOKIE = "hounsfield_session"
OPEN_ACCESS = Principal("open-access", Role.ADMINISTRATOR)

RawHeaders = Iterable[tuple[bytes, bytes]]

_COOKIE_PREFIX = SESSION_COOKIE.encode() + b"="
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_MAX_CREDENTIAL_BYTES = 4096


@dataclass(slots=True)
class Credentials:
    """What the headers of one request say about who sends it and from where; names as ASGI gives them, in lower case."""

    authorization: bytes = b""
    cookie: bytes = b""
    csrf_token: bytes = b""
    origin: bytes = b""
    fetch_site: bytes = b""
    host: bytes = b""
    background: bool = False
    ambiguous: bool = False

    @classmethod
    def read(cls, headers: RawHeaders) -> Credentials:
        """A header that comes twice, or two cookies of our name, make the credentials ambiguous: they are refused, not chosen from."""
        found = cls()
        for name, value in headers:
            if name == b"authorization":
                found.ambiguous |= bool(found.authorization)
                found.authorization = value
            elif name == b"cookie":
                for part in value.split(b";"):
                    part = part.strip()
                    if part.startswith(_COOKIE_PREFIX):
                        found.ambiguous |= bool(found.cookie)
                        found.cookie = part[len(_COOKIE_PREFIX) :]
            elif name == b"x-csrf-token":
                found.csrf_token = value
            elif name == b"origin":
                found.origin = value
            elif name == b"sec-fetch-site":
                found.fetch_site = value
            elif name == b"host":
                found.host = value
            elif name == b"x-background":
                found.background = True
        return found

    def require_own_pages(self) -> None:
        """Raises: AccessDenied where a browser says that another site's page sends this."""
        if self.fetch_site:
            if self.fetch_site in (b"same-origin", b"none"):
                return
            raise AccessDenied("refused: sent by a page of another site")
        if self.origin and self.origin.partition(b"://")[2].lower() != self.host.lower():
            raise AccessDenied("refused: sent by a page of another origin")


class AccessCheck(Protocol):
    """What a server asks before it does anything; `Guard` or, for `--open-access`, `OpenAccess`."""

    def recall(self, headers: RawHeaders, method: str) -> Principal | None:
        """The principal where the credential is remembered and nothing stands against it: no query, no wait, for the event loop.
        None: ask `authenticate`, which says what is wrong."""
        ...

    def authenticate(self, headers: RawHeaders, method: str, host: str) -> Principal:
        """The principal; may query the database, so call it in a thread. host: the peer's address.

        Raises: NotSignedIn; AccessDenied for what another site's page sends; IndexUnavailable.
        """
        ...

    def csrf_token(self, headers: RawHeaders) -> str:
        """What the page must send as `X-CSRF-Token`; empty without a session."""
        ...

    def require_own_pages(self, headers: RawHeaders) -> None:
        """For the sign-in itself, which has no credential yet. Raises: AccessDenied."""
        ...

    def forget(self) -> None:
        """Everything remembered in this process is asked again: after a sign-out or a change of password."""
        ...


@dataclass(frozen=True, slots=True)
class _Remembered:
    principal: Principal
    until_s: float
    touch_is_due: bool


class Guard:
    """Judges sessions and API tokens."""

    def __init__(
        self,
        sessions: Sessions,
        tokens: ApiTokens,
        *,
        remember_s: float = 5.0,
        max_remembered: int = 4096,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sessions = sessions
        self._tokens = tokens
        self._remember_s = remember_s
        self._max_remembered = max_remembered
        self._monotonic = monotonic
        self._remembered: dict[bytes, _Remembered] = {}
        self._generation = 0
        self._lock = threading.Lock()

    def recall(self, headers: RawHeaders, method: str) -> Principal | None:
        """See `AccessCheck`."""
        found = Credentials.read(headers)
        if found.ambiguous:
            return None
        remembered = self._remembered.get(_key_of(found))
        if remembered is None or remembered.until_s <= self._monotonic() or (remembered.touch_is_due and not found.background):
            return None
        if method not in _SAFE_METHODS:
            try:
                _require_intent(found)
            except AccessDenied:
                return None
        return remembered.principal

    def authenticate(self, headers: RawHeaders, method: str, host: str) -> Principal:
        """See `AccessCheck`."""
        found = Credentials.read(headers)
        if found.ambiguous or len(found.authorization) > _MAX_CREDENTIAL_BYTES or len(found.cookie) > _MAX_CREDENTIAL_BYTES:
            raise NotSignedIn("more than one credential, or one too long")
        generation = self._generation
        if found.authorization:
            remembered = self._judge_authorization(found.authorization)
        elif found.cookie:
            remembered = self._judge_cookie(found)
        else:
            raise NotSignedIn("sign in, or send an API token")
        if method not in _SAFE_METHODS:
            _require_intent(found)
        self._remember(_key_of(found), remembered, generation)
        return remembered.principal

    def csrf_token(self, headers: RawHeaders) -> str:
        """See `AccessCheck`."""
        found = Credentials.read(headers)
        return csrf_token_of(_text(found.cookie)) if found.cookie and not found.authorization else ""

    def require_own_pages(self, headers: RawHeaders) -> None:
        """See `AccessCheck`."""
        Credentials.read(headers).require_own_pages()

    def forget(self) -> None:
        """See `AccessCheck`."""
        with self._lock:
            self._remembered.clear()
            self._generation += 1

    def _judge_authorization(self, authorization: bytes) -> _Remembered:
        token = self._tokens.find(_secret_of(authorization))
        remember_s = self._remember_s
        if token.expires_at_s is not None:
            remember_s = min(remember_s, 1.0)
        return _Remembered(Principal(token.name, token.role), self._monotonic() + remember_s, touch_is_due=False)

    def _judge_cookie(self, found: Credentials) -> _Remembered:
        session, account = self._sessions.find(_text(found.cookie))
        touch_is_due = self._sessions.touch_is_due(session)
        if touch_is_due and not found.background:
            self._sessions.touch(session)
            touch_is_due = False
            until_s = self._monotonic() + self._remember_s
        else:
            until_s = self._monotonic() + min(self._remember_s, self._sessions.remaining_s(session))
        return _Remembered(Principal(account.name, account.role), until_s, touch_is_due)

    def _remember(self, key: bytes, remembered: _Remembered, generation: int) -> None:
        with self._lock:
            if generation != self._generation:  # judged before somebody signed out: not to be trusted beyond this request
                return
            self._remembered.pop(key, None)
            while len(self._remembered) >= self._max_remembered:
                del self._remembered[next(iter(self._remembered))]
            self._remembered[key] = remembered


class OpenAccess:
    """Stands in for the guard with `--open-access`: no sign-in, but still nothing for other sites' pages.

    It is only ever built where every listener is on loopback. A page elsewhere could still reach it through the browser of
    whoever sits here: by a name that it lets point to 127.0.0.1 (so the Host must name this machine), or by a blind POST.
    """

    def recall(self, headers: RawHeaders, method: str) -> Principal | None:
        """See `AccessCheck`."""
        try:
            return self.authenticate(headers, method, "")
        except AccessDenied:
            return None

    def authenticate(self, headers: RawHeaders, method: str, host: str) -> Principal:
        """See `AccessCheck`."""
        found = Credentials.read(headers)
        if not _names_this_machine(found.host):
            raise AccessDenied("with open access this server answers only to localhost, 127.0.0.1 and [::1]")
        if method not in _SAFE_METHODS:
            found.require_own_pages()
        return OPEN_ACCESS

    def csrf_token(self, headers: RawHeaders) -> str:
        """See `AccessCheck`."""
        return ""

    def require_own_pages(self, headers: RawHeaders) -> None:
        """See `AccessCheck`."""
        Credentials.read(headers).require_own_pages()

    def forget(self) -> None:
        """See `AccessCheck`."""


def _key_of(found: Credentials) -> bytes:
    if found.authorization:
        return hashlib.sha256(b"a" + found.authorization).digest()
    return hashlib.sha256(b"c" + found.cookie).digest()


def _require_intent(found: Credentials) -> None:
    """Raises: AccessDenied where a browser may have attached the credential by itself, for another site's page."""
    if found.authorization:
        if found.authorization[:6].lower() == b"basic ":
            found.require_own_pages()
        return
    found.require_own_pages()
    expected = csrf_token_of(_text(found.cookie)).encode()
    if not hmac.compare_digest(expected, found.csrf_token):
        raise AccessDenied("refused: the header X-CSRF-Token is missing or not that of this session")


def _secret_of(authorization: bytes) -> str:
    scheme, _, value = authorization.partition(b" ")
    value = value.strip()
    if scheme.lower() == b"bearer":
        return _text(value)
    if scheme.lower() == b"basic":
        try:
            return _text(base64.b64decode(value, validate=True)).partition(":")[2]
        except (binascii.Error, ValueError) as exc:
            raise NotSignedIn("the Authorization header is not Basic as of RFC 7617") from exc
    raise NotSignedIn("the Authorization header is neither Bearer nor Basic")


def _names_this_machine(host: bytes) -> bool:
    """Of an absent Host, as HTTP/1.0 allows, no browser can be the sender."""
    name = _text(host).lower()
    if name.startswith("["):
        name = name[1:].partition("]")[0]
    elif name.count(":") == 1:
        name = name.partition(":")[0]
    return name in ("", "localhost", "::1") or name.endswith(".localhost") or _is_loopback_ipv4(name)


def _is_loopback_ipv4(name: str) -> bool:
    parts = name.split(".")
    return len(parts) == 4 and parts[0] == "127" and all(part.isdigit() and len(part) <= 3 for part in parts)


def _text(raw: bytes) -> str:
    return raw.decode("latin-1")
