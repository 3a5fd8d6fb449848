"""Hand objects and frames out, each checked against its checksum as it is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import xxhash

from hounsfield.archive.reader import PackReader
from hounsfield.codecs.elements import read_elements
from hounsfield.dicom.compact_frames import CompactFrames
from hounsfield.dicom.deflate import inflate
from hounsfield.dicom.encoding import detect
from hounsfield.dicom.frames import FrameSpan
from hounsfield.dicom.tags import IMAGE_TYPE
from hounsfield.dicom.transfer_syntaxes import transfer_syntax
from hounsfield.index.reader import IndexReader
from hounsfield.model.errors import DamagedObject, Gone, InstanceNotFound, NotFound, SeriesNotFound, StudyNotFound
from hounsfield.model.origin import Origin
from hounsfield.model.representative import is_localizer
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.services.coercion import effective_file, effective_header
from hounsfield.services.rendition_source import RenditionSource

MOST_CANDIDATES = 4
"""Series of which the header is read to find one that is not of localizers."""

MOST_HEADER_BYTES = 1 << 20
"""A longer header is that of a multi-frame object, and none of a localizer."""

PIXEL_DATA_HEADER_BYTES = 12
"""The longest element header of Pixel Data: tag, VR, two reserved bytes, length."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A Part 10 file in two parts. prefix: preamble, prefix and file meta information."""

    prefix: memoryview
    data_set: memoryview


