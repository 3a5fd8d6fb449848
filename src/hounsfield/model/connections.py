"""What those who keep rows ask of the site's database, whichever it is; `index.database.Database` has it.

Statements and columns are those of the toolkit that builds SQL, which is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol


class Cursor(Protocol):
    """What a driver's cursor has."""

    @property
    def rowcount(self) -> int: ...

    def fetchall(self) -> list[Any]: ...

    def fetchone(self) -> Any: ...


class Connection(Protocol):
    """What a driver's connection has."""

    def execute(self, sql: Any, values: Any = ..., /) -> Cursor: ...


class CompiledStatement(Protocol):
    """The driver's text, and the names of its parameters in order."""

    @property
    def sql(self) -> str: ...

    @property
    def parameters(self) -> tuple[str, ...]: ...


class Dialect(Protocol):
    """Which database it is, and its ways."""

    @property
    def name(self) -> str: ...

    def execute_many(self, connection: Any, sql: str, rows: Iterable[Sequence[Any]]) -> int: ...

    def among(self, column: Any, parameter: str) -> Any: ...

    def listed(self, values: Iterable[int] | Iterable[str]) -> Any: ...


class Connections(Protocol):
    """Reads, and short transactions that are flushed when they commit."""

    @property
    def dialect(self) -> Dialect: ...

    def compile(self, statement: Any) -> CompiledStatement: ...

    def fetch(self, sql: str, values: Sequence[Any] = ...) -> list[Any]: ...

    def control(self) -> AbstractContextManager[Connection]: ...
