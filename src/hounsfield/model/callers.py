"""Application entities that call us or are called by us. Times are whole seconds since 1970-01-01 UTC."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KnownPeer:
    """An application entity that may call, and that can be sent to where its port is known.

    ae_title: unique.
    host: a name or address; empty where only its title is known.
    port: 0 where we do not know it: it may call us, we cannot call it.
    """

    ae_title: str
    host: str = ""
    port: int = 0


@dataclass(frozen=True, slots=True)
class RefusedCaller:
    """A calling AE title that was not known. (ae_title, host) is the key; count: refusals so far."""

    ae_title: str
    host: str
    last_seen_s: int
    count: int
