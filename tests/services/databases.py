"""Which database the tests of whole servers run on: SQLite, or with HOUNSFIELD_TEST_DATABASE=postgresql a real PostgreSQL."""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import os
from functools import cache
from pathlib import Path

import psycopg

from hounsfield.app.settings import Settings, load_settings
from hounsfield.index.database import Database
from services.postgresql import Postgresql, postgresql

_TEMPLATE = "hounsfield_template"
ON_POSTGRESQL = os.environ.get("HOUNSFIELD_TEST_DATABASE", "sqlite") == "postgresql"


@cache
def _server() -> Postgresql:
    """With one database that has the schema, to be copied: making it takes longer than many a test."""
    stack = contextlib.ExitStack()
    server = stack.enter_context(postgresql())
    atexit.register(stack.close)
    with psycopg.connect(server.address(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {_TEMPLATE}")
    template = Database(server.address(_TEMPLATE))
    template.upgrade()
    template.close()
    return server


def address_of(data_dir: Path) -> str:
    """Of the database that belongs to a data directory, made with the schema if it is missing; on SQLite the file in it."""
    if not ON_POSTGRESQL:
        return str(data_dir / "index.sqlite")
    name = _name(data_dir)
    with psycopg.connect(_server().address(), autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is None:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE {_TEMPLATE}')
    return _server().address(name)


def environment_of(data_dir: Path) -> dict[str, str]:
    """The setting that leads every command on this data directory to its database."""
    return {"HOUNSFIELD_DATABASE": address_of(data_dir)} if ON_POSTGRESQL else {}


def settings_of(data_dir: Path) -> Settings:
    """As the command line would have them."""
    return load_settings(None, {"data_dir": data_dir, "database": address_of(data_dir) if ON_POSTGRESQL else ""})


def destroy(data_dir: Path) -> None:
    """The database is gone, accounts and all."""
    for path in data_dir.glob("index.sqlite*"):
        path.unlink()
    if ON_POSTGRESQL:
        with psycopg.connect(_server().address(), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{_name(data_dir)}" WITH (FORCE)')


def _name(data_dir: Path) -> str:
    return "hounsfield_" + hashlib.sha256(str(data_dir.absolute()).encode()).hexdigest()[:24]
