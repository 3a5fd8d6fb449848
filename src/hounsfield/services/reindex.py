"""Rebuild the derived tables from nothing but packs and decisions."""

from __future__ import annotations

from collections.abc import Callable

from hounsfield.archive.archive import Archive
from hounsfield.index.writer import IndexWriter
from hounsfield.services.recover import RecoveryReport, recover


def reindex(archive: Archive, writer: IndexWriter, on_progress: Callable[[int], None] = lambda _: None) -> RecoveryReport:
    """The same objects, the deleted ones still deleted; accounts, tokens and callers are left alone. Raises: Unavailable."""
    writer.clear()
    return recover(archive, writer, on_progress)
