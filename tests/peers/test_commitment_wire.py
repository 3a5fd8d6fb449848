"""What a peer hears and in which order when it asks us to commit, seen on the wire itself (PS3.4 annex J, PS3.7 D.3.3.3)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dimse_kit.committing import CT, Committing, committing
from dimse_kit.objects import data_set_of, write_ct
from dimse_kit.raw_commitment import COMMIT_CONTEXT, RawModality, raw_modality, wanted
from dimse_kit.server import until
from hounsfield.network.dimse import CommandField, response

NOTHING = ("1.2.840.10008.5.1.4.1.1.2", "1.2.3.999")


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Committing]:
    """It knows of no peer where to call it: what is not said on an association of the peer is not said."""
    with committing(tmp_path) as running:
        yield running


@pytest.fixture
def objects(tmp_path: Path) -> dict[str, bytes]:
    """Data sets by SOP Instance UID."""
    paths = [write_ct(tmp_path / f"{number}.dcm", number) for number in range(20)]
    return {f"1.2.826.0.1.3680043.10.999.1.{number + 1}": data_set_of(path) for number, path in enumerate(paths)}


def stored(modality: RawModality, objects: dict[str, bytes]) -> list[tuple[str, str]]:
    """One after the other."""
    for uid, data_set in objects.items():
        assert modality.hear_response(modality.store(uid, data_set)) == 0
    return [(CT, uid) for uid in objects]


def test_each_answer_comes_before_its_report_and_no_report_is_lost(archive: Committing, objects: dict[str, bytes]) -> None:
    with raw_modality(archive.address) as modality:
        references = stored(modality, objects)
        for number in range(100):
            if number % 3 == 0:
                assert modality.hear_response(modality.ask(b"")) == 0x0115
            some = references[number % 20 :]
            assert modality.hear_response(modality.ask(wanted(f"1.2.{number}", some))) == 0
            result = modality.hear_report()
            assert (result.transaction_uid, len(result.committed), result.failed) == (f"1.2.{number}", len(some), ())
    assert until(lambda: len(archive.queue) == 0)


def test_what_follows_the_request_at_once_does_not_cost_its_report(archive: Committing, objects: dict[str, bytes]) -> None:
    """The peer sends its next objects without waiting, so that there is no silence between the answer and them; the report comes behind."""
    (first, first_data), *rest = objects.items()
    with raw_modality(archive.address) as modality:
        assert modality.hear_response(modality.store(first, first_data)) == 0
        sent = [modality.ask(wanted("1.2.5", [(CT, first)]))] + [modality.store(uid, data_set) for uid, data_set in rest]
        answered, reported = [], []
        while len(answered) < len(sent) or not reported:
            said = modality.hear()
            if said.command.is_response:
                assert said.command.status == 0
                answered.append(said.command.message_id_responded_to)
            else:
                reported.append(said)
                modality.wire.command(COMMIT_CONTEXT, response(said.command, 0))
        assert answered == sent
        assert until(lambda: len(archive.queue) == 0)


def test_one_report_is_under_way_at_a_time(archive: Committing, objects: dict[str, bytes]) -> None:
    """Nothing else was negotiated: while a report is not answered there is no other, whatever the peer asks meanwhile."""
    with raw_modality(archive.address) as modality:
        references = stored(modality, objects)
        assert modality.hear_response(modality.ask(wanted("1.2.1", references[:1]))) == 0
        first = modality.hear()
        assert first.command.field == CommandField.N_EVENT_REPORT_RQ
        for number in (2, 3):
            assert modality.hear_response(modality.ask(wanted(f"1.2.{number}", references[:number]))) == 0
        assert not modality.hears_anything(0.3), "before it has answered"
        modality.wire.command(COMMIT_CONTEXT, response(first.command, 0))
        assert [modality.hear_report().transaction_uid for _ in range(2)] == ["1.2.2", "1.2.3"]
        assert until(lambda: len(archive.queue) == 0)


def test_a_peer_that_refuses_a_report_hears_it_again_when_it_asks_again(archive: Committing) -> None:
    with raw_modality(archive.address) as modality:
        assert modality.hear_response(modality.ask(wanted("1.2.1", [NOTHING]))) == 0
        modality.hear_report(status=0x0110)
        assert not modality.hears_anything(0.3), "not at once"
        assert modality.hear_response(modality.ask(wanted("1.2.2", [NOTHING]))) == 0
        assert {modality.hear_report().transaction_uid for _ in range(2)} == {"1.2.1", "1.2.2"}
        assert until(lambda: len(archive.queue) == 0)
