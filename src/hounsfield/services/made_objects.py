"""Objects that readers' work becomes: about which images, in which series, and into the archive by the one write path."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from hounsfield.dicom.element_tree import DataSet, read_data_set
from hounsfield.dicom.part10 import build_prefix
from hounsfield.dicom.transfer_syntaxes import transfer_syntax
from hounsfield.model.errors import FrameNotFound, InconsistentObject, InvalidInput
from hounsfield.model.identifiers import UID, new_uid
from hounsfield.model.origin import Origin
from hounsfield.model.outcomes import StoreOutcome
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.services.coercion import header_syntax
from hounsfield.services.retrieve import Retrieve
from hounsfield.services.store import FileStore

MOST_HEADER_BYTES = 16 << 20
"""Of an image that an object is about."""
MOST_DOCUMENT_BYTES = 4 << 20
"""Of a document that is read."""
MOST_DOCUMENTS = 500
"""Of one kind, in one study."""

_SERIES_OF_A_READER = uuid.UUID("6f0b5f0e-6a52-4d5c-9a35-5f0a0c6a7c11")


@dataclass(frozen=True, slots=True)
class Image:
    """header: its elements up to the pixels. head: a Part 10 file of them."""

    instance: StoredInstance
    header: DataSet
    head: bytes


@dataclass(frozen=True, slots=True)
class Unread:
    """A document that could not be read, and why."""

    sop_instance_uid: str
    reason: str


@dataclass(frozen=True, slots=True)
class Making:
    """What making needs. uid, now: of the objects made."""

    retrieve: Retrieve
    store: FileStore
    uid: Callable[[], str] = new_uid
    now: Callable[[], datetime] = lambda: datetime.now().astimezone()

    def image(self, origin: Origin, study_instance_uid: str, sop_instance_uid: str, frames: tuple[int, ...] = ()) -> Image:
        """frames: their numbers (from 1), which must be there.

        Raises: InstanceNotFound, FrameNotFound, Gone, InvalidInput for what is no image.
        """
        found = self.retrieve.reader.instances(origin.principal.partition_id, study_instance_uid, "", sop_instance_uid)
        if not found:
            raise self.retrieve.absent(origin, study_instance_uid, "", sop_instance_uid)
        instance = found[0]
        if not instance.rows or instance.header_length_bytes > MOST_HEADER_BYTES:
            raise InvalidInput(f"{sop_instance_uid} is no image that can be worked on here")
        for frame in frames:
            check_frame(instance, frame)
        header, length = self.retrieve.effective_header(instance)
        is_deflated = transfer_syntax(instance.transfer_syntax_uid).deflated
        syntax = header_syntax(instance)
        tree = read_data_set(header, syntax, header_length_bytes=None if is_deflated else length)
        prefix = build_prefix(instance.sop_class_uid, sop_instance_uid, syntax)
        return Image(instance, tree, prefix + bytes(header if is_deflated else header[:length]))

    def next_in_series(self, origin: Origin, study_instance_uid: str, series_instance_uid: str) -> int:
        """The Instance Number that follows."""
        return len(self.retrieve.reader.instances(origin.principal.partition_id, study_instance_uid, series_instance_uid)) + 1

    def keep(self, origin: Origin, study_instance_uid: str, file: bytes) -> None:
        """Durable when it returns. Raises: InconsistentObject where the archive does not count it; Unavailable."""
        with self.store.receive_file(origin, study_instance_uid) as reception:
            reception.write(file)
            result = reception.finish()
        if result.outcome is not StoreOutcome.STORED:
            raise InconsistentObject(f"what was made does not count in the archive: {result.reason or result.outcome}")

    def document(self, instance: StoredInstance) -> DataSet:
        """All of it, as far as it can be read. Raises: InvalidInput for one that is too long; PackUnavailable, DamagedObject."""
        if instance.stored.location.data_set_length_bytes > MOST_DOCUMENT_BYTES:
            raise InvalidInput(f"it is longer than {MOST_DOCUMENT_BYTES} bytes")
        return read_data_set(self.retrieve.read(instance).data_set, instance.transfer_syntax_uid)


def check_frame(instance: StoredInstance, frame: int) -> None:
    """Raises: FrameNotFound."""
    if not 1 <= frame <= max(instance.frames, 1):
        raise FrameNotFound(f"{instance.sop_instance_uid} has no frame {frame}")


def series_of(origin: Origin, study_instance_uid: str, *kind: str) -> UID:
    """All objects of one kind by one reader on one study are one series, whichever process makes them (PS3.5 B.2).

    kind: none for measurements.
    """
    name = "/".join((str(origin.principal.partition_id), study_instance_uid, origin.principal.name, *kind))
    return UID(f"2.25.{uuid.uuid5(_SERIES_OF_A_READER, name).int}")
