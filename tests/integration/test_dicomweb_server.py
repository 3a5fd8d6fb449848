"""DICOMweb through the composed server: its processes, its guard, real HTTP by curl."""

from __future__ import annotations

import http.client
import io
import json
import shutil
import struct
import subprocess
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest

from dicomweb_kit.objects import as_file, ct
from services.server import Server, running

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")

INSTANCE = "/studies/1.2.3/series/1.2.3.1/instances/1.2.3.1.1"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("server") / "data") as started:
        yield started


@pytest.fixture(scope="module")
def tokens(server: Server) -> dict[str, str]:
    """An API token for each role."""
    return {role: server.run("token", "add", role, "--role", role).out.split()[-1] for role in ("viewer", "editor")}


def curl(server: Server, path: str, *options: str) -> tuple[int, bytes]:
    """Status and body."""
    command = ["curl", "-s", "--max-time", "60", "-w", "\n%{http_code}", *options, server.dicom_web + path]
    body, _, status = subprocess.run(command, capture_output=True, check=True).stdout.rpartition(b"\n")
    return int(status), body


def bearer(token: str) -> tuple[str, str]:
    return "-H", f"Authorization: Bearer {token}"


def test_files_by_curl_and_back(server: Server, tokens: dict[str, str], tmp_path: Path) -> None:
    files = [as_file(ct(number)) for number in (1, 2)]
    (tmp_path / "body").write_bytes(b"".join(b"--b\r\nContent-Type: application/dicom\r\n\r\n%b\r\n" % file for file in files) + b"--b--")
    kind = ("-H", 'Content-Type: multipart/related; type="application/dicom"; boundary=b')
    status, body = curl(server, "/studies", *bearer(tokens["editor"]), *kind, "--data-binary", f"@{tmp_path / 'body'}")
    assert status == 200
    assert len(json.loads(body)["00081199"]["Value"]) == 2
    for number, file in enumerate(files, 1):
        path = f"/studies/1.2.3/series/1.2.3.1/instances/1.2.3.1.{number}"
        assert curl(server, path, *bearer(tokens["viewer"]), "-H", "Accept: application/dicom; transfer-syntax=*") == (200, file)
    status, body = curl(server, "/studies?PatientID=PAT-1", "-u", f"anyone:{tokens['viewer']}")
    assert (status, [item["0020000D"]["Value"] for item in json.loads(body)]) == (200, [["1.2.3"]])


