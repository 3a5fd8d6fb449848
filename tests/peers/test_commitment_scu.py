"""We ask pynetdicom to commit, and hear its answer on the same association or on one that it opens (PS3.4 annex J)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from dimse_kit.committing import CT, LIMITS, PUSH_MODEL, PUSH_MODEL_INSTANCE, committing
from dimse_kit.keeper import Keeper
from dimse_kit.server import until
from dimse_kit.wire import Wire, a_request
from hounsfield.dicom.commitment import encode_request
from hounsfield.model.commitment import CommitmentRequest, Failure, Reference
from hounsfield.model.errors import InvalidInput, OutOfSpace
from hounsfield.network.dimse import CommandField, decode_command, request
from hounsfield.network.errors import Unreachable
from hounsfield.network.pdu import AssociateAccept, DataTransfer, ProposedContext
from hounsfield.network.user_information import RoleSelection, UserInformation
from hounsfield.peers.dimse import DimsePeer
from hounsfield.services.asked_commitments import AskedCommitment, AskedCommitments, CommitmentRefused

WANTED = [Reference(CT, "1.2.3.1"), Reference(CT, "1.2.3.2")]


@pytest.fixture
def keeper() -> Iterator[Keeper]:
    keeper = Keeper()
    with keeper.serving():
        yield keeper


@pytest.mark.parametrize("early", [False, True], ids=["behind the answer", "before the answer"])
def test_the_result_on_the_same_association(keeper: Keeper, tmp_path: Path, early: bool) -> None:
    keeper.early = early
    settled: list[AskedCommitment] = []
    asked = AskedCommitments(tmp_path / "asked", settled.append).ask(keeper.peer, WANTED, limits=LIMITS)
    assert keeper.heard == [(asked.request.transaction_uid, [(CT, "1.2.3.1"), (CT, "1.2.3.2")])]
    assert asked.is_committed
    assert settled == [asked]
    assert AskedCommitments(tmp_path / "asked").find(asked.request.transaction_uid) == asked
    assert until(lambda: keeper.answers == [0])


def test_a_request_that_was_granted_holds_though_the_association_breaks(keeper: Keeper, tmp_path: Path) -> None:
    keeper.breaks = True
    asked = AskedCommitments(tmp_path / "asked").ask(keeper.peer, WANTED, limits=LIMITS)
    assert asked.result is None
    assert AskedCommitments(tmp_path / "asked").find(asked.request.transaction_uid) == asked


def test_failures_are_told_apart(keeper: Keeper, tmp_path: Path) -> None:
    keeper.fails = {"1.2.3.2": 0x0112}
    asked = AskedCommitments(tmp_path / "asked").ask(keeper.peer, WANTED, limits=LIMITS)
    assert not asked.is_committed
    assert asked.result is not None
    assert asked.result.committed == (WANTED[0],)
    assert asked.result.failed == (Failure(WANTED[1], 0x0112),)


def test_the_result_on_an_association_of_the_peer(keeper: Keeper, tmp_path: Path) -> None:
    keeper.same = False
    settled: list[AskedCommitment] = []
    hearing = AskedCommitments(tmp_path / "asked", settled.append)
    with committing(tmp_path, take_result=hearing.take) as archive:
        asking = AskedCommitments(tmp_path / "asked")  # as another process has it
        asked = asking.ask(keeper.peer, WANTED, wait_s=0, limits=LIMITS)
        assert asked.result is None
        assert keeper.report_to(archive.address, ae_title="STRANGER") == 0x0115, "it was not asked"
        assert keeper.report_to(archive.address, event_type=3) == 0x0113
        assert settled == []
        assert keeper.report_to(archive.address) == 0
        found = asking.find(asked.request.transaction_uid)
    assert found is not None
    assert found.is_committed
    assert settled == [found]


def test_what_was_never_asked_is_not_taken(keeper: Keeper, tmp_path: Path) -> None:
    hearing = AskedCommitments(tmp_path / "asked")
    with committing(tmp_path, take_result=hearing.take) as archive:
        for uid in ("1.2.3", "1"):
            keeper.last = Dataset()
            keeper.last.add_new(0x00081195, "UI", uid)
            assert keeper.report_to(archive.address) == 0x0115


def test_a_refusal_is_an_error_and_nothing_is_kept(keeper: Keeper, tmp_path: Path) -> None:
    keeper.status = 0x0213
    with pytest.raises(CommitmentRefused) as refusal:
        AskedCommitments(tmp_path / "asked").ask(keeper.peer, WANTED, limits=LIMITS)
    assert refusal.value.status == 0x0213
    assert list((tmp_path / "asked").iterdir()) == []


def test_a_peer_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Unreachable):
        AskedCommitments(tmp_path / "asked").ask(DimsePeer("NOBODY", "127.0.0.1", 1), WANTED, limits=LIMITS)


@pytest.mark.parametrize("references", [[], [Reference(CT, f"1.2.{number}") for number in range(20_001)]], ids=["none", "too many"])
def test_the_number_of_instances_is_checked(keeper: Keeper, tmp_path: Path, references: list[Reference]) -> None:
    with pytest.raises(InvalidInput):
        AskedCommitments(tmp_path / "asked").ask(keeper.peer, references)
    assert keeper.heard == []


def test_who_comes_as_the_provider_alone_may_not_ask(tmp_path: Path) -> None:
    context = ProposedContext(1, PUSH_MODEL, (ExplicitVRLittleEndian,))
    asks = a_request([context])
    user = UserInformation(asks.user.max_length_bytes, "1.2.3", "TESTER", roles=(RoleSelection(PUSH_MODEL, scu=False, scp=True),))
    asks = type(asks)(asks.called_ae_title, asks.calling_ae_title, asks.contexts, user)
    action = request(
        CommandField.N_ACTION_RQ, 1, PUSH_MODEL, has_data_set=True, requested_sop_instance_uid=PUSH_MODEL_INSTANCE, action_type_id=1
    )
    with committing(tmp_path) as archive, Wire(archive.address) as wire:
        answer = wire.associate(asks)
        assert isinstance(answer, AssociateAccept)
        assert answer.user.roles == user.roles
        wire.command(1, action)
        wire.data(1, encode_request(CommitmentRequest("1.2.3", tuple(WANTED)), implicit_vr=False))
        pdu = wire.receive()
        assert isinstance(pdu, DataTransfer)
        assert decode_command(pdu.values[0].data).status == 0x0211
        assert len(archive.queue) == 0


def test_we_commit_to_ourselves(tmp_path: Path) -> None:
    """Two archives of ours, one asking the other; the report comes by a new association."""
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    asking = AskedCommitments(one / "asked")
    with committing(one, take_result=asking.take) as asker, committing(other, attend_s=0) as asked:
        asked.ports["HOUNSFIELD"] = asker.address[1]
        sent = asking.ask(DimsePeer("HOUNSFIELD", *asked.address), WANTED, wait_s=0, limits=LIMITS)

        def found() -> AskedCommitment | None:
            return asking.find(sent.request.transaction_uid)

        assert until(lambda: (now := found()) is not None and now.result is not None)
        settled = found()
    assert settled is not None
    assert settled.result is not None
    assert [failure.reason for failure in settled.result.failed] == [0x0112, 0x0112]


def test_a_result_that_cannot_be_kept_is_not_acknowledged(keeper: Keeper, tmp_path: Path) -> None:
    def full(_asked: AskedCommitment) -> None:
        raise OutOfSpace("no room")

    with pytest.raises(OutOfSpace):
        AskedCommitments(tmp_path / "one", full).ask(keeper.peer, WANTED, limits=LIMITS)
    assert until(lambda: keeper.answers == [0x0110])
    keeper.same = False
    hearing = AskedCommitments(tmp_path / "two", full)
    with committing(tmp_path, take_result=hearing.take) as archive:
        hearing.ask(keeper.peer, WANTED, wait_s=0, limits=LIMITS)
        assert keeper.report_to(archive.address) == 0x0110
