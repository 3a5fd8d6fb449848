"""A data set with ranges of it left out and others put in their place, as a stream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from hounsfield.dicom.buffer import Buffer


class Edit(NamedTuple):
    """offset_bytes: in what is stored, from the first byte of the data set."""

    offset_bytes: int
    removed_bytes: int
    inserted: bytes


def edited(pieces: Iterable[Buffer], edits: Sequence[Edit], offset_bytes: int = 0) -> Iterator[memoryview]:
    """What follows the first `offset_bytes` of the pieces, edited; those go by unchanged.

    edits: in order of offset, none within another. A piece is let go before the next one is asked for.
    """
    position = -offset_bytes
    coming = iter(edits)
    edit = next(coming, None)
    skip = 0
    for piece in pieces:
        view = memoryview(piece).cast("B")
        while len(view):
            if skip:
                step = min(skip, len(view))
                skip -= step
            elif edit is not None and edit.offset_bytes == position:
                if edit.inserted:
                    yield memoryview(edit.inserted)
                skip, edit = edit.removed_bytes, next(coming, None)
                continue
            else:
                step = len(view) if edit is None else min(len(view), edit.offset_bytes - position)
                yield view[:step]
            view = view[step:]
            position += step
    while edit is not None:
        if edit.inserted:
            yield memoryview(edit.inserted)
        edit = next(coming, None)


def growth_bytes(edits: Iterable[Edit]) -> int:
    """By how much a data set becomes longer."""
    return sum(len(edit.inserted) - edit.removed_bytes for edit in edits)
