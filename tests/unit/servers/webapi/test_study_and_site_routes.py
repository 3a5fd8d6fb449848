"""The worklist and its neighbours, per the contract with the web app."""

from __future__ import annotations

import pytest

from hounsfield.model.errors import CallerUnknown, IndexUnavailable
from hounsfield.model.query import AnyOf, Key, Level, Order, Range, SingleValue, WildCard

ROW = {
    "study_instance_uid": "1.2.840.1",
    "patient_id": "CANARY-ID-1",
    "patient_name": "Canaria^Serinus",
    "birth_date": "19700101",
    "sex": "F",
    "study_date": "20260131",
    "study_time": "080500",
    "accession_number": "A1",
    "description": "<img src=x onerror=alert(1)>",
    "referring_physician": "",
    "modalities": ["CT", "SR"],
    "series_count": 2,
    "instance_count": 251,
    "received_at": "2027-01-15T08:00:00.123Z",
    "status": "unread",
    "priority": "routine",
    "thumbnail": "/dicom-web/studies/1.2.840.1/thumbnail",
}


def test_the_worklist_answers_rows_cursor_and_total(house):
    answer = house.browser("vera").get("/api/worklist").json()
    assert answer == {"rows": [ROW], "next": "cursor-2", "total": {"count": 10_000, "capped": True}, "change": 0}
    [(origin, query, after)] = house.worklist.asked
    assert (origin.principal.name, origin.protocol, after) == ("vera", "webapi", None)
    assert (query.level, query.keys, query.order, query.limit) == (Level.STUDY, (), Order("StudyDate", descending=True), 50)


def test_every_filter_becomes_a_key_of_the_one_query(house):
    url = (
        "/api/worklist?q=doe%20ct&patient_name=Ser&patient_id=1*&accession_number=A&modality=ct,%20mr&date_from=20260101&date_to=20261231"
        "&description=thorax&sort=patient_name&limit=7&after=cursor-2"
    )
    assert house.browser("vera").get(url).status_code == 200
    [(_, query, after)] = house.worklist.asked
    assert query.text == "doe ct"
    assert set(query.keys) == {
        Key("PatientName", WildCard("Ser*")),
        Key("PatientID", WildCard("1*")),
        Key("AccessionNumber", WildCard("A*")),
        Key("StudyDescription", WildCard("*thorax*")),
        Key("ModalitiesInStudy", AnyOf(("CT", "MR"))),
        Key("StudyDate", Range("20260101", "20261231")),
    }
    assert (query.order, query.limit, after) == (Order("PatientName"), 7, "cursor-2")


def test_half_open_dates_and_one_modality(house):
    assert house.browser("vera").get("/api/worklist?date_from=20260101&modality=CT").status_code == 200
    [(_, query, _)] = house.worklist.asked
    assert set(query.keys) == {Key("StudyDate", Range("20260101", "")), Key("ModalitiesInStudy", SingleValue("CT"))}


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=501",
        "limit=-1",
        "limit=x",
        "sort=name",
        "sort=--study_date",
        "sort=",
        "date_from=2026",
        "date_to=20260230",
        "date_from=２０２６０１０１",
        "modality=CT;MR",
        "q=" + "x" * 201,
        "patient_name=%00",
        "after=" + "x" * 1025,
    ],
)
def test_a_filter_that_cannot_be_understood_is_said_so(house, query):
    response = house.browser("vera").get(f"/api/worklist?{query}")
    assert response.status_code in (400, 422)
    assert query.partition("=")[0] in response.json()["error"]["message"]
    assert house.worklist.asked == []


@pytest.mark.parametrize("text", ["' OR 1=1 --", "%", "_", "\\", '"', "<script>", "🩻"])
def test_odd_texts_are_only_texts(house, text):
    response = house.browser("vera").get("/api/worklist", params={"q": text, "patient_name": text})
    assert response.status_code == 200
    assert house.worklist.asked[0][1].text == text


