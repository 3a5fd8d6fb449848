"""The Worklist Service, UPS-RS (PS3.18 11; PS3.4 CC)."""

from __future__ import annotations

import pytest
from pydicom.uid import generate_uid

from conformance_kit.archive import Archive
from conformance_kit.catalogue import clause
from conformance_kit.client import JSON, Query, Server, offered, uids, value
from conformance_kit.multipart import parts_of
from conformance_kit.native_model import read_native_model
from conformance_kit.workitems import FILTERED, GLOBAL, LABEL, PRIORITY, STATE, TRANSACTION, WORKLIST, Worklist, performed, workitem

UNKNOWN = "1.2.3.4.5.6.7.8"
NOT_THERE = (400, 404, 405, 415, 501)
AE = "CONFORMANCE"


@pytest.fixture(scope="module")
def patient(archive: Archive) -> str:
    return f"{archive.run}-W"


@pytest.fixture(scope="module")
def worklist(server: Server, patient: str) -> Worklist:
    """Skips everything where the server has no such service."""
    made = Worklist(server)
    offered(made.create(workitem(patient), generate_uid()), "the Worklist Service", NOT_THERE)
    return made


class TestCreate:
    """11.4."""

    @clause("PS3.18 11.4.3.1", "a workitem that is complete is created: 201")
    def test_created(self, worklist: Worklist, patient: str) -> None:
        assert worklist.create(workitem(patient), generate_uid()).status_code == 201

    @clause("PS3.18 11.4.3.2", "the answer has the Location of the new workitem, where it can be retrieved")
    def test_location(self, worklist: Worklist, patient: str) -> None:
        answer = worklist.create(workitem(patient), generate_uid())
        url = worklist.server.resolve(answer.headers["location"], "/workitems")
        assert worklist.server.get(url, JSON).status_code == 200

    @clause("PS3.18 11.4.3.1", "a workitem whose UID is taken is refused with 409")
    def test_taken(self, worklist: Worklist, patient: str) -> None:
        assert worklist.create(workitem(patient), worklist.made(patient)).status_code == 409

    @clause("PS3.18 11.4.3.1", "a workitem without {name} is refused with 400")
    @pytest.mark.parametrize(
        ("name", "tag"),
        [
            ("Procedure Step State", STATE),
            ("Scheduled Procedure Step Priority", PRIORITY),
            ("Procedure Step Label", LABEL),
            ("Scheduled Procedure Step Start DateTime", "00404005"),
            ("Input Readiness State", "00404041"),
        ],
    )
    def test_incomplete(self, worklist: Worklist, patient: str, name: str, tag: str) -> None:
        assert worklist.create(workitem(patient, **{f"t{tag}": None}), generate_uid()).status_code == 400

    @clause("PS3.4 CC.2.5.3", "a workitem is created as SCHEDULED only: {state} is refused with 400 or 409")
    @pytest.mark.parametrize("state", ["IN PROGRESS", "COMPLETED", "CANCELED", "WAITING"])
    def test_other_state(self, worklist: Worklist, patient: str, state: str) -> None:
        document = workitem(patient, **{f"t{STATE}": {"vr": "CS", "Value": [state]}})
        assert worklist.create(document, generate_uid()).status_code in (400, 409)

    @clause("PS3.18 11.4.3.1", "a payload that is no DICOM JSON is refused with 400")
    def test_malformed(self, worklist: Worklist) -> None:
        assert worklist.server.post(f"/workitems?{generate_uid()}", b"[{", JSON).status_code == 400

    @clause("PS3.18 8.5", "a workitem in a media type that no server takes is refused with 415")
    def test_media_type(self, worklist: Worklist, patient: str) -> None:
        assert worklist.create(workitem(patient), generate_uid(), "text/plain").status_code == 415

    @clause("PS3.5 9.1", "a workitem whose UID is none is refused with 400")
    def test_invalid_uid(self, worklist: Worklist, patient: str) -> None:
        assert worklist.create(workitem(patient), "not-a-uid").status_code == 400


