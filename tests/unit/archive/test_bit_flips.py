"""One flipped bit in each of N stored objects: verification finds N of N."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from hounsfield.archive import reader as reader_module
from hounsfield.archive.archive import Archive
from hounsfield.archive.reader import PackReader
from hounsfield.model.errors import DamagedObject

OBJECTS = 60


def flip(root: Path, storer, chance: random.Random) -> None:
    for kept in storer.kept:
        location = kept.stored.location
        path = next(root.glob(f"*/{location.pack_id}.tar"))
        at = chance.randrange(location.length_bytes * 8)
        with path.open("r+b") as file:
            file.seek(location.offset_bytes + at // 8)
            byte = file.read(1)[0]
            file.seek(location.offset_bytes + at // 8)
            file.write(bytes([byte ^ 1 << at % 8]))


def damaged(root: Path, storer) -> int:
    reader = PackReader(root)
    count = 0
    for kept in storer.kept:
        try:
            reader.verify(kept.stored)
        except DamagedObject:
            count += 1
    return count


@pytest.mark.parametrize("sealed", [False, True])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_verification_finds_every_flipped_bit(archive: Archive, root: Path, storer, seed: int, sealed: bool) -> None:
    chance = random.Random(seed)
    for _ in range(OBJECTS):
        storer.store(archive, chance.randrange(20_000))
    if sealed:
        archive.seal_idle()
    assert damaged(root, storer) == 0
    flip(root, storer, chance)
    assert damaged(root, storer) == OBJECTS


def test_without_the_digest_the_proof_fails(archive: Archive, root: Path, storer, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(OBJECTS):
        storer.store(archive, 1000)
    flip(root, storer, random.Random(4))
    monkeypatch.setattr(reader_module, "digests_match", lambda _found, _expected: True)
    assert damaged(root, storer) == 0
