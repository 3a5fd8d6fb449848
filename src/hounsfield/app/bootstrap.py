"""Builds everything: the only place that knows all parts."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from hounsfield.app import locks
from hounsfield.app.settings import Settings
from hounsfield.app.site_zone import today_in
from hounsfield.archive.archive import Archive
from hounsfield.archive.member import Member
from hounsfield.archive.reader import PackReader
from hounsfield.index.arrivals import Arrivals
from hounsfield.index.database import Database
from hounsfield.index.reader import IndexReader
from hounsfield.index.retrieval import RetrievalReader
from hounsfield.index.writer import IndexWriter
from hounsfield.jobs.embedded import EmbeddedJobs
from hounsfield.jobs.port import Jobs
from hounsfield.model.errors import ConfigurationError, HounsfieldError, Unavailable
from hounsfield.model.peers import Peer
from hounsfield.records.peer_records import PeerRecords
from hounsfield.records.records import Records
from hounsfield.records.routes import RouteRecords
from hounsfield.records.transcode_rules import TranscodeRuleRecords
from hounsfield.services.accounts import Accounts
from hounsfield.services.api_tokens import ApiTokens
from hounsfield.services.callers import Callers
from hounsfield.services.delete import Decide, LocalDecisions
from hounsfield.services.following import after_rebuild, before_rebuild
from hounsfield.services.intake import RemoteStore
from hounsfield.services.peers import Peers
from hounsfield.services.priors import Priors
from hounsfield.services.recover import RecoveryReport, recover
from hounsfield.services.reindex import reindex
from hounsfield.services.rejection_notes import RejectionNotes
from hounsfield.services.retrieve import Retrieve
from hounsfield.services.routes import Routes
from hounsfield.services.routing import FOLLOWER as ROUTING
from hounsfield.services.routing import Router
from hounsfield.services.sessions import Sessions
from hounsfield.services.store import FileStore, LocalStore, StoreLimits
from hounsfield.services.transcode_rules import FOLLOWER as TRANSCODING
from hounsfield.services.transcode_rules import TranscodeFollower, TranscodeRules

AfterStart = Callable[[Settings], list[str]]
"""Runs once the server takes requests; returns lines for the person who started it."""

ARCHIVE_LOCK_WAIT_S = 20.0

FOLLOWERS = (ROUTING, TRANSCODING)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Reading:
    """What a process needs that only reads."""

    reader: IndexReader
    packs: PackReader
    retrieve: Retrieve


@dataclass(frozen=True, slots=True)
class Owning:
    """What the one process has that owns packs and derived tables."""

    database: Database
    archive: Archive
    writer: IndexWriter
    store: LocalStore
    decisions: LocalDecisions


@dataclass(frozen=True, slots=True)
class Access:
    """People, machines and their credentials."""

    accounts: Accounts
    sessions: Sessions
    tokens: ApiTokens


def prepare(settings: Settings) -> str:
    """Make the data directory and the database's schema; the first administrator's password, empty if there is one already."""
    _make_data_dir(settings)
    with locks.exclusive(settings.data_dir / "prepare.lock", wait_s=60, who="hounsfield"), access(settings) as parts:
        return "" if settings.open_access else parts.accounts.ensure_administrator() or ""


def _make_data_dir(settings: Settings) -> None:
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as exc:
        raise ConfigurationError(f"cannot make the data directory {settings.data_dir}: {exc.strerror}; choose another --data-dir") from exc


def require_archive(settings: Settings) -> None:
    """For what makes sense only where something was stored. Raises: ConfigurationError."""
    if not settings.packs_dir.is_dir():
        raise ConfigurationError(f"there is no archive in {settings.data_dir}: is it the right --data-dir?")


@contextlib.contextmanager
def database(settings: Settings) -> Iterator[Database]:
    """The database, its schema up to date."""
    _make_data_dir(settings)
    opened = Database(settings.database_address, today_in(settings.time_zone))
    try:
        opened.upgrade()
        yield opened
    finally:
        opened.close()


def access_of(opened: Database, settings: Settings) -> Access:
    """Accounts, sessions and tokens over a database."""
    records = Records(opened)
    accounts = Accounts(records, records)
    sessions = Sessions(accounts, records, records, idle_s=settings.session_idle_minutes * 60, absolute_s=settings.session_max_hours * 3600)
    return Access(accounts, sessions, ApiTokens(records))


def peers_of(opened: Database, settings: Settings) -> Peers:
    """The peers of the settings and of the database."""
    return Peers(PeerRecords(opened), [Peer(peer.ae_title, peer.host, peer.port) for peer in settings.known_peers])


def jobs_of(opened: Database) -> Jobs:
    """Durable work, kept in the same database."""
    return EmbeddedJobs(opened)


def routes_of(opened: Database, settings: Settings) -> Routes:
    """The rules by which objects go on."""
    peers = peers_of(opened, settings)
    return Routes(RouteRecords(opened), peers.destination, peers.reachable, settings.ae_title, Arrivals(opened).latest)


def transcode_rules_of(opened: Database) -> TranscodeRules:
    """The rules by which objects are kept in another transfer syntax too."""
    return TranscodeRules(TranscodeRuleRecords(opened), Arrivals(opened).latest)


def priors_of(opened: Database, settings: Settings) -> Priors:
    """What follows when a study is scheduled."""
    peers = peers_of(opened, settings)
    return Priors(jobs_of(opened), peers.destination, peers.reachable, settings.ae_title)


def callers_of(opened: Database, settings: Settings) -> Callers:
    """Who may call us by DICOM."""
    return Callers(
        peers_of(opened, settings),
        Records(opened),
        accept_any=settings.open_access,
        accept_any_from_loopback=settings.accept_any_caller,
    )


@contextlib.contextmanager
def access(settings: Settings) -> Iterator[Access]:
    """For the command line; the server may be running."""
    with database(settings) as opened:
        yield access_of(opened, settings)


@contextlib.contextmanager
def reading(settings: Settings) -> Iterator[Reading]:
    """Index and packs for reading; the server may be running."""
    with database(settings) as opened:
        packs = PackReader(settings.packs_dir)
        try:
            reader = IndexReader(opened)
            yield Reading(reader, packs, Retrieve(reader, packs))
        finally:
            packs.close()


@contextlib.contextmanager
def owning(settings: Settings) -> Iterator[Owning]:
    """Packs and derived tables for writing, recovery not yet done. Raises: ArchiveLocked while a server runs."""
    _make_data_dir(settings)
    with (
        locks.exclusive(settings.data_dir / "archive.lock", wait_s=ARCHIVE_LOCK_WAIT_S if _is_child() else 0.0, who="hounsfield"),
        database(settings) as opened,
        contextlib.ExitStack() as stack,
    ):
        reader = IndexReader(opened)
        archive = Archive(
            settings.packs_dir,
            node=settings.node,
            pack_size_bytes=settings.pack_size_bytes,
            seal_after_idle_s=settings.seal_after_idle_s,
            frame_table_of=lambda member: _frame_table_of(reader, member),
        )
        stack.callback(archive.close)
        writer = IndexWriter(opened)
        stack.callback(writer.close)
        limits = StoreLimits(settings.max_object_bytes, settings.min_free_bytes)
        decisions = LocalDecisions(archive, writer)
        notes = RejectionNotes(Retrieve(reader, archive.reader), RetrievalReader(opened), decisions.decide)
        store = LocalStore(archive, writer, limits, data_dir=settings.data_dir, stored=notes.take)
        yield Owning(opened, archive, writer, store, decisions)


def recovered(parts: Owning) -> RecoveryReport:
    """The index has caught up with the packs, also where a rebuilding was killed. Raises: Unavailable."""
    report = recover(parts.archive, parts.writer)
    after_rebuild(Arrivals(parts.database), jobs_of(parts.database), FOLLOWERS)
    return report


def rebuilt(parts: Owning, settings: Settings, on_progress: Callable[[int], None]) -> RecoveryReport:
    """The derived tables are made anew; what is there goes nowhere again, what had not gone yet still goes. Raises: Unavailable."""
    arrivals, jobs = Arrivals(parts.database), jobs_of(parts.database)
    routes, transcode_rules = routes_of(parts.database, settings), transcode_rules_of(parts.database)
    if routes.all() or transcode_rules.all():
        try:
            recover(parts.archive, parts.writer)
            Router(arrivals, jobs, routes.all).follow_to_the_end()
            TranscodeFollower(arrivals, jobs, transcode_rules.all).follow_to_the_end()
        except HounsfieldError as exc:
            # A damaged index is what rebuilding is for.
            log.warning("routing.not_followed", error=type(exc).__name__)
    before_rebuild(jobs, FOLLOWERS)
    report = reindex(parts.archive, parts.writer, on_progress)
    after_rebuild(arrivals, jobs, FOLLOWERS)
    return report


def _frame_table_of(reader: IndexReader, member: Member) -> bytes | None:
    location = member.location
    with contextlib.suppress(Unavailable):
        return reader.frame_table(member.partition_id, member.names.sop_instance_uid, location.pack_id, location.offset_bytes)
    return None


def _is_child() -> bool:
    """Whether a supervisor started this process: its predecessor may just be ending."""
    import os

    from hounsfield.app.children import READY_VARIABLE

    return READY_VARIABLE in os.environ


@contextlib.contextmanager
def file_store(settings: Settings) -> Iterator[FileStore]:
    """Where to bring files: to the running server, or into the archive itself."""
    if locks.is_held(settings.data_dir / "archive.lock"):
        yield RemoteStore(settings.intake_socket)
        return
    with owning(settings) as parts:
        recovered(parts)
        yield parts.store


@contextlib.contextmanager
def deciding(settings: Settings) -> Iterator[Decide]:
    """Where to take a decision: in the running server, or in the archive itself."""
    if locks.is_held(settings.data_dir / "archive.lock"):
        remote = RemoteStore(settings.intake_socket)

        def decide(record: Mapping[str, Any]) -> None:
            remote.command("decide", record)

        yield decide
        return
    with owning(settings) as parts:
        recovered(parts)
        yield parts.decisions.decide
