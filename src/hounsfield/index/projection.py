"""The derived tables as one transaction sees them: entries are judged, their rows gathered, counters written once per group."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from hounsfield.dicom.person_name import fold
from hounsfield.index.aside import encode_entry
from hounsfield.index.changes import ChangeKind
from hounsfield.index.database import Database
from hounsfield.index.dialect import Connection, Values
from hounsfield.index.entry import IndexEntry
from hounsfield.index.known import KnownSeries, KnownStudy, Recent
from hounsfield.index.rowforms import LARGEST_INLINE_FRAME_TABLE_BYTES, HeldRow, instance_values, series_values, spaced, study_values
from hounsfield.index.statements import Statements
from hounsfield.index.storable import storable
from hounsfield.index.words import StudyTexts, study_texts
from hounsfield.model.identity import Judgement, ObjectIdentity, PatientIdentity, Standing, judge, precedence_bytes
from hounsfield.model.location import Location
from hounsfield.model.outcomes import StoreOutcome

MOST_REMEMBERED = 5_000
MOST_WORDS_REMEMBERED = 20_000
NOT_MARKED = (0, 0)
"""Reading status and priority of a study of which nobody has said anything."""


@dataclass(slots=True)
class Gathered:
    """What a transaction has not written yet. Counters are by row: instances, series."""

    instances: list[tuple[Any, ...]] = field(default_factory=list)
    frame_tables: list[tuple[int, bytes]] = field(default_factory=list)
    series: dict[int, int] = field(default_factory=dict)
    studies: dict[int, list[int]] = field(default_factory=dict)
    known_studies: dict[int, KnownStudy] = field(default_factory=dict)
    reclassified: set[int] = field(default_factory=set)
    added: dict[tuple[int, int, int], int] = field(default_factory=dict)
    packs: dict[int, int] = field(default_factory=dict)
    totals: dict[int, list[int]] = field(default_factory=dict)


class Projection:
    """One writer's view. `begin`, then entries, then `flush`; whoever holds the connection commits or, after a failure, calls `forget`."""

    def __init__(self, database: Database, clock_ns: Callable[[], int]) -> None:
        self.dialect = database.dialect
        self.sql = Statements(database.dialect)
        self.connection: Connection
        self.gathered = Gathered()
        self.taken: set[tuple[int, str]] = set()
        self.latest_deletion_ns = -1
        self.latest_rejection_ns = -1
        self._standing: dict[tuple[int, str], list[Standing]] = {}
        self._clock_ns = clock_ns
        self._last = -1
        self._last_written = -1
        self._series: Recent[tuple[int, str], KnownSeries] = Recent(MOST_REMEMBERED)
        self._studies: Recent[tuple[int, str], KnownStudy] = Recent(MOST_REMEMBERED)
        self._words: Recent[str, int] = Recent(MOST_WORDS_REMEMBERED)
        self._packs: dict[str, int] = {}

    # A transaction's frame

    def begin(self, connection: Connection) -> None:
        """Take the allocator's lock; what was remembered holds only if nobody else has written since."""
        self.connection = connection
        self.gathered = Gathered()
        self.taken = set()
        last = int(self.one(self.sql.last, ())[0])
        if last != self._last_written:
            self.forget()
            self.latest_deletion_ns, self.latest_rejection_ns = (at_ns or -1 for at_ns in self.one(self.sql.latest_decisions, ()))
        self._last = last

    def foresee(self, entries: Iterable[IndexEntry]) -> None:
        """Ask at once which SOP Instance UIDs of a group are taken."""
        by_partition: dict[int, list[str]] = {}
        for entry in entries:
            by_partition.setdefault(entry.stored.partition_id, []).append(entry.attributes.instance.sop_instance_uid)
        for partition_id, uids in by_partition.items():
            rows = self.all(self.sql.taken, (partition_id, self.dialect.listed(uids)))
            self.taken.update((partition_id, row[0]) for row in rows)

    def flush(self) -> None:
        """Write all that was gathered."""
        gathered, self.gathered = self.gathered, Gathered()
        if gathered.instances:
            self.many(self.sql.insert_instance, gathered.instances)
        if gathered.frame_tables:
            self.many(self.sql.insert_frame_table, gathered.frame_tables)
        now = self._clock_ns() if gathered.added else 0
        changes = []
        for (partition_id, study_key, series_key), instances in gathered.added.items():
            changes.append((self.allocate(), int(ChangeKind.INSTANCES_ADDED), partition_id, study_key, series_key, instances, now, ""))
        if changes:
            self.many(self.sql.insert_change, changes)
        version = self.allocate() if gathered.studies or gathered.series else 0
        if gathered.series:
            self.many(self.sql.count_series, [(more, version, key) for key, more in gathered.series.items()])
        if gathered.studies:
            counts = []
            for key, (more, more_series) in gathered.studies.items():
                study = gathered.known_studies[key]
                counts.append((version, study.first_received_at_ns, study.last_received_at_ns, more_series, more, key))
            self.many(self.sql.count_study, counts)
        for key in gathered.reclassified:
            self.write_classes(gathered.known_studies[key])
        if gathered.totals:
            self.many(self.sql.add_to_total, [(partition_id, *more) for partition_id, more in gathered.totals.items()])
        if gathered.packs:
            self.many(self.sql.pack_through, [(through, key, through) for key, through in gathered.packs.items()])

    def finish(self) -> None:
        """Flush, and give back the allocator's number; the commit follows."""
        self.flush()
        if self._last != self._last_written:
            self.execute(self.sql.set_last, (self._last,))

    def committed(self) -> None:
        """The commit has succeeded: what is remembered is what is there."""
        self._last_written = self._last

    def forget(self) -> None:
        """Drop all that is remembered: the transaction failed, or somebody else has written."""
        self._series.clear()
        self._studies.clear()
        self._words.clear()
        self._packs.clear()
        self._standing.clear()
        self._last_written = -1
        self.gathered = Gathered()

    def clear(self) -> None:
        """Empty all derived tables but the allocator."""
        for sql in self.sql.clear:
            self.execute(sql, ())
        last = self._last
        self.forget()
        self._last = last
        self.taken = set()
        self.latest_deletion_ns = -1
        self.latest_rejection_ns = -1

    # Small words for the driver

    def one(self, sql: str, values: Values) -> Any:
        """The first row, or None."""
        return self.connection.execute(sql, values).fetchone()

    def all(self, sql: str, values: Values) -> list[Any]:
        """All rows."""
        return self.connection.execute(sql, values).fetchall()

    def execute(self, sql: str, values: Values) -> None:
        """One statement."""
        self.connection.execute(sql, values)

    def many(self, sql: str, rows: list[Any]) -> None:
        """One statement for many rows."""
        self.dialect.execute_many(self.connection, sql, rows)

    def allocate(self) -> int:
        """A number that nothing else has."""
        self._last += 1
        return self._last

    # Entries

    def holder(self, partition_id: int, sop_instance_uid: str) -> HeldRow | None:
        """The instance that counts under this UID, written or not."""
        self.flush()
        row = self.one(self.sql.held_of["sop"], (partition_id, sop_instance_uid))
        return None if row is None else HeldRow._make(row)

    def judge(self, identity: ObjectIdentity) -> tuple[Judgement, HeldRow | None, KnownSeries | None, KnownStudy | None]:
        """Measure an object against what counts; with what it was measured against."""
        partition_id = identity.partition_id
        if (partition_id, identity.sop_instance_uid) in self.taken:
            holder = self.holder(partition_id, identity.sop_instance_uid)
            if holder is not None:
                return judge(identity, holder.entry().identity, None, None), holder, None, None
        series = self.series(partition_id, identity.series_instance_uid)
        if series is not None and series.study.study_instance_uid == identity.study_instance_uid:
            study: KnownStudy | None = series.study
        else:
            study = self.study(partition_id, identity.study_instance_uid)
        judgement = judge(
            identity,
            None,
            None if series is None else series.study.study_instance_uid,
            None if study is None else study.patient,
        )
        return judgement, None, series, study

    def place(self, entry: IndexEntry, identity: ObjectIdentity, series: KnownSeries | None, study: KnownStudy | None) -> None:
        """Let an entry count."""
        stored = entry.stored
        partition_id = stored.partition_id
        instance = entry.attributes.instance
        sop_class_uid = storable(instance.sop_class_uid)
        precedence = precedence_bytes(identity.precedence)
        new_series, new_study = series is None, study is None
        if study is None:
            study = self._open_study(entry, identity, precedence)
        if series is None:
            series = self._open_series(entry, study, precedence)
        gathered = self.gathered
        gathered.known_studies[study.key] = study
        if precedence < study.precedence:
            self._describe_study(entry, study, precedence)
        if precedence < series.precedence:
            series.precedence = precedence
            self.execute(self.sql.describe_series, (precedence, *series_values(entry), series.key))
        row_id = self.allocate()
        pack_key = self.pack_key(stored.location.pack_id, stored.node)
        row = instance_values(row_id, series.key, pack_key, entry, sop_class_uid)
        gathered.instances.append(row)
        if len(entry.frame_table) > LARGEST_INLINE_FRAME_TABLE_BYTES:
            gathered.frame_tables.append((row_id, entry.frame_table))
        self.taken.add((partition_id, identity.sop_instance_uid))
        gathered.series[series.key] = gathered.series.get(series.key, 0) + 1
        counts = gathered.studies.setdefault(study.key, [0, 0])
        counts[0] += 1
        counts[1] += new_series
        self.add_to_total(partition_id, new_study, new_series, 1, stored.location.length_bytes)
        if stored.received_at_ns > study.last_received_at_ns:
            study.last_received_at_ns = stored.received_at_ns
        if stored.received_at_ns < study.first_received_at_ns:
            study.first_received_at_ns = stored.received_at_ns
        change = (partition_id, study.key, series.key)
        gathered.added[change] = gathered.added.get(change, 0) + 1
        modality = storable(entry.attributes.series.modality)
        if sop_class_uid not in study.sop_classes or (modality and modality not in study.modalities):
            study.sop_classes.add(sop_class_uid)
            if modality:
                study.modalities.add(modality)
            gathered.reclassified.add(study.key)

    def keep_aside(self, entry: IndexEntry, identity: ObjectIdentity, judgement: Judgement) -> None:
        """Note an entry that does not count."""
        stored = entry.stored
        precedence = precedence_bytes(identity.precedence)
        place = (stored.location.pack_id, stored.location.offset_bytes)
        if self.one(self.sql.kept_aside_at, place) is not None:
            return
        row_id = self.allocate()
        self.execute(
            self.sql.insert_kept_aside,
            (
                row_id,
                stored.partition_id,
                identity.study_instance_uid,
                identity.series_instance_uid,
                identity.sop_instance_uid,
                judgement.outcome.value,
                judgement.reason,
                storable(stored.source),
                precedence,
                stored.received_at_ns,
                *place,
                encode_entry(entry),
            ),
        )
        if judgement.outcome is not StoreOutcome.DUPLICATE:
            subject = "\n".join((identity.study_instance_uid, identity.series_instance_uid, identity.sop_instance_uid))
            values = (self.allocate(), int(ChangeKind.KEPT_ASIDE), stored.partition_id, 0, 0, 1, self._clock_ns(), subject)
            self.execute(self.sql.insert_change, values)

    def standing(self, partition_id: int, study_instance_uid: str) -> list[Standing]:
        """The latest decision on each part of a study that was rejected or restored."""
        key = (partition_id, study_instance_uid)
        found = self._standing.get(key)
        if found is None:
            if len(self._standing) >= MOST_REMEMBERED:
                self._standing.clear()
            rows = self.all(self.sql.rejections, key)
            found = self._standing[key] = [Standing(series, sop, at_ns, bool(rejects)) for series, sop, at_ns, rejects in rows]
        return found

    def stand(self, partition_id: int, study_instance_uid: str, decided: Standing, code: str, principal: str, reason: str) -> None:
        """Let a decision stand in the place of an earlier one on exactly the same."""
        key = (partition_id, study_instance_uid, decided.series_instance_uid, decided.sop_instance_uid)
        self.execute(self.sql.delete_rejection, key)
        self.execute(self.sql.insert_rejection, (*key, decided.decided_at_ns, int(decided.rejects), code, principal, reason))
        self._standing.pop(key[:2], None)
        self.latest_rejection_ns = max(self.latest_rejection_ns, decided.decided_at_ns)

    def note_pack(self, location: Location, node: str) -> None:
        """The pack is indexed through the file that lies there once the transaction commits."""
        key = self.pack_key(location.pack_id, node)
        through = location.offset_bytes + location.length_bytes
        self.gathered.packs[key] = max(self.gathered.packs.get(key, 0), through)

    def add_to_total(self, partition_id: int, studies: int = 0, series: int = 0, instances: int = 0, stored_bytes: int = 0) -> None:
        """Count what a partition holds."""
        total = self.gathered.totals.setdefault(partition_id, [0, 0, 0, 0])
        for index, more in enumerate((studies, series, instances, stored_bytes)):
            total[index] += more

    def pack_key(self, pack_id: str, node: str) -> int:
        """The pack's row, made where there is none."""
        key = self._packs.get(pack_id)
        if key is None:
            row = self.one(self.sql.pack, (pack_id,))
            if row is None:
                key = self.allocate()
                self.execute(self.sql.insert_pack, (key, pack_id, node, "open", 0, node))
            else:
                key = int(row[0])
            self._packs[pack_id] = key
        return key

    # Series and studies

    def series(self, partition_id: int, series_instance_uid: str) -> KnownSeries | None:
        """The series that counts under this UID."""
        known = self._series.recall((partition_id, series_instance_uid))
        if known is None:
            row = self.one(self.sql.series_by_uid, (partition_id, series_instance_uid))
            if row is None:
                return None
            key, study_key, precedence = row
            study_row = self.one(self.sql.study_by_key, (study_key,))
            study = self._studies.recall((partition_id, study_row[1])) or self._remember_study(partition_id, study_row)
            known = KnownSeries(key, study, series_instance_uid, bytes(precedence))
            self._series.remember((partition_id, series_instance_uid), known)
        return known

    def study(self, partition_id: int, study_instance_uid: str) -> KnownStudy | None:
        """The study that counts under this UID."""
        known = self._studies.recall((partition_id, study_instance_uid))
        if known is None:
            row = self.one(self.sql.study_by_uid, (partition_id, study_instance_uid))
            if row is None:
                return None
            known = self._remember_study(partition_id, row)
        return known

    def drop_series(self, partition_id: int, series_instance_uid: str) -> None:
        """Forget a series whose row is gone."""
        self._series.pop((partition_id, series_instance_uid), None)

    def drop_study(self, partition_id: int, study_instance_uid: str) -> None:
        """Forget a study whose row is gone or has been written without us, and its series."""
        known = self._studies.pop((partition_id, study_instance_uid), None)
        gone = [
            key for key, series in self._series.items() if series.study is known or series.study.study_instance_uid == study_instance_uid
        ]
        for key in gone:
            del self._series[key]

    def _remember_study(self, partition_id: int, row: Any) -> KnownStudy:
        key, uid, precedence, modalities, sop_classes, first, last, words, patient_id, issuer, own_study_uid = row
        known = KnownStudy(
            key,
            uid,
            PatientIdentity(patient_id, issuer, own_study_uid),
            bytes(precedence),
            set(modalities.split()),
            set(sop_classes.split()),
            first,
            last,
            words,
        )
        self._studies.remember((partition_id, uid), known)
        return known

    def _open_study(self, entry: IndexEntry, identity: ObjectIdentity, precedence: bytes) -> KnownStudy:
        stored, patient = entry.stored, identity.patient
        where = (stored.partition_id, patient.patient_id, patient.issuer, patient.study_instance_uid)
        row = self.one(self.sql.patient, where)
        if row is None:
            patient_key = self.allocate()
            self.execute(self.sql.insert_patient, (patient_key, *where))
        else:
            patient_key = int(row[0])
        texts = study_texts(entry.attributes)
        key = self.allocate()
        received = stored.received_at_ns
        # Of its first object at once: many indexes hold the modalities, and would be written again.
        modalities = {storable(entry.attributes.series.modality)} - {""}
        sop_classes = {storable(entry.attributes.instance.sop_class_uid)}
        classes = (spaced(modalities), spaced(sop_classes))
        head = (key, stored.partition_id, identity.study_instance_uid, patient_key, precedence, 0, received, received, 0, 0, *classes)
        mark = self.one(self.sql.mark_of, (stored.partition_id, identity.study_instance_uid)) or NOT_MARKED
        self.execute(self.sql.insert_study, (*head, *mark, *study_values(entry, texts)))
        self._add_words(key, texts.indexed | {fold(modality) for modality in modalities})
        line = storable(texts.line)
        study = KnownStudy(key, identity.study_instance_uid, patient, precedence, modalities, sop_classes, received, received, line)
        self._studies.remember((stored.partition_id, identity.study_instance_uid), study)
        return study

    def _open_series(self, entry: IndexEntry, study: KnownStudy, precedence: bytes) -> KnownSeries:
        partition_id, uid = entry.stored.partition_id, entry.attributes.series.series_instance_uid
        key = self.allocate()
        self.execute(self.sql.insert_series, (key, partition_id, uid, study.key, precedence, 0, 0, *series_values(entry)))
        series = KnownSeries(key, study, uid, precedence)
        self._series.remember((partition_id, uid), series)
        return series

    def _describe_study(self, entry: IndexEntry, study: KnownStudy, precedence: bytes) -> None:
        texts: StudyTexts = study_texts(entry.attributes)
        self.remove_words(study.key, study.words, study.modalities)
        study.precedence = precedence
        study.words = storable(texts.line)
        self.execute(self.sql.describe_study, (precedence, *study_values(entry, texts), study.key))
        self._add_words(study.key, texts.indexed | {fold(modality) for modality in study.modalities})

    def write_classes(self, study: KnownStudy) -> None:
        """Write modalities and SOP classes of a study, and let its modalities be found by typing."""
        self.execute(self.sql.classify_study, (spaced(study.modalities), spaced(study.sop_classes), study.key))
        self._add_words(study.key, {fold(modality) for modality in study.modalities})

    def _add_words(self, study_key: int, words: Iterable[str]) -> None:
        wanted = sorted({storable(word) for word in words} - {""})
        missing = [word for word in wanted if word not in self._words]
        if missing:
            for word, key in self.all(self.sql.words, (self.dialect.listed(missing),)):
                self._words.remember(word, key)
            new = [(self.allocate(), word) for word in missing if word not in self._words]
            if new:
                self.many(self.sql.insert_word, new)
        keys = {word: self._words[word] for word in wanted if word in self._words}
        if missing:
            for key, word in new:
                self._words.remember(word, key)
                keys[word] = key
        if keys:
            self.many(self.sql.insert_study_word, [(key, study_key) for key in keys.values()])

    def remove_words(self, study_key: int, line: str, modalities: Iterable[str]) -> None:
        """Take a study out of the word table."""
        words = {*line.split(), *(fold(modality) for modality in modalities)}
        if words:
            known = dict(self.all(self.sql.words, (self.dialect.listed(sorted(words)),)))
            keys = self.dialect.listed(known.values())
            self.execute(self.sql.delete_study_words, (keys, study_key))
            # A word that nobody has any more may be a name: it goes with its last bearer.
            self.execute(self.sql.delete_unused_words, (keys,))
            for word in known:
                self._words.pop(word, None)
