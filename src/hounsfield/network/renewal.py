"""Values that are made from files, and made again when the files change: certificates and keys are renewed while we run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

import structlog

from hounsfield.model.errors import HounsfieldError

log = structlog.get_logger(__name__)

Made = TypeVar("Made")


class Renewed(Generic[Made]):
    """Thread-safe. what: for the log. make: raises ConfigurationError where the files cannot be used.

    The files are looked at each time the value is asked for. One that is written in two steps, certificate first and key then, cannot be
    used in between: the old value stays, the failure is logged once for each state of the files, and the next change is another chance.
    Raises: ConfigurationError where it cannot be made at first.
    """

    def __init__(self, what: str, files: Sequence[Path], make: Callable[[], Made]) -> None:
        self._what = what
        self._files = tuple(files)
        self._make = make
        self._lock = threading.Lock()
        self._seen = self._state()  # before they are read: what changes meanwhile is seen as a change
        self._value = make()

    def get(self) -> Made:
        """The value of the files as they are, or as they were when they could last be used."""
        with self._lock:
            state = self._state()
            if state != self._seen:
                self._seen = state
                self._renew()
            return self._value

    def _renew(self) -> None:
        try:
            self._value = self._make()
        except HounsfieldError as exc:
            log.error("files.not_renewed", what=self._what, reason=str(exc))
        else:
            log.info("files.renewed", what=self._what)

    def _state(self) -> tuple[tuple[int, ...], ...]:
        return tuple(map(_state_of, self._files))


def _state_of(path: Path) -> tuple[int, ...]:
    """Different after every write, replacement, or change of who may read it; empty where there is no such file."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
