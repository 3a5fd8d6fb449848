"""The DICOMweb server under judgement, as an HTTP client sees it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from conformance_kit.multipart import body_of, content_type_of

JSON = "application/dicom+json"
XML = 'multipart/related; type="application/dicom+xml"'
DICOM = 'multipart/related; type="application/dicom"'
OCTETS = 'multipart/related; type="application/octet-stream"'
DECLINED = (404, 405, 406, 415, 501)
UNKNOWN_TYPE = (400, *DECLINED)
"""What servers answer where one asks for a representation that they do not have: 406 is right, but the others say the same."""

PLAIN = "*,?:@/!$'()"
"""Characters that stand in a query as they are; delimiters of PS3.18 among them."""

Query = Iterable[tuple[str, object]]
Item = Mapping[str, Any]


def offered(answer: httpx.Response, service: str, declined: Iterable[int] = DECLINED) -> httpx.Response:
    """The answer, unless its status says that this optional service is not offered: then the assertion is skipped."""
    if answer.status_code in declined:
        pytest.skip(f"not offered: {service} ({answer.status_code})")
    return answer


def query_string(query: Query) -> str:
    """What RFC 3986 3.4 does not allow in a query is percent-encoded as UTF-8, a space as %20 (PS3.18 8.3.1)."""
    return "&".join(f"{quote(name, safe='.')}={quote(str(value), safe=PLAIN)}" for name, value in query)


class Server:
    """A DICOMweb root by its URL; paths are below it."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self.root = url.rstrip("/")
        self._http = httpx.Client(timeout=60, headers={"accept-encoding": "identity", **headers})

    def close(self) -> None:
        """Connections are given back."""
        self._http.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        accept: str | None = "*/*",
        query: Query = (),
        headers: Mapping[str, str] | None = None,
        content: Any = None,
    ) -> httpx.Response:
        """path: below the root, or a whole URL that the server gave."""
        url = path if path.startswith("http") else self.root + path
        if text := query_string(query):
            url += ("&" if "?" in url else "?") + text
        request = self._http.build_request(method, url, headers=dict(headers or {}), content=content)
        if accept is not None:
            request.headers["accept"] = accept
        elif "accept" in request.headers:
            del request.headers["accept"]
        return self._http.send(request)

    def get(self, path: str, accept: str | None = "*/*", query: Query = (), **headers: str) -> httpx.Response:
        """GET; headers by name with _ for -."""
        return self.request(
            "GET", path, accept=accept, query=query, headers={name.replace("_", "-"): text for name, text in headers.items()}
        )

    def post(self, path: str, content: Any, content_type: str | None, accept: str = JSON, **headers: str) -> httpx.Response:
        """POST of a body as it is."""
        given = {} if content_type is None else {"content-type": content_type}
        return self.request("POST", path, accept=accept, headers={**given, **headers}, content=content)

    def store(self, *files: bytes, path: str = "/studies", accept: str = JSON) -> httpx.Response:
        """STOW-RS of Part 10 files."""
        body = body_of([({"Content-Type": "application/dicom"}, file) for file in files])
        return self.post(path, body, content_type_of("application/dicom"), accept)

    def search(self, path: str, query: Query = ()) -> list[Item]:
        """The matches as DICOM JSON; none for 204. Raises: AssertionError for any other status."""
        answer = self.get(path, JSON, query)
        assert answer.status_code in (200, 204), f"{answer.status_code} to {answer.request.url}"
        items: list[Item] = answer.json() if answer.status_code == 200 else []
        return items

    def metadata(self, path: str) -> list[Item]:
        """Of a study, series or instance as DICOM JSON."""
        answer = self.get(f"{path}/metadata", JSON)
        assert answer.status_code == 200, f"{answer.status_code} to {answer.request.url}"
        items: list[Item] = answer.json()
        return items

    def resolve(self, uri: str, base: str) -> str:
        """A BulkDataURI or Retrieve URL as a whole URL; base: of the resource that named it."""
        return str(httpx.URL(self.root + base).join(uri))


def values(item: Item, tag: str) -> list[Any]:
    """Of one attribute; empty where it is absent or empty."""
    found: list[Any] = item.get(tag, {}).get("Value", [])
    return found


def value(item: Item, tag: str) -> Any:
    """The first value of an attribute; None where there is none."""
    return next(iter(values(item, tag)), None)


def uids(items: Iterable[Item], tag: str) -> list[str]:
    """The UIDs of one attribute of all items, in order."""
    return [value(item, tag) for item in items]
