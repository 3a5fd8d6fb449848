"""What the subcommands of `hounsfield peer` that call a peer share: options, exit codes, and whom to call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from hounsfield.app import bootstrap, calling
from hounsfield.app.settings import Settings
from hounsfield.peers.dimse import DimsePeer

Title = Annotated[str, typer.Argument(metavar="AET", help="The peer's AE title.")]
OurTitle = Annotated[str | None, typer.Option("--ae-title", help="Our AE title; default: that of the settings.")]
Study = Annotated[str, typer.Option("--study", help="Study Instance UID.")]

FAILURES_SHOWN = 20
PARTLY = 3
"""Exit code where some of what was asked was done."""


@contextmanager
def called(settings: Settings, ae_title: str) -> Iterator[DimsePeer]:
    """Whom to call. Raises: PeerUnknown."""
    with bootstrap.database(settings) as database:
        peer = bootstrap.peers_of(database, settings).reachable(ae_title.strip())
    yield calling.dimse_peer(settings, peer)
