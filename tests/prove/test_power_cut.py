"""The power goes at every moment of a random day, and what was acknowledged is there afterwards.

A run is named by its seed and replays exactly: `HOUNSFIELD_SEED=<seed> pytest -m prove tests/prove/test_power_cut.py`.
"""

from __future__ import annotations

import os

import pytest

from power_cut.checker import BrokenPromise, check_every_prefix
from power_cut.simulated_disk import SimulatedDisk, WithoutDirectoryFlush, WithoutFlush
from power_cut.workload import Day

pytestmark = pytest.mark.no_database

FIRST_SEED = int(os.environ.get("HOUNSFIELD_SEED", "20260101"))


def cut_everywhere(seed: int, disk: SimulatedDisk, *, steps: int, images: int, deeper: float) -> int:
    start = SimulatedDisk()
    day = Day(seed, disk)
    start.directories = set(disk.directories)
    history = day.run(steps)
    assert history.problems == []
    checked = check_every_prefix(start, disk, history, seed, images=images, deeper=deeper)
    print(f"seed {seed}: {len(history.acknowledged)} objects, {len(disk.journal)} operations, {checked} images")
    return checked


@pytest.mark.parametrize("seed", [FIRST_SEED, FIRST_SEED + 1])
def test_nothing_acknowledged_is_lost_at_any_power_cut(seed: int) -> None:
    assert cut_everywhere(seed, SimulatedDisk(), steps=200, images=2, deeper=0.02) > 300


@pytest.mark.prove
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(FIRST_SEED + 100, FIRST_SEED + 112))
def test_nothing_acknowledged_is_lost_in_long_days(seed: int) -> None:
    cut_everywhere(seed, SimulatedDisk(), steps=600, images=4, deeper=0.02)


def test_the_proof_notices_a_house_without_flushes() -> None:
    with pytest.raises(BrokenPromise, match=r"lost|acknowledged|decisions"):
        cut_everywhere(FIRST_SEED, WithoutFlush(), steps=100, images=2, deeper=0.0)


def test_the_proof_notices_a_house_that_never_flushes_directories() -> None:
    with pytest.raises(BrokenPromise, match=r"lost|acknowledged|decisions"):
        cut_everywhere(FIRST_SEED, WithoutDirectoryFlush(), steps=100, images=2, deeper=0.0)
