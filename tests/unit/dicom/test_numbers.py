"""Numbers of single elements."""

from __future__ import annotations

import pytest

from hounsfield.dicom.numbers import number_of


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        (b"7 ", 7),
        (b"-12", -12),
        (b"+3\\4", 3),
        (b"000000056675", 56675),
        (b"2147483647", 2**31 - 1),
        (b"-2147483648", -(2**31)),
        (b"2147483648", None),
        (b"0000000000007", None),  # longer than an IS can be
        (b"1.5", None),
        (b"one", None),
        (b"", None),
        (None, None),
    ],
)
def test_integer_strings(raw: bytes | None, number: int | None) -> None:
    assert number_of(raw) == number
