"""Peers over `/api`: listed, put, removed, called."""

from __future__ import annotations

from hounsfield.model.coercion import CoercionAction, CoercionRule
from hounsfield.model.peers import Peer, Permission
from hounsfield.model.visibility import VisibleStudies
from hounsfield.network.errors import Unreachable


def test_a_peer_is_put_listed_and_removed(house):
    browser = house.browser("ada")
    asked = {"host": "192.0.2.50", "port": 104, "tls": True, "may": ["store"], "certificate": "AB" * 32}
    put = browser.change("PUT", "/api/peers/A%2FB%20C", json=asked)
    assert put.status_code == 200
    kept = Peer("A/B C", "192.0.2.50", 104, True, may=frozenset({Permission.STORE}), certificate="sha256:" + "ab" * 32)
    assert house.access.peers.all() == [kept]
    assert browser.get("/api/peers").json() == {"peers": [put.json()]}
    assert put.json()["may"] == ["store"]
    assert browser.change("DELETE", "/api/peers/A%2FB%20C").status_code == 204
    assert browser.change("DELETE", "/api/peers/A%2FB%20C").status_code == 404


def test_rules_are_put_and_told(house):
    rules = {
        "visible": {"modalities": ["CT"], "last_days": 30},
        "character_set": "ISO_IR 100",
        "coercion": [{"attribute": "PatientID", "action": "prefix", "value": "A-"}],
    }
    put = house.browser("ada").change("PUT", "/api/peers/CT1", json=rules).json()
    assert put["visible"] | rules["visible"] == put["visible"]
    assert (put["character_set"], put["coercion"]) == ("ISO_IR 100", rules["coercion"])
    assert house.access.peers.get("CT1") == Peer(
        "CT1",
        visible=VisibleStudies(modalities=("CT",), last_days=30),
        character_set="ISO_IR 100",
        coercion=(CoercionRule("PatientID", CoercionAction.PREFIX, "A-"),),
    )


def test_nonsense_is_refused(house):
    browser = house.browser("ada")
    for asked, status in (
        ({"visible": {"colours": ["red"]}}, 422),
        ({"visible": {"last_days": -1}}, 400),
        ({"coercion": [{"attribute": "PatientID", "action": "shout"}]}, 422),
        ({"coercion": [{"attribute": "PatientID", "action": "set"}]}, 400),
        ({"character_set": "EBCDIC"}, 400),
        ({"host": "169.254.169.254"}, 400),
        ({"port": 70000}, 422),
        ({"may": ["fly"]}, 422),
        ({"colour": "red"}, 422),
    ):
        assert browser.change("PUT", "/api/peers/CT1", json=asked).status_code == status, asked
    assert browser.change("PUT", "/api/peers/SEVENTEEN-LETTERS", json={}).status_code == 400
    assert house.access.peers.all() == []


def test_an_editor_calls_a_peer_but_only_one_of_the_list(house):
    browser = house.browser("edgar")
    house.access.peers.put(Peer("CT1", "192.0.2.50", 104))
    house.access.peers.put(Peer("MR1"))
    assert browser.change("POST", "/api/peers/CT1/echo").json()["status"] == "0000"
    assert house.worklist.asked == [("echo", Peer("CT1", "192.0.2.50", 104))]
    for title in ("MR1", "NOBODY"):
        assert browser.change("POST", f"/api/peers/{title}/echo").status_code == 404
    assert browser.change("PUT", "/api/peers/CT1", json={}).status_code == 403
    house.worklist.failure = Unreachable("192.0.2.50:104 cannot be reached")
    answer = browser.change("POST", "/api/peers/CT1/echo")
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "peer-failed")