class TestRetrieve:
    """11.5."""

    @clause("PS3.18 11.5.3.3", "a workitem comes back with what it was created with")
    def test_values(self, worklist: Worklist, patient: str) -> None:
        document = workitem(patient)
        uid = generate_uid()
        assert worklist.create(document, uid).status_code == 201
        got = worklist.retrieve(uid)
        assert {tag: value(got, tag) for tag in document if "Value" in document[tag] and tag != "00404018" and tag != "00080005"} == {
            tag: value(document, tag) for tag in document if "Value" in document[tag] and tag != "00404018" and tag != "00080005"
        }

    @clause("PS3.18 11.5.3.3", "a workitem has its SOP Class and Instance UIDs")
    def test_uids(self, worklist: Worklist, patient: str) -> None:
        uid = worklist.made(patient)
        got = worklist.retrieve(uid)
        assert (value(got, "00080016"), value(got, "00080018")) == ("1.2.840.10008.5.1.4.34.6.1", uid)

    @clause("PS3.4 CC.2.7.3", "the Transaction UID of a workitem is not given away")
    def test_no_transaction(self, worklist: Worklist, patient: str) -> None:
        uid, transaction = worklist.claimed(patient)
        assert transaction not in worklist.server.get(f"/workitems/{uid}", JSON).text

    @clause("PS3.18 11.5.3.1", "a workitem that was never created is answered with 404")
    def test_unknown(self, worklist: Worklist) -> None:
        assert worklist.server.get(f"/workitems/{UNKNOWN}", JSON).status_code == 404

    @clause("PS3.18 11.5.4", "a workitem comes as application/dicom+json, the default")
    def test_default(self, worklist: Worklist, patient: str) -> None:
        assert worklist.server.get(f"/workitems/{worklist.made(patient)}").headers["content-type"].partition(";")[0] == JSON

    @clause("PS3.18 11.5.4", "a workitem comes as the Native DICOM Model where that is accepted")
    def test_xml(self, worklist: Worklist, patient: str) -> None:
        accept = 'application/dicom+xml, multipart/related; type="application/dicom+xml"'
        answer = offered(worklist.server.get(f"/workitems/{worklist.made(patient)}", accept), "workitems as application/dicom+xml")
        multipart = answer.headers["content-type"].startswith("multipart/")
        assert value(read_native_model(parts_of(answer)[0].body if multipart else answer.content), STATE) == "SCHEDULED"

    @clause("PS3.18 8.7.8", "a workitem in a media type that no server has is refused with 406")
    def test_unacceptable(self, worklist: Worklist, patient: str) -> None:
        assert worklist.server.get(f"/workitems/{worklist.made(patient)}", "image/x-none").status_code == 406


@pytest.fixture(scope="module")
def searched(worklist: Worklist, archive: Archive) -> dict[str, str]:
    """A patient with three workitems, one of them in progress."""
    of = f"{archive.run}-WS"
    claimed, _ = worklist.claimed(of)
    high = worklist.made(of, **{f"t{PRIORITY}": {"vr": "CS", "Value": ["HIGH"]}, f"t{LABEL}": {"vr": "LO", "Value": ["Read the head"]}})
    late = worklist.made(of, t00404005={"vr": "DT", "Value": ["20270101120000"]}, **{f"t{WORKLIST}": {"vr": "LO", "Value": ["Late"]}})
    return {"patient": of, "claimed": claimed, "high": high, "late": late}


class TestSearch:
    """11.9."""

    KEYS = (
        ("PatientID", "PATIENT", {"claimed", "high", "late"}),
        ("00100020", "PATIENT", {"claimed", "high", "late"}),
        ("PatientName", "Workitem*", {"claimed", "high", "late"}),
        ("ProcedureStepState", "SCHEDULED", {"high", "late"}),
        ("ProcedureStepState", "IN PROGRESS", {"claimed"}),
        ("ScheduledProcedureStepPriority", "HIGH", {"high"}),
        ("ProcedureStepLabel", "Read the head", {"high"}),
        ("WorklistLabel", "Late", {"late"}),
        ("InputReadinessState", "READY", {"claimed", "high", "late"}),
        ("ScheduledProcedureStepStartDateTime", "20270101-20271231", {"late"}),
        ("ScheduledProcedureStepStartDateTime", "-20261231", {"claimed", "high"}),
        ("ScheduledWorkitemCodeSequence.CodeValue", "110004", {"claimed", "high", "late"}),
    )

    @staticmethod
    def found(worklist: Worklist, searched: dict[str, str], keys: Query = ()) -> list[str]:
        return uids(worklist.server.search("/workitems", [("PatientID", searched["patient"]), *keys]), "00080018")

    @clause("PS3.18 11.9.1.2", "workitems are found by {keyword}={given}")
    @pytest.mark.parametrize(("keyword", "given", "expected"), KEYS)
    def test_key(self, worklist: Worklist, searched: dict[str, str], keyword: str, given: str, expected: set[str]) -> None:
        keys = [("PatientID", searched["patient"]), (keyword, given)] if given != "PATIENT" else [(keyword, searched["patient"])]
        found = uids(worklist.server.search("/workitems", keys), "00080018")
        assert sorted(found) == sorted(searched[name] for name in expected)

    @clause("PS3.18 11.9.3.1", "a search for workitems that finds none is answered with 204, or 200 and no matches")
    def test_none(self, worklist: Worklist, searched: dict[str, str]) -> None:
        answer = worklist.server.get("/workitems", JSON, [("PatientID", f"{searched['patient']}X")])
        assert answer.status_code == 204 or (answer.status_code, answer.json()) == (200, [])

    @clause("PS3.18 8.3.4.4", "workitems come in pages, every one once")
    def test_pages(self, worklist: Worklist, searched: dict[str, str]) -> None:
        paged = [uid for offset in range(3) for uid in self.found(worklist, searched, [("limit", 1), ("offset", offset)])]
        assert paged == self.found(worklist, searched)

    @clause("PS3.18 8.3", "limit=many in a search for workitems is refused with 400")
    def test_invalid(self, worklist: Worklist) -> None:
        assert worklist.server.get("/workitems", JSON, [("limit", "many")]).status_code == 400

    @clause("PS3.4 CC.2.8.3", "the Transaction UID is not in the matches")
    def test_no_transaction(self, worklist: Worklist, searched: dict[str, str]) -> None:
        items = worklist.server.search("/workitems", [("PatientID", searched["patient"]), ("includefield", "all")])
        assert [item for item in items if value(item, TRANSACTION)] == []


