"""Delete: a decision, kept beside the packs and applied to the index; bytes are reclaimed later, by compaction."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hounsfield.archive.archive import Archive
from hounsfield.index.writer import IndexWriter
from hounsfield.model.errors import InvalidInput
from hounsfield.model.identifiers import parse_uid
from hounsfield.model.origin import Origin, Role
from hounsfield.services.accounts import require

Decide = Callable[[Mapping[str, Any]], None]
"""Makes a decision durable and applies it: `LocalDecisions.decide` in the archive process, its `decide` command elsewhere."""

REASON_MAX_CHARACTERS = 1024


@dataclass(frozen=True, slots=True)
class Subject:
    """What a decision is about. series_instance_uid, sop_instance_uid: empty above their level."""

    study_instance_uid: str
    series_instance_uid: str = ""
    sop_instance_uid: str = ""

    @property
    def level(self) -> str:
        """As records of the decision pack have it."""
        return "instance" if self.sop_instance_uid else "series" if self.series_instance_uid else "study"


def delete_objects(decide: Decide, origin: Origin, subject: Subject, reason: str) -> None:
    """Delete every object of a study, series or instance that is here now, rejected ones too.

    Raises: AccessDenied, InvalidInput, NotFound, Gone, Unavailable.
    """
    decide(decision("delete", origin, subject, reason))


def delete_study(decide: Decide, origin: Origin, study_instance_uid: str, reason: str) -> None:
    """Delete every object of a study that is here now. Raises: AccessDenied, InvalidInput, StudyNotFound, Gone, Unavailable."""
    delete_objects(decide, origin, Subject(study_instance_uid), reason)


def decision(kind: str, origin: Origin, subject: Subject, reason: str) -> dict[str, Any]:
    """A record for the decision pack, not dated yet. Raises: AccessDenied, InvalidInput."""
    require(origin.principal, Role.EDITOR)
    if not reason.strip() or len(reason) > REASON_MAX_CHARACTERS:
        raise InvalidInput("say why, in at most 1024 characters: the reason is kept with the decision")
    if subject.sop_instance_uid and not subject.series_instance_uid:
        raise InvalidInput("an instance is named with its series")
    record: dict[str, Any] = {
        "kind": kind,
        "level": subject.level,
        "partition_id": origin.principal.partition_id,
        "study_instance_uid": parse_uid(subject.study_instance_uid),
    }
    if subject.series_instance_uid:
        record["series_instance_uid"] = parse_uid(subject.series_instance_uid)
    if subject.sop_instance_uid:
        record["sop_instance_uid"] = parse_uid(subject.sop_instance_uid)
    return record | {"principal": origin.principal.name, "reason": reason.strip()}


class LocalDecisions:
    """Decisions in the process that owns the archive: durable in the decision pack first, then applied to the index."""

    def __init__(self, archive: Archive, writer: IndexWriter, clock_ns: Callable[[], int] = time.time_ns) -> None:
        self._archive = archive
        self._writer = writer
        self._clock_ns = clock_ns

    def decide(self, record: Mapping[str, Any]) -> None:
        """Raises: NotFound where there is nothing to decide on; Gone, Unavailable."""
        self._writer.check_decision(record)
        dated = {**record, "decided_at_ns": self._clock_ns()}
        self._archive.decide(dated)
        self._writer.apply_decision(dated)
