"""`/api/routes` and `/api/queue`, over HTTP and a real database."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from hounsfield.app import bootstrap
from hounsfield.index.database import Database
from hounsfield.jobs.embedded import EmbeddedJobs
from hounsfield.model.jobs import NewJob
from hounsfield.model.peers import Peer
from services.databases import settings_of
from webapi_kit.server import RunningSite, add_people, running_site, settings_in, small_object, store

RULE = {"name": "chest", "destinations": ["DEST"], "conditions": [{"keyword": "Modality", "patterns": ["CT", "ot"]}]}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    """With three people, a study, and a peer that can be sent to."""
    folder = tmp_path_factory.mktemp("site")
    settings = settings_in(folder, database=settings_of(folder / "data").database)
    bootstrap.prepare(settings)
    add_people(settings)
    store(settings, small_object("1.2.1", "1.2.1.1", "1.2.1.1.1"))
    with bootstrap.database(settings) as opened:
        bootstrap.peers_of(opened, settings).put(Peer("DEST", "127.0.0.1", 104))
    with running_site(settings) as running:
        yield running


@pytest.fixture
def ada(site: RunningSite) -> Iterator[httpx.Client]:
    """An administrator."""
    with site.client("ada") as client:
        yield client


@pytest.fixture
def jobs(site: RunningSite) -> Iterator[EmbeddedJobs]:
    """The queue, emptied of what other tests left."""
    database = Database(site.settings.database_address)
    queue = EmbeddedJobs(database)
    for one in queue.queues():
        queue.cancel(queue=one.name)
    yield queue
    database.close()


def test_rules_are_added_tried_listed_and_removed(ada: httpx.Client) -> None:
    added = ada.post("/api/routes", json={**RULE, "window": "mon-fri 18:00-07:00", "priority": "high", "commit": True})
    assert added.status_code == 201, added.text
    answer = ada.get("/api/routes").json()
    assert answer["routes"] == [added.json()]
    assert (added.json()["window"], added.json()["priority"]) == ("mon,tue,wed,thu,fri 18:00-07:00", "high")
    assert added.json()["commit"] is True
    assert "StudyDescription" in answer["keywords"]
    assert ada.post("/api/routes", json=RULE).status_code == 409
    assert ada.delete("/api/routes/chest").status_code == 204
    assert ada.delete("/api/routes/chest").status_code == 404

    ada.post("/api/routes", json=RULE)
    ada.post("/api/routes", json={**RULE, "name": "never", "callers": ["CT*"]})
    tried = ada.post("/api/routes/test", json={"study_instance_uid": "1.2.1"}).json()["verdicts"]
    assert [(one["rule"], one["destinations"], one["why_not"], one["instances"]) for one in tried] == [
        ("chest", ["DEST"], "", 1),
        ("never", [], "not from CT*", 1),
    ]
    assert ada.post("/api/routes/test", json={"study_instance_uid": "1.2.9"}).status_code == 404


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"destinations": ["NOBODY"]}, 404),
        ({"destinations": ["HOUNSFIELD"]}, 400),
        ({"destinations": []}, 400),
        ({"conditions": [{"keyword": "PixelData", "patterns": ["x"]}]}, 400),
        ({"conditions": [{"keyword": "Modality", "patterns": []}]}, 400),
        ({"window": "sometimes"}, 400),
        ({"name": "<b>"}, 400),
        ({"priority": "urgent"}, 422),
        ({"surprise": 1}, 422),
    ],
)
def test_rules_that_make_no_sense_are_refused(ada: httpx.Client, changed: dict[str, object], status: int) -> None:
    assert ada.post("/api/routes", json={**RULE, "name": "odd", **changed}).status_code == status


def test_jobs_are_listed_paged_cancelled_and_tried_again(ada: httpx.Client, jobs: EmbeddedJobs) -> None:
    say = {"rule": "chest", "study": "1.2.1", "series": "1.2.1.1", "instance": "1.2.1.1.1", "partition": "1", "version": "00"}
    jobs.enqueue([NewJob("send/DEST", f"key {number}", "study", say) for number in range(3)])
    jobs.park(jobs.claim("send/DEST", "me", most=3, parallel=1, lease_s=60), "me", "1.2.840.5", 3600)
    jobs.pause("send/DEST", "127.0.0.1:104 cannot be reached")
    page = ada.get("/api/queue", params={"limit": 2, "state": "waiting"}).json()
    assert (page["queues"][0]["waiting"], page["queues"][0]["last_error"]) == (3, "127.0.0.1:104 cannot be reached")
    assert page["queues"][0]["next_try"]
    rest = ada.get("/api/queue", params={"limit": 2, "state": "waiting", "before": page["next"]}).json()
    first = rest["jobs"][0]
    assert ([job["id"] > first["id"] for job in page["jobs"]], rest["next"]) == ([True, True], 0)
    assert (first["sop_instance_uid"], first["rule"], first["state"]) == ("1.2.1.1.1", "chest", "waiting")
    assert first["transaction_uid"] == "1.2.840.5"

    assert ada.post(f"/api/queue/{first['id']}/cancel").json()["state"] == "cancelled"
    assert ada.post(f"/api/queue/{first['id']}/cancel").status_code == 400
    assert ada.get(f"/api/queue/{first['id']}").json()["finished_at"]
    assert ada.post(f"/api/queue/{first['id']}/retry").json()["state"] == "waiting"
    assert ada.post("/api/queue/retry", json={"queue": "send/DEST"}).json() == {"count": 3}
    assert ada.post("/api/queue/cancel", json={"queue": "send/DEST"}).json() == {"count": 3}
    assert ada.post("/api/queue/cancel", json={"queue": "send/NOBODY"}).status_code == 404
    assert ada.get("/api/queue/987654").status_code == 404
    assert ada.get("/api/queue", params={"limit": 100_000}).status_code == 422


def test_priors_of_a_scheduled_study_are_fetched_once(ada: httpx.Client) -> None:
    asked = {"patient_id": "P-SECRET", "destinations": ["DEST"], "sources": ["DEST"], "modalities": ["CT"], "occasion": "A1"}
    first, second = (ada.post("/api/routes/prefetch", json=asked) for _ in range(2))
    assert first.status_code == 202, first.text
    assert [job["queue"] for job in first.json()["jobs"]] == ["priors/DEST", "prefetch/DEST"]
    assert [job["id"] for job in second.json()["jobs"]] == [job["id"] for job in first.json()["jobs"]]
    assert "SECRET" not in first.text + ada.get("/api/queue").text
    for changed, status in (
        ({"destinations": ["NOBODY"]}, 404),
        ({"patient_id": "*"}, 400),
        ({"modalities": ["ct"]}, 400),
        ({"x": 1}, 422),
    ):
        assert ada.post("/api/routes/prefetch", json={**asked, **changed}).status_code == status


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/routes"),
        ("POST", "/api/routes"),
        ("POST", "/api/routes/test"),
        ("POST", "/api/routes/prefetch"),
        ("DELETE", "/api/routes/chest"),
        ("GET", "/api/queue"),
        ("GET", "/api/queue/1"),
        ("POST", "/api/queue/1/retry"),
        ("POST", "/api/queue/1/cancel"),
        ("POST", "/api/queue/retry"),
        ("POST", "/api/queue/cancel"),
    ],
)
def test_only_administrators_see_and_change_any_of_it(site: RunningSite, method: str, path: str) -> None:
    body = {"name": "x", "destinations": ["DEST"], "study_instance_uid": "1.2.1", "patient_id": "P"}
    keys = {
        "/api/routes": ("name", "destinations"),
        "/api/routes/test": ("study_instance_uid",),
        "/api/routes/prefetch": ("patient_id", "destinations"),
    }
    asked = {key: body[key] for key in keys.get(path, ())}
    asked = asked or ({"queue": "send/DEST"} if path.startswith("/api/queue/") and path.count("/") == 3 else {})
    for name, status in (("", 401), ("vera", 403), ("edgar", 403)):
        with site.client(name) as client:
            assert client.request(method, path, json=asked if method == "POST" else None).status_code == status
