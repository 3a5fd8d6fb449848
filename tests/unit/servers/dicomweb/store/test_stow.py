"""STOW-RS against a store that keeps what it is given in a dictionary."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from hounsfield.dicom.part10 import build_prefix
from hounsfield.dicom.xml_model import json_of_xml
from hounsfield.model.errors import HounsfieldError, MismatchedIdentifiers, ObjectTooLarge, OutOfSpace, PackUnavailable, UnreadableObject
from hounsfield.model.origin import Origin
from hounsfield.model.outcomes import StoreOutcome, StoreResult
from hounsfield.servers.dicomweb.application import DICOMWeb
from hounsfield.servers.dicomweb.multipart import MultipartLimits, MultipartWriter
from hounsfield.servers.dicomweb.routing import Route
from hounsfield.servers.dicomweb.store.stow import Stow, UploadLimits

CT = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
NO_CODEC: Any = None
MULTIPART = 'multipart/related; type="application/dicom"; boundary=edge'


class FakeStore:
    """Keeps complete objects; `errors` names what to raise for a SOP Instance UID, `aside` those that are kept aside."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.open = 0
        self.opened = 0
        self.abandoned = 0
        self.errors: dict[str, HounsfieldError] = {}
        self.aside: set[str] = set()
        self.study = "1.2.3"

    def receive_file(self, origin: Origin, study_instance_uid: str = "") -> FakeReception:
        assert origin.host == "192.0.2.7"
        return FakeReception(self, study_instance_uid)


class FakeReception:
    def __init__(self, store: FakeStore, study_instance_uid: str) -> None:
        self.store = store
        self.study = study_instance_uid
        self.data = bytearray()
        self.finished = False

    def __enter__(self) -> Self:
        self.store.open += 1
        self.store.opened += 1
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.store.open -= 1
        self.store.abandoned += not self.finished

    def write(self, data: Any) -> None:
        self.data += data
        if (error := self.store.errors.get("write")) is not None:
            raise error

    def finish(self) -> StoreResult:
        if self.data[128:132] != b"DICM":
            raise UnreadableObject("no object")
        uid = self.data.rpartition(b"uid=")[2].decode()
        if uid in self.store.errors:
            raise self.store.errors[uid]
        if self.study and self.study != self.store.study:
            raise MismatchedIdentifiers("another study")
        self.finished = True
        self.store.kept[uid] = bytes(self.data)
        outcome = StoreOutcome.KEPT_ASIDE_UID if uid in self.store.aside else StoreOutcome.STORED
        return StoreResult(outcome, CT, uid, "1.2.3.4", self.store.study)


def dicom(uid: str, padding: int = 1000) -> bytes:
    return build_prefix(CT, uid, EXPLICIT) + b"\0" * padding + b"uid=" + uid.encode()


def multipart(*bodies: bytes, part_type: str = "application/dicom") -> bytes:
    writer = MultipartWriter("edge")
    return b"".join(writer.part_head(part_type) + body for body in bodies) + writer.close()


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


@pytest.fixture
def post(call: Callable[..., Any], store: FakeStore, guard: Any, executor: Executor) -> Callable[..., Any]:
    stow = Stow(store, executor, NO_CODEC, UploadLimits(MultipartLimits(max_parts=5000), idle_s=5))  # type: ignore[arg-type]
    routes = [Route("POST", "studies", stow.store_instances), Route("POST", "studies/{study}", stow.store_instances)]
    app = DICOMWeb(routes, guard, executor)

    def run(body: bytes, *, path: str = "/dicom-web/studies", content_type: str = MULTIPART, piece: int = 700, **more: Any) -> Any:
        headers = {"content-type": content_type, **more.pop("headers", {})}
        pieces = [body[start : start + piece] for start in range(0, len(body), piece)]
        answer = call(app, "POST", path, headers=headers, pieces=pieces, **more)
        assert store.open == 0, "every reception is left"
        return answer

    return run


