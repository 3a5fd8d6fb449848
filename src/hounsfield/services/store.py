"""Bring objects into the archive: the only write path (C-STORE, STOW-RS, import and everything else).

`LocalStore` runs in the archive process, which owns the packs and the derived tables. `services.intake.RemoteStore` has the
same interface and hands the bytes to it from other processes.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

from hounsfield.archive.archive import Archive
from hounsfield.archive.incoming import Incoming
from hounsfield.archive.member import MemberNames
from hounsfield.dicom.header import scan
from hounsfield.dicom.part10 import build_prefix
from hounsfield.dicom.transfer_syntaxes import transfer_syntax
from hounsfield.index.entry import IndexEntry
from hounsfield.index.writer import IndexWriter, KnownInstance
from hounsfield.model.entities import ObjectAttributes
from hounsfield.model.errors import InvalidUID, MismatchedIdentifiers, ObjectTooLarge, OutOfSpace, UnreadableObject
from hounsfield.model.identifiers import parse_uid
from hounsfield.model.identity import Judgement
from hounsfield.model.origin import Origin
from hounsfield.model.outcomes import StoreOutcome, StoreResult
from hounsfield.model.overlay import NO_OVERLAY, NO_TREATMENT, Overlay, Treatment
from hounsfield.services.coercion import Header, coerced, goes_out_as
from hounsfield.services.file_head import FileHead

Buffer = bytes | bytearray | memoryview

SHORT_BYTES: Final = 1 << 20
"""Of a data set whose header is read in one go while others wait; a longer one may take a while."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a C-STORE request says of the data set that follows (PS3.7 9.1.1). treatment: what the caller's objects are subject to."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    treatment: Treatment = NO_TREATMENT


class Reception(Protocol):
    """One object on its way in; leaving the context without `finish` leaves no trace of it."""

    def write(self, data: Buffer) -> None:
        """The next bytes. Raises: ObjectTooLarge, OutOfSpace, PackUnavailable."""

    def finish(self) -> StoreResult:
        """Returns once the object is durable and indexed. Raises: InvalidInput, Unavailable."""

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...


class FileStore(Protocol):
    """Where files are brought to."""

    def receive_file(self, origin: Origin, study_instance_uid: str = "", treatment: Treatment = NO_TREATMENT) -> Reception:
        """A Part 10 file, or a bare data set; its preamble and file meta information are kept as they came.

        study_instance_uid: where given, `finish` raises MismatchedIdentifiers for an object of another study (PS3.18 10.5.1.1).
        treatment: what the objects of whoever it comes from are subject to.
        """


class Store(FileStore, Protocol):
    """Where data sets without file meta information are brought to as well."""

    def receive(self, origin: Origin, envelope: Envelope) -> Reception:
        """Raises: InvalidInput, Unavailable."""


@dataclass(frozen=True, slots=True)
class StoreLimits:
    """max_object_bytes: of one data set. min_free_bytes: below it on the archive's file system, nothing more is taken."""

    max_object_bytes: int = 64 << 30
    min_free_bytes: int = 0


def _nothing_more(origin: Origin, result: StoreResult) -> None:
    """Storing an object is all that is done with it."""


