"""Which associations are open now: told by the archive process, which has them, asked by whoever shows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from hounsfield.network.registry import AssociationRegistry

ASSOCIATIONS = "associations"
"""The command of the archive process."""

MOST = 200
"""So many are told, the oldest first; the rest is counted."""


@dataclass(frozen=True, slots=True)
class LiveAssociation:
    """One association that others opened to this archive.

    since: when it was asked for, ISO 8601 UTC.
    state: `negotiating`, `established`, or how it has just ended.
    objects: stored or sent. doing: a permission (`model.peers.Permission`), `verify`, or empty before the first message.
    """

    host: str
    port: int
    calling_ae_title: str
    called_ae_title: str
    since: str
    encrypted: bool
    state: str
    objects: int
    bytes_received: int
    doing: str


@dataclass(frozen=True, slots=True)
class LiveAssociations:
    """total: all that are open, whatever number is listed."""

    total: int
    associations: tuple[LiveAssociation, ...]


def told(registry: AssociationRegistry) -> dict[str, Any]:
    """The registry as JSON."""
    records = registry.snapshot()
    listed = (
        LiveAssociation(
            record.host,
            record.port,
            record.calling_ae_title,
            record.called_ae_title,
            record.since.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            record.encrypted,
            record.state,
            record.objects,
            record.bytes_received,
            record.doing,
        )
        for record in records[:MOST]
    )
    return {"total": len(records), "associations": [asdict(one) for one in listed]}


def ask(command: Callable[[str, Mapping[str, Any]], Any]) -> LiveAssociations:
    """Inverse of `told`, over `RemoteStore.command`. Raises: Unavailable where the archive process does not answer."""
    answer = command(ASSOCIATIONS, {})
    return LiveAssociations(answer["total"], tuple(LiveAssociation(**one) for one in answer["associations"]))