def test_all_stored(post: Callable[..., Any], store: FakeStore) -> None:
    answer = post(multipart(dicom("1.9.1"), dicom("1.9.2", 100_000)))
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/dicom+json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert store.kept == {"1.9.1": dicom("1.9.1"), "1.9.2": dicom("1.9.2", 100_000)}
    document = json.loads(answer.body)
    assert list(document) == ["00081190", "00081199"]
    assert document["00081190"]["Value"] == ["http://pacs.example:8080/dicom-web/studies/1.2.3"]
    first, second = document["00081199"]["Value"]
    assert first["00081150"] == {"vr": "UI", "Value": [CT]}
    assert second["00081155"]["Value"] == ["1.9.2"]
    assert second["00081190"]["Value"] == ["http://pacs.example:8080/dicom-web/studies/1.2.3/series/1.2.3.4/instances/1.9.2"]


def test_one_object_without_multipart(post: Callable[..., Any], store: FakeStore) -> None:
    answer = post(dicom("1.9.1"), content_type="application/dicom")
    assert answer.status == 200
    assert store.kept == {"1.9.1": dicom("1.9.1")}


def test_some_failed(post: Callable[..., Any], store: FakeStore) -> None:
    store.errors["1.9.2"] = MismatchedIdentifiers("no")
    answer = post(multipart(dicom("1.9.1"), dicom("1.9.2"), b"hello", dicom("1.9.3")))
    assert answer.status == 202
    document = json.loads(answer.body)
    assert set(store.kept) == {"1.9.1", "1.9.3"}
    (failed,) = document["00081198"]["Value"]
    assert failed["00081155"]["Value"] == ["1.9.2"]
    assert failed["00081197"] == {"vr": "US", "Value": [0xA900]}
    (other,) = document["0008119A"]["Value"]
    assert 0xC000 <= other["00081197"]["Value"][0] <= 0xCFFF


def test_kept_aside_is_a_warning(post: Callable[..., Any], store: FakeStore) -> None:
    store.aside.add("1.9.1")
    answer = post(multipart(dicom("1.9.1")))
    assert answer.status == 202
    assert json.loads(answer.body)["00081199"]["Value"][0]["00081196"]["Value"] == [0xB007]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (MismatchedIdentifiers("x"), 409),
        (OutOfSpace("x"), 507),
        (PackUnavailable("x"), 503),
        (ObjectTooLarge("x"), 413),
        (UnreadableObject("x"), 400),
    ],
)
def test_none_stored(post: Callable[..., Any], store: FakeStore, error: HounsfieldError, status: int) -> None:
    store.errors["1.9.1"] = error
    answer = post(multipart(dicom("1.9.1")))
    assert answer.status == status
    assert json.loads(answer.body)["00081198"]["Value"][0]["00081155"]["Value"] == ["1.9.1"]


def test_a_refusal_while_writing_sets_the_reception_free(post: Callable[..., Any], store: FakeStore) -> None:
    store.errors["write"] = OutOfSpace("full")
    assert post(multipart(dicom("1.9.1", 10_000), dicom("1.9.2"))).status == 507
    assert (store.opened, store.abandoned) == (2, 2)


def test_another_study_than_the_path_says(post: Callable[..., Any], store: FakeStore) -> None:
    assert post(multipart(dicom("1.9.1")), path="/dicom-web/studies/1.2.3").status == 200
    assert post(multipart(dicom("1.9.2")), path="/dicom-web/studies/1.2.4").status == 409
    assert set(store.kept) == {"1.9.1"}


@pytest.mark.parametrize("cut", [True, False])
def test_a_cut_upload_keeps_its_complete_parts(post: Callable[..., Any], store: FakeStore, cut: bool) -> None:
    whole = multipart(dicom("1.9.1"), dicom("1.9.2"))
    answer = post(whole[: len(whole) - 300], cut=cut)
    assert set(store.kept) == {"1.9.1"}
    assert store.abandoned == 1
    assert answer.status == (0 if cut else 202), "who has gone gets no answer; who ended the body too early hears of it"


