"""An archive, its index and a DICOM server that answers C-FIND, in this process."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dimse_kit.server import running_server
from hounsfield.archive.archive import Archive
from hounsfield.archive.reader import PackReader
from hounsfield.index.database import Database
from hounsfield.index.reader import IndexReader
from hounsfield.index.writer import IndexWriter
from hounsfield.model.errors import HounsfieldError
from hounsfield.model.origin import Origin, Principal, Protocol, Role
from hounsfield.servers.dimse.find import FindService
from hounsfield.services.header_attributes import HeaderAttributes
from hounsfield.services.retrieve import Retrieve
from hounsfield.services.search import Search
from hounsfield.services.store import LocalStore
from services.databases import address_of

ORIGIN = Origin(Protocol.DIMSE, Principal("TESTER", Role.EDITOR), "127.0.0.1", "TESTER", "HOUNSFIELD")


@dataclass
class Served:
    """A running server called HOUNSFIELD."""

    port: int
    store: LocalStore
    writer: IndexWriter
    reader: IndexReader

    def keep(self, paths: Iterable[Path]) -> list[Path]:
        """Stores Part 10 files; returns those that count."""
        kept = []
        for path in paths:
            with contextlib.suppress(HounsfieldError), self.store.receive_file(ORIGIN) as reception:
                reception.write(path.read_bytes())
                if not reception.finish().kept_aside:
                    kept.append(path)
        return kept


@contextlib.contextmanager
def serving(folder: Path, **options: Any) -> Iterator[Served]:
    """An empty archive. options: of FindService."""
    database = Database(address_of(folder))
    database.upgrade()
    archive = Archive(folder / "packs")
    packs = PackReader(folder / "packs")
    writer = IndexWriter(database)
    reader = IndexReader(database)
    store = LocalStore(archive, writer)
    headers = HeaderAttributes(Retrieve(reader, packs))
    try:
        with running_server(more_services=[FindService(Search(reader), headers, **options)]) as server:
            yield Served(server.address[1], store, writer, reader)
    finally:
        packs.close()
        writer.close()
        archive.close()
        database.close()
