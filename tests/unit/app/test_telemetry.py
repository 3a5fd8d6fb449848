"""What is logged of an unexpected error."""

from __future__ import annotations

import json
import sys

import pytest
import structlog

from hounsfield.app.settings import Settings
from hounsfield.app.telemetry import configure_logging, without_messages


def test_an_exception_is_logged_without_what_it_says() -> None:
    try:
        raise ValueError("Doe^Jane cannot be read")
    except ValueError:
        event = without_messages(None, "error", {"event": "failed", "exc_info": sys.exc_info()})
    assert event["error"] == "ValueError"
    assert event["places"][-1].endswith("test_an_exception_is_logged_without_what_it_says")
    assert "Doe" not in str(event)


def test_other_events_stay_as_they_are() -> None:
    assert without_messages(None, "info", {"event": "done", "objects": 3}) == {"event": "done", "objects": 3}


class Stream:
    """Keeps each write apart."""

    def __init__(self) -> None:
        self.writes: list[str] = []

    def write(self, text: str) -> int:
        self.writes.append(text)
        return len(text)

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return False


def test_an_event_is_one_write_so_that_lines_of_several_processes_do_not_mix(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Stream()
    monkeypatch.setattr(sys, "stderr", stream)
    try:
        configure_logging(Settings(log_format="json"), "web")
        structlog.get_logger().info("done", objects=3)
    finally:
        structlog.reset_defaults()
        structlog.contextvars.clear_contextvars()
    assert [text[-1] for text in stream.writes] == ["\n"]
    assert json.loads(stream.writes[0])["objects"] == 3
