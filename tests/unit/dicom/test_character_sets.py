"""Character sets, held against the examples of PS3.5 annexes H to K and what is seen in the field."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hounsfield.dicom.character_sets import character_set

STANDARD_EXAMPLES = [
    # PS3.5 H.3.1: ISO_IR 13 absent, JIS X 0208 in G0
    (
        b"\\ISO 2022 IR 87",
        b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
        "Yamada^Tarou=山田^太郎=やまだ^たろう",
    ),
    # PS3.5 H.3.2: half-width katakana, JIS X 0201 in G0 and G1
    (
        b"ISO 2022 IR 13\\ISO 2022 IR 87",
        b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J=\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J",
        "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
    ),
    # PS3.5 I.2: KS X 1001 in G1, designated anew in each component
    (
        b"\\ISO 2022 IR 149",
        b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
        "Hong^Gildong=洪^吉洞=홍^길동",
    ),
    # PS3.5 J.1 and J.2
    (b"ISO_IR 192", "Wang^XiaoDong=王^小東=".encode(), "Wang^XiaoDong=王^小東="),
    (b"GB18030", "Wang^XiaoDong=王^小东=".encode("gb18030"), "Wang^XiaoDong=王^小东="),
    # PS3.5 K.2: GB 2312 in G1
    (
        b"\\ISO 2022 IR 58",
        b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=",
        "Zhang^XiaoDong=张^小东=",
    ),
]


@pytest.mark.parametrize(("terms", "raw", "text"), STANDARD_EXAMPLES)
def test_examples_of_the_standard(terms: bytes, raw: bytes, text: str) -> None:
    assert character_set(terms).decode(raw) == text
    assert character_set(terms).decodes(raw)


@pytest.mark.parametrize(
    ("terms", "text", "codec"),
    [
        (b"ISO_IR 100", "Buc^Jérôme", "latin-1"),
        (b"ISO_IR 101", "Wałęsa", "iso8859-2"),
        (b"ISO_IR 126", "Διονυσιος", "iso8859-7"),
        (b"ISO_IR 127", "قباني^لنزار", "iso8859-6"),
        (b"ISO_IR 138", "שרון^דבורה", "iso8859-8"),
        (b"ISO_IR 144", "Люкceмбypг", "iso8859-5"),
        (b"ISO_IR 148", "Çavuşoğlu", "iso8859-9"),
        (b"ISO_IR 166", "สมชาย", "iso8859-11"),
        (b"ISO_IR 203", "€uro", "iso8859-15"),
        (b"GBK", "張三", "gbk"),
    ],
)
def test_sets_without_code_extensions(terms: bytes, text: str, codec: str) -> None:
    assert character_set(terms).decode(text.encode(codec)) == text


@pytest.mark.parametrize("spelling", [b"ISO-IR 100", b"iso_ir 100 ", b"ISO IR 100", b"ISO_IR_100", b"ISO 2022 IR 100", b"ISO_8859-1"])
def test_misspelt_terms_are_understood(spelling: bytes) -> None:
    assert character_set(spelling).decode(b"J\xe9r\xf4me") == "Jérôme"
    assert not character_set(spelling).unknown


def test_a_backslash_inside_a_double_byte_character_is_no_delimiter() -> None:
    raw = "誠".encode("gbk") + b"\\" + "歕".encode("gbk")  # the second byte of both is 0x5C
    assert raw.count(b"\\") == 3
    assert character_set(b"GBK").decode(raw).split("\\") == ["誠", "歕"]


def test_the_initial_set_comes_back_at_a_delimiter() -> None:
    text = character_set(b"ISO 2022 IR 100\\ISO 2022 IR 144").decode(b"\x1b-L\xbb\xee^\xe9")
    assert text == "Лю^é"


def test_a_writer_that_does_not_repeat_the_escape_is_understood() -> None:
    assert character_set(b"\\ISO 2022 IR 149").decode(b"\x1b$)C\xb1\xe8^\xc8\xf1\xc1\xdf") == "김^희중"


def test_undeclared_text_is_read_as_utf_8_and_else_as_latin_1() -> None:
    assert character_set(b"").decode("Müller".encode()) == "Müller"
    assert character_set(b"").decode("Müller".encode("latin-1")) == "Müller"
    assert not character_set(b"").decodes("Müller".encode())


def test_an_unknown_set_is_reported_and_loses_nothing() -> None:
    unknown = character_set(b"ISO_IR 999")
    assert unknown.unknown == ("ISO_IR 999",)
    assert unknown.decode(b"\xfc\x80abc") == "ü\x80abc"


def test_an_escape_sequence_that_is_none_leaves_the_bytes_readable() -> None:
    broken = character_set(b"\\ISO 2022 IR 87")
    assert "abc" in broken.decode(b"\x1b%Gabc")
    assert not broken.decodes(b"\x1b%Gabc")


@given(
    terms=st.sampled_from([b"", b"\\ISO 2022 IR 87", b"ISO 2022 IR 13\\ISO 2022 IR 159", b"GB18030", b"ISO_IR 192", b"\\ISO 2022 IR 149"]),
    raw=st.binary(),
)
def test_decoding_never_raises(terms: bytes, raw: bytes) -> None:
    characters = character_set(terms)
    assert isinstance(characters.decode(raw), str)
    characters.decodes(raw)


@given(terms=st.binary(max_size=64))
def test_any_terms_are_taken(terms: bytes) -> None:
    assert character_set(terms).decode(b"abc") == "abc"


@given(text=st.text())
def test_utf_8_both_ways(text: str) -> None:
    utf_8 = character_set(b"ISO_IR 192")
    assert utf_8.decode(utf_8.encode(text)) == text
