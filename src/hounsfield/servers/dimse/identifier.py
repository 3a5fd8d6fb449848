"""The identifier of a query, a retrieval or an action: a small data set, read whole and bounded (PS3.4 C.4.1.1.3)."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hounsfield.dicom.character_sets import CharacterSet
from hounsfield.dicom.data_set_writer import BINARY_VRS, NUMBER_CODES
from hounsfield.dicom.element_tree import DataSet, read_data_set
from hounsfield.dicom.tags import SPECIFIC_CHARACTER_SET, tag_text
from hounsfield.model.errors import InvalidInput, InvalidUID
from hounsfield.model.identifiers import UID, parse_uid
from hounsfield.model.query import Level
from hounsfield.network.association import Association
from hounsfield.servers.dimse.information_model import LEVEL_NAMES, InformationModel

MAX_IDENTIFIER_BYTES = 1 << 20
"""A list of 16,000 UIDs fits, and no more elements than some 50 MB of memory hold."""

MAX_ELEMENTS = 2000
"""Of an identifier, those in items included."""

MAX_DEPTH = 4

QUERY_RETRIEVE_LEVEL = 0x00080052
TIMEZONE_OFFSET_FROM_UTC = 0x00080201


class UnfitIdentifier(InvalidInput):
    """An identifier that breaks the rules of its SOP class: A900 (PS3.4 table C.4-1). offending_elements: tags."""

    def __init__(self, message: str, *offending_elements: int) -> None:
        super().__init__(message)
        self.offending_elements = offending_elements


@dataclass(frozen=True, slots=True)
class Asked:
    """One element of an identifier.

    text: decoded, without padding, values joined by backslashes; numbers as decimals, tags as eight hexadecimal digits.
    items: of a sequence; None for everything else.
    """

    tag: int
    vr: str
    text: str
    items: tuple[Mapping[int, Asked], ...] | None = None

    @property
    def values(self) -> tuple[str, ...]:
        """Each value without padding; none where the element is empty."""
        return tuple(value.strip(" \0") for value in self.text.split("\\")) if self.text else ()

    @property
    def uids(self) -> tuple[UID, ...]:
        """Its UIDs, each once, in order. Raises: UnfitIdentifier."""
        try:
            return tuple(dict.fromkeys(parse_uid(value) for value in self.values if value))
        except InvalidUID as exc:
            raise UnfitIdentifier(f"{tag_text(self.tag)} holds no UID", self.tag) from exc


@dataclass(frozen=True, slots=True)
class Identifier:
    """What a request asks for.

    characters: the character set that the request is written in.
    time_zone: Timezone Offset From UTC as written, empty where absent.
    elements: by tag, in order of tag; Specific Character Set, Query/Retrieve Level and the time zone are among them.
    """

    characters: CharacterSet
    time_zone: str
    elements: Mapping[int, Asked]

    def __iter__(self) -> Iterator[Asked]:
        return iter(self.elements.values())

    def __contains__(self, tag: int) -> bool:
        return tag in self.elements

    def text(self, tag: int) -> str:
        """The element's text, empty where it is absent."""
        element = self.elements.get(tag)
        return "" if element is None else element.text

    def items(self, tag: int) -> tuple[Mapping[int, Asked], ...]:
        """The items of a sequence, none where it is absent."""
        element = self.elements.get(tag)
        return () if element is None or element.items is None else element.items

    def uids(self, tag: int) -> tuple[UID, ...]:
        """The UIDs of an element, each once, in order; none where it is absent or empty. Raises: UnfitIdentifier."""
        element = self.elements.get(tag)
        return () if element is None else element.uids

    def uid(self, tag: int) -> UID:
        """The one UID of an element. Raises: UnfitIdentifier where there is none, or several."""
        uids = self.uids(tag)
        if len(uids) != 1:
            raise UnfitIdentifier(f"{tag_text(tag)} must hold one UID, not {len(uids)}", tag)
        return uids[0]

    def level(self, model: InformationModel) -> Level:
        """The Query/Retrieve Level (PS3.4 C.4.1.1.3.1). Raises: UnfitIdentifier where it is none of the model's."""
        text = self.text(QUERY_RETRIEVE_LEVEL)
        if not text:
            raise UnfitIdentifier("there is no Query/Retrieve Level", QUERY_RETRIEVE_LEVEL)
        level = LEVEL_NAMES.get(text.upper())
        if level is None or level not in model.levels:
            raise UnfitIdentifier(f"{text[:16]} is no level of {model.name}", QUERY_RETRIEVE_LEVEL)
        return level


def receive_identifier(association: Association, transfer_syntax_uid: str) -> Identifier:
    """Reads the data set that follows the last command. Raises: UnfitIdentifier, when it has been read off the wire."""
    gathered = bytearray()

    def gather(piece: memoryview) -> None:
        if len(gathered) + len(piece) > MAX_IDENTIFIER_BYTES:
            raise UnfitIdentifier(f"the identifier is longer than {MAX_IDENTIFIER_BYTES} bytes")
        gathered.extend(piece)

    association.read_data_set(gather)
    return read_identifier(bytes(gathered), transfer_syntax_uid)


def read_identifier(raw: bytes, transfer_syntax_uid: str) -> Identifier:
    """Reads an identifier; the request's own character set holds for its texts. Raises: UnfitIdentifier."""
    tree = read_data_set(raw, transfer_syntax_uid)
    if tree.problems:
        raise UnfitIdentifier(f"the identifier cannot be read: {tree.problems[0]}")
    if tree.characters.unknown:
        raise UnfitIdentifier("unknown Specific Character Set", SPECIFIC_CHARACTER_SET)
    elements = _Reading().elements(tree, MAX_DEPTH)
    time_zone = elements.get(TIMEZONE_OFFSET_FROM_UTC)
    return Identifier(tree.characters, "" if time_zone is None else time_zone.text, elements)


class _Reading:
    """Counts the elements while it reads them."""

    def __init__(self) -> None:
        self.left = MAX_ELEMENTS

    def elements(self, data_set: DataSet, depth: int) -> dict[int, Asked]:
        found = {}
        for element in data_set:
            tag, vr, value, items, _encapsulated = element
            if not tag & 0xFFFF:
                continue  # group lengths (PS3.5 7.2) say nothing
            self.left -= 1
            if self.left < 0:
                raise UnfitIdentifier(f"the identifier has more than {MAX_ELEMENTS} elements")
            if items is None:
                found[tag] = Asked(tag, vr, self._text(data_set, tag, vr, bytes(value)))
            elif not depth:
                raise UnfitIdentifier(f"sequences are nested deeper than {MAX_DEPTH}", tag)
            else:
                found[tag] = Asked(tag, vr, "", tuple(self.elements(item, depth - 1) for item in items))
        return found

    def _text(self, data_set: DataSet, tag: int, vr: str, raw: bytes) -> str:
        if vr in BINARY_VRS:
            return data_set.characters.decode(raw).strip(" \0") if vr == "UN" else ""
        code = "H" if vr == "AT" else NUMBER_CODES.get(vr)
        if code is None:
            return data_set.characters.decode(raw).strip(" \0")
        size = struct.calcsize(f"<{code}")
        if len(raw) % (size * (1 + (vr == "AT"))):
            raise UnfitIdentifier(f"{tag_text(tag)} has a length that does not go with VR {vr}", tag)
        numbers = struct.unpack(f"<{len(raw) // size}{code}", raw)
        if vr == "AT":
            return "\\".join(f"{group:04X}{number:04X}" for group, number in zip(numbers[::2], numbers[1::2], strict=True))
        return "\\".join(map(str, numbers))
