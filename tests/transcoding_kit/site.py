"""All of one site over a data directory: store, rules, queue, transcoding and DICOMweb."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dicomweb_kit.pacs import Pacs
from hounsfield.app import bootstrap
from hounsfield.codecs.frame import DecodedFrame, EncodedFrame, FrameDescription
from hounsfield.codecs.pool import CodecPool
from hounsfield.index.arrivals import Arrivals
from hounsfield.index.reader import IndexReader
from hounsfield.jobs.port import Jobs
from hounsfield.model.jobs import Job
from hounsfield.model.origin import SYSTEM, Origin, Protocol
from hounsfield.model.overlay import NO_TREATMENT, Treatment
from hounsfield.model.routing import conditions_from
from hounsfield.model.transcoding import HTJ2K_LOSSLESS, TranscodeRule
from hounsfield.servers.dicomweb.composition import Parts, dicomweb_application
from hounsfield.services.guard import OpenAccess
from hounsfield.services.keep_rendition import COMMAND, KeepRendition
from hounsfield.services.metadata import SeriesMetadata
from hounsfield.services.retrieve import Retrieve
from hounsfield.services.search import Search
from hounsfield.services.transcode import Transcode
from hounsfield.services.transcode_rules import QUEUE, TranscodeFollower
from services.databases import settings_of

ORIGIN = Origin(Protocol.SYSTEM, SYSTEM)


class CountedPool(CodecPool):
    """calls: for frames to be decoded or encoded, so far."""

    calls = 0

    def decode(self, frame: bytes | memoryview, description: FrameDescription) -> DecodedFrame:
        self.calls += 1
        return super().decode(frame, description)

    def encode(self, frame: bytes | memoryview, description: FrameDescription, target_uid: str) -> EncodedFrame:
        self.calls += 1
        return super().encode(frame, description, target_uid)


@dataclass
class Site:
    """codec: for what goes out; made_by: for what is transcoded."""

    parts: bootstrap.Owning
    jobs: Jobs
    retrieve: Retrieve
    codec: CountedPool
    made_by: CodecPool
    pacs: Pacs
    folder: Path

    def add_rule(self, *matching: str, transfer_syntax_uid: str = HTJ2K_LOSSLESS) -> None:
        """From now on."""
        rule = TranscodeRule("rule", conditions_from(matching), transfer_syntax_uid=transfer_syntax_uid)
        bootstrap.transcode_rules_of(self.parts.database).add(ORIGIN, rule)

    def store(self, *files: bytes, treatment: Treatment = NO_TREATMENT) -> None:
        """As they are."""
        for file in files:
            with self.parts.store.receive_file(Origin(Protocol.IMPORT, SYSTEM), treatment=treatment) as reception:
                reception.write(file)
                reception.finish()

    def transcode(self, handler: Transcode | None = None) -> list[Job]:
        """All that the rules say; what became of each."""
        TranscodeFollower(
            Arrivals(self.parts.database), self.jobs, bootstrap.transcode_rules_of(self.parts.database).all
        ).follow_to_the_end()
        while batch := self.jobs.claim(QUEUE, "test", most=100, parallel=1, lease_s=60):
            (handler or self.handler(self.made_by))("htj2k", batch, "test")
        return self.jobs.find(queue=QUEUE)

    def handler(self, codec: CodecPool) -> Transcode:
        """As the jobs process has it, the command without the socket between."""
        keep = KeepRendition(self.parts.archive, self.parts.writer, self.folder, self.parts.store.require_room_for)

        def command(name: str, said: Mapping[str, Any]) -> bool:
            assert name == COMMAND
            return keep(said)

        return Transcode(self.jobs, self.retrieve, codec, command, self.folder)


@contextlib.contextmanager
def site(data_dir: Path) -> Iterator[Site]:
    """Opened, and caught up with its packs."""
    settings = settings_of(data_dir)
    with (
        bootstrap.owning(settings) as parts,
        CountedPool() as codec,
        CodecPool() as made_by,
        ThreadPoolExecutor(4) as threads,
    ):
        bootstrap.recovered(parts)
        reader = IndexReader(parts.database)
        retrieve = Retrieve(reader, parts.archive.reader)
        application = dicomweb_application(
            Parts(
                store=parts.store,
                search=Search(reader),
                retrieve=retrieve,
                documents=SeriesMetadata(retrieve, data_dir / "cache", "/dicom-web"),
                codecs=codec,
                guard=OpenAccess(),
                executor=threads,
                upload_executor=threads,
                decide=parts.decisions.decide,
            )
        )
        pacs = Pacs(application, settings.packs_dir, parts.decisions, reader, parts.store)
        yield Site(parts, bootstrap.jobs_of(parts.database), retrieve, codec, made_by, pacs, settings.renditions_dir)


def flip_a_bit(data_dir: Path) -> None:
    """In the middle of the last rendition's pixels; once more puts it back."""
    (pack,) = (settings_of(data_dir).packs_dir / "renditions").iterdir()
    content = bytearray(pack.read_bytes())
    content[len(bytes(content).rstrip(b"\0")) - 1000] ^= 1
    with pack.open("r+b") as file:
        file.write(content)
