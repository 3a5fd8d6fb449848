"""The query parameters of a search, read into what is looked for and what is to be answered (PS3.18 8.3.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

from hounsfield.dicom.dictionary import tag_of
from hounsfield.dicom.tags import SPECIFIC_CHARACTER_SET
from hounsfield.index.fragments import FRAGMENT_LEVELS
from hounsfield.model.errors import InvalidQuery
from hounsfield.model.query import Items, Key, Level, Match, Query
from hounsfield.services.computed_attributes import COMPUTED, JUDGED, RETRIEVE_AE_TITLE
from hounsfield.services.header_keys import header_level
from hounsfield.services.search import MATCHED_ANYWHERE
from hounsfield.services.search_values import Matching, attribute_path, read_matches

MAX_OFFSET: Final = 1 << 31
MAX_REMEMBERED_CHARACTERS: Final = 128
"""Of a parameter's name: what it stands for is looked up once."""

RETRIEVE_URL: Final = 0x00081190
TIMEZONE_OFFSET_FROM_UTC: Final = 0x00080201

_CONTROL = frozenset(
    {"includefield", "limit", "offset", "fuzzymatching", "emptyvaluematching", "multiplevaluematching", "accept", "charset"}
)
_NEVER_MATCHED = frozenset({*JUDGED, SPECIFIC_CHARACTER_SET, TIMEZONE_OFFSET_FROM_UTC, RETRIEVE_URL})
_OF_QUERIES_BY_DIMSE = frozenset({RETRIEVE_AE_TITLE})


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What a client asks for.

    included: attributes asked for in the answer; everything: whether all are (`includefield=all`).
    header_keys: what attributes are to match that objects have, and the index does not; header_tags: those, and such as are included.
    names: how the client wrote each attribute, by tag.
    unsupported: parameters that name nothing that can be matched or included here, as the client wrote them.
    """

    query: Query
    included: frozenset[int] = frozenset()
    everything: bool = False
    header_keys: tuple[Key, ...] = ()
    header_tags: frozenset[int] = frozenset()
    names: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    unsupported: tuple[str, ...] = ()


def read_search(level: Level, within: Sequence[Key], parameters: Sequence[tuple[str, str]], partition_id: int) -> SearchRequest:
    """within: the keys that the path gives. Raises: InvalidQuery."""
    control = _control(parameters)
    matching = Matching(_flag(control, "emptyvaluematching"), _flag(control, "multiplevaluematching"))
    reading = _Reading(level, matching, {(key.keyword,) for key in within})
    for name, value in parameters:
        if name == "includefield":
            reading.include(value)
        elif name not in _CONTROL:
            reading.match(name, value)
    keys, header_keys = reading.keys()
    query = Query(
        level,
        (*within, *keys),
        limit=_count(control, "limit", MAX_OFFSET),
        offset=_count(control, "offset", MAX_OFFSET) or 0,
        fuzzy=_flag(control, "fuzzymatching"),
        partition_id=partition_id,
    )
    return SearchRequest(
        query,
        frozenset(reading.included),
        reading.everything,
        header_keys,
        frozenset(reading.header_tags),
        reading.names,
        tuple(reading.unsupported),
    )


class _Named(NamedTuple):
    """What a parameter's name stands for. tag: of the outermost attribute; level: from which on that is known, None where it never is.

    held: whether the index, and not only an object's header, says it.
    """

    path: tuple[str, ...]
    tag: int
    level: Level | None
    held: bool


def _named(name: str) -> _Named:
    return _read_name(name) if len(name) <= MAX_REMEMBERED_CHARACTERS else _read_name.__wrapped__(name)


@lru_cache(maxsize=1024)
def _read_name(name: str) -> _Named:
    path = attribute_path(name)
    tag = (tag_of(path[0]) or 0) if path else 0
    return _Named(path, tag, _level_of(tag) if path else None, _is_held(tag))


def _is_held(tag: int) -> bool:
    return tag in FRAGMENT_LEVELS or tag in COMPUTED or tag in (RETRIEVE_URL, SPECIFIC_CHARACTER_SET)


def _level_of(tag: int) -> Level | None:
    """The level from which on an attribute is known; None where it never is."""
    if tag in (RETRIEVE_URL, SPECIFIC_CHARACTER_SET):
        return Level.STUDY
    return FRAGMENT_LEVELS.get(tag, COMPUTED.get(tag, header_level(tag)))


_Tree = dict[str, "tuple[Match, ...] | _Tree"]


class _Reading:
    """Gathers what the parameters of one search ask for. taken: paths that must not be given again."""

    def __init__(self, level: Level, matching: Matching, taken: set[tuple[str, ...]]) -> None:
        self.included: set[int] = set()
        self.everything = False
        self.names: dict[int, tuple[str, ...]] = {}
        self.header_tags: set[int] = set()
        self.unsupported: list[str] = []
        self._level = level
        self._matching = matching
        self._taken = taken
        self._keys: list[Key] = []
        self._tree: _Tree = {}

    def match(self, name: str, value: str) -> None:
        """One matching parameter. Raises: InvalidQuery."""
        path, tag, level, held = _named(name)
        if level is None or level > self._level or tag in _NEVER_MATCHED:
            self.unsupported.append(name)
            return
        if path in self._taken:
            raise InvalidQuery(f"{'.'.join(path)} is given twice, or by the path already")
        self._taken.add(path)
        matches = read_matches(path[-1], value, self._matching)
        if held and len(path) == 1 and path[0] in MATCHED_ANYWHERE:
            self._keys += [Key(path[0], match) for match in matches]
            return
        self._name(tag, name, held)
        node = self._tree
        for keyword in path[:-1]:
            inner = node.setdefault(keyword, {})
            if isinstance(inner, tuple):
                inner = node[keyword] = {}
            node = inner
        if matches or path[-1] not in node:
            node[path[-1]] = matches

    def include(self, value: str) -> None:
        """One `includefield` (8.3.4.3)."""
        for name in filter(None, map(str.strip, value.split(","))):
            _path, tag, level, held = _named(name)
            if name == "all":
                self.everything = True
            elif level is None or level > self._level or tag in _OF_QUERIES_BY_DIMSE:
                self.unsupported.append(f"includefield={name}")
            else:
                self.included.add(tag)
                self._name(tag, f"includefield={name}", held)

    def keys(self) -> tuple[tuple[Key, ...], tuple[Key, ...]]:
        """Those of attributes that the index holds, and of those that only objects have."""
        if not self._tree:
            return tuple(self._keys), ()
        keys = _keys(self._tree)
        held = (key for key in keys if _is_held(tag_of(key.keyword) or 0))
        return (*self._keys, *held), tuple(key for key in keys if not _is_held(tag_of(key.keyword) or 0))

    def _name(self, tag: int, written: str, held: bool) -> None:
        self.names[tag] = (*self.names.get(tag, ()), written)
        if not held:
            self.header_tags.add(tag)


def _keys(tree: _Tree) -> tuple[Key, ...]:
    """All keys within one sequence are of the same item (PS3.4 C.2.2.2.6)."""
    found: list[Key] = []
    for keyword, asked in tree.items():
        if isinstance(asked, tuple):
            found += [Key(keyword, match) for match in asked]
        elif inner := _keys(asked):
            found.append(Key(keyword, Items(inner)))
    return tuple(found)


def _control(parameters: Sequence[tuple[str, str]]) -> dict[str, str]:
    control: dict[str, str] = {}
    for name, value in parameters:
        if name in _CONTROL and name != "includefield":
            if name in control:
                raise InvalidQuery(f"the parameter {name} is given twice")
            control[name] = value
    return control


def _count(control: Mapping[str, str], name: str, highest: int) -> int | None:
    text = control.get(name)
    if text is None or text == "":
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 12 or int(text) > highest:
        raise InvalidQuery(f"{name} is not a number from 0 on")
    return int(text)


def _flag(control: Mapping[str, str], name: str) -> bool:
    if name not in control:
        return False
    text = control[name].lower()
    if text not in ("true", "false"):
        raise InvalidQuery(f"{name} is true or false")
    return text == "true"
