"""Write studies to a folder as files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from hounsfield.codecs.capabilities import ENCODABLE
from hounsfield.codecs.loss import MEASURES, Loss
from hounsfield.model.errors import FrameNotFound, NotAcceptable, ObjectTooLarge, UndecodablePixels, UnreadableObject
from hounsfield.model.origin import SYSTEM, Origin, Protocol
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.network.transport import Buffer
from hounsfield.services.lossy import derived_file, derived_sop_instance_uid
from hounsfield.services.retrieve import Retrieve
from hounsfield.services.rewrite import NATIVE_TARGETS, Rewriter
from hounsfield.services.rewritten_file import joined, rewritten_file

TARGETS = (*NATIVE_TARGETS, *ENCODABLE, *MEASURES)
"""Transfer syntaxes in which studies are exported, beside those in which they are stored."""


@dataclass(frozen=True, slots=True)
class Recoding:
    """The transfer syntax in which objects are wanted, one of `TARGETS`; loss: of the lossy ones, None of the others."""

    rewriter: Rewriter
    transfer_syntax_uid: str
    loss: Loss | None = None


class Exported(NamedTuple):
    """One file. total: of the study. kept: why it is as it is stored though it was wanted otherwise; empty else."""

    total: int
    path: Path
    instance: StoredInstance
    kept: str = ""


def export_study(
    retrieve: Retrieve, study_instance_uid: str, target: Path, *, original: bool = False, recoding: Recoding | None = None
) -> Iterator[Exported]:
    """Write `target`/STUDY/SERIES/INSTANCE.dcm, each verified while it is read.

    original: as they were received, also where attributes were coerced.
    A file appears under its name only when it is whole. What cannot be written in the transfer syntax that is wanted is written as it is
    stored, what is stored in it as well. Raises: StudyNotFound, DamagedObject, PackUnavailable, Unavailable, OSError.
    """
    instances = retrieve.instances(Origin(Protocol.SYSTEM, SYSTEM), study_instance_uid)
    for instance in instances:
        folder = target / instance.study_instance_uid / instance.series_instance_uid
        folder.mkdir(parents=True, exist_ok=True)
        kept = ""
        if recoding is not None and recoding.transfer_syntax_uid != instance.transfer_syntax_uid:
            try:
                yield Exported(len(instances), _recoded(recoding, instance, folder), instance)
                continue
            except (UndecodablePixels, UnreadableObject, NotAcceptable, ObjectTooLarge, FrameNotFound) as exc:
                kept = str(exc)
        path = _write(folder / f"{instance.sop_instance_uid}.dcm", retrieve.stream(instance, original=original))
        yield Exported(len(instances), path, instance, kept)


def _recoded(recoding: Recoding, instance: StoredInstance, folder: Path) -> Path:
    """Raises: UndecodablePixels, UnreadableObject, NotAcceptable, ObjectTooLarge, FrameNotFound, and what ends the export."""
    if recoding.loss is not None:
        uid = derived_sop_instance_uid(instance, recoding.loss)
        return _write(folder / f"{uid}.dcm", joined(derived_file(recoding.rewriter, instance, recoding.loss)))
    if not recoding.rewriter.can(instance, recoding.transfer_syntax_uid):
        raise UndecodablePixels("there is no way to this transfer syntax" if instance.frames else "it has no frames")
    return _write(folder / f"{instance.sop_instance_uid}.dcm", rewritten_file(recoding.rewriter, instance, recoding.transfer_syntax_uid))


def _write(path: Path, pieces: Iterable[Buffer]) -> Path:
    unfinished = path.with_suffix(".part")
    try:
        with unfinished.open("wb") as file:
            for piece in pieces:
                file.write(piece)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path