class TestUpdate:
    """11.6."""

    CHANGE = {LABEL: {"vr": "LO", "Value": ["Changed"]}}  # noqa: RUF012

    @clause("PS3.18 11.6.3.1", "a SCHEDULED workitem is updated without a Transaction UID: 200")
    def test_scheduled(self, worklist: Worklist, patient: str) -> None:
        uid = worklist.made(patient)
        assert worklist.update(uid, self.CHANGE).status_code == 200
        assert value(worklist.retrieve(uid), LABEL) == "Changed"

    @clause("PS3.18 11.6.3.1", "a workitem IN PROGRESS is updated by who has its Transaction UID: 200")
    def test_claimed(self, worklist: Worklist, patient: str) -> None:
        uid, transaction = worklist.claimed(patient)
        assert worklist.update(uid, performed(), transaction).status_code == 200

    @clause("PS3.18 11.6.3.1", "a workitem IN PROGRESS is not updated {how}: 400 or 409")
    @pytest.mark.parametrize("how", ["without a Transaction UID", "with another Transaction UID"])
    def test_foreign(self, worklist: Worklist, patient: str, how: str) -> None:
        uid, _ = worklist.claimed(patient)
        assert worklist.update(uid, self.CHANGE, generate_uid() if how.startswith("with ") else "").status_code in (400, 409)

    @clause("PS3.4 CC.2.6.3", "the state of a workitem is not changed by an update: 400 or 409")
    def test_state(self, worklist: Worklist, patient: str) -> None:
        assert worklist.update(worklist.made(patient), {STATE: {"vr": "CS", "Value": ["COMPLETED"]}}).status_code in (400, 409)

    @clause("PS3.18 11.6.3.1", "an update of a workitem that was never created is answered with 404")
    def test_unknown(self, worklist: Worklist) -> None:
        assert worklist.update(UNKNOWN, self.CHANGE).status_code == 404

    @clause("PS3.18 11.6.3.1", "an update that is no DICOM JSON is refused with 400")
    def test_malformed(self, worklist: Worklist, patient: str) -> None:
        assert worklist.server.post(f"/workitems/{worklist.made(patient)}", b"{", JSON).status_code == 400


