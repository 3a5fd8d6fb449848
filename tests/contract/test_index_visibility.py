"""Which studies a caller sees, in every way of asking, held against a plain reading of the rule; on both databases."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fnmatch import fnmatchcase

import pytest

from hounsfield.dicom.character_sets import character_set
from hounsfield.dicom.json_values import text_element
from hounsfield.index.database import Database
from hounsfield.index.entry import IndexEntry
from hounsfield.index.holdings import Holdings
from hounsfield.index.reader import IndexReader
from hounsfield.index.retrieval import RetrievalReader
from hounsfield.model.query import Key, Level, Query, SingleValue, WildCard
from hounsfield.model.retrieval import Named
from hounsfield.model.visibility import ALL_STUDIES, VisibleStudies
from index_kit.databases import Addresses, Indexed, opened
from index_kit.entries import Maker

UNICODE = character_set(b"ISO_IR 192")
INSTITUTIONS = ('Spital "Süd"', "North", "")
TODAY = date.today()  # noqa: DTZ011 - dates of studies are local ones
DAYS_AGO = (0, 3, 40, None)


@dataclass(frozen=True)
class Made:
    """A study as the test knows it: of each series its modality, institution, station and sender."""

    uid: str
    patient: str
    issuer: str
    physician: str
    days_ago: int | None
    series: tuple[tuple[str, str, str, str], ...]

    def is_seen(self, visible: VisibleStudies) -> bool:
        """AND over kinds, OR within."""
        modalities, institutions, stations, senders = (set(values) for values in zip(*self.series, strict=True))
        asked = [
            (visible.modalities, modalities),
            (visible.stations, stations),
            (visible.senders, senders),
            (visible.issuers, {self.issuer}),
            (tuple(map(str.lower, visible.referring_physicians)), {self.physician.lower()}),
        ]
        if visible.institutions and not institutions.intersection(visible.institutions):
            return False
        if visible.last_days and (self.days_ago is None or self.days_ago > visible.last_days):
            return False
        return all(not patterns or any(fnmatchcase(v, p) for v in values for p in patterns) for patterns, values in asked)


def entries_of(make: Maker, one: Made) -> Iterator[IndexEntry]:
    """Two instances a series; the second was sent by somebody else."""
    day = "" if one.days_ago is None else f"{TODAY - timedelta(days=one.days_ago):%Y%m%d}"
    for number, (modality, institution, station, sender) in enumerate(one.series, 1):
        for source in (sender, "LATECOMER"):
            made = make.entry(
                one.uid,
                f"{one.uid}.{number}",
                patient_id=one.patient,
                issuer=one.issuer,
                referring_physician=one.physician,
                study_date=day,
                modality=modality,
                station_name=station,
            )
            institution_name = text_element("00080080", "LO", institution.encode(), UNICODE)
            # A procedure that another institution asked for does not make the series its own.
            asked = f'"00400275":{{"vr":"SQ","Value":[{{{text_element("00080080", "LO", b"South", UNICODE)}}}]}}'
            first = f'"00080060":{{"vr":"CS"}},{institution_name}'
            series = replace(made.attributes.series, json=f'{first}\n"0020000E":{{}}\n{asked}'.encode())
            yield replace(made, stored=replace(made.stored, source=source), attributes=replace(made.attributes, series=series))


def random_studies(chance: random.Random, count: int) -> list[Made]:
    return [
        Made(
            f"1.{number}",
            f"P{chance.randrange(6)}",
            chance.choice(("", "A", "B")),
            chance.choice(("Who^Doctor", "No^Julius", "")),
            chance.choice(DAYS_AGO),
            tuple(
                (
                    chance.choice(("CT", "MR", "SR", "")),
                    chance.choice(INSTITUTIONS),
                    chance.choice(("CT1", "CT2", "")),
                    chance.choice(("AE1", "AE2")),
                )
                for _ in range(chance.randint(1, 3))
            ),
        )
        for number in range(1, count + 1)
    ]


def random_rule(chance: random.Random) -> VisibleStudies:
    def some(*values: str) -> tuple[str, ...]:
        return tuple(chance.sample(values, chance.randint(1, 2))) if chance.random() < 0.3 else ()

    return VisibleStudies(
        some("CT", "MR", "S*", "?R", "US"),
        some('Spital "Süd"', "North", "South"),
        some("CT1", "CT*", "?T2", "XX"),
        some("AE1", "AE?", "LATECOMER"),
        some("A", "B*", "C"),
        some("who^doctor", "no*", "x*"),
        chance.choice((0, 0, 0, 1, 10)),
    )


@dataclass
class Filled:
    index: Indexed
    studies: list[Made]


@pytest.fixture
def filled(addresses: Addresses) -> Iterator[Filled]:
    studies = random_studies(random.Random(7), 40)
    make = Maker()
    with opened(addresses.new()) as index:
        index.writer.add_all([entry for one in studies for entry in entries_of(make, one)])
        yield Filled(index, studies)


def found(index: Indexed, level: Level, visible: VisibleStudies, *keys: Key) -> list[str]:
    """Study Instance UIDs, one for each hit."""
    stream = index.reader.stream(Query(level, keys, visible=visible))
    return sorted(hit.study_instance_uid for page in stream.pages for hit in page)


KEYS: tuple[tuple[Key, ...], ...] = (
    (),
    (Key("PatientID", WildCard("P*")),),
    (Key("PatientID", SingleValue("P1")),),
    (Key("ModalitiesInStudy", SingleValue("CT")),),
    (Key("StudyDate", SingleValue(f"{TODAY:%Y%m%d}")),),
)


def test_queries_find_what_is_seen_and_nothing_else(filled: Filled) -> None:
    chance = random.Random(11)
    hidden = 0
    for visible in [ALL_STUDIES, *(random_rule(chance) for _ in range(30))]:
        seen = {one.uid: one for one in filled.studies if one.is_seen(visible)}
        hidden += len(filled.studies) - len(seen)
        for keys in KEYS:
            everybodys = set(found(filled.index, Level.STUDY, ALL_STUDIES, *keys))
            wanted = sorted(everybodys & set(seen))
            assert found(filled.index, Level.STUDY, visible, *keys) == wanted, (visible, keys)
            for level, copies in ((Level.SERIES, 1), (Level.INSTANCE, 2)):
                rows = sorted(uid for uid in wanted for _ in range(copies * len(seen[uid].series)))
                assert found(filled.index, level, visible, *keys) == rows, (visible, level, keys)
        patients = found(filled.index, Level.PATIENT, visible)
        assert len(patients) == len({(one.patient, one.issuer) for one in seen.values()}), visible
        assert set(patients) <= set(seen), visible
        assert len(found(filled.index, Level.PATIENT, visible, Key("PatientID", SingleValue("P1")))) == len(
            {one.issuer for one in seen.values() if one.patient == "P1"}
        )
    assert hidden > 250


def test_counts_say_nothing_of_what_is_not_seen(filled: Filled) -> None:
    chance = random.Random(13)
    for visible in (random_rule(chance) for _ in range(15)):
        seen = [one for one in filled.studies if one.is_seen(visible)]
        counts = filled.index.reader.patient_counts(1, [one.uid for one in seen], visible)
        for one in seen:
            own = [other for other in seen if (other.patient, other.issuer) == (one.patient, one.issuer)]
            series = sum(len(other.series) for other in own)
            assert tuple(counts[one.uid]) == (len(own), series, 2 * series), visible
        assert filled.index.reader.count(Query(Level.STUDY, visible=visible)) == (len(seen), False)


def test_a_retrieve_and_a_commitment_reach_what_is_seen_and_nothing_else(filled: Filled) -> None:
    chance = random.Random(17)
    reader, holdings = RetrievalReader(filled.index.database), Holdings(filled.index.database)
    everything = list(reader.named(1, Named(study_instance_uids=tuple(one.uid for one in filled.studies)), 1000))
    uids = tuple(one.sop_instance_uid for one in everything)
    study_of = {
        one.sop_instance_uid: held.instance.study_instance_uid for one in everything for held in holdings.held(1, [one.sop_instance_uid])
    }
    series_of = {one.instance.sop_instance_uid: one.instance.series_instance_uid for one in holdings.held(1, uids)}
    patient_of = {one.uid: one.patient for one in filled.studies}
    for visible in (random_rule(chance) for _ in range(15)):
        seen = {one.uid for one in filled.studies if one.is_seen(visible)}
        wanted = {uid for uid in uids if study_of[uid] in seen}
        for named, agrees in (
            (Named(study_instance_uids=tuple(patient_of)), lambda uid: True),
            (Named(series_instance_uids=tuple(series_of.values())), lambda uid: True),
            (Named(sop_instance_uids=uids), lambda uid: True),
            (Named(patient_id="P1"), lambda uid: patient_of[study_of[uid]] == "P1"),
            (Named(patient_id="P1", sop_instance_uids=uids), lambda uid: patient_of[study_of[uid]] == "P1"),
        ):
            planned = {one.sop_instance_uid for one in reader.named(1, named, 1000, visible)}
            assert planned == set(filter(agrees, wanted)), (visible, named)
        assert {one.instance.sop_instance_uid for one in holdings.held(1, uids, visible)} == wanted


def test_the_query_of_a_recent_week_goes_by_the_index_on_dates(filled: Filled) -> None:
    if not filled.index.database.dialect.in_process:
        pytest.skip("SQLite says in words how it goes")
    plans: list[str] = []
    fetch = filled.index.database.fetch

    def explained(sql: str, values: object = ()) -> list[object]:
        plans.append(" ".join(str(row[3]) for row in fetch(f"EXPLAIN QUERY PLAN {sql}", values)))
        return fetch(sql, values)

    filled.index.database.fetch = explained  # type: ignore[method-assign]
    visible = VisibleStudies(stations=("CT1",), senders=("AE1",), last_days=7)
    found(filled.index, Level.STUDY, visible)
    assert "USING INDEX study_date" in plans[-1]
    assert plans[-1].count("INDEX series_study") == 2
    assert "USING INDEX instance_series" in plans[-1]
    assert "TEMP B-TREE" not in plans[-1]


def test_days_are_counted_from_the_sites_own_day(filled: Filled) -> None:
    tomorrow = Database(filled.index.address, lambda: TODAY + timedelta(days=1))
    uids = [one.sop_instance_uid for one in RetrievalReader(tomorrow).named(1, Named(study_instance_uids=("1.1", "1.2")), 1000)]
    try:
        for days in (2, 3, 4):
            visible = VisibleStudies(last_days=days)
            seen = sorted(one.uid for one in filled.studies if one.days_ago is not None and one.days_ago < days)
            pages = IndexReader(tomorrow).stream(Query(Level.STUDY, visible=visible)).pages
            assert sorted(hit.study_instance_uid for page in pages for hit in page) == seen
            held = {one.instance.study_instance_uid for one in Holdings(tomorrow).held(1, uids, visible)}
            assert held == {"1.1", "1.2"} & set(seen)
    finally:
        tomorrow.close()
