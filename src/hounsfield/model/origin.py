"""Who asks, and by which way: every use case is told its origin."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from hounsfield.model.visibility import ALL_STUDIES, VisibleStudies


class Protocol(enum.StrEnum):
    """The way by which a request reached us."""

    DIMSE = "dimse"
    DICOMWEB = "dicomweb"
    WEBAPI = "webapi"
    IMPORT = "import"
    SYSTEM = "system"


class Role(enum.StrEnum):
    """What a principal may do; each role includes those before it."""

    VIEWER = "viewer"
    EDITOR = "editor"
    ADMINISTRATOR = "administrator"

    def includes(self, other: Role) -> bool:
        """Whether this role may do what `other` may."""
        order = list(Role)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody, or some machine, that has shown who it is.

    name: the account's name, the token's name or the AE title.
    """

    name: str
    role: Role
    partition_id: int = 1


SYSTEM = Principal("system", Role.ADMINISTRATOR)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from.

    host: the peer's address, empty for this machine's own jobs.
    visible: the studies that whoever asks sees.
    may_reject: whether a rejection note that comes this way is taken at its word.
    """

    protocol: Protocol
    principal: Principal
    host: str = ""
    calling_ae_title: str = ""
    called_ae_title: str = ""
    visible: VisibleStudies = ALL_STUDIES
    may_reject: bool = False
