"""Names that sound alike."""

from __future__ import annotations

import pytest

from hounsfield.dicom.phonetics import sound_of


@pytest.mark.parametrize(
    ("word", "sound"),
    [
        ("mullerludenscheidt", "65752682"),
        ("wikipedia", "3412"),
        ("breschnew", "17863"),
        ("meyer", "67"),
        ("maier", "67"),
        ("mayr", "67"),
        ("smith", "862"),
        ("schmidt", "862"),
        ("schmitt", "862"),
        ("catherine", "4276"),
        ("kathrin", "4276"),
        ("stephan", "8236"),
        ("stefan", "8236"),
        ("xaver", "4837"),
        ("o'brien-smith", "0176862"),
        ("otto", "02"),
        ("山田", "山田"),
        ("иванов", "иванов"),
        ("3", "3"),
        ("hh", "hh"),
    ],
)
def test_words_and_their_digits(word: str, sound: str) -> None:
    assert sound_of(word) == sound
