"""Which calling AE titles are let in."""

from __future__ import annotations

import pytest

from hounsfield.model.callers import KnownPeer
from hounsfield.model.errors import CallerUnknown, InvalidAETitle, NotFound
from hounsfield.services.callers import Callers


def test_an_unknown_caller_is_refused_counted_and_can_be_accepted(access):
    for _ in range(3):
        with pytest.raises(CallerUnknown):
            access.callers.admit("CT1", "192.0.2.7")
    refused = access.callers.refused()
    assert [(caller.ae_title, caller.host, caller.count) for caller in refused] == [("CT1", "192.0.2.7", 3)]
    peer = access.callers.accept("CT1")
    assert peer == KnownPeer("CT1", "192.0.2.7", 0)
    access.callers.admit("CT1", "192.0.2.7")
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
    callers = Callers(access.records, configured=[KnownPeer("ARCHIVE", "192.0.2.9", 104)])
    callers.accept("ARCHIVE", host="198.51.100.1")
    callers.admit("ARCHIVE", "203.0.113.5")
    assert callers.known() == [KnownPeer("ARCHIVE", "192.0.2.9", 104)]
    with pytest.raises(NotFound, match="settings"):
        callers.forget("ARCHIVE")


@pytest.mark.parametrize(
    ("host", "admitted"), [("127.0.0.1", True), ("::1", True), ("::ffff:127.0.0.1", True), ("192.0.2.7", False), ("", False)]
)
def test_the_demo_takes_any_title_from_this_machine_only(access, host, admitted):
    callers = Callers(access.records, accept_any_from_loopback=True)
    if admitted:
        callers.admit("ANY", host)
        assert callers.refused() == []
    else:
        with pytest.raises(CallerUnknown):
            callers.admit("ANY", host)


def test_open_access_takes_any_title(access):
    Callers(access.records, accept_any=True).admit("ANY", "192.0.2.7")


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
