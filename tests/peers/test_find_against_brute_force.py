"""C-FIND over an association gives what PS3.4 C.2.2.2 says, entity by entity: the shared corpus and ten thousand made-up studies."""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset

from find_kit.brute_force import LEVELS, PAIRS, UNIQUE, Entity, Holdings, expected, read_in_zone, requests_of, values_of
from find_kit.client import IMPLICIT, LITERAL, PATIENT_ROOT, ZONED, Answer, FindClient, identifier
from find_kit.queries import Made, make_query
from find_kit.served import Served, serving
from find_kit.synthetic import entry, objects
from hounsfield.model.time_zone import fixed
from hounsfield.network.status import Status

FOLDERS = ("charset", "modality", "series", "ts", "image", "synth")
STUDIES, QUERIES = 10_000, 2_000
STUDIES_IN_THE_SUITE, QUERIES_IN_THE_SUITE = 2_000, 200
MOST_ANSWERS = 400
"""A query that more entities match is asked only now and then: it would say little for its time."""

SITE_MINUTES = 60
SITE = timezone(timedelta(minutes=SITE_MINUTES))
ZONES = ("-0800", "+1400", "+0000")
DATED = ("StudyDate", "StudyTime", "SeriesDate", "SeriesTime", "PerformedProcedureStepStartDate", "PerformedProcedureStepStartTime")

RETURNED = ("PatientName", "PatientID", "StudyDate", "StudyTime", "Modality", "SeriesNumber", "InstanceNumber")


in_the_suite = pytest.mark.parametrize("served", [STUDIES_IN_THE_SUITE], indirect=True)
whole = pytest.mark.parametrize("served", [STUDIES], indirect=True)


@pytest.fixture(scope="module")
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, corpus: Path) -> Iterator[tuple[Served, Holdings]]:
    """The archive with so many made-up studies, and what is in it."""
    holdings = Holdings()
    with warnings.catch_warnings(), serving(tmp_path_factory.mktemp("find"), stored_zone=fixed(SITE_MINUTES)) as running:
        warnings.simplefilter("ignore")
        files = [path for folder in FOLDERS for path in sorted((corpus / folder).rglob("*")) if path.is_file()]
        for path in running.keep(files):
            data_set = pydicom.dcmread(path, stop_before_pixels=True, force=True)
            holdings.add(values_of(data_set), requests_of(data_set))
        made = list(objects(seed=20260131, studies=request.param))
        judged = running.writer.add_all(entry(number, *one) for number, one in enumerate(made))
        for one, judgement in zip(made, judged, strict=True):
            assert not isinstance(judgement, Exception) and not judgement.reason, judgement
            holdings.add(*one)
        yield running, holdings


@in_the_suite
def test_a_sample_of_generated_queries(served: tuple[Served, Holdings]) -> None:
    _ask_all(*served, seed=1, queries=QUERIES_IN_THE_SUITE)


@whole
@pytest.mark.prove
@pytest.mark.timeout(1800)
def test_all_generated_queries(served: tuple[Served, Holdings]) -> None:
    _ask_all(*served, seed=2, queries=QUERIES)