class TestState:
    """11.7, the transitions of PS3.4 table CC.1.1-2."""

    @clause("PS3.18 11.7.3.1", "SCHEDULED becomes IN PROGRESS with a Transaction UID: 200")
    def test_claim(self, worklist: Worklist, patient: str) -> None:
        uid, _ = worklist.claimed(patient)
        assert value(worklist.retrieve(uid), STATE) == "IN PROGRESS"

    @clause("PS3.18 11.7.3.1", "a claim without a Transaction UID is refused with 400")
    def test_claim_without(self, worklist: Worklist, patient: str) -> None:
        assert worklist.change_state(worklist.made(patient), "IN PROGRESS").status_code == 400

    @clause("PS3.4 CC.1.1", "{state} is refused from SCHEDULED with 400 or 409")
    @pytest.mark.parametrize("state", ["COMPLETED", "CANCELED"])
    def test_from_scheduled(self, worklist: Worklist, patient: str, state: str) -> None:
        assert worklist.change_state(worklist.made(patient), state, generate_uid()).status_code in (400, 409)

    @clause("PS3.4 CC.1.1", "a workitem IN PROGRESS cannot be claimed again, {how}: 400 or 409")
    @pytest.mark.parametrize("how", ["by another", "by its owner"])
    def test_claim_again(self, worklist: Worklist, patient: str, how: str) -> None:
        uid, transaction = worklist.claimed(patient)
        assert worklist.change_state(uid, "IN PROGRESS", transaction if how == "by its owner" else generate_uid()).status_code in (400, 409)

    @clause("PS3.4 CC.2.1.3", "a workitem is not completed before it has what its final state requires: 409")
    def test_incomplete(self, worklist: Worklist, patient: str) -> None:
        uid, transaction = worklist.claimed(patient)
        assert worklist.change_state(uid, "COMPLETED", transaction).status_code == 409

    @clause("PS3.18 11.7.3.1", "a workitem IN PROGRESS that has all is COMPLETED by its owner: 200")
    def test_complete(self, worklist: Worklist, patient: str) -> None:
        uid, transaction = worklist.claimed(patient)
        assert worklist.update(uid, performed(), transaction).status_code == 200
        assert worklist.change_state(uid, "COMPLETED", transaction).status_code == 200
        assert value(worklist.retrieve(uid), STATE) == "COMPLETED"

    @clause("PS3.4 CC.1.1", "a workitem is not COMPLETED {how}: 400 or 409")
    @pytest.mark.parametrize("how", ["without a Transaction UID", "with another Transaction UID"])
    def test_foreign(self, worklist: Worklist, patient: str, how: str) -> None:
        uid, transaction = worklist.claimed(patient)
        assert worklist.update(uid, performed(), transaction).status_code == 200
        assert worklist.change_state(uid, "COMPLETED", generate_uid() if how.startswith("with ") else "").status_code in (400, 409)

    @clause("PS3.4 CC.1.1", "SCHEDULED is no state to which a workitem returns: 400 or 409")
    def test_back(self, worklist: Worklist, patient: str) -> None:
        uid, transaction = worklist.claimed(patient)
        assert worklist.change_state(uid, "SCHEDULED", transaction).status_code in (400, 409)

    @clause("PS3.18 11.7.3.1", "a state that there is not is refused with 400")
    def test_no_state(self, worklist: Worklist, patient: str) -> None:
        assert worklist.change_state(worklist.made(patient), "PAUSED", generate_uid()).status_code == 400

    @clause("PS3.18 11.7.3.1", "the state of a workitem that was never created is answered with 404")
    def test_unknown(self, worklist: Worklist) -> None:
        assert worklist.change_state(UNKNOWN, "IN PROGRESS", generate_uid()).status_code == 404

    @clause("PS3.4 CC.1.1", "a COMPLETED workitem {how} is refused with 400 or 409")
    @pytest.mark.parametrize("how", ["to IN PROGRESS", "to CANCELED", "by an update"])
    def test_final(self, worklist: Worklist, patient: str, how: str) -> None:
        uid, transaction = worklist.claimed(patient)
        assert worklist.update(uid, performed(), transaction).status_code == 200
        assert worklist.change_state(uid, "COMPLETED", transaction).status_code == 200
        if how == "by an update":
            answer = worklist.update(uid, {LABEL: {"vr": "LO", "Value": ["Changed"]}}, transaction)
        else:
            answer = worklist.change_state(uid, how.removeprefix("to "), transaction)
        assert answer.status_code in (400, 409)


class TestCancel:
    """11.8."""

    @clause("PS3.18 11.8.3.1", "a request to cancel a SCHEDULED workitem is accepted: 202")
    def test_scheduled(self, worklist: Worklist, patient: str) -> None:
        assert worklist.request_cancel(worklist.made(patient)).status_code == 202

    @clause("PS3.4 CC.2.2.3", "a SCHEDULED workitem is CANCELED by a request to cancel it")
    def test_canceled(self, worklist: Worklist, patient: str) -> None:
        uid = worklist.made(patient)
        assert worklist.request_cancel(uid).status_code == 202
        assert value(worklist.retrieve(uid), STATE) == "CANCELED"

    @clause("PS3.18 11.8.3.1", "a request to cancel a workitem IN PROGRESS is acknowledged with 202, or refused with 409")
    def test_claimed(self, worklist: Worklist, patient: str) -> None:
        uid, _ = worklist.claimed(patient)
        assert worklist.request_cancel(uid).status_code in (202, 409)
        assert value(worklist.retrieve(uid), STATE) == "IN PROGRESS"

    @clause("PS3.18 11.8.3.1", "a request to cancel a COMPLETED workitem is refused with 409")
    def test_completed(self, worklist: Worklist, patient: str) -> None:
        uid, transaction = worklist.claimed(patient)
        assert worklist.update(uid, performed(), transaction).status_code == 200
        assert worklist.change_state(uid, "COMPLETED", transaction).status_code == 200
        assert worklist.request_cancel(uid).status_code == 409

    @clause("PS3.18 11.8.3.1", "a request to cancel a workitem that was never created is answered with 404")
    def test_unknown(self, worklist: Worklist) -> None:
        assert worklist.request_cancel(UNKNOWN).status_code == 404


