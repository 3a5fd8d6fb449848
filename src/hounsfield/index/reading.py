"""The reader's SQL besides searches, built once."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, literal_column, or_, select

from hounsfield.dicom.frames import HEAD_BYTES
from hounsfield.index.dialect import Dialect
from hounsfield.index.tables import (
    allocator,
    change,
    frame_table,
    instance,
    kept_aside,
    pack,
    rejection,
    series,
    study,
    tombstone,
    total,
    withheld,
)

ZERO: ColumnElement[int] = literal_column("0")
ONE: ColumnElement[int] = literal_column("1")
EMPTY: ColumnElement[str] = literal_column("''")
DUPLICATE: ColumnElement[str] = literal_column("'duplicate'")

_HEAD: ColumnElement[int] = literal_column(str(HEAD_BYTES))
_LARGE_FRAME_TABLE = (
    select(func.substr(frame_table.c.frame_table, ONE, _HEAD)).where(frame_table.c.instance_key == instance.c.id).scalar_subquery()
)

INSTANCE = (
    select(
        study.c.study_instance_uid,
        series.c.series_instance_uid,
        instance.c.sop_instance_uid,
        instance.c.sop_class_uid,
        instance.c.number,
        instance.c.rows,
        instance.c.columns,
        instance.c.frames,
        func.coalesce(func.substr(instance.c.frame_table, ONE, _HEAD), _LARGE_FRAME_TABLE),
        instance.c.header_length_bytes,
        instance.c.partition_id,
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
        instance.c.transfer_syntax_uid,
        instance.c.source,
        instance.c.overlay,
    )
    .join_from(instance, series, instance.c.series_key == series.c.id)
    .join(study, series.c.study_key == study.c.id)
    .join(pack, instance.c.pack_key == pack.c.id)
)
"""What `model.stored_instance.StoredInstance` and what it holds have, in their order."""


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
        self.instances_of_study = text(INSTANCE.where(in_study).order_by(*by_number))
        self.instances_of_series = text(
            INSTANCE.where(in_series, study.c.study_instance_uid == p("study")).order_by(instance.c.number, instance.c.id)
        )
        self.instance = text(INSTANCE.where(of_instance))
        first = instance.c.id + ZERO  # not by the key's own index, which would lead through the whole archive
        self.first_of_study = text(INSTANCE.where(in_study).order_by(first).limit(ONE).offset(ZERO))
        self.first_of_series = text(INSTANCE.where(in_series).order_by(first).limit(ONE).offset(ZERO))
        self.frame_table = text(select(instance.c.frame_table, instance.c.id).where(of_instance))
        self.large_frame_table = text(select(frame_table.c.frame_table).where(frame_table.c.instance_key == p("key")))
        of_series = INSTANCE.where(instance.c.series_key == p("series_key"))
        middle = (instance.c.number, instance.c.id)
        self.middle_instance = text(of_series.order_by(*middle).limit(ONE).offset(p("middle")))
        self.middle_image = text(of_series.where(instance.c.rows > ZERO).order_by(*middle).limit(ONE).offset(p("middle")))
        self.image_series = text(
            select(
                series.c.id,
                func.sum(case((instance.c.rows > ZERO, ONE), else_=ZERO)).label("images"),
                series.c.instance_count,
                series.c.series_instance_uid,
                series.c.number,
                series.c.modality,
                series.c.description,
            )
            .join_from(study, series, series.c.study_key == study.c.id)
            .join(instance, instance.c.series_key == series.c.id)
            .where(in_study)
            .group_by(
                series.c.id,
                series.c.instance_count,
                series.c.series_instance_uid,
                series.c.number,
                series.c.modality,
                series.c.description,
            )
            .order_by(series.c.id)
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
                series.c.instance_count,
                func.coalesce(func.sum(instance.c.frames), ZERO),
            )
            .join_from(study, series, series.c.study_key == study.c.id)
            .join(instance, instance.c.series_key == series.c.id)
            .where(in_study)
            .group_by(series.c.id)
            .order_by(series.c.number, series.c.id)
        )
        self.tombstone = text(
            select(tombstone.c.decided_at_ns)
            .where(
                tombstone.c.partition_id == p("partition"),
                tombstone.c.study_instance_uid == p("study"),
                tombstone.c.series_instance_uid.in_((EMPTY, p("series"))),
                tombstone.c.sop_instance_uid.in_((EMPTY, p("sop"))),
            )
            .limit(ONE)
            .offset(ZERO)
        )
        any_or = {name: or_(p(f"any_{name}") == EMPTY, withheld.c[f"{name}_instance_uid"] == p(name)) for name in ("series", "sop")}
        self.withheld = text(
            select(withheld.c.id)
            .where(withheld.c.partition_id == p("partition"), withheld.c.study_instance_uid == p("study"), *any_or.values())
            .limit(ONE)
            .offset(ZERO)
        )
        hidden = select(withheld.c.id).where(
            withheld.c.partition_id == rejection.c.partition_id,
            withheld.c.study_instance_uid == rejection.c.study_instance_uid,
            *(
                or_(rejection.c[name] == EMPTY, rejection.c[name] == withheld.c[name])
                for name in ("series_instance_uid", "sop_instance_uid")
            ),
        )
        self.decided = text(
            select(rejection.c.series_instance_uid, rejection.c.sop_instance_uid, rejection.c.decided_at_ns, rejection.c.rejects).where(
                rejection.c.partition_id == p("partition"), rejection.c.study_instance_uid == p("study")
            )
        )
        self.rejections = text(
            select(
                rejection.c.study_instance_uid,
                rejection.c.series_instance_uid,
                rejection.c.sop_instance_uid,
                rejection.c.code,
                rejection.c.principal,
                rejection.c.reason,
                rejection.c.decided_at_ns,
            )
            .where(rejection.c.partition_id == p("partition"), rejection.c.rejects == ONE, hidden.exists())
            .order_by(rejection.c.decided_at_ns.desc())
            .limit(p("limit"))
            .offset(ZERO)
        )
        self.latest = text(select(allocator.c.last))
        changes = (
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
            .offset(ZERO)
        )
        self.changes = text(changes)
        self.changes_of_partition = text(changes.where(change.c.partition_id == p("partition")))
        self.kept_aside = text(
            select(
                kept_aside.c.study_instance_uid,
                kept_aside.c.series_instance_uid,
                kept_aside.c.sop_instance_uid,
                kept_aside.c.outcome,
                kept_aside.c.reason,
                kept_aside.c.source,
                kept_aside.c.received_at_ns,
            )
            .where(kept_aside.c.partition_id == p("partition"), kept_aside.c.outcome != DUPLICATE)
            .order_by(kept_aside.c.received_at_ns.desc(), kept_aside.c.id.desc())
            .limit(p("limit"))
            .offset(ZERO)
        )
        self.total = text(
            select(total.c.studies, total.c.series, total.c.instances, total.c.bytes_stored).where(total.c.partition_id == p("partition"))
        )
        self.all_instances = text(
            INSTANCE.add_columns(instance.c.id).where(instance.c.id > p("after")).order_by(instance.c.id).limit(p("limit")).offset(ZERO)
        )
