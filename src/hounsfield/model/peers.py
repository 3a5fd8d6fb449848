"""Application entities: who they are, where they are, and what they may do here."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Permission(enum.StrEnum):
    """What a peer may do. C-ECHO is open to whoever may associate at all."""

    STORE = "store"
    QUERY = "query"
    RETRIEVE = "retrieve"
    COMMIT = "commit"
    RECEIVE = "receive"
    """Be a destination: of C-MOVE, of routing, of what a person sends."""


EVERYTHING = frozenset(Permission)


@dataclass(frozen=True, slots=True)
class Peer:
    """An application entity that may call us, and that we can call where its host and port are known.

    ae_title: unique.
    host: a name or address; empty where only its title is known.
    port: 0 where we do not know it.
    tls: whether it is called over TLS.
    transfer_syntaxes: UIDs it takes best, first choice first; empty: as stored, else Explicit or Implicit VR Little Endian.
    may: what it may do here.
    max_associations: that we open to it at once.
    """

    ae_title: str
    host: str = ""
    port: int = 0
    tls: bool = False
    transfer_syntaxes: tuple[str, ...] = ()
    may: frozenset[Permission] = EVERYTHING
    max_associations: int = 2

    @property
    def is_reachable(self) -> bool:
        """Whether we know where to call it."""
        return bool(self.host and self.port)
