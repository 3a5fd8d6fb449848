"""Sealing: an open pack gets its catalogue, is trimmed, and moves to `sealed/`, never to change again."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hounsfield.archive.catalogue import CATALOGUE_PATH, FOOTER_PATH, HEADER_MAX_BYTES, CatalogueEntry, Footer, deflate
from hounsfield.archive.layout import Layout
from hounsfield.archive.member import Member, MemberKind
from hounsfield.archive.member_writer import MemberWriter, append
from hounsfield.archive.pack import END_OF_TAR_BYTES, FIRST_MEMBER_OFFSET_BYTES, OpenPack
from hounsfield.archive.walk import walk
from hounsfield.model.errors import PackUnavailable

FrameTableOf = Callable[[Member], bytes | None]
"""Finds the frame table of an object stored by an earlier run, say in the index; None where it is not known."""


def seal(pack: OpenPack, layout: Layout, frame_table_of: FrameTableOf, now_ns: int) -> None:
    """Seal a pack that nobody borrows and whose objects are indexed. When this returns, the pack lies durably in `sealed/`.

    Raises: OSError, OutOfSpace, PackUnavailable; what was written behind the objects is then to be cut off again.
    """
    disk = pack.disk
    objects_end = pack.end_offset_bytes
    writer = MemberWriter(pack, b"")
    try:
        count = deflate(_entries(pack, objects_end, frame_table_of), writer.write)
        writer.commit(MemberKind.CATALOGUE, CATALOGUE_PATH, now_ns, durable=False)
    finally:
        writer.close()
    append(pack, MemberKind.FOOTER, FOOTER_PATH, Footer(objects_end, count).to_json(), now_ns, durable=False)
    disk.truncate(pack.descriptor, pack.end_offset_bytes + END_OF_TAR_BYTES)
    pack.allocated_bytes = pack.end_offset_bytes + END_OF_TAR_BYTES
    disk.fdatasync(pack.descriptor)
    disk.rename(pack.path, layout.sealed / pack.path.name)
    pack.path = layout.sealed / pack.path.name
    disk.fsync_directory(layout.sealed)
    disk.fsync_directory(layout.open)


def _entries(pack: OpenPack, objects_end: int, frame_table_of: FrameTableOf) -> Iterator[CatalogueEntry]:
    end = FIRST_MEMBER_OFFSET_BYTES
    for member in walk(pack.disk, pack.descriptor, pack.identity, FIRST_MEMBER_OFFSET_BYTES, 1):
        if member.offset_bytes >= objects_end:
            break
        frame_table = pack.frame_tables.get(member.sequence)
        if frame_table is None:
            frame_table = frame_table_of(member)
        yield CatalogueEntry(member, _header(pack, member), frame_table)
        end = member.end_offset_bytes
    if end != objects_end:
        raise PackUnavailable(f"pack {pack.pack_id} is damaged at {end}: it cannot be sealed")


def _header(pack: OpenPack, member: Member) -> bytes | None:
    if not 0 < member.header_length_bytes <= HEADER_MAX_BYTES:
        return None
    return pack.disk.pread(pack.descriptor, member.header_length_bytes, member.body_offset_bytes + member.prefix_length_bytes)


def undo(pack: OpenPack, objects_end: int, sequence: int) -> None:
    """Cut off what a failed sealing left, so that it can be tried again. Raises: OSError."""
    pack.end_offset_bytes, pack.sequence = objects_end, sequence
    pack.cut()
