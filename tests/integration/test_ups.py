"""UPS-RS over the real services in one process (PS3.18 chapter 11), every row of its status tables that can be had."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from dicomweb_kit.pacs import ROOT, Pacs, open_pacs, parts_of
from hounsfield.app.worklists import worklist_of
from hounsfield.dicom.xml_model import json_of_xml, xml_document
from hounsfield.index.database import Database
from hounsfield.model.errors import NotSignedIn
from hounsfield.servers.dicomweb.ups.notifications import Bell, Notifications
from hounsfield.services.guard import OpenAccess
from ups_kit import EVERYTHING, FILTERED, LOCK, WORKITEM, codes, element, performed, progress, state, workitem

JSON = {"content-type": "application/dicom+json"}


@pytest.fixture(scope="module")
def module_pacs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pacs]:
    with open_pacs(tmp_path_factory.mktemp("ups")) as opened:
        yield opened


@pytest.fixture
def pacs(tmp_path: Path) -> Iterator[Pacs]:
    with open_pacs(tmp_path / "pacs") as opened:
        yield opened


@pytest.fixture
def index_path(tmp_path: Path) -> Path:
    return tmp_path / "index.sqlite"


def send(pacs: Pacs, method: str, path: str, data_set: Any = None, **headers: str) -> httpx.Response:
    content = b"" if data_set is None else json.dumps(data_set).encode()
    return pacs.request(method, path, content=content, headers={**JSON, **headers})


def create(pacs: Pacs, uid: str = WORKITEM, **changes: dict[str, Any] | None) -> httpx.Response:
    return send(pacs, "POST", f"/workitems?{uid}", workitem(**changes))


def uids(response: httpx.Response) -> list[str]:
    assert response.status_code == 200, response.text
    return [item["00080018"]["Value"][0] for item in response.json()]


def test_create(pacs: Pacs) -> None:
    response = create(pacs)
    assert (response.status_code, response.content) == (201, b"")
    assert response.headers["location"] == response.headers["content-location"] == f"{ROOT}/workitems/{WORKITEM}"
    assert "warning" not in response.headers
    assert create(pacs).status_code == 409
    response = send(pacs, "POST", "/workitems?workitem=1.2.9", [workitem(t00404025=None)])
    assert response.status_code == 201
    assert response.headers["warning"] == '299 hounsfield "The Workitem was created with modifications."'
    response = send(pacs, "POST", "/workitems", workitem() | {"00080018": element("UI", "1.2.10")})
    assert response.headers["location"] == f"{ROOT}/workitems/1.2.10"
    response = send(pacs, "POST", "/workitems", workitem())
    assert response.headers["location"].startswith(f"{ROOT}/workitems/2.25.")


@pytest.mark.parametrize(
    ("path", "body", "status", "named"),
    [
        (
            "/workitems?1.2.3",
            workitem(t00741204=None, t00404005=element("DT")),
            400,
            "ProcedureStepLabel, ScheduledProcedureStepStartDateTime",
        ),
        ("/workitems?1.2.3", workitem(t00741000=element("CS", "COMPLETED")), 400, "SCHEDULED"),
        ("/workitems?1.2.3", workitem(t00741200=element("CS", "NOW")), 400, "HIGH, LOW, MEDIUM"),
        ("/workitems?1.2.3", workitem(t00404005=element("DT", "soon")), 400, "ScheduledProcedureStepStartDateTime"),
        ("/workitems?1.2.3", workitem() | {"00080018": element("UI", "1.2.4")}, 400, "different workitem UIDs"),
        ("/workitems?1.2.3&1.2.4", workitem(), 400, "one UID"),
        ("/workitems?no-uid", workitem(), 400, "UID"),
        ("/workitems/1.2.3/subscribers/WATCH/other", workitem(), 404, ""),
        ("/workitems/abc", workitem(), 400, "UID"),
        ("/workitems?1.2.3", [workitem(), workitem()], 400, "one data set"),
        ("/workitems?1.2.3", "text", 400, "JSON object"),
        ("/workitems?1.2.3", {"00741204": {"vr": "LO", "Value": "text"}}, 400, "00741204"),
        ("/workitems?1.2.3", {"00741204": {"vr": "LO", "Value": ["a\0b"]}}, 400, "00741204"),
        ("/workitems?1.2.3", {"00741204": {"vr": "SQ", "Value": [{}]}}, 400, "LO"),
        ("/workitems?1.2.3", {"74,1204": {"vr": "LO"}}, 400, "tag"),
        ("/workitems?1.2.3", {"00420011": {"vr": "OB", "BulkDataURI": "http://169.254.0.1/"}}, 400, "bulk data"),
    ],
)
def test_what_is_not_created(module_pacs: Pacs, path: str, body: Any, status: int, named: str) -> None:
    response = send(module_pacs, "POST", path, body)
    assert (response.status_code, named in response.text) == (status, True), response.text


def test_bodies_that_are_no_data_sets(module_pacs: Pacs) -> None:
    for content, headers, status in (
        (b"{", JSON, 400),
        (b"[" * 100_000, JSON, 400),
        (b'{"00741204":{"vr":"LO","Value":[NaN]}}', JSON, 400),
        (b"{}", {"content-type": "text/plain"}, 415),
        (b"{}", {}, 415),
        (b"{}", {**JSON, "content-encoding": "gzip"}, 415),
        (b"<a/>", {"content-type": "application/dicom+xml"}, 400),
        (b" " * ((1 << 20) + 1), JSON, 413),
        (b"--b\r\n", {"content-type": 'multipart/related; type="application/dicom+xml"; boundary=b'}, 400),
    ):
        assert module_pacs.request("POST", "/workitems?1.2.3", content=content, headers=headers).status_code == status, content[:30]
    deep: dict[str, Any] = {}
    for _ in range(40):
        deep = {"00404025": element("SQ", deep)}
    assert send(module_pacs, "POST", "/workitems?1.2.3", deep).status_code == 400
    assert module_pacs.get("/workitems/1.2.3").status_code == 404


def test_retrieve(pacs: Pacs) -> None:
    create(pacs)
    send(pacs, "PUT", f"/workitems/{WORKITEM}/state", state("IN PROGRESS"))
    response = pacs.get(f"/workitems/{WORKITEM}")
    assert response.headers["content-type"] == "application/dicom+json"
    (item,) = response.json()
    assert item.items() >= (workitem() | {"00741000": element("CS", "IN PROGRESS")}).items()
    assert LOCK not in response.text
    assert list(item) == sorted(item)
    assert pacs.get("/workitems/1.2.99").status_code == 404
    assert pacs.get(f"/workitems/{WORKITEM}", "application/dicom").status_code == 406


def test_xml_in_and_out(pacs: Pacs) -> None:
    document = xml_document(workitem())
    response = pacs.request("POST", f"/workitems?{WORKITEM}", content=document, headers={"content-type": "application/dicom+xml"})
    assert response.status_code == 201, response.text
    body = b"--b\r\nContent-Type: application/dicom+xml\r\n\r\n" + document + b"\r\n--b--"
    kind = {"content-type": 'multipart/related; type="application/dicom+xml"; boundary=b'}
    assert pacs.request("POST", "/workitems?1.2.9", content=body, headers=kind).status_code == 201
    response = pacs.get(f"/workitems/{WORKITEM}", "application/dicom+xml")
    assert response.headers["content-type"] == "application/dicom+xml"
    assert json_of_xml(response.content)["00404025"] == workitem()["00404025"]
    for path, count in (("/workitems", 2), (f"/workitems/{WORKITEM}", 1)):
        parts = parts_of(pacs.get(path, 'multipart/related; type="application/dicom+xml"'))
        assert [kind for kind, _ in parts] == ["application/dicom+xml"] * count
        assert json_of_xml(parts[0][1])["00080018"] == element("UI", WORKITEM)
    assert pacs.get(f"/workitems/{WORKITEM}").json()[0].items() >= workitem().items()


def test_update(pacs: Pacs) -> None:
    create(pacs)
    path = f"/workitems/{WORKITEM}"
    assert send(pacs, "POST", path, {"00741204": element("LO", "other")}).status_code == 200
    response = send(pacs, "POST", f"{path}?{LOCK}", {"00741204": element("LO", "other")})
    assert (response.status_code, "claimed Workitem" in response.headers["warning"]) == (409, True)
    send(pacs, "PUT", f"{path}/state", state("IN PROGRESS"))
    for query in ("", "?1.2.3", "?transaction-uid=1.2.3"):
        response = send(pacs, "POST", path + query, progress(20))
        assert (response.status_code, "Transaction UID" in response.headers["warning"]) == (400, True)
    assert send(pacs, "POST", f"{path}?{LOCK}", progress(20)).status_code == 200
    assert send(pacs, "POST", f"{path}?transaction-uid={LOCK}", progress(30)).status_code == 200
    assert send(pacs, "POST", path, progress(40) | {"00081195": element("UI", LOCK)}).status_code == 200
    assert pacs.get(path).json()[0]["00741002"] == progress(40)["00741002"]
    response = send(pacs, "POST", f"{path}?{LOCK}", {"00741000": element("CS", "COMPLETED"), "00100010": element("PN")})
    assert (response.status_code, "ProcedureStepState" in response.text, "PatientName" in response.text) == (400, True, True)
    assert send(pacs, "POST", "/workitems/1.2.99", progress(20)).status_code == 404
    send(pacs, "POST", f"{path}?{LOCK}", performed())
    send(pacs, "PUT", f"{path}/state", state("COMPLETED"))
    assert send(pacs, "POST", f"{path}?{LOCK}", progress(20)).status_code == 400


def test_change_of_state(pacs: Pacs) -> None:
    create(pacs)
    path = f"/workitems/{WORKITEM}/state"

    def put(wanted: str, uid: str = LOCK) -> tuple[int, str]:
        response = send(pacs, "PUT", path, state(wanted, uid))
        return response.status_code, response.headers.get("warning", "")

    assert put("COMPLETED")[0] == 409
    assert put("IN PROGRESS", "")[0] == 400
    assert put("DONE")[0] == 400
    assert put("SCHEDULED")[0] == 400
    assert put("IN PROGRESS") == (200, "")
    assert put("IN PROGRESS")[0] == 409
    assert put("COMPLETED", "1.2.3") == (400, '299 hounsfield "The Transaction UID is incorrect."')
    response = send(pacs, "PUT", path, state("COMPLETED"))
    assert (response.status_code, response.json()["error"]["status"]) == (409, "C304")
    assert "UnifiedProcedureStepPerformedProcedureSequence" in response.json()["error"]["message"]
    send(pacs, "POST", f"/workitems/{WORKITEM}?{LOCK}", performed())
    assert put("COMPLETED") == (200, "")
    assert put("COMPLETED") == (200, '299 hounsfield "The UPS is already in the requested state of COMPLETED."')
    assert put("CANCELED")[0] == 409
    assert send(pacs, "PUT", "/workitems/1.2.99/state", state("IN PROGRESS")).status_code == 404
    assert send(pacs, "GET", path).status_code == 405


def test_request_for_cancellation(pacs: Pacs) -> None:
    create(pacs)
    path = f"/workitems/{WORKITEM}/cancelrequest"
    response = send(pacs, "POST", path, {"00741238": element("LT", "no need")})
    assert (response.status_code, response.headers.get("warning")) == (202, None)
    assert pacs.get(f"/workitems/{WORKITEM}").json()[0]["00741000"] == element("CS", "CANCELED")
    response = pacs.request("POST", path)
    assert (response.status_code, "already in the requested state of CANCELED" in response.headers["warning"]) == (202, True)
    create(pacs, "1.2.9")
    send(pacs, "PUT", "/workitems/1.2.9/state", state("IN PROGRESS"))
    assert pacs.request("POST", "/workitems/1.2.9/cancelrequest/RIS").status_code == 202
    assert pacs.get("/workitems/1.2.9").json()[0]["00741000"] == element("CS", "IN PROGRESS")
    send(pacs, "POST", f"/workitems/1.2.9?{LOCK}", performed())
    send(pacs, "PUT", "/workitems/1.2.9/state", state("COMPLETED"))
    response = pacs.request("POST", "/workitems/1.2.9/cancelrequest")
    assert (response.status_code, "already COMPLETED" in response.headers["warning"]) == (409, True)
    assert pacs.request("POST", "/workitems/1.2.99/cancelrequest").status_code == 404


def test_search(pacs: Pacs) -> None:
    create(pacs)
    create(pacs, "1.2.9", t00741202=element("LO", "3D"), t00404025=codes("OTHER"))
    assert uids(pacs.get("/workitems")) == [WORKITEM, "1.2.9"]
    assert uids(pacs.get("/workitems?WorklistLabel=3D")) == ["1.2.9"]
    assert uids(pacs.get("/workitems?00404025.00080100=STATION2&ProcedureStepState=SCHEDULED")) == [WORKITEM]
    assert uids(pacs.get("/workitems?PatientName=mueler&fuzzymatching=true")) == [WORKITEM, "1.2.9"]
    assert uids(pacs.get("/workitems?limit=1&offset=1")) == ["1.2.9"]
    assert pacs.get("/workitems?PatientID=nobody").json() == []
    item = pacs.get("/workitems?limit=1").json()[0]
    assert "00404005" in item
    assert "00741216" not in item
    item = pacs.get("/workitems?limit=1&includefield=00741216,StudyDescription").json()[0]
    assert (item["00741216"], item["00081030"]) == ({"vr": "SQ"}, {"vr": "LO"})
    assert "00741216" in pacs.get("/workitems?includefield=all").json()[0]
    response = pacs.get("/workitems?Nonsense=1&includefield=more")
    assert "Nonsense, includefield=more" in response.headers["warning"]
    assert len(response.json()) == 2
    for query in (
        "limit=x",
        "limit=1&limit=2",
        "ScheduledProcedureStepStartDateTime=x",
        "fuzzymatching=perhaps",
        "ScheduledStationNameCodeSequence=x",
    ):
        assert pacs.get(f"/workitems?{query}").status_code == 400, query
    assert pacs.get("/workitems", "image/png").status_code == 406


def test_subscriptions(pacs: Pacs) -> None:
    create(pacs)
    path = f"/workitems/{WORKITEM}/subscribers/WATCH"
    response = pacs.request("POST", path + "?deletionlock=true")
    assert (response.status_code, response.headers["content-location"]) == (201, "ws://127.0.0.1/dicom-web/subscribers/WATCH")
    assert pacs.request("DELETE", path).status_code == 200
    assert pacs.request("DELETE", path).status_code == 404
    assert pacs.request("POST", "/workitems/1.2.99/subscribers/WATCH").status_code == 404
    for wrong in ("?deletionlock=perhaps", "?WorklistLabel=3D"):
        assert pacs.request("POST", path + wrong).status_code == 400
    assert pacs.request("POST", f"/workitems/{WORKITEM}/subscribers/ATITLETHATISTOOLONG").status_code == 400
    for target, query in (
        (EVERYTHING, ""),
        (FILTERED, "?WorklistLabel=3D"),
        (FILTERED, "?deletionlock=true&filter=WorklistLabel=3D,PatientID=A"),
    ):
        path = f"/workitems/{target}/subscribers/WATCH"
        assert pacs.request("POST", path + query).status_code == 201
        assert pacs.request("POST", path + "/suspend").status_code == 200
        assert pacs.request("POST", path + "/suspend").status_code == 404
        pacs.request("POST", path + query)
        assert pacs.request("DELETE", path).status_code == 200
        assert pacs.request("DELETE", path).status_code == 404
    for query in ("", "?Nonsense=1", "?filter=WorklistLabel"):
        assert pacs.request("POST", f"/workitems/{FILTERED}/subscribers/WATCH{query}").status_code == 400
    assert pacs.request("POST", f"/workitems/{WORKITEM}/subscribers/WATCH/suspend").status_code == 404
    assert pacs.get("/subscribers/WATCH").status_code == 426


class Socket:
    """A WebSocket as the server hands it to the application."""

    def __init__(self, app: Any, path: str, headers: list[tuple[bytes, bytes]], send: Any = None) -> None:
        self.to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.from_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        scope = {"type": "websocket", "path": path, "headers": headers, "client": ("127.0.0.1", 1), "query_string": b""}
        self.task = asyncio.ensure_future(app(scope, self.to_app.get, send or self.from_app.put))
        self.to_app.put_nowait({"type": "websocket.connect"})

    async def next(self) -> dict[str, Any]:
        return await asyncio.wait_for(self.from_app.get(), 10)

    async def report(self) -> tuple[int, str]:
        message = await self.next()
        assert message["type"] == "websocket.send", message
        report = json.loads(message["text"])
        assert report["00000002"] == element("UI", "1.2.840.10008.5.1.4.34.6.1")
        assert 0 < report["00000110"]["Value"][0] < 1 << 16
        return report["00001002"]["Value"][0], report.get("00741000", {}).get("Value", [""])[0]


@contextlib.asynccontextmanager
async def connected(pacs: Pacs, ae_title: str = "WATCH") -> AsyncIterator[Socket]:
    socket = Socket(pacs.app, f"/dicom-web/subscribers/{ae_title}", [(b"host", b"localhost")])
    assert (await socket.next())["type"] == "websocket.accept"
    yield socket
    socket.to_app.put_nowait({"type": "websocket.disconnect"})
    await asyncio.wait_for(socket.task, 10)


def test_event_reports_by_websocket(pacs: Pacs) -> None:
    async def run() -> None:
        transport = httpx.ASGITransport(app=pacs.app)
        async with httpx.AsyncClient(transport=transport, base_url=ROOT, headers=JSON) as client:
            await client.post(f"/workitems/{EVERYTHING}/subscribers/WATCH")
            async with connected(pacs) as first, connected(pacs) as second, connected(pacs, "OTHER") as other:
                await client.post(f"/workitems?{WORKITEM}", json=workitem())
                for socket in (first, second):
                    assert [await socket.report() for _ in range(2)] == [(1, "SCHEDULED"), (5, "")]
                await client.put(f"/workitems/{WORKITEM}/state", json=state("IN PROGRESS"))
                await client.post(f"/workitems/{WORKITEM}?{LOCK}", json=progress(20))
                for socket in (first, second):
                    assert [await socket.report() for _ in range(2)] == [(1, "IN PROGRESS"), (3, "")]
                assert other.from_app.empty()
            await client.post(f"/workitems/{WORKITEM}/cancelrequest/RIS", json={"00741238": element("LT", "no need")})
            async with connected(pacs) as again:
                message = json.loads((await again.next())["text"])
                assert message["00741236"] == element("AE", "RIS")
                assert message["00741238"] == element("LT", "no need")

    asyncio.run(run())


class Leaving(OpenAccess):
    """Lets in whoever comes, and nobody stay."""

    def __init__(self) -> None:
        self.judged = 0

    def authenticate(self, headers: Any, method: str, host: str) -> Any:
        assert (b"x-background", b"1") in headers
        self.judged += 1
        if self.judged > 1:
            raise NotSignedIn("signed out")
        return super().authenticate(headers, method, host)


def test_who_is_signed_out_hears_nothing_more(index_path: Path) -> None:
    async def run() -> None:
        database = Database(str(index_path))
        database.upgrade()
        with ThreadPoolExecutor(1) as threads:
            app = Notifications(worklist_of(database).subscriptions, Leaving(), threads, "/dicom-web", judge_every_s=0.01)
            socket = Socket(app, "/dicom-web/subscribers/WATCH", [(b"host", b"localhost")])
            assert (await socket.next())["type"] == "websocket.accept"
            assert await socket.next() == {"type": "websocket.close", "code": 1008}
            await asyncio.wait_for(socket.task, 10)
        database.close()

    asyncio.run(run())


def test_whoever_is_connected_hears_what_happens_from_then_on(index_path: Path) -> None:
    """Where to begin is known before the connection is accepted: what happens just after would be lost otherwise."""
    order: list[str] = []

    async def run() -> None:
        database = Database(str(index_path))
        database.upgrade()
        subscriptions = worklist_of(database).subscriptions
        known = subscriptions.undelivered_from

        def noted(*which: Any) -> int:
            order.append("position")
            return known(*which)

        subscriptions.undelivered_from = noted  # type: ignore[method-assign, assignment]
        with ThreadPoolExecutor(1) as threads:
            app = Notifications(subscriptions, OpenAccess(), threads, "/dicom-web")

            async def send(message: dict[str, Any]) -> None:
                order.append(message["type"])
                await socket.from_app.put(message)

            socket = Socket(app, "/dicom-web/subscribers/WATCH", [(b"host", b"localhost")], send)
            assert (await socket.next())["type"] == "websocket.accept"
            socket.to_app.put_nowait({"type": "websocket.disconnect"})
            await asyncio.wait_for(socket.task, 10)
        database.close()

    asyncio.run(run())
    assert order[:2] == ["position", "websocket.accept"]


def test_nobody_looks_while_nobody_listens(index_path: Path) -> None:
    looks = 0

    def latest() -> int:
        nonlocal looks
        looks += 1
        return looks

    async def run() -> None:
        with ThreadPoolExecutor(1) as threads:
            bell = Bell(latest, threads, look_every_s=0.001)
            with bell.listening(), bell.listening():
                await asyncio.wait_for(bell.next_ring().wait(), 10)
                await asyncio.wait_for(bell.next_ring().wait(), 10)
            assert bell.listeners == 0
            await threads_are_idle(threads)
            before = looks
            assert before >= 2
            for _ in range(20):
                await asyncio.sleep(0)
            await threads_are_idle(threads)
            assert looks == before

    async def threads_are_idle(threads: ThreadPoolExecutor) -> None:
        await asyncio.get_running_loop().run_in_executor(threads, int)

    asyncio.run(run())


def test_who_may_not_listen(pacs: Pacs) -> None:
    """The guard of `open_pacs` answers to this machine's own pages."""

    async def run(path: str, *headers: tuple[bytes, bytes]) -> dict[str, Any]:
        socket = Socket(pacs.app, f"/dicom-web{path}", list(headers))
        said = await socket.next()
        if said["type"] == "websocket.accept":
            socket.to_app.put_nowait({"type": "websocket.disconnect"})
        await asyncio.wait_for(socket.task, 10)
        return said

    here = (b"host", b"localhost")
    refused = {"type": "websocket.close", "code": 1008}
    assert asyncio.run(run("/subscribers/WATCH", here))["type"] == "websocket.accept"
    assert asyncio.run(run("/subscribers/WATCH", here, (b"origin", b"http://localhost")))["type"] == "websocket.accept"
    assert asyncio.run(run("/subscribers/WATCH", here, (b"origin", b"https://elsewhere.example"))) == refused
    assert asyncio.run(run("/subscribers/WATCH", here, (b"sec-fetch-site", b"cross-site"))) == refused
    assert asyncio.run(run("/subscribers/WATCH", (b"host", b"evil.example"))) == refused
    assert asyncio.run(run("/subscribers/ATITLETHATISTOOLONG", here)) == refused
    assert asyncio.run(run("/workitems", here)) == refused
