"""Person names and folding."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hounsfield.dicom.person_name import PersonName, fold


def test_groups_and_components() -> None:
    name = PersonName.parse("Yamada^Tarou=山田^太郎=やまだ^たろう")
    assert (name.family, name.given, name.ideographic, name.phonetic) == ("Yamada", "Tarou", "山田^太郎", "やまだ^たろう")
    assert str(name) == "Yamada^Tarou=山田^太郎=やまだ^たろう"


@pytest.mark.parametrize(
    ("text", "trimmed"), [("Doe^John^^^ ", "Doe^John"), (" Doe ^John", "Doe ^John"), ("=山田", "=山田"), ("^^^^", ""), ("Doe==", "Doe")]
)
def test_what_does_not_count_is_dropped(text: str, trimmed: str) -> None:
    assert str(PersonName.parse(text)) == trimmed


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Müller^Jörg", "muller jorg"),
        ("MULLER  JORG", "muller jorg"),
        ("Straße", "strasse"),
        ("Łódź", "lodz"),
        ("Sørensen", "sorensen"),
        ("ＹＡＭＡＤＡ", "yamada"),
        ("ﾔﾏﾀﾞ", "ヤマダ"),
        ("Ἀθηνᾶ", "αθηνα"),
        ("がぎ", "がぎ"),
        ("홍^길동", "홍 길동"),
        ("김=金", "김 金"),
        ("สมชาย", "สมชาย"),
        ("İstanbul", "istanbul"),
    ],
)
def test_folding(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(alphabet=st.characters(codec="latin-1")))
def test_case_does_not_matter(text: str) -> None:
    assert fold(text.upper()) == fold(text) or "µ" in text or "ÿ" in text
