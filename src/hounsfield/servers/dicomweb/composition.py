"""The service put together: which resource has which handler."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hounsfield.codecs.pool import CodecPool
from hounsfield.model.errors import Unavailable
from hounsfield.servers.dicomweb.application import ROOT, DICOMWeb
from hounsfield.servers.dicomweb.change_feed import ChangeFeed
from hounsfield.servers.dicomweb.commitments import commitment_routes
from hounsfield.servers.dicomweb.cors import NO_CORS, Cors
from hounsfield.servers.dicomweb.decisions import Decisions
from hounsfield.servers.dicomweb.performed_steps import performed_step_routes
from hounsfield.servers.dicomweb.rendering.pictures import Pictures
from hounsfield.servers.dicomweb.rendering.rendered import Rendered
from hounsfield.servers.dicomweb.rendering.video import VideoEncoder
from hounsfield.servers.dicomweb.retrieve.all_bulk_data import AllBulkData
from hounsfield.servers.dicomweb.retrieve.bulk_data import BulkData
from hounsfield.servers.dicomweb.retrieve.frames import Frames, random_boundary
from hounsfield.servers.dicomweb.retrieve.metadata import Metadata
from hounsfield.servers.dicomweb.retrieve.metadata_xml import MetadataXML
from hounsfield.servers.dicomweb.retrieve.objects import Objects
from hounsfield.servers.dicomweb.retrieve.outgoing import OutgoingObjects
from hounsfield.servers.dicomweb.retrieve.studies_archive import StudiesArchive
from hounsfield.servers.dicomweb.retrieve.wado_uri import WADO_URI, WadoURI
from hounsfield.servers.dicomweb.routing import Route
from hounsfield.servers.dicomweb.search.qido import Qido
from hounsfield.servers.dicomweb.store.stow import Stow, UploadLimits
from hounsfield.servers.dicomweb.ups.composition import Worklist, notifications, worklist_routes
from hounsfield.servers.dicomweb.work import Work
from hounsfield.services.changes import Changes
from hounsfield.services.delete import Decide
from hounsfield.services.guard import AccessCheck
from hounsfield.services.header_attributes import HeaderAttributes
from hounsfield.services.metadata import SeriesMetadata
from hounsfield.services.performed_steps import PerformedSteps
from hounsfield.services.retrieve import Retrieve
from hounsfield.services.rewrite import Rewriter
from hounsfield.services.search import Search
from hounsfield.services.store import FileStore
from hounsfield.services.verified_ranges import VerifiedRanges
from hounsfield.services.web_commitments import WebCommitments

MOST_REWRITTEN_BYTES = 8 << 30
"""Of a stored object that goes out in another transfer syntax: no native one is longer. It is mapped, not held."""


def _nowhere_to_decide(_record: Mapping[str, Any]) -> None:
    raise Unavailable("this service was given no archive in which to decide")


@dataclass(frozen=True, slots=True)
class Parts:
    """What the service works with.

    executor: threads for reading. upload_executor: threads for storing, apart, so that slow disks do not keep readers waiting.
    quick_in_loop: whether index look-ups run in the event loop: True for SQLite, False for a database server.
    cors: which pages of other origins may read answers. access_log: whether every request is logged.
    decide: takes decisions to delete, to reject and to restore.
    spool_dir: where bulk data of an upload waits for the rest of it; None: the system's folder for temporary files.
    worklist, commitments, performed_steps: without them, their resources are not offered.
    ffmpeg_path: of the site's own ffmpeg; empty where it has none: then there are no videos.
    """

    store: FileStore
    search: Search
    retrieve: Retrieve
    documents: SeriesMetadata
    codecs: CodecPool
    guard: AccessCheck
    executor: Executor
    upload_executor: Executor
    quick_in_loop: bool = True
    upload_limits: UploadLimits = field(default_factory=UploadLimits)
    new_boundary: Callable[[], str] = random_boundary
    cors: Cors = NO_CORS
    access_log: bool = False
    decide: Decide = _nowhere_to_decide
    spool_dir: Path | None = None
    worklist: Worklist | None = None
    commitments: WebCommitments | None = None
    performed_steps: PerformedSteps | None = None
    ffmpeg_path: str = ""


def dicomweb_application(parts: Parts, root: str = ROOT) -> DICOMWeb:
    """An ASGI application for all below `root`."""
    work = Work(parts.executor, quick_in_loop=parts.quick_in_loop)
    stow = Stow(parts.store, parts.upload_executor, parts.codecs, parts.upload_limits, parts.spool_dir)
    qido = Qido(parts.search, HeaderAttributes(parts.retrieve, root), work, parts.new_boundary)
    pictures = Pictures(parts.retrieve, parts.codecs)
    retrieve, documents, new_boundary = parts.retrieve, parts.documents, parts.new_boundary
    ranges = VerifiedRanges(retrieve.packs)
    rewriter = Rewriter(retrieve, retrieve.packs, parts.codecs, MOST_REWRITTEN_BYTES)
    metadata = Metadata(retrieve, documents, work, MetadataXML(documents, work, new_boundary))
    frames = Frames(retrieve, pictures, work, new_boundary)
    video = VideoEncoder(parts.ffmpeg_path) if parts.ffmpeg_path else None
    rendered = Rendered(retrieve, pictures, work, new_boundary, video)
    bulk_data = BulkData(retrieve, documents, ranges, frames, work, new_boundary)
    all_bulk_data = AllBulkData(retrieve, documents, bulk_data, frames, work, new_boundary)
    outgoing = OutgoingObjects(retrieve, rewriter, pictures, ranges, work)
    objects = Objects(retrieve, outgoing, all_bulk_data, work, new_boundary)
    wado_uri = WadoURI(retrieve, objects, pictures, work)
    decisions = Decisions(parts.decide, work)
    feed = ChangeFeed(Changes(parts.retrieve.reader), work)
    study, series = "studies/{study}", "studies/{study}/series/{series}"
    instance = "studies/{study}/series/{series}/instances/{instance}"
    routes = [
        Route("POST", "studies", stow.store_instances),
        Route("POST", study, stow.store_instances),
        Route("GET", "studies", qido.studies),
        Route("GET", "series", qido.series),
        Route("GET", "instances", qido.instances),
        Route("GET", f"{study}/series", qido.series),
        Route("GET", f"{study}/instances", qido.instances),
        Route("GET", f"{series}/instances", qido.instances),
        Route("GET", study, objects.objects),
        Route("GET", series, objects.objects),
        Route("GET", instance, objects.objects),
        Route("GET", f"{study}/metadata", metadata.study),
        Route("GET", f"{series}/metadata", metadata.series),
        Route("GET", f"{instance}/metadata", metadata.instance),
        Route("GET", f"{instance}/frames/{{frames}}", frames.frames),
        Route("GET", f"{instance}/rendered", rendered.instance),
        Route("GET", f"{study}/rendered", rendered.all_images),
        Route("GET", f"{series}/rendered", rendered.all_images),
        Route("GET", f"{instance}/frames/{{frames}}/rendered", rendered.frames),
        Route("GET", f"{study}/thumbnail", rendered.thumbnail),
        Route("GET", f"{series}/thumbnail", rendered.thumbnail),
        Route("GET", f"{instance}/thumbnail", rendered.thumbnail),
        Route("GET", f"{instance}/frames/{{frame}}/thumbnail", rendered.thumbnail),
        Route("GET", f"{instance}/bulkdata/{{path...}}", bulk_data.value),
        *(Route("GET", f"{level}/bulkdata", all_bulk_data.all) for level in (study, series, instance)),
        *(Route("GET", f"{level}/pixeldata", all_bulk_data.pixel_data) for level in (study, series, instance)),
        Route("GET", WADO_URI, wado_uri.instance),
        Route("GET", "archive", StudiesArchive(objects, outgoing, work).studies),
    ]
    for subject in (study, series, instance):
        routes.append(Route("DELETE", subject, decisions.delete))
        routes.append(Route("POST", f"{subject}/reject/{{code}}", decisions.reject))
        routes.append(Route("POST", f"{subject}/restore", decisions.restore))
    routes.append(Route("GET", "changes", feed.read))
    routes.append(Route("GET", "rejected", feed.rejected))
    sockets = None
    if parts.worklist is not None:
        routes += worklist_routes(parts.worklist, work)
        sockets = notifications(parts.worklist, parts.guard, parts.executor, root)
    if parts.commitments is not None:
        routes += commitment_routes(parts.commitments, work)
    if parts.performed_steps is not None:
        routes += performed_step_routes(parts.performed_steps, work)
    return DICOMWeb(routes, parts.guard, parts.executor, root, cors=parts.cors, access_log=parts.access_log, sockets=sockets)
