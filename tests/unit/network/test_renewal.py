"""What is made from files follows them, and stays as it was while they cannot be used."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hounsfield.model.errors import ConfigurationError
from hounsfield.network.renewal import GRACE_S, Renewed


class Joined:
    """Two files' content, where both begin alike; `made` counts the tries."""

    def __init__(self, folder: Path) -> None:
        self.first, self.second = folder / "first", folder / "second"
        self.made = 0

    def write(self, first: str, second: str) -> None:
        self.first.write_text(first)
        self.second.write_text(second)

    def make(self) -> str:
        self.made += 1
        try:
            first, second = self.first.read_text(), self.second.read_text()
        except OSError as exc:
            raise ConfigurationError("cannot be read") from exc
        if first[:1] != second[:1]:
            raise ConfigurationError("the files do not belong together")
        return first + second


@pytest.fixture
def joined(tmp_path: Path) -> Joined:
    files = Joined(tmp_path)
    files.write("a1", "a2")
    return files


def renewed(files: Joined) -> Renewed[str]:
    return Renewed("test", (files.first, files.second), files.make)


def test_files_that_stay_are_read_once(joined: Joined) -> None:
    value = renewed(joined)
    assert [value.get() for _ in range(3)] == ["a1a2"] * 3
    assert joined.made == 1


def test_a_change_in_two_steps_is_taken_when_it_is_whole(joined: Joined) -> None:
    value = renewed(joined)
    joined.first.write_text("b1 longer")
    assert [value.get() for _ in range(3)] == ["a1a2"] * 3
    assert joined.made == 2, "each state of the files is tried once"
    joined.second.write_text("b2 longer")
    assert value.get() == "b1 longerb2 longer"


def test_a_file_that_is_replaced_or_missing_for_a_while(joined: Joined) -> None:
    value = renewed(joined)
    new = joined.first.with_name("new")
    new.write_text("a3")
    stamp = joined.first.stat()
    os.utime(new, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    new.replace(joined.first)
    assert value.get() == "a3a2", "of the same size and time, and yet another"
    joined.second.unlink()
    assert value.get() == "a3a2"
    joined.second.write_text("a4")
    assert value.get() == "a3a4"


def test_what_cannot_be_used_at_first_is_said(joined: Joined) -> None:
    joined.second.write_text("b2")
    with pytest.raises(ConfigurationError, match="belong together"):
        renewed(joined)


class Clock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def believing(files: Joined, now: Clock) -> Renewed[str]:
    """The second file says whom to believe."""
    return Renewed("test", (files.first,), files.make, anchors=(files.second,), now=now)


def assert_refused(value: Renewed[str]) -> None:
    with pytest.raises(ConfigurationError, match="nobody is believed"):
        value.get()


def test_who_is_named_by_a_file_that_is_missing_or_empty_is_believed_no_more(joined: Joined) -> None:
    value = believing(joined, Clock())
    joined.second.unlink()
    assert_refused(value)
    joined.second.write_text("a3")
    assert value.get() == "a1a3"
    joined.second.write_text("")
    assert_refused(value)
    joined.second.write_text("b3")
    assert_refused(value)
    joined.first.write_text("b1")
    assert value.get() == "b1b3"


def test_who_was_named_by_a_file_that_cannot_be_read_now_is_believed_for_a_while(joined: Joined) -> None:
    clock = Clock()
    value = believing(joined, clock)
    joined.second.write_text("rubbish")
    assert value.get() == "a1a2"
    clock.seconds += GRACE_S / 2
    joined.second.write_text("other rubbish")
    assert value.get() == "a1a2"
    clock.seconds += GRACE_S / 2
    assert_refused(value)
    joined.second.write_text("a4")
    assert value.get() == "a1a4"


def test_what_is_our_own_stays_while_whom_we_believe_stays(joined: Joined) -> None:
    clock = Clock()
    value = believing(joined, clock)
    joined.first.unlink()
    clock.seconds += 2 * GRACE_S
    assert value.get() == "a1a2"
    clock.seconds += 2 * GRACE_S
    assert value.get() == "a1a2"
    joined.second.write_text("a5")
    assert value.get() == "a1a2"
    clock.seconds += GRACE_S
    assert_refused(value)
