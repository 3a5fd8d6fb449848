"""`hounsfield peer commit|announce`: ask a peer to keep a study, and tell it what can be had here."""

from __future__ import annotations

import json
import sys
import time
from typing import Annotated

import typer

from hounsfield.app import bootstrap
from hounsfield.app.commands.options import AsJson, Config, Database, DataDir, settings_from
from hounsfield.app.commands.peer_options import FAILURES_SHOWN, PARTLY, OurTitle, Study, Title, called
from hounsfield.app.commitments import asked_commitments
from hounsfield.model.commitment import Reference
from hounsfield.model.origin import SYSTEM, Origin, Protocol
from hounsfield.services.asked_commitments import AskedCommitment, AskedCommitments
from hounsfield.services.availability import announce_study

Wait = Annotated[float, typer.Option("--wait", min=0, help="Seconds to wait for the peer's result.")]

ON_THE_ASSOCIATION_S = 2.0
"""So long the result is waited for where it was asked; many report on an association of their own instead."""

LOOK_EVERY_S = 0.1


def register(application: typer.Typer) -> None:
    """Add the commands."""
    for command in (commit, announce):
        application.command()(command)


def commit(
    peer_title: Title,
    study: Study,
    wait: Wait = 30.0,
    ae_title: OurTitle = None,
    data_dir: DataDir = None,
    database: Database = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Ask a peer whether it keeps every instance of a study: Storage Commitment. It answers at once, or later to the running server."""
    settings = settings_from(config, data_dir=data_dir, database=database, ae_title=ae_title)
    with bootstrap.reading(settings) as parts:
        instances = parts.retrieve.instances(Origin(Protocol.SYSTEM, SYSTEM), study)
    references = [Reference(one.sop_class_uid, one.sop_instance_uid) for one in instances]
    commitments = asked_commitments(settings)
    with called(settings, peer_title) as peer:
        deadline = time.monotonic() + wait
        asked = _settled(commitments, commitments.ask(peer, references, wait_s=min(wait, ON_THE_ASSOCIATION_S)), deadline)
    failed = {} if asked.result is None else {one.reference.sop_instance_uid: f"{one.reason:04X}" for one in asked.result.failed}
    if as_json:
        told = {"transaction": asked.request.transaction_uid, "instances": len(references), "answered": asked.result is not None}
        sys.stdout.write(json.dumps(told | {"committed": asked.is_committed, "failed": failed}) + "\n")
    elif asked.result is None:
        sys.stdout.write(
            f"{peer.ae_title} has taken the request and not answered within {wait:g} s: its answer goes to the running server\n"
        )
    elif asked.is_committed:
        sys.stdout.write(f"{peer.ae_title} keeps all {len(references)} instances\n")
    else:
        sys.stdout.write(f"{peer.ae_title} does not keep {len(failed)} of {len(references)} instances\n")
        sys.stdout.writelines(f"  {uid}: {reason}\n" for uid, reason in list(failed.items())[:FAILURES_SHOWN])
    raise typer.Exit(0 if asked.is_committed else PARTLY if asked.result is None else 1)


def _settled(commitments: AskedCommitments, asked: AskedCommitment, deadline: float) -> AskedCommitment:
    """With its result where the running server has heard it in time."""
    while asked.result is None and time.monotonic() < deadline:
        time.sleep(min(LOOK_EVERY_S, max(0.0, deadline - time.monotonic())))
        asked = commitments.find(asked.request.transaction_uid) or asked
    return asked


def announce(
    peer_title: Title,
    study: Study,
    ae_title: OurTitle = None,
    data_dir: DataDir = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """Tell a peer that a study can be retrieved from here: Instance Availability Notification."""
    settings = settings_from(config, data_dir=data_dir, database=database, ae_title=ae_title)
    with bootstrap.reading(settings) as parts, called(settings, peer_title) as peer:
        told = announce_study(parts.retrieve, Origin(Protocol.SYSTEM, SYSTEM), study, peer)
    words = "has been told" if told.ok else f"answered {told.status:04X} {told.comment}".rstrip()
    sys.stdout.write(f"{peer.ae_title} {words}\n")
    raise typer.Exit(0 if told.ok else 1)
