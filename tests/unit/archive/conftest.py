"""Fixtures of the archive's tests."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hounsfield.archive.archive import Archive
from hounsfield.archive.member import MemberNames
from hounsfield.model.location import StoredObject

MakeArchive = Callable[..., Archive]


@dataclass(frozen=True, slots=True)
class Kept:
    """An acknowledged object and its bytes."""

    stored: StoredObject
    prefix: bytes
    data: bytes

    @property
    def content(self) -> bytes:
        return self.prefix + self.data


class Storer:
    """Stores random objects. Not random in what it does: seeded."""

    def __init__(self) -> None:
        self.chance = random.Random(7)
        self.kept: list[Kept] = []

    def names(self, series: str = "1.2.3") -> MemberNames:
        return MemberNames(1, "1.2", series, f"1.2.3.{len(self.kept)}", "1.2.840.10008.1.2.1", "STORESCU")

    def store(self, archive: Archive, size: int, *, piece: int = 100_000, series: str = "1.2.3", names: MemberNames | None = None) -> Kept:
        prefix, data = self.chance.randbytes(300), self.chance.randbytes(size)
        with archive.receive(prefix, affinity=series) as incoming:
            for start in range(0, size, piece):
                incoming.write(memoryview(data)[start : start + piece])
            assert incoming.view() == data
            stored = incoming.commit(names or self.names(series), header_length_bytes=min(size, 50), frame_table=b"frames")
        kept = Kept(stored, prefix, data)
        self.kept.append(kept)
        return kept


@pytest.fixture
def storer() -> Storer:
    return Storer()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "packs"


@pytest.fixture
def make_archive(root: Path) -> Iterator[MakeArchive]:
    """Makes archives on `root`; each is closed before the next is made."""
    made: list[Archive] = []

    def make(**settings: object) -> Archive:
        while made:
            made.pop().close()
        settings = {"allocation_step_bytes": 1 << 20, "seal_after_idle_s": 0.0} | settings
        made.append(Archive(root, **settings))  # type: ignore[arg-type]
        return made[-1]

    yield make
    while made:
        made.pop().close()


@pytest.fixture
def archive(make_archive: MakeArchive) -> Archive:
    return make_archive()
