"""What a peer that has asked for commitment sees when its request is judged."""

from __future__ import annotations

from pathlib import Path

import pytest

from hounsfield.app.commitments import visible_to
from hounsfield.app.settings import load_settings
from hounsfield.model.errors import PeerUnknown
from hounsfield.model.peers import Peer
from hounsfield.model.visibility import ALL_STUDIES, VisibleStudies

RULE = VisibleStudies(modalities=("MR",))
PEERS = {"READER": Peer("READER", visible=RULE)}


def test_a_peer_sees_what_its_rule_says() -> None:
    assert visible_to(load_settings(None, {}), PEERS.get, "READER") == RULE


def test_who_is_a_peer_no_more_sees_nothing() -> None:
    with pytest.raises(PeerUnknown):
        visible_to(load_settings(None, {}), PEERS.get, "REMOVED")


@pytest.mark.parametrize("setting", ["open_access", "accept_any_caller"])
def test_who_is_let_in_unknown_sees_all(tmp_path: Path, setting: str) -> None:
    settings = load_settings(None, {setting: True, "host": "127.0.0.1", "data_dir": tmp_path})
    assert visible_to(settings, PEERS.get, "STRANGER") == ALL_STUDIES