class LocalStore:
    """The store of the process that owns the archive.

    stored: told of every object before its sender is; what it raises, the sender is told instead.
    """

    def __init__(
        self,
        archive: Archive,
        writer: IndexWriter,
        limits: StoreLimits | None = None,
        *,
        data_dir: Path | None = None,
        stored: Callable[[Origin, StoreResult], None] = _nothing_more,
    ) -> None:
        self.stored = stored
        self.archive = archive
        self.writer = writer
        self.limits = limits or StoreLimits()
        self._data_dir = data_dir
        self._last_series: dict[tuple[str, str], str] = {}
        self._lock = threading.Lock()

    def receive(self, origin: Origin, envelope: Envelope) -> Reception:
        try:
            sop_instance_uid = parse_uid(envelope.sop_instance_uid)
        except InvalidUID as exc:
            raise MismatchedIdentifiers(f"Affected SOP Instance UID: {exc}") from exc
        prefix = build_prefix(envelope.sop_class_uid, sop_instance_uid, envelope.transfer_syntax_uid, origin.calling_ae_title)
        return DataSetReception(self, origin, prefix, envelope.transfer_syntax_uid, sop_instance_uid, treatment=envelope.treatment)

    def receive_file(self, origin: Origin, study_instance_uid: str = "", treatment: Treatment = NO_TREATMENT) -> Reception:
        return FileReception(self, origin, study_instance_uid, treatment)

    def require_room(self) -> None:
        """Raises: OutOfSpace while the disk is as good as full; reading goes on meanwhile."""
        self.require_room_for(0)

    def require_room_for(self, length_bytes: int) -> None:
        """Raises: OutOfSpace where the disk would be as good as full with so many bytes more."""
        if self._data_dir is None or not self.limits.min_free_bytes:
            return
        status = os.statvfs(self._data_dir)
        if status.f_bavail * status.f_frsize < self.limits.min_free_bytes + length_bytes:
            raise OutOfSpace(f"less than {self.limits.min_free_bytes >> 20} MiB are free on the archive's disk")

    def affinity(self, origin: Origin) -> str:
        """The series this sender brought last: its next object is likely of the same one and wants the same pack."""
        return self._last_series.get((origin.host, origin.calling_ae_title), "")

    def remember(self, origin: Origin, series_instance_uid: str) -> None:
        """Note the series a sender is bringing."""
        key = (origin.host, origin.calling_ae_title)
        if self._last_series.get(key) == series_instance_uid:
            return
        with self._lock:
            if len(self._last_series) > 1000:
                self._last_series.clear()
            self._last_series[key] = series_instance_uid