def test_a_series_for_a_slow_reader(server: Server, tokens: dict[str, str], tmp_path: Path) -> None:
    """Objects of different lengths follow each other through one buffer: what waits to be sent must not change under way."""
    rows = (900, 300, 1200, 301, 900, 700, 1100, 20)
    files = []
    for number, height in enumerate(rows, 1):
        data_set = ct(number, study="1.2.40", series="1.2.40.1", Rows=height, Columns=1024)
        data_set.PixelData = bytes([number]) * (height * 1024 * 2)
        files.append(as_file(data_set))
    (tmp_path / "body").write_bytes(b"".join(b"--b\r\nContent-Type: application/dicom\r\n\r\n%b\r\n" % file for file in files) + b"--b--")
    kind = ("-H", 'Content-Type: multipart/related; type="application/dicom"; boundary=b')
    assert curl(server, "/studies", *bearer(tokens["editor"]), *kind, "--data-binary", f"@{tmp_path / 'body'}")[0] == 200
    accept = ("-H", 'Accept: multipart/related; type="application/dicom"; transfer-syntax=*')
    status, body = curl(server, "/studies/1.2.40", *bearer(tokens["viewer"]), *accept, "--limit-rate", "20M")
    assert status == 200
    boundary = body[: body.index(b"\r\n")]
    assert [part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n") for part in body.split(boundary)[1:-1]] == files


def test_parts_archives_and_one_instance_by_its_uids(server: Server, tokens: dict[str, str], tmp_path: Path) -> None:
    """As curl asks for them: a download that goes on where it was cut, a ZIP to a file, WADO-URI."""
    data_set = ct(1, study="1.2.50", series="1.2.50.1", Rows=2048, Columns=2048)
    data_set.PixelData = bytes(range(256)) * (32 << 10)
    file = as_file(data_set)
    upload = tmp_path / "file"
    upload.write_bytes(file)
    kind = ("-H", "Content-Type: application/dicom", "--data-binary", f"@{upload}")
    assert curl(server, "/studies", *bearer(tokens["editor"]), *kind)[0] == 200
    instance, viewer = "/studies/1.2.50/series/1.2.50.1/instances/1.2.50.1.1", bearer(tokens["viewer"])
    cut = tmp_path / "cut"
    cut.write_bytes(file[:5_000_000])
    assert curl(server, instance, *viewer, "-H", "Accept: application/dicom", "-C", "-", "-o", str(cut))[0] == 206
    assert cut.read_bytes() == file
    archive = tmp_path / "study.zip"
    assert curl(server, "/studies/1.2.50", *viewer, "-H", "Accept: application/zip", "-o", str(archive))[0] == 200
    assert zipfile.ZipFile(archive).read("1.2.50/1.2.50.1/1.2.50.1.1.dcm") == file
    named = "/wado?requestType=WADO&studyUID=1.2.50&seriesUID=1.2.50.1&objectUID=1.2.50.1.1"
    assert curl(server, f"{named}&contentType=application/dicom", *viewer) == (200, file)
    assert curl(server, named, *viewer)[1].startswith(b"\xff\xd8")
    tag = subprocess.run(
        ["curl", "-s", "-o", "/dev/null", "-w", "%header{etag}", *viewer, "-H", "Accept: application/dicom", server.dicom_web + instance],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert curl(server, instance, *viewer, "-H", "Accept: application/dicom", "-H", f"If-None-Match: {tag}") == (304, b"")


def test_nothing_without_a_credential(server: Server, tokens: dict[str, str], tmp_path: Path) -> None:
    for path in (
        "/studies",
        INSTANCE,
        f"{INSTANCE}/frames/1",
        f"{INSTANCE}/rendered",
        f"{INSTANCE}/metadata",
        "/studies/1.2.3/thumbnail",
        "/studies/1.2.3/pixeldata",
        f"{INSTANCE}/bulkdata",
        "/wado?requestType=WADO&studyUID=1.2.3&seriesUID=1.2.3.1&objectUID=1.2.3.1.1",
        "/nothing",
    ):
        for options in ((), bearer("hsf_wrong"), ("-u", "admin:wrong"), ("-H", "Cookie: hounsfield_session=x")):
            status, body = curl(server, path, *options)
            assert status == 401, (path, options)
            assert set(json.loads(body)) == {"error"}
    (tmp_path / "file").write_bytes(as_file(ct(9)))
    upload = ("-H", "Content-Type: application/dicom", "--data-binary", f"@{tmp_path / 'file'}")
    assert curl(server, "/studies", *upload)[0] == 401
    assert curl(server, "/studies", *bearer(tokens["viewer"]), *upload)[0] == 403
    assert curl(server, "/studies/1.2.3/series/1.2.3.1/instances/1.2.3.1.9", *bearer(tokens["viewer"]))[0] == 404


def test_a_cut_upload_keeps_its_complete_parts(server: Server, tokens: dict[str, str]) -> None:
    complete, cut = as_file(ct(21)), as_file(ct(22))
    head = b"--b\r\nContent-Type: application/dicom\r\n\r\n"
    body = head + complete + b"\r\n" + head + cut[:2000]
    connection = http.client.HTTPConnection(server.host, server.http_port, timeout=30)
    headers = {
        "Authorization": f"Bearer {tokens['editor']}",
        "Content-Type": 'multipart/related; type="application/dicom"; boundary=b',
        "Content-Length": str(len(body) + 10_000),
    }
    connection.request("POST", "/dicom-web/studies", body=body, headers=headers)
    connection.close()
    series = "/studies/1.2.3/series/1.2.3.1/instances"
    deadline = time.monotonic() + 20
    while curl(server, f"{series}/1.2.3.1.21", *bearer(tokens["viewer"]))[0] != 200:
        assert time.monotonic() < deadline
    assert curl(server, f"{series}/1.2.3.1.22", *bearer(tokens["viewer"]))[0] == 404


def test_a_large_object_goes_through_flat_memory(server: Server, tokens: dict[str, str]) -> None:
    """400 MB up and down; no process of the server grows by more than a quarter of it."""
    length = 400 << 20
    data_set = ct(1, study="1.2.30", series="1.2.30.1", NumberOfFrames=100)
    data_set.Rows, data_set.Columns = 2048, 1024
    data_set.PixelData = b"\0\0"
    small = as_file(data_set)
    head = small[: small.rindex(b"\xe0\x7f\x10\x00")] + b"\xe0\x7f\x10\x00OW\0\0" + struct.pack("<L", length)
    piece = bytes(range(256)) * 4096
    before = memory_bytes(server)
    most = [before]
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(0.05):
            most[0] = max(most[0], memory_bytes(server))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        connection = http.client.HTTPConnection(server.host, server.http_port, timeout=60)
        headers = {
            "Authorization": f"Bearer {tokens['editor']}",
            "Content-Type": "application/dicom",
            "Content-Length": str(len(head) + length),
        }
        body = (head if number == 0 else piece for number in range(1 + length // len(piece)))
        connection.request("POST", "/dicom-web/studies", body=body, headers=headers)
        assert connection.getresponse().read()[:12] == b'{"00081190":'
        path = "/dicom-web/studies/1.2.30/series/1.2.30.1/instances/1.2.30.1.1"
        connection.request("GET", path, headers={**bearer_header(tokens), "Accept": "application/dicom; transfer-syntax=*"})
        answer = connection.getresponse()
        received = 0
        while data := answer.read(1 << 20):
            received += len(data)
        assert received == len(head) + length
        connection.request("GET", f"{path}/frames/100", headers={**bearer_header(tokens), "Accept": "application/octet-stream"})
        assert connection.getresponse().read() == piece * 4
    finally:
        stop.set()
        watcher.join()
    assert most[0] - before < 100 << 20
    assert pydicom.dcmread(io.BytesIO(small)).NumberOfFrames == 100


def bearer_header(tokens: dict[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['viewer']}"}


def memory_bytes(server: Server) -> int:
    """Of all processes of the server together, without what is mapped from files."""
    total = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            if int((status.parent / "stat").read_text().rpartition(")")[2].split()[2]) == server.process.pid:
                lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
                total += int(lines["RssAnon"].split()[0]) << 10
        except (OSError, KeyError, ValueError):
            continue
    return total


def test_metadata_and_bulk_data_then_rejected_restored_and_deleted(server: Server, tokens: dict[str, str], tmp_path: Path) -> None:
    rows = 2048
    document = ct(1, study="1.2.41", series="1.2.41.1", Rows=rows, Columns=rows, PixelData=b"").to_json_dict()
    document["7FE00010"] = {"vr": "OW", "BulkDataURI": "pixels"}
    pixels = bytes(range(256)) * (rows * rows * 2 // 256)
    head = b"--b\r\nContent-Type: application/dicom+json\r\n\r\n" + json.dumps([document]).encode()
    head += b"\r\n--b\r\nContent-Type: application/octet-stream\r\nContent-Location: pixels\r\n\r\n"
    (tmp_path / "body").write_bytes(head + pixels + b"\r\n--b--")
    kind = ("-H", 'Content-Type: multipart/related; type="application/dicom+json"; boundary=b')
    editor, viewer = bearer(tokens["editor"]), bearer(tokens["viewer"])
    status, body = curl(server, "/studies", *editor, *kind, "--data-binary", f"@{tmp_path / 'body'}")
    assert status == 200, body
    assert [path for path in (server.data_dir / "spool").rglob("*") if path.is_file()] == []
    study = "/studies/1.2.41"
    frame = curl(server, f"{study}/series/1.2.41.1/instances/1.2.41.1.1/frames/1", *viewer, "-H", "Accept: application/octet-stream")
    assert frame == (200, pixels)

    since = json.loads(curl(server, "/changes?limit=10000", *viewer)[1])["next"]
    told: list[dict[str, object]] = []
    waiting = threading.Thread(
        target=lambda: told.extend(json.loads(curl(server, f"/changes?since={since}&wait=40", *viewer)[1])["changes"])
    )
    waiting.start()
    assert curl(server, f"{study}/reject/113001%5EDCM", *viewer, "-X", "POST")[0] == 403
    assert curl(server, f"{study}/reject/113001%5EDCM", *editor, "-X", "POST") == (204, b"")
    waiting.join(30)
    assert [(change["kind"], change["study_instance_uid"]) for change in told] == [("rejected", "1.2.41")]
    assert curl(server, study, *viewer)[0] == 410
    assert curl(server, "/studies?StudyInstanceUID=1.2.41", *viewer) == (200, b"[]")
    assert curl(server, f"{study}/restore", *editor, "-X", "POST") == (204, b"")
    assert curl(server, study, *viewer)[0] == 200
    assert curl(server, study, *viewer, "-X", "DELETE")[0] == 403
    assert curl(server, f"{study}?reason=test", *editor, "-X", "DELETE") == (204, b"")
    assert curl(server, study, *editor, "-X", "DELETE")[0] == 410
    assert curl(server, "/changes?since=0", "-H", "Accept: */*")[0] == 401
