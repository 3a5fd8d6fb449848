"""Where an object's bytes lie and what proves them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Location:
    """A Part 10 file inside a pack.

    pack_id: the pack's UUID, 32 hexadecimal digits.
    sequence: the member's number in its pack, from 1.
    member_offset_bytes: of the member's first header block, from the first byte of the pack.
    offset_bytes: of the Part 10 file, from the first byte of the pack.
    prefix_length_bytes: preamble, prefix and file meta information together.
    data_set_length_bytes: what follows them.
    """

    pack_id: str
    sequence: int
    member_offset_bytes: int
    offset_bytes: int
    prefix_length_bytes: int
    data_set_length_bytes: int

    @property
    def length_bytes(self) -> int:
        """Of the whole Part 10 file."""
        return self.prefix_length_bytes + self.data_set_length_bytes

    @property
    def end_offset_bytes(self) -> int:
        """Where the pack's next member begins: the index has the pack through here once it has this object and all before it."""
        return self.offset_bytes + (self.length_bytes + 511 & -512)

    @property
    def data_set_offset_bytes(self) -> int:
        """Of the data set, from the first byte of the pack."""
        return self.offset_bytes + self.prefix_length_bytes


@dataclass(frozen=True, slots=True)
class Digests:
    """What proves an object's bytes.

    prefix_sha256: of preamble, prefix and file meta information; 32 bytes.
    data_set_sha256: of the data set alone; with the transfer syntax it tells duplicates, whatever channel they came by.
    checksum: XXH3-64 of the whole Part 10 file, seed 0: cheap enough to be checked at every read.
    """

    prefix_sha256: bytes
    data_set_sha256: bytes
    checksum: int


@dataclass(frozen=True, slots=True)
class StoredObject:
    """A durable member of a pack.

    received_at_ns: when its last byte had arrived, nanoseconds since 1970-01-01 UTC.
    node: the name of the node that received it.
    overlay: what is to be read otherwise than the object has it, as `model.overlay` writes it; empty for nothing.
    """

    partition_id: int
    location: Location
    digests: Digests
    received_at_ns: int
    node: str
    transfer_syntax_uid: str
    source: str
    """The calling AE title, or the protocol where there is none."""
    overlay: bytes = b""

    @property
    def precedence(self) -> tuple[int, str, str, int]:
        """Orders conflicting objects of one UID: the least counts. A pure function of what the packs hold."""
        return (self.received_at_ns, self.node, self.location.pack_id, self.location.offset_bytes)
