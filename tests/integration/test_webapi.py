"""The web API over a real HTTP server, a real index and a real archive."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import structlog

from hounsfield.app import bootstrap
from hounsfield.model.origin import Role
from webapi_kit.server import PASSWORD, RunningSite, add_people, running_site, settings_in, small_object, store

CANARY = "Canaria^Serinus"
STUDIES = [
    {"PatientName": CANARY, "PatientID": "CANARY-1", "StudyDate": "20260102", "StudyDescription": "<img src=x onerror=alert(1)>"},
    {"PatientName": CANARY, "PatientID": "CANARY-1", "StudyDate": "20250102", "AccessionNumber": "A-25", "Modality": "CT"},
    {"PatientName": "Müller^Zoë", "PatientID": "P2", "StudyDate": "20240102"},
    {"PatientName": "Yamada^Tarou=山田^太郎=やまだ^たろう", "PatientID": "P3", "StudyDate": "20230102"},
    {"PatientName": "", "PatientID": ""},
]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    settings = settings_in(tmp_path_factory.mktemp("site"))
    bootstrap.prepare(settings)
    files = [
        small_object(f"1.2.3.{number}", f"1.2.3.{number}.1", f"1.2.3.{number}.1.{image}", **attributes)
        for number, attributes in enumerate(STUDIES, 1)
        for image in (1, 2)
    ]
    store(settings, *files)
    add_people(settings)
    with structlog.testing.capture_logs() as logs, running_site(settings) as running:
        yield running
    # Whatever the tests of this file searched for and opened, no log names a patient.
    text = json.dumps(logs, default=str, ensure_ascii=False)
    for word in ("Canaria", "CANARY", "Serinus", "Müller", "Yamada", PASSWORD):
        assert word not in text, word


def _rows(site: RunningSite, query: str = "") -> list[dict]:
    with site.client("vera") as client:
        answer = client.get(f"/api/worklist?{query}")
        assert answer.status_code == 200, answer.text
        return answer.json()["rows"]


def test_the_worklist_lists_what_was_stored(site):
    rows = _rows(site)
    assert [row["study_instance_uid"] for row in rows] == [f"1.2.3.{number}" for number in (1, 2, 3, 4, 5)]
    first = rows[0]
    assert (first["patient_name"], first["patient_id"], first["study_date"]) == (CANARY, "CANARY-1", "20260102")
    assert (first["series_count"], first["instance_count"], first["modalities"]) == (1, 2, ["OT"])
    assert first["description"] == "<img src=x onerror=alert(1)>"
    assert first["received_at"].endswith("Z")
    assert rows[3]["patient_name"] == "Yamada^Tarou=山田^太郎=やまだ^たろう"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=canaria", [1, 2]),
        ("q=serinus%20a-25", [2]),
        ("q=muller", [3]),
        ("q=%E5%B1%B1%E7%94%B0", [4]),
        ("patient_name=canaria", [1, 2]),
        ("patient_id=CANARY", [1, 2]),
        ("modality=CT", [2]),
        ("date_from=20240101&date_to=20251231", [2, 3]),
        ("accession_number=A-2", [2]),
        ("description=onerror", [1]),
        ("q=nobody", []),
        ("sort=study_date&limit=2&date_from=20200101", [4, 3]),
        ("sort=-patient_id&limit=1", [4]),
    ],
)
def test_filters(site, query, found):
    assert [int(row["study_instance_uid"].rpartition(".")[2]) for row in _rows(site, query)] == found


@pytest.mark.parametrize("sort", ["study_date", "patient_name", "patient_id", "received_at", "description", "accession_number", "modality"])
@pytest.mark.parametrize("direction", ["", "-"])
def test_pages_by_cursor_give_each_study_once(site, sort, direction):
    with site.client("vera") as client:
        whole = [row["study_instance_uid"] for row in client.get(f"/api/worklist?sort={direction}{sort}").json()["rows"]]
        paged, after, pages = [], "", 0
        while after is not None:
            answer = client.get("/api/worklist", params={"sort": f"{direction}{sort}", "limit": 2, "after": after}).json()
            paged += [row["study_instance_uid"] for row in answer["rows"]]
            assert answer["total"] == {"count": 5, "capped": False}
            after, pages = answer["next"], pages + 1
    assert paged == whole
    assert (len(set(paged)), pages) == (5, 3)


@pytest.mark.parametrize(
    "after",
    [
        "x",
        "A" * 1024,
        "W10",
        "WzEsMV0x",
        "bnVsbA",
        "WyJcdWQ4MDAiLCAxXQ",
        "Wzk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OSwgMV0",
        "WyJ4Iiwg" + "OTk5" * 9 + "XQ",
    ],
)
def test_a_made_up_cursor_is_refused_or_finds_nothing_wrong(site, after):
    with site.client("vera") as client:
        answer = client.get("/api/worklist", params={"after": after})
        assert answer.status_code in (200, 400), answer.text


def test_a_study_with_its_priors(site):
    with site.client("vera") as client:
        detail = client.get("/api/studies/1.2.3.2").json()
    assert [prior["study_instance_uid"] for prior in detail["priors"]] == ["1.2.3.1"]
    [series] = detail["series"]
    assert (series["series_instance_uid"], series["instance_count"], series["frame_count"]) == ("1.2.3.2.1", 2, 2)


def test_an_empty_patient_id_has_no_priors(site):
    with site.client("vera") as client:
        assert client.get("/api/studies/1.2.3.5").json()["priors"] == []


def test_thumbnails_of_rows_answer(site):
    with site.client("vera") as client:
        answer = client.get(client.get("/api/worklist").json()["rows"][0]["thumbnail"])
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    with site.client() as stranger:
        assert stranger.get("/dicom-web/studies/1.2.3.1/thumbnail").status_code == 401


def test_the_status_counts(site):
    with site.client("vera") as client:
        status = client.get("/api/status").json()
    assert (status["studies"], status["series"], status["instances"]) == (5, 5, 10)
    assert status["bytes_stored"] > 10 * 400
    assert status["ae_title"] == "HOUNSFIELD"


def test_what_a_stored_object_says_is_never_a_page(site):
    with site.client("vera") as client:
        for path in ("/api/worklist", "/api/studies/1.2.3.1", "/dicom-web/studies", "/dicom-web/studies/1.2.3.1/metadata"):
            answer = client.get(path)
            assert answer.status_code == 200
            assert "onerror" in answer.text
            assert "json" in answer.headers["content-type"]
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert "sandbox" in answer.headers["content-security-policy"]


def test_without_an_archive_process_the_site_reads_but_is_not_ready(site):
    with site.client() as client:
        answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["components"] == {"index": "ok", "archive": "failing", "space": "ok"}


def test_a_refused_caller_is_accepted(site):
    from hounsfield.index.database import Database
    from hounsfield.model.errors import CallerUnknown

    opened = Database(site.settings.database_address)
    callers = bootstrap.callers_of(opened, site.settings)
    with pytest.raises(CallerUnknown):
        callers.admit("CT1", "192.0.2.7")
    with site.client("ada") as client:
        assert [caller["ae_title"] for caller in client.get("/api/callers").json()["refused"]] == ["CT1"]
        assert client.post("/api/callers/CT1/accept").status_code == 200
    callers.admit("CT1", "192.0.2.7")
    opened.close()


def test_many_people_sign_in_at_once_and_nothing_else_waits(site):
    def sign_in(_):
        with site.client("vera") as client:
            return client.get("/api/session").status_code

    with ThreadPoolExecutor(12) as threads:
        signing_in = [threads.submit(sign_in, number) for number in range(12)]
        slowest = 0.0
        with site.client() as stranger:
            while not all(one.done() for one in signing_in):
                began = time.monotonic()
                assert stranger.get("/health/live").status_code == 200
                slowest = max(slowest, time.monotonic() - began)
        assert [one.result() for one in signing_in] == [200] * 12
    assert slowest < 1.0


@pytest.mark.parametrize(
    "target",
    [
        b"/../../../../etc/passwd",
        b"/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        b"/assets/..%2f..%2f..%2f..%2fetc%2fpasswd",
        b"/assets/\\..\\..\\etc\\passwd",
        b"/%00/etc/passwd",
        b"/%ff%fe",
        b"//etc/passwd",
        b"http://127.0.0.1/etc/passwd",
        b"/api/../../../../etc/passwd",
        b"/api/%2e%2e/dicom-web/studies",
        b"/dicom-web/../api/worklist",
        b"*",
    ],
)
def test_no_target_leads_out_of_the_site(site, target):
    answer = site.raw(b"GET " + target + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    assert b"root:" not in answer
    assert CANARY.encode() not in answer
    assert answer.split(b" ", 2)[1] in (b"200", b"400", b"401", b"404", b"503") if answer else True


@pytest.mark.parametrize(
    "lines",
    [
        b"X: a\r\n Authorization: Bearer x",
        b"Content-Length: 5\r\nContent-Length: 6",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked",
        b"Bad Header: x",
        b"X: \0",
        b"\r\n".join(b"X-%d: y" % number for number in range(2000)),
        b"Cookie: " + b"a=b; " * 100_000,
        b"Accept-Encoding: " + b"br;q=0," * 5000,
    ],
)
def test_odd_headers_harm_nothing(site, lines):
    began = time.monotonic()
    answer = site.raw(b"GET /api/worklist HTTP/1.1\r\nHost: 127.0.0.1\r\n" + lines + b"\r\nConnection: close\r\n\r\n")
    assert time.monotonic() - began < 5
    status = answer.split(b" ", 2)[1] if answer else b""
    assert not status or status[:1] == b"4"
    with site.client() as client:
        assert client.get("/health/live").status_code == 200


def test_a_body_that_is_too_large_is_refused_on_the_wire(site):
    def endless():
        for _ in range(400):
            yield b"x" * 65536

    with site.client() as client:
        assert client.post("/api/session", content=b"x" * (2 << 20)).status_code == 413
        with contextlib.suppress(Exception):  # the server may close while we still send
            assert client.post("/api/session", content=endless()).status_code == 413
        assert client.get("/health/live").status_code == 200


def test_slow_senders_do_not_keep_others_out(site):
    request = b"POST /api/session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"
    slow = [socket.create_connection(("127.0.0.1", site.port)) for _ in range(100)]
    try:
        for connection in slow:
            connection.sendall(request)
        began = time.monotonic()
        with site.client("vera") as client:
            assert client.get("/api/worklist").status_code == 200
        assert time.monotonic() - began < 5
    finally:
        for connection in slow:
            connection.close()


def test_head_has_no_body_and_an_error_neither(site):
    answer = site.raw(b"HEAD /api/worklist HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 401")
    assert answer.endswith(b"\r\n\r\n")


def test_one_connection_serves_on_after_errors(site):
    with site.client("vera") as client:
        for path, status in (("/api/nothing", 404), ("/api/studies/x", 400), ("/api/studies/9.9", 404), ("/api/worklist", 200)):
            assert client.get(path).status_code == status


def test_a_token_made_at_the_command_line_is_taken_at_once(site):
    with bootstrap.access(site.settings) as parts:
        secret, _ = parts.tokens.issue("wire", Role.VIEWER)
    with site.client() as client:
        for auth in ({"headers": {"Authorization": f"Bearer {secret}"}}, {"auth": ("any", secret)}):
            assert client.get("/api/worklist", **auth).status_code == 200
            assert client.get("/dicom-web/studies", **auth).status_code == 200
        assert client.get("/dicom-web/studies", auth=("ada", PASSWORD)).status_code == 401