def test_a_study_with_series_and_priors(house):
    answer = house.browser("vera").get("/api/studies/1.2.840.1").json()
    assert answer["study"] == ROW
    assert answer["priors"] == [ROW]
    assert answer["series"] == [
        {
            "series_instance_uid": "1.2.840.1.1",
            "number": None,
            "modality": "CT",
            "description": "thorax",
            "body_part": "CHEST",
            "instance_count": 250,
            "frame_count": 250,
            "thumbnail": "/dicom-web/studies/1.2.840.1/series/1.2.840.1.1/thumbnail",
        }
    ]


@pytest.mark.parametrize(
    ("uid", "status", "code"),
    [("1.2.3", 404, "not-found"), ("1.2.840.9", 410, "gone"), ("x", 400, "invalid-uid"), ("..%2f..%2fetc", 404, "not-found")],
)
def test_a_study_that_is_not_there(house, uid, status, code):
    response = house.browser("vera").get(f"/api/studies/{uid}")
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)


def test_deleting_needs_a_reason(house):
    browser = house.browser("edgar")
    for body in ({}, {"reason": ""}, {"reason": "x" * 501}):
        assert browser.change("DELETE", "/api/studies/1.2.840.1", json=body).status_code == 422
    assert house.worklist.deleted == []


def test_the_status_tells_how_to_send_here(house):
    assert house.browser("vera").get("/api/status").json() == {
        "ae_title": "HOUNSFIELD",
        "host": "127.0.0.1",
        "dicom_port": 11112,
        "http_port": 8080,
        "version": "0.1.0",
        "studies": 1,
        "series": 2,
        "instances": 251,
        "bytes_stored": 131_000_000,
        "open_access": False,
        "demo": False,
    }


def test_a_refused_caller_is_listed_accepted_and_forgotten(house):
    for title in ("CT1", "A/B C"):
        with pytest.raises(CallerUnknown):
            house.access.callers.admit(title, "192.0.2.50")
    browser = house.browser("ada")
    refused = browser.get("/api/callers").json()["refused"]
    assert {caller["ae_title"] for caller in refused} == {"CT1", "A/B C"}
    assert refused[0] | {"ae_title": ""} == {"ae_title": "", "host": "192.0.2.50", "last_seen": "2027-01-15T08:00:00.000Z", "count": 1}
    accepted = browser.change("POST", "/api/callers/A%2FB%20C/accept").json()
    assert (accepted["ae_title"], accepted["host"], accepted["port"]) == ("A/B C", "192.0.2.50", 0)
    house.access.callers.admit("A/B C", "192.0.2.50")
    callers = browser.get("/api/callers").json()
    assert [caller["ae_title"] for caller in callers["refused"]] == ["CT1"]
    assert callers["known"] == [accepted]
    assert browser.change("DELETE", "/api/callers/A%2FB%20C").status_code == 204
    assert browser.change("DELETE", "/api/callers/A%2FB%20C").status_code == 404
    assert browser.change("POST", "/api/callers/TOO-LONG-AN-AE-TITLE/accept").status_code == 400


def test_conflicts_are_listed(house):
    answer = house.browser("vera").get("/api/conflicts").json()
    assert answer["more"] is False
    assert answer["conflicts"][0] == {
        "study_instance_uid": "1.2.840.1",
        "series_instance_uid": "1.2.840.1.1",
        "sop_instance_uid": "1.2.840.1.1.1",
        "outcome": "kept-aside-uid",
        "reason": "other bytes",
        "source": "CT1",
        "received_at": "2027-01-15T08:00:00.000Z",
    }


def test_an_index_that_does_not_answer_is_503(house):
    browser = house.browser("vera")
    house.worklist.failure = IndexUnavailable("the database does not answer")
    response = browser.get("/api/worklist")
    assert (response.status_code, response.json()["error"]["code"]) == (503, "unavailable")
    assert response.headers["retry-after"] == "5"
