"""What is done with several studies at once, and what an upload asks before it sends; over a real archive and a real queue."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from dicomweb_kit.objects import as_file, ct
from dicomweb_kit.pacs import Pacs, open_pacs
from hounsfield.index.database import Database
from hounsfield.index.holdings import Holdings
from hounsfield.jobs.embedded import EmbeddedJobs
from hounsfield.model.errors import PeerUnknown
from hounsfield.model.peers import Peer
from hounsfield.servers.webapi.api import create_api
from hounsfield.servers.webapi.application import Site
from hounsfield.servers.webapi.bulk_routes import BulkParts, add_bulk_routes
from hounsfield.servers.webapi.health import Health
from hounsfield.services.known_objects import KnownObjects
from hounsfield.services.mark_studies import COMMAND, marking
from hounsfield.services.send_studies import STUDY, EnqueueStudies, SendStudies
from hounsfield.services.work import Workers
from hounsfield.services.worklist import Worklist
from services.databases import address_of

STUDIES = ["1.2.3", "1.2.4"]


@pytest.fixture
def pacs(tmp_path: Path) -> Iterator[Pacs]:
    with open_pacs(tmp_path / "archive") as opened:
        opened.store(*(as_file(ct(number, study=study, series=f"{study}.1")) for study in STUDIES for number in (1, 2)))
        yield opened


@pytest.fixture
def database(tmp_path: Path, pacs: Pacs) -> Iterator[Database]:
    opened = Database(address_of(tmp_path / "archive"))
    yield opened
    opened.close()


@pytest.fixture
def bulk_house(house: Any, pacs: Pacs, database: Database) -> Any:
    """The house, with these routes and its worklist over the archive."""

    def command(name: str, arguments: Any) -> int:
        assert name == COMMAND
        return marking(pacs.local.writer)(arguments)

    def destination(ae_title: str) -> Peer:
        if ae_title != "DEST":
            raise PeerUnknown(f"there is no peer {ae_title!r}")
        return Peer(ae_title, "127.0.0.1", 104)

    occasions = map(str, range(1, 100))
    parts = BulkParts(command, SendStudies(EmbeddedJobs(database), destination, partial(next, occasions)), KnownObjects(Holdings(database)))
    api = create_api(replace(house.parts, worklist=Worklist(pacs.reader)), lambda app: add_bulk_routes(app, parts))
    return replace(house, site=Site(api=api, dicomweb=api, static=api, health=Health({})))


def listed(browser: Any, query: str = "") -> dict[str, tuple[str, str]]:
    """Status and priority of the studies found, by UID."""
    rows = browser.get(f"/api/worklist?{query}").json()["rows"]
    return {row["study_instance_uid"]: (row["status"], row["priority"]) for row in rows}


def test_studies_are_marked_and_found_by_it(bulk_house: Any) -> None:
    edgar, vera = bulk_house.browser("edgar"), bulk_house.browser("vera")
    assert listed(vera) == dict.fromkeys(STUDIES, ("unread", "routine"))
    said = {"studies": [*STUDIES, "1.2.9"], "status": "in-progress"}
    assert edgar.change("POST", "/api/studies/mark", json=said).json() == {"studies": 2}
    edgar.change("POST", "/api/studies/mark", json={"studies": ["1.2.4"], "priority": "stat"})
    assert listed(vera) == {"1.2.3": ("in-progress", "routine"), "1.2.4": ("in-progress", "stat")}
    assert listed(vera, "priority=stat,high&status=in-progress") == {"1.2.4": ("in-progress", "stat")}
    assert listed(vera, "status=unread,read") == {}
    assert list(listed(vera, "sort=-priority")) == ["1.2.4", "1.2.3"]
    assert vera.get("/api/worklist?status=done").status_code == 400
    assert vera.get("/api/worklist").json()["change"] > 0


@pytest.mark.parametrize(
    ("path", "said", "status"),
    [
        ("mark", {"studies": ["1.2.3"]}, 400),
        ("mark", {"studies": [], "status": "read"}, 422),
        ("mark", {"studies": ["1.2.3"], "status": "done"}, 422),
        ("mark", {"studies": ["x"], "status": "read"}, 400),
        ("mark", {"studies": ["1.2.3"] * 501, "status": "read"}, 422),
        ("send", {"studies": ["1.2.3"], "destination": "NOBODY"}, 404),
        ("send", {"studies": ["1.2.3"], "destination": "X" * 17}, 422),
    ],
)
def test_what_makes_no_sense_is_told(bulk_house: Any, path: str, said: Any, status: int) -> None:
    assert bulk_house.browser("edgar").change("POST", f"/api/studies/{path}", json=said).status_code == status


def test_viewers_change_and_send_nothing(bulk_house: Any) -> None:
    vera = bulk_house.browser("vera")
    for path, said in (
        ("/api/studies/mark", {"studies": STUDIES, "status": "read"}),
        ("/api/studies/send", {"studies": STUDIES, "destination": "DEST"}),
        ("/api/uploads/known", {"sop_instance_uids": ["1.2.3.1.1"]}),
    ):
        assert vera.change("POST", path, json=said).status_code == 403, path
    assert listed(vera) == dict.fromkeys(STUDIES, ("unread", "routine"))


def test_what_is_sent_by_hand_goes_each_time_it_is_asked_for(bulk_house: Any, pacs: Pacs, database: Database) -> None:
    jobs = EmbeddedJobs(database)
    workers = Workers(jobs, {STUDY: EnqueueStudies(jobs, pacs.reader)}, "node")
    for times in (1, 2):
        said = {"studies": [*STUDIES, *STUDIES], "destination": "DEST"}
        assert bulk_house.browser("edgar").change("POST", "/api/studies/send", json=said).json() == {"studies": 2}
        stop = threading.Event()
        thread = threading.Thread(target=workers.run, args=(stop,))
        thread.start()
        while len(jobs.find(queue="send/DEST", limit=100)) < times * 4:
            assert thread.is_alive()
        stop.set()
        thread.join()
    sent = [job.payload["instance"] for job in jobs.find(queue="send/DEST", limit=100)]
    assert sorted(sent) == sorted(f"{study}.1.{number}" for study in STUDIES for number in (1, 2) for _ in range(2))


def test_an_upload_is_told_what_is_here_with_which_bytes(bulk_house: Any) -> None:
    asked = {"sop_instance_uids": ["1.2.3.1.1", "1.2.3.1.77", "1.2.4.1.2", "no UID"]}
    answer = bulk_house.browser("edgar").change("POST", "/api/uploads/known", json=asked).json()
    known = {one["sop_instance_uid"]: one for one in answer["known"]}
    assert set(known) == {"1.2.3.1.1", "1.2.4.1.2"}
    file = as_file(ct(1, study="1.2.3", series="1.2.3.1"))
    meta_bytes = 128 + 4 + 12 + int.from_bytes(file[140:144], "little")
    assert known["1.2.3.1.1"]["data_set_sha256"] == hashlib.sha256(file[meta_bytes:]).hexdigest()
    assert known["1.2.3.1.1"]["transfer_syntax_uid"] == "1.2.840.10008.1.2.1"