@pytest.fixture(scope="module")
def subscribed(worklist: Worklist, patient: str) -> str:
    """A workitem with a subscription."""
    uid = worklist.made(patient)
    answer = worklist.server.request("POST", f"/workitems/{uid}/subscribers/{AE}", accept=JSON, content=b"")
    offered(answer, "subscriptions", (400, 403, 404, 405, 501))
    assert answer.status_code == 201
    return uid


class TestSubscribe:
    """11.10 to 11.12."""

    @staticmethod
    def subscribe(worklist: Worklist, resource: str, method: str = "POST", more: str = "", query: Query = ()) -> int:
        path = f"/workitems/{resource}/subscribers/{AE}{more}"
        return worklist.server.request(method, path, accept=JSON, query=query, content=b"").status_code

    @clause("PS3.18 11.10.3.1", "a subscription to a workitem is created: 201")
    def test_workitem(self, worklist: Worklist, subscribed: str, patient: str) -> None:
        assert subscribed
        assert self.subscribe(worklist, worklist.made(patient)) == 201

    @clause("PS3.18 11.10.3.1", "a subscription with a deletion lock is created: 201")
    def test_lock(self, worklist: Worklist, subscribed: str, patient: str) -> None:
        assert subscribed
        assert self.subscribe(worklist, worklist.made(patient), query=[("deletionlock", "true")]) == 201

    @clause("PS3.18 8.3", "deletionlock=perhaps is refused with 400")
    def test_invalid_lock(self, worklist: Worklist, subscribed: str) -> None:
        assert self.subscribe(worklist, subscribed, query=[("deletionlock", "perhaps")]) == 400

    @clause("PS3.18 11.10.3.1", "a subscription to a workitem that was never created is answered with 404")
    def test_unknown(self, worklist: Worklist, subscribed: str) -> None:
        assert subscribed
        assert self.subscribe(worklist, UNKNOWN) == 404

    @clause("PS3.18 11.10.1.1", "a subscription to the whole worklist is created: 201")
    def test_global(self, worklist: Worklist, subscribed: str) -> None:
        assert subscribed
        assert self.subscribe(worklist, GLOBAL) == 201

    @clause("PS3.18 11.10.3.1", "a subscription to a filtered worklist is created, or refused with 403")
    def test_filtered(self, worklist: Worklist, subscribed: str) -> None:
        assert subscribed
        assert self.subscribe(worklist, FILTERED, query=[("filter", "ScheduledProcedureStepPriority=HIGH")]) in (201, 403)

    @clause("PS3.18 11.12.3.1", "a subscription to the whole worklist is suspended: 200")
    def test_suspend(self, worklist: Worklist, subscribed: str) -> None:
        assert subscribed
        assert self.subscribe(worklist, GLOBAL) == 201
        assert self.subscribe(worklist, GLOBAL, more="/suspend") == 200

    @clause("PS3.18 11.11.3.1", "a subscription is deleted: 200")
    def test_unsubscribe(self, worklist: Worklist, subscribed: str, patient: str) -> None:
        assert subscribed
        uid = worklist.made(patient)
        assert self.subscribe(worklist, uid) == 201
        assert self.subscribe(worklist, uid, "DELETE") == 200

    @clause("PS3.18 11.11.3.1", "a subscription to a workitem that was never created cannot be deleted: 404")
    def test_unsubscribe_unknown(self, worklist: Worklist, subscribed: str) -> None:
        assert subscribed
        assert self.subscribe(worklist, UNKNOWN, "DELETE") == 404

    @clause("PS3.18 11.10.3.2", "a new subscription says in Content-Location where its notifications are opened")
    def test_content_location(self, worklist: Worklist, subscribed: str, patient: str) -> None:
        assert subscribed
        uid = worklist.made(patient)
        answer = worklist.server.request("POST", f"/workitems/{uid}/subscribers/{AE}", accept=JSON, content=b"")
        assert answer.headers["content-location"]
