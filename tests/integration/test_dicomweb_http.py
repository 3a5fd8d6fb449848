"""The HTTP layer of DICOMweb through the composed server: HTTP/2, limits, compression, other origins' pages, the access log."""

from __future__ import annotations

import contextlib
import gzip
import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dicomweb_kit.objects import as_file, ct
from services.server import Server, running

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")

VIEWER = "https://viewer.example"
INSTANCE = "/studies/1.2.3/series/1.2.3.1/instances/1.2.3.1.1"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(
        tmp_path_factory.mktemp("server") / "data",
        HOUNSFIELD_CORS_ORIGINS=VIEWER,
        HOUNSFIELD_ACCESS_LOG="true",
        HOUNSFIELD_LOG_FORMAT="json",
    ) as started:
        yield started


@pytest.fixture(scope="module")
def token(server: Server) -> str:
    return server.run("token", "add", "robot", "--role", "editor").out.split()[-1]


@pytest.fixture(scope="module")
def files(server: Server, token: str, tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Twenty instances, stored by HTTP/2."""
    made = [as_file(ct(number, PatientName="Canary^Jane", PatientID="CANARY-7", PatientBirthDate="19010203")) for number in range(1, 21)]
    path = tmp_path_factory.mktemp("body") / "body"
    path.write_bytes(b"".join(b"--b\r\nContent-Type: application/dicom\r\n\r\n%b\r\n" % file for file in made) + b"--b--")
    kind = ("-H", 'Content-Type: multipart/related; type="application/dicom"; boundary=b')
    answer = curl(server, token, "/studies", "--http2-prior-knowledge", *kind, "--data-binary", f"@{path}")
    assert (answer.status, answer.version) == (200, "2")
    return made


class Answer:
    """status, HTTP version, headers and body of what curl was given."""

    def __init__(self, raw: bytes) -> None:
        rest, _, told = raw.rpartition(b"\n")
        status, self.version = told.decode().split()
        self.status = int(status)
        head, _, self.body = rest.partition(b"\r\n\r\n")
        lines = [line.split(": ", 1) for line in head.decode().split("\r\n")[1:]]
        self.headers = {name.lower(): value for name, value in lines}


def curl(server: Server, token: str, path: str, *options: str) -> Answer:
    command = ["curl", "-s", "-i", "--max-time", "60", "-w", "\n%{http_code} %{http_version}", "-H", "Expect:", *options]
    credential = ["-H", f"Authorization: Bearer {token}"] if token else []
    return Answer(subprocess.run([*command, *credential, server.dicom_web + path], capture_output=True, check=True).stdout)


def raw(server: Server, request: bytes) -> bytes:
    """The status line that comes back for these bytes."""
    with socket.create_connection((server.host, server.http_port), timeout=20) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(request)
        received = b""
        with contextlib.suppress(ConnectionError):
            while b"\r\n" not in received and (chunk := connection.recv(65536)):
                received += chunk
        return received.partition(b"\r\n")[0]


def test_the_same_by_both_versions(server: Server, token: str, files: list[bytes]) -> None:
    for path in ("/studies?PatientID=CANARY-7", f"{INSTANCE}/metadata", "/studies/1.2.3/series/1.2.3.1/instances?includefield=all", "/"):
        first, second = (curl(server, token, path, version) for version in ("--http1.1", "--http2-prior-knowledge"))
        assert (first.version, second.version) == ("1.1", "2")
        assert (first.status, first.body) == (second.status, second.body)
        assert first.status == 200
        assert first.headers["content-type"] == second.headers["content-type"]
    accept = ("-H", "Accept: application/dicom; transfer-syntax=*")
    assert curl(server, token, INSTANCE, "--http2-prior-knowledge", *accept).body == files[0]


def test_many_streams_of_one_connection(server: Server, token: str, files: list[bytes], tmp_path: Path) -> None:
    urls = [f"{server.dicom_web}/studies/1.2.3/series/1.2.3.1/instances/1.2.3.1.{number}" for number in range(1, 21)]
    options = [option for number, url in enumerate(urls) for option in ("-o", str(tmp_path / f"{number}.dcm"), url)]
    headers = ("-H", f"Authorization: Bearer {token}", "-H", "Accept: application/dicom; transfer-syntax=*")
    command = ["curl", "-s", "--fail", "--http2-prior-knowledge", "--parallel", "--parallel-immediate", *headers, *options]
    subprocess.run(command, check=True, timeout=60)
    assert [(tmp_path / f"{number}.dcm").read_bytes() for number in range(20)] == files


def test_compression(server: Server, token: str, files: list[bytes]) -> None:
    path = "/studies/1.2.3/instances"
    plain = curl(server, token, path)
    packed = curl(server, token, path, "-H", "Accept-Encoding: gzip")
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert len(packed.body) * 3 < len(plain.body)
    assert "accept-encoding" in packed.headers["vary"]
    small = curl(server, token, "/studies?PatientID=nobody", "-H", "Accept-Encoding: gzip")
    assert (small.body, "content-encoding" in small.headers) == (b"[]", False)
    xml = ("-H", 'Accept: multipart/related; type="application/dicom+xml"')
    packed = curl(server, token, path, "-H", "Accept-Encoding: gzip", *xml)
    assert gzip.decompress(packed.body).count(b"<NativeDicomModel") == len(files)


@pytest.mark.parametrize("version", ["--http1.1", "--http2-prior-knowledge"])
def test_head(server: Server, token: str, files: list[bytes], version: str) -> None:
    for path in ("/studies", INSTANCE, "/studies/1.2.3", f"{INSTANCE}/frames/1", f"{INSTANCE}/metadata", "/"):
        head = curl(server, token, path, version, "--head")
        got = curl(server, token, path, version)
        assert (head.status, head.body) == (got.status, b"") == (200, b"")
        assert head.headers.get("content-length") == got.headers.get("content-length")


def test_pages_of_another_origin(server: Server, token: str) -> None:
    asking = ("-X", "OPTIONS", "-H", "Access-Control-Request-Method: GET", "-H", "Access-Control-Request-Headers: authorization")
    answer = curl(server, "", "/studies", *asking, "-H", f"Origin: {VIEWER}")
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (204, VIEWER)
    assert curl(server, token, "/studies", "-H", f"Origin: {VIEWER}").headers["access-control-allow-origin"] == VIEWER
    for other in ("https://evil.example", "null"):
        answer = curl(server, "", "/studies", *asking, "-H", f"Origin: {other}")
        assert (answer.status, "access-control-allow-origin" in answer.headers) == (401, False)


def test_limits_of_a_request(server: Server, token: str) -> None:
    start = f"GET /dicom-web/studies HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n".encode()
    assert raw(server, start + b"\r\n").split()[1] == b"200"
    many = b"".join(b"X-%d: 1\r\n" % number for number in range(200))
    assert raw(server, start + many + b"\r\n").split()[1] == b"431"
    assert raw(server, start + b"X-Long: " + b"x" * (1 << 20) + b"\r\n\r\n").split()[1] == b"431"
    target = b"GET /dicom-web/studies?PatientID=" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"
    assert raw(server, target).split()[1] == b"414"
    query = start.replace(b"/studies", b"/studies?PatientID=" + b"x" * 65_000) + b"\r\n"
    assert raw(server, query).split()[1] in (b"400", b"414")
    assert raw(server, b"\x00\x01 nonsense\r\n\r\n").split()[1:2] in ([b"400"], [])


def test_limits_of_a_request_by_http_2(server: Server, token: str) -> None:
    """A header list of more than 64 KiB is refused, and the server answers on."""
    command = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--http2-prior-knowledge", "-H", f"X-Long: {'x' * 60_000}"]
    long = [*command, "-H", f"X-Longer: {'x' * 60_000}", f"{server.dicom_web}/studies", "-H", f"Authorization: Bearer {token}"]
    assert subprocess.run(long, capture_output=True, text=True, timeout=60).stdout in ("431", "000")
    assert curl(server, token, "/studies", "--http2-prior-knowledge").status == 200


def test_the_log_says_who_asked_and_not_for_whom(server: Server, token: str, files: list[bytes]) -> None:
    """The canary: searched for by name, ID and birth date, in paths that are none, and in a value that cannot be understood."""
    for path in ("/studies?PatientName=Canary*&PatientBirthDate=19010203", "/Canary", "/studies/Canary", "/studies?limit=Canary"):
        curl(server, token, path)
    lines = [json.loads(line) for line in server.output.read_text().splitlines() if line.startswith("{")]
    requests = [line for line in lines if line["event"] == "http.request"]
    assert {"/dicom-web/studies", "/dicom-web/studies/{study}", ""} <= {line["route"] for line in requests}
    assert {line["status"] for line in requests} >= {200, 400, 404}
    assert {line["principal"] for line in requests} >= {"robot"}
    assert all(line["client"] == "127.0.0.1" for line in requests)
    log = server.output.read_text().lower()
    assert "canary" not in log
    assert "19010203" not in log
