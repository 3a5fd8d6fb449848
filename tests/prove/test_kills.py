"""kill -9 of every process at random moments of a store from four senders (`HOUNSFIELD_SEED` replays a run's moments and objects)."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from kills.objects import Made
from kills.rounds import BrokenPromise, Tally, check, check_one_row_each, check_packs_alone, run_round
from services.server import launch

SEED = int(os.environ.get("HOUNSFIELD_SEED", "20261121"))
KILLS = int(os.environ.get("HOUNSFIELD_KILLS", "200"))
READY_WITHIN_S = 5.0
LATE_HEADER = Path(__file__).resolve().parent.parent / "kills" / "late_header"

pytestmark = pytest.mark.long


def kill_repeatedly(tmp_path: Path, kills: int, **environment: str) -> Tally:
    print(f"seed {SEED}")
    randomness = random.Random(SEED)
    data_dir = tmp_path / "data"
    tally = Tally()
    fresh: list[Made] = []
    for number in range(kills):
        fresh = run_round(data_dir, tmp_path / f"send{number % 2}", randomness, number, tally, fresh, **environment)
    launch(data_dir, "--open-access", **environment).stop()
    check(data_dir, tally.acknowledged)
    check_one_row_each(data_dir)
    check_packs_alone(data_dir, tally.acknowledged)
    rows = check_one_row_each(data_dir)
    print(f"{kills} kills, {len(tally.acknowledged)} objects acknowledged, {rows} stored, slowest start {max(tally.restarts_s):.2f} s")
    return tally


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_no_acknowledged_object_is_lost_by_two_hundred_kills(tmp_path: Path) -> None:
    tally = kill_repeatedly(tmp_path, KILLS)
    assert len(tally.acknowledged) > 10 * KILLS
    assert max(tally.restarts_s) <= READY_WITHIN_S


def test_no_acknowledged_object_is_lost_by_two_kills(tmp_path: Path) -> None:
    assert len(kill_repeatedly(tmp_path, 2).acknowledged) > 20


@pytest.mark.prove
def test_the_proof_notices_an_answer_before_the_header(tmp_path: Path) -> None:
    with pytest.raises(BrokenPromise):
        kill_repeatedly(tmp_path, 2, PYTHONPATH=str(LATE_HEADER))
