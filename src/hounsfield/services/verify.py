"""Read every object, and every rendition, and hold it against its digests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hounsfield.archive.reader import PackReader
from hounsfield.index.reader import IndexReader
from hounsfield.model.errors import DamagedObject, PackUnavailable

PROGRESS_EVERY = 20


@dataclass(frozen=True, slots=True)
class Damage:
    """An object that is not what was received."""

    sop_instance_uid: str
    study_instance_uid: str
    reason: str


@dataclass(slots=True)
class VerificationReport:
    """verified: how many objects are whole. renditions: how many of those are; damaged_renditions: nothing is lost by these."""

    verified: int = 0
    damaged: list[Damage] = field(default_factory=list)
    renditions: int = 0
    damaged_renditions: list[Damage] = field(default_factory=list)


def verify(reader: IndexReader, packs: PackReader, on_progress: Callable[[int], None] = lambda _: None) -> VerificationReport:
    """Both SHA-256 digests and the checksum of each object and of each rendition. Raises: IndexUnavailable."""
    report = VerificationReport()
    for number, instance in enumerate(reader.all_instances(), 1):
        try:
            packs.verify(instance.stored)
            report.verified += 1
        except (DamagedObject, PackUnavailable) as exc:
            report.damaged.append(Damage(instance.sop_instance_uid, instance.study_instance_uid, str(exc)))
        if number % PROGRESS_EVERY == 0:
            on_progress(number)
    on_progress(report.verified + len(report.damaged))
    for one in reader.renditions.all():
        try:
            packs.verify(one)
            report.renditions += 1
        except (DamagedObject, PackUnavailable) as exc:
            report.damaged_renditions.append(Damage(one.sop_instance_uid, one.study_instance_uid, str(exc)))
    return report
