"""What a decision would be about: is it here, in what state, or was it once?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, select

from hounsfield.index.database import Database
from hounsfield.index.deletion import read_deletion
from hounsfield.index.reading import Reading
from hounsfield.index.rejection import KINDS, read_rejection
from hounsfield.index.tables import instance, kept_aside, series, study, withheld
from hounsfield.model.errors import Gone, InstanceNotFound, SeriesNotFound, StudyNotFound

Named = tuple[int, str, str, str]
"""Partition, study, series and SOP Instance UID, the last two empty above their level."""


class Subjects:
    """Reads one database; thread-safe."""

    def __init__(self, database: Database) -> None:
        self._database = database
        of_study = (study.c.partition_id == bindparam("partition"), study.c.study_instance_uid == bindparam("uid"))
        held = (
            select(series.c.series_instance_uid, instance.c.sop_instance_uid)
            .join_from(study, series, series.c.study_key == study.c.id)
            .join(instance, instance.c.series_key == series.c.id)
            .where(*of_study)
        )
        aside = select(kept_aside.c.series_instance_uid, kept_aside.c.sop_instance_uid).where(
            kept_aside.c.partition_id == bindparam("partition"), kept_aside.c.study_instance_uid == bindparam("uid")
        )
        hidden = select(withheld.c.series_instance_uid, withheld.c.sop_instance_uid).where(
            withheld.c.partition_id == bindparam("partition"), withheld.c.study_instance_uid == bindparam("uid")
        )
        self._visible = (database.compile(held).sql, database.compile(aside).sql)
        self._withheld = (database.compile(hidden).sql,)
        self._tombstone = Reading(database.dialect).tombstone

    def check(self, record: Mapping[str, Any]) -> None:
        """Whether there is something of the kind that the decision needs.

        To delete: anything; to reject: something that is not rejected; to restore: something that is.
        Raises: StudyNotFound, SeriesNotFound, InstanceNotFound; Gone where it was deleted, or is rejected already; InvalidInput,
        IndexUnavailable.
        """
        if record.get("kind") in KINDS:
            decision = read_rejection(record, decided_at_ns=0)
            standing = decision.standing
            named = (decision.partition_id, decision.study_instance_uid, standing.series_instance_uid, standing.sop_instance_uid)
            if self._is_among(self._visible if standing.rejects else self._withheld, named):
                return
            if standing.rejects and self._is_among(self._withheld, named):
                raise Gone("it was rejected already")
            if not standing.rejects and self._is_among(self._visible, named):
                raise InstanceNotFound("nothing of it is rejected")
        else:
            deletion = read_deletion(record, decided_at_ns=0)
            named = (deletion.partition_id, deletion.study_instance_uid, deletion.series_instance_uid, deletion.sop_instance_uid)
            if self._is_among((*self._visible, *self._withheld), named):
                return
        if self._database.fetch(self._tombstone, named):
            raise Gone("it was deleted already")
        raise _unknown(named)

    def _is_among(self, statements: tuple[str, ...], named: Named) -> bool:
        partition_id, study_uid, series_uid, sop_uid = named
        return any(
            series_uid in ("", found_series) and sop_uid in ("", found_sop)
            for sql in statements
            for found_series, found_sop in self._database.fetch(sql, (partition_id, study_uid))
        )


def _unknown(named: Named) -> StudyNotFound | SeriesNotFound | InstanceNotFound:
    _partition_id, study_uid, series_uid, sop_uid = named
    if sop_uid:
        return InstanceNotFound(f"no instance {sop_uid}")
    return SeriesNotFound(f"no series {series_uid}") if series_uid else StudyNotFound(f"no study {study_uid}")
