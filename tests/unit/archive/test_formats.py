"""Packs of an earlier format, and of one that is not known."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hounsfield.archive import pack as pack_module
from hounsfield.archive.member import ROOM_BYTES
from hounsfield.archive.pack import FIRST_MEMBER_OFFSET_BYTES, PackIdentity
from hounsfield.archive.pool import PackPool
from hounsfield.archive.reader import PackReader


def format_of(pack: Path) -> object:
    return json.loads(pack.read_bytes()[ROOM_BYTES:FIRST_MEMBER_OFFSET_BYTES].rstrip(b"\0"))["format"]


def of_format_1(new_identity: Callable[[PackPool], PackIdentity]) -> Callable[[PackPool], PackIdentity]:
    return lambda pool: replace(new_identity(pool), format=1)


@pytest.mark.parametrize("objects", [0, 2])
def test_a_pack_of_format_1_is_read_and_sealed_but_not_appended_to(
    make_archive, storer, root: Path, monkeypatch: pytest.MonkeyPatch, objects: int
) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr(PackPool, "new_identity", of_format_1(PackPool.new_identity))
        archive = make_archive()
        for _ in range(objects):
            storer.store(archive, 5000)
        archive.receive(b"").close()
        archive.decide({"number": 1})
    (old,) = (root / "open").iterdir()
    assert format_of(old) == 1
    archive = make_archive()
    assert [one.stored for one in archive.recover({})] == [kept.stored for kept in storer.kept]
    new = storer.store(archive, 5000)
    assert new.stored.location.pack_id != old.stem
    assert format_of(root / "open" / f"{new.stored.location.pack_id}.tar") == 2
    assert old.stem in archive.seal_idle()
    assert archive.problems == []
    archive.decide({"number": 2})
    assert [decision["number"] for decision in archive.decisions()] == [1, 2]
    archive = make_archive()
    assert {one.stored for one in archive.recover({})} == {kept.stored for kept in storer.kept}
    for kept in storer.kept:
        PackReader(root).verify(kept.stored)


def test_a_pack_of_a_format_that_is_not_known_is_left_as_it_is(make_archive, storer, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = make_archive()
    storer.store(archive, 5000)
    (pack,) = (root / "open").iterdir()
    before = pack.read_bytes()
    monkeypatch.setattr(pack_module, "KNOWN_FORMATS", (1,))
    archive = make_archive()
    assert list(archive.recover({})) == []
    assert [problem.pack_id for problem in archive.problems] == [pack.stem]
    kept = next(root.rglob(pack.name))
    assert kept.read_bytes() == before
