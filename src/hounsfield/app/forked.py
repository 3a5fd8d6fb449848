"""A process forked ahead: it shares what its parent has imported, and waits for the word to begin."""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.connection
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable


class Forked:
    """A process that has yet to begin. To be made before this one has threads, locks or files that a copy must not hold.

    main: what it does once it has been told to; its result is the exit code.
    prepare: called in the new process at once, before it waits.
    """

    def __init__(self, name: str, main: Callable[[int], int], prepare: Callable[[], None]) -> None:
        hears, self._word = os.pipe()
        self._ready, tells = os.pipe()

        def live() -> None:
            os.close(self._word)
            os.close(self._ready)
            prepare()
            if os.read(hears, 1) != b"g":
                return
            os.close(hears)
            sys.exit(main(tells))

        self._process = multiprocessing.get_context("fork").Process(target=live, name=name)
        self._ending = threading.Lock()
        try:
            self._process.start()
        finally:
            os.close(hears)
            os.close(tells)

    def begin(self) -> int:
        """Give the word, once. Returns the descriptor on which the process says that it is ready, or that it has ended; the caller's."""
        with contextlib.suppress(BrokenPipeError):  # it has ended: its other pipe says so
            os.write(self._word, b"g")
        os.close(self._word)
        return self._ready

    def give_up(self) -> None:
        """It shall not begin."""
        self.kill()
        self.wait()
        os.close(self._word)
        os.close(self._ready)

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, or the negative number of the signal that ended it. Raises: subprocess.TimeoutExpired."""
        if not multiprocessing.connection.wait([self._process.sentinel], timeout):
            raise subprocess.TimeoutExpired(self._process.name, timeout or 0.0)
        with self._ending:  # two that reap at once: one of them would find no exit code
            self._process.join()
            code = self._process.exitcode
        assert code is not None
        return code

    def poll(self) -> int | None:
        """As `wait`, or None where it still runs."""
        try:
            return self.wait(0.0)
        except subprocess.TimeoutExpired:
            return None

    def terminate(self) -> None:
        """SIGTERM, if it still runs."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL, if it still runs."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        with self._ending:
            if self._process.exitcode is None and self._process.pid is not None:
                os.kill(self._process.pid, number)
