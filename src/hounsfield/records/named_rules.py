"""Tables of rules that have a name and a definition in JSON."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from hounsfield.model.connections import Connections


class NamedRules:
    """The rows of one table; safe to use from any thread. Raises: IndexUnavailable where the database does not answer.

    table: with the columns name, definition, created_at_s and created_by.
    """

    def __init__(self, database: Connections, table: Table) -> None:
        self._database = database
        names = [column.name for column in table.columns]
        insert = sqlite.insert if database.dialect.name == "sqlite" else postgresql.insert
        added = database.compile(insert(table).values({name: bindparam(name) for name in names}).on_conflict_do_nothing())
        assert added.parameters == tuple(names), added
        self._add = added.sql
        self._all = database.compile(select(table).order_by(table.c.name)).sql
        self._delete = database.compile(delete(table).where(table.c.name == bindparam("key"))).sql

    def all(self) -> list[Any]:
        """Rows of name, definition, created_at_s, created_by; by name."""
        return self._database.fetch(self._all)

    def add(self, name: str, definition: str, created_at_s: int, created_by: str) -> bool:
        """False where the name is taken."""
        with self._database.control() as connection:
            return connection.execute(self._add, (name, definition, created_at_s, created_by)).rowcount > 0

    def delete(self, name: str) -> bool:
        """False where there is none."""
        with self._database.control() as connection:
            return connection.execute(self._delete, (name,)).rowcount > 0
