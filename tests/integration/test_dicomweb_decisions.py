"""Delete, reject and restore over DICOMweb, and the feed that tells of it; with the database destroyed they still hold."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dicomweb_kit.objects import as_file, ct
from dicomweb_kit.pacs import Pacs, open_pacs
from hounsfield.app import bootstrap
from hounsfield.app.settings import Settings, load_settings
from hounsfield.model.errors import StudyNotFound
from hounsfield.model.origin import SYSTEM, Origin, Principal, Protocol, Role
from hounsfield.model.rejection import RejectionCode
from hounsfield.services.delete import Subject, delete_objects
from hounsfield.services.recover import recover
from hounsfield.services.reject import reject_objects, restore_objects

STUDY = "/studies/1.2.3"
SERIES = f"{STUDY}/series/1.2.3.1"
INSTANCE = f"{SERIES}/instances/1.2.3.1.1"
ORIGIN = Origin(Protocol.SYSTEM, SYSTEM)


@pytest.fixture
def pacs(tmp_path: Path) -> Iterator[Pacs]:
    """A study of two series with three instances, and another one."""
    with open_pacs(tmp_path) as opened:
        assert opened.store(*files()).status_code == 200
        yield opened


def files() -> list[bytes]:
    first = [as_file(ct(1)), as_file(ct(2)), as_file(ct(1, series="1.2.3.2"))]
    return [*first, as_file(ct(1, study="1.2.4", series="1.2.4.1", PatientID="PAT-2"))]


def instances(pacs: Pacs) -> list[str]:
    return sorted(item["00080018"]["Value"][0] for item in pacs.get("/instances?StudyInstanceUID=1.2.3").json())


@pytest.mark.parametrize(
    ("path", "left"), [(STUDY, []), (SERIES, ["1.2.3.2.1"]), (INSTANCE, ["1.2.3.1.2", "1.2.3.2.1"])], ids=["study", "series", "instance"]
)
class TestLevels:
    def test_delete(self, pacs: Pacs, path: str, left: list[str]) -> None:
        answer = pacs.request("DELETE", f"{path}?reason=sent%20twice")
        assert (answer.status_code, answer.content) == (204, b"")
        assert instances(pacs) == left
        gone = pacs.get(path)
        assert (gone.status_code, gone.json()["error"]["code"]) == (410, "gone")
        assert pacs.request("DELETE", path).status_code == 410

    def test_reject_and_restore(self, pacs: Pacs, path: str, left: list[str]) -> None:
        whole = pacs.get(path).content.count(b"DICM")
        assert pacs.request("POST", f"{path}/reject/113001%5EDCM").status_code == 204
        assert instances(pacs) == left
        hidden = [pacs.get(path), pacs.get(f"{path}/metadata"), pacs.get(f"{path}/thumbnail")]
        assert {answer.status_code for answer in hidden} == {410}
        assert "rejected" in hidden[0].json()["error"]["message"]
        assert pacs.request("POST", f"{path}/reject/113001").status_code == 410, "it is rejected already"
        assert pacs.request("POST", f"{path}/restore").status_code == 204
        assert instances(pacs) == ["1.2.3.1.1", "1.2.3.1.2", "1.2.3.2.1"]
        assert pacs.get(path).content.count(b"DICM") == whole
        assert pacs.request("POST", f"{path}/restore").status_code == 404, "nothing of it is rejected"


def test_what_was_never_seen(pacs: Pacs) -> None:
    for method, path in (("DELETE", ""), ("POST", "/reject/113001"), ("POST", "/restore")):
        for unknown in ("/studies/1.9", f"{STUDY}/series/1.9", f"{SERIES}/instances/1.9", "/studies/1.2.4/series/1.2.3.1"):
            assert pacs.request(method, unknown + path).status_code == 404, (method, unknown)


@pytest.mark.parametrize("code", ["113002", "113001^SRT", "x", "113001^DCM^"])
def test_no_rejection_code(pacs: Pacs, code: str) -> None:
    assert pacs.request("POST", f"{STUDY}/reject/{code}").status_code == 400
    assert len(instances(pacs)) == 3


def test_reasons(pacs: Pacs) -> None:
    assert pacs.request("DELETE", f"{INSTANCE}?reason=").status_code == 400
    assert pacs.request("DELETE", f"{INSTANCE}?reason={'x' * 1025}").status_code == 400
    assert pacs.request("DELETE", INSTANCE, headers={"hounsfield-reason": b"\xff"}).status_code == 400
    assert pacs.request("DELETE", INSTANCE, headers={"hounsfield-reason": "Gerät".encode()}).status_code == 204
    assert pacs.request("DELETE", STUDY).status_code == 204


def test_what_is_rejected_can_be_listed(pacs: Pacs) -> None:
    assert pacs.get("/rejected").json() == {"rejected": []}
    pacs.request("POST", f"{INSTANCE}/reject/113001?reason=blurred")
    pacs.request("POST", "/studies/1.2.4/reject/113039")
    study, instance = pacs.get("/rejected").json()["rejected"]
    assert (study["study_instance_uid"], study["code"], study["reason"]) == ("1.2.4", "113039", "Data Retention Policy Expired")
    assert "series_instance_uid" not in study
    assert (instance["sop_instance_uid"], instance["reason"], instance["by"]) == ("1.2.3.1.1", "blurred", "open-access")
    assert instance["at"].endswith("Z")
    assert len(pacs.get("/rejected?limit=1").json()["rejected"]) == 1
    assert pacs.get("/rejected?limit=x").status_code == 400
    pacs.request("POST", "/studies/1.2.4/restore")
    assert pacs.get("/rejected").json() == {"rejected": [instance]}
    pacs.request("DELETE", SERIES)
    assert pacs.get("/rejected").json() == {"rejected": []}


def test_what_is_sent_again_stays_rejected_and_its_sender_is_told(pacs: Pacs) -> None:
    pacs.request("POST", f"{STUDY}/reject/113037")
    for _ in range(2):
        answer = pacs.store(*files()[:2])
        assert answer.status_code == 202
        assert answer.headers["hounsfield-outcomes"] == "kept-aside-uid=2"
        assert {item["00081196"]["Value"][0] for item in answer.json()["00081199"]["Value"]} == {0xB007}
    assert instances(pacs) == []
    packed = sum(path.stat().st_size for path in pacs.archive_root.rglob("*.tar"))
    pacs.store(*files()[:2])
    assert sum(path.stat().st_size for path in pacs.archive_root.rglob("*.tar")) == packed
    pacs.request("POST", f"{STUDY}/restore")
    assert len(instances(pacs)) == 3


class TestFeed:
    def test_in_the_order_of_commits(self, pacs: Pacs) -> None:
        first = pacs.get("/changes").json()
        assert [change["kind"] for change in first["changes"]] == ["added"] * len(first["changes"])
        assert sum(change["instances"] for change in first["changes"]) == 4
        assert {change["study_instance_uid"] for change in first["changes"]} == {"1.2.3", "1.2.4"}
        pacs.request("POST", f"{SERIES}/reject/113039")
        pacs.request("DELETE", "/studies/1.2.4")
        told = pacs.get(f"/changes?since={first['next']}").json()
        rejected, deleted = told["changes"]
        assert (rejected["kind"], rejected["series_instance_uid"], rejected["instances"]) == ("rejected", "1.2.3.1", 2)
        assert "sop_instance_uid" not in rejected
        assert (deleted["kind"], deleted["study_instance_uid"], deleted["instances"]) == ("deleted", "1.2.4", 1)
        assert rejected["at"].endswith("Z")
        assert told["next"] == deleted["sequence"] > rejected["sequence"]
        assert pacs.get(f"/changes?since={told['next']}").json() == {"changes": [], "next": told["next"]}
        one = pacs.get(f"/changes?since={first['next']}&limit=1").json()
        assert (len(one["changes"]), one["next"]) == (1, rejected["sequence"])

    @pytest.mark.parametrize(
        "query", ["since=x", "since=-1", "limit=0", "limit=10001", "wait=61", "since=99999999999999999999", "wait=1.5"]
    )
    def test_what_cannot_be_understood(self, pacs: Pacs, query: str) -> None:
        assert pacs.get(f"/changes?{query}").status_code == 400

    def test_waits_for_what_comes(self, pacs: Pacs) -> None:
        since = pacs.get("/changes").json()["next"]
        answers: list[dict[str, object]] = []
        thread = threading.Thread(target=lambda: answers.append(pacs.get(f"/changes?since={since}&wait=30").json()))
        begun = time.monotonic()
        thread.start()
        pacs.request("POST", f"{INSTANCE}/reject/113001")
        thread.join(20)
        assert time.monotonic() - begun < 20
        (answer,) = answers
        assert answer["changes"][0]["kind"] == "rejected"  # type: ignore[index]

    def test_does_not_wait_longer_than_asked(self, pacs: Pacs) -> None:
        since = pacs.get("/changes").json()["next"]
        assert pacs.get(f"/changes?since={since}&wait=1").json()["changes"] == []

    def test_another_partition_sees_nothing_of_it(self, pacs: Pacs) -> None:
        origin = Origin(Protocol.DICOMWEB, Principal("other", Role.VIEWER, partition_id=2))
        from hounsfield.services.changes import Changes

        assert Changes(pacs.reader).after(origin, 0, 100) == []


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(None, {"data_dir": tmp_path / "data"})


def destroy_the_database(settings: Settings) -> None:
    for path in settings.data_dir.glob("index.sqlite*"):
        path.unlink()


def indexed(settings: Settings) -> set[str]:
    with bootstrap.reading(settings) as parts:
        return {one.sop_instance_uid for one in parts.reader.all_instances()}


def fill(parts: bootstrap.Owning) -> None:
    for file in files():
        with parts.store.receive_file(ORIGIN) as reception:
            reception.write(file)
            reception.finish()


def test_decisions_outlive_the_database(settings: Settings) -> None:
    with bootstrap.owning(settings) as parts:
        recover(parts.archive, parts.writer)
        fill(parts)
        decide = parts.decisions.decide
        reject_objects(decide, ORIGIN, Subject("1.2.3"), RejectionCode.QUALITY, "blurred")
        restore_objects(decide, ORIGIN, Subject("1.2.3", "1.2.3.1", "1.2.3.1.2"), "this one is not")
        delete_objects(decide, ORIGIN, Subject("1.2.4", "1.2.4.1", "1.2.4.1.1"), "wrong patient")
        fill(parts)  # what was rejected comes again; what was deleted may
    expected = {"1.2.3.1.2", "1.2.4.1.1"}
    assert indexed(settings) == expected
    destroy_the_database(settings)
    with bootstrap.owning(settings) as parts:
        recover(parts.archive, parts.writer)
    assert indexed(settings) == expected
    with bootstrap.reading(settings) as reading:
        assert reading.reader.is_rejected(1, "1.2.3", "1.2.3.1", "1.2.3.1.1")
    with bootstrap.owning(settings) as parts:
        recover(parts.archive, parts.writer)
        restore_objects(parts.decisions.decide, ORIGIN, Subject("1.2.3"), "after all")
        bootstrap.rebuilt(parts, settings, lambda _: None)
    assert indexed(settings) == {"1.2.3.1.1", "1.2.3.1.2", "1.2.3.2.1", "1.2.4.1.1"}


@pytest.mark.parametrize("kind", ["reject", "delete"])
def test_a_decision_that_was_durable_when_the_process_was_killed_holds(settings: Settings, kind: str) -> None:
    with bootstrap.owning(settings) as parts:
        recover(parts.archive, parts.writer)
        fill(parts)
        named = {"kind": kind, "level": "series", "partition_id": 1, "study_instance_uid": "1.2.3", "series_instance_uid": "1.2.3.1"}
        parts.archive.decide({**named, "code": "113001", "decided_at_ns": time.time_ns()})  # and then no `apply_decision`
    assert len(indexed(settings)) == 4
    with bootstrap.owning(settings) as parts:
        recover(parts.archive, parts.writer)
    assert indexed(settings) == {"1.2.3.2.1", "1.2.4.1.1"}


def test_a_viewer_decides_nothing(settings: Settings) -> None:
    from hounsfield.model.errors import AccessDenied

    viewer = Origin(Protocol.DICOMWEB, Principal("vera", Role.VIEWER))
    with bootstrap.owning(settings) as parts:
        recover(parts.archive, parts.writer)
        fill(parts)
        for call in (
            lambda: delete_objects(parts.decisions.decide, viewer, Subject("1.2.3"), "r"),
            lambda: reject_objects(parts.decisions.decide, viewer, Subject("1.2.3"), RejectionCode.QUALITY, "r"),
            lambda: restore_objects(parts.decisions.decide, viewer, Subject("1.2.3"), "r"),
        ):
            with pytest.raises(AccessDenied):
                call()
        other = Origin(Protocol.DICOMWEB, Principal("eve", Role.EDITOR, partition_id=2))
        with pytest.raises(StudyNotFound):
            delete_objects(parts.decisions.decide, other, Subject("1.2.3"), "r")
