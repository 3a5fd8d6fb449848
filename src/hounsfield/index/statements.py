"""The writer's SQL, built by SQLAlchemy Core and turned into the driver's text once."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Executable, Table, bindparam, delete, func, insert, literal_column, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import Select

from hounsfield.index.dialect import Dialect
from hounsfield.index.tables import (
    allocator,
    change,
    frame_table,
    instance,
    kept_aside,
    pack,
    patient,
    rejection,
    rendition,
    series,
    study,
    study_mark,
    study_word,
    tombstone,
    total,
    withheld,
    word,
)

ZERO: ColumnElement[int] = literal_column("0")
ONE: ColumnElement[int] = literal_column("1")

HELD = (
    select(
        instance.c.id,
        instance.c.series_key,
        series.c.study_key,
        instance.c.partition_id,
        instance.c.sop_instance_uid,
        instance.c.sop_class_uid,
        instance.c.transfer_syntax_uid,
        instance.c.number,
        instance.c.rows,
        instance.c.columns,
        instance.c.frames,
        pack.c.pack_id,
        pack.c.node,
        instance.c.sequence,
        instance.c.member_offset_bytes,
        instance.c.offset_bytes,
        instance.c.prefix_length_bytes,
        instance.c.data_set_length_bytes,
        instance.c.header_length_bytes,
        instance.c.prefix_sha256,
        instance.c.data_set_sha256,
        instance.c.checksum,
        instance.c.received_at_ns,
        instance.c.source,
        instance.c.overlay,
        instance.c.frame_table,
        instance.c.json,
        series.c.series_instance_uid,
        series.c.number,
        series.c.modality,
        series.c.description,
        series.c.body_part,
        series.c.series_date,
        series.c.series_time,
        series.c.performed_step_date,
        series.c.performed_step_time,
        series.c.station_name,
        series.c.json,
        study.c.study_instance_uid,
        study.c.patient_id,
        study.c.issuer,
        study.c.patient_name,
        study.c.birth_date,
        study.c.sex,
        study.c.study_id,
        study.c.study_date,
        study.c.study_time,
        study.c.accession_number,
        study.c.description,
        study.c.referring_physician,
        study.c.json,
    )
    .join_from(instance, series, instance.c.series_key == series.c.id)
    .join(study, series.c.study_key == study.c.id)
    .join(pack, instance.c.pack_key == pack.c.id)
)
"""What `rowforms.HeldRow` holds."""


class Statements:
    """Texts named by what they do. Parameters stand in the order in which the conditions below name them."""

    def __init__(self, dialect: Dialect) -> None:
        def text(statement: Select[Any]) -> str:
            return dialect.compile(statement).sql

        def write(statement: Executable, *parameters: str) -> str:
            compiled = dialect.compile(statement)
            assert not parameters or compiled.parameters == parameters, compiled
            return compiled.sql

        def insert_into(table: Table) -> str:
            compiled = dialect.compile(insert(table).values({column.name: bindparam(column.name) for column in table.columns}))
            assert compiled.parameters == tuple(column.name for column in table.columns)
            return compiled.sql

        p = bindparam
        self.last = text(select(allocator.c.last).where(allocator.c.id == ONE).with_for_update())
        self.set_last = write(update(allocator).values(last=p("new_last")).where(allocator.c.id == ONE))

        self.taken = text(
            select(instance.c.sop_instance_uid).where(
                instance.c.partition_id == p("partition"), dialect.among(instance.c.sop_instance_uid, "uids")
            )
        )
        self.insert_instance = insert_into(instance)
        self.insert_frame_table = insert_into(frame_table)
        self.held_of = {
            "sop": text(HELD.where(instance.c.partition_id == p("partition"), instance.c.sop_instance_uid == p("uid"))),
            "series": text(HELD.where(series.c.partition_id == p("partition"), series.c.series_instance_uid == p("uid"))),
            "study": text(HELD.where(study.c.partition_id == p("partition"), study.c.study_instance_uid == p("uid"))),
        }
        self.large_frame_table = text(select(frame_table.c.frame_table).where(frame_table.c.instance_key == p("key")))
        self.delete_instance = write(delete(instance).where(instance.c.id == p("key")))
        self.delete_frame_table = write(delete(frame_table).where(frame_table.c.instance_key == p("key")))

        self.series_by_uid = text(
            select(series.c.id, series.c.study_key, series.c.precedence).where(
                series.c.partition_id == p("partition"), series.c.series_instance_uid == p("uid")
            )
        )
        self.insert_series = insert_into(series)
        self.count_series = write(
            update(series)
            .ordered_values((series.c.instance_count, series.c.instance_count + p("more")), (series.c.version, p("new_version")))
            .where(series.c.id == p("key"))
        )
        described = [column.name for column in series.columns][7:]
        self.describe_series = write(
            update(series)
            .values({"precedence": p("new_precedence")} | {name: p(f"new_{name}") for name in described})
            .where(series.c.id == p("key"))
        )
        self.delete_series = write(delete(series).where(series.c.id == p("key")))

        study_columns = select(
            study.c.id,
            study.c.study_instance_uid,
            study.c.precedence,
            study.c.modalities,
            study.c.sop_classes,
            study.c.first_received_at_ns,
            study.c.last_received_at_ns,
            study.c.words,
            patient.c.patient_id,
            patient.c.issuer,
            patient.c.own_study_uid,
        ).join_from(study, patient, study.c.patient_key == patient.c.id)
        self.study_by_uid = text(study_columns.where(study.c.partition_id == p("partition"), study.c.study_instance_uid == p("uid")))
        self.study_by_key = text(study_columns.where(study.c.id == p("key")))
        self.insert_study = insert_into(study)
        self.count_study = write(
            update(study)
            .values(
                version=p("new_version"),
                first_received_at_ns=p("new_first"),
                last_received_at_ns=p("new_latest"),
                series_count=study.c.series_count + p("more_series"),
                instance_count=study.c.instance_count + p("more"),
            )
            .where(study.c.id == p("key"))
        )
        self.classify_study = write(
            update(study).values(modalities=p("new_modalities"), sop_classes=p("new_sop_classes")).where(study.c.id == p("key"))
        )
        described = [column.name for column in study.columns][14:]
        self.describe_study = write(
            update(study)
            .values({"precedence": p("new_precedence")} | {name: p(f"new_{name}") for name in described})
            .where(study.c.id == p("key"))
        )
        of_mark = (study_mark.c.partition_id == p("partition"), study_mark.c.study_instance_uid == p("uid"))
        self.mark_of = text(select(study_mark.c.reading_status, study_mark.c.reading_priority).where(*of_mark))
        self.marked_study = text(
            select(study.c.id, study.c.reading_status, study.c.reading_priority).where(
                study.c.partition_id == p("partition"), study.c.study_instance_uid == p("uid")
            )
        )
        self.insert_mark = insert_into(study_mark)
        self.delete_mark = write(delete(study_mark).where(*of_mark))
        self.delete_mark_until = write(delete(study_mark).where(*of_mark, study_mark.c.marked_at_ns <= p("until")))
        self.mark_study = write(
            update(study).values(reading_status=p("new_status"), reading_priority=p("new_priority")).where(study.c.id == p("key"))
        )
        self.delete_study = write(delete(study).where(study.c.id == p("key")))
        self.modalities_of_study = text(select(series.c.modality).distinct().where(series.c.study_key == p("key")))
        self.sop_classes_of_study = text(
            select(instance.c.sop_class_uid)
            .distinct()
            .join_from(instance, series, instance.c.series_key == series.c.id)
            .where(series.c.study_key == p("key"))
        )
        self.empty_series_of_study = text(
            select(series.c.id, series.c.series_instance_uid).where(series.c.study_key == p("key"), series.c.instance_count == ZERO)
        )
        self.study_counts = text(select(study.c.instance_count, study.c.patient_key).where(study.c.id == p("key")))
        in_order = (instance.c.received_at_ns, pack.c.node, pack.c.pack_id, instance.c.offset_bytes)
        located = instance.join(pack, instance.c.pack_key == pack.c.id).join(series, instance.c.series_key == series.c.id)
        first = select(*in_order).select_from(located).order_by(*in_order).limit(ONE).offset(ZERO)
        self.first_of_study = text(first.where(series.c.study_key == p("key")))
        self.first_of_series = text(first.with_only_columns(series.c.series_instance_uid, *in_order).where(series.c.id == p("key")))
        self.precede_study = write(update(study).values(precedence=p("new_precedence")).where(study.c.id == p("key")))
        self.precede_series = write(update(series).values(precedence=p("new_precedence")).where(series.c.id == p("key")))

        upsert = sqlite.insert if dialect.name == "sqlite" else postgresql.insert
        names = ("studies", "series", "instances", "bytes_stored")
        added = upsert(total).values({"partition_id": p("partition")} | {name: p(name) for name in names})
        sums = {name: total.c[name] + added.excluded[name] for name in names}
        self.add_to_total = write(added.on_conflict_do_update(index_elements=["partition_id"], set_=sums))

        self.patient = text(
            select(patient.c.id).where(
                patient.c.partition_id == p("partition"),
                patient.c.patient_id == p("patient_id"),
                patient.c.issuer == p("issuer"),
                patient.c.own_study_uid == p("own"),
            )
        )
        self.insert_patient = insert_into(patient)
        self.delete_childless_patient = write(
            delete(patient).where(patient.c.id == p("key"), ~select(study.c.id).where(study.c.patient_key == patient.c.id).exists())
        )

        self.words = text(select(word.c.word, word.c.id).where(dialect.among(word.c.word, "words")))
        self.insert_word = insert_into(word)
        self.insert_study_word = write(upsert(study_word).values(word_key=p("word"), study_key=p("study")).on_conflict_do_nothing())
        self.delete_study_words = write(
            delete(study_word).where(dialect.among(study_word.c.word_key, "words"), study_word.c.study_key == p("study"))
        )

        used = select(study_word.c.study_key).where(study_word.c.word_key == word.c.id).exists()
        self.delete_unused_words = write(delete(word).where(dialect.among(word.c.id, "words"), ~used))

        self.pack = text(select(pack.c.id, pack.c.indexed_through_bytes).where(pack.c.pack_id == p("pack_id")))
        self.packs = text(select(pack.c.pack_id, pack.c.indexed_through_bytes))
        self.insert_pack = insert_into(pack)
        self.pack_through = write(
            update(pack)
            .values(indexed_through_bytes=p("new_through"))
            .where(pack.c.id == p("key"), pack.c.indexed_through_bytes < p("through"))
        )
        self.pack_state = write(update(pack).values(state=p("new_state")).where(pack.c.pack_id == p("pack_id")))

        self.insert_kept_aside = insert_into(kept_aside)
        self.kept_aside_at = text(
            select(kept_aside.c.id).where(kept_aside.c.pack_id == p("pack_id"), kept_aside.c.offset_bytes == p("offset"))
        )
        entries = select(kept_aside.c.id, kept_aside.c.entry).where(kept_aside.c.partition_id == p("partition"))
        self.kept_aside_of = {
            "sop": text(entries.where(kept_aside.c.sop_instance_uid == p("uid"))),
            "series": text(entries.where(kept_aside.c.series_instance_uid == p("uid"))),
            "study": text(entries.where(kept_aside.c.study_instance_uid == p("uid"))),
        }
        self.delete_kept_aside = write(delete(kept_aside).where(kept_aside.c.id == p("key")))
        self.judge_kept_aside = write(
            update(kept_aside).values(outcome=p("new_outcome"), reason=p("new_reason")).where(kept_aside.c.id == p("key"))
        )

        latest = [select(func.max(table.c.decided_at_ns)).scalar_subquery() for table in (tombstone, rejection)]
        self.latest_decisions = text(select(*latest))
        self.tombstones = text(
            select(tombstone.c.series_instance_uid, tombstone.c.sop_instance_uid, tombstone.c.decided_at_ns).where(
                tombstone.c.partition_id == p("partition"), tombstone.c.study_instance_uid == p("study")
            )
        )
        self.insert_tombstone = insert_into(tombstone)
        self.delete_tombstone = write(
            delete(tombstone).where(
                tombstone.c.partition_id == p("partition"),
                tombstone.c.study_instance_uid == p("study"),
                tombstone.c.series_instance_uid == p("series"),
                tombstone.c.sop_instance_uid == p("sop"),
            )
        )
        self.rejections = text(
            select(rejection.c.series_instance_uid, rejection.c.sop_instance_uid, rejection.c.decided_at_ns, rejection.c.rejects).where(
                rejection.c.partition_id == p("partition"), rejection.c.study_instance_uid == p("study")
            )
        )
        self.insert_rejection = insert_into(rejection)
        self.delete_rejection = write(
            delete(rejection).where(
                rejection.c.partition_id == p("partition"),
                rejection.c.study_instance_uid == p("study"),
                rejection.c.series_instance_uid == p("series"),
                rejection.c.sop_instance_uid == p("sop"),
            )
        )
        hidden = select(withheld.c.id, withheld.c.entry).where(withheld.c.partition_id == p("partition"))
        self.withheld_of = {
            "sop": text(hidden.where(withheld.c.sop_instance_uid == p("uid"))),
            "study": text(hidden.where(withheld.c.study_instance_uid == p("uid"))),
        }
        self.withheld_at = text(select(withheld.c.id).where(withheld.c.pack_id == p("pack_id"), withheld.c.offset_bytes == p("offset")))
        self.insert_withheld = insert_into(withheld)
        self.delete_withheld = write(delete(withheld).where(withheld.c.id == p("key")))
        self.insert_rendition = insert_into(rendition)
        self.rendition_at = text(
            select(rendition.c.made_at_ns).where(
                rendition.c.original_pack_id == p("pack_id"), rendition.c.original_offset_bytes == p("offset")
            )
        )
        self.delete_rendition = write(
            delete(rendition).where(rendition.c.original_pack_id == p("pack_id"), rendition.c.original_offset_bytes == p("offset"))
        )
        self.insert_change = insert_into(change)
        # The allocator's number stays: what was given once is never given again, so that versions and ETags keep their meaning.
        emptied = (
            instance,
            frame_table,
            series,
            study,
            study_word,
            word,
            patient,
            kept_aside,
            tombstone,
            rejection,
            withheld,
            rendition,
            change,
            pack,
            total,
        )
        self.clear = [write(delete(table)) for table in emptied]
