"""Takes a rendition in, in the process that owns the archive: durable first, then in the index."""

from __future__ import annotations

import hashlib
import mmap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from hounsfield.archive.archive import Archive
from hounsfield.archive.member import MemberNames
from hounsfield.dicom.header import scan
from hounsfield.dicom.part10 import read_prefix
from hounsfield.index.writer import IndexWriter
from hounsfield.model.errors import DamagedObject, Gone, InvalidInput, UnreadableObject
from hounsfield.model.rendition import Original
from hounsfield.model.stored_instance import StoredInstance

COMMAND = "keep_rendition"
PIECE_BYTES = 1 << 20


class KeepRendition:
    """folder: where whoever made it has laid the file. require_room_for: raises OutOfSpace where so many bytes more are too many."""

    def __init__(self, archive: Archive, writer: IndexWriter, folder: Path, require_room_for: Callable[[int], None]) -> None:
        self._archive = archive
        self._writer = writer
        self._folder = folder
        self._require_room_for = require_room_for

    def __call__(self, said: Mapping[str, Any]) -> bool:
        """When this returns, the rendition outlives a power cut. False where its original was deleted meanwhile.

        said: as `offer` writes it. Raises: Gone, InvalidInput, UnreadableObject, DamagedObject, Unavailable.
        """
        original = Original(said["pack_id"], said["offset_bytes"], bytes.fromhex(said["data_set_sha256"]))
        held = self._writer.held(said["partition_id"], said["sop_instance_uid"])
        if held is None or Original.of(held) != original:
            raise Gone("the object is not here any more, or another counts under its UID")
        name = said["file"]
        if Path(name).name != name:
            raise InvalidInput("a rendition is handed over by its file's name alone")
        with (self._folder / name).open("rb") as file:
            return self._keep(held, original, said["transfer_syntax_uid"], mapped(file), bytes.fromhex(said["sha256"]))

    def _keep(self, held: StoredInstance, original: Original, transfer_syntax_uid: str, view: memoryview, sha256: bytes) -> bool:
        if hashlib.sha256(view).digest() != sha256:
            raise DamagedObject("the rendition is not what was handed over")
        meta = read_prefix(view)
        if meta is None or meta.transfer_syntax_uid != transfer_syntax_uid:
            raise UnreadableObject("the rendition is no file of its transfer syntax")
        data_set = view[meta.length_bytes :]
        scanned = scan(data_set, transfer_syntax_uid)
        if scanned.attributes.instance.sop_instance_uid != held.sop_instance_uid or scanned.frame_table.count != held.frames:
            raise UnreadableObject("the rendition is not one of this object")
        names = MemberNames(
            held.stored.partition_id,
            held.study_instance_uid,
            held.series_instance_uid,
            held.sop_instance_uid,
            transfer_syntax_uid,
            held.stored.source,
        )
        self._require_room_for(len(view))
        pieces = (data_set[first : first + PIECE_BYTES] for first in range(0, len(data_set), PIECE_BYTES))
        prefix = bytes(view[: meta.length_bytes])
        kept = self._archive.renditions.append(names, original, prefix, pieces, scanned.header_length_bytes)
        return self._writer.add_rendition(kept.rendition, kept.node, scanned.frame_table.to_bytes())


def mapped(file: IO[bytes]) -> memoryview:
    """All of a file that is not empty; unmapped when nobody looks at it any more."""
    return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def offer(instance: StoredInstance, transfer_syntax_uid: str, file: Path, sha256: bytes) -> dict[str, Any]:
    """What the command is told. sha256: of the file, as it was compared with the original."""
    original = Original.of(instance)
    return {
        "partition_id": instance.stored.partition_id,
        "sop_instance_uid": instance.sop_instance_uid,
        "pack_id": original.pack_id,
        "offset_bytes": original.offset_bytes,
        "data_set_sha256": original.data_set_sha256.hex(),
        "transfer_syntax_uid": transfer_syntax_uid,
        "file": file.name,
        "sha256": sha256.hex(),
    }
