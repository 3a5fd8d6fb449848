"""Rules by which attributes of a caller's objects are coerced when they come in (PS3.4 B.2.3)."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class CoercionAction(enum.StrEnum):
    """What is done to the attribute."""

    SET = "set"
    SET_IF_EMPTY = "set_if_empty"
    PREFIX = "prefix"
    SUFFIX = "suffix"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class CoercionRule:
    """One change of one attribute.

    attribute: its keyword in PS3.6.
    value: what it is set to, or what is put before or behind; empty where it is removed.
    """

    attribute: str
    action: CoercionAction
    value: str = ""
