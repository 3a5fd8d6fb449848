"""The HTTP worker: DICOMweb, the web API and the web app as one ASGI application."""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path
from typing import Any

from hounsfield import __version__
from hounsfield.app import bootstrap
from hounsfield.app.calling import dimse_peer
from hounsfield.app.children import die_with_parent, end_at_once_when_told, handed_over
from hounsfield.app.explained_settings import explained
from hounsfield.app.memory import give_back_now_and_then
from hounsfield.app.settings import Settings
from hounsfield.app.site_zone import today_in
from hounsfield.app.telemetry import configure_logging
from hounsfield.app.worklists import performed_steps_of, web_commitments_of, worklist_of
from hounsfield.archive.reader import PackReader
from hounsfield.codecs.pool import CodecPool
from hounsfield.index.arrivals import Arrivals
from hounsfield.index.database import Database
from hounsfield.index.holdings import Holdings
from hounsfield.index.reader import IndexReader
from hounsfield.index.usage import Usage
from hounsfield.model.origin import Origin
from hounsfield.peers.dimse import echo
from hounsfield.records.preferences import PreferenceRecords
from hounsfield.servers.dicomweb.application import ROOT
from hounsfield.servers.dicomweb.composition import Parts as DICOMWebParts
from hounsfield.servers.dicomweb.composition import dicomweb_application
from hounsfield.servers.dicomweb.cors import Cors
from hounsfield.servers.dicomweb.store.stow import UploadLimits
from hounsfield.servers.webapi.annotation_routes import AnnotationParts, add_annotation_routes
from hounsfield.servers.webapi.api import create_api
from hounsfield.servers.webapi.application import Site
from hounsfield.servers.webapi.association_routes import add_association_routes
from hounsfield.servers.webapi.bulk_routes import BulkParts, add_bulk_routes
from hounsfield.servers.webapi.health import Health, has_free_space
from hounsfield.servers.webapi.measurement_routes import add_measurement_routes
from hounsfield.servers.webapi.parts import Parts, SiteFacts
from hounsfield.servers.webapi.people_routes import PeopleParts, add_people_routes
from hounsfield.servers.webapi.preference_routes import add_preference_routes
from hounsfield.servers.webapi.routing_routes import RoutingParts, add_routing_routes
from hounsfield.servers.webapi.settings_routes import add_settings_routes
from hounsfield.servers.webapi.static_files import StaticFiles
from hounsfield.servers.webapi.storage_routes import StorageParts, add_storage_routes
from hounsfield.servers.webapi.volume_routes import add_volume_routes
from hounsfield.services.delete import delete_study
from hounsfield.services.guard import AccessCheck, Guard, OpenAccess
from hounsfield.services.intake import RemoteStore
from hounsfield.services.key_images import KeyImages
from hounsfield.services.known_objects import KnownObjects
from hounsfield.services.live_associations import ask
from hounsfield.services.made_objects import Making
from hounsfield.services.measurements import Measurements
from hounsfield.services.metadata import SeriesMetadata
from hounsfield.services.preferences import Preferences
from hounsfield.services.queues import Queues
from hounsfield.services.report_documents import ReportDocuments
from hounsfield.services.retrieve import Retrieve
from hounsfield.services.saved_views import SavedViews
from hounsfield.services.search import Search
from hounsfield.services.send_studies import SendStudies
from hounsfield.services.storage_use import StorageUse
from hounsfield.services.volumes import Volumes
from hounsfield.services.worklist import Worklist

THREADS = 16
"""For what waits or computes, and as many for uploads; look-ups by key run in the event loop."""


def application() -> Site:
    """Called once in each worker by granian."""
    # It has nothing to finish that a dead supervisor could wait for, and a handler of signals may come too late on a busy machine.
    die_with_parent(signal.SIGKILL)
    end_at_once_when_told()  # until granian says what it does then
    settings = handed_over()
    configure_logging(settings, "web")
    sys.setswitchinterval(0.001)
    site = build(settings)
    # What is there now stays: no collection needs to go through it again.
    gc.collect()
    gc.freeze()
    give_back_now_and_then()
    return site


