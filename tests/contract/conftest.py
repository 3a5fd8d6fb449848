"""Each contract of index and records holds on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from index_kit.databases import Addresses, Indexed, make_file_template, make_template, opened
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


@pytest.fixture(scope="session")
def file_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Making the schema takes longer than most tests."""
    path = tmp_path_factory.mktemp("template") / "index.sqlite"
    make_file_template(path)
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def addresses(request: pytest.FixtureRequest, tmp_path: Path, file_template: Path) -> Iterator[Addresses]:
    """New databases of the kind under test."""
    server: Postgresql | None = request.getfixturevalue("postgresql_server") if request.param == "postgresql" else None
    given = Addresses(tmp_path, server, file_template)
    yield given
    given.drop()


@pytest.fixture
def index(addresses: Addresses) -> Iterator[Indexed]:
    """An empty index."""
    with opened(addresses.new()) as indexed:
        yield indexed
