"""The derived tables: a projection of packs and decisions, dropped and rebuilt at will; `study_mark` alone is kept (ADR 0021).

Texts compare by code point on every database (collation "C" on PostgreSQL), so that ranges over prefixes mean the same. An absent
text is the empty string, so that paging by key never meets NULL. Row identifiers come from `allocator`, are
never used twice, and grow in commit order. Bytes of a precedence sort as the precedence does (`model.identity`).
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, SmallInteger, Table, Text
from sqlalchemy.dialects import postgresql, sqlite

metadata = MetaData()

TEXT = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
BIG = BigInteger().with_variant(sqlite.INTEGER(), "sqlite")


def _id() -> Column[int]:
    return Column("id", BIG, primary_key=True, autoincrement=False)


def _text(name: str) -> Column[str]:
    return Column(name, TEXT, nullable=False)


def _big(name: str) -> Column[int]:
    return Column(name, BIG, nullable=False)


def _bytes(name: str) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=False)


FACETS = ("reading_status", "reading_priority", "modalities", "study_date")


def _sorting(name: str, *columns: str) -> Index:
    """An index on studies in an order, with their facets behind it: whoever walks along it judges by these without reading the rows."""
    return Index(name, "partition_id", *columns, "id", *(facet for facet in FACETS if facet not in columns))


allocator = Table(
    "allocator",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    # The last number given to any row or change. Writers take this row's lock first, so that they commit in its order.
    _big("last"),
)

total = Table(
    "total",
    metadata,
    Column("partition_id", Integer, primary_key=True, autoincrement=False),
    _big("studies"),
    _big("series"),
    _big("instances"),
    _big("bytes_stored"),
)

pack = Table(
    "pack",
    metadata,
    _id(),
    Column("pack_id", TEXT, nullable=False, unique=True),
    _text("node"),
    _text("state"),  # open, sealed, set-aside
    _big("indexed_through_bytes"),  # offset behind the last Part 10 file whose rows are committed
    _text("holders"),  # nodes that hold the pack, separated by spaces
)

patient = Table(
    "patient",
    metadata,
    _id(),
    Column("partition_id", Integer, nullable=False),
    _text("patient_id"),
    _text("issuer"),
    _text("own_study_uid"),  # the study that stands for a patient without an ID
    Index("patient_identity", "partition_id", "patient_id", "issuer", "own_study_uid", unique=True),
)

study = Table(
    "study",
    metadata,
    _id(),
    Column("partition_id", Integer, nullable=False),
    _text("study_instance_uid"),
    _big("patient_key"),
    _bytes("precedence"),  # of the object that the attributes come from
    _big("version"),  # the last change that touched the study
    _big("first_received_at_ns"),
    _big("last_received_at_ns"),
    Column("series_count", Integer, nullable=False),
    Column("instance_count", Integer, nullable=False),
    _text("modalities"),  # " CT SR ": sorted, between spaces
    _text("sop_classes"),  # the same of SOP Class UIDs
    Column("reading_status", SmallInteger, nullable=False, server_default="0"),  # `model.reading`, by rank; from `study_mark`
    Column("reading_priority", SmallInteger, nullable=False, server_default="0"),
    _text("patient_id"),
    _text("patient_id_fold"),
    _text("issuer"),
    _text("patient_name"),
    _text("name_fold"),  # alphabetic group; the whole name where there are no groups
    _text("ideographic_fold"),
    _text("phonetic_fold"),
    _text("birth_date"),
    _text("sex"),
    _text("study_id"),
    _text("study_date"),
    _text("study_time"),
    _text("accession_number"),
    _text("accession_fold"),
    _text("description"),
    _text("description_fold"),
    _text("referring_physician"),
    _text("referring_fold"),
    _text("words"),  # " doe john thorax acc1 ": what a person's typed words are held against
    _bytes("json"),
    Index("study_uid", "partition_id", "study_instance_uid", unique=True),
    Index("study_patient", "patient_key"),
    _sorting("study_patient_id", "patient_id_fold"),
    _sorting("study_accession", "accession_fold"),
    _sorting("study_date", "study_date"),
    _sorting("study_received", "last_received_at_ns"),
    _sorting("study_name", "name_fold"),
    _sorting("study_description", "description_fold"),
    _sorting("study_modalities", "modalities"),
    _sorting("study_status", "reading_status", "study_date"),
    _sorting("study_priority", "reading_priority", "study_date"),
)

study_mark = Table(
    "study_mark",
    metadata,
    Column("partition_id", Integer, primary_key=True, autoincrement=False),
    Column("study_instance_uid", TEXT, primary_key=True),
    Column("reading_status", SmallInteger, nullable=False),
    Column("reading_priority", SmallInteger, nullable=False),
    _big("marked_at_ns"),
    _text("principal"),  # who said so last
)

word = Table(
    "word",
    metadata,
    _id(),
    Column("word", TEXT, nullable=False, unique=True),
)

study_word = Table(
    "study_word",
    metadata,
    Column("word_key", BIG, primary_key=True, autoincrement=False),
    Column("study_key", BIG, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

series = Table(
    "series",
    metadata,
    _id(),
    Column("partition_id", Integer, nullable=False),
    _text("series_instance_uid"),
    _big("study_key"),
    _bytes("precedence"),
    _big("version"),
    Column("instance_count", Integer, nullable=False),
    Column("number", BIG),
    _text("modality"),
    _text("description"),
    _text("body_part"),
    _text("series_date"),
    _text("series_time"),
    _text("performed_step_date"),
    _text("performed_step_time"),
    _text("station_name"),
    _bytes("json"),
    Index("series_uid", "partition_id", "series_instance_uid", unique=True),
    Index("series_study", "study_key"),
)

instance = Table(
    "instance",
    metadata,
    _id(),
    Column("partition_id", Integer, nullable=False),
    _text("sop_instance_uid"),
    _big("series_key"),
    _text("sop_class_uid"),
    _text("transfer_syntax_uid"),
    Column("number", BIG),
    Column("rows", Integer),
    Column("columns", Integer),
    Column("frames", Integer, nullable=False),
    _big("pack_key"),
    Column("sequence", Integer, nullable=False),
    _big("member_offset_bytes"),
    _big("offset_bytes"),
    Column("prefix_length_bytes", Integer, nullable=False),
    _big("data_set_length_bytes"),
    _big("header_length_bytes"),
    _bytes("prefix_sha256"),
    _bytes("data_set_sha256"),
    _big("checksum"),  # XXH3-64, its sign bit being the highest
    _big("received_at_ns"),
    _text("source"),
    Column("frame_table", LargeBinary),  # NULL: in the table of that name
    _bytes("json"),
    Column("overlay", LargeBinary),  # `model.overlay`; NULL: the object is read as it is stored
    Index("instance_uid", "partition_id", "sop_instance_uid", unique=True),
    Index("instance_series", "series_key"),
)

frame_table = Table(
    "frame_table",
    metadata,
    Column("instance_key", BIG, primary_key=True, autoincrement=False),
    _bytes("frame_table"),
)

kept_aside = Table(
    "kept_aside",
    metadata,
    _id(),
    Column("partition_id", Integer, nullable=False),
    _text("study_instance_uid"),
    _text("series_instance_uid"),
    _text("sop_instance_uid"),
    _text("outcome"),
    _text("reason"),
    _text("source"),
    _bytes("precedence"),
    _big("received_at_ns"),
    _text("pack_id"),
    _big("offset_bytes"),
    _bytes("entry"),  # the whole index entry, should another judgement be due
    Index("kept_aside_place", "pack_id", "offset_bytes", unique=True),
    Index("kept_aside_study", "partition_id", "study_instance_uid"),
    Index("kept_aside_series", "partition_id", "series_instance_uid"),
    Index("kept_aside_sop", "partition_id", "sop_instance_uid"),
)

tombstone = Table(
    "tombstone",
    metadata,
    Column("partition_id", Integer, primary_key=True, autoincrement=False),
    Column("study_instance_uid", TEXT, primary_key=True),
    Column("series_instance_uid", TEXT, primary_key=True),  # empty: the whole study
    Column("sop_instance_uid", TEXT, primary_key=True),  # empty: the whole series
    _big("decided_at_ns"),
    _text("principal"),
    _text("reason"),
    Index("tombstone_series", "partition_id", "series_instance_uid"),
    Index("tombstone_sop", "partition_id", "sop_instance_uid"),
)

rejection = Table(
    "rejection",
    metadata,
    Column("partition_id", Integer, primary_key=True, autoincrement=False),
    Column("study_instance_uid", TEXT, primary_key=True),
    Column("series_instance_uid", TEXT, primary_key=True),  # empty: the whole study
    Column("sop_instance_uid", TEXT, primary_key=True),  # empty: the whole series
    _big("decided_at_ns"),
    Column("rejects", SmallInteger, nullable=False),  # 1: the latest decision on exactly this rejects it; 0: it restores it
    _text("code"),  # `model.rejection.RejectionCode`; empty where it restores
    _text("principal"),
    _text("reason"),
)

withheld = Table(
    "withheld",
    metadata,
    _id(),
    Column("partition_id", Integer, nullable=False),
    _text("study_instance_uid"),
    _text("series_instance_uid"),
    _text("sop_instance_uid"),
    _big("received_at_ns"),
    _text("pack_id"),
    _big("offset_bytes"),
    _bytes("entry"),  # the whole index entry, for the day on which it is restored
    Index("withheld_place", "pack_id", "offset_bytes", unique=True),
    Index("withheld_study", "partition_id", "study_instance_uid"),
    Index("withheld_sop", "partition_id", "sop_instance_uid"),
)

rendition = Table(
    "rendition",
    metadata,
    Column("original_pack_id", TEXT, primary_key=True),
    Column("original_offset_bytes", BIG, primary_key=True, autoincrement=False),  # of its Part 10 file
    _bytes("original_sha256"),  # of its data set
    Column("partition_id", Integer, nullable=False),
    _text("study_instance_uid"),
    _text("sop_instance_uid"),
    _text("transfer_syntax_uid"),
    _text("pack_id"),
    Column("sequence", Integer, nullable=False),
    _big("member_offset_bytes"),
    _big("offset_bytes"),
    Column("prefix_length_bytes", Integer, nullable=False),
    _big("data_set_length_bytes"),
    _big("header_length_bytes"),
    _bytes("prefix_sha256"),
    _bytes("data_set_sha256"),
    _big("checksum"),  # XXH3-64, its sign bit being the highest
    _big("made_at_ns"),
    _bytes("frame_table"),
    Index("rendition_study", "partition_id", "study_instance_uid"),
)

change = Table(
    "change",
    metadata,
    Column("sequence", BIG, primary_key=True, autoincrement=False),
    Column("kind", SmallInteger, nullable=False),  # `index.changes.ChangeKind`
    Column("partition_id", Integer, nullable=False),
    _big("study_key"),
    _big("series_key"),
    Column("instances", Integer, nullable=False),
    _big("at_ns"),
    _text("subject"),  # of a decision: study, series and instance UID, separated by line feeds
)
