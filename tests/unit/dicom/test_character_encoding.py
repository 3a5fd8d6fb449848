"""Text in, the same text out, whatever the character set; or nothing at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hounsfield.dicom.character_encoding import defined_terms, encode_text
from hounsfield.dicom.character_sets import character_set

EXAMPLES = [
    # PS3.5 annexes H to K
    (
        b"\\ISO 2022 IR 87",
        "Yamada^Tarou=山田^太郎=やまだ^たろう",
        b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
    ),
    (
        b"ISO 2022 IR 13\\ISO 2022 IR 87",
        "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
        b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J=\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J",
    ),
    (
        b"\\ISO 2022 IR 149",
        "Hong^Gildong=洪^吉洞=홍^길동",
        b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
    ),
    (b"ISO_IR 192", "Wang^XiaoDong=王^小東", b"Wang^XiaoDong=\xe7\x8e\x8b^\xe5\xb0\x8f\xe6\x9d\xb1"),
    (b"GB18030", "Wang^XiaoDong=王^小东", b"Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab"),
    (b"\\ISO 2022 IR 58", "Zhang=张", b"Zhang=\x1b$)A\xd5\xc5"),
    (b"ISO_IR 100", "Buc^Jérôme", b"Buc^J\xe9r\xf4me"),
    (b"ISO 2022 IR 6\\ISO 2022 IR 100\\ISO 2022 IR 144", "Jérôme Люк^é", b"J\x1b-A\xe9r\xf4me \x1b-L\xbb\xee\xda^\x1b-A\xe9"),
]


@pytest.mark.parametrize(("term", "text", "raw"), EXAMPLES)
def test_examples(term: bytes, text: str, raw: bytes) -> None:
    characters = character_set(term)
    assert encode_text(text, characters) == raw
    assert characters.decode(raw) == text


@pytest.mark.parametrize(
    ("term", "text"),
    [
        (b"", "é"),
        (b"ISO_IR 100", "山"),
        (b"ISO_IR 13", "山"),
        (b"ISO_IR 87", "山"),
        (b"\\ISO 2022 IR 87", "é"),
        (b"ROT13", "é"),
        (b"", "\x1b$B"),
    ],
)
def test_what_a_set_cannot_express(term: bytes, text: str) -> None:
    assert encode_text(text, character_set(term)) is None


@pytest.mark.parametrize(
    ("term", "written"),
    [
        (b"ISO_IR 100", "ISO_IR 100"),
        (b"iso-ir-100", "ISO_IR 100"),
        (b"ISO_IR 6\\ISO_IR 87", "ISO 2022 IR 6\\ISO 2022 IR 87"),
        (b"\\ISO 2022 IR 149", "\\ISO 2022 IR 149"),
        (b"\\ISO_IR 192", "ISO_IR 192"),
        (b"GBK", "GBK"),
    ],
)
def test_the_name_of_a_set(term: bytes, written: str) -> None:
    assert defined_terms(character_set(term)) == written


TERMS = [term for term, _text, _raw in EXAMPLES] + [b"ISO_IR 13", b"ISO_IR 166", b"\\ISO 2022 IR 159\\ISO 2022 IR 87\\ISO 2022 IR 126"]


@given(st.sampled_from(TERMS), st.text(st.sampled_from("aé^=山田ﾔたЛΩ동张\\ \n~ß丂") | st.characters(codec="utf-8"), max_size=20))
def test_nothing_is_ever_lost(term: bytes, text: str) -> None:
    characters = character_set(term)
    raw = encode_text(text, characters)
    assert raw is None or characters.decode(raw) == text
