"""What every answer tells the browser not to do."""

from __future__ import annotations

from collections.abc import Sequence

from hounsfield.servers.webapi.asgi import Header

PAGE_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; img-src 'self' data: blob:; "
    "style-src-elem 'self'; style-src-attr 'unsafe-inline'; font-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
"""For our own pages: scripts only from our files, compiled WebAssembly, no inline script ever (CSP level 3)."""

DATA_POLICY = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'; sandbox"
"""For everything else: whatever a stored object holds, opened by itself it runs nothing and belongs to no origin."""

_EVERYWHERE: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (
        b"permissions-policy",
        b"camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), payment=(), usb=()",
    ),
)

PAGE_HEADERS: tuple[Header, ...] = ((b"content-security-policy", PAGE_POLICY.encode()), *_EVERYWHERE)
DATA_HEADERS: tuple[Header, ...] = ((b"content-security-policy", DATA_POLICY.encode()), *_EVERYWHERE)
STRICT_TRANSPORT: Header = (b"strict-transport-security", b"max-age=31536000")
"""A year of TLS only (RFC 6797); sent over TLS alone."""


def completed(headers: Sequence[Header], defaults: Sequence[Header]) -> list[Header]:
    """`headers` with those of `defaults` that it does not have itself."""
    present = {name for name, _ in headers}
    return [*headers, *(default for default in defaults if default[0] not in present)]
