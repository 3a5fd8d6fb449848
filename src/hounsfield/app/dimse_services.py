"""The DIMSE service classes of the archive process, beyond verification and storage."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from hounsfield.app.bootstrap import Owning
from hounsfield.app.settings import Settings
from hounsfield.archive.reader import PackReader
from hounsfield.index.reader import IndexReader
from hounsfield.servers.dimse.service import Service
from hounsfield.services.retrieve import Retrieve


@contextlib.contextmanager
def dimse_services(parts: Owning, settings: Settings) -> Iterator[list[Service]]:
    """In the order in which they are asked for a presentation context."""
    packs = PackReader(settings.packs_dir)
    try:
        Retrieve(IndexReader(parts.database), packs)
        yield []
    finally:
        packs.close()