def test_a_cut_object_is_not_stored(post: Callable[..., Any], store: FakeStore) -> None:
    assert post(dicom("1.9.1"), content_type="application/dicom", cut=True).status == 0
    assert store.kept == {}


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "multipart/form-data; boundary=edge",
        "application/octet-stream",
        'multipart/related; type="application/pdf"; boundary=edge',
    ],
)
def test_unsupported_media_types(post: Callable[..., Any], store: FakeStore, content_type: str) -> None:
    assert post(multipart(dicom("1.9.1")), content_type=content_type).status == 415
    assert store.opened == 0


def test_content_encoding_is_refused(post: Callable[..., Any], store: FakeStore) -> None:
    assert post(b"\x1f\x8b", headers={"content-encoding": "gzip"}).status == 415


def test_a_part_of_another_type_is_refused_alone(post: Callable[..., Any], store: FakeStore) -> None:
    assert post(multipart(dicom("1.9.1"), part_type="text/html")).status == 415
    assert store.opened == 0
    mixed = multipart(dicom("1.9.1"), part_type="text/html").removesuffix(b"--edge--\r\n") + multipart(dicom("1.9.2"))
    assert post(mixed).status == 202


def test_no_boundary_and_no_parts(post: Callable[..., Any]) -> None:
    assert post(multipart(dicom("1.9.1")), content_type='multipart/related; type="application/dicom"').status == 400
    assert post(b"--edge--").status == 400
    assert post(b"").status == 400


@pytest.mark.parametrize(
    ("accept", "status"),
    [("application/dicom+xml", 200), ("image/png", 406), ("*/*", 200), ("application/dicom+xml, application/json;q=0.5", 200)],
)
def test_accept(post: Callable[..., Any], store: FakeStore, accept: str, status: int) -> None:
    assert post(multipart(dicom("1.9.1")), headers={"accept": accept}).status == status
    assert bool(store.kept) == (status == 200), "judged before anything is stored"


def test_xml_is_given_where_it_is_asked_for(post: Callable[..., Any], store: FakeStore) -> None:
    store.errors["1.9.2"] = MismatchedIdentifiers("no")
    for bodies, status in (((dicom("1.9.1"), dicom("1.9.2")), 202), ((dicom("1.9.2"),), 409)):
        answer = post(multipart(*bodies), headers={"accept": "application/dicom+xml"})
        assert (answer.status, answer.headers["content-type"]) == (status, "application/dicom+xml")
        assert json_of_xml(answer.body)["00081198"]["Value"][0]["00081197"]["Value"] == [str(0xA900)]


def test_when_to_come_again_and_why_it_failed(post: Callable[..., Any], store: FakeStore) -> None:
    store.errors["1.9.1"] = PackUnavailable('the disk says "no"\n')
    answer = post(multipart(dicom("1.9.1")))
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    assert answer.headers["warning"] == "299 hounsfield \"the disk says 'no''\""


def test_more_uploads_than_are_taken_at_once(guard: Any, executor: Executor) -> None:
    """The first one waits for its body; the second is told to come again, and once the first has ended there is room."""

    async def run() -> None:
        store = FakeStore()
        stow = Stow(store, executor, NO_CODEC, UploadLimits(max_uploads=1))  # type: ignore[arg-type]
        app = DICOMWeb([Route("POST", "studies", stow.store_instances)], guard, executor)
        begun, go_on = asyncio.Event(), asyncio.Event()
        headers = [(b"authorization", b"Bearer editor"), (b"content-type", b"application/dicom")]
        scope = {"type": "http", "method": "POST", "path": "/dicom-web/studies", "query_string": b"", "headers": headers}
        scope["client"] = ("192.0.2.7", 50000)

        async def slow() -> dict[str, Any]:
            begun.set()
            await go_on.wait()
            return {"type": "http.request", "body": dicom("1.9.1"), "more_body": False}

        async def quick() -> dict[str, Any]:
            return {"type": "http.request", "body": dicom("1.9.2"), "more_body": False}

        async def status_of(receive: Callable[[], Any]) -> tuple[int, dict[bytes, bytes]]:
            sent: list[dict[str, Any]] = []

            async def send(message: dict[str, Any]) -> None:
                sent.append(message)

            await app(scope, receive, send)
            return sent[0]["status"], dict(sent[0]["headers"])

        first = asyncio.create_task(status_of(slow))
        await begun.wait()
        status, said = await status_of(quick)
        assert (status, said[b"retry-after"]) == (503, b"5")
        go_on.set()
        assert (await first)[0] == 200
        assert (await status_of(quick))[0] == 200

    asyncio.run(run())


