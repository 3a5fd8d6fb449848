"""Items of a search answer that hold more than the index' fragments of their own level (PS3.18 10.6.3.3)."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass

from hounsfield.dicom.dictionary import vr_of
from hounsfield.dicom.json_elements import data_set_of, elements_of
from hounsfield.dicom.tags import SPECIFIC_CHARACTER_SET
from hounsfield.index.fragments import FRAGMENT_LEVELS, raw_fragment_of
from hounsfield.index.rows import Hit
from hounsfield.model.query import Level
from hounsfield.services.computed_attributes import COMPUTED, said_of_hit
from hounsfield.services.header_keys import header_level
from hounsfield.services.search_results import Result


@dataclass(frozen=True, slots=True)
class Additions:
    """What each item gets beside what it holds anyway.

    tags: attributes from fragments of its levels, from headers and from what is counted, where they are known.
    header_levels: those of which all that a header says is taken.
    """

    tags: frozenset[int] = frozenset()
    header_levels: frozenset[Level] = frozenset()

    def complete(self, item: bytes, result: Result) -> bytes:
        """An item with its additions, in order of tag; what it holds already stands."""
        elements = elements_of(item.decode())
        for name, element in self._found(result).items():
            elements.setdefault(name, element)
        return data_set_of(elements).encode()

    def _found(self, result: Result) -> dict[str, str]:
        found = _of_fragments(result.hit, [tag for tag in self.tags if tag in FRAGMENT_LEVELS])
        if computed := [tag for tag in self.tags if tag in COMPUTED]:
            said = said_of_hit(result.hit, result.patient)
            found |= {f"{tag:08X}": _element(tag, said[tag]) for tag in computed if tag in said}
        if result.header_json:
            found |= {name: element for name, element in elements_of(result.header_json).items() if self._takes_of_header(int(name, 16))}
        return found

    def _takes_of_header(self, tag: int) -> bool:
        if tag in FRAGMENT_LEVELS or tag in COMPUTED or tag == SPECIFIC_CHARACTER_SET:
            return False  # the fragments say it; the answer itself is UTF-8
        return tag in self.tags or header_level(tag) in self.header_levels


def _of_fragments(hit: Hit, tags: Collection[int]) -> dict[str, str]:
    found = {}
    for level in {FRAGMENT_LEVELS[tag] for tag in tags}:
        segments = raw_fragment_of(hit, level).decode().split("\n")
        held = elements_of("{" + ",".join(filter(None, segments)) + "}")
        names = (f"{tag:08X}" for tag in tags if FRAGMENT_LEVELS[tag] is level)
        found.update({name: held[name] for name in names if name in held})
    return found


def _element(tag: int, text: str) -> str:
    """One of the attributes that are counted; several values come between backslashes."""
    vr = vr_of(tag)
    values = [int(value) if vr == "IS" else value for value in text.split("\\") if value]
    told = f',"Value":{json.dumps(values, separators=(",", ":"))}' if values else ""
    return f'"{tag:08X}":{{"vr":"{vr}"{told}}}'
