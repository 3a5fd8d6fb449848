"""The jobs process: follows the feed of changes, and does what follows from it. It reads packs and index, and owns neither."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import structlog

from hounsfield.app import bootstrap
from hounsfield.app.calling import dimse_peer, tls_context_for
from hounsfield.app.children import die_with_parent, end_when_told, handed_over, say_ready, take_name
from hounsfield.app.commitments import asked_commitments
from hounsfield.app.settings import Settings
from hounsfield.app.telemetry import configure_logging
from hounsfield.archive.reader import PackReader
from hounsfield.codecs.pool import CodecPool
from hounsfield.index.arrivals import Arrivals
from hounsfield.index.database import Database
from hounsfield.index.reader import IndexReader
from hounsfield.index.retrieval import RetrievalReader
from hounsfield.jobs.port import Jobs
from hounsfield.model.errors import HounsfieldError, Unavailable
from hounsfield.peers.dimse import DimsePeer
from hounsfield.records.ended_workitems import EndedWorkitems
from hounsfield.records.workitems import WorkitemRecords
from hounsfield.services.ask_to_keep import AskToKeep
from hounsfield.services.delivery import DimseDelivery
from hounsfield.services.ended_workitems import remove_ended_steps
from hounsfield.services.following import Follower
from hounsfield.services.forward import Forward
from hounsfield.services.intake import RemoteStore
from hounsfield.services.prefetch import DimseSource, Prefetch
from hounsfield.services.prior_jobs import PREFETCH, PRIORS
from hounsfield.services.retrieve import Retrieve
from hounsfield.services.rewrite import Rewriter
from hounsfield.services.routing import Router
from hounsfield.services.send_jobs import COMMIT, SEND
from hounsfield.services.send_priors import SendPriors
from hounsfield.services.send_studies import STUDY, EnqueueStudies
from hounsfield.services.transcode import Transcode
from hounsfield.services.transcode_rules import TRANSCODE, TranscodeFollower
from hounsfield.services.transfer import Transfer
from hounsfield.services.work import Handler, Workers, places_of

LOOK_EVERY_S = 0.25
PURGE_EVERY_S = 60.0
KEPT_S = 86_400.0
"""How long one can still look at what was done."""
FORGET_EVERY_S = 3600.0
COMMAND_TIMEOUT_S = 600.0
"""A large rendition takes the archive process a while to write."""

log = structlog.get_logger()


def main() -> int:
    """Runs until SIGTERM; the exit code."""
    die_with_parent()
    take_name("pacs-jobs")
    settings = handed_over()
    configure_logging(settings, "jobs")
    stop = threading.Event()
    end_when_told(stop)
    try:
        _run(settings, stop)
    except HounsfieldError as exc:
        log.error("jobs.failed", error=type(exc).__name__, message=str(exc))
        return 1
    return 0


def _run(settings: Settings, stop: threading.Event) -> None:
    with contextlib.ExitStack() as stack:
        opened = stack.enter_context(bootstrap.database(settings))
        jobs = bootstrap.jobs_of(opened)
        given_back = jobs.release_all(settings.node)
        commitments = asked_commitments(settings)
        arrivals = Arrivals(opened)
        followers: list[Follower[Any]] = [
            Router(arrivals, jobs, bootstrap.routes_of(opened, settings).all),
            TranscodeFollower(arrivals, jobs, bootstrap.transcode_rules_of(opened).all),
        ]
        background = [
            *(threading.Thread(target=_follow, args=(one, stop), name=one.name, daemon=True) for one in followers),
            threading.Thread(target=_repeatedly, args=(lambda: _purge(jobs, stop), PURGE_EVERY_S, stop), name="purge", daemon=True),
            threading.Thread(target=_repeatedly, args=(commitments.drop_old, FORGET_EVERY_S, stop), name="forget", daemon=True),
        ]
        if settings.worklist_keep_ended_days:
            ended = EndedWorkitems(opened, WorkitemRecords(opened))
            tidy = partial(remove_ended_steps, ended, settings.worklist_keep_ended_days, stop.is_set)
            background.append(threading.Thread(target=_repeatedly, args=(tidy, FORGET_EVERY_S, stop), name="worklist", daemon=True))
        handlers: dict[str, Handler] = {
            SEND: _forward(opened, settings, jobs, stop, stack),
            PREFETCH: _prefetch(opened, settings, jobs, stop),
            PRIORS: SendPriors(jobs, IndexReader(opened), stop.is_set),
            TRANSCODE: _transcode(opened, settings, jobs, stop, stack),
            STUDY: EnqueueStudies(jobs, IndexReader(opened), stop.is_set),
            COMMIT: AskToKeep(jobs, commitments, _caller(opened, settings), stop.is_set),
        }
        workers = Workers(jobs, handlers, settings.node)
        for thread in background:
            thread.start()
        say_ready()
        log.info("jobs.ready", given_back=given_back)
        workers.run(stop)
        for thread in background:
            thread.join(LOOK_EVERY_S * 4)
        log.info("jobs.stopped")


def _forward(opened: Database, settings: Settings, jobs: Jobs, stop: threading.Event, stack: contextlib.ExitStack) -> Forward:
    reader = IndexReader(opened)
    packs = PackReader(settings.packs_dir)
    stack.callback(packs.close)
    codecs = stack.enter_context(CodecPool(settings.codec_children, settings.codec_memory_bytes))
    transfer = Transfer(RetrievalReader(opened), packs, Rewriter(Retrieve(reader, packs), packs, codecs))
    deliver = DimseDelivery(
        settings.ae_title, lambda peer: transfer.source(peer.transfer_syntaxes), lambda peer: tls_context_for(settings, peer)
    )
    return Forward(jobs, reader, bootstrap.peers_of(opened, settings).destination, deliver, stop.is_set)


def _prefetch(opened: Database, settings: Settings, jobs: Jobs, stop: threading.Event) -> Prefetch:
    return Prefetch(jobs, IndexReader(opened), _caller(opened, settings), settings.ae_title, DimseSource(), stop.is_set)


def _transcode(opened: Database, settings: Settings, jobs: Jobs, stop: threading.Event, stack: contextlib.ExitStack) -> Transcode:
    packs = PackReader(settings.packs_dir)
    stack.callback(packs.close)
    codec = stack.enter_context(CodecPool(1, settings.codec_memory_bytes))
    command = RemoteStore(settings.intake_socket, timeout_s=COMMAND_TIMEOUT_S).command
    return Transcode(jobs, Retrieve(IndexReader(opened), packs), codec, command, settings.renditions_dir, stop.is_set)


def _caller(opened: Database, settings: Settings) -> Callable[[str], DimsePeer]:
    peers = bootstrap.peers_of(opened, settings)

    def call(ae_title: str) -> DimsePeer:
        return dimse_peer(settings, peers.reachable(ae_title))

    return call


def _follow(follower: Follower[Any], stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            while follower.follow() and not stop.is_set():
                pass
        except Unavailable as exc:
            log.warning(f"{follower.name}.not_followed", error=type(exc).__name__)
        except Exception as exc:  # noqa: BLE001 - a thread's edge: what went wrong once is tried again, and following does not end silently
            log.error(f"{follower.name}.failed", error=type(exc).__name__, places=places_of(exc))
        stop.wait(LOOK_EVERY_S)


def _repeatedly(tidy: Callable[[], object], every_s: float, stop: threading.Event) -> None:
    while not stop.wait(every_s):
        try:
            tidy()
        except Unavailable as exc:
            log.warning("jobs.not_tidied", error=type(exc).__name__)
        except Exception as exc:  # noqa: BLE001 - as above
            log.error("jobs.tidying_failed", error=type(exc).__name__, places=places_of(exc))


def _purge(jobs: Jobs, stop: threading.Event) -> None:
    while jobs.purge(KEPT_S) and not stop.is_set():
        pass


if __name__ == "__main__":
    sys.exit(main())
