"""Databases of their own for tests of the index, on SQLite and on PostgreSQL."""

from __future__ import annotations

import contextlib
import itertools
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from hounsfield.index.database import Database
from hounsfield.index.reader import IndexReader
from hounsfield.index.writer import IndexWriter
from services.postgresql import Postgresql

TEMPLATE = "hounsfield_template"
_numbers = itertools.count(1)


@dataclass
class Indexed:
    """An index to be filled and asked. others: further databases to be closed with it."""

    database: Database
    writer: IndexWriter
    reader: IndexReader
    address: str

    @contextlib.contextmanager
    def query_count(self, expected: int) -> Iterator[None]:
        """The block sends so many statements, no more and no fewer."""
        before = self.database.statement_count
        yield
        sent = self.database.statement_count - before
        assert sent == expected, f"{sent} statements instead of {expected}"


@dataclass
class Addresses:
    """Gives addresses of new databases, with the schema or empty. template: of SQLite, a file with the schema."""

    folder: Path
    server: Postgresql | None
    template: Path | None = None
    made: list[str] = field(default_factory=list)

    def new(self, *, empty: bool = False) -> str:
        """The address of a database that nobody else has."""
        number = next(_numbers)
        if self.server is None:
            path = self.folder / f"index-{number}.sqlite"
            if not empty:
                assert self.template is not None
                shutil.copyfile(self.template, path)
            return str(path)
        name = f"hounsfield_{number}"
        with psycopg.connect(self.server.address(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {'template0' if empty else TEMPLATE}")
        self.made.append(name)
        return self.server.address(name)

    def drop(self) -> None:
        """Drop what was made."""
        if self.server is None or not self.made:
            return
        with psycopg.connect(self.server.address(), autocommit=True) as connection:
            for name in self.made:
                connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def make_file_template(path: Path) -> None:
    """An SQLite file with the schema, to be copied."""
    _upgrade(str(path))


def make_template(server: Postgresql) -> None:
    """A database with the schema, to be copied."""
    with psycopg.connect(server.address(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {TEMPLATE} TEMPLATE template0")
    _upgrade(server.address(TEMPLATE))


@contextlib.contextmanager
def opened(address: str) -> Iterator[Indexed]:
    """The index at an address, closed behind the block."""
    database = Database(address)
    writer = IndexWriter(database)
    try:
        yield Indexed(database, writer, IndexReader(database), address)
    finally:
        writer.close()
        database.close()


def _upgrade(address: str) -> None:
    database = Database(address)
    database.upgrade()
    database.close()
