"""Archive, index, codecs and all services in this process; requests come by ASGI."""

from __future__ import annotations

import asyncio
import contextlib
import email.parser
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from hounsfield.app.worklists import performed_steps_of, web_commitments_of, worklist_of
from hounsfield.archive.archive import Archive
from hounsfield.archive.reader import PackReader
from hounsfield.codecs.pool import CodecPool
from hounsfield.index.database import Database
from hounsfield.index.reader import IndexReader
from hounsfield.index.retrieval import RetrievalReader
from hounsfield.index.writer import IndexWriter
from hounsfield.servers.dicomweb.composition import Parts, dicomweb_application
from hounsfield.services.delete import LocalDecisions
from hounsfield.services.guard import OpenAccess
from hounsfield.services.metadata import SeriesMetadata
from hounsfield.services.rejection_notes import RejectionNotes
from hounsfield.services.retrieve import Retrieve
from hounsfield.services.search import Search
from hounsfield.services.store import LocalStore
from services.databases import address_of

ROOT = "http://127.0.0.1/dicom-web"


@dataclass
class Pacs:
    """A running service; `archive_root` is where its packs lie. local: for what comes by other ways than STOW-RS."""

    app: Callable[..., Any]
    archive_root: Path
    decisions: LocalDecisions
    reader: IndexReader
    local: LocalStore

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        async def run() -> httpx.Response:
            transport = httpx.ASGITransport(app=_copying(self.app))
            async with httpx.AsyncClient(transport=transport, timeout=60) as client:
                return await client.request(method, ROOT + path, **more)

        return asyncio.run(run())

    def get(self, path: str, accept: str = "", **headers: str) -> httpx.Response:
        return self.request("GET", path, headers={"accept": accept, **headers} if accept else {"accept": "*/*", **headers})

    def store(self, *files: bytes, path: str = "/studies") -> httpx.Response:
        body = b"".join(b"--edge\r\nContent-Type: application/dicom\r\n\r\n" + file + b"\r\n" for file in files) + b"--edge--"
        return self.request(
            "POST", path, content=body, headers={"content-type": 'multipart/related; type="application/dicom"; boundary=edge'}
        )


@contextlib.contextmanager
def open_pacs(folder: Path, *, quick_in_loop: bool = True, ffmpeg_path: str = "") -> Iterator[Pacs]:
    """An empty one."""
    database = Database(address_of(folder))
    database.upgrade()
    archive = Archive(folder / "packs")
    writer = IndexWriter(database)
    packs = PackReader(folder / "packs")
    reader = IndexReader(database)
    retrieve = Retrieve(reader, packs)
    decisions = LocalDecisions(archive, writer)
    notes = RejectionNotes(retrieve, RetrievalReader(database), decisions.decide)
    store = LocalStore(archive, writer, stored=notes.take)
    commitments = web_commitments_of(database, packs)
    with CodecPool() as codecs, ThreadPoolExecutor(4) as threads, ThreadPoolExecutor(4) as uploads:
        parts = Parts(
            store=store,
            search=Search(reader),
            retrieve=retrieve,
            documents=SeriesMetadata(retrieve, folder / "cache", "/dicom-web"),
            codecs=codecs,
            guard=OpenAccess(),
            executor=threads,
            upload_executor=uploads,
            quick_in_loop=quick_in_loop,
            decide=decisions.decide,
            spool_dir=folder / "spool",
            worklist=worklist_of(database),
            commitments=commitments,
            performed_steps=performed_steps_of(database),
            ffmpeg_path=ffmpeg_path,
        )
        yield Pacs(dicomweb_application(parts), folder / "packs", decisions, reader, store)
    commitments.close()
    packs.close()
    writer.close()
    archive.close()
    database.close()


def _copying(app: Callable[..., Any]) -> Callable[..., Any]:
    """As granian does: a piece of the body is copied before `send` returns, so that the application may use its buffer again."""

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        async def send_a_copy(message: dict[str, Any]) -> None:
            await send({**message, "body": bytes(message["body"])} if "body" in message else message)

        await app(scope, receive, send_a_copy)

    return serve


def parts_of(response: httpx.Response) -> list[tuple[str, bytes]]:
    """(Content-Type, body) of each part, taken apart by another parser than ours."""
    content_type = response.headers["content-type"]
    boundary = email.parser.HeaderParser().parsestr(f"Content-Type: {content_type}").get_boundary()
    assert boundary is not None
    sections = (b"\r\n" + response.content).split(b"\r\n--" + boundary.encode())
    assert sections[0] == b""
    assert sections[-1] == b"--\r\n"
    found = []
    for section in sections[1:-1]:
        head, _, body = section.partition(b"\r\n\r\n")
        headers = email.parser.BytesHeaderParser().parsebytes(head.lstrip(b"\r\n"))
        if "content-length" in headers:
            assert int(headers["content-length"]) == len(body)
        found.append((headers["content-type"], body))
    return found
