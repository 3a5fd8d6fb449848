"""Let the index catch up with the packs: after a crash, after an older database was put back, or from nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from hounsfield.archive.archive import Archive
from hounsfield.archive.recovery import RecoveredObject
from hounsfield.dicom.buffer import Buffer
from hounsfield.dicom.frames import frames_from_bytes
from hounsfield.dicom.header import scan, scan_header
from hounsfield.index.entry import IndexEntry
from hounsfield.index.writer import IndexWriter
from hounsfield.model.entities import ObjectAttributes
from hounsfield.model.errors import HounsfieldError, UnreadableObject
from hounsfield.model.location import StoredObject
from hounsfield.model.overlay import Overlay
from hounsfield.services.coercion import Header, effective_attributes

BATCH = 400
"""Entries that share a transaction."""
BATCH_FRAME_TABLES_BYTES = 32 << 20


@dataclass(slots=True)
class RecoveryReport:
    """objects, decisions, renditions: how many were read. unreadable: members whose header could not be understood, in words."""

    objects: int = 0
    decisions: int = 0
    renditions: int = 0
    unreadable: list[str] = field(default_factory=list)


def recover(archive: Archive, writer: IndexWriter, on_progress: Callable[[int], None] = lambda _: None) -> RecoveryReport:
    """Index what the packs hold beyond what the index has seen, then apply the decisions it has not seen, then index renditions.

    Raises: Unavailable.
    """
    report = RecoveryReport()
    batch: list[IndexEntry] = []
    frame_table_bytes = 0
    for entry in _entries(archive, writer, report):
        batch.append(entry)
        frame_table_bytes += len(entry.frame_table)
        if len(batch) >= BATCH or frame_table_bytes > BATCH_FRAME_TABLES_BYTES:
            _add(writer, batch, report)
            batch, frame_table_bytes = [], 0
            on_progress(report.objects)
    _add(writer, batch, report)
    on_progress(report.objects)
    for decision in archive.decisions():
        writer.apply_decision(decision)
        report.decisions += 1
    _recover_renditions(archive, writer, report)
    return report


def _recover_renditions(archive: Archive, writer: IndexWriter, report: RecoveryReport) -> None:
    """Behind the decisions: what was made of a deleted object is left out."""
    for found in archive.renditions.recover(writer.indexed_through()):
        location = found.rendition.location
        try:
            with archive.reader.mapped(location.pack_id, location.data_set_offset_bytes, location.data_set_length_bytes) as data_set:
                table = scan(data_set, found.rendition.transfer_syntax_uid).frame_table.to_bytes()
        except UnreadableObject as exc:
            report.unreadable.append(f"pack {location.pack_id}, member {location.sequence}: {exc}")
            continue
        report.renditions += writer.add_rendition(found.rendition, found.node, table)


def _add(writer: IndexWriter, batch: list[IndexEntry], report: RecoveryReport) -> None:
    """In the order in which they lie in their packs, in as few transactions as that takes."""
    for entry, answer in zip(batch, writer.add_all(batch), strict=True):
        if isinstance(answer, UnreadableObject):
            report.unreadable.append(_named(entry.stored, answer))
        elif isinstance(answer, HounsfieldError):
            raise answer
        else:
            report.objects += 1


def _named(stored: StoredObject, error: UnreadableObject) -> str:
    return f"pack {stored.location.pack_id}, member {stored.location.sequence}: {error}"


def _entries(archive: Archive, writer: IndexWriter, report: RecoveryReport) -> Iterator[IndexEntry]:
    for found in archive.recover(writer.indexed_through()):
        try:
            attributes, header_length_bytes, table = _scan(found)
        except UnreadableObject as exc:
            report.unreadable.append(_named(found.stored, exc))
            continue
        yield IndexEntry(found.stored, attributes, header_length_bytes, table)


def _scan(found: RecoveredObject) -> tuple[ObjectAttributes, int, bytes]:
    syntax = found.stored.transfer_syntax_uid
    if found.header is not None and found.frame_table is not None:
        table = frames_from_bytes(found.frame_table) if found.frame_table else None
        attributes = scan_header(found.header, syntax, table).attributes
        return _effective(found, attributes, found.header), found.header_length_bytes, found.frame_table
    with found.read() as data_set:
        scanned = scan(data_set, syntax)
        attributes = _effective(found, scanned.attributes, data_set[: scanned.header_length_bytes])
    return attributes, scanned.header_length_bytes, scanned.frame_table.to_bytes()


def _effective(found: RecoveredObject, attributes: ObjectAttributes, header: Buffer) -> ObjectAttributes:
    if not found.stored.overlay:
        return attributes
    syntax = found.stored.transfer_syntax_uid
    return effective_attributes(Header.of(header, len(header), syntax), Overlay.from_bytes(found.stored.overlay), syntax)
