"""How much is stored, of what, since when, and how much room is left; for administrators."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI

from hounsfield.model.origin import Origin
from hounsfield.model.worklist import Statistics
from hounsfield.servers.webapi.parts import AdministratorOrigin
from hounsfield.servers.webapi.schemas import Answer, iso_time
from hounsfield.services.storage_use import Share, StorageFigures, StorageUse


class ShareAnswer(Answer):
    """A part of what is stored. name: a modality, or a month such as `2026-11` (UTC)."""

    name: str
    instances: int
    bytes_stored: int

    @classmethod
    def of(cls, share: Share) -> ShareAnswer:
        """Of a figure."""
        return cls(name=share.name, instances=share.instances, bytes_stored=share.bytes_stored)


class CountedAnswer(Answer):
    """What was counted in the background. counted_at: when. months: those with arrivals, in order."""

    counted_at: str
    modalities: list[ShareAnswer]
    months: list[ShareAnswer]

    @classmethod
    def of(cls, figures: StorageFigures) -> CountedAnswer:
        """Of what was counted."""
        return cls(
            counted_at=iso_time(round(figures.counted_at_s * 1000)),
            modalities=[ShareAnswer.of(share) for share in figures.modalities],
            months=[ShareAnswer.of(share) for share in figures.months],
        )


class StorageAnswer(Answer):
    """Totals as of now, room on the disk, and how the totals divide; `counted` is null until they have been counted once.

    disk_free_bytes: below `min_free_bytes` objects are refused.
    """

    studies: int
    series: int
    instances: int
    bytes_stored: int
    disk_total_bytes: int
    disk_free_bytes: int
    min_free_bytes: int
    counted: CountedAnswer | None


@dataclass(frozen=True, slots=True)
class StorageParts:
    """What this handler works with. data_dir: on the disk whose room is told."""

    totals: Callable[[Origin], Statistics]
    use: StorageUse
    data_dir: Path
    min_free_bytes: int


def add_storage_routes(app: FastAPI, parts: StorageParts) -> None:
    """`/api/storage`."""

    @app.get("/api/storage")
    def read_storage(origin: AdministratorOrigin) -> StorageAnswer:
        totals, disk = parts.totals(origin), shutil.disk_usage(parts.data_dir)
        figures = parts.use.figures(origin.principal.partition_id)
        return StorageAnswer(
            studies=totals.studies,
            series=totals.series,
            instances=totals.instances,
            bytes_stored=totals.bytes_stored,
            disk_total_bytes=disk.total,
            disk_free_bytes=disk.free,
            min_free_bytes=parts.min_free_bytes,
            counted=None if figures is None else CountedAnswer.of(figures),
        )
