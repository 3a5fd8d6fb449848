"""Answers of C-FIND: what was asked for, out of a row's fragments and what is counted (PS3.4 C.4.1.1.3.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hounsfield.dicom.character_sets import DEFAULT_CHARACTER_SET, CharacterSet, character_set
from hounsfield.dicom.data_set_writer import NewElement
from hounsfield.dicom.dictionary import keyword_of, vr_of
from hounsfield.dicom.from_json import element_from_json, encode_in_one_of
from hounsfield.index.fragments import FRAGMENT_LEVELS, Fragment, fragment_of, item_matches
from hounsfield.index.rows import Hit
from hounsfield.index.zones import fragment_in
from hounsfield.model.query import Items, Key, Level
from hounsfield.model.time_zone import offset_text
from hounsfield.servers.dimse.find_keys import FindRequest
from hounsfield.servers.dimse.identifier import QUERY_RETRIEVE_LEVEL, TIMEZONE_OFFSET_FROM_UTC, Asked
from hounsfield.servers.dimse.information_model import LEVEL_NAMES
from hounsfield.services.computed_attributes import RETRIEVE_AE_TITLE, said_of_hit
from hounsfield.services.search_results import Result

STORED_CHARACTER_SET = "00080005"
_NAMES = {level: name for name, level in LEVEL_NAMES.items()}


class AnswerWriter:
    """Writes the answers to one request.

    ae_title: from which what is found can be retrieved.
    characters: the requester's, the second choice behind the stored object's; the third is UTF-8.
    """

    def __init__(self, request: FindRequest, ae_title: str, characters: CharacterSet, *, implicit_vr: bool) -> None:
        self._asked = request.asked
        self._beyond = request.beyond
        self._level = request.query.level
        self._characters = characters
        self._implicit_vr = implicit_vr
        self._zone = request.zone
        self._fixed = [NewElement(QUERY_RETRIEVE_LEVEL, "CS", _NAMES[self._level]), NewElement(RETRIEVE_AE_TITLE, "AE", ae_title)]
        if request.zone is not None:
            self._fixed.append(NewElement(TIMEZONE_OFFSET_FROM_UTC, "SH", offset_text(request.zone.offset_minutes)))
        matched = (*request.query.keys, *request.beyond_keys)
        self._within = {key.keyword: key.match.keys for key in matched if isinstance(key.match, Items)}

    def encode(self, result: Result) -> bytes:
        """The identifier of one answer."""
        elements = [*self._fixed, *self._elements(result.hit, said_of_hit(result.hit, result.patient))]
        if result.header is not None:
            elements += [self._element(asked, result.header) for asked in self._beyond]
        return encode_in_one_of(elements, self._candidates(result.hit), implicit_vr=self._implicit_vr)

    def _candidates(self, hit: Hit) -> Iterator[CharacterSet]:
        stored = fragment_of(hit, Level.STUDY).get(STORED_CHARACTER_SET, {}).get("Value", ())
        yield character_set("\\".join(term or "" for term in stored).encode("latin-1", "replace"))
        if self._characters is not DEFAULT_CHARACTER_SET:
            yield self._characters

    def _elements(self, hit: Hit, computed: Mapping[int, str]) -> Iterator[NewElement]:
        for asked in self._asked:
            tag = asked.tag
            if tag == RETRIEVE_AE_TITLE:
                continue
            level = FRAGMENT_LEVELS.get(tag)
            if level is None:
                yield NewElement(tag, vr_of(tag), computed.get(tag, ""))
                continue
            yield self._element(asked, fragment_of(hit, level) if self._zone is None else fragment_in(self._zone, hit, level))

    def _element(self, asked: Asked, fragment: Fragment) -> NewElement:
        element = fragment.get(f"{asked.tag:08X}")
        if element is None:
            return NewElement(asked.tag, _vr(asked), None)
        if asked.items is not None and element["vr"] == "SQ":
            return self._sequence(asked, element)
        return element_from_json(asked.tag, element)

    def _sequence(self, asked: Asked, element: Fragment) -> NewElement:
        """The items that match, with what was asked of them (PS3.4 C.2.2.2.6); all of all items where nothing was."""
        wanted: Sequence[Key] = self._within.get(keyword_of(asked.tag), ())
        items = [item for item in element.get("Value") or () if item_matches(item, wanted)]
        named = asked.items[0] if asked.items else {}
        if not named:
            return element_from_json(asked.tag, {"vr": "SQ", "Value": items})
        return NewElement(asked.tag, "SQ", [[_inner(one, item) for one in named.values()] for item in items])


def _vr(asked: Asked) -> str:
    """Of an element without a value; where pixel data would decide it, any will do."""
    vr = vr_of(asked.tag)
    return "US" if vr == "xs" else vr


def _inner(asked: Asked, item: Mapping[str, Any]) -> NewElement:
    found = item.get(f"{asked.tag:08X}")
    return NewElement(asked.tag, _vr(asked), None) if found is None else element_from_json(asked.tag, found)
