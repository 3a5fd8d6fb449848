"""An open pack: its descriptor, its end and the room reserved behind it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from hounsfield.archive.disk import Disk
from hounsfield.archive.faults import is_no_space
from hounsfield.archive.member import ROOM_BYTES, Member, MemberKind, decode
from hounsfield.archive.tar_format import BLOCK_BYTES

FORMAT = 2
"""Of new packs. In packs of format 1 all header rooms were of one length: what reads no other takes a member with a larger one for a torn
tail. So it is kept from packs that may have such members, and packs of format 1 are read, sealed, and not given more objects."""

KNOWN_FORMATS = (1, 2)
PACK_PATH = "HOUNSFIELD/pack.json"
FIRST_MEMBER_OFFSET_BYTES = ROOM_BYTES + BLOCK_BYTES
"""Of every pack's first object: behind the room and the one block of `HOUNSFIELD/pack.json`."""

END_OF_TAR_BYTES = 2 * BLOCK_BYTES
"""Two blocks of zeros end a tar; that much room is always kept behind the last member."""

WINDOW_BYTES = 256 * 1024
"""Of the buffer that each open pack owns: an object that fits, headers and all, is written by one call."""

SMALL_WINDOW_BYTES = 32 * 1024
"""For packs of small members."""

FRAME_TABLES_MAX_BYTES = 8 << 20
"""Kept in memory for the catalogue of one open pack; beyond it, the catalogue goes without."""

_ALLOCATION_GRAIN_BYTES = 4096
NODE_MAX_CHARACTERS = 32


@dataclass(frozen=True, slots=True)
class PackIdentity:
    """What the pack's own header says.

    nonce: the secret that keys the authentication codes of the pack's members; 32 bytes.
    format: says who can read the pack.
    """

    pack_id: str
    node: str
    nonce: bytes
    created_at_ns: int
    format: int = FORMAT

    def to_json(self) -> bytes:
        """The body of `HOUNSFIELD/pack.json`, at most one block."""
        said = {
            "format": self.format,
            "pack": self.pack_id,
            "node": self.node,
            "created": self.created_at_ns,
            "cipher": None,
            "key_id": None,
            "nonce": self.nonce.hex(),
        }
        return json.dumps(said, separators=(",", ":")).encode()


def read_identity(disk: Disk, descriptor: int, pack_id: str) -> PackIdentity | None:
    """The pack's own header; None where it is not whole, or of a format that is not known. Raises: OSError."""
    head = disk.pread(descriptor, FIRST_MEMBER_OFFSET_BYTES, 0)
    try:
        said = json.loads(head[ROOM_BYTES:].rstrip(b"\0"))
        identity = PackIdentity(said["pack"], said["node"], bytes.fromhex(said["nonce"]), said["created"], said["format"])
        known_format = said["format"] in KNOWN_FORMATS and said["cipher"] is None
    except (ValueError, KeyError, TypeError):
        return None
    member = decode(head[:ROOM_BYTES], identity.nonce, pack_id, 0)
    return identity if known_format and member is not None and member.kind is MemberKind.PACK else None


class OpenPack:
    """One pack that can be appended to, by one borrower at a time.

    end_offset_bytes: where the next member begins; all behind it is zeros or the borrower's own unfinished member.
    sequence: of the next member.
    poisoned: a flush failed; nothing may be appended ever again.
    window: whole blocks, where a member is put together.
    paths: hashes of the paths in the pack; None until they have been read back from a pack of an earlier run.
    frame_tables: by sequence, kept for the catalogue.
    """

    __slots__ = (
        "_allocation_step_bytes",
        "affinities",
        "allocated_bytes",
        "descriptor",
        "disk",
        "end_offset_bytes",
        "frame_table_bytes",
        "frame_tables",
        "identity",
        "path",
        "paths",
        "poisoned",
        "released_at_ns",
        "sequence",
        "window",
    )

    def __init__(
        self, disk: Disk, path: Path, descriptor: int, identity: PackIdentity, allocation_step_bytes: int, window_bytes: int
    ) -> None:
        self.disk = disk
        self.path = path
        self.descriptor = descriptor
        self.identity = identity
        self.end_offset_bytes = 0
        self.sequence = 0
        self.allocated_bytes = 0
        self.poisoned = False
        self.paths: set[int] | None = set()
        self.affinities: dict[str, None] = {}
        self.frame_tables: dict[int, bytes] = {}
        self.frame_table_bytes = 0
        self.released_at_ns = identity.created_at_ns
        self.window = memoryview(bytearray(window_bytes))
        self._allocation_step_bytes = allocation_step_bytes

    @property
    def pack_id(self) -> str:
        """The pack's UUID, 32 hexadecimal digits."""
        return self.identity.pack_id

    def unused_path(self, path: str) -> str:
        """`path`, or one with the sequence number in it where the pack has such a file already: tar would overwrite the first."""
        if self.paths is not None and hash(path) in self.paths:
            stem = path.removesuffix(".dcm")
            return f"{stem}~{self.sequence}.dcm"
        return path

    def remember(self, member: Member, frame_table: bytes) -> None:
        """Keep what sealing and the naming of later members need of a member just written."""
        if self.paths is not None:
            self.paths.add(hash(member.path))
        if frame_table and self.frame_table_bytes + len(frame_table) <= FRAME_TABLES_MAX_BYTES:
            self.frame_tables[member.sequence] = frame_table
            self.frame_table_bytes += len(frame_table)

    def reserve(self, until_bytes: int) -> None:
        """Have room on the disk up to there, and for the end of the tar. Raises: OSError, leaving the pack as it was."""
        needed = until_bytes + END_OF_TAR_BYTES
        if needed <= self.allocated_bytes:
            return
        step = self._allocation_step_bytes
        generous = (needed + step - 1) // step * step
        try:
            self._allocate(generous)
        except OSError as error:
            if not is_no_space(error):
                raise
            # The step may be more than what is left of the disk, while this object still fits.
            self._allocate((needed + _ALLOCATION_GRAIN_BYTES - 1) & -_ALLOCATION_GRAIN_BYTES)

    def _allocate(self, until_bytes: int) -> None:
        try:
            self.disk.allocate(self.descriptor, self.allocated_bytes, until_bytes - self.allocated_bytes)
        except OSError:
            # A failed allocation may have taken part of the room: give it back.
            self.disk.truncate(self.descriptor, self.allocated_bytes)
            raise
        self.allocated_bytes = until_bytes

    def wipe(self, until_bytes: int) -> None:
        """Make zeros of what an abandoned member has written behind the end. Raises: OSError.

        A short range is overwritten: the flush of the next member makes the zeros durable with it, and recovery cuts whatever a
        crash leaves there before. A long one is cut off, and that is made durable at once, before the room is used again.
        """
        length = until_bytes - self.end_offset_bytes
        if length <= len(self.window):
            written = 0
            while written < length:
                written += self.disk.pwrite(self.descriptor, bytes(length - written), self.end_offset_bytes + written)
            return
        self.cut()

    def cut(self) -> None:
        """Cut off everything behind the end, durably. Raises: OSError."""
        self.allocated_bytes = 0
        self.disk.truncate(self.descriptor, self.end_offset_bytes)
        self.allocated_bytes = self.end_offset_bytes
        self.disk.fdatasync(self.descriptor)

    def close(self) -> None:
        """Give the descriptor back."""
        self.disk.close(self.descriptor)
