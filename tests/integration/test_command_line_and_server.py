"""The command line beside a running server: what it may do, what it must leave alone, and what takes effect there."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from hounsfield.app import bootstrap
from hounsfield.archive.layout import Layout
from hounsfield.network.errors import AssociationRefused
from hounsfield.peers.dimse import DimsePeer, echo, send
from kills.objects import Made, make
from services.command_line import hounsfield
from services.databases import destroy, settings_of
from services.server import HOUNSFIELD, Server, free_port, launch, running

REVOKED_WITHIN_S = 6.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """With its guard: sign-in, known callers only."""
    with running(tmp_path_factory.mktemp("site") / "data") as started:
        yield started


@pytest.fixture(scope="module")
def token(server: Server) -> str:
    return hounsfield("token", "add", "tests", "--role", "editor", "--data-dir", server.data_dir).out.strip()


@pytest.fixture(scope="module")
def client(server: Server, token: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.dicom_web, headers={"Authorization": f"Bearer {token}"}, timeout=30) as opened:
        yield opened


def until(holds: Callable[[], bool], within_s: float) -> float:
    """Seconds until it held."""
    started = time.monotonic()
    while not holds():
        assert time.monotonic() - started < within_s, f"not within {within_s} s"
        time.sleep(0.05)
    return time.monotonic() - started


def an_upload(made: Made) -> dict[str, object]:
    boundary = "b0undary"
    body = f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode() + made.path.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
    return {"content": body, "headers": {"Content-Type": f'multipart/related; type="application/dicom"; boundary={boundary}'}}


def instances_of(client: httpx.Client, study_instance_uid: str) -> set[str]:
    answer = client.get(f"/studies/{study_instance_uid}/instances", params={"limit": 1000})
    return {one["00080018"]["Value"][0] for one in answer.json()} if answer.status_code == 200 else set()


def test_import_while_the_server_runs(server: Server, client: httpx.Client, tmp_path: Path) -> None:
    made = make(tmp_path / "files", random.Random(1), 11, 0, 6)
    (tmp_path / "files" / "notes.dcm").write_text("no DICOM here " * 40)
    ran = hounsfield("import", tmp_path / "files", "--json", "--data-dir", server.data_dir)
    assert ran.code == 3
    assert {name: count for name, count in ran.json["counts"].items() if count} == {"stored": 6, "rejected": 1}
    assert "notes.dcm" in ran.json["rejected"][0]["name"]
    assert instances_of(client, made[0].study_instance_uid) == {one.sop_instance_uid for one in made}
    assert hounsfield("import", tmp_path / "files" / "0000.dcm", "--data-dir", server.data_dir).err.strip() == "1 files: 1 duplicate"


def test_what_needs_the_archive_to_itself_is_refused(server: Server) -> None:
    ran = hounsfield("reindex", "--data-dir", server.data_dir)
    assert ran.code == 1
    assert re.search(rf"{server.data_dir} is in use by hounsfield \(process \d+\): stop it first", ran.err)


def test_a_second_server_on_the_same_data_is_refused(server: Server) -> None:
    ports = ("--dicom-port", str(free_port()), "--http-port", str(free_port()))
    for words in ((), ports, ("--dicom-port", str(server.dicom_port), "--http-port", str(server.http_port))):
        ran = hounsfield("serve", "--data-dir", server.data_dir, *words)
        assert ran.code == 1
        assert re.search(r"is in use by hounsfield serve \(process \d+\): stop it first, or choose another --data-dir", ran.err)
    assert httpx.get(f"{server.url}/health/ready").status_code == 200


def test_verify_export_and_doctor_while_the_server_runs(server: Server, client: httpx.Client, tmp_path: Path) -> None:
    (one,) = make(tmp_path / "files", random.Random(2), 12, 0, 1)
    assert client.post("/studies", **an_upload(one)).status_code == 200
    assert hounsfield("verify", "--json", "--data-dir", server.data_dir).json["damaged"] == []
    ran = hounsfield("export", "--study", one.study_instance_uid, "--to", tmp_path / "out", "--data-dir", server.data_dir)
    assert ran.code == 0
    (exported,) = (tmp_path / "out").rglob("*.dcm")
    assert exported.read_bytes() == one.path.read_bytes()
    findings = hounsfield("doctor", "--json", "--data-dir", server.data_dir).json["findings"]
    assert {"what": "server", "state": "ok", "found": "running", "advice": ""} in findings


@pytest.mark.long
def test_delete_takes_effect_in_the_server_and_outlives_the_database(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    gone, kept = (make(tmp_path / "files" / str(number), random.Random(number), number, 0, 3) for number in range(2))
    with running(data_dir, "--open-access") as server, httpx.Client(base_url=server.dicom_web, timeout=30) as web:
        assert hounsfield("import", tmp_path / "files", "--data-dir", data_dir).code == 0
        assert hounsfield("delete", "--study", gone[0].study_instance_uid, "--reason", "test", "--data-dir", data_dir).code == 0
        assert web.get(f"/studies/{gone[0].study_instance_uid}/metadata").status_code == 410
    destroy(data_dir)
    assert hounsfield("reindex", "--data-dir", data_dir).code == 0
    with running(data_dir, "--open-access") as server, httpx.Client(base_url=server.dicom_web, timeout=30) as web:
        assert web.get(f"/studies/{gone[0].study_instance_uid}/metadata").status_code == 410
        assert web.get(f"/studies/{gone[0].study_instance_uid}", headers={"Accept": "*/*"}).status_code == 410
        assert instances_of(web, kept[0].study_instance_uid) == {one.sop_instance_uid for one in kept}


def test_damaged_objects_are_found_and_never_served(server: Server, client: httpx.Client, tmp_path: Path) -> None:
    made = make(tmp_path / "files", random.Random(3), 13, 0, 10)
    assert hounsfield("import", tmp_path / "files", "--data-dir", server.data_dir).code == 0
    randomness = random.Random(4)
    damaged = set()
    with bootstrap.reading(settings_of(server.data_dir)) as parts:
        for one in [*randomness.sample(made, 6), made[8]]:
            (row,) = parts.reader.instances(1, one.study_instance_uid, one.series_instance_uid, one.sop_instance_uid)
            if one.sop_instance_uid not in damaged:
                damaged.add(one.sop_instance_uid)
                place = row.stored.location.data_set_offset_bytes + len(one.data_set) - randomness.randrange(1, 500)
                _flip(server.data_dir, row.stored.location.pack_id, place, randomness)
    ran = hounsfield("verify", "--json", "--data-dir", server.data_dir)
    assert ran.code == 3
    assert {one["sop_instance_uid"] for one in ran.json["damaged"]} == damaged
    for one in made:
        at = f"/studies/{one.study_instance_uid}/series/{one.series_instance_uid}/instances/{one.sop_instance_uid}"
        for path in (at, f"{at}/frames/1", f"{at}/rendered"):
            status, body = _get(client, path)
            if one.sop_instance_uid in damaged:
                assert status is None or status >= 500, path
                assert one.data_set[-2000:] not in body
            else:
                assert status == 200, path
    status, _ = _get(client, f"/studies/{made[0].study_instance_uid}")
    assert status is None or status >= 500
    again = client.get(f"/studies/{made[0].study_instance_uid}/metadata", headers={"Accept": "application/dicom+json"})
    assert again.status_code == 200, "metadata needs the headers alone, and those are whole"


def _flip(data_dir: Path, pack_id: str, offset_bytes: int, randomness: random.Random) -> None:
    (pack,) = [path for folder in Layout(data_dir / "packs").directories for path in folder.glob(f"{pack_id}*")]
    with pack.open("r+b") as file:
        file.seek(offset_bytes)
        byte = file.read(1)[0]
        file.seek(offset_bytes)
        file.write(bytes([byte ^ 1 << randomness.randrange(8)]))


def _get(client: httpx.Client, path: str) -> tuple[int | None, bytes]:
    """Status and body; None where the server broke off an answer that it had begun."""
    accept = "image/jpeg" if path.endswith("rendered") else 'multipart/related; type="*/*"; transfer-syntax=*'
    if "/frames/" in path:
        accept = 'multipart/related; type="application/octet-stream"; transfer-syntax=*'
    elif not path.endswith("rendered"):
        accept = 'multipart/related; type="application/dicom"; transfer-syntax=*'
    body = b""
    try:
        with client.stream("GET", path, headers={"Accept": accept}) as answer:
            for piece in answer.iter_bytes():
                body += piece
            return answer.status_code, body
    except httpx.TransportError:
        return None, body


def test_a_revoked_token_is_refused_within_seconds(server: Server) -> None:
    secret = hounsfield("token", "add", "to be revoked", "--data-dir", server.data_dir).out.strip()
    with httpx.Client(base_url=server.dicom_web, headers={"Authorization": f"Bearer {secret}"}, timeout=30) as web:
        for _ in range(8):  # every worker has met it
            assert web.get("/studies").status_code in (200, 204)
        assert hounsfield("token", "revoke", "to be revoked", "--data-dir", server.data_dir).code == 0
        until(lambda: all(web.get("/studies").status_code == 401 for _ in range(8)), REVOKED_WITHIN_S)


def test_a_refused_caller_is_listed_and_may_store_once_accepted(server: Server, tmp_path: Path) -> None:
    made = make(tmp_path / "files", random.Random(6), 16, 0, 2)
    peer = DimsePeer(server.ae_title, server.host, server.dicom_port, "NEWCT")
    with pytest.raises(AssociationRefused):
        echo(peer)
    password = hounsfield("user", "add", "ada", "--role", "administrator", "--data-dir", server.data_dir).out.strip()
    with httpx.Client(base_url=server.url, timeout=30) as web:
        assert web.get("/api/callers").status_code == 401
        session = web.post("/api/session", json={"username": "ada", "password": password})
        assert session.status_code == 200, session.text
        chosen = {"current": password, "new": "correct horse battery staple"}
        headers = {"X-CSRF-Token": session.json()["csrf_token"]}
        changed = web.post("/api/session/password", json=chosen, headers=headers)
        assert changed.status_code < 300, changed.text
        until(lambda: "NEWCT" in [one["ae_title"] for one in web.get("/api/callers").json()["refused"]], 5)
        assert web.post("/api/callers/NEWCT/accept").status_code == 403, "without the CSRF token"
        token = web.get("/api/session").json()["csrf_token"]
        accepted = web.post("/api/callers/NEWCT/accept", headers={"X-CSRF-Token": token})
        assert accepted.status_code < 300, accepted.text
        assert "NEWCT" in [one["ae_title"] for one in web.get("/api/callers").json()["known"]]
    until(lambda: _may_call(peer), 6)
    assert all(sent.ok for sent in send(peer, [one.path for one in made]))


def _may_call(peer: DimsePeer) -> bool:
    try:
        return echo(peer) == 0
    except AssociationRefused:
        return False


@pytest.mark.long
def test_a_stopped_server_leaves_nothing_running_and_a_killed_one_starts_again(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    made = make(tmp_path / "files", random.Random(8), 18, 0, 3)
    server = launch(data_dir, "--open-access")
    processes = psutil.Process(server.process.pid).children(recursive=True)
    assert hounsfield("import", tmp_path / "files", "--data-dir", data_dir).code == 0
    server.process.kill()  # the supervisor alone: its children must notice
    server.process.wait()
    psutil.wait_procs(processes, 15)
    assert [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE] == []
    server = launch(data_dir, "--open-access", ready_within_s=60)
    try:
        assert instances_of(httpx.Client(base_url=server.dicom_web), made[0].study_instance_uid) == {one.sop_instance_uid for one in made}
        processes = psutil.Process(server.process.pid).children(recursive=True)
    finally:
        assert server.stop() == 0
    assert [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE] == []
    assert not (data_dir / "intake.sock").exists()
    assert "Traceback" not in server.output.read_text()


@pytest.mark.long
def test_an_archive_process_that_dies_is_started_again(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    made = make(tmp_path / "files", random.Random(9), 19, 0, 2)
    with running(data_dir, "--open-access") as server:
        archive = server.process_of("archive")
        for _ in range(8):  # every worker has a connection to the one that dies
            assert httpx.post(f"{server.dicom_web}/studies", **an_upload(made[0]), timeout=30).status_code == 200
        archive.kill()
        archive.wait(10)
        with httpx.Client(base_url=server.dicom_web, timeout=30) as web:
            until(lambda: web.post("/studies", **an_upload(made[0])).status_code == 200, 30)
            until(lambda: httpx.get(f"{server.url}/health/ready").status_code == 200, 10)
        assert [sent.ok for sent in send(DimsePeer(server.ae_title, server.host, server.dicom_port), [made[1].path])] == [True]


@pytest.mark.long
def test_an_import_outlives_the_archive_process(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    made = make(tmp_path / "files", random.Random(12), 22, 0, 300)
    with running(data_dir, "--open-access") as server:
        command = [HOUNSFIELD, "import", str(tmp_path / "files"), "--data-dir", str(data_dir)]
        importing = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        until(lambda: sum(len(path.read_bytes()) for path in data_dir.glob("imports/*.journal")) > 20 * 33, 30)
        archive = server.process_of("archive")
        archive.kill()
        _, words = importing.communicate(timeout=60)
        assert importing.returncode == 0, words
        assert "300 files: " in words
        with httpx.Client(base_url=server.dicom_web, timeout=30) as web:
            assert instances_of(web, made[0].study_instance_uid) == {one.sop_instance_uid for one in made}


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_every_process_at_once_ends_the_server_in_good_order(tmp_path: Path, number: signal.Signals) -> None:
    """As a terminal does at Ctrl+C, and systemd by default; here while a client keeps a worker busy."""
    server = launch(tmp_path / "data", "--open-access")
    with socket.create_connection((server.host, server.http_port)) as slow:
        slow.sendall(
            b"POST /dicom-web/studies HTTP/1.1\r\nHost: x\r\nContent-Type: application/dicom\r\nContent-Length: 1000000\r\n\r\n123"
        )
        processes = psutil.Process(server.process.pid).children(recursive=True)
        os.killpg(server.process.pid, number)
        assert server.process.wait(30) == 0
    assert [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE] == []
    words = server.output.read_text()
    assert words.count("archive.ready") == 1, "the archive process was started again while everything was stopping"
    assert "archive_process_ended" not in words
    assert "Traceback" not in words


def test_a_server_on_a_name(tmp_path: Path) -> None:
    with running(tmp_path / "data", "--open-access", "--host", "localhost") as server:
        assert echo(DimsePeer(server.ae_title, "localhost", server.dicom_port)) == 0
        until(lambda: f"http://localhost:{server.http_port}/dicom-web" in server.output.read_text(), 10)


@pytest.mark.long
def test_the_demo_command_takes_any_caller_of_this_machine(tmp_path: Path) -> None:
    data_dir = tmp_path / "demo"
    made = make(tmp_path / "files", random.Random(10), 20, 0, 1)
    server = launch(data_dir, command="demo", ready_within_s=90)
    try:
        until(lambda: "Ctrl+C" in server.output.read_text(), 60)
        words = server.output.read_text()
        assert re.search(r"user admin, password \S{12,}", words)
        assert f"storescu -v -aec HOUNSFIELD 127.0.0.1 {server.dicom_port} +sd +r FOLDER" in words
        assert [sent.ok for sent in send(DimsePeer(server.ae_title, server.host, server.dicom_port, "ANYONE"), [made[0].path])] == [True]
        assert httpx.get(f"{server.dicom_web}/studies").status_code == 401
        verified = hounsfield("verify", "--json", "--data-dir", data_dir).json
        assert verified["verified"] > 100
        assert verified["damaged"] == []
    finally:
        server.stop()
        shutil.rmtree(data_dir, ignore_errors=True)