@pytest.mark.parametrize(
    ("limits", "status"),
    [
        (UploadLimits(max_metadata_bytes=100), 413),
        (UploadLimits(max_bulk_bytes=100), 413),
        (UploadLimits(min_free_bytes=1 << 62), 507),
    ],
)
def test_more_than_is_held_back(
    call: Callable[..., Any], guard: Any, executor: Executor, limits: UploadLimits, status: int, tmp_path: Path
) -> None:
    store = FakeStore()
    app = DICOMWeb([Route("POST", "studies", Stow(store, executor, NO_CODEC, limits, tmp_path).store_instances)], guard, executor)  # type: ignore[arg-type]
    bulk = b"--edge\r\nContent-Type: application/octet-stream\r\nContent-Location: x\r\n\r\n" + bytes(1 << 20) + b"\r\n--edge--"
    body = (
        b'--edge\r\nContent-Type: application/dicom+json\r\n\r\n[{"00080018":{"vr":"UI","Value":["1.2.3"]}}]' + b" " * 60 + b"\r\n" + bulk
    )
    headers = {"content-type": 'multipart/related; type="application/dicom+json"; boundary=edge'}
    answer = call(
        app, "POST", "/dicom-web/studies", headers=headers, pieces=[body[start : start + 65536] for start in range(0, len(body), 65536)]
    )
    assert answer.status == status
    assert store.opened == 0
    assert list(tmp_path.iterdir()) == []


def test_who_may_store(post: Callable[..., Any], store: FakeStore) -> None:
    answer = post(multipart(dicom("1.9.1")), role="")
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == 'Basic realm="Hounsfield", Bearer'
    assert post(multipart(dicom("1.9.1")), role="viewer").status == 403
    assert store.opened == 0


def test_many_unreadable_parts_are_given_up(post: Callable[..., Any], store: FakeStore) -> None:
    answer = post(multipart(*[b"x"] * 3000), piece=1 << 16)
    assert answer.status == 400
    assert store.opened == 1000


def test_a_client_that_stalls_is_let_go(call: Callable[..., Any], store: FakeStore, guard: Any, executor: Executor) -> None:
    stow = Stow(store, executor, NO_CODEC, UploadLimits(idle_s=0.05))  # type: ignore[arg-type]
    app = DICOMWeb([Route("POST", "studies", stow.store_instances)], guard, executor)
    body = multipart(dicom("1.9.1"), dicom("1.9.2"))[:-300]
    answer = call(app, "POST", "/dicom-web/studies", headers={"content-type": MULTIPART}, pieces=[body], stall=True)
    assert answer.status == 408
    assert set(store.kept) == {"1.9.1"}
    assert (store.open, store.abandoned) == (0, 1)


def test_outcomes_keep_the_order_of_the_parts(post: Callable[..., Any], store: FakeStore) -> None:
    """Large parts are made durable in other threads, small ones at once."""
    sizes = [200_000, 10, 300_000, 100, 90_000, 80_000, 70_000, 10, 100_000]
    answer = post(multipart(*[dicom(f"1.9.{number}", size) for number, size in enumerate(sizes)]), piece=50_000)
    assert answer.status == 200
    references = json.loads(answer.body)["00081199"]["Value"]
    assert [item["00081155"]["Value"][0] for item in references] == [f"1.9.{number}" for number in range(len(sizes))]


def test_complete_parts_that_are_still_becoming_durable_are_waited_for(post: Callable[..., Any], store: FakeStore) -> None:
    whole = multipart(*[dicom(f"1.9.{number}", 200_000) for number in range(3)])
    assert post(whole[: len(whole) - 300], piece=300_000, cut=True).status == 0
    assert set(store.kept) == {"1.9.0", "1.9.1"}
