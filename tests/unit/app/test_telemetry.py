"""What is logged of an unexpected error."""

from __future__ import annotations

import sys

from hounsfield.app.telemetry import without_messages


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
