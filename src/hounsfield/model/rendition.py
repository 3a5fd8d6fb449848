"""A lossless copy of an object in another transfer syntax, kept beside it: never instead of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hounsfield.model.location import Digests, Location
from hounsfield.model.stored_instance import StoredInstance


@dataclass(frozen=True, slots=True)
class Original:
    """The very object that a rendition was made of.

    pack_id, offset_bytes: where its Part 10 file lies. data_set_sha256: of its data set, 32 bytes.
    """

    pack_id: str
    offset_bytes: int
    data_set_sha256: bytes

    @classmethod
    def of(cls, instance: StoredInstance) -> Original:
        """As the index knows it."""
        location = instance.stored.location
        return cls(location.pack_id, location.offset_bytes, instance.stored.digests.data_set_sha256)


@dataclass(frozen=True, slots=True)
class Rendition:
    """A Part 10 file in a rendition pack; without the overlay that its original may have.

    header_length_bytes: of its data set, up to Pixel Data. made_at_ns: nanoseconds since 1970-01-01 UTC.
    """

    partition_id: int
    study_instance_uid: str
    sop_instance_uid: str
    original: Original
    transfer_syntax_uid: str
    location: Location
    digests: Digests
    header_length_bytes: int
    made_at_ns: int

    def instead_of(self, instance: StoredInstance) -> StoredInstance:
        """The instance as if it had been received like this; its overlay applies to it too."""
        stored = replace(instance.stored, location=self.location, digests=self.digests, transfer_syntax_uid=self.transfer_syntax_uid)
        return replace(instance, header_length_bytes=self.header_length_bytes, stored=stored)
