"""The reader's SQL besides searches, built once."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, literal_column, select

from hounsfield.index.dialect import Dialect
from hounsfield.index.tables import change, frame_table, instance, kept_aside, pack, series, study, tombstone

_INSTANCE = (
    select(
        study.c.study_instance_uid,
        series.c.series_instance_uid,
        instance.c.sop_instance_uid,
        instance.c.sop_class_uid,
        instance.c.transfer_syntax_uid,
        instance.c.number,
        instance.c.rows,
        instance.c.columns,
        instance.c.frames,
        instance.c.header_length_bytes,
        pack.c.pack_id,
        instance.c.sequence,
        instance.c.member_offset_bytes,
        instance.c.offset_bytes,
        instance.c.prefix_length_bytes,
        instance.c.data_set_length_bytes,
        instance.c.prefix_sha256,
        instance.c.data_set_sha256,
        instance.c.checksum,
        instance.c.received_at_ns,
        pack.c.node,
        instance.c.source,
        instance.c.partition_id,
    )
    .join_from(instance, series, instance.c.series_key == series.c.id)
    .join(study, series.c.study_key == study.c.id)
    .join(pack, instance.c.pack_key == pack.c.id)
)
"""What `rows.InstanceRow` holds."""


class Reading:
    """Texts named by what they read."""

    def __init__(self, dialect: Dialect) -> None:
        p = bindparam

        def text(statement: Select[Any]) -> str:
            return dialect.compile(statement).sql

        in_study = and_(study.c.partition_id == p("partition"), study.c.study_instance_uid == p("study"))
        in_series = and_(series.c.partition_id == p("partition"), series.c.series_instance_uid == p("series"))
        of_instance = and_(instance.c.partition_id == p("partition"), instance.c.sop_instance_uid == p("sop"))
        by_number = (series.c.number, series.c.id, instance.c.number, instance.c.id)
        self.instances_of_study = text(_INSTANCE.where(in_study).order_by(*by_number))
        self.instances_of_series = text(
            _INSTANCE.where(in_series, study.c.study_instance_uid == p("study")).order_by(instance.c.number, instance.c.id)
        )
        self.instance = text(_INSTANCE.where(of_instance))
        self.frame = text(_INSTANCE.add_columns(instance.c.frame_table, instance.c.id).where(of_instance))
        self.large_frame_table = text(select(frame_table.c.frame_table).where(frame_table.c.instance_key == p("key")))
        self.representative = text(
            _INSTANCE.where(instance.c.series_key == p("series_key"))
            .order_by(instance.c.number, instance.c.id)
            .limit(literal_column("1"))
            .offset(p("middle"))
        )
        self.image_series = text(
            select(
                series.c.id,
                func.sum(case((instance.c.rows > literal_column("0"), literal_column("1")), else_=literal_column("0"))).label("images"),
                series.c.instance_count,
                series.c.series_instance_uid,
            )
            .join_from(study, series, series.c.study_key == study.c.id)
            .join(instance, instance.c.series_key == series.c.id)
            .where(in_study)
            .group_by(series.c.id, series.c.instance_count, series.c.series_instance_uid)
            .order_by(literal_column("2").desc(), series.c.id)
        )
        self.study_version = text(select(study.c.version).where(in_study))
        self.series_version = text(
            select(series.c.version)
            .join_from(series, study, series.c.study_key == study.c.id)
            .where(in_series, study.c.study_instance_uid == p("study"))
        )
        self.series_of_study = text(
            select(
                series.c.series_instance_uid,
                series.c.number,
                series.c.modality,
                series.c.description,
                series.c.body_part,
                series.c.series_date,
                series.c.series_time,
                series.c.instance_count,
                func.coalesce(func.sum(instance.c.frames), literal_column("0")),
                series.c.version,
            )
            .join_from(study, series, series.c.study_key == study.c.id)
            .join(instance, instance.c.series_key == series.c.id)
            .where(in_study)
            .group_by(series.c.id)
            .order_by(series.c.number, series.c.id)
        )
        self.level_of_study = text(select(study.c.id).where(in_study))
        buried = select(func.max(tombstone.c.decided_at_ns)).where(tombstone.c.partition_id == p("partition"))
        nothing: ColumnElement[str] = literal_column("''")
        self.study_tombstone = text(buried.where(tombstone.c.study_instance_uid == p("study"), tombstone.c.series_instance_uid == nothing))
        self.series_tombstone = text(
            buried.where(
                tombstone.c.study_instance_uid == p("study"),
                tombstone.c.series_instance_uid.in_((nothing, p("series"))),
                tombstone.c.sop_instance_uid == nothing,
            )
        )
        self.instance_tombstone = text(
            buried.where(
                tombstone.c.study_instance_uid == p("study"),
                tombstone.c.series_instance_uid.in_((nothing, p("series"))),
                tombstone.c.sop_instance_uid.in_((nothing, p("sop"))),
            )
        )
        self.changes = text(
            select(
                change.c.sequence,
                change.c.kind,
                change.c.partition_id,
                study.c.study_instance_uid,
                series.c.series_instance_uid,
                change.c.instances,
                change.c.at_ns,
                change.c.subject,
            )
            .select_from(change.outerjoin(study, study.c.id == change.c.study_key).outerjoin(series, series.c.id == change.c.series_key))
            .where(change.c.sequence > p("since"))
            .order_by(change.c.sequence)
            .limit(p("limit"))
            .offset(literal_column("0"))
        )
        self.kept_aside = text(
            select(
                kept_aside.c.partition_id,
                kept_aside.c.study_instance_uid,
                kept_aside.c.series_instance_uid,
                kept_aside.c.sop_instance_uid,
                kept_aside.c.outcome,
                kept_aside.c.reason,
                kept_aside.c.received_at_ns,
                kept_aside.c.pack_id,
                kept_aside.c.offset_bytes,
            )
            .where(kept_aside.c.partition_id == p("partition"), kept_aside.c.outcome != literal_column("'duplicate'"))
            .order_by(kept_aside.c.received_at_ns.desc(), kept_aside.c.id.desc())
            .limit(p("limit"))
            .offset(literal_column("0"))
        )
        self.totals = text(
            select(
                select(func.count()).select_from(study).where(study.c.partition_id == p("one")).scalar_subquery(),
                select(func.count()).select_from(series).where(series.c.partition_id == p("two")).scalar_subquery(),
                func.count(),
                func.coalesce(func.sum(instance.c.prefix_length_bytes + instance.c.data_set_length_bytes), literal_column("0")),
            ).where(instance.c.partition_id == p("three"))
        )
        self.all_instances = text(
            _INSTANCE.add_columns(instance.c.id)
            .where(instance.c.id > p("after"))
            .order_by(instance.c.id)
            .limit(p("limit"))
            .offset(literal_column("0"))
        )
