"""The list of peers: what is kept, what the settings say, who can be called."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hounsfield.model.coercion import CoercionAction, CoercionRule
from hounsfield.model.errors import InvalidInput, NotFound, PeerUnknown
from hounsfield.model.peers import EVERYTHING, Peer, Permission
from hounsfield.model.visibility import VisibleStudies
from hounsfield.records.peer_records import PeerRecords
from hounsfield.services.peers import Peers

CT1 = Peer("CT1", "192.0.2.1", 104)


def test_a_peer_is_put_found_and_removed(access):
    assert access.peers.put(replace(CT1, ae_title=" CT1 ")) == CT1
    assert access.peers.get("CT1") == CT1
    access.peers.remove("CT1")
    with pytest.raises(PeerUnknown, match="CT1"):
        access.peers.get("CT1")
    with pytest.raises(PeerUnknown):
        access.peers.remove("CT1")


def test_a_destination_is_reachable_and_may_receive(access):
    access.peers.put(CT1)
    assert access.peers.destination("CT1") == CT1
    access.peers.put(replace(CT1, may=EVERYTHING - {Permission.RECEIVE}))
    with pytest.raises(PeerUnknown, match="receive"):
        access.peers.destination("CT1")
    assert access.peers.reachable("CT1").port == 104
    for unreachable in (replace(CT1, port=0), replace(CT1, host="")):
        access.peers.put(unreachable)
        with pytest.raises(PeerUnknown, match="host and a port"):
            access.peers.destination("CT1")
    with pytest.raises(PeerUnknown):
        access.peers.destination("NOBODY")


def test_a_peer_of_the_settings_is_there_and_stays(access):
    peers = Peers(PeerRecords(access.database), [Peer("CT1", "198.51.100.7", 11112)])
    access.peers.put(replace(CT1, tls=True))
    access.peers.put(Peer("AB"))
    assert peers.all() == [Peer("AB"), Peer("CT1", "198.51.100.7", 11112, tls=True)]
    assert peers.get("CT1") == peers.all()[1]
    peers.remove("CT1")
    assert peers.get("CT1") == Peer("CT1", "198.51.100.7", 11112)
    with pytest.raises(NotFound, match="settings"):
        peers.remove("CT1")


@pytest.mark.parametrize(
    "wrong",
    [
        {"ae_title": ""},
        {"ae_title": "A" * 17},
        {"host": "two words"},
        {"host": "169.254.169.254"},
        {"host": "fe80::1%eth0"},
        {"host": "0.0.0.0"},
        {"host": "224.0.0.1"},
        {"host": "h" * 254},
        {"port": -1},
        {"port": 65536},
        {"max_associations": 0},
        {"max_associations": 65},
        {"transfer_syntaxes": ("not a UID",)},
        {"accepted_sop_classes": ("1.2", "1." * 40)},
        {"accepted_transfer_syntaxes": ("1.2.3",) * 257},
        {"certificate": "CT1"},
        {"certificate": "CN=" + "x" * 1024},
        {"certificate": "CN=a\nb"},
        {"visible": VisibleStudies(modalities=("",))},
        {"visible": VisibleStudies(institutions=("x" * 257,))},
        {"visible": VisibleStudies(senders=("CT1\n",))},
        {"visible": VisibleStudies(stations=("CT",) * 65)},
        {"visible": VisibleStudies(last_days=-1)},
        {"visible": VisibleStudies(last_days=36_501)},
        {"character_set": "ISO_IR 99"},
        {"character_set": "ISO_IR 87"},
        {"character_set": "ISO_IR 192\\ISO 2022 IR 100"},
        {"character_set": "ISO_IR 100\\"},
        {"coercion": (CoercionRule("PatientNickname", CoercionAction.SET, "x"),)},
        {"coercion": (CoercionRule("StudyInstanceUID", CoercionAction.SET, "1.2"),)},
        {"coercion": (CoercionRule("SpecificCharacterSet", CoercionAction.SET, "ISO_IR 100"),)},
        {"coercion": (CoercionRule("Rows", CoercionAction.SET, "1"),)},
        {"coercion": (CoercionRule("PatientID", CoercionAction.SET),)},
        {"coercion": (CoercionRule("PatientID", CoercionAction.SET, "a\nb"),)},
        {"coercion": (CoercionRule("PatientID", CoercionAction.PREFIX, "x" * 1025),)},
        {"coercion": (CoercionRule("PatientID", CoercionAction.REMOVE, "x"),)},
        {"coercion": (CoercionRule("PatientID", CoercionAction.REMOVE),) * 65},
        {"coercion": (CoercionRule("ImageComments", CoercionAction.SET, "x" * 1000),) * 9},
        {"coercion": (CoercionRule("NumberOfFrames", CoercionAction.SET, "1"),)},
        {"coercion": (CoercionRule("InstanceCoercionDateTime", CoercionAction.REMOVE),)},
        {"coercion": (CoercionRule("ModifyingSystem", CoercionAction.SET, "x"),)},
        {"coercion": (CoercionRule("PatientBirthDate", CoercionAction.SET, "1970-01-01"),)},
        {"coercion": (CoercionRule("PatientBirthDate", CoercionAction.PREFIX, "19700101"),)},
        {"coercion": (CoercionRule("Modality", CoercionAction.SET, "ct"),)},
        {"coercion": (CoercionRule("StationAETitle", CoercionAction.SET, "Zürich"),)},
        {"coercion": (CoercionRule("PatientID", CoercionAction.SET, "x" * 65),)},
        {"coercion": (CoercionRule("PatientName", CoercionAction.SUFFIX, "=X"),)},
    ],
)
def test_nonsense_is_refused(access, wrong):
    with pytest.raises(InvalidInput):
        access.peers.put(replace(CT1, **wrong))
    assert access.peers.all() == []


@pytest.mark.parametrize(
    "written", ["ab" * 32, "AB" * 32, ":".join(["AB"] * 32), "sha256:" + "ab" * 32, "SHA-256=" + ":".join(["ab"] * 32)]
)
def test_a_fingerprint_is_taken_as_tools_print_it(access, written):
    assert access.peers.put(replace(CT1, certificate=written)).certificate == "sha256:" + "ab" * 32


def test_lists_hold_each_uid_once(access):
    kept = access.peers.put(replace(CT1, transfer_syntaxes=("1.2.840.10008.1.2.1 ", "1.2.840.10008.1.2", "1.2.840.10008.1.2.1")))
    assert kept.transfer_syntaxes == ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2")


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("", ""),
        (" ", ""),
        ("iso 8859-1", "ISO_IR 100"),
        ("UTF-8", "ISO_IR 192"),
        ("\\ISO_IR 87", "\\ISO 2022 IR 87"),
        ("ISO 2022 IR 13\\ISO 2022 IR 87", "ISO 2022 IR 13\\ISO 2022 IR 87"),
    ],
)
def test_a_character_set_is_kept_as_the_standard_writes_it(access, written, kept):
    assert access.peers.put(replace(CT1, character_set=written)).character_set == kept
