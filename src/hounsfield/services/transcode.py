"""Jobs of the kind `transcode`: an object is kept in another transfer syntax too, when that has been proved to lose nothing."""

from __future__ import annotations

import hashlib
import itertools
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import structlog

from hounsfield.codecs.describe import describe
from hounsfield.codecs.elements import read_elements
from hounsfield.codecs.encodable import is_encodable
from hounsfield.dicom.buffer import Buffer
from hounsfield.dicom.encoding import detect
from hounsfield.dicom.header import scan
from hounsfield.dicom.part10 import build_prefix, read_prefix
from hounsfield.dicom.transfer_syntaxes import transfer_syntax
from hounsfield.jobs.port import Jobs
from hounsfield.model.errors import Gone, HounsfieldError, Unavailable, UndecodablePixels, UnreadableObject
from hounsfield.model.identifiers import is_usable_uid
from hounsfield.model.jobs import Job
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.model.transcoding import SOURCES
from hounsfield.services.keep_rendition import COMMAND, mapped, offer
from hounsfield.services.pixel_value import FrameCodec
from hounsfield.services.retrieve import PIXEL_DATA_HEADER_BYTES, Retrieve
from hounsfield.services.rewrite import Rewriter
from hounsfield.services.work import until_stopping

LEASE_S = 3600.0
"""The largest objects take minutes."""

_LOSSY_IMAGE_COMPRESSION = 0x00282110
_PHOTOMETRIC = frozenset(("MONOCHROME1", "MONOCHROME2", "RGB", "YBR_FULL"))
"""Not palettes: neighbouring numbers are no neighbouring colours. Not shared chrominance: it does not stay as it was stored."""

log = structlog.get_logger()

Command = Callable[[str, Mapping[str, Any]], Any]
"""`services.intake.RemoteStore.command`."""


class Unsuitable(HounsfieldError):
    """An object that is not to be transcoded; nothing is wrong with it."""


class Transcode:
    """Answers `services.work.Handler`. One object at a time: others have the machine first.

    codec: of its own. folder: shared with the process that owns the archive, emptied here. stopping: nothing more is begun.
    """

    def __init__(
        self,
        jobs: Jobs,
        retrieve: Retrieve,
        codec: FrameCodec,
        command: Command,
        folder: Path,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._jobs = jobs
        self._retrieve = retrieve
        self._rewriter = Rewriter(retrieve, retrieve.packs, codec)
        self._codec = codec
        self._command = command
        self._folder = folder
        self._stopping = stopping
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in folder.iterdir():  # by a process that was killed
            left.unlink()

    def parallel(self, peer: str) -> int:
        """Studies at once."""
        return 1

    def __call__(self, peer: str, batch: Sequence[Job], owner: str) -> None:
        """Every job of the batch is settled or given back when this returns. Raises: IndexUnavailable; the lease then lapses."""
        for rest in until_stopping(self._jobs, batch, owner, self._stopping):
            job = rest[0]
            if job.id not in self._jobs.hold(rest, owner, LEASE_S):
                continue
            try:
                self._one(job)
            except Unavailable as exc:
                pause_s = self._jobs.pause(job.queue, str(exc))
                log.warning("transcoding.paused", error=type(exc).__name__, pause_s=round(pause_s, 1))
                self._jobs.release(rest, owner)
                return
            except (Unsuitable, Gone) as exc:
                self._jobs.discard(job, owner, str(exc))
            except HounsfieldError as exc:
                log.warning("transcoding.failed", sop_instance_uid=job.payload["instance"], reason=str(exc))
                self._jobs.fail(job, owner, str(exc), permanently=True)
            else:
                self._jobs.complete([job], owner)

    def _one(self, job: Job) -> None:
        say = job.payload
        target_uid = say["transfer_syntax"]
        found = self._retrieve.reader.instances(int(say["partition"]), say["study"], say["series"], say["instance"])
        if not found or found[0].stored.digests.data_set_sha256.hex() != say["sha256"]:
            raise Unsuitable("it was deleted or rejected, or another object counts under its UID by now")
        # As it lies in the pack: what coercion says of it is applied when it goes out.
        instance = replace(found[0], stored=replace(found[0].stored, overlay=b""))
        if self._retrieve.renditions.is_whole(instance, target_uid):
            return
        self._require_suitable(instance, target_uid)
        with tempfile.NamedTemporaryFile(dir=self._folder) as file:
            self._write(instance, target_uid, file)
            view = mapped(file)
            self._require_same_pixels(instance, target_uid, view)
            digest = hashlib.sha256(view).digest()
            kept = self._command(COMMAND, offer(instance, target_uid, Path(file.name), digest))
        if not kept:
            raise Gone("it was deleted while it was transcoded")
        log.info("transcoding.kept", sop_instance_uid=instance.sop_instance_uid, transfer_syntax_uid=target_uid)

    def _require_suitable(self, instance: StoredInstance, target_uid: str) -> None:
        stored_uid = instance.transfer_syntax_uid
        if stored_uid not in SOURCES or not self._rewriter.can(instance, target_uid):
            raise Unsuitable(f"objects of transfer syntax {stored_uid} and this size are not transcoded")
        if not all(map(is_usable_uid, (instance.study_instance_uid, instance.series_instance_uid, instance.sop_instance_uid))):
            raise Unsuitable("its UIDs are none")
        header = memoryview(self._retrieve.header(instance))
        syntax = transfer_syntax(stored_uid)
        encoding, _problem = detect(header, syntax.implicit_vr, syntax.little_endian)
        lossy = read_elements(header, encoding, frozenset((_LOSSY_IMAGE_COMPRESSION,))).get(_LOSSY_IMAGE_COMPRESSION)
        if lossy is not None and lossy.text() == "01":
            raise Unsuitable("it was compressed lossily before it came")
        frame = describe(header, stored_uid).frame(0)
        if frame.photometric_interpretation not in _PHOTOMETRIC or not is_encodable(frame, target_uid):
            raise Unsuitable(f"{frame.photometric_interpretation} of {frame.bits_stored} bits is not transcoded")

    def _write(self, instance: StoredInstance, target_uid: str, file: IO[bytes]) -> None:
        prefix: Buffer = build_prefix(instance.sop_class_uid, instance.sop_instance_uid, target_uid)
        try:
            for piece in itertools.chain((prefix,), self._rewriter.pieces(instance, target_uid)):
                file.write(piece)
            file.flush()
        except OSError as exc:
            raise Unavailable(f"a rendition cannot be written down: {exc.strerror}") from exc

    def _require_same_pixels(self, instance: StoredInstance, target_uid: str, view: memoryview) -> None:
        """Decodes what has been written, frame by frame, and the original beside it. Raises: UndecodablePixels, UnreadableObject."""
        meta = read_prefix(view)
        assert meta is not None
        data_set = view[meta.length_bytes :]
        scanned = scan(data_set, target_uid)
        if scanned.frame_table.count != instance.frames:
            raise UnreadableObject(f"{scanned.frame_table.count} of {instance.frames} frames are in the rendition")
        described = describe(data_set[: scanned.header_length_bytes + PIXEL_DATA_HEADER_BYTES], target_uid)
        original = describe(self._retrieve.header(instance), instance.transfer_syntax_uid)
        for index in range(instance.frames):
            fragments = scanned.frame_table.frame(index).fragments
            coded = b"".join(data_set[offset : offset + length] for offset, length in fragments)
            expected = self._codec.decode(self._retrieve.frame(instance, index + 1), original.frame(index))
            if self._codec.decode(coded, described.frame(index)) != expected:
                raise UndecodablePixels(f"frame {index + 1} does not decode to the samples of the original")