class Retrieve:
    """Reads what the index points at. Thread-safe."""

    def __init__(self, reader: IndexReader, packs: PackReader) -> None:
        self.reader = reader
        self.packs = packs
        self.renditions = RenditionSource(reader.renditions, packs)

    def instances(self, origin: Origin, study_instance_uid: str, series_instance_uid: str = "") -> Sequence[StoredInstance]:
        """By series and instance number; never empty. Raises: StudyNotFound, SeriesNotFound, Gone."""
        found = self.reader.instances(origin.principal.partition_id, study_instance_uid, series_instance_uid)
        if not found:
            raise self.absent(origin, study_instance_uid, series_instance_uid)
        return found

    def instance(self, origin: Origin, study_instance_uid: str, series_instance_uid: str, sop_instance_uid: str) -> StoredInstance:
        """Raises: InstanceNotFound, Gone."""
        named = (study_instance_uid, series_instance_uid, sop_instance_uid)
        found = self.reader.instances(origin.principal.partition_id, *named)
        if not found:
            raise self.absent(origin, *named)
        return found[0]

    def with_frames(
        self, origin: Origin, study_instance_uid: str, series_instance_uid: str, sop_instance_uid: str, numbers: Sequence[int]
    ) -> tuple[StoredInstance, list[FrameSpan]]:
        """An instance and where some of its frames (from 1) are. Raises: InstanceNotFound, Gone, FrameNotFound."""
        instance = self.instance(origin, study_instance_uid, series_instance_uid, sop_instance_uid)
        return instance, [self.frame_span(instance, number) for number in numbers]

    def representative(self, origin: Origin, study_instance_uid: str, series_instance_uid: str = "") -> StoredInstance:
        """The instance that stands for a study or series in a picture: of the first series that is none of localizers, if there is one.

        Raises: StudyNotFound, SeriesNotFound, Gone, PackUnavailable, DamagedObject.
        """
        named = (study_instance_uid, series_instance_uid)
        candidates = self.reader.representatives(origin.principal.partition_id, *named)
        first: StoredInstance | None = None
        for candidate, _ in zip(candidates, range(1 if series_instance_uid else MOST_CANDIDATES), strict=False):
            first = first or candidate
            if not candidate.rows:
                break
            if not is_localizer(self._image_type(candidate)):
                return candidate
        if first is None:
            raise self.absent(origin, *named)
        return first

    def _image_type(self, instance: StoredInstance) -> str:
        if transfer_syntax(instance.transfer_syntax_uid).deflated or instance.header_length_bytes > MOST_HEADER_BYTES:
            return ""
        header = memoryview(self.header(instance))
        syntax = transfer_syntax(instance.transfer_syntax_uid)
        encoding, _problem = detect(header, syntax.implicit_vr, syntax.little_endian)
        found = read_elements(header, encoding, frozenset((IMAGE_TYPE,))).get(IMAGE_TYPE)
        return "" if found is None else found.text()

    def absent(self, origin: Origin, study_instance_uid: str, series_instance_uid: str = "", sop_instance_uid: str = "") -> NotFound | Gone:
        """The error for something that is not there: rejected, deleted, or never seen."""
        if self.reader.is_rejected(origin.principal.partition_id, study_instance_uid, series_instance_uid, sop_instance_uid):
            return Gone("it was rejected; an editor can restore it")
        if self.reader.is_gone(origin.principal.partition_id, study_instance_uid, series_instance_uid, sop_instance_uid):
            return Gone("it was deleted")
        if sop_instance_uid:
            return InstanceNotFound(f"no instance {sop_instance_uid}")
        return (
            SeriesNotFound(f"no series {series_instance_uid}") if series_instance_uid else StudyNotFound(f"no study {study_instance_uid}")
        )

    def read(self, instance: StoredInstance) -> StoredFile:
        """The whole file in memory, verified: for objects that fit. Raises: DamagedObject, PackUnavailable."""
        stored = instance.stored
        data = memoryview(self.packs.read_object(stored.location, stored.digests))
        cut = stored.location.prefix_length_bytes
        return StoredFile(data[:cut], data[cut:])

    def stream(self, instance: StoredInstance, *, original: bool = False) -> Iterator[bytes]:
        """The whole file in pieces; the last one comes only if all of it is whole. original: as it was received, without its overlay.

        Raises: DamagedObject, PackUnavailable.
        """
        pieces = self.packs.stream(instance.stored.location, instance.stored.digests)
        if original or not instance.stored.overlay:
            return pieces
        return map(bytes, effective_file(self.packs, instance, pieces))

    def header(self, instance: StoredInstance) -> bytes:
        """The data set up to Pixel Data and its element header; all of it, inflated, of a deflated one.

        Unverified unless deflated: it is small and parsed, never handed out as the object. Raises: PackUnavailable, DamagedObject.
        """
        location = instance.stored.location
        if transfer_syntax(instance.transfer_syntax_uid).deflated:
            return bytes(inflate(self.read(instance).data_set))
        length = min(instance.header_length_bytes + PIXEL_DATA_HEADER_BYTES, location.data_set_length_bytes)
        return self.packs.read(location.pack_id, location.data_set_offset_bytes, length)

    def effective_header(self, instance: StoredInstance) -> tuple[bytes, int]:
        """The same as it goes out, and where the Pixel Data element begins in it. Raises: PackUnavailable, DamagedObject."""
        header = self.header(instance)
        return effective_header(instance, header) if instance.stored.overlay else (header, instance.header_length_bytes)

    def frame_span(self, instance: StoredInstance, number: int) -> FrameSpan:
        """Where frame `number` (from 1) is. Raises: FrameNotFound, InstanceNotFound."""
        return self.reader.frame_span(instance.stored.partition_id, instance.sop_instance_uid, number - 1)

    def frames(self, instance: StoredInstance) -> CompactFrames:
        """Where all its frames are, by one query. Raises: InstanceNotFound where another object counts by now."""
        location = instance.stored.location
        table = self.reader.frame_table(instance.stored.partition_id, instance.sop_instance_uid, location.pack_id, location.offset_bytes)
        if table is None:
            raise InstanceNotFound(f"no instance {instance.sop_instance_uid} any more")
        return CompactFrames(table)

    def frame(self, instance: StoredInstance, number: int) -> bytes:
        """Frame `number` (from 1) as stored: fragments joined, verified. Raises: FrameNotFound, DamagedObject, PackUnavailable."""
        span = self.frame_span(instance, number)
        location = instance.stored.location
        if transfer_syntax(instance.transfer_syntax_uid).deflated:
            data_set = memoryview(inflate(self.read(instance).data_set))
            frame = b"".join(data_set[offset : offset + length] for offset, length in span.fragments)
        else:
            frame = b"".join(
                self.packs.read(location.pack_id, location.data_set_offset_bytes + offset, length) for offset, length in span.fragments
            )
        if not span.matches(frame):
            raise DamagedObject(f"frame {number} of {instance.sop_instance_uid} no longer matches its checksum")
        return frame

    def frame_into(self, instance: StoredInstance, span: FrameSpan, target: memoryview, *, cached_only: bool = False) -> bool:
        """Fill `target` with a frame of a transfer syntax that is not deflated, verified: one read, no copy.

        cached_only: give up, and return False, rather than wait for the disk. Raises: DamagedObject, PackUnavailable.
        """
        location = instance.stored.location
        filled = 0
        for offset, length in span.fragments:
            part = target[filled : filled + length]
            if not self._read_into(location.pack_id, location.data_set_offset_bytes + offset, part, cached_only):
                return False
            filled += length
        if xxhash.xxh3_64_intdigest(target) != span.checksum:
            raise DamagedObject(f"a frame of {instance.sop_instance_uid} no longer matches its checksum")
        return True

    def file_into(self, instance: StoredInstance, target: memoryview, *, cached_only: bool = False) -> bool:
        """Fill `target` with the whole file, verified: one read, no copy. As `frame_into`."""
        location = instance.stored.location
        if not self._read_into(location.pack_id, location.offset_bytes, target, cached_only):
            return False
        if xxhash.xxh3_64_intdigest(target) != instance.stored.digests.checksum:
            raise DamagedObject(f"{instance.sop_instance_uid} no longer matches its checksum")
        return True

    def _read_into(self, pack_id: str, offset_bytes: int, target: memoryview, cached_only: bool) -> bool:
        if cached_only:
            return self.packs.read_cached_into(pack_id, offset_bytes, target)
        self.packs.read_into(pack_id, offset_bytes, target)
        return True
