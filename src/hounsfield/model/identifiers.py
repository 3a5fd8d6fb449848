"""Identifiers of the standard, parsed once at the edge (PS3.5 section 6.2 and 9.1)."""

from __future__ import annotations

import re
import uuid
from typing import NewType

from hounsfield.model.errors import InvalidAETitle, InvalidUID

UID = NewType("UID", str)
"""A valid UID: components of digits without leading zeros, 64 characters at most (PS3.5 9.1)."""

DEFAULT_PARTITION = 1
"""The `partition_id` of a site with one tenant; every unique key begins with it."""

UID_MAX_CHARACTERS = 64
AE_TITLE_MAX_CHARACTERS = 16

_STRICT_UID = re.compile(r"(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))*")
_LENIENT_UID = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_AE_TITLE = re.compile(r"[\x20-\x5b\x5d-\x7e]{1,16}")


def is_valid_uid(text: str) -> bool:
    """Whether `text` is a UID to the letter of PS3.5 section 9.1."""
    return len(text) <= UID_MAX_CHARACTERS and _STRICT_UID.fullmatch(text) is not None


def is_usable_uid(text: str) -> bool:
    """Whether `text` can serve as a key and in a path: digits and dots, with the leading zeros that some makers write."""
    return len(text) <= UID_MAX_CHARACTERS and _LENIENT_UID.fullmatch(text) is not None


def parse_uid(text: str) -> UID:
    """Returns the UID without trailing padding. Raises: InvalidUID."""
    trimmed = text.rstrip("\0 ").lstrip(" ")
    if not is_usable_uid(trimmed):
        raise InvalidUID(f"{text[:80]!r} is not a UID: digits and dots, at most 64 characters")
    return UID(trimmed)


def new_uid() -> UID:
    """One that nobody has, derived from a UUID (PS3.5 B.2)."""
    return UID(f"2.25.{uuid.uuid4().int}")


class AETitle(str):
    """An application entity title: 1 to 16 characters, surrounding spaces not significant (PS3.5 table 6.2-1, VR AE)."""

    __slots__ = ()

    @classmethod
    def parse(cls, raw: str | bytes) -> AETitle:
        """Raises: InvalidAETitle."""
        text = raw.decode("latin-1") if isinstance(raw, bytes) else raw
        trimmed = text.strip(" \0")
        if _AE_TITLE.fullmatch(trimmed) is None:
            raise InvalidAETitle(f"{text[:40]!r} is not an AE title: 1 to 16 printable ASCII characters, no backslash")
        return cls(trimmed)