class DataSetReception:
    """A data set whose transfer syntax is known before its first byte."""

    def __init__(
        self,
        store: LocalStore,
        origin: Origin,
        prefix: bytes,
        transfer_syntax_uid: str,
        sop_instance_uid: str = "",
        study_instance_uid: str = "",
        treatment: Treatment = NO_TREATMENT,
    ) -> None:
        self._treatment = treatment
        self._store = store
        self._origin = origin
        self._transfer_syntax_uid = transfer_syntax_uid
        self._sop_instance_uid = sop_instance_uid
        self._study_instance_uid = study_instance_uid
        self._room_bytes = store.limits.max_object_bytes
        store.require_room()
        self._incoming: Incoming = store.archive.receive(
            prefix, affinity=store.affinity(origin), largest_overlay=treatment.largest_overlay if treatment else b""
        )

    def __enter__(self) -> Self:
        self._incoming.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._incoming.__exit__(kind, error, trace)

    def write(self, data: Buffer) -> None:
        self._room_bytes -= len(data)
        if self._room_bytes < 0:
            raise ObjectTooLarge(f"more than {self._store.limits.max_object_bytes} bytes in one object")
        self._incoming.write(data)

    def finish(self) -> StoreResult:
        result = self._finish()
        self._store.stored(self._origin, result)
        return result

    def _finish(self) -> StoreResult:
        incoming, store = self._incoming, self._store
        view, digest = incoming.view(), incoming.digests().data_set_sha256
        is_short = incoming.data_set_length_bytes <= SHORT_BYTES and not transfer_syntax(self._transfer_syntax_uid).deflated
        with store.writer.turn if is_short else contextlib.nullcontext():
            scanned = scan(view, self._transfer_syntax_uid)
            attributes, overlay = scanned.attributes, NO_OVERLAY
            self._require_named(attributes)
            if self._treatment:
                header = Header.of(view, scanned.header_length_bytes, self._transfer_syntax_uid)
                attributes, overlay = coerced(header, self._treatment, attributes)
            known = store.writer.find(self._origin.principal.partition_id, attributes.instance.sop_instance_uid)
            before = self._judged_before(known, attributes, digest, overlay)
            table = scanned.frame_table.to_bytes()
        if before is not None:
            return self._answer(attributes, *before)
        if known is not None and known.overlay and self._comes_back(known, attributes, digest):
            return self._answer(attributes, Judgement(StoreOutcome.DUPLICATE), NO_OVERLAY)
        stored = incoming.commit(
            MemberNames(
                partition_id=self._origin.principal.partition_id,
                study_instance_uid=attributes.study.study_instance_uid,
                series_instance_uid=attributes.series.series_instance_uid,
                sop_instance_uid=attributes.instance.sop_instance_uid,
                transfer_syntax_uid=self._transfer_syntax_uid,
                source=self._origin.calling_ae_title or self._origin.protocol.value,
            ),
            header_length_bytes=scanned.header_length_bytes,
            frame_table=table,
            overlay=overlay.to_bytes(),
        )
        verdict = store.writer.add(IndexEntry(stored, attributes, scanned.header_length_bytes, table))
        store.remember(self._origin, attributes.series.series_instance_uid)
        return self._answer(attributes, verdict, overlay)

    def _require_named(self, attributes: ObjectAttributes) -> None:
        """Raises: MismatchedIdentifiers."""
        if self._sop_instance_uid and attributes.instance.sop_instance_uid != self._sop_instance_uid:
            raise MismatchedIdentifiers("the SOP Instance UID in the data set is not the one in the request")
        if self._study_instance_uid and attributes.study.study_instance_uid != self._study_instance_uid:
            raise MismatchedIdentifiers("the Study Instance UID in the data set is not the one in the request")

    def _judged_before(
        self, known: KnownInstance | None, attributes: ObjectAttributes, data_set_sha256: bytes, overlay: Overlay
    ) -> tuple[Judgement, Overlay] | None:
        """What was said of the very same object when it came before, and the overlay that its sender is told; None where it is new."""
        if (
            known is not None
            and known.data_set_sha256 == data_set_sha256
            and known.transfer_syntax_uid == self._transfer_syntax_uid
            and known.study_instance_uid == attributes.study.study_instance_uid
        ):
            # Who has no rules was told that nothing is coerced, also where the object counts as the rules of another had it.
            counts = Overlay.from_bytes(bytes(known.overlay or b"")) if self._treatment.rules else NO_OVERLAY
            return Judgement(StoreOutcome.DUPLICATE), counts
        aside = self._store.writer.find_aside(self._origin.principal.partition_id, attributes, data_set_sha256)
        return None if aside is None else (aside, overlay)

    def _comes_back(self, known: KnownInstance, attributes: ObjectAttributes, data_set_sha256: bytes) -> bool:
        """Whether this is what we hand out under its UID, coerced when it was stored: somebody sends it back."""
        if (known.transfer_syntax_uid, known.study_instance_uid) != (self._transfer_syntax_uid, attributes.study.study_instance_uid):
            return False
        held = self._store.writer.held(self._origin.principal.partition_id, attributes.instance.sop_instance_uid)
        if held is None or not held.stored.overlay:
            return False
        return goes_out_as(self._store.archive.reader, held, self._incoming.data_set_length_bytes, data_set_sha256)

    @staticmethod
    def _answer(attributes: ObjectAttributes, judgement: Judgement, overlay: Overlay) -> StoreResult:
        return StoreResult(
            judgement.outcome,
            attributes.instance.sop_class_uid,
            attributes.instance.sop_instance_uid,
            attributes.series.series_instance_uid,
            attributes.study.study_instance_uid,
            judgement.reason,
            tuple(dict.fromkeys(rule.attribute for rule in overlay.rules)),
        )


class FileReception:
    """A file as it lies on a disk: where its data set begins is found in its first bytes."""

    def __init__(self, store: LocalStore, origin: Origin, study_instance_uid: str, treatment: Treatment) -> None:
        self._store = store
        self._origin = origin
        self._named = (study_instance_uid, treatment)
        self._head: FileHead | None = FileHead()
        self._reception: DataSetReception | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._reception is not None:
            self._reception.__exit__(kind, error, trace)

    def write(self, data: Buffer) -> None:
        if self._reception is not None:
            self._reception.write(data)
        elif self._head is not None and self._head.feed(data):
            self._begin(self._head)

    def finish(self) -> StoreResult:
        if self._reception is None:
            if self._head is None or not self._head.received_bytes:
                raise UnreadableObject("empty: there is no DICOM object here")
            self._begin(self._head)
        assert self._reception is not None
        return self._reception.finish()

    def _begin(self, head: FileHead) -> None:
        parts = head.split()
        reception = DataSetReception(self._store, self._origin, parts.prefix, parts.transfer_syntax_uid, "", *self._named)
        self._reception = reception.__enter__()
        self._head = None
        reception.write(parts.data_set)
