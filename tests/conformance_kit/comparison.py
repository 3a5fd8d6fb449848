"""Objects held against each other, element by element."""

from __future__ import annotations

import io

from pydicom import dcmread
from pydicom.dataset import Dataset

PIXEL_DATA = 0x7FE00010


def read_part10(file: bytes) -> Dataset:
    """A Part 10 file, read wholly. Raises: AssertionError where it is none."""
    assert file[128:132] == b"DICM", "no Part 10 file: the prefix is missing"
    data_set = dcmread(io.BytesIO(file))
    for _ in data_set.iterall():
        pass
    return data_set


def differences(sent: Dataset, received: Dataset, *, without: frozenset[int] = frozenset(), privately: bool = True) -> list[str]:
    """Tags of elements of `sent` that `received` lacks or has otherwise; privately: private elements count as well.

    Elements that a server may add are no difference; padding and the form of numbers neither.
    """
    found = []
    for element in sent:
        tag = int(element.tag)
        if tag in without or element.tag.group == 2 or (element.tag.is_private and not privately):
            continue
        if element.tag not in received:
            found.append(f"{element.tag} is missing")
        elif element.VR == "SQ":
            pairs = list(zip(element.value, received[element.tag].value, strict=False))
            if len(pairs) != len(element.value):
                found.append(f"{element.tag} has another number of items")
            found += [f"{element.tag} > {text}" for one, other in pairs for text in differences(one, other, without=without)]
        elif element.VR in ("DS", "IS"):
            if _numbers(element.value) != _numbers(received[element.tag].value):
                found.append(f"{element.tag} differs")
        elif _plain(element.value) != _plain(received[element.tag].value):
            found.append(f"{element.tag} differs")
    return found


def _numbers(value: object) -> list[float]:
    values = value if type(value).__name__ == "MultiValue" else [value]
    return [float(one) for one in values if one not in (None, "")]  # type: ignore[attr-defined]


def _plain(value: object) -> object:
    if value is None or value == "":
        return ""
    if isinstance(value, bytes):
        return value.rstrip(b"\0")
    if isinstance(value, str):
        return value.rstrip(" \0")
    if isinstance(value, list) or type(value).__name__ == "MultiValue":
        return [str(_plain(one)) for one in value]  # type: ignore[attr-defined]
    return str(value)
