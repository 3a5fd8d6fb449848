"""Which calling AE titles are let in."""

from __future__ import annotations

import pytest

from hounsfield.model.errors import CallerUnknown, InvalidAETitle, NotFound
from hounsfield.model.peers import USUAL, Peer, PeerCertificate, Permission
from hounsfield.model.visibility import VisibleStudies
from hounsfield.records.peer_records import PeerRecords
from hounsfield.services.callers import Callers
from hounsfield.services.peers import Peers


def test_an_unknown_caller_is_refused_counted_and_can_be_accepted(access):
    for _ in range(3):
        with pytest.raises(CallerUnknown):
            access.callers.admit("CT1", "192.0.2.7")
    refused = access.callers.refused()
    assert [(caller.ae_title, caller.host, caller.count) for caller in refused] == [("CT1", "192.0.2.7", 3)]
    peer = access.callers.accept("CT1")
    assert peer == Peer("CT1", "192.0.2.7")
    assert access.callers.admit("CT1", "192.0.2.7") == peer
    assert access.callers.refused() == []
    assert access.callers.known() == [peer]


def test_what_was_accepted_can_be_forgotten(access):
    access.callers.accept("CT1")
    access.callers.forget("CT1")
    with pytest.raises(CallerUnknown):
        access.callers.admit("CT1", "192.0.2.7")
    access.callers.forget("CT1")
    with pytest.raises(NotFound):
        access.callers.forget("CT1")


def test_the_settings_know_callers_too_and_win(access):
    access.peers.put(Peer("ARCHIVE", "198.51.100.1", 11112, may=frozenset({Permission.QUERY})))
    peers = Peers(PeerRecords(access.database), [Peer("ARCHIVE", "192.0.2.9", 104)])
    callers = Callers(peers, access.records)
    merged = Peer("ARCHIVE", "192.0.2.9", 104, may=frozenset({Permission.QUERY}))
    assert callers.accept("ARCHIVE") == merged
    assert callers.admit("ARCHIVE", "203.0.113.5") == merged
    assert callers.known() == [merged]
    callers.forget("ARCHIVE")
    assert callers.known() == [Peer("ARCHIVE", "192.0.2.9", 104)]
    with pytest.raises(NotFound, match="settings"):
        callers.forget("ARCHIVE")


@pytest.mark.parametrize(
    ("host", "admitted"), [("127.0.0.1", True), ("::1", True), ("::ffff:127.0.0.1", True), ("192.0.2.7", False), ("", False)]
)
def test_the_demo_takes_any_title_from_this_machine_only(access, host, admitted):
    callers = Callers(access.peers, access.records, accept_any_from_loopback=True)
    if admitted:
        assert callers.admit("ANY", host).may == USUAL
        assert callers.refused() == []
    else:
        with pytest.raises(CallerUnknown):
            callers.admit("ANY", host)


def test_who_is_known_goes_by_its_rules_from_this_machine_too(access):
    known = access.peers.put(Peer("KNOWN", may=frozenset(), visible=VisibleStudies(modalities=("CT",))))
    assert Callers(access.peers, access.records, accept_any_from_loopback=True).admit("KNOWN", "127.0.0.1") == known


def test_open_access_takes_any_title(access):
    access.peers.put(Peer("ANY", may=frozenset()))
    assert Callers(access.peers, access.records, accept_any=True).admit("ANY", "192.0.2.7").may == USUAL


def test_a_title_that_is_bound_to_a_certificate_needs_it(access):
    access.peers.put(Peer("CT1", certificate="AB" * 32))
    access.callers.admit("CT1", "192.0.2.7", PeerCertificate("ab" * 32, "CN=other"))
    for certificate in (None, PeerCertificate("cd" * 32, "CN=CT1"), PeerCertificate("cd" * 32, "")):
        with pytest.raises(CallerUnknown, match="certificate"):
            access.callers.admit("CT1", "192.0.2.7", certificate)
    assert access.callers.refused() == [], "it cannot be accepted by a click"


def test_a_caller_from_an_address_where_nobody_can_be_called_is_accepted_without_it(access):
    with pytest.raises(CallerUnknown):
        access.callers.admit("CT1", "fe80::1%eth0")
    assert access.callers.accept("CT1") == Peer("CT1")


def test_a_flood_of_titles_leaves_a_bounded_list(access):
    for number in range(230):
        access.clock.advance(1)
        with pytest.raises(CallerUnknown):
            access.callers.admit(f"AE{number}", "192.0.2.7")
    refused = access.callers.refused()
    assert len(refused) == 200
    assert refused[0].ae_title == "AE229"


def test_an_odd_title_cannot_be_accepted(access):
    for title in ("", "A" * 17, "A\\B", "A\nB"):
        with pytest.raises(InvalidAETitle):
            access.callers.accept(title)
