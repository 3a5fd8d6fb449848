"""Let the index catch up with the packs: after a crash, after an older database was put back, or from nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from hounsfield.archive.archive import Archive
from hounsfield.archive.recovery import RecoveredObject
from hounsfield.dicom.frames import frames_from_bytes
from hounsfield.dicom.header import ScannedObject, scan, scan_header
from hounsfield.index.entry import IndexEntry
from hounsfield.index.writer import IndexWriter
from hounsfield.model.errors import UnreadableObject

PROGRESS_EVERY = 100


@dataclass(slots=True)
class RecoveryReport:
    """objects, decisions: how many were read. unreadable: members whose header could not be understood, in words."""

    objects: int = 0
    decisions: int = 0
    unreadable: list[str] = field(default_factory=list)


def recover(archive: Archive, writer: IndexWriter, on_progress: Callable[[int], None] = lambda _: None) -> RecoveryReport:
    """Index what the packs hold beyond what the index has seen, then apply the decisions it has not seen.

    Raises: Unavailable.
    """
    report = RecoveryReport()
    for entry in _entries(archive, writer, report):
        writer.add(entry)
        report.objects += 1
        if report.objects % PROGRESS_EVERY == 0:
            on_progress(report.objects)
    on_progress(report.objects)
    for decision in archive.decisions():
        writer.apply_decision(decision)
        report.decisions += 1
    return report


def _entries(archive: Archive, writer: IndexWriter, report: RecoveryReport) -> Iterator[IndexEntry]:
    for found in archive.recover(writer.indexed_through()):
        try:
            scanned, header_length_bytes, table = _scan(found)
        except UnreadableObject as exc:
            report.unreadable.append(f"pack {found.stored.location.pack_id}, member {found.stored.location.sequence}: {exc}")
            continue
        yield IndexEntry(found.stored, scanned.attributes, header_length_bytes, table)


def _scan(found: RecoveredObject) -> tuple[ScannedObject, int, bytes]:
    syntax = found.stored.transfer_syntax_uid
    if found.header is not None and found.frame_table is not None:
        table = frames_from_bytes(found.frame_table) if found.frame_table else None
        return scan_header(found.header, syntax, table), found.header_length_bytes, found.frame_table
    with found.read() as data_set:
        scanned = scan(data_set, syntax)
    return scanned, scanned.header_length_bytes, scanned.frame_table.to_bytes()
