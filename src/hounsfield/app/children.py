"""Child processes: settings handed over by environment, readiness told by a pipe, life bound to the parent's."""

from __future__ import annotations

import _thread
import ctypes
import gc
import importlib
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

from hounsfield.app.forked import Forked
from hounsfield.app.loading import loading
from hounsfield.app.settings import Settings
from hounsfield.model.errors import ConfigurationError

SETTINGS_VARIABLE = "HOUNSFIELD_SERVE_SETTINGS"
READY_VARIABLE = "HOUNSFIELD_READY_FD"
SUPERVISOR_VARIABLE = "HOUNSFIELD_SUPERVISOR_PID"

_PR_SET_PDEATHSIG, _PR_SET_NAME = 1, 15
_STARTING = threading.Lock()
"""Held while a program is started. A process that is forked meanwhile (granian forks its workers) would inherit the pipe by which the
program's start is told, and whoever started it would wait for that process' end."""
_DEFERRED = (signal.SIGINT, signal.SIGTERM)
"""Blocked in a child until it has said what it does at them (`end_when_told`, `end_at_once_when_told`): what it has from its parent
until then would take them for its own and go on."""
_forking = threading.local()
"""mask: the signals that were blocked when this thread began to fork."""


def _before_fork() -> None:
    _STARTING.acquire()
    _forking.mask = signal.pthread_sigmask(signal.SIG_BLOCK, _DEFERRED)


def _after_fork_in_parent() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, _forking.mask)
    _STARTING.release()


os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_STARTING.release)


def hand_over(settings: Settings) -> None:
    """Put the settings where every child of this process finds them."""
    os.environ[SETTINGS_VARIABLE] = settings.model_dump_json()
    os.environ[SUPERVISOR_VARIABLE] = str(os.getpid())


def handed_over() -> Settings:
    """The settings that the parent handed over, already validated there."""
    return Settings.model_validate_json(os.environ[SETTINGS_VARIABLE])


def die_with_parent(signal_number: int = signal.SIGTERM) -> None:
    """Ask the kernel for a signal when the parent ends (Linux; elsewhere the parent's clean stop has to do)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    # Not `getppid() == 1`: in a container the supervisor may well be process 1.
    if os.environ.get(SUPERVISOR_VARIABLE, str(os.getppid())) != str(os.getppid()):
        raise SystemExit("the parent ended before this process had started")


def take_name(name: str) -> None:
    """What `ps -o comm` and `top` call this process (Linux, 15 bytes): one that was forked has the command line of its parent."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_NAME, name.encode()[:15], 0, 0, 0)


def end_when_told(stop: threading.Event) -> None:
    """Sets `stop` at SIGTERM, also at one that came while this process was still starting.

    Ctrl+C reaches every process of the terminal: the supervisor alone decides, and stops its children one after the other.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def on_signal(*_: object) -> None:
        # Not `stop.set()` itself: it takes a lock that the interrupted thread may hold just now, in `stop.wait`.
        _thread.start_new_thread(stop.set, ())

    signal.signal(signal.SIGTERM, on_signal)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _DEFERRED)


def end_at_once_when_told() -> None:
    """For a process that has nothing to finish, until it says otherwise; also at a signal that came since it was forked."""
    for number in _DEFERRED:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _DEFERRED)


def say_ready() -> None:
    """Tell the parent, once."""
    descriptor = os.environ.pop(READY_VARIABLE, "")
    if descriptor:
        os.write(int(descriptor), b"r")
        os.close(int(descriptor))


class Child:
    """A process of ours, seen from the supervisor. name: `archive` or `jobs`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._ahead: Forked | None = None
        self._process: subprocess.Popen[bytes] | Forked | None = None

    def fork_ahead(self) -> None:
        """The first start needs no imports of its own, and shares the memory of ours. Before this process has threads or holds locks.

        A process that takes the place of one that ended begins from nothing: by then there is no good moment to fork.
        """
        with loading():
            main: Callable[[], int] = importlib.import_module(f"hounsfield.app.{self.name}_process").main
        gc.freeze()  # nor does the new process go through it

        def begin(ready: int) -> int:
            os.environ[READY_VARIABLE] = str(ready)
            return main()

        self._ahead = Forked(self.name, begin, lambda: die_with_parent(signal.SIGKILL))

    def start(self, timeout_s: float) -> None:
        """Returns when the process says it is ready. Raises: ConfigurationError when it ends instead."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            self._process = ahead
            reading = ahead.begin()
        else:
            self._process, reading = self._executed()
        try:
            deadline = time.monotonic() + timeout_s
            readable, _, _ = select.select([reading], [], [], max(0.0, deadline - time.monotonic()))
            if not readable or os.read(reading, 1) != b"r":
                self.stop()
                raise ConfigurationError(f"the {self.name} process did not start; its message stands above")
        finally:
            os.close(reading)

    def _executed(self) -> tuple[subprocess.Popen[bytes], int]:
        """A new process, and the descriptor on which it says that it is ready."""
        with _STARTING:
            reading, writing = os.pipe()
            before = signal.pthread_sigmask(signal.SIG_BLOCK, _DEFERRED)  # of this thread; the child inherits it
            try:
                process = subprocess.Popen(
                    [sys.executable, "-m", f"hounsfield.app.{self.name}_process"],
                    pass_fds=(writing,),
                    env={**os.environ, READY_VARIABLE: str(writing)},
                    stdin=subprocess.DEVNULL,
                )
            except OSError:
                os.close(reading)
                raise
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
                os.close(writing)
        return process, reading

    def wait(self) -> int:
        """Blocks until it ends; its exit code."""
        assert self._process is not None
        return self._process.wait()

    def stop(self, timeout_s: float = 20.0) -> None:
        """Let it finish what it has begun; after `timeout_s` it is killed. What was acknowledged is durable either way."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None:  # it has not begun
            ahead.give_up()
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
