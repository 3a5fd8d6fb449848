"""Matching, order and paging, the same on every database (PS3.4 C.2.2.2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hounsfield.index import narrowing, reader, search
from hounsfield.model.errors import Gone, InvalidQuery, StudyNotFound
from hounsfield.model.query import AnyOf, DateTimeRange, Empty, Key, Level, Match, Order, Query, Range, SingleValue, UIDList, WildCard
from index_kit.databases import Addresses, Indexed, opened
from index_kit.entries import Maker

STUDIES: dict[str, dict[str, object]] = {
    "1.1": {"name": "Müller^Jörg", "patient_id": "ABC-1", "study_date": "20240101", "study_time": "080000"},
    "1.2": {
        "name": "MULLER^Anna",
        "patient_id": "abc-1",
        "study_date": "20240215",
        "study_time": "103045.123",
        "modality": "MR",
        "sex": "F",
    },
    "1.3": {"name": "Yamada^Tarou=山田^太郎=やまだ^たろう", "patient_id": "X_9%", "study_date": "", "description": "50% [a-c] Knie"},
    "1.4": {
        "name": "O'Brien-Smith^Mary Ann",
        "patient_id": "999",
        "study_date": "20231231",
        "accession_number": "ACC77",
        "modality": "US",
    },
    "1.5": {
        "name": "",
        "patient_id": "",
        "study_date": "20240101",
        "study_time": "235959",
        "modality": "",
        "referring_physician": "Müller^Ärztin=山田=やまだ",
    },
}


@pytest.fixture(params=["listed", "walked"])
def filled(addresses: Addresses, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Indexed]:
    """Five studies; once with few enough candidates to list them, once with too many."""
    if request.param == "walked":
        for most in ("MOST_CANDIDATES", "MOST_IN_CORRELATED_ORDER", "MOST_TO_INTERSECT"):
            monkeypatch.setattr(narrowing, most, -1)
    with opened(addresses.new()) as index:
        maker = Maker()
        for study, attributes in STUDIES.items():
            for number in range(2):
                index.writer.add(maker.entry(study, number=number, **attributes))  # type: ignore[arg-type]
        yield index


def _studies(index: Indexed, *keys: Key, **more: object) -> list[str]:
    query = Query(Level.STUDY, keys, **more)  # type: ignore[arg-type]
    found = sorted(row.study_instance_uid[-1] for row in index.reader.search_studies(query).rows)
    assert index.reader.count(query) == (len(found), False)
    return found


MATCHES: list[tuple[str, Match, str]] = [
    ("StudyInstanceUID", SingleValue("1.2"), "2"),
    ("StudyInstanceUID", UIDList(("1.2", "1.4", "9")), "24"),
    ("StudyInstanceUID", SingleValue(""), "12345"),
    ("PatientID", SingleValue("ABC-1"), "1"),
    ("PatientID", SingleValue("abc-1 "), "2"),
    ("PatientID", WildCard("ABC*"), "1"),
    ("PatientID", WildCard("?BC-1"), "1"),
    ("PatientID", WildCard("*_9%"), "3"),
    ("PatientID", WildCard("X?9*"), "3"),
    ("PatientID", WildCard("*"), "12345"),
    ("PatientName", SingleValue("MULLER^JORG"), "1"),
    ("PatientName", SingleValue("müller^anna^^"), "2"),
    ("PatientName", SingleValue("Muller"), ""),
    ("PatientName", WildCard("mül*"), "12"),
    ("PatientName", WildCard("MULLER^*"), "12"),
    ("PatientName", WildCard("M?LLER^A*"), "2"),
    ("PatientName", WildCard("*LLER*"), "12"),
    ("PatientName", WildCard("*brien*"), "4"),
    ("PatientName", WildCard("*smith^mary*"), "4"),
    ("PatientName", WildCard("*Ann"), "4"),
    ("PatientName", WildCard("Ann*"), ""),
    ("PatientName", WildCard("山田*"), "3"),
    ("PatientName", SingleValue("やまだ^たろう"), "3"),
    ("PatientName", SingleValue("YAMADA^TAROU=山田^太郎"), "3"),
    ("PatientName", SingleValue("YAMADA^TAROU=山川^太郎"), ""),
    ("PatientName", AnyOf(("Muller^Anna", "yama*")), "23"),
    ("StudyDate", SingleValue("20240101"), "15"),
    ("StudyDate", Range("20240101", "20240215"), "125"),
    ("StudyDate", Range("20240102", ""), "2"),
    ("StudyDate", Range("", "20240101"), "145"),
    ("StudyDate", AnyOf(("-20231231", "20240101")), "145"),
    ("StudyTime", AnyOf(("0800-0900", "2359-")), "15"),
    ("StudyTime", Range("10", "1030"), "234"),
    ("StudyTime", Range("103046", ""), "5"),
    ("StudyTime", SingleValue("0800"), "1"),
    ("PatientSex", SingleValue("F"), "2"),
    ("AccessionNumber", SingleValue("ACC77"), "4"),
    ("AccessionNumber", WildCard("ACC*"), "4"),
    ("AccessionNumber", SingleValue("acc77"), ""),
    ("StudyDescription", WildCard("50%*"), "3"),
    ("StudyDescription", WildCard("*[a-c]*"), "3"),
    ("StudyDescription", WildCard("*nativ"), "1245"),
    ("ReferringPhysicianName", SingleValue("MULLER^ARZTIN"), "5"),
    ("ReferringPhysicianName", WildCard("who*"), "1234"),
    ("ReferringPhysicianName", SingleValue("山田"), "5"),
    ("ReferringPhysicianName", WildCard("m*=山田"), "5"),
    ("ReferringPhysicianName", WildCard("m*=*まだ"), ""),
    ("ReferringPhysicianName", WildCard("*=*=*だ"), "5"),
    ("ReferringPhysicianName", SingleValue("=やまだ"), ""),
    ("ReferringPhysicianName", WildCard("*=?"), ""),
    ("ModalitiesInStudy", SingleValue("CT"), "13"),
    ("ModalitiesInStudy", SingleValue("C"), ""),
    ("ModalitiesInStudy", AnyOf(("MR", "US")), "24"),
    ("ModalitiesInStudy", WildCard("M*"), "2"),
    ("ModalitiesInStudy", WildCard("?S"), "4"),
    ("ModalitiesInStudy", WildCard("*"), "12345"),
    ("ModalitiesInStudy", WildCard("?*"), "1234"),
    ("SOPClassesInStudy", WildCard("1.2.*.2"), "12345"),
    ("SOPClassesInStudy", WildCard("1?2*1.2"), "12345"),
    ("SOPClassesInStudy", SingleValue("1.2.840.10008.5.1.4.1.1.2"), "12345"),
]


def test_each_kind_of_matching(filled: Indexed) -> None:
    for keyword, match, expected in MATCHES:
        assert _studies(filled, Key(keyword, match)) == sorted(expected), (keyword, match)


TYPED = [
    ("mul", "12"),
    ("MÜLLER", "12"),
    ("jorg mul", "1"),
    ("jorg anna", ""),
    ("smith", "4"),
    ("obrien", "4"),
    ("o'br ann", "4"),
    ("abc-1", "12"),
    ("999", "4"),
    ("acc7", "4"),
    ("山", "3"),
    ("knie", "3"),
    ("thor us", "4"),
    ("ct", "13"),
    ("rien-s", ""),
    ("  ,^", "12345"),
]


def test_words_are_found_as_they_are_typed(filled: Indexed) -> None:
    for text, expected in TYPED:
        assert _studies(filled, text=text) == sorted(expected), text


def test_keys_and_words_hold_together(filled: Indexed) -> None:
    keys = (Key("PatientName", WildCard("mul*")), Key("StudyDate", Range("20240101", "20240131")))
    assert _studies(filled, *keys) == ["1"]
    assert _studies(filled, keys[0], text="mr") == ["2"]
    assert _studies(filled, keys[0], Key("ModalitiesInStudy", SingleValue("US"))) == []


def test_a_key_without_a_column_is_reported_and_not_matched(filled: Indexed) -> None:
    page = filled.reader.search_studies(Query(Level.STUDY, (Key("PatientComments", SingleValue("x")), Key("Modality", SingleValue("CT")))))
    assert page.unsupported == ("PatientComments", "Modality")
    assert len(page.rows) == 5


REFUSED: list[tuple[str, Match]] = [
    ("StudyDate", SingleValue("yesterday")),
    ("StudyDate", Range("2024", "")),
    ("StudyDate", WildCard("2024*")),
    ("PatientName", Range("a", "b")),
    ("StudyTime", Range("9", "10")),
]


def test_a_key_that_cannot_be_understood_is_refused(index: Indexed) -> None:
    for keyword, match in REFUSED:
        with pytest.raises(InvalidQuery):
            index.reader.search_studies(Query(Level.STUDY, (Key(keyword, match),)))


def test_series_and_instances_are_found_through_what_they_belong_to(index: Indexed) -> None:
    maker = Maker()
    for study in ("1.1", "1.2"):
        for series, modality in (("1", "CT"), ("2", "SR")):
            for number in range(3):
                entry = maker.entry(
                    study, f"{study}.{series}", modality=modality, series_number=int(series), number=number, patient_id=f"P{study}"
                )
                index.writer.add(entry)
    reader = index.reader
    rows = reader.search_series(Query(Level.SERIES, (Key("PatientID", SingleValue("P1.2")), Key("Modality", SingleValue("SR"))))).rows
    assert [(row.study_instance_uid, row.series_instance_uid, row.instance_count) for row in rows] == [("1.2", "1.2.2", 3)]
    assert (rows[0].study_instance_count, rows[0].study_series_count, rows[0].modalities) == (6, 2, " CT SR ")
    keys = (Key("StudyInstanceUID", SingleValue("1.1")), Key("SeriesNumber", SingleValue("2")), Key("InstanceNumber", SingleValue("1")))
    (instance,) = reader.search_instances(Query(Level.INSTANCE, keys)).rows
    assert (instance.series_instance_uid, instance.series_instance_count) == ("1.1.2", 3)
    assert b"1.1.2" in instance.json
    assert b"1.1.2" in instance.series_json
    assert b"1.1" in instance.study_json
    many = reader.search_instances(Query(Level.INSTANCE, (Key("ModalitiesInStudy", SingleValue("CT")),), limit=5, offset=10))
    assert (len(many.rows), many.more) == (2, False)
    with pytest.raises(InvalidQuery):
        reader.search_series(Query(Level.SERIES, (Key("SeriesNumber", SingleValue("one")),)))
    with pytest.raises(InvalidQuery):
        reader.search(Query(Level.PATIENT))


SORTED = ["StudyDate", "PatientName", "PatientID", "AccessionNumber", "StudyDescription", "ModalitiesInStudy", "ReceivedAt"]


def test_pages_by_cursor_and_by_offset_are_the_list_cut_in_pieces(index: Indexed) -> None:
    maker = Maker()
    for number in range(23):
        entry = maker.entry(
            f"1.{number}",
            name=f"Name{number % 4}^É",
            patient_id=f"P{number % 3}",
            study_date=f"2024010{number % 5 + 1}" if number % 5 else "",
            accession_number=f"A{number % 2}",
            description="ab"[number % 2],
            modality=("CT", "MR", "")[number % 3],
        )
        index.writer.add(entry)
    for keyword in SORTED:
        for descending in (False, True):
            _check_pages(index, Order(keyword, descending))


def _check_pages(index: Indexed, order: Order) -> None:
    whole = [row.study_instance_uid for row in index.reader.worklist(Query(Level.STUDY, order=order)).rows]
    assert len(set(whole)) == 23
    assert [row.study_instance_uid for row in index.reader.search_studies(Query(Level.STUDY, order=order)).rows] == whole
    found: list[str] = []
    cursor: str | None = None
    while True:
        page = index.reader.worklist(Query(Level.STUDY, order=order, limit=5), after=cursor)
        assert (page.count, page.capped) == (23, False)
        found += [row.study_instance_uid for row in page.rows]
        cursor = page.next
        if cursor is None:
            break
        with pytest.raises(InvalidQuery):
            index.reader.worklist(Query(Level.STUDY, order=Order(order.keyword, not order.descending), limit=5), after=cursor)
    assert found == whole
    cut = [index.reader.search_studies(Query(Level.STUDY, order=order, limit=5, offset=offset)) for offset in range(0, 25, 5)]
    assert [row.study_instance_uid for page in cut for row in page.rows] == whole
    assert [page.more for page in cut] == [True] * 4 + [False]


def test_a_cursor_that_is_none_of_ours_is_refused(index: Indexed) -> None:
    for cursor in ["", "x", "bm9uc2Vuc2U", "WyJTdHVkeURhdGUiLCBmYWxzZSwgMSwgMV0"]:
        with pytest.raises(InvalidQuery):
            index.reader.worklist(Query(Level.STUDY, order=Order("StudyDate"), limit=5), after=cursor)


def test_unknown_orders_are_refused(index: Indexed) -> None:
    with pytest.raises(InvalidQuery):
        index.reader.worklist(Query(Level.STUDY, order=Order("PatientComments")))


def test_counts_stop_at_the_cap(index: Indexed) -> None:
    maker = Maker()
    for number in range(7):
        index.writer.add(maker.entry(f"1.{number}"))
    assert index.reader.count(Query(Level.STUDY), cap=5) == (5, True)
    assert index.reader.count(Query(Level.STUDY), cap=7) == (7, False)
    assert index.reader.count(Query(Level.SERIES, (Key("Modality", SingleValue("CT")),)), cap=3) == (3, True)


def test_a_list_new_studies_come_into_keeps_its_pages(index: Indexed) -> None:
    maker = Maker()
    for number in range(6):
        index.writer.add(maker.entry(f"1.{number}", study_date="20240101"))
    order = Order("StudyDate", descending=True)
    first = index.reader.worklist(Query(Level.STUDY, order=order, limit=3))
    index.writer.add(maker.entry("1.99", study_date="20240909"))
    second = index.reader.worklist(Query(Level.STUDY, order=order, limit=3), after=first.next)
    assert [row.study_instance_uid for row in (*first.rows, *second.rows)] == [f"1.{number}" for number in reversed(range(6))]


def test_a_study_is_shown_with_its_series_and_the_patients_other_studies(index: Indexed) -> None:
    maker = Maker()
    index.writer.add(maker.entry("1.1", "1.1.2", series_number=2, frames=10))
    index.writer.add(maker.entry("1.1", "1.1.1", series_number=1, modality="SR", frames=0, rows=None))
    for study, issuer, date in (("1.2", "", "20200101"), ("1.3", "", "20210101"), ("1.4", "Elsewhere", "20220101")):
        index.writer.add(maker.entry(study, issuer=issuer, study_date=date))
    detail = index.reader.study_detail(1, "1.1")
    assert [(row.number, row.frame_count, row.instance_count) for row in detail.series] == [(1, 0, 1), (2, 10, 1)]
    assert detail.study.modalities == ("CT", "SR")
    assert [row.study_instance_uid for row in detail.priors] == ["1.3", "1.2"]
    with pytest.raises(StudyNotFound):
        index.reader.study_detail(1, "1.9")
    index.writer.apply_decision(
        {
            "kind": "delete",
            "level": "study",
            "study_instance_uid": "1.1",
            "decided_at_ns": maker.received_at_ns,
            "principal": "p",
            "reason": "",
        }
    )
    with pytest.raises(Gone):
        index.reader.study_detail(1, "1.1")


def test_searches_send_few_statements(index: Indexed) -> None:
    index.writer.add(Maker().entry())
    for key, expected in (
        (Key("PatientID", SingleValue("P1")), 1),
        (Key("StudyInstanceUID", SingleValue("1.2.3")), 1),
        (Key("StudyDate", Range("20240101", "")), 1),
        (Key("PatientName", WildCard("doe*")), 2),
        (Key("PatientName", WildCard("nobody*")), 1),
    ):
        with index.query_count(expected):
            index.reader.search_studies(Query(Level.STUDY, (key,), limit=25))
    with index.query_count(1):
        index.reader.search_studies(Query(Level.STUDY, limit=25))
    with index.query_count(1):
        index.reader.instances(1, "1.2.3")
    with index.query_count(2):
        index.reader.worklist(Query(Level.STUDY, limit=25))


FUZZY: list[tuple[Match, str]] = [
    (SingleValue("Miller^Jork"), "1"),
    (SingleValue("JORG MUELLER"), "1"),
    (SingleValue("Mueller"), "12"),
    (WildCard("Muller^A*"), "2"),
    (WildCard("Miller^*nn*"), "2"),
    (WildCard("mül*"), "12"),
    (SingleValue("Obrian-Schmidt"), "4"),
    (SingleValue("Schmidt"), "4"),
    (SingleValue("山田"), "3"),
    (SingleValue("Thorax"), ""),
    (AnyOf(("Miller", "Smyth")), "124"),
]


def test_names_that_sound_alike(filled: Indexed) -> None:
    for match, expected in FUZZY:
        assert _studies(filled, Key("PatientName", match), fuzzy=True) == sorted(expected), match
    assert _studies(filled, Key("PatientName", SingleValue("Schmidt"))) == []


COMBINED: list[tuple[tuple[str, str], tuple[str, str], str]] = [
    (("20240101", "0800"), ("20240101", "0800"), "1"),
    (("20240101", "0801"), ("20240215", "103045.122"), "5"),
    (("20240101", "0801"), ("20240215", "1030"), "25"),
    (("20240101", "0801"), ("20240215", "103045"), "25"),
    (("20231231", "1200"), ("", "0900"), "125"),
    (("", "2359"), ("20240101", "080000"), "14"),
]


def test_a_date_and_its_time_taken_together(filled: Indexed) -> None:
    for first, last, expected in COMBINED:
        assert _studies(filled, Key("StudyDate", DateTimeRange("StudyTime", first, last))) == sorted(expected), (first, last)


def test_an_unknown_time_is_at_no_end_of_its_day(addresses: Addresses) -> None:
    with opened(addresses.new()) as index:
        index.writer.add(Maker().entry("1.1", study_date="20240101", study_time=""))
        for first, last, expected in (("", "0900", ["1"]), ("0000", "0900", []), ("", "", ["1"])):
            match = DateTimeRange("StudyTime", ("20240101", first), ("20240101", last))
            assert _studies(index, Key("StudyDate", match)) == expected


def test_what_no_column_holds_is_found_nowhere(filled: Indexed) -> None:
    for match in (SingleValue("a\0b"), WildCard("*\0*"), AnyOf(("x", "\0"))):
        for keyword in ("PatientName", "PatientID", "ModalitiesInStudy", "ReferringPhysicianName"):
            assert _studies(filled, Key(keyword, match), fuzzy=True) == []
    assert _studies(filled, text="a\0b") == []


def test_a_pattern_matches_one_code(addresses: Addresses) -> None:
    with opened(addresses.new()) as index:
        maker = Maker()
        for number, modality in enumerate(("CT", "MR", "C(T")):
            index.writer.add(maker.entry("1.1", f"1.1.{number}", modality=modality))
        for pattern, expected in (("C?", ["1"]), ("C*R", []), ("C?MR", []), ("*R", ["1"]), ("C(?", ["1"]), ("c*", [])):
            assert _studies(index, Key("ModalitiesInStudy", WildCard(pattern))) == expected, pattern
        assert _studies(index, Key("ModalitiesInStudy", SingleValue("CT MR"))) == []


def test_what_is_empty(filled: Indexed) -> None:
    for keyword, expected in (("StudyDate", "3"), ("PatientName", "5"), ("PatientID", "5"), ("ModalitiesInStudy", "5"), ("StudyID", "")):
        assert _studies(filled, Key(keyword, Empty())) == sorted(expected), keyword


def test_the_latest_study_stands_for_a_patient(addresses: Addresses) -> None:
    with opened(addresses.new()) as index:
        maker = Maker()
        index.writer.add(maker.entry("1.1", patient_id="P", name="Maiden^Name", received_at_ns=3))
        index.writer.add(maker.entry("1.2", patient_id="P", name="Married^Name", received_at_ns=5))
        index.writer.add(maker.entry("1.3", patient_id="P", name="Late^Comer", received_at_ns=4))
        index.writer.add(maker.entry("1.4", patient_id="P", issuer="Q", name="Other^One"))
        for study in ("1.5", "1.6"):
            index.writer.add(maker.entry(study, patient_id="", name="Nobody^Known"))

        def found(*keys: Key) -> list[str]:
            query = Query(Level.PATIENT, keys)
            hits = [hit.study_instance_uid for page in index.reader.stream(query).pages for hit in page]
            assert index.reader.count(query) == (len(hits), False)
            return hits

        assert found() == ["1.2", "1.4", "1.5", "1.6"]
        assert found(Key("PatientName", WildCard("*^Name"))) == ["1.2"]
        assert found(Key("PatientName", WildCard("Maiden*"))) == []
        assert found(Key("PatientID", SingleValue("P")), Key("IssuerOfPatientID", SingleValue("Q"))) == ["1.4"]
        with index.query_count(1):
            counts = index.reader.patient_counts(1, ["1.1", "1.5"])
        assert counts == {"1.1": (3, 3, 3), "1.5": (1, 1, 1)}


@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize("key", [None, Key("StudyDate", Range("2023", "")), Key("StudyDate", Range("20230101", ""))])
def test_pages_follow_each_other_without_gap(addresses: Addresses, monkeypatch: pytest.MonkeyPatch, level: Level, key: Key | None) -> None:
    monkeypatch.setattr(reader, "PAGE_ROWS", 3)
    monkeypatch.setattr(search, "FIRST_PAGE_ROWS", 2)
    if key is not None and key.match == Range("2023", ""):
        with opened(addresses.new()) as index, pytest.raises(InvalidQuery):
            index.reader.stream(Query(Level.STUDY, (key,)))
        return
    with opened(addresses.new()) as index:
        maker = Maker()
        for number in range(20):
            index.writer.add(maker.entry(f"1.{number}", patient_id=f"P{number}", study_date=f"2024010{number % 3 + 1}"))
        unmatched, quick, _named, _judged, pages = index.reader.stream(Query(level, () if key is None else (key,)))
        assert quick is (key is not None and level > Level.STUDY)
        gathered = list(pages)
        found = [hit.study_instance_uid for page in gathered for hit in page]
        assert sorted(found) == sorted(f"1.{number}" for number in range(20))
        assert [len(page) for page in gathered][:3] == [2, 3, 3]
        assert unmatched == (() if key is None or level is not Level.PATIENT else ("StudyDate",))


@pytest.mark.parametrize("key", [Key("StudyInstanceUID", SingleValue("1.1")), Key("PatientName", SingleValue("Doe^John"))])
def test_pages_by_a_number_that_some_have_not(addresses: Addresses, monkeypatch: pytest.MonkeyPatch, key: Key) -> None:
    monkeypatch.setattr(reader, "PAGE_ROWS", 3)
    monkeypatch.setattr(search, "FIRST_PAGE_ROWS", 2)
    with opened(addresses.new()) as index:
        maker = Maker()
        for number in range(12):
            series_number = None if number % 2 else 20 - number // 3
            index.writer.add(maker.entry("1.1", f"1.1.{number}", series_number=series_number))
        query = Query(Level.SERIES, (key,), order=Order("SeriesNumber"))
        found = [hit.series_instance_uid for page in index.reader.stream(query).pages for hit in page]
        assert found == [hit.series_instance_uid for hit in index.reader.search(query).rows]
        assert sorted(found) == sorted(f"1.1.{number}" for number in range(12))


def test_a_later_page_of_a_day_begins_within_the_day(addresses: Addresses, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an equation and the beginning of a page the database would take the latter, and walk through all days that follow."""
    monkeypatch.setattr(reader, "PAGE_ROWS", 2)
    monkeypatch.setattr(search, "FIRST_PAGE_ROWS", 2)
    with opened(addresses.new()) as index:
        maker = Maker()
        for number in range(6):
            index.writer.add(maker.entry(f"1.{number}", patient_id=f"P{number}", study_date="20240101" if number < 5 else "20240102"))
        asked: list[tuple[str, object]] = []
        fetch = index.database.fetch

        def noted(sql: str, values: Any = ()) -> list[Any]:
            asked.append((sql, values))
            return fetch(sql, values)

        monkeypatch.setattr(index.database, "fetch", noted)
        pages = list(index.reader.stream(Query(Level.STUDY, (Key("StudyDate", SingleValue("20240101")),))).pages)
        assert [[hit.study_instance_uid for hit in page] for page in pages] == [["1.0", "1.1"], ["1.2", "1.3"], ["1.4"]]
        if index.database.dialect.name == "sqlite":
            sql, values = asked[-1]
            (step,) = (row[-1] for row in fetch(f"EXPLAIN QUERY PLAN {sql}", values))
            assert "study_date>? AND study_date<?" in step


@pytest.mark.parametrize(
    ("keyword", "text"),
    [
        ("NumberOfStudyRelatedInstances", "9" * 30),
        ("NumberOfStudyRelatedInstances", "4294967296"),
        ("NumberOfStudyRelatedSeries", "-" + "9" * 30),
        ("ModalitiesInStudy", "C T"),
    ],
)
def test_what_no_row_can_hold_matches_none(filled: Indexed, keyword: str, text: str) -> None:
    impossible = Key(keyword, SingleValue(text))
    assert _studies(filled, impossible) == []
    assert _studies(filled, Key("StudyInstanceUID", SingleValue("1.2")), impossible) == []
    instances = Query(Level.INSTANCE, (Key("StudyInstanceUID", SingleValue("1.2")), impossible))
    assert filled.reader.search_instances(instances).rows == []