def build(settings: Settings) -> Site:
    """All parts of a worker over one set of settings."""
    opened = Database(settings.database_address, today_in(settings.time_zone))
    reader = IndexReader(opened)
    packs = PackReader(settings.packs_dir)
    retrieve = Retrieve(reader, packs)
    documents = SeriesMetadata(retrieve, settings.cache_dir, ROOT)
    remote = RemoteStore(settings.intake_socket)
    pool = CodecPool(settings.codec_children, settings.codec_memory_bytes)
    access = bootstrap.access_of(opened, settings)
    check: AccessCheck = OpenAccess() if settings.open_access else Guard(access.sessions, access.tokens)
    executors = [ThreadPoolExecutor(THREADS, thread_name_prefix=name) for name in ("read", "upload")]

    def decide(record: Mapping[str, Any]) -> None:
        remote.command("decide", record)

    commitments = web_commitments_of(opened, packs)
    dicomweb = dicomweb_application(
        DICOMWebParts(
            store=remote,
            search=Search(reader),
            retrieve=retrieve,
            documents=documents,
            codecs=pool,
            guard=check,
            executor=executors[0],
            upload_executor=executors[1],
            quick_in_loop=not settings.database,
            cors=Cors(frozenset(settings.cors_origins)),
            access_log=settings.access_log,
            decide=decide,
            spool_dir=settings.spool_dir,
            upload_limits=UploadLimits(max_bulk_bytes=settings.max_object_bytes, min_free_bytes=settings.min_free_bytes),
            worklist=worklist_of(opened),
            commitments=commitments,
            performed_steps=performed_steps_of(opened),
            ffmpeg_path=settings.ffmpeg_path,
        )
    )

    def delete(origin: Origin, study_instance_uid: str, reason: str) -> None:
        delete_study(decide, origin, study_instance_uid, reason)

    facts = SiteFacts(
        settings.ae_title,
        settings.host,
        settings.dicom_port,
        settings.http_port,
        __version__,
        settings.open_access,
        settings.accept_any_caller,
    )
    callers, peers = bootstrap.callers_of(opened, settings), bootstrap.peers_of(opened, settings)
    routing = RoutingParts(
        bootstrap.routes_of(opened, settings),
        Queues(bootstrap.jobs_of(opened)),
        Arrivals(opened).of_study,
        bootstrap.priors_of(opened, settings),
    )
    bulk = BulkParts(remote.command, SendStudies(bootstrap.jobs_of(opened), peers.destination), KnownObjects(Holdings(opened)))
    people = PeopleParts(access.accounts, access.tokens, check.forget)
    making = Making(retrieve, remote)
    told = explained(settings)
    worklist = Worklist(reader)
    use = StorageUse(Usage(opened), settings.cache_dir / "storage-use.json")
    storage = StorageParts(worklist.statistics, use, settings.data_dir, settings.min_free_bytes)
    health = Health(
        {
            "index": lambda: opened.fetch("SELECT 1") is not None,
            "archive": lambda: remote.command("ping", {}) == "pong",
            "space": has_free_space(settings.data_dir, settings.min_free_bytes),
        }
    )
    return Site(
        api=create_api(
            Parts(check, access.sessions, callers, worklist, delete, facts, peers, lambda peer: echo(dimse_peer(settings, peer))),
            lambda app: add_routing_routes(app, routing),
            lambda app: add_bulk_routes(app, bulk),
            lambda app: add_people_routes(app, people),
            lambda app: add_association_routes(app, lambda: ask(remote.command)),
            lambda app: add_preference_routes(app, Preferences(PreferenceRecords(opened))),
            lambda app: add_storage_routes(app, storage),
            lambda app: add_settings_routes(app, told),
            lambda app: add_measurement_routes(app, Measurements(making)),
            lambda app: add_annotation_routes(app, AnnotationParts(KeyImages(making), SavedViews(making), ReportDocuments(making))),
            lambda app: add_volume_routes(app, Volumes(documents)),
        ),
        dicomweb=dicomweb,
        static=StaticFiles(static_folder()),
        health=health,
        on_shutdown=[health.close, use.close, commitments.close, pool.close, packs.close, opened.close],
    )


def static_folder() -> Path:
    """Where the built web app lies, in a checkout and in an installed wheel alike."""
    return Path(str(resources.files("hounsfield.servers.webapi") / "static"))
