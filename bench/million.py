"""Ingest and search with a full index: synthetic rows, made by the hundred thousand, then measured.

    python bench/million.py [--studies 1000000] [--instances 1000000] [--database PATH-OR-URL]

Prints, as a Markdown table: objects per second from four `storescu` into a server with an empty index and with a full one; the same
through `IndexWriter.add` alone, from four threads; bytes of index an instance, and the times of searches (median and 95th percentile over
different values). The database must be empty; without `--database` it is a file in a temporary folder, removed at the end, and the server
is measured as well.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench import load, servers
from bench.store_rows import send
from hounsfield.dicom.frames import NativeFrames
from hounsfield.index.database import Database
from hounsfield.index.entry import IndexEntry
from hounsfield.index.projection import Projection
from hounsfield.index.reader import IndexReader
from hounsfield.index.writer import IndexWriter
from hounsfield.model.entities import InstanceAttributes, ObjectAttributes, PatientAttributes, SeriesAttributes, StudyAttributes
from hounsfield.model.identifiers import UID
from hounsfield.model.location import Digests, Location, StoredObject
from hounsfield.model.query import Key, Level, Order, Query, Range, SingleValue, WildCard

THREADS = 4
INGESTED = 8_000
REPEATS = 60
GROUP = 20_000
FAMILY_NAMES = 80_000
GIVEN_NAMES = 8_000
EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"

SYLLABLES = [first + vowel for first in "bdfghjklmnprstvwz" for vowel in ("a", "e", "i", "o", "u", "ei", "au")]
REGIONS = ("Thorax", "Abdomen", "Head", "Knee", "Spine", "Pelvis", "Heart", "Neck", "Wrist", "Liver")
MANNERS = ("native", "with contrast", "follow-up", "screening", "emergency", "low dose")
MODALITIES = ("CT", "MR", "CR", "US", "MG", "XA", "PT", "NM")


class Hospital:
    """Makes up objects: each call names the next. Sequences repeat with the seed."""

    def __init__(self, seed: int, pack_id: str, instances_per_study: int) -> None:
        self.random = random.Random(seed)
        self.pack_id = pack_id
        self.instances_per_study = instances_per_study
        self.made = 0
        self.families = self.names(FAMILY_NAMES)
        self.given = self.names(GIVEN_NAMES)
        self.study: tuple[StudyAttributes, PatientAttributes, SeriesAttributes] | None = None

    def uid(self) -> str:
        """Without any order: the worst case for the index."""
        return f"2.25.{self.random.getrandbits(126)}"

    def names(self, number: int) -> list[str]:
        """Different names of two or three syllables."""
        return ["".join(self.random.choices(SYLLABLES, k=self.random.choice((2, 3, 3)))).capitalize() for _ in range(number)]

    def _new_study(self) -> tuple[StudyAttributes, PatientAttributes, SeriesAttributes]:
        chance = self.random
        number = chance.randrange(10**8)
        date = f"{chance.randrange(2005, 2027)}{chance.randrange(1, 13):02}{chance.randrange(1, 29):02}"
        patient = PatientAttributes(
            f"PAT{number:08}", "", f"{chance.choice(self.families)}^{chance.choice(self.given)}", "19620317", chance.choice("MF")
        )
        description = f"{chance.choice(REGIONS)} {chance.choice(MANNERS)}"
        study_uid, series_uid = UID(self.uid()), UID(self.uid())
        referring = f"{self.families[number % 500]}^Dr"
        fragment = (
            f'"00080020":{{"vr":"DA","Value":["{date}"]}},"00080030":{{"vr":"TM","Value":["101500"]}},'
            f'"00080050":{{"vr":"SH","Value":["ACC{number}"]}}\n"00080090":{{"vr":"PN","Value":[{{"Alphabetic":"{referring}"}}]}},'
            f'"00081030":{{"vr":"LO","Value":["{description}"]}}\n"00100010":{{"vr":"PN","Value":[{{"Alphabetic":"{patient.name}"}}]}},'
            f'"00100020":{{"vr":"LO","Value":["{patient.patient_id}"]}},"0020000D":{{"vr":"UI","Value":["{study_uid}"]}}'
        )
        study = StudyAttributes(study_uid, str(number % 9999), date, "101500", f"ACC{number}", description, referring, fragment.encode())
        modality = chance.choices(MODALITIES, weights=(30, 20, 20, 15, 8, 4, 2, 1))[0]
        fragment = f'"00080060":{{"vr":"CS","Value":["{modality}"]}}\n"0020000E":{{"vr":"UI","Value":["{series_uid}"]}}\n'
        series = SeriesAttributes(
            series_uid, 1, modality, "Axial 1.0", "CHEST", date, "101501", date, "101501", "SCANNER1", fragment.encode()
        )
        return study, patient, series

    def entry(self) -> IndexEntry:
        """The next object."""
        if self.study is None or self.made % self.instances_per_study == 0:
            self.study = self._new_study()
        self.made += 1
        study, patient, series = self.study
        sop_uid = UID(self.uid())
        fragment = (
            f'"00080016":{{"vr":"UI","Value":["1.2.840.10008.5.1.4.1.1.2"]}},"00080018":{{"vr":"UI","Value":["{sop_uid}"]}}\n'
            f'"00200013":{{"vr":"IS","Value":[{self.made}]}},"00280010":{{"vr":"US","Value":[512]}},"00280011":{{"vr":"US","Value":[512]}}'
        )
        instance = InstanceAttributes(UID("1.2.840.10008.5.1.4.1.1.2"), sop_uid, self.made, 512, 512, 1, fragment.encode())
        digest = hashlib.sha256(sop_uid.encode()).digest()
        offset = self.made * 528_384
        location = Location(self.pack_id, self.made, offset, offset + 2048, 332, 525_312)
        stored = StoredObject(
            1,
            location,
            Digests(digest, digest, int.from_bytes(digest[:8])),
            1_800_000_000_000_000_000 + self.made,
            "local",
            EXPLICIT_LITTLE_ENDIAN,
            "SCANNER1",
        )
        attributes = ObjectAttributes(UID(EXPLICIT_LITTLE_ENDIAN), patient, study, series, instance)
        return IndexEntry(stored, attributes, 2_100, NativeFrames(2_432, 524_288, (int.from_bytes(digest[8:16]),)).to_bytes())


def fill(database: Database, hospital: Hospital, instances: int, remember: Callable[[IndexEntry], None]) -> None:
    """Rows by the ten thousand in one transaction; the same rows that the writer writes."""
    projection = Projection(database, time.time_ns)
    connection = database.connect(writing=True)
    for first in range(0, instances, GROUP):
        connection.execute(database.dialect.begin_writing)
        projection.begin(connection)
        for _ in range(min(GROUP, instances - first)):
            entry = hospital.entry()
            identity = entry.identity
            projection.note_pack(entry.stored.location, entry.stored.node)
            _, _, series, study = projection.judge(identity)
            projection.place(entry, identity, series, study)
            remember(entry)
        projection.finish()
        connection.execute("COMMIT")
        projection.committed()
    connection.close()


def ingest_rate(database: Database, seed: int) -> float:
    """Objects per second from four threads, each with its own pack, until `INGESTED` are committed."""
    packs = [[Hospital(seed + number, f"{seed + number:032x}", 100)] for number in range(THREADS)]
    entries = [[hospital.entry() for _ in range(INGESTED // THREADS)] for (hospital,) in packs]
    with IndexWriter(database) as writer:
        threads = [threading.Thread(target=lambda part=part: [writer.add(entry) for entry in part]) for part in entries]
        started = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return INGESTED / (time.perf_counter() - started)


def store_rates(folder: Path, instances: int) -> tuple[float, float]:
    """Objects of 8 KB a second from four senders: into empty servers, and into one with `instances` rows. Medians of three."""
    loads = [load.make_small(folder / "load", 100 * number) for number in range(4)]
    empty = []
    for studies in loads:
        with servers.hounsfield(folder / "empty") as running:
            empty.append(send(studies, THREADS, running.dicom_port, running.ae_title))
    full = []
    with servers.hounsfield(folder / "full") as running:
        database = Database(str(folder / "full" / "data" / "index.sqlite"))
        fill(database, Hospital(1, "f" * 32, 250), instances, lambda entry: None)
        database.close()
        full = [send(studies, THREADS, running.dicom_port, running.ae_title) for studies in loads]
    # The first of each reads its files from the disk.
    return statistics.median(empty[1:]), statistics.median(full[1:])


def searches(known: list[IndexEntry], chance: random.Random) -> Iterator[tuple[str, float, Callable[[IndexReader], Any]]]:
    """Name of a search, its target in milliseconds, and a maker of calls over different values."""

    def one() -> IndexEntry:
        return chance.choice(known)

    def query(*keys: Key, **more: Any) -> Query:
        return Query(Level.STUDY, keys, limit=25, **more)

    def patient_id() -> str:
        return one().attributes.patient.patient_id

    def family() -> str:
        return one().attributes.patient.name.split("^")[0]

    newest = Order("StudyDate", descending=True)
    yield "studies by Patient ID", 20, lambda r: r.search(query(Key("PatientID", SingleValue(patient_id()))))
    yield (
        "studies by accession number",
        20,
        lambda r: r.search(query(Key("AccessionNumber", SingleValue(one().attributes.study.accession_number)))),
    )
    yield (
        "studies by Study Instance UID",
        20,
        lambda r: r.search(query(Key("StudyInstanceUID", SingleValue(one().attributes.study.study_instance_uid)))),
    )
    yield "studies, limit 25", 20, lambda r: r.search(query())
    yield "studies of a day", 20, lambda r: r.search(query(Key("StudyDate", SingleValue(one().attributes.study.date))))
    yield "studies of a range of years", 20, lambda r: r.search(query(Key("StudyDate", Range("20150101", "20191231"))))
    yield (
        "studies of a frequent modality, newest first",
        20,
        lambda r: r.search(query(Key("ModalitiesInStudy", SingleValue("CT")), order=newest)),
    )
    yield (
        "studies of a modality in a month",
        20,
        lambda r: r.search(query(Key("ModalitiesInStudy", SingleValue("NM")), Key("StudyDate", Range("20200301", "20200331")))),
    )
    yield (
        "Patient ID with wild card",
        20,
        lambda r: r.search(query(Key("PatientID", WildCard(patient_id()[:7] + "*")))),
    )
    yield "name, whole", 50, lambda r: r.search(query(Key("PatientName", SingleValue(one().attributes.patient.name.upper()))))
    yield "name, beginning of it", 50, lambda r: r.search(query(Key("PatientName", WildCard(family()[:5] + "*"))))
    yield "name, three letters", 50, lambda r: r.search(query(Key("PatientName", WildCard(family()[:3] + "*")), order=newest))
    yield "name, any part of it", 50, lambda r: r.search(query(Key("PatientName", WildCard(f"*{family()[1:5]}*"))))
    yield "typed: one letter", 50, lambda r: r.search(query(text=family()[:1], order=newest))
    yield "typed: three letters", 50, lambda r: r.search(query(text=family()[:3], order=newest))
    yield (
        "typed: family and given name",
        50,
        lambda r: r.search(query(text=one().attributes.patient.name.replace("^", " ")[:9], order=newest)),
    )
    yield "typed: name and region", 50, lambda r: r.search(query(text=f"{family()[:4]} {chance.choice(REGIONS)}", order=newest))
    yield "typed: region and modality", 50, lambda r: r.search(query(text=f"{chance.choice(REGIONS)} us", order=newest))
    yield "typed: Patient ID", 50, lambda r: r.search(query(text=patient_id().lower(), order=newest))
    yield "worklist page with its count", 150, lambda r: r.worklist(query(order=newest))
    yield "worklist by name with its count", 150, lambda r: r.worklist(query(text=family()[:3], order=Order("PatientName")))

    def listed(name: str, *keys: Callable[[], Key], order: Order = newest) -> tuple[str, float, Callable[[IndexReader], Any]]:
        return f"worklist {name}, with its count", 150, lambda r: r.worklist(query(*(key() for key in keys), order=order))

    yield listed("of a day, by name", lambda: Key("StudyDate", SingleValue(one().attributes.study.date)), order=Order("PatientName"))
    yield listed("of five years", lambda: Key("StudyDate", Range("20150101", "20191231")))
    yield listed("of a rare modality", lambda: Key("ModalitiesInStudy", SingleValue("NM")))
    yield listed("of a frequent modality", lambda: Key("ModalitiesInStudy", SingleValue("CT")))

    def streamed(
        name: str, target_ms: float, level: Level, key: Callable[[], Key], **more: Any
    ) -> tuple[str, float, Callable[[IndexReader], Any]]:
        def call(reader: IndexReader) -> int:
            return sum(map(len, reader.stream(Query(level, (key(),), **more)).pages))

        return f"C-FIND {name}, all of it", target_ms, call

    yield streamed("of studies of a Patient ID", 20, Level.STUDY, lambda: Key("PatientID", SingleValue(patient_id())))
    yield streamed("of studies of a day", 20, Level.STUDY, lambda: Key("StudyDate", SingleValue(one().attributes.study.date)))
    yield streamed("of studies of a name", 50, Level.STUDY, lambda: Key("PatientName", WildCard(f"{family()}*")))
    yield streamed("of patients of a name", 50, Level.PATIENT, lambda: Key("PatientName", WildCard(f"{family()}*")))
    yield streamed(
        "of a name by its sound", 50, Level.STUDY, lambda: Key("PatientName", SingleValue(one().attributes.patient.name)), fuzzy=True
    )
    yield (
        "instances of a series",
        20,
        lambda r: r.instances(1, one().attributes.study.study_instance_uid, one().attributes.series.series_instance_uid),
    )


def times_ms(reader: IndexReader, call: Callable[[IndexReader], Any]) -> tuple[float, float]:
    """Median and 95th percentile."""
    call(reader)
    taken = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        call(reader)
        taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken), sorted(taken)[int(REPEATS * 0.95)]


def size_bytes(database: Database) -> int:
    """Of all that lies on the disk."""
    if database.dialect.name == "sqlite":
        database.fetch("PRAGMA wal_checkpoint(TRUNCATE)")
        return int(database.fetch("PRAGMA page_count")[0][0]) * int(database.fetch("PRAGMA page_size")[0][0])
    return int(database.fetch("SELECT pg_database_size(current_database())")[0][0])


def measure(address: str, studies: int, instances: int) -> None:
    """Fill, measure, print."""
    database = Database(address)
    database.upgrade()
    empty = max(ingest_rate(database, seed=10 * attempt) for attempt in (1, 2, 3))
    print(f"| the index alone, empty, {THREADS} threads, objects/s | {empty:.0f} | |", flush=True)
    base = size_bytes(database)
    fill(database, Hospital(1, "f" * 32, 250), instances, lambda entry: None)
    print(f"| index an instance (250 a study), bytes | {(size_bytes(database) - base) / instances:.0f} | 1000 |", flush=True)
    full = max(ingest_rate(database, seed=1000 * attempt) for attempt in (1, 2, 3))
    print(f"| the index alone, {instances} instances present, objects/s | {full:.0f} ({full / empty:.2f}) | |", flush=True)
    known: list[IndexEntry] = []
    every = itertools.count()
    base = size_bytes(database)
    started = time.perf_counter()
    fill(database, Hospital(2, "e" * 32, 1), studies, lambda entry: known.append(entry) if next(every) % 97 == 0 else None)
    print(f"| index a study of one instance, bytes | {(size_bytes(database) - base) / studies:.0f} | |")
    print(f"| filled, studies/s | {studies / (time.perf_counter() - started):.0f} | |", flush=True)
    reader = IndexReader(database)
    for name, target_ms, call in searches(known, random.Random(5)):
        median, worst = times_ms(reader, call)
        print(f"| {name}, ms: median, p95 | {median:.2f}, {worst:.2f} | {target_ms} |", flush=True)
    database.close()


def main() -> None:
    """As the module says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=1_000_000)
    parser.add_argument("--instances", type=int, default=1_000_000)
    parser.add_argument("--database")
    given = parser.parse_args()
    if given.database:
        print("| work | measured | target |\n|---|---|---|")
        measure(given.database, given.studies, given.instances)
        return
    with tempfile.TemporaryDirectory(prefix="hounsfield-million-") as folder:
        empty, full = store_rates(Path(folder), given.instances)
        print("| work | measured | target |\n|---|---|---|")
        print(f"| C-STORE 8 KB, {THREADS} senders, empty index, objects/s | {empty:.0f} | |")
        print(
            f"| C-STORE with {given.instances} instances present, objects/s | {full:.0f} ({full / empty:.2f}) | {0.9 * empty:.0f} (0.90) |",
            flush=True,
        )
        measure(str(Path(folder) / "index.sqlite"), given.studies, given.instances)


if __name__ == "__main__":
    main()
