"""The whole server on PostgreSQL: the same answers, and a database that goes away and comes back."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from hounsfield.peers.dimse import DimsePeer, Sent, send
from kills.objects import Made, make
from services.command_line import hounsfield
from services.postgresql import Postgresql, PostgresqlMissing, postgresql
from services.server import Server, running

pytestmark = [pytest.mark.postgresql, pytest.mark.no_database]

HEALS_WITHIN_S = 10.0


@pytest.fixture(scope="module")
def database() -> Iterator[Postgresql]:
    try:
        with postgresql() as server:
            yield server
    except PostgresqlMissing as exc:
        pytest.skip(str(exc))


def over_dimse(server: Server, made: list[Made]) -> list[Sent]:
    return list(send(DimsePeer(server.ae_title, server.host, server.dicom_port), [one.path for one in made]))


def until(holds: Callable[[], bool], within_s: float) -> float:
    started = time.monotonic()
    while not holds():
        assert time.monotonic() - started < within_s, f"not within {within_s} s"
        time.sleep(0.05)
    return time.monotonic() - started


def ready(server: Server) -> int:
    return httpx.get(f"{server.url}/health/ready", timeout=10).status_code


def test_the_same_house_on_another_database(database: Postgresql, tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    at = ("--data-dir", data_dir, "--database", database.address())
    first, second = (make(tmp_path / str(number), random.Random(number), number, 0, 5) for number in range(2))
    with (
        running(data_dir, "--open-access", "--database", database.address()) as server,
        httpx.Client(base_url=server.dicom_web, timeout=30) as web,
    ):
        assert all(sent.ok for sent in over_dimse(server, first))
        assert hounsfield("import", tmp_path / "1", *at).code == 0
        assert len(web.get("/studies").json()) == 2
        assert hounsfield("delete", "--study", second[0].study_instance_uid, "--reason", "test", *at).code == 0
        assert web.get(f"/studies/{second[0].study_instance_uid}/metadata").status_code == 410
        assert hounsfield("reindex", *at).code == 1

        database.stop(signal.SIGQUIT)
        until(lambda: ready(server) == 503, HEALS_WITHIN_S)
        extra = make(tmp_path / "extra", random.Random(5), 5, 0, 3)
        assert not any(sent.ok for sent in over_dimse(server, extra))
        assert web.post("/studies", content=extra[0].path.read_bytes(), headers={"Content-Type": "application/dicom"}).status_code == 503
        assert web.get("/studies").status_code == 503
        assert httpx.get(f"{server.url}/health/live").status_code == 200
        database.start()
        took_s = until(lambda: ready(server) == 200, HEALS_WITHIN_S)
        print(f"healed {took_s:.1f} s after the database was back")
        assert all(sent.ok for sent in over_dimse(server, extra))
        assert len(web.get("/studies").json()) == 2
        assert "Traceback" not in server.output.read_text()
    assert hounsfield("verify", "--json", *at).json == {"verified": 8, "damaged": [], "renditions": 0, "damaged_renditions": []}
    rebuilt = hounsfield("reindex", "--json", *at)
    assert rebuilt.code == 0
    assert rebuilt.json["decisions"] == 1
    assert hounsfield("verify", "--json", *at).json == {"verified": 8, "damaged": [], "renditions": 0, "damaged_renditions": []}
    for one in first + extra:
        assert hounsfield("export", "--study", one.study_instance_uid, "--to", tmp_path / "out", *at).code == 0
        exported = tmp_path / "out" / one.study_instance_uid / one.series_instance_uid / f"{one.sop_instance_uid}.dcm"
        assert one.data_set in exported.read_bytes()


def test_a_database_that_is_not_there(tmp_path: Path) -> None:
    ran = hounsfield("serve", "--data-dir", tmp_path / "data", "--database", "postgresql://postgres@127.0.0.1:1/nowhere")
    assert ran.code == 1
    assert "the database" in ran.err
    assert "Traceback" not in ran.err
