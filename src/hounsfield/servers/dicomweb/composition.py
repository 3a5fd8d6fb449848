"""The service put together: which resource has which handler."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field

from hounsfield.codecs.pool import CodecPool
from hounsfield.servers.dicomweb.application import ROOT, DICOMWeb
from hounsfield.servers.dicomweb.bulk_data import BulkData
from hounsfield.servers.dicomweb.frames import Frames, random_boundary
from hounsfield.servers.dicomweb.metadata import Metadata
from hounsfield.servers.dicomweb.objects import Objects
from hounsfield.servers.dicomweb.pictures import Pictures
from hounsfield.servers.dicomweb.qido import Qido
from hounsfield.servers.dicomweb.rendered import Rendered
from hounsfield.servers.dicomweb.routing import Route
from hounsfield.servers.dicomweb.stow import Stow, UploadLimits
from hounsfield.servers.dicomweb.video import VideoEncoder
from hounsfield.servers.dicomweb.work import Work
from hounsfield.services.guard import AccessCheck
from hounsfield.services.metadata import SeriesMetadata
from hounsfield.services.retrieve import Retrieve
from hounsfield.services.search import Search
from hounsfield.services.store import FileStore
from hounsfield.services.transcode import Transcoder


@dataclass(frozen=True, slots=True)
class Parts:
    """What the service works with.

    executor: threads for reading. upload_executor: threads for storing, apart, so that slow disks do not keep readers waiting.
    quick_in_loop: whether index look-ups run in the event loop: True for SQLite, False for a database server.
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
    ffmpeg_path: str = ""


def dicomweb_application(parts: Parts, root: str = ROOT) -> DICOMWeb:
    """An ASGI application for all below `root`."""
    work = Work(parts.executor, quick_in_loop=parts.quick_in_loop)
    stow = Stow(parts.store, parts.upload_executor, parts.upload_limits)
    qido = Qido(parts.search, work)
    pictures = Pictures(parts.retrieve, parts.codecs)
    objects = Objects(parts.retrieve, Transcoder(parts.retrieve, parts.codecs.decode), work, parts.new_boundary)
    metadata = Metadata(parts.retrieve, parts.documents, work)
    frames = Frames(parts.retrieve, pictures, work, parts.new_boundary)
    video = VideoEncoder(parts.ffmpeg_path) if parts.ffmpeg_path else None
    rendered = Rendered(parts.retrieve, pictures, work, parts.new_boundary, video)
    bulk_data = BulkData(parts.retrieve, frames, work, parts.new_boundary)
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
    ]
    return DICOMWeb(routes, parts.guard, parts.executor, root)
