"""Import files, folders, ZIP archives and DICOM media; a run that was cut goes on where it stopped.

A journal remembers each file that came to an end (path, size and time of change), so that a second run reads only the rest.
"""

from __future__ import annotations

import contextlib
import enum
import hashlib
import json
import os
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from hounsfield.model.errors import HounsfieldError, InvalidInput, OutOfSpace, PackUnavailable, Unavailable
from hounsfield.model.origin import Origin
from hounsfield.model.outcomes import StoreOutcome
from hounsfield.services.store import FileStore

CHUNK_BYTES = 1 << 20
ZIP_MAX_RATIO = 200
"""A ZIP entry that grows more than this is refused as a bomb; DICOM compresses by 2 to 20."""
ZIP_ALWAYS_ALLOWED_BYTES = 16 << 20
DICOMDIR = "DICOMDIR"
PAUSES_S = (0.1, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0)
"""Before trying once more what the archive would not take now."""


class Fate(enum.StrEnum):
    """What became of one file."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    KEPT_ASIDE = "kept aside"
    REJECTED = "rejected"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Brought:
    """One file that came to an end. name: its path, with the entry's name behind `!` in a ZIP archive."""

    name: str
    fate: Fate
    size_bytes: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file, or an entry of a ZIP archive."""

    name: str
    path: Path
    entry: str
    size_bytes: int
    modified_ns: int

    @property
    def key(self) -> str:
        """Names this very state of the file in the journal."""
        return hashlib.sha256(f"{self.path.absolute()}\0{self.entry}\0{self.size_bytes}\0{self.modified_ns}".encode()).hexdigest()[:32]


class ImportJournal:
    """Which files are done: one line each, appended when the archive has answered."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._done = set(path.read_text("utf-8").split()) if path.exists() else set()
        self._file = path.open("a", encoding="utf-8")

    def __contains__(self, key: str) -> bool:
        return key in self._done

    def add(self, key: str) -> None:
        """Remember."""
        self._done.add(key)
        self._file.write(key + "\n")
        self._file.flush()

    def close(self) -> None:
        """Idempotent."""
        self._file.close()


def candidates(paths: Sequence[Path]) -> Iterator[Candidate]:
    """All files below `paths` in a stable order; links to folders are not followed. A DICOMDIR stands for its medium.

    Raises: InvalidInput.
    """
    for path in paths:
        if path.name.upper() == DICOMDIR and path.is_file():
            path = path.absolute().parent
        if path.is_dir():
            for folder, folders, names in os.walk(path):
                folders.sort()
                for name in sorted(names):
                    yield from _open_up(Path(folder, name))
        elif path.exists():
            yield from _open_up(path)
        else:
            raise InvalidInput(f"{path}: no such file or folder")


def _open_up(path: Path) -> Iterator[Candidate]:
    if not path.is_file():
        return
    status = path.stat()
    if path.suffix.lower() != ".zip":
        yield Candidate(str(path), path, "", status.st_size, status.st_mtime_ns)
        return
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [info for info in archive.infolist() if not info.is_dir()]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        yield Candidate(str(path), path, "", status.st_size, status.st_mtime_ns)
        return
    for info in entries:
        yield Candidate(f"{path}!{info.filename}", path, info.filename, info.file_size, status.st_mtime_ns)


def bring(
    store: FileStore,
    origin: Origin,
    found: Iterator[Candidate],
    journal: ImportJournal | None = None,
    *,
    pause: Callable[[float], None] = time.sleep,
) -> Iterator[Brought]:
    """Store each file in turn, and tell what became of it.

    An archive that is busy, or being started again, is waited for; a file that it has already is a duplicate, so that trying once more
    does no harm. Raises: Unavailable when the archive takes nothing any more.
    """
    with contextlib.closing(_Opener()) as opener:
        for candidate in found:
            if journal is not None and candidate.key in journal:
                yield Brought(candidate.name, Fate.SKIPPED, candidate.size_bytes, "done in an earlier run")
                continue
            brought = _bring_patiently(store, origin, candidate, opener, pause)
            if journal is not None and brought.fate is not Fate.REJECTED:
                journal.add(candidate.key)
            yield brought


def _bring_patiently(store: FileStore, origin: Origin, candidate: Candidate, opener: _Opener, pause: Callable[[float], None]) -> Brought:
    for pause_s in PAUSES_S:
        try:
            return _bring_one(store, origin, candidate, opener)
        except (OutOfSpace, PackUnavailable):
            raise
        except Unavailable:
            pause(pause_s)
    return _bring_one(store, origin, candidate, opener)


def _bring_one(store: FileStore, origin: Origin, candidate: Candidate, opener: _Opener) -> Brought:
    if Path(candidate.entry or candidate.path).name.upper() == DICOMDIR:
        return Brought(candidate.name, Fate.SKIPPED, candidate.size_bytes, "a DICOMDIR lists objects and is none itself")
    try:
        with opener.open(candidate) as file, store.receive_file(origin) as reception:
            for chunk in _chunks(file, candidate):
                reception.write(chunk)
            result = reception.finish()
    except Unavailable:
        raise
    except (HounsfieldError, OSError, zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, KeyError) as exc:
        return Brought(candidate.name, Fate.REJECTED, candidate.size_bytes, str(exc) or type(exc).__name__)
    if result.kept_aside:
        return Brought(candidate.name, Fate.KEPT_ASIDE, candidate.size_bytes, result.reason)
    fate = Fate.DUPLICATE if result.outcome is StoreOutcome.DUPLICATE else Fate.STORED
    return Brought(candidate.name, fate, candidate.size_bytes)


class _Opener:
    """Opens candidates. A ZIP archive stays open from one entry to the next: its directory is read once, not once an entry."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._archive: zipfile.ZipFile | None = None

    def open(self, candidate: Candidate) -> IO[bytes]:
        """The bytes of a file or entry. Raises: OSError, BadZipFile, RuntimeError (encrypted), NotImplementedError, KeyError."""
        if not candidate.entry:
            return candidate.path.open("rb")
        if self._archive is None or candidate.path != self._path:
            self.close()
            self._archive, self._path = zipfile.ZipFile(candidate.path), candidate.path
        return self._archive.open(candidate.entry)

    def close(self) -> None:
        """Idempotent."""
        if self._archive is not None:
            self._archive.close()
            self._archive = None


def _chunks(file: IO[bytes], candidate: Candidate) -> Iterator[bytes]:
    total = 0
    while chunk := file.read(CHUNK_BYTES):
        total += len(chunk)
        if candidate.entry and total > max(ZIP_ALWAYS_ALLOWED_BYTES, ZIP_MAX_RATIO * candidate.path.stat().st_size):
            raise InvalidInput("this ZIP entry unpacks to more than 200 times its archive: refused as a bomb")
        yield chunk


def summary_json(counts: dict[Fate, int], rejected: Sequence[Brought]) -> str:
    """The machine-readable end of an import."""
    return json.dumps(
        {
            "counts": {fate.value.replace(" ", "_"): counts.get(fate, 0) for fate in Fate},
            "rejected": [{"name": one.name, "reason": one.reason} for one in rejected],
        }
    )
