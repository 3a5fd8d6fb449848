"""Decisions are as durable as objects, and keep their order."""

from __future__ import annotations

from pathlib import Path

import pytest

from hounsfield.archive import decisions as decisions_module
from hounsfield.archive.archive import Archive
from power_cut.simulated_disk import Flush, SimulatedDisk
from power_cut.workload import ROOT


def test_decisions_come_back_in_order_over_restarts(make_archive) -> None:
    taken = []
    for _ in range(3):
        archive = make_archive()
        for _ in range(2):
            taken.append({"kind": "delete", "reason": "Müller 東京", "number": len(taken), "nested": {"uids": ["1.2", "1.3"]}})
            archive.decide(taken[-1])
            assert list(archive.decisions()) == taken
    assert list(make_archive().decisions()) == taken


def test_a_decision_is_flushed_before_it_is_taken() -> None:
    disk = SimulatedDisk()
    archive = Archive(ROOT, disk=disk)
    archive.decide({"number": 0})
    disk.journal.clear()
    archive.decide({"number": 1})
    assert isinstance(disk.journal[-1], Flush)


def test_a_full_decision_pack_is_followed_by_another(make_archive, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions_module, "PACK_SIZE_BYTES", 10_000)
    archive = make_archive()
    for number in range(12):
        archive.decide({"number": number})
        if number == 7:
            archive = make_archive()
    assert [record["number"] for record in make_archive().decisions()] == list(range(12))
    assert len(list((root / "decisions").iterdir())) > 1


def test_a_torn_decision_is_dropped_and_a_damaged_one_reported(make_archive, root: Path) -> None:
    archive = make_archive()
    for number in range(4):
        archive.decide({"number": number})
    pack = next((root / "decisions").iterdir())
    content = bytearray(pack.read_bytes())
    content[content.index(b'{"number":3}') + 10] ^= 1
    pack.write_bytes(content)
    archive = make_archive()
    assert [record["number"] for record in archive.decisions()] == [0, 1, 2]
    assert archive.problems == []
    archive.decide({"number": 33})
    content = bytearray(pack.read_bytes())
    content[content.index(b'{"number":1}') + 10] ^= 1
    pack.write_bytes(content)
    archive = make_archive()
    assert [record["number"] for record in archive.decisions()] == [0, 2, 33]
    assert len(archive.problems) == 1
    archive.decide({"number": 44})
    assert [record["number"] for record in make_archive().decisions()] == [0, 2, 33, 44]
