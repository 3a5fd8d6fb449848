"""A process that is forked ahead of its work."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable

import pytest

from hounsfield.app.forked import Forked


def forked(main: Callable[[int], int]) -> Forked:
    return Forked("test", main, lambda: None)


def test_it_says_that_it_is_ready_and_how_it_ended() -> None:
    def main(ready: int) -> int:
        os.write(ready, b"r")
        return 7

    process = forked(main)
    with os.fdopen(process.begin(), "rb") as says:
        assert says.read() == b"r"
    assert process.wait(30) == 7
    assert process.poll() == 7


def test_one_that_ends_before_it_is_ready_says_nothing() -> None:
    process = forked(lambda _: 3)
    with os.fdopen(process.begin(), "rb") as says:
        assert says.read() == b""
    assert process.wait(30) == 3


def test_one_that_is_not_to_begin_has_done_nothing() -> None:
    reading, writing = os.pipe()

    def main(_: int) -> int:
        os.write(writing, b"x")
        return 0

    process = forked(main)
    process.give_up()
    os.close(writing)
    assert os.read(reading, 1) == b""
    os.close(reading)
    assert process.poll() == -signal.SIGKILL


def test_one_that_died_before_it_was_to_begin_is_found_dead() -> None:
    process = forked(lambda _: 0)
    process.kill()
    assert process.wait(30) == -signal.SIGKILL
    with os.fdopen(process.begin(), "rb") as says:
        assert says.read() == b""


def test_a_wait_has_an_end() -> None:
    process = forked(lambda _: 0)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.01)
    assert process.poll() is None
    process.give_up()
