"""Names and texts as they are found."""

from __future__ import annotations

import pytest

from hounsfield.index.aside import decode_entry, encode_entry
from hounsfield.index.narrowing import Clue, Ends, clues_of
from hounsfield.index.storable import signed, small, storable, unsigned
from hounsfield.index.words import fold_name, study_texts, typed_words, words_of
from hounsfield.model.matching import prefix_range
from hounsfield.model.query import Key, Match, Range, SingleValue, WildCard
from index_kit.entries import Maker


def test_names_fold_by_group_and_component() -> None:
    assert fold_name("MÜLLER ^ Jörg^^") == ("muller^jorg", "", "")
    assert fold_name("Yamada^Tarou=山田^太郎=やまだ^たろう") == ("yamada^tarou", "山田^太郎", "やまだ^たろう")
    assert fold_name("") == ("", "", "")
    assert fold_name("=山田")[1] == "山田"


def test_words_of_a_text() -> None:
    assert words_of("Müller^Jörg=x") == {"muller", "jorg", "x"}
    assert words_of("O'Brien-Smith") == {"o'brien-smith", "brien-smith", "smith", "obriensmith"}
    assert words_of(" , -- ") == set()
    assert typed_words("Müller, o'Br  müller") == ["muller", "o'br"]


def test_a_study_is_found_by_id_and_accession_number_too() -> None:
    texts = study_texts(Maker().entry(patient_id="PAT-7", accession_number="ACC 9", name="Doe^J", description="Left knee").attributes)
    assert texts.line == " 9 =0 =2 acc doe j knee left pat-7 "
    assert texts.indexed == {"doe", "j", "left", "knee", "=0", "=2"}


@pytest.mark.parametrize(
    ("keyword", "match", "clues"),
    [
        ("PatientName", SingleValue("Müller^J"), [Clue(Ends.EXACT, "muller"), Clue(Ends.EXACT, "j")]),
        ("PatientName", WildCard("MUL*"), [Clue(Ends.PREFIX, "mul")]),
        ("PatientName", WildCard("*ller^An*"), [Clue(Ends.PREFIX, "an"), Clue(Ends.CONTAINS, "ller")]),
        ("PatientName", WildCard("*"), []),
        ("StudyDescription", WildCard("*knee"), [Clue(Ends.CONTAINS, "knee")]),
        ("ModalitiesInStudy", SingleValue("CT"), [Clue(Ends.EXACT, "ct")]),
        ("PatientID", WildCard("Ab*c"), [Clue(Ends.PATIENT_ID, *prefix_range("ab"))]),
        ("PatientID", WildCard("*c"), []),
        ("StudyDate", Range("20240101", "20240102"), [Clue(Ends.STUDY_DATE, "20240101", "20240102")]),
        ("PatientSex", SingleValue("M"), []),
        ("Unknown", SingleValue("M"), []),
    ],
)
def test_clues(keyword: str, match: Match, clues: list[Clue]) -> None:
    assert clues_of(Key(keyword, match)) == clues


def test_an_entry_kept_aside_comes_back_whole() -> None:
    entry = Maker().entry(name="Ünïcode=山田", frame_table=bytes(range(256)), number=None, rows=None)
    assert decode_entry(encode_entry(entry)) == entry


def test_values_that_databases_hold() -> None:
    assert storable("a\0b\ud800") == "ab"
    assert (small(None), small(-5), small(1 << 31)) == (None, -5, None)
    for checksum in (0, 1, (1 << 63) - 1, 1 << 63, (1 << 64) - 1):
        assert -(1 << 63) <= signed(checksum) < 1 << 63
        assert unsigned(signed(checksum)) == checksum
