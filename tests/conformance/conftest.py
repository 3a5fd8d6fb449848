"""The server under judgement, what is stored on it, and the table of results.

`HOUNSFIELD_CONFORMANCE_URL` names any DICOMweb root; `..._TOKEN` is a bearer token, or `..._USER` is `name:password`. Without a URL a
server of our own is started. `HOUNSFIELD_CONFORMANCE_REPORT` is where the results go, `.json` and `.md`; `..._NAME` what they call the
server. `HOUNSFIELD_CONFORMANCE_WADO_URI` is the base of WADO-URI where that is neither the root nor `/wado`.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance_kit.archive import Archive, make_archive, new_run, store_archive
from conformance_kit.catalogue import PROPERTY, Result, assertion_of, outcome_of, write_json, write_markdown
from conformance_kit.client import Server

HERE = Path(__file__).parent
CATALOGUE = pytest.StashKey[list[pytest.Item]]()


def setting(name: str) -> str:
    """Of the environment; empty where there is none."""
    return os.environ.get(f"HOUNSFIELD_CONFORMANCE_{name}", "")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The one that is judged."""
    headers = {}
    if token := setting("TOKEN"):
        headers["authorization"] = f"Bearer {token}"
    elif user := setting("USER"):
        headers["authorization"] = "Basic " + base64.b64encode(user.encode()).decode()
    if url := setting("URL"):
        client = Server(url, headers)
        yield client
        client.close()
        return
    from services.server import running

    with running(tmp_path_factory.mktemp("conformance") / "data", "--open-access") as started:
        client = Server(started.dicom_web, headers)
        yield client
        client.close()


@pytest.fixture(scope="session")
def archive(server: Server) -> Archive:
    """Stored once, before anything is asserted of it."""
    made = make_archive(new_run())
    store_archive(server, made)
    return made


def pytest_configure(config: pytest.Config) -> None:
    """The marker that every assertion has."""
    config.addinivalue_line("markers", "clause(clause, sentence): the clause of the standard that a case asserts, and what it says")
    config.pluginmanager.register(Recorder(config), "conformance-recorder")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Each case carries its assertion into its report."""
    cases = [item for item in items if HERE in item.path.parents]
    config.stash[CATALOGUE] = cases
    for item in cases:
        if (marker := item.get_closest_marker("clause")) is not None:
            parameters = item.callspec.params if hasattr(item, "callspec") else {}
            assertion = assertion_of(marker, parameters)
            item.user_properties.append((PROPERTY, [assertion.clause, assertion.sentence]))


@pytest.fixture
def catalogue(request: pytest.FixtureRequest) -> list[pytest.Item]:
    """Every case of the suite that was collected, also where it was then left out."""
    return request.config.stash[CATALOGUE]


class Recorder:
    """Keeps what comes of each assertion, and writes the tables at the end; of several processes the first does."""

    def __init__(self, config: pytest.Config) -> None:
        self._is_worker = hasattr(config, "workerinput")
        self._results: dict[str, Result] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One result a case; what failed stays failed."""
        assertion = dict(report.user_properties).get(PROPERTY)
        outcome = outcome_of(report)
        if assertion is None or outcome is None:
            return
        module, _, name = report.nodeid.partition("::")
        case = f"{Path(module).stem}::{name}"
        if case not in self._results or outcome[0] == "failed":
            self._results[case] = Result(case, assertion[0], assertion[1], *outcome)

    def pytest_sessionfinish(self) -> None:
        """Where tables were asked for."""
        target = setting("REPORT")
        if not target or not self._results or self._is_worker:
            return
        name = setting("NAME") or setting("URL") or "Hounsfield"
        path = Path(target)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path.with_suffix(".json"), name, self._results.values())
        write_markdown(path.with_suffix(".md"), name, self._results.values())
