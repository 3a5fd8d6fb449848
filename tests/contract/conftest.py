"""Each contract of index and records holds on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from index_kit.databases import Addresses, Indexed, make_template, opened
from services.postgresql import Postgresql, PostgresqlMissing, postgresql


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Postgresql]:
    """One server for the whole session."""
    try:
        with postgresql() as server:
            make_template(server)
            yield server
    except PostgresqlMissing as exc:
        pytest.skip(str(exc))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def addresses(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Addresses]:
    """New databases of the kind under test."""
    server: Postgresql | None = request.getfixturevalue("postgresql_server") if request.param == "postgresql" else None
    given = Addresses(tmp_path, server)
    yield given
    given.drop()


@pytest.fixture
def index(addresses: Addresses) -> Iterator[Indexed]:
    """An empty index."""
    with opened(addresses.new()) as indexed:
        yield indexed
