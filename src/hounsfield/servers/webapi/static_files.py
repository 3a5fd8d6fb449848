"""Serves the built web app from a table of its files that is made once, at the start.

A path is looked up in the table and never joined to a folder, so nothing outside can be named. Files whose name holds a hash of
their content are kept by the browser for good; everything else is asked again each time and answered 304 where unchanged.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from anyio import open_file

from hounsfield.servers.webapi.asgi import Header, Receive, Scope, Send, answer, header
from hounsfield.servers.webapi.security_headers import PAGE_HEADERS

MEDIA_TYPES: Mapping[str, bytes] = {
    ".css": b"text/css; charset=utf-8",
    ".gif": b"image/gif",
    ".html": b"text/html; charset=utf-8",
    ".ico": b"image/x-icon",
    ".jpeg": b"image/jpeg",
    ".jpg": b"image/jpeg",
    ".js": b"text/javascript; charset=utf-8",
    ".json": b"application/json",
    ".map": b"application/json",
    ".mjs": b"text/javascript; charset=utf-8",
    ".png": b"image/png",
    ".svg": b"image/svg+xml",
    ".ttf": b"font/ttf",
    ".txt": b"text/plain; charset=utf-8",
    ".wasm": b"application/wasm",
    ".webmanifest": b"application/manifest+json",
    ".webp": b"image/webp",
    ".woff": b"font/woff",
    ".woff2": b"font/woff2",
}
"""Our own table: the machine's may lack .wasm, and browsers compile a stream only of that type."""

ENCODINGS = ((b"br", ".br"), (b"gzip", ".gz"))
"""Best first. A file's compressed variants lie beside it, made by the build."""

INDEX = "/index.html"
CHUNK_BYTES = 1 << 18
NOT_BUILT = b"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Hounsfield</title></head>
<body><h1>The web app has not been built</h1>
<p>The server runs, and DICOM and DICOMweb work. To build the app: <code>make build</code>, then start the server again.</p></body></html>
"""

_HASHED = re.compile(r"/assets/.*[-.][A-Za-z0-9_-]{8,}\.[a-z0-9]+")
_EXTENSION = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,14}$")
_HTML: Header = (b"content-type", MEDIA_TYPES[".html"])
_NO_CACHE: Header = (b"cache-control", b"no-cache")
_FOR_GOOD: Header = (b"cache-control", b"public, max-age=31536000, immutable")


@dataclass(frozen=True, slots=True)
class Variant:
    """One file on disk. headers: all that its answer says, without length and security."""

    path: Path
    length_bytes: int
    etag: bytes
    headers: tuple[Header, ...]


class StaticFiles:
    """The ASGI application of the web app; paths without an extension are the app's own routes and get its page."""

    def __init__(self, folder: Path) -> None:
        self._files = _table_of(folder) if folder.is_dir() else {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["method"] not in ("GET", "HEAD"):
            await answer(send, 405, b"", [(b"allow", b"GET, HEAD"), *PAGE_HEADERS])
            return
        path = scope["path"]
        variants = self._files.get(path)
        if variants is None:
            if _EXTENSION.search(path.rpartition("/")[2]):
                await answer(send, 404, b"not found", [(b"content-type", MEDIA_TYPES[".txt"]), _NO_CACHE, *PAGE_HEADERS])
                return
            variants = self._files.get(INDEX)
        if variants is None:
            await answer(send, 503, NOT_BUILT, [_HTML, _NO_CACHE, *PAGE_HEADERS])
            return
        accepted = accepted_encodings(header(scope, b"accept-encoding"))
        variant = next((variants[name] for name in accepted if name in variants), variants[b""])
        if _is_known(header(scope, b"if-none-match"), variant.etag):
            await send({"type": "http.response.start", "status": 304, "headers": [*variant.headers, *PAGE_HEADERS]})
            await send({"type": "http.response.body", "body": b""})
            return
        await _send_file(scope, send, variant)


@lru_cache(maxsize=64)
def accepted_encodings(accept_encoding: bytes) -> tuple[bytes, ...]:
    """Those of `ENCODINGS` that the browser takes, best first (RFC 9110 12.5.3)."""
    refused: set[bytes] = set()
    named: set[bytes] = set()
    for part in accept_encoding.lower().split(b","):
        name, _, parameters = part.partition(b";")
        quality = parameters.replace(b" ", b"").removeprefix(b"q=")
        (refused if quality and not quality.strip(b"0.") else named).add(name.strip())
    anything = b"*" in named
    return tuple(name for name, _ in ENCODINGS if name not in refused and (name in named or anything))


async def _send_file(scope: Scope, send: Send, variant: Variant) -> None:
    headers = [*variant.headers, *PAGE_HEADERS, (b"content-length", b"%d" % variant.length_bytes)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    if scope["method"] == "HEAD":
        await send({"type": "http.response.body", "body": b""})
    elif "http.response.pathsend" in scope.get("extensions", {}):
        await send({"type": "http.response.pathsend", "path": str(variant.path)})
    else:
        async with await open_file(variant.path, "rb") as file:
            while chunk := await file.read(CHUNK_BYTES):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


def _table_of(folder: Path) -> dict[str, dict[bytes, Variant]]:
    """By URL path and encoding (b"" for none). Hidden files and links are left out: a link may lead outside."""
    table: dict[str, dict[bytes, Variant]] = {}
    suffixes = tuple(suffix for _, suffix in ENCODINGS)
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            file = Path(parent, name)
            if name.startswith(".") or name.endswith(suffixes) or file.is_symlink():
                continue
            url_path = "/" + file.relative_to(folder).as_posix()
            table[url_path] = _variants_of(url_path, file)
    if INDEX in table:
        table["/"] = table[INDEX]
    return table


def _variants_of(url_path: str, file: Path) -> dict[bytes, Variant]:
    present = [(name, file.with_name(file.name + suffix)) for name, suffix in ENCODINGS]
    present = [(name, path) for name, path in present if path.is_file() and not path.is_symlink()]
    common: list[Header] = [
        (b"content-type", MEDIA_TYPES.get(file.suffix.lower(), b"application/octet-stream")),
        _FOR_GOOD if _HASHED.fullmatch(url_path) else _NO_CACHE,
    ]
    if present:
        common.append((b"vary", b"accept-encoding"))
    variants = {}
    for name, path in [(b"", file), *present]:
        etag = b'"' + hashlib.sha256(path.read_bytes()).hexdigest()[:24].encode() + b'"'
        encoded: list[Header] = [(b"content-encoding", name)] if name else []
        variants[name] = Variant(path, path.stat().st_size, etag, (*common, *encoded, (b"etag", etag)))
    return variants


def _is_known(if_none_match: bytes, etag: bytes) -> bool:
    """Weak comparison, as RFC 9110 13.1.2 asks."""
    candidates = [part.strip().removeprefix(b"W/") for part in if_none_match.split(b",")]
    return etag in candidates or b"*" in candidates
