"""Say how far studies have been read, and how urgent they are: it changes too often for a decision (ADR 0021)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hounsfield.index.writer import IndexWriter
from hounsfield.model.errors import InvalidInput
from hounsfield.model.identifiers import parse_uid
from hounsfield.model.origin import Origin, Role
from hounsfield.model.reading import Mark, ReadingPriority, ReadingStatus
from hounsfield.services.accounts import require

COMMAND = "mark"
MOST_STUDIES = 500

Send = Callable[[str, Mapping[str, Any]], Any]
"""Hands a command to the archive process, which writes the index; `services.intake.RemoteStore.command`."""


def mark_studies(
    send: Send, origin: Origin, study_instance_uids: Sequence[str], status: ReadingStatus | None, priority: ReadingPriority | None
) -> int:
    """How many of the studies are here and are now as was said. Raises: AccessDenied, InvalidInput, InvalidUID, Unavailable."""
    require(origin.principal, Role.EDITOR)
    if status is None and priority is None:
        raise InvalidInput("say a status, or a priority, or both")
    if not 1 <= len(study_instance_uids) <= MOST_STUDIES:
        raise InvalidInput(f"1 to {MOST_STUDIES} studies at once")
    arguments = {
        "partition_id": origin.principal.partition_id,
        "studies": [parse_uid(uid) for uid in dict.fromkeys(study_instance_uids)],
        "status": status,
        "priority": priority,
        "principal": origin.principal.name,
    }
    return int(send(COMMAND, arguments))


def marking(writer: IndexWriter) -> Callable[[Mapping[str, Any]], int]:
    """The command's other end, in the archive process."""

    def mark(arguments: Mapping[str, Any]) -> int:
        status, priority = arguments["status"], arguments["priority"]
        return writer.mark(
            Mark(
                int(arguments["partition_id"]),
                tuple(arguments["studies"]),
                None if status is None else ReadingStatus(status),
                None if priority is None else ReadingPriority(priority),
                str(arguments["principal"]),
            )
        )

    return mark
