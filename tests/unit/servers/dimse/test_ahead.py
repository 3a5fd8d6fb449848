"""What a thread fetches ahead."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from dimse_kit.server import until
from hounsfield.servers.dimse.ahead import Ahead


def _fetching() -> bool:
    return any(thread.name == "find" for thread in threading.enumerate())


def test_items_in_order_and_the_end() -> None:
    ahead = Ahead(iter([1, 2, 3]))
    assert [ahead.take(5) for _ in range(3)] == [1, 2, 3]
    with pytest.raises(StopIteration):
        ahead.take(5)
    assert until(lambda: not _fetching())


def test_nothing_yet() -> None:
    ready = threading.Event()

    def items() -> Iterator[int]:
        ready.wait(30)
        yield 1

    ahead = Ahead(items())
    assert ahead.take(0.01) is None
    ready.set()
    assert ahead.take(5) == 1


def test_an_error_comes_where_the_item_was_due() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise KeyError("x")

    ahead = Ahead(items())
    assert ahead.take(5) == 1
    with pytest.raises(KeyError):
        ahead.take(5)


def test_no_more_than_one_item_waits_and_none_is_fetched_after_the_stop() -> None:
    fetched = []

    def items() -> Iterator[int]:
        for number in range(1000):
            fetched.append(number)
            yield number

    ahead = Ahead(items())
    assert ahead.take(5) == 0
    assert until(lambda: len(fetched) == 3)  # one taken, one waiting, one in the thread's hand
    ahead.stop()
    assert until(lambda: not _fetching())
    assert len(fetched) == 3
