"""Edits of a stream are those of the whole, however it is cut into pieces."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from hounsfield.dicom.edits import Edit, edited, growth_bytes


@st.composite
def cases(draw: st.DrawFn) -> tuple[bytes, list[Edit], list[bytes], int]:
    """A data set, edits of it, the file that it is in by pieces, and where in the file it begins."""
    data_set = draw(st.binary(max_size=60))
    edits, position = [], 0
    while position <= len(data_set) and draw(st.booleans()):
        offset = draw(st.integers(position, len(data_set)))
        removed = draw(st.integers(0, len(data_set) - offset))
        edits.append(Edit(offset, removed, draw(st.binary(max_size=5))))
        position = offset + max(removed, 1)
    prefix = draw(st.binary(max_size=10))
    file, pieces = prefix + data_set, []
    while file:
        length = draw(st.integers(1, len(file)))
        pieces.append(file[:length])
        file = file[length:]
    return data_set, edits, pieces, len(prefix)


@given(cases())
def test_pieces_and_whole(case: tuple[bytes, list[Edit], list[bytes], int]) -> None:
    data_set, edits, pieces, offset = case
    expected = bytearray(data_set)
    for edit in reversed(edits):
        expected[edit.offset_bytes : edit.offset_bytes + edit.removed_bytes] = edit.inserted
    out = list(edited(pieces, edits, offset))
    assert b"".join(out) == b"".join(pieces)[:offset] + expected
    assert all(out)
    assert len(expected) - len(data_set) == growth_bytes(edits)


def test_several_edits_at_one_place() -> None:
    edits = [Edit(1, 0, b"x"), Edit(1, 0, b"y"), Edit(1, 2, b"z"), Edit(3, 0, b"!")]
    for pieces in ([b"abcd"], [b"a", b"bc", b"d"], [b"abc", b"d"]):
        assert b"".join(edited(pieces, edits)) == b"axyz!d"


def test_a_piece_is_let_go_before_the_next_is_asked_for() -> None:
    """Readers fill two buffers in turn."""
    asked: list[int] = []

    def pieces() -> Iterator[bytes]:
        for number in range(3):
            asked.append(number)
            yield bytes(4)

    stream = edited(pieces(), [Edit(2, 1, b"x")])
    seen = [(len(piece), len(asked)) for piece in stream]
    assert seen == [(2, 1), (1, 1), (1, 1), (4, 2), (4, 3)]
