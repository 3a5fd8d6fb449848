"""Schema, migrations, and a database that goes away for a while."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from hounsfield.index import tables
from hounsfield.index.database import SCHEMA_VERSION, Database
from hounsfield.index.dialect import SqliteDialect
from hounsfield.index.migrate import MIGRATIONS
from hounsfield.jobs import tables as job_tables
from hounsfield.model.errors import ConfigurationError, IndexUnavailable
from hounsfield.model.outcomes import StoreOutcome
from hounsfield.model.query import Level, Query
from hounsfield.records import tables as record_tables
from hounsfield.records.records import Records
from index_kit.databases import Addresses, Indexed, make_template, opened
from index_kit.entries import Maker
from services.postgresql import Postgresql, PostgresqlMissing, postgresql


def test_migrations_lead_to_the_tables_that_the_code_means(index: Indexed) -> None:
    engine = create_engine(index.database.dialect.engine_url())
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        differences = compare_metadata(context, [tables.metadata, record_tables.metadata, job_tables.metadata])
    engine.dispose()
    assert differences == []


def test_the_newest_migration_is_the_version_that_is_looked_for() -> None:
    newest = max(path.name for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
    assert newest.startswith(f"{SCHEMA_VERSION}_")


def test_upgrade_may_be_repeated_and_run_by_several_at_once(addresses: Addresses) -> None:
    address = addresses.new(empty=True)
    failures: list[BaseException] = []

    def upgrade() -> None:
        database = Database(address)
        try:
            database.upgrade()
        except BaseException as exc:  # noqa: BLE001 - told by the assertion below
            failures.append(exc)
        finally:
            database.close()

    threads = [threading.Thread(target=upgrade) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    upgrade()
    assert failures == []
    with opened(address) as index:
        assert index.writer.add(Maker().entry()).outcome is StoreOutcome.STORED


def test_a_database_of_a_newer_version_is_refused(addresses: Addresses) -> None:
    database = Database(addresses.new())
    with database.control() as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ConfigurationError, match="9999"):
        database.upgrade()
    database.close()


KILLED = """
import os, signal, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine
left = [int(sys.argv[2])]
@event.listens_for(Engine, "before_cursor_execute")
def count(*_):
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
from hounsfield.index.database import Database
Database(sys.argv[1]).upgrade()
"""


@pytest.mark.parametrize("after_statements", [4, 30])
def test_a_kill_during_migration_leaves_the_old_schema(addresses: Addresses, after_statements: int) -> None:
    address = addresses.new(empty=True)
    killed = subprocess.run([sys.executable, "-c", KILLED, address, str(after_statements)], check=False, env=dict(os.environ))
    assert killed.returncode == -signal.SIGKILL
    database = Database(address)
    named = {
        "sqlite": "SELECT name FROM sqlite_master",
        "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
    }[database.dialect.name]
    assert database.fetch(named) == []
    database.upgrade()
    assert len(database.fetch(named)) > 15
    database.close()


def test_records_and_index_of_one_file_do_not_disturb_each_other(index: Indexed) -> None:
    """Control records of another process are written while objects are indexed."""
    records_database = Database(index.address)
    records = Records(records_database)
    maker = Maker()

    def write_records() -> None:
        for number in range(30):
            records.put_setting(f"name{number}", "value")

    thread = threading.Thread(target=write_records)
    thread.start()
    for _ in range(100):
        assert index.writer.add(maker.entry()).outcome is StoreOutcome.STORED
    thread.join()
    assert records.setting("name29") == "value"
    index.writer.clear()
    assert records.setting("name29") == "value"
    records_database.close()


def test_an_sqlite_file_that_is_locked_for_long_makes_the_index_unavailable_for_as_long(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    database = Database(path)
    database.upgrade()
    maker = Maker()
    with opened(str(path)) as index:
        assert isinstance(index.database.dialect, SqliteDialect)
        index.database.dialect.busy_timeout_ms = 50
        index.writer.add(maker.entry())
        blocker = database.connect()
        blocker.execute("BEGIN IMMEDIATE")
        waiting = maker.entry()
        with pytest.raises(IndexUnavailable):
            index.writer.add(waiting)
        with pytest.raises(IndexUnavailable):
            Records(index.database).put_setting("a", "1")
        assert len(index.reader.search_studies(Query(Level.STUDY)).rows) == 1
        blocker.execute("ROLLBACK")
        blocker.close()
        assert index.writer.add(waiting).outcome is StoreOutcome.STORED
        assert index.reader.totals().instances == 2
    database.close()


@pytest.fixture
def own_server() -> Postgresql:
    """A server that the test may stop."""
    try:
        with postgresql() as server:
            make_template(server)
            yield server
    except PostgresqlMissing as exc:
        pytest.skip(str(exc))


@pytest.mark.postgresql
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_the_index_heals_within_ten_seconds_of_its_servers_return(own_server: Postgresql, tmp_path: Path, how: signal.Signals) -> None:
    address = Addresses(tmp_path, own_server).new()
    maker = Maker()
    with opened(address) as index:
        records = Records(index.database)
        index.writer.add(maker.entry())
        records.put_setting("a", "1")
        own_server.stop(how)
        waiting = maker.entry()
        for _ in range(2):
            with pytest.raises(IndexUnavailable):
                index.writer.add(waiting)
            with pytest.raises(IndexUnavailable):
                index.reader.search_studies(Query(Level.STUDY))
            with pytest.raises(IndexUnavailable):
                records.put_setting("a", "2")
        own_server.start()
        started = time.monotonic()
        assert index.writer.add(waiting).outcome is StoreOutcome.STORED
        assert index.reader.totals().instances == 2
        records.put_setting("a", "3")
        assert records.setting("a") == "3"
        assert time.monotonic() - started < 10


@pytest.mark.postgresql
def test_a_connection_lost_between_two_objects_costs_nobody_an_error(own_server: Postgresql, tmp_path: Path) -> None:
    address = Addresses(tmp_path, own_server).new()
    maker = Maker()
    with opened(address) as index:
        index.writer.add(maker.entry())
        assert index.reader.totals().instances == 1
        own_server.stop()
        own_server.start()
        assert index.writer.add(maker.entry()).outcome is StoreOutcome.STORED
        assert index.reader.totals().instances == 2
