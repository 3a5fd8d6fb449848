"""How many associations a peer is asked for at once."""

from __future__ import annotations

from hounsfield.peers.lanes import ALONE_FOR_S, Lanes


def test_one_more_while_there_is_room() -> None:
    lanes = Lanes()
    lanes.enter("PEER")
    assert lanes.enter_beside("PEER", 3)
    assert lanes.enter_beside("PEER", 3)
    assert not lanes.enter_beside("PEER", 3)
    assert lanes.enter_beside("OTHER", 1)
    lanes.leave("PEER")
    assert lanes.enter_beside("PEER", 3)


def test_those_of_all_operations_count() -> None:
    """What must be sent goes in any case; help is for what is left of the peer's limit."""
    lanes = Lanes()
    lanes.enter("PEER")
    lanes.enter("PEER")
    lanes.enter("PEER")
    assert not lanes.enter_beside("PEER", 2)
    lanes.leave("PEER")
    lanes.leave("PEER")
    assert lanes.enter_beside("PEER", 2)


def test_a_peer_that_took_one_alone_is_asked_again_later() -> None:
    now_s = 1000.0
    lanes = Lanes(lambda: now_s)
    lanes.takes_one_alone("PEER")
    assert not lanes.enter_beside("PEER", 5)
    assert lanes.enter_beside("OTHER", 5)
    now_s += ALONE_FOR_S + 1
    assert lanes.enter_beside("PEER", 5)
