"""Import: patience with an archive that is busy, none with one that is full."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from hounsfield.model.errors import (
    ArchiveBusy,
    HounsfieldError,
    IndexUnavailable,
    OutOfSpace,
    PackUnavailable,
    Unavailable,
    UnreadableObject,
)
from hounsfield.model.origin import SYSTEM, Origin, Protocol
from hounsfield.model.outcomes import StoreOutcome, StoreResult
from hounsfield.services.bring import PAUSES_S, Brought, Fate, ImportJournal, bring, candidates

ORIGIN = Origin(Protocol.IMPORT, SYSTEM)


class Scripted:
    """A store that answers with what it was told, then stores."""

    def __init__(self, *errors: HounsfieldError) -> None:
        self.errors = list(errors)
        self.stored: list[bytes] = []
        self._received = b""

    def receive_file(self, origin: Origin, study_instance_uid: str = "") -> Self:
        self._received = b""
        return self

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._received += bytes(data)

    def finish(self) -> StoreResult:
        if self.errors:
            raise self.errors.pop(0)
        self.stored.append(self._received)
        return StoreResult(StoreOutcome.STORED, "1.1", "1.2.3", "1.2", "1", "")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        pass


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    for name in ("a", "b"):
        (folder / name).write_text(name * 10)
    return folder


def run(store: Scripted, folder: Path, pause: Callable[[float], None], journal: ImportJournal | None = None) -> list[Brought]:
    return list(bring(store, ORIGIN, candidates([folder]), journal, pause=pause))


@pytest.mark.parametrize("error", [ArchiveBusy("busy"), IndexUnavailable("gone"), Unavailable("being started again")])
def test_what_passes_is_waited_for(files: Path, error: HounsfieldError) -> None:
    pauses: list[float] = []
    store = Scripted(error, error, error)
    assert [one.fate for one in run(store, files, pauses.append)] == [Fate.STORED, Fate.STORED]
    assert pauses == list(PAUSES_S[:3])
    assert store.stored == [b"a" * 10, b"b" * 10], "each file was read from its start"


@pytest.mark.parametrize("error", [OutOfSpace("full"), PackUnavailable("EIO")])
def test_what_does_not_pass_ends_the_import(files: Path, error: HounsfieldError) -> None:
    pauses: list[float] = []
    with pytest.raises(type(error)):
        run(Scripted(error), files, pauses.append)
    assert pauses == []


def test_patience_ends_and_the_next_run_goes_on(files: Path, tmp_path: Path) -> None:
    pauses: list[float] = []
    journal = ImportJournal(tmp_path / "journal")
    busy = Scripted(*[ArchiveBusy("busy")] * (len(PAUSES_S) + 1))
    with pytest.raises(ArchiveBusy):
        run(busy, files, pauses.append, journal)
    assert pauses == list(PAUSES_S)
    journal.close()
    again = Scripted()
    assert [one.fate for one in run(again, files, pauses.append, ImportJournal(tmp_path / "journal"))] == [Fate.STORED, Fate.STORED]


def test_what_was_rejected_is_tried_again_by_the_next_run(files: Path, tmp_path: Path) -> None:
    journal = ImportJournal(tmp_path / "journal")
    first = run(Scripted(UnreadableObject("not DICOM")), files, pytest.fail, journal)
    assert [(one.fate, one.reason) for one in first] == [(Fate.REJECTED, "not DICOM"), (Fate.STORED, "")]
    journal.close()
    second = run(Scripted(), files, pytest.fail, ImportJournal(tmp_path / "journal"))
    assert [one.fate for one in second] == [Fate.STORED, Fate.SKIPPED]
