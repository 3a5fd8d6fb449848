"""The archive process: owns packs and derived tables, listens for DICOM and for this machine's other processes."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from hounsfield.app import bootstrap
from hounsfield.app.calling import tls_of_listener
from hounsfield.app.children import die_with_parent, end_when_told, handed_over, say_ready, take_name
from hounsfield.app.dimse_services import dimse_services
from hounsfield.app.memory import give_back
from hounsfield.app.settings import Settings
from hounsfield.app.telemetry import configure_logging
from hounsfield.app.token_trust import web_tokens
from hounsfield.model.errors import HounsfieldError, Unavailable
from hounsfield.model.identifiers import AETitle
from hounsfield.network.limits import AssociationLimits
from hounsfield.network.registry import AssociationRegistry
from hounsfield.network.tls import ServerTls
from hounsfield.records.records import Records
from hounsfield.records.workitems import WorkitemRecords
from hounsfield.servers.dimse.server import DimseServer
from hounsfield.servers.dimse.service import Service
from hounsfield.servers.dimse.storage import StoragePolicy
from hounsfield.servers.intake.server import IntakeServer
from hounsfield.services.keep_rendition import COMMAND, KeepRendition
from hounsfield.services.live_associations import ASSOCIATIONS, told
from hounsfield.services.mark_studies import COMMAND as MARK
from hounsfield.services.mark_studies import marking
from hounsfield.services.workitems import Workitems

log = structlog.get_logger()

MAINTENANCE_EVERY_S = 15.0
SWITCH_INTERVAL_S = 0.00002
"""One thread's burst of Python must not hold up the others' answers for the interpreter's usual 5 ms."""


def main() -> int:
    """Runs until SIGTERM; the exit code."""
    die_with_parent()
    take_name("pacs-archive")
    settings = handed_over()
    configure_logging(settings, "archive")
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    stop = threading.Event()
    end_when_told(stop)
    try:
        _run(settings, stop)
    except HounsfieldError as exc:
        log.error("archive.failed", error=type(exc).__name__, message=str(exc))
        return 1
    return 0


def _run(settings: Settings, stop: threading.Event) -> None:
    with bootstrap.owning(settings) as parts, contextlib.ExitStack() as stack:
        report = bootstrap.recovered(parts)
        for line in report.unreadable:
            log.error("archive.not_indexed", member=line)
        log.info("archive.recovered", objects=report.objects, decisions=report.decisions)
        services = stack.enter_context(dimse_services(parts, settings))
        registry = AssociationRegistry(_limits(settings))
        intake = IntakeServer(settings.intake_socket, parts.store, _commands(parts, settings, registry))
        servers = _dimse_servers(parts, settings, services, registry)
        intake.start()
        for server in servers:
            server.start()
        Workitems(WorkitemRecords(parts.database)).announce_restart()
        say_ready()
        log.info("archive.ready", dicom_port=settings.dicom_port, tls_port=settings.tls_port if len(servers) > 1 else None)
        while not stop.wait(MAINTENANCE_EVERY_S):
            _maintain(parts)
            give_back()
        for server in servers:
            server.close()
        intake.stop()
        log.info("archive.stopped")


def _limits(settings: Settings) -> AssociationLimits:
    return AssociationLimits(
        idle_timeout_s=settings.idle_timeout_s,
        max_associations=settings.max_associations,
        max_associations_per_caller=settings.max_associations_per_peer,
    )


def _dimse_servers(
    parts: bootstrap.Owning, settings: Settings, services: Sequence[Service], registry: AssociationRegistry
) -> list[DimseServer]:
    """The plain one, and one for TLS where there is a certificate to show; they share their limits."""
    limits = _limits(settings)
    callers = bootstrap.callers_of(parts.database, settings)
    passwords = None if settings.open_access else bootstrap.access_of(parts.database, settings).accounts
    tokens = web_tokens(settings, Records(parts.database).account)

    def server(port: int, tls_context: ServerTls | None) -> DimseServer:
        return DimseServer(
            (settings.host, port),
            AETitle.parse(settings.ae_title),
            parts.store,
            callers,
            limits=limits,
            storage_policy=StoragePolicy(unknown_sop_classes=settings.accept_unknown_sop_classes),
            more_services=services,
            tls_context=tls_context,
            registry=registry,
            passwords=passwords,
            tokens=tokens,
        )

    tls = tls_of_listener(settings)
    return [server(settings.dicom_port, None)] + ([server(settings.tls_port, tls)] if tls is not None else [])


def _commands(parts: bootstrap.Owning, settings: Settings, registry: AssociationRegistry) -> dict[str, Any]:
    def decide(record: Mapping[str, Any]) -> None:
        parts.decisions.decide(record)

    def ping(_: Mapping[str, Any]) -> str:
        parts.writer.indexed_through()
        return "pong"

    def associations(_: Mapping[str, Any]) -> dict[str, Any]:
        return told(registry)

    keep = KeepRendition(parts.archive, parts.writer, settings.renditions_dir, parts.store.require_room_for)
    return {"decide": decide, "ping": ping, ASSOCIATIONS: associations, COMMAND: keep, MARK: marking(parts.writer)}


def _maintain(parts: bootstrap.Owning) -> None:
    """Seal what has grown quiet. What fails now is tried again at the next round."""
    try:
        for pack_id in parts.archive.seal_idle():
            parts.writer.pack_sealed(pack_id)
            log.info("archive.pack_sealed", pack_id=pack_id)
    except Unavailable as exc:
        log.warning("archive.maintenance_failed", error=type(exc).__name__, message=str(exc))


if __name__ == "__main__":
    sys.exit(main())
