"""The worklist through the composed server: two HTTP workers, roles, curl as in the how-to page, and a WebSocket client."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from services.server import Server, is_process_of, running
from ups_kit import EVERYTHING, element, progress, state, workitem

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "worklists-ups.md"
JSON = {"content-type": "application/dicom+json"}
WITHIN_S = 1.0
"""From a change in one process to its report in another's connection."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("server") / "data", HOUNSFIELD_HTTP_WORKERS="2") as started:
        yield started


@pytest.fixture(scope="module")
def tokens(server: Server) -> dict[str, str]:
    return {role: server.run("token", "add", role, "--role", role).out.split()[-1] for role in ("viewer", "editor")}


@contextlib.contextmanager
def listen(server: Server, ae_title: str, token: str = "", **headers: str) -> Iterator[ClientConnection]:
    more = {"Authorization": f"Bearer {token}", **headers} if token else headers
    url = f"{server.dicom_web.replace('http', 'ws')}/subscribers/{ae_title}"
    with connect(url, additional_headers=more, open_timeout=20) as connection:
        yield connection


def told(socket: ClientConnection, within_s: float = 10.0) -> tuple[int, str, str]:
    report: dict[str, Any] = json.loads(socket.recv(within_s))
    return report["00001002"]["Value"][0], report["00001000"]["Value"][0], report.get("00741000", {}).get("Value", [""])[0]


def client(server: Server, token: str) -> httpx.Client:
    """A new TCP connection for each, so that both workers get some."""
    return httpx.Client(base_url=server.dicom_web, headers={**JSON, "Authorization": f"Bearer {token}"}, timeout=30)


def test_events_reach_subscribers_of_every_worker(server: Server, tokens: dict[str, str]) -> None:
    with client(server, tokens["editor"]) as web:
        assert web.post(f"/workitems/{EVERYTHING}/subscribers/WALL").status_code == 201
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(listen(server, "WALL", tokens["viewer"])) for _ in range(6)]
        for number in range(4):
            uid = f"1.2.77.{number}"
            with client(server, tokens["editor"]) as web:
                assert web.post(f"/workitems?{uid}", json=workitem(t00404025=element("SQ"))).status_code == 201
            for socket in sockets:
                assert told(socket, WITHIN_S) == (1, uid, "SCHEDULED")
            with client(server, tokens["editor"]) as web:
                web.put(f"/workitems/{uid}/state", json=state("IN PROGRESS"))
                web.post(f"/workitems/{uid}?transaction-uid={state('x')['00081195']['Value'][0]}", json=progress(50))
            for socket in sockets:
                assert [told(socket, WITHIN_S) for _ in range(2)] == [(1, uid, "IN PROGRESS"), (3, uid, "")]
    with client(server, tokens["editor"]) as web:
        web.post("/workitems/1.2.77.0/cancelrequest/RIS")
        web.delete(f"/workitems/{EVERYTHING}/subscribers/WALL")
    with listen(server, "WALL", tokens["viewer"]) as socket:
        assert told(socket) == (2, "1.2.77.0", "")


def test_both_workers_had_a_part_in_it(server: Server) -> None:
    """The test above means something only where connections went to more than one process."""
    children = psutil.Process(server.process.pid).children()
    assert sum(not is_process_of(child, "archive") and not is_process_of(child, "jobs") for child in children) >= 2


def test_who_may_do_what(server: Server, tokens: dict[str, str]) -> None:
    with client(server, tokens["editor"]) as web:
        web.post("/workitems?1.2.78", json=workitem())
    with client(server, tokens["viewer"]) as web:
        assert web.get("/workitems/1.2.78").status_code == 200
        assert web.get("/workitems?ProcedureStepState=SCHEDULED").status_code == 200
        for method, path in (
            ("POST", "/workitems?1.2.79"),
            ("POST", "/workitems/1.2.78"),
            ("PUT", "/workitems/1.2.78/state"),
            ("POST", "/workitems/1.2.78/cancelrequest"),
            ("POST", "/workitems/1.2.78/subscribers/WALL"),
            ("DELETE", "/workitems/1.2.78/subscribers/WALL"),
            ("POST", "/commitment-requests/1.9"),
            ("POST", "/modality-performed-procedure-steps/1.9"),
        ):
            assert web.request(method, path, json={}).status_code == 403, path
    assert httpx.get(f"{server.dicom_web}/workitems").status_code == 401
    for token, more in (("", {}), ("hsf_wrong", {}), (tokens["viewer"], {"Origin": "https://elsewhere.example"})):
        with pytest.raises(InvalidStatus) as refused, listen(server, "WALL", token, **more):
            pass
        assert refused.value.response.status_code == 403


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_lines_of_the_how_to_page(server: Server, tokens: dict[str, str], tmp_path: Path) -> None:
    """Each block of the page is run as it stands, but for address and token; what it prints is what the page says."""
    steps = re.findall(r"```sh\n(.*?)```(?:\n\n```text\n(.*?)```)?", PAGE.read_text("utf-8"), re.S)
    assert len(steps) >= 6
    script = ""
    for commands, _ in steps:
        script += commands + "\necho; echo @@@\n"
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PACS": server.dicom_web, "TOKEN": tokens["editor"]}
    ran = subprocess.run(["sh", "-eu", "-c", script], capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=60)
    assert ran.returncode == 0, ran.stderr
    for (commands, expected), output in zip(steps, ran.stdout.split("@@@"), strict=False):
        assert expected.strip() in output, (commands, output)
