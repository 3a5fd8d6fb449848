"""What is kept of requests to peers, and for how long; asking itself is tested with peers."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from dimse_kit.committing import CT, LIMITS
from dimse_kit.keeper import Keeper
from hounsfield.model.commitment import CommitmentResult, Reference
from hounsfield.model.origin import SYSTEM, Origin, Protocol
from hounsfield.services.asked_commitments import KEPT_S, AskedCommitment, AskedCommitments

REFERENCES = (Reference(CT, "1.2.3"), Reference(CT, "1.2.4"))
KEEPER = Origin(Protocol.DIMSE, SYSTEM, "127.0.0.1", "KEEPER", "HOUNSFIELD")


@pytest.fixture
def asked(tmp_path: Path) -> AskedCommitment:
    """A request that the peer has taken and not yet answered."""
    keeper = Keeper()
    keeper.same = False
    with keeper.serving():
        return AskedCommitments(tmp_path).ask(keeper.peer, REFERENCES, wait_s=0, limits=LIMITS)


def test_a_result_that_is_repeated_after_it_was_dealt_with_is_heard(asked: AskedCommitment, tmp_path: Path) -> None:
    settled: list[AskedCommitment] = []
    commitments = AskedCommitments(tmp_path, settled.append)
    result = CommitmentResult(asked.request.transaction_uid, REFERENCES)
    assert commitments.take(KEEPER, result)
    commitments.forget_instances(settled[0])
    found = commitments.find(result.transaction_uid)
    assert found is not None
    assert (found.ae_title, found.request.references, found.result) == ("KEEPER", (), None)
    assert commitments.take(KEEPER, result)
    assert len(settled) == 2


def test_what_is_old_is_forgotten_while_others_write(asked: AskedCommitment, tmp_path: Path) -> None:
    commitments = AskedCommitments(tmp_path)
    old = tmp_path / "1_2_3.json"
    old.write_bytes(b"{}")
    os.utime(old, (0, 0))
    stop = threading.Event()

    def rewrite() -> None:
        while not stop.is_set():
            commitments.forget_instances(asked)

    writing = threading.Thread(target=rewrite)
    writing.start()
    try:
        for _ in range(50):
            commitments.drop_old()
    finally:
        stop.set()
        writing.join(20)
    assert [path.name for path in tmp_path.glob("*.json")] == [f"{asked.request.transaction_uid.replace('.', '_')}.json"]
    AskedCommitments(tmp_path, now=lambda: asked.asked_at_s + 2 * KEPT_S).drop_old()
    assert list(tmp_path.glob("*.json")) == []
