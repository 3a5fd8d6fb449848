"""All that Hounsfield knows of one database and not of the other."""

from __future__ import annotations

import fcntl
import json
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Executable, Integer, and_, bindparam, func, literal_column, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine import Dialect as Compiler
from sqlalchemy.sql.elements import ClauseElement

from hounsfield.model import connections
from hounsfield.model.errors import ConfigurationError
from hounsfield.model.matching import matches_wild_card

NOTHING: ColumnElement[int] = literal_column("0")
Values = Sequence[Any]


class Connection(connections.Connection, Protocol):
    """What both drivers' connections have in common; every one of ours is in autocommit mode, transactions are begun by hand."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL ready for the driver. parameters: their names in the driver's order."""

    sql: str
    parameters: tuple[str, ...]


class Dialect(ABC):
    """The facts of one database."""

    name: str
    in_process: bool
    """Whether statements run in our own threads, rather than in a server that is waited for."""
    judges_before_reading: bool
    """Whether any condition on columns that an index holds is judged before the row is read."""
    compiler: Compiler
    begin_writing: str
    """Opens a transaction that will write."""
    failures: tuple[type[Exception], ...]
    """The database does not answer, or not now."""
    refusals: tuple[type[Exception], ...]
    """The database will not take this value."""
    errors: tuple[type[Exception], ...]
    """All that the driver raises."""

    def compile(self, statement: Executable) -> Statement:
        """Build the driver's text of a Core statement, once."""
        assert isinstance(statement, ClauseElement)
        compiled = statement.compile(dialect=self.compiler)
        return Statement(str(compiled), tuple(getattr(compiled, "positiontup", None) or ()))

    @abstractmethod
    def connect(self, *, durable: bool, writing: bool) -> Connection:
        """durable: every commit is flushed. writing: with the cache that a steady writer wants."""

    def upgrading(self) -> AbstractContextManager[None]:
        """What keeps two upgrades apart before either has a transaction."""
        return nullcontext()

    @abstractmethod
    def execute_many(self, connection: Connection, sql: str, rows: Iterable[Values]) -> int:
        """One statement for many rows; how many rows it changed."""

    @abstractmethod
    def batch(self, connection: Connection) -> AbstractContextManager[object]:
        """Statements inside the block whose answer nobody reads need not be waited for one by one."""

    @abstractmethod
    def like(self, column: ColumnElement[str], parameter: str) -> ColumnElement[bool]:
        """Whether the column matches a pattern made by `pattern`; case counts."""

    @abstractmethod
    def pattern(self, wild_card: str) -> str:
        """The wild card pattern of the standard (`*`, `?`) in the database's own signs."""

    @abstractmethod
    def among(self, column: ColumnElement[Any], parameter: str) -> ColumnElement[bool]:
        """Whether the column is one of a list of any length, given as one value made by `listed`."""

    @abstractmethod
    def listed(self, values: Iterable[int] | Iterable[str]) -> Any:
        """The value for `among`."""

    @abstractmethod
    def contains(self, column: ColumnElement[str], parameter: str) -> ColumnElement[bool]:
        """Whether the column holds the text as it stands."""

    @abstractmethod
    def first_line_contains(self, column: ColumnElement[bytes], parameter: str) -> ColumnElement[bool]:
        """Whether what stands before the column's first line feed holds the bytes as they stand; nothing does where there is none."""

    @abstractmethod
    def any_code(self, column: ColumnElement[str], parameter: str) -> ColumnElement[bool]:
        """Whether one of the codes that the column holds between spaces matches a pattern made by `code_pattern`."""

    @abstractmethod
    def code_pattern(self, wild_card: str) -> str:
        """The wild card pattern of the standard for `any_code`."""

    @abstractmethod
    def part(self, column: ColumnElement[str], index: int) -> ColumnElement[str]:
        """The part, from 0, of a text of up to three joined by `=`; empty where there are fewer."""

    @abstractmethod
    def unhinted(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """The column where no index on it shall be used, because a better way in is known."""

    @abstractmethod
    def sorted_by(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """The column to sort a list of rows by, which no index on it shall lead to."""

    @abstractmethod
    def unindexed_order(self, key: ColumnElement[int]) -> ColumnElement[int]:
        """The primary key to sort by, among rows that another index has found: that one shall lead, not the key's own."""

    @abstractmethod
    def engine_url(self) -> URL:
        """For migrations, which run through an SQLAlchemy engine."""


class SqliteDialect(Dialect):
    """SQLite in WAL mode, one file. busy_timeout_ms: how long one waits for another's transaction."""

    name = "sqlite"
    in_process = True
    judges_before_reading = True
    begin_writing = "BEGIN IMMEDIATE"
    failures = (sqlite3.OperationalError,)
    refusals = (sqlite3.IntegrityError, sqlite3.DataError, OverflowError, UnicodeError)
    errors = (sqlite3.Error,)

    def __init__(self, path: Path) -> None:
        self.path = path
        self.busy_timeout_ms = 10_000
        self.compiler = sqlite.dialect(paramstyle="qmark")

    @contextmanager
    def upgrading(self) -> Iterator[None]:
        """A lock file: SQLite does not wait for another that is just turning a new file to WAL, but says at once that it is locked."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_name(f"{self.path.name}.lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def connect(self, *, durable: bool, writing: bool) -> Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, cached_statements=512)
        connection.execute(f"PRAGMA busy_timeout = {self.busy_timeout_ms}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA mmap_size = 134217728")
        connection.execute(f"PRAGMA cache_size = {-65536 if writing else -4096}")
        connection.create_function("any_code", 2, _any_code, deterministic=True)
        # Random UIDs dirty many pages: the rarer the checkpoint, the more often it finds several changes on one page.
        connection.execute("PRAGMA wal_autocheckpoint = 8000")
        connection.execute("PRAGMA journal_size_limit = 67108864")
        return connection

    def execute_many(self, connection: Connection, sql: str, rows: Iterable[Values]) -> int:
        assert isinstance(connection, sqlite3.Connection)
        return connection.executemany(sql, rows).rowcount

    def batch(self, connection: Connection) -> AbstractContextManager[object]:
        return nullcontext()

    def like(self, column: ColumnElement[str], parameter: str) -> ColumnElement[bool]:
        return column.op("GLOB", is_comparison=True)(bindparam(parameter))

    def pattern(self, wild_card: str) -> str:
        return wild_card.replace("[", "[[]")

    def among(self, column: ColumnElement[Any], parameter: str) -> ColumnElement[bool]:
        return column.in_(select(func.json_each(bindparam(parameter)).table_valued("value").c.value))

    def listed(self, values: Iterable[int] | Iterable[str]) -> Any:
        return json.dumps(list(values))

    def contains(self, column: ColumnElement[str], parameter: str) -> ColumnElement[bool]:
        return func.instr(column, bindparam(parameter)) > NOTHING

    def first_line_contains(self, column: ColumnElement[bytes], parameter: str) -> ColumnElement[bool]:
        first = func.substr(column, literal_column("1"), func.instr(column, literal_column("x'0a'")))
        return func.instr(first, bindparam(parameter)) > NOTHING

    def any_code(self, column: ColumnElement[str], parameter: str) -> ColumnElement[bool]:
        return func.any_code(column, bindparam(parameter)) > NOTHING

    def code_pattern(self, wild_card: str) -> str:
        return wild_card

    def part(self, column: ColumnElement[str], index: int) -> ColumnElement[str]:
        rest = str(column)
        for _ in range(index):
            rest = f"substr({rest}, instr({rest} || '=', '=') + 1)"
        return literal_column(rest if index == 2 else f"substr({rest}, 1, instr({rest} || '=', '=') - 1)", column.type)

    def unhinted(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        return literal_column(f"+{column}", column.type)

    def sorted_by(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        return self.unhinted(column)

    def unindexed_order(self, key: ColumnElement[int]) -> ColumnElement[int]:
        return key  # every index ends with it

    def engine_url(self) -> URL:
        return URL.create("sqlite", database=str(self.path))


class PostgresqlDialect(Dialect):
    """PostgreSQL through psycopg 3."""

    name = "postgresql"
    in_process = False
    judges_before_reading = False
    begin_writing = "BEGIN"

    def __init__(self, url: URL) -> None:
        try:
            import psycopg
            from sqlalchemy.dialects.postgresql import psycopg as compiler
        except ImportError as exc:
            raise ConfigurationError("a PostgreSQL database needs the package psycopg: install hounsfield[postgresql]") from exc
        self._psycopg = psycopg
        self._url = url
        self.failures = (psycopg.OperationalError, psycopg.InterfaceError, psycopg.InternalError)
        self.refusals = (psycopg.IntegrityError, psycopg.DataError, OverflowError, UnicodeError)
        self.errors = (psycopg.Error,)
        self.compiler = compiler.dialect(paramstyle="format")  # type: ignore[no-untyped-call]

    def connect(self, *, durable: bool, writing: bool) -> Connection:
        conninfo = self._url.set(drivername="postgresql").render_as_string(hide_password=False)
        # A server whose machine has vanished says nothing: without these one would wait for it for many minutes.
        vanished: dict[str, Any] = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 10_000}
        connection = self._psycopg.connect(conninfo, autocommit=True, connect_timeout=5, application_name="hounsfield", **vanished)
        connection.execute("SET lock_timeout = '30s'")
        # For the derived tables too, though packs could bring them back: this server may crash while we go on, and then later objects
        # of a pack would be committed over those that it forgot, whose place recovery would take for seen.
        connection.execute("SET synchronous_commit = on")
        return connection

    def execute_many(self, connection: Connection, sql: str, rows: Iterable[Values]) -> int:
        assert isinstance(connection, self._psycopg.Connection)
        with connection.cursor() as cursor:
            cursor.executemany(sql, rows)
            return int(cursor.rowcount)

    def batch(self, connection: Connection) -> AbstractContextManager[object]:
        assert isinstance(connection, self._psycopg.Connection)
        return connection.pipeline()

    def like(self, column: ColumnElement[str], parameter: str) -> ColumnElement[bool]:
        return column.like(bindparam(parameter))

    def pattern(self, wild_card: str) -> str:
        escaped = wild_card.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return escaped.replace("*", "%").replace("?", "_")

    def among(self, column: ColumnElement[Any], parameter: str) -> ColumnElement[bool]:
        return column == func.any(bindparam(parameter))

    def listed(self, values: Iterable[int] | Iterable[str]) -> Any:
        return list(values)

    def contains(self, column: ColumnElement[str], parameter: str) -> ColumnElement[bool]:
        return func.strpos(column, bindparam(parameter)) > NOTHING

    def first_line_contains(self, column: ColumnElement[bytes], parameter: str) -> ColumnElement[bool]:
        end = func.position(literal_column("'\\x0a'::bytea").op("IN")(column))
        first = func.substr(column, literal_column("1"), end)
        return func.position(bindparam(parameter).op("IN")(first)) > NOTHING

    def any_code(self, column: ColumnElement[str], parameter: str) -> ColumnElement[bool]:
        return column.op("~", is_comparison=True)(bindparam(parameter))

    def code_pattern(self, wild_card: str) -> str:
        signs = {"*": "[^ ]*", "?": "[^ ]"}
        letters = [signs.get(letter) or (letter if letter.isalnum() else f"\\{letter}") for letter in wild_card]
        return " " + "".join(letters) + " "

    def part(self, column: ColumnElement[str], index: int) -> ColumnElement[str]:
        return literal_column(f"split_part({column}, '=', {index + 1})", column.type)

    def unhinted(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        # Its planner keeps statistics and does well by itself.
        return column

    def sorted_by(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        # It may take what the list has to pass for frequent, and walk along an index to find it.
        return column + NOTHING if isinstance(column.type, Integer) else column.op("||")(literal_column("''", column.type))

    def unindexed_order(self, key: ColumnElement[int]) -> ColumnElement[int]:
        return key + NOTHING

    def engine_url(self) -> URL:
        return self._url.set(drivername="postgresql+psycopg")


def _any_code(codes: str, pattern: str) -> bool:
    return any(matches_wild_card(code, pattern) for code in codes.split())


def dialect_for(address: str | Path) -> Dialect:
    """The dialect of a database's address: the path of an SQLite file, `sqlite:///PATH`, or `postgresql://...`.

    Raises: ConfigurationError.
    """
    if isinstance(address, Path) or "://" not in address:
        return SqliteDialect(Path(address))
    url = make_url(address)
    if url.get_backend_name() == "sqlite" and url.database:
        return SqliteDialect(Path(url.database))
    if url.get_backend_name() == "postgresql":
        return PostgresqlDialect(url)
    raise ConfigurationError(f"no database for {url.render_as_string()}: give a path, sqlite:///PATH or postgresql://USER@HOST/NAME")


def within(column: ColumnElement[str], first: str, last: str) -> ColumnElement[bool]:
    """Whether the column lies between two parameters, both inclusive. (PostgreSQL does not parse BETWEEN with a collation.)"""
    return and_(column >= bindparam(first), column <= bindparam(last))
