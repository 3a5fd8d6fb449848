"""Write studies to a folder as files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hounsfield.model.origin import SYSTEM, Origin, Protocol
from hounsfield.services.retrieve import Retrieve


def export_study(retrieve: Retrieve, study_instance_uid: str, target: Path, *, original: bool = False) -> Iterator[tuple[int, Path]]:
    """Write `target`/STUDY/SERIES/INSTANCE.dcm, each verified while it is read; yields the number of all and each path.

    original: as they were received, also where attributes were coerced.
    A file appears under its name only when it is whole. Raises: StudyNotFound, DamagedObject, PackUnavailable, OSError.
    """
    instances = retrieve.instances(Origin(Protocol.SYSTEM, SYSTEM), study_instance_uid)
    for instance in instances:
        folder = target / instance.study_instance_uid / instance.series_instance_uid
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{instance.sop_instance_uid}.dcm"
        unfinished = path.with_suffix(".part")
        try:
            with unfinished.open("wb") as file:
                for chunk in retrieve.stream(instance, original=original):
                    file.write(chunk)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
        yield len(instances), path
