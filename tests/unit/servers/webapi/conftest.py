"""The whole site in one process: real accounts, a worklist of one study, a stand-in for DICOMweb."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from hounsfield.model.errors import Gone, StudyNotFound
from hounsfield.model.worklist import KeptAside, SeriesRow, Statistics, StudyDetail, StudyRow, WorklistPage
from hounsfield.servers.webapi.api import create_api
from hounsfield.servers.webapi.application import Site
from hounsfield.servers.webapi.health import Health
from hounsfield.servers.webapi.parts import Parts, SiteFacts
from hounsfield.servers.webapi.static_files import StaticFiles

# A name that must never reach a log.
CANARY = "Canaria^Serinus"

STUDY = StudyRow(
    study_instance_uid="1.2.840.1",
    patient_id="CANARY-ID-1",
    issuer="",
    patient_name=CANARY,
    birth_date="19700101",
    sex="F",
    study_date="20260131",
    study_time="080500",
    accession_number="A1",
    description="<img src=x onerror=alert(1)>",
    referring_physician="",
    modalities=("CT", "SR"),
    series_count=2,
    instance_count=251,
    received_at_ns=1_800_000_000_123_456_789,
)


@dataclass
class FakeWorklist:
    """Answers from one study and remembers what it was asked."""

    asked: list[tuple[Any, ...]] = field(default_factory=list)
    deleted: list[tuple[Any, ...]] = field(default_factory=list)
    failure: Exception | None = None

    def page(self, origin, query, after):
        if self.failure:
            raise self.failure
        self.asked.append((origin, query, after))
        return WorklistPage((STUDY,), "cursor-2", 10_000, True)

    def study(self, origin, study_instance_uid):
        if study_instance_uid == "1.2.840.9":
            raise Gone("the study was deleted")
        if study_instance_uid != STUDY.study_instance_uid:
            raise StudyNotFound("no such study")
        return StudyDetail(STUDY, (SeriesRow("1.2.840.1.1", None, "CT", "thorax", "CHEST", 250, 250),), (STUDY,))

    def statistics(self, origin):
        return Statistics(1, 2, 251, 131_000_000)

    def kept_aside(self, origin, limit):
        kept = KeptAside("1.2.840.1", "1.2.840.1.1", "1.2.840.1.1.1", "kept-aside-uid", "other bytes", "CT1", 1_800_000_000_000_000_000)
        return [kept] * min(limit, 3)

    def echo(self, peer):
        if self.failure:
            raise self.failure
        self.asked.append(("echo", peer))
        return 0

    def delete(self, origin, study_instance_uid, reason):
        self.deleted.append((origin, study_instance_uid, reason))


async def dicomweb(scope, receive, send):
    """Stands in for the DICOMweb server."""
    if scope["path"].endswith("/raise"):
        raise RuntimeError(CANARY)
    headers = [(b"content-type", b"application/dicom+json"), (b"cache-control", b"private, no-cache")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    if scope["path"].endswith("/half"):
        await send({"type": "http.response.body", "body": b"[", "more_body": True})
        raise ConnectionAbortedError("the rest could not be read")
    await send({"type": "http.response.body", "body": b"[]"})


class Browser:
    """Keeps cookies and speaks to the site without a socket; synchronous."""

    def __init__(self, site: Site, base_url: str = "http://pacs.example") -> None:
        self._site = site
        self._base_url = base_url
        self.cookies = httpx.Cookies()
        self.csrf_token = ""

    def send(self, method: str, url: str, *, headers: Mapping[str, str] | None = None, **kwargs: Any) -> httpx.Response:
        """One request, with the cookies held."""

        async def exchange() -> httpx.Response:
            transport = httpx.ASGITransport(app=self._site, client=("192.0.2.7", 5000), raise_app_exceptions=True)
            async with httpx.AsyncClient(transport=transport, base_url=self._base_url, cookies=self.cookies) as client:
                response = await client.request(method, url, headers=headers, **kwargs)
                self.cookies = client.cookies
                return response

        return asyncio.run(exchange())

    def get(self, url: str, **kwargs: Any) -> httpx.Response:
        """GET."""
        return self.send("GET", url, **kwargs)

    def change(self, method: str, url: str, **kwargs: Any) -> httpx.Response:
        """An unsafe method, as our own page sends it."""
        return self.send(method, url, headers={"X-CSRF-Token": self.csrf_token, "Origin": self._base_url}, **kwargs)

    def sign_in(self, name: str, password: str) -> httpx.Response:
        """As the sign-in page does."""
        response = self.send("POST", "/api/session", json={"username": name, "password": password})
        if response.status_code == 200:
            self.csrf_token = response.json()["csrf_token"]
        return response


@dataclass
class House:
    """The site and what stands behind it."""

    site: Site
    parts: Parts
    worklist: FakeWorklist
    access: Any

    def browser(self, name: str = "", base_url: str = "http://pacs.example") -> Browser:
        """A browser; signed in where a name is given."""
        browser = Browser(self.site, base_url)
        if name:
            assert browser.sign_in(name, self.access.password).status_code == 200
        return browser


@pytest.fixture
def web_folder(tmp_path: Path) -> Path:
    """A built web app, with a file beside its folder that must not be reachable."""
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "index.html").write_text("<!doctype html><title>Hounsfield</title>")
    (folder / "index.html.br").write_bytes(b"brotli bytes")
    (folder / "index.html.gz").write_bytes(gzip.compress((folder / "index.html").read_bytes(), mtime=0))
    (folder / "assets" / "index-BxY3_k9z.js").write_text("console.log(1)")
    (folder / "assets" / "index-BxY3_k9z.js.gz").write_bytes(gzip.compress(b"console.log(1)", mtime=0))
    (folder / "assets" / "codec-0123456789ab.wasm").write_bytes(b"\0asm" + b"x" * 600_000)
    (folder / "favicon.svg").write_text("<svg/>")
    (folder / ".hidden.txt").write_text("hidden")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    return folder


@pytest.fixture
def house(access, web_folder: Path) -> House:
    """The site."""
    worklist = FakeWorklist()
    facts = SiteFacts("HOUNSFIELD", "127.0.0.1", 11112, 8080, "0.1.0")
    parts = Parts(access.guard, access.sessions, access.callers, worklist, worklist.delete, facts, access.peers, worklist.echo)
    health = Health({"index": lambda: True})
    site = Site(api=create_api(parts), dicomweb=dicomweb, static=StaticFiles(web_folder), health=health)
    return House(site, parts, worklist, access)
