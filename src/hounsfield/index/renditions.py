"""Renditions in the index: what there is of an object in another transfer syntax, found by the place of the very object.

The place, not the UID: of two objects of one UID each may have one, and a rejected object keeps it until it is restored or deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, select

from hounsfield.dicom.compact_frames import CompactFrames
from hounsfield.index.aside import decode_entry
from hounsfield.index.database import Database
from hounsfield.index.projection import Projection
from hounsfield.index.reading import ZERO
from hounsfield.index.storable import signed, unsigned
from hounsfield.index.tables import rendition
from hounsfield.model.location import Digests, Location
from hounsfield.model.rendition import Original, Rendition
from hounsfield.model.stored_instance import StoredInstance

BATCH = 5_000

_COLUMNS = [column for column in rendition.columns if column.name != "frame_table"]


class KeptRenditions(NamedTuple):
    """How many there are, and how long their files are together."""

    number: int
    length_bytes: int


class Renditions:
    """Reads one database; thread-safe. Every method raises IndexUnavailable where it does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database
        here = (rendition.c.original_pack_id == bindparam("pack_id"), rendition.c.original_offset_bytes == bindparam("offset"))
        self._of = database.compile(select(*_COLUMNS).where(*here)).sql
        self._frame_table = database.compile(select(rendition.c.frame_table).where(*here)).sql
        in_study = (rendition.c.partition_id == bindparam("partition"), rendition.c.study_instance_uid == bindparam("study"))
        self._of_study = database.compile(select(*_COLUMNS).where(*in_study)).sql
        places = (rendition.c.original_pack_id, rendition.c.original_offset_bytes)
        first = select(*_COLUMNS).order_by(*places).limit(bindparam("most")).offset(ZERO)
        self._first = database.compile(first).sql
        behind = (rendition.c.original_pack_id == bindparam("pack_id"), rendition.c.original_offset_bytes > bindparam("offset"))
        self._behind_in_pack = database.compile(first.where(*behind)).sql
        self._next_packs = database.compile(first.where(rendition.c.original_pack_id > bindparam("pack_id"))).sql
        length = rendition.c.prefix_length_bytes + rendition.c.data_set_length_bytes
        self._total = database.compile(select(func.count(), func.coalesce(func.sum(length), ZERO))).sql

    def of(self, instance: StoredInstance) -> Rendition | None:
        """Of this very object."""
        rows = self._database.fetch(self._of, _place(instance.stored.location))
        return _rendition(rows[0]) if rows else None

    def frames(self, one: Rendition) -> CompactFrames | None:
        """Where its frames are; None where it is gone."""
        rows = self._database.fetch(self._frame_table, (one.original.pack_id, one.original.offset_bytes))
        return CompactFrames(bytes(rows[0][0])) if rows else None

    def of_study(self, partition_id: int, study_instance_uid: str) -> list[Rendition]:
        """Of all objects of a study, rejected ones among them."""
        return [_rendition(row) for row in self._database.fetch(self._of_study, (partition_id, study_instance_uid))]

    def all(self) -> Iterator[Rendition]:
        """Every one; a batch at a time in memory."""
        rows = self._database.fetch(self._first, (BATCH,))
        while rows:
            found = [_rendition(row) for row in rows]
            yield from found
            last = found[-1].original
            rows = self._database.fetch(self._behind_in_pack, (last.pack_id, last.offset_bytes, BATCH))
            rows = rows or self._database.fetch(self._next_packs, (last.pack_id, BATCH))

    def total(self) -> KeptRenditions:
        """Of all partitions."""
        number, length_bytes = self._database.fetch(self._total)[0]
        return KeptRenditions(int(number), int(length_bytes))


def keep_rendition(projection: Projection, one: Rendition, node: str, frame_table: bytes) -> bool:
    """Note a durable rendition, instead of an earlier one; to do it twice is to do it once.

    False, and nothing is noted but how far its pack has been seen, where its original is not here any more.
    """
    projection.flush()
    projection.note_pack(one.location, node)
    if not _is_here(projection, one):
        return False
    place = (one.original.pack_id, one.original.offset_bytes)
    known = projection.one(projection.sql.rendition_at, place)
    if known is not None and known[0] > one.made_at_ns:
        return True
    projection.execute(projection.sql.delete_rendition, place)
    projection.execute(projection.sql.insert_rendition, (*_values(one), frame_table))
    return True


def drop_renditions(projection: Projection, places: Iterable[tuple[str, int]]) -> None:
    """Forget what was made of objects that are deleted. places: packs and offsets of their Part 10 files."""
    projection.many(projection.sql.delete_rendition, list(places))


def _is_here(projection: Projection, one: Rendition) -> bool:
    """Whether the very object is in the index: it counts, is kept aside, or was rejected."""
    named = (one.partition_id, one.sop_instance_uid)
    holder = projection.holder(*named)
    if holder is not None and (holder.pack_id, holder.offset_bytes) == (one.original.pack_id, one.original.offset_bytes):
        return True
    rows = (*projection.all(projection.sql.kept_aside_of["sop"], named), *projection.all(projection.sql.withheld_of["sop"], named))
    places = {_place(decode_entry(bytes(raw)).stored.location) for _key, raw in rows}
    return (one.original.pack_id, one.original.offset_bytes) in places


def _place(location: Location) -> tuple[str, int]:
    return location.pack_id, location.offset_bytes


def _values(one: Rendition) -> tuple[Any, ...]:
    """A row but for its frame table."""
    location, digests = one.location, one.digests
    return (
        one.original.pack_id,
        one.original.offset_bytes,
        one.original.data_set_sha256,
        one.partition_id,
        one.study_instance_uid,
        one.sop_instance_uid,
        one.transfer_syntax_uid,
        location.pack_id,
        location.sequence,
        location.member_offset_bytes,
        location.offset_bytes,
        location.prefix_length_bytes,
        location.data_set_length_bytes,
        one.header_length_bytes,
        digests.prefix_sha256,
        digests.data_set_sha256,
        signed(digests.checksum),
        one.made_at_ns,
    )


def _rendition(row: Any) -> Rendition:
    original_pack, original_offset, original_sha256, partition_id, study, sop, syntax, *rest = row
    pack_id, sequence, member_offset, offset, prefix_length, data_set_length, header_length, *rest = rest
    prefix_sha256, data_set_sha256, checksum, made_at_ns = rest
    return Rendition(
        partition_id,
        study,
        sop,
        Original(original_pack, original_offset, bytes(original_sha256)),
        syntax,
        Location(pack_id, sequence, member_offset, offset, prefix_length, data_set_length),
        Digests(bytes(prefix_sha256), bytes(data_set_sha256), unsigned(checksum)),
        header_length,
        made_at_ns,
    )
