"""Values that are made from files, and made again when the files change: certificates and keys are renewed while we run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

import structlog

from hounsfield.model.errors import ConfigurationError

log = structlog.get_logger(__name__)

Made = TypeVar("Made")

GRACE_S = 60.0
"""How long others are believed by files that have changed and cannot be read: longer than it takes to write them, and no longer."""

_SIZE = 1


class TrustWithdrawn(ConfigurationError):
    """A file that says whom to believe names nobody any more."""


class Renewed(Generic[Made]):
    """Thread-safe. what: for the log. make: raises ConfigurationError where the files cannot be used.

    anchors: those of the files that say whom to believe. now: seconds.

    The files are looked at each time the value is asked for. One that is written in two steps, certificate first and key then, cannot be
    used in between: the old value stays, the failure is logged once for each state of the files, and the next change is another chance.
    Where an anchor has changed, the old value believes whom it should perhaps not: it stays for `GRACE_S`, and not at all where an anchor
    is missing or empty, or `make` raises TrustWithdrawn.
    Raises: ConfigurationError where it cannot be made at first.
    """

    def __init__(
        self,
        what: str,
        files: Sequence[Path],
        make: Callable[[], Made],
        *,
        anchors: Sequence[Path] = (),
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._what = what
        self._files = (*anchors, *files)
        self._anchors = len(anchors)
        self._make = make
        self._now = now
        self._lock = threading.Lock()
        self._seen = self._made_of = self._state()  # before they are read: what changes meanwhile is seen as a change
        self._value = make()
        self._until: float | None = None
        """When the value ends; None while it stands."""

    def get(self) -> Made:
        """The value of the files as they are, or as they were when they could last be used. Raises: ConfigurationError."""
        with self._lock:
            state = self._state()
            if state != self._seen:
                self._seen = state
                self._renew(state)
            if self._until is not None and self._now() >= self._until:
                raise ConfigurationError(f"{self._what} cannot be used: nobody is believed until the files are right")
            return self._value

    def _renew(self, state: tuple[tuple[int, ...], ...]) -> None:
        anchors = state[: self._anchors]
        try:
            if not all(one and one[_SIZE] for one in anchors):
                raise TrustWithdrawn("a file that says whom to believe is missing or empty")
            self._value = self._make()
        except ConfigurationError as exc:
            if isinstance(exc, TrustWithdrawn):
                self._until = self._now()
            elif anchors != self._made_of[: self._anchors] and self._until is None:
                self._until = self._now() + GRACE_S
            log.error("files.not_renewed", what=self._what, reason=str(exc), grace_s=self._grace_s())
        else:
            self._made_of, self._until = state, None
            log.info("files.renewed", what=self._what)

    def _grace_s(self) -> float | None:
        return None if self._until is None else max(0.0, self._until - self._now())

    def _state(self) -> tuple[tuple[int, ...], ...]:
        return tuple(map(_state_of, self._files))


def _state_of(path: Path) -> tuple[int, ...]:
    """Different after every write, replacement, or change of who may read it; empty where there is no such file."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
