"""Logging: structured events on standard error. No patient's name, ID or birth date is ever a key or a value."""

from __future__ import annotations

import contextlib
import logging
import sys
import traceback
from typing import TextIO, cast

import structlog

from hounsfield.app.settings import Settings


class _Unfailing:
    """A stream whose disk may be full or whose reader may be gone: what cannot be logged must not end an association or a request."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()


PLACES = 12


def without_messages(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """An exception as its class and the places it passed: its message may quote what a patient is called."""
    found = event.pop("exc_info", None)
    if found:
        error: BaseException | None = found if isinstance(found, BaseException) else sys.exc_info()[1]
        event["error"] = type(error).__name__
        trace = error.__traceback__ if error is not None else None
        event["places"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)][-PLACES:]
    return event


def configure_logging(settings: Settings, process: str) -> None:
    """Set up structlog for this process.

    process: "archive" or "web", a key of each event.
    """
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if settings.log_format == "json" else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    processors: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        without_messages,
    ]
    structlog.configure(
        processors=[*processors, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        # An event and the end of its line in one write: several processes share this stream.
        logger_factory=structlog.WriteLoggerFactory(cast(TextIO, _Unfailing(sys.stderr))),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)
