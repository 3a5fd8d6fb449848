"""Cross-origin requests: which pages of other origins may read answers (the CORS protocol of the Fetch standard).

A page elsewhere sends an API token in `Authorization`. Credentials that a browser attaches by itself are never allowed: what a person
who is signed in may see is not another page's to read, whatever origins are configured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hounsfield.model.errors import NotFound
from hounsfield.servers.dicomweb.exchange import COMMON_HEADERS, Exchange, Header
from hounsfield.servers.dicomweb.routing import Router

ANY_ORIGIN: Final = "*"
PREFLIGHT_REMEMBERED_S: Final = 600

_ALLOWED_HEADERS: Final = b"accept, authorization, content-type, if-match, if-none-match, range"
_EXPOSED_HEADERS: Final = b"accept-ranges, content-encoding, content-location, content-range, etag, location, retry-after, warning"
_VARY: Final[Header] = (b"vary", b"origin")


@dataclass(frozen=True, slots=True)
class Cors:
    """origins: as browsers send them, `https://viewer.example`, or `*` for all; none means that there is no such thing here."""

    origins: frozenset[str] = frozenset()

    async def begin(self, exchange: Exchange, router: Router) -> bool:
        """Adds to the headers of the answer; True where it was a preflight request, which has no credential and is answered here."""
        origin = exchange.headers.get(b"origin", b"")
        allowed = self._allowed(origin)
        if allowed is None:
            exchange.common = (*COMMON_HEADERS, _VARY)
            return False
        exchange.common = (
            *COMMON_HEADERS,
            _VARY,
            (b"access-control-allow-origin", allowed),
            (b"access-control-expose-headers", _EXPOSED_HEADERS),
        )
        if exchange.scope["method"] != "OPTIONS" or b"access-control-request-method" not in exchange.headers:
            return False
        await exchange.answer(204, _preflight_headers(exchange.scope["path"], router))
        return True

    def _allowed(self, origin: bytes) -> bytes | None:
        if not origin:
            return None
        if ANY_ORIGIN in self.origins:
            return ANY_ORIGIN.encode()
        return origin if origin.decode("latin-1").lower() in self.origins else None


def _preflight_headers(path: str, router: Router) -> list[Header]:
    try:
        methods = router.resource(path).methods
    except NotFound:
        methods = "GET, HEAD, OPTIONS"  # the request itself is told that there is nothing
    return [
        (b"access-control-allow-methods", methods.encode()),
        (b"access-control-allow-headers", _ALLOWED_HEADERS),
        (b"access-control-max-age", str(PREFLIGHT_REMEMBERED_S).encode()),
    ]


NO_CORS: Final = Cors()
