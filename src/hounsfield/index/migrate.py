"""Running the migrations that are shipped inside the package."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.pool import NullPool

from hounsfield.index.dialect import Dialect

if TYPE_CHECKING:
    from alembic.config import Config

    from hounsfield.index.database import Database

MIGRATIONS = Path(__file__).parent / "migrations"


def current_version(database: Database) -> str | None:
    """The schema's version; None for an empty database."""
    connection = database.connect()
    try:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except database.dialect.errors:
        # There is no such table yet; a database that does not answer will say so when the migration begins.
        return None
    finally:
        connection.close()
    return None if row is None else str(row[0])


def known_version(version: str) -> bool:
    """Whether a migration of that version is in this package."""
    return any(path.name.startswith(f"{version}_") for path in (MIGRATIONS / "versions").glob("*.py"))


def configuration(connection: Connection) -> Config:
    """Alembic's configuration; nothing of it is read from a file."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def migrate(dialect: Dialect, revision: str = "head") -> None:
    """All missing migrations in one transaction, one process at a time."""
    from alembic import command

    engine = create_engine(dialect.engine_url(), poolclass=NullPool)
    if dialect.name == "sqlite":
        event.listen(engine, "connect", _leave_transactions_to_us)
        event.listen(engine, "begin", _begin_immediate)
    with engine.connect() as connection, connection.begin():
        if dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(72057431991)")
        command.upgrade(configuration(connection), revision)


def _leave_transactions_to_us(driver_connection: object, _record: object) -> None:
    # Otherwise the driver commits before each CREATE TABLE, and a kill would leave half a schema.
    driver_connection.isolation_level = None  # type: ignore[attr-defined]
    driver_connection.execute("PRAGMA journal_mode = WAL")  # type: ignore[attr-defined]
    driver_connection.execute("PRAGMA busy_timeout = 30000")  # type: ignore[attr-defined]


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
