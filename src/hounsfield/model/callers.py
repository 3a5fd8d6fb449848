"""Application entities that called in vain. Times are whole seconds since 1970-01-01 UTC."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RefusedCaller:
    """A calling AE title that was not known. (ae_title, host) is the key; count: refusals so far."""

    ae_title: str
    host: str
    last_seen_s: int
    count: int