@in_the_suite
def test_a_sample_of_generated_queries_in_other_time_zones(served: tuple[Served, Holdings]) -> None:
    _ask_in_zones(*served, seed=3, queries=QUERIES_IN_THE_SUITE // 5, zones=ZONES[:2])


@whole
@pytest.mark.prove
@pytest.mark.timeout(1800)
def test_all_generated_queries_in_other_time_zones(served: tuple[Served, Holdings]) -> None:
    _ask_in_zones(*served, seed=4, queries=QUERIES, zones=ZONES)


def _ask_in_zones(running: Served, holdings: Holdings, seed: int, queries: int, zones: tuple[str, ...]) -> None:
    """What is asked is made up from what the archive holds as it is in the zone; so is what is due."""
    chance = random.Random(seed)
    stored = {level: holdings.entities(level) for level in LEVELS}
    asked = found = moved = 0
    with FindClient(running.port, ZONED) as client:
        for number, text in enumerate(zones, start=1):
            zone = datetime.strptime(text, "%z").tzinfo
            assert isinstance(zone, timezone)
            entities = {level: [read_in_zone(one, zone, SITE) for one in stored[level]] for level in LEVELS}
            while asked < queries * number // len(zones):
                made = make_query(chance, entities, DATED if chance.random() < 0.8 else ())
                due = expected(entities[made.level], made.keys, made.items, combined=True, agreed=True)
                if len(due) > MOST_ANSWERS and asked % 100:
                    continue
                asked += 1
                data_set = _identifier(made)
                data_set.TimezoneOffsetFromUTC = text
                answer = client.find(data_set, PATIENT_ROOT)
                assert answer.final.status == Status.SUCCESS, (made, hex(answer.final.status), answer.final.values)
                _compare(made, due, answer, tuple(name for name in RETURNED if name != "StudyTime"))
                assert {one.TimezoneOffsetFromUTC for one in answer.found} <= {text}
                if made.level != "PATIENT":
                    moved += _compare_moments(made, {one.uid: one for one in due}, answer)
                found += len(due)
    assert found > queries
    assert moved > found / 4


def _compare_moments(made: Made, due: dict[str, Entity], answer: Answer) -> int:
    """How many answers had a date and a time, which were those of the zone."""
    compared = 0
    for one in answer.found:
        values = due[one[UNIQUE[made.level]].value].values
        if values["StudyDate"] and values["StudyTime"]:
            assert _moment(one.StudyDate, one.StudyTime) == _moment(values["StudyDate"][0], values["StudyTime"][0]), made
            compared += 1
    return compared


def _moment(day: str, time: str) -> str:
    return f"{day.replace('.', '')} {time.replace(':', ''):0<4}"


def _ask_all(running: Served, holdings: Holdings, seed: int, queries: int) -> None:
    chance = random.Random(seed)
    entities = {level: holdings.entities(level) for level in LEVELS}
    found = asked = 0
    with FindClient(running.port) as baseline, FindClient(running.port, LITERAL, IMPLICIT) as relational:
        while asked < queries:
            made = make_query(chance, entities)
            due = expected(entities[made.level], made.keys, made.items, combined=not made.baseline, agreed=not made.baseline)
            if len(due) > MOST_ANSWERS and asked % 100:
                continue
            asked += 1
            if made.baseline and '""' in made.keys.values():
                continue  # without empty value matching two quotation marks are only two characters
            client = baseline if made.baseline else relational
            answer = client.find(_identifier(made), PATIENT_ROOT)
            assert answer.final.status == Status.SUCCESS, (made, hex(answer.final.status), answer.final.values)
            _compare(made, due, answer)
            found += len(due)
    assert found > queries  # most find something


def _identifier(made: Made) -> Dataset:
    level = LEVELS.index(made.level)
    wanted = dict.fromkeys((*(UNIQUE[one] for one in LEVELS[: level + 1]), *RETURNED[: (2, 4, 6, 7)[level]]), "")
    data_set = identifier(wanted | {"QueryRetrieveLevel": made.level} | made.keys)
    if made.items:
        data_set.RequestAttributesSequence = [identifier(made.items)]
        del data_set.RequestAttributesSequence[0].SpecificCharacterSet
    return data_set


def _compare(made: Made, due: list[Entity], answer: Answer, returned: tuple[str, ...] = RETURNED) -> None:
    by = UNIQUE[made.level]
    if made.level == "PATIENT":
        assert sorted((one.get(by) or "").strip() for one in answer.found) == sorted((*one.values[by], "")[0] for one in due), made
    else:
        assert sorted(one[by].value for one in answer.found) == sorted(one.uid for one in due), made
    assert answer.statuses <= {Status.PENDING}, made
    entities = {one.uid: one for one in due}
    for one in answer.found:
        entity = entities.get(one.get(by)) if made.level != "PATIENT" else None
        for name in returned if entity else ():
            if name in one and name not in PAIRS:
                said = str(one[name].value if one[name].value is not None else "").strip()
                held = (*entity.values[name], "")[0] if entity else ""
                if name.endswith("Number"):
                    said, held = said.lstrip("0+"), held.lstrip("0+")
                assert said.rstrip("^=") == held.rstrip("^="), (made, name)
