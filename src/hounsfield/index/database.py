"""Connections to the index's database, and its schema."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Executable

from hounsfield.index.dialect import Connection, Dialect, Statement, Values, dialect_for
from hounsfield.model.errors import ConfigurationError, IndexUnavailable

SCHEMA_VERSION = "0012"
"""The newest migration in `index.migrations.versions`."""


class Database:
    """One SQLite file or one PostgreSQL database; safe to use from any thread.

    address: the path of an SQLite file, or `postgresql://...`. today: in the site's local time, as dates of studies are.
    statement_count: statements sent by `fetch` and inside `control`, for tests that count queries.
    """

    def __init__(self, address: str | Path, today: Callable[[], date] = date.today) -> None:
        self.dialect: Dialect = dialect_for(address)
        self.today = today
        self.statement_count = 0
        self._idle: deque[Connection] = deque()
        self._controlling: Connection | None = None
        self._control_lock = threading.Lock()
        self._closed = False

    def upgrade(self) -> None:
        """Bring the schema to `SCHEMA_VERSION`, in one transaction: a kill leaves the old schema or the new one.

        Raises: IndexUnavailable; ConfigurationError where the database was written by a newer Hounsfield.
        """
        from hounsfield.index.migrate import current_version, known_version, migrate

        try:
            with self.dialect.upgrading():
                version = current_version(self)
                if version == SCHEMA_VERSION:
                    return
                if version is not None and not known_version(version):
                    raise ConfigurationError(
                        f"the database has schema {version}, newer than this Hounsfield ({SCHEMA_VERSION}): update Hounsfield"
                    )
                migrate(self.dialect)
        except self.dialect.failures as exc:
            raise IndexUnavailable(f"the database cannot be upgraded: {exc}") from exc

    def connect(self, *, durable: bool = False, writing: bool = False) -> Connection:
        """A connection of the caller's own. Raises: IndexUnavailable."""
        try:
            return self.dialect.connect(durable=durable, writing=writing)
        except self.dialect.failures as exc:
            raise IndexUnavailable(f"the database does not answer: {exc}") from exc

    def compile(self, statement: Executable) -> Statement:
        """The driver's text of a Core statement."""
        return self.dialect.compile(statement)

    def fetch(self, sql: str, values: Values = ()) -> list[Any]:
        """All rows of a read, as tuples. A connection that was lost while idle is replaced. Raises: IndexUnavailable."""
        self.statement_count += 1
        fresh = False
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                connection = self.connect()
                fresh = True
            try:
                rows = connection.execute(sql, values).fetchall()
            except self.dialect.failures as exc:
                with contextlib.suppress(*self.dialect.errors):
                    connection.close()
                if fresh:
                    raise IndexUnavailable(f"the database does not answer: {exc}") from exc
                continue
            except BaseException:
                connection.close()
                raise
            self._idle.append(connection)
            return rows

    @contextlib.contextmanager
    def control(self) -> Iterator[Connection]:
        """A short transaction for a control record, flushed when it commits; one at a time in this process.

        Other processes' are waited for (SQLite: up to 10 s). Raises: IndexUnavailable.
        """
        failures = self.dialect.failures
        with self._control_lock:
            connection = self._begin_control()
            try:
                self.statement_count += 1
                yield connection
                connection.execute("COMMIT")
            except BaseException as exc:
                self._give_up(connection)
                if isinstance(exc, failures):
                    raise IndexUnavailable(f"the database does not answer: {exc}") from exc
                raise

    def _begin_control(self) -> Connection:
        fresh = self._controlling is None
        while True:
            connection = self._controlling or self.connect(durable=True)
            self._controlling = connection
            try:
                connection.execute(self.dialect.begin_writing)
            except self.dialect.failures as exc:
                self._discard_control()
                if fresh:
                    raise IndexUnavailable(f"the database does not answer: {exc}") from exc
                fresh = True
            else:
                return connection

    def _give_up(self, connection: Connection) -> None:
        try:
            connection.execute("ROLLBACK")
        except self.dialect.errors:
            self._discard_control()

    def _discard_control(self) -> None:
        connection, self._controlling = self._controlling, None
        if connection is not None:
            with contextlib.suppress(*self.dialect.errors):
                connection.close()

    def close(self) -> None:
        """Close idle connections; one in use closes when it is next idle."""
        with self._control_lock:
            self._discard_control()
        while self._idle:
            self._idle.pop().close()
