"""What each person prefers: small JSON documents by name, which the web app reads and writes and nobody else judges."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn, Protocol

from hounsfield.model.errors import DocumentTooLarge, InvalidInput

MOST_NAMES = 64
MAX_DOCUMENT_BYTES = 64 << 10
MAX_DEPTH = 32
_NAME = re.compile(r"[a-z][a-z0-9._-]{0,63}")


class PreferenceRecords(Protocol):
    """What this asks of the database; `hounsfield.records.preferences` answers."""

    def all(self, account_name: str) -> dict[str, str]: ...

    def put(self, account_name: str, name: str, document: str, most: int) -> bool: ...

    def delete(self, account_name: str, name: str) -> None: ...


class Preferences:
    """Of each account its own."""

    def __init__(self, records: PreferenceRecords) -> None:
        self._records = records

    def all(self, account_name: str) -> dict[str, str]:
        """JSON documents by name."""
        return self._records.all(account_name)

    def put(self, account_name: str, name: str, document: bytes) -> None:
        """Inserts or replaces. document: JSON (RFC 8259) in UTF-8.

        Raises: InvalidInput for what is no name, no JSON, nested too deep or one name too many; DocumentTooLarge.
        """
        name = _parse_name(name)
        if len(document) > MAX_DOCUMENT_BYTES:
            raise DocumentTooLarge(f"a preference has at most {MAX_DOCUMENT_BYTES} bytes; this one has {len(document)}")
        if not self._records.put(account_name, name, json.dumps(_parse(document), separators=(",", ":")), MOST_NAMES):
            raise InvalidInput(f"at most {MOST_NAMES} preferences are kept of one person")

    def delete(self, account_name: str, name: str) -> None:
        """What is not there is gone already. Raises: InvalidInput."""
        self._records.delete(account_name, _parse_name(name))


def _parse_name(raw: str) -> str:
    if _NAME.fullmatch(raw) is None:
        raise InvalidInput("a preference's name is 1 to 64 letters a-z, digits, dots, hyphens and underscores, and starts with a letter")
    return raw


def _parse(document: bytes) -> Any:
    try:
        parsed = json.loads(document.decode("utf-8"), parse_constant=_refuse_constant, parse_float=_finite)
    except RecursionError as exc:
        raise _too_deep() from exc
    except ValueError as exc:  # of the decoder, of the parser, or of a number with thousands of digits
        raise InvalidInput("a preference is one JSON document in UTF-8") from exc
    if _depth_of(parsed) > MAX_DEPTH:
        raise _too_deep()
    return parsed


def _too_deep() -> InvalidInput:
    return InvalidInput(f"a preference is nested at most {MAX_DEPTH} levels deep")


def _refuse_constant(name: str) -> NoReturn:
    raise InvalidInput(f"{name} is no JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise InvalidInput("a number in the preference is too large")
    return number


def _depth_of(value: Any) -> int:
    """0 for a number or a text, 1 for a list of such."""
    depth = 0
    containers = [value] if isinstance(value, list | dict) else []
    while containers:
        depth += 1
        children = [child for one in containers for child in (one.values() if isinstance(one, dict) else one)]
        containers = [child for child in children if isinstance(child, list | dict)]
    return depth
