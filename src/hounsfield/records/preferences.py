"""What each person prefers."""

from __future__ import annotations

from sqlalchemy import Executable, bindparam, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from hounsfield.model.connections import Connections
from hounsfield.records.tables import preference


class PreferenceRecords:
    """One database's; safe to use from any thread. Raises: IndexUnavailable where the database does not answer."""

    def __init__(self, database: Connections) -> None:
        self._database = database
        p, t = bindparam, preference
        insert = sqlite.insert if database.dialect.name == "sqlite" else postgresql.insert

        def sql(statement: Executable, *parameters: str) -> str:
            compiled = database.compile(statement)
            assert compiled.parameters == parameters, compiled
            return compiled.sql

        self._all = sql(select(t.c.name, t.c.document).where(t.c.account_name == p("account")).order_by(t.c.name), "account")
        self._others = sql(
            select(func.count()).select_from(t).where(t.c.account_name == p("account"), t.c.name != p("key")), "account", "key"
        )
        names = ("account_name", "name", "document")
        added = insert(t).values({name: p(name) for name in names})
        self._put = sql(
            added.on_conflict_do_update(index_elements=["account_name", "name"], set_={"document": added.excluded.document}), *names
        )
        self._delete = sql(delete(t).where(t.c.account_name == p("account"), t.c.name == p("key")), "account", "key")

    def all(self, account_name: str) -> dict[str, str]:
        """JSON documents of one person, by name."""
        return {str(name): str(document) for name, document in self._database.fetch(self._all, (account_name,))}

    def put(self, account_name: str, name: str, document: str, most: int) -> bool:
        """Inserts or replaces. False where `most` others are kept already; puts at the same moment may pass that by one another."""
        with self._database.control() as connection:
            (others,) = connection.execute(self._others, (account_name, name)).fetchone()
            if others >= most:
                return False
            connection.execute(self._put, (account_name, name, document))
            return True

    def delete(self, account_name: str, name: str) -> None:
        """Nothing where there is none."""
        with self._database.control() as connection:
            connection.execute(self._delete, (account_name, name))
