"""Find workitems: the same matching as for everything else, on the data set of each step that the columns leave (PS3.4 CC.2.8)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from hounsfield.dicom.dictionary import tag_of, vr_of
from hounsfield.index.fragments import element_matches
from hounsfield.index.words import heard, sounds_of, words_of
from hounsfield.model.origin import Origin
from hounsfield.model.query import Items, Key, SingleValue, WildCard
from hounsfield.model.workitem import Workitem
from hounsfield.records.workitems import WorkitemRecords
from hounsfield.services.workitem_keys import NUMERIC, narrowing

STRETCH: Final = 200
MOST_READ: Final = 50_000
"""Steps that one search reads at most; what is found until then is answered, with a warning."""

_PATIENT_NAME: Final = "00100010"


@dataclass(frozen=True, slots=True)
class FoundWorkitems:
    """items: in the order of their creation. more: others follow. given_up: not all were looked at."""

    items: tuple[Workitem, ...]
    more: bool = False
    given_up: bool = False


class WorkitemSearch:
    """Answers with the steps of the principal's partition."""

    def __init__(self, records: WorkitemRecords) -> None:
        self._records = records

    def find(self, origin: Origin, keys: Sequence[Key], *, limit: int, offset: int = 0, fuzzy: bool = False) -> FoundWorkitems:
        """Raises: InvalidQuery, IndexUnavailable."""
        found: list[Workitem] = []
        skipped = 0
        for read, item in enumerate(self._narrowed(origin.principal.partition_id, keys, fuzzy), 1):
            if matches(item.data_set, keys, fuzzy=fuzzy):
                if skipped < offset:
                    skipped += 1
                elif len(found) == limit:
                    return FoundWorkitems(tuple(found), more=True)
                else:
                    found.append(item)
            if read >= MOST_READ:
                return FoundWorkitems(tuple(found), more=True, given_up=True)
        return FoundWorkitems(tuple(found))

    def _narrowed(self, partition_id: int, keys: Sequence[Key], fuzzy: bool) -> Iterator[Workitem]:
        rows = narrowing(keys, fuzzy=fuzzy)
        after = 0
        while True:
            stretch = self._records.stretch(partition_id, rows, after, STRETCH)
            yield from stretch
            if len(stretch) < STRETCH:
                return
            after = stretch[-1].id


def matches(data_set: Mapping[str, Any], keys: Sequence[Key], *, fuzzy: bool = False) -> bool:
    """Whether a step matches all keys. fuzzy: names that sound alike match as well (C.2.2.2.1.1)."""
    if any(map(_is_numeric, keys)):
        data_set = json.loads(json.dumps(data_set), parse_float=str, parse_int=str)
    return all(element_matches(data_set, key) or (fuzzy and _sounds_alike(data_set, key)) for key in keys)


def _is_numeric(key: Key) -> bool:
    if isinstance(key.match, Items):
        return any(map(_is_numeric, key.match.keys))
    return vr_of(tag_of(key.keyword) or 0) in NUMERIC


def _sounds_alike(data_set: Mapping[str, Any], key: Key) -> bool:
    if key.keyword != "PatientName" or not isinstance(key.match, SingleValue | WildCard):
        return False
    sounds, pieces = heard(key.match.value if isinstance(key.match, SingleValue) else key.match.pattern)
    if not sounds:
        return False
    for value in (data_set.get(_PATIENT_NAME) or {}).get("Value") or ():
        words = words_of("=".join(map(str, value.values()))) if isinstance(value, dict) else set()
        if set(sounds) <= sounds_of(words) and all(any(piece in word for word in words) for piece in pieces):
            return True
    return False
