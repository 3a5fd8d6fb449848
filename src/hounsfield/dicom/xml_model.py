"""The Native DICOM Model, XML (PS3.19 A.1), written from and read into the DICOM JSON model (PS3.18 annex F).

One data set has one way through the archive: what is written here has been DICOM JSON, and what is read becomes it.

Where the two leave a choice:

- A private attribute is written with its creator's block zeroed (`gggg00ee`) and the creator's name beside it, where that name is there.
- Characters that XML 1.0 cannot hold (most control characters) become U+FFFD.
- Numbers keep their digits, because they are read as text. Empty components at the end of a name are lost.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from hounsfield.dicom.dictionary import keyword_of
from hounsfield.dicom.element_tree import DEPTH_LIMIT
from hounsfield.model.errors import UnreadableObject

NAMESPACE: Final = "http://dicom.nema.org/PS3.19/models/NativeDICOM"

JSONDataSet = dict[str, dict[str, Any]]
"""One data set of the DICOM JSON model: elements by tag, eight hexadecimal digits."""

_HEAD: Final = f'<?xml version="1.0" encoding="UTF-8"?><NativeDicomModel xmlns="{NAMESPACE}" xml:space="preserve">'
_TAIL: Final = "</NativeDicomModel>"
_GROUPS: Final = ("Alphabetic", "Ideographic", "Phonetic")
_COMPONENTS: Final = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")
_UNFIT: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ENCODINGS: Final = frozenset({"UTF-8", "UTF-16", "UTF-16BE", "UTF-16LE", "ISO-8859-1", "US-ASCII"})
"""Those that expat reads itself."""
_TAG: Final = re.compile(r"[0-9A-Fa-f]{8}")
_VR: Final = re.compile(r"[A-Z]{2}")
_FIRST_BLOCK, _LAST_BLOCK = 0x10, 0xFF


def xml_of_json(data_set: bytes) -> bytes:
    """A document of one data set, which comes as a DICOM JSON model object."""
    return xml_document(json.loads(data_set, parse_float=str, parse_int=str))


def xml_document(data_set: Mapping[str, Mapping[str, Any]]) -> bytes:
    """A document of one data set. Its numbers may be text."""
    parts: list[str] = [_HEAD]
    _write_data_set(data_set, parts)
    parts.append(_TAIL)
    return "".join(parts).encode("utf-8", "replace")


def _write_data_set(data_set: Mapping[str, Mapping[str, Any]], parts: list[str]) -> None:
    for name, element in data_set.items():
        parts.append(f"<DicomAttribute{_identity(name, data_set)} vr={quoteattr(element['vr'])}>")
        if element["vr"] == "SQ":
            for number, item in enumerate(element.get("Value") or (), 1):
                parts.append(f'<Item number="{number}">')
                _write_data_set(item or {}, parts)
                parts.append("</Item>")
        elif "BulkDataURI" in element:
            parts.append(f"<BulkData uri={quoteattr(element['BulkDataURI'])}/>")
        elif "InlineBinary" in element:
            parts.append(f"<InlineBinary>{element['InlineBinary']}</InlineBinary>")
        else:
            values = element.get("Value") or ()
            for number, value in enumerate(values, 1):
                if value is not None:
                    _write_value(number, value, parts)
                elif number == len(values):
                    # The numbers of the others tell of an empty value between them; of one behind them nothing else does.
                    parts.append(f'<{"PersonName" if element["vr"] == "PN" else "Value"} number="{number}"/>')
        parts.append("</DicomAttribute>")


def _identity(name: str, data_set: Mapping[str, Mapping[str, Any]]) -> str:
    """The attributes `tag`, `keyword` and `privateCreator`."""
    group, element = int(name[:4], 16), int(name[4:], 16)
    if group & 1 and element >> 8 >= _FIRST_BLOCK:
        creator = (data_set.get(f"{name[:4]}00{name[4:6]}", {}).get("Value") or [""])[0]
        if creator:
            return f' tag="{name[:4]}00{name[6:]}" privateCreator={quoteattr(_fit(str(creator)))}'
    keyword = keyword_of(group << 16 | element)
    return f' tag="{name}"' + (f' keyword="{keyword}"' if keyword else "")


def _write_value(number: int, value: Any, parts: list[str]) -> None:
    if not isinstance(value, Mapping):
        parts.append(f'<Value number="{number}">{_text(str(value))}</Value>')
        return
    parts.append(f'<PersonName number="{number}">')
    for group in _GROUPS:
        if group in value:
            parts.append(f"<{group}>")
            for component, text in zip(_COMPONENTS, value[group].split("^", len(_COMPONENTS) - 1), strict=False):
                if text:
                    parts.append(f"<{component}>{_text(text)}</{component}>")
            parts.append(f"</{group}>")
    parts.append("</PersonName>")


def _text(text: str) -> str:
    return escape(_fit(text), {"\r": "&#13;"})  # a bare carriage return is read as a line feed (XML 1.0, 2.11)


def _fit(text: str) -> str:
    return _UNFIT.sub("\ufffd", text)


def json_of_xml(document: bytes) -> JSONDataSet:
    """The data set of a document; its numbers are text. Raises: UnreadableObject, also for a document type or an entity of its own."""
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    parser.XmlDeclHandler = _check_encoding
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(document, True)
    except expat.ExpatError as exc:
        raise UnreadableObject(f"no XML: {exc}") from exc
    return reader.data_set


def _check_encoding(_version: str, encoding: str | None, _standalone: int) -> None:
    """Others expat would have Python look up, which knows some that are none of characters."""
    if encoding is not None and encoding.upper() not in _ENCODINGS:
        raise UnreadableObject("XML in an encoding that is not read; UTF-8 is")


def _refuse_doctype(*_arguments: object) -> None:
    raise UnreadableObject("XML with a document type is not read: it may define entities")


class _Attribute:
    """A DicomAttribute that is being read."""

    __slots__ = ("binary", "creator", "items", "named", "tag", "uri", "values", "vr")

    def __init__(self, tag: str, vr: str, creator: str) -> None:
        self.tag, self.vr, self.creator = tag, vr, creator
        self.values: dict[int, Any] = {}
        self.items: dict[int, _Scope] = {}
        self.named: dict[str, list[str]] = {}
        self.uri: str | None = None
        self.binary: str | None = None

    def element(self) -> dict[str, Any]:
        element: dict[str, Any] = {"vr": self.vr}
        if self.vr == "SQ":
            if self.items:
                element["Value"] = [self.items[number].data_set for number in sorted(self.items)]
        elif self.uri is not None:
            element["BulkDataURI"] = self.uri
        elif self.binary is not None:
            element["InlineBinary"] = "".join(self.binary.split())
        elif self.values:
            element["Value"] = [self.values.get(number) for number in range(1, max(self.values) + 1)]
        return element


class _Scope:
    """A data set or item that is being read. blocks: of each private creator, by group and name."""

    __slots__ = ("blocks", "data_set")

    def __init__(self) -> None:
        self.data_set: JSONDataSet = {}
        self.blocks: dict[tuple[str, str], int] = {}

    def put(self, attribute: _Attribute) -> None:
        tag = attribute.tag
        element = attribute.element()
        if attribute.creator and tag[4:6] == "00":
            tag = f"{tag[:4]}{self._block(tag[:4], attribute.creator):02X}{tag[6:]}"
        elif tag[4:6] == "00" and int(tag[:4], 16) & 1 and int(tag[6:], 16) >= _FIRST_BLOCK and element.get("Value"):
            self.blocks[tag[:4], str(element["Value"][0])] = int(tag[6:], 16)
        if tag in self.data_set:
            raise UnreadableObject(f"the attribute {tag} stands twice in one data set")
        self.data_set[tag] = element

    def _block(self, group: str, creator: str) -> int:
        """Of a creator's elements; one is reserved where the document has none (PS3.5 7.8.1)."""
        known = self.blocks.get((group, creator))
        if known is not None:
            return known
        taken = {block for (other, _), block in self.blocks.items() if other == group}
        block = next((number for number in range(_FIRST_BLOCK, _LAST_BLOCK + 1) if number not in taken), None)
        if block is None:
            raise UnreadableObject(f"group {group} has more private creators than blocks")
        self.blocks[group, creator] = block
        self.data_set[f"{group}00{block:02X}"] = {"vr": "LO", "Value": [creator]}
        return block

    def close(self) -> None:
        self.data_set = dict(sorted(self.data_set.items()))


class _Reader:
    """Follows the elements of a document; what stands where it does not belong is refused."""

    def __init__(self) -> None:
        self._scopes: list[_Scope] = []
        self._attributes: list[_Attribute] = []
        self._path: list[str] = []
        self._text: list[str] = []
        self._number = 0
        self._group = ""
        self._components: dict[str, str] = {}
        self.data_set: JSONDataSet = {}

    def start(self, name: str, said: Mapping[str, str]) -> None:
        name = self._local(name)
        within = self._path[-1] if self._path else ""
        if within not in _ALLOWED.get(name, ()):
            raise UnreadableObject(f"the XML element {name[:40]} does not belong into {within or 'the document'}")
        self._path.append(name)
        self._text.clear()
        if name in ("NativeDicomModel", "Item"):
            if len(self._scopes) > DEPTH_LIMIT:
                raise UnreadableObject(f"sequences are nested deeper than {DEPTH_LIMIT}")
            scope = _Scope()
            if name == "Item":
                self._attributes[-1].items[self._numbered(said)] = scope
            self._scopes.append(scope)
        elif name == "DicomAttribute":
            tag, vr = said.get("tag", ""), said.get("vr", "")
            if _TAG.fullmatch(tag) is None or _VR.fullmatch(vr) is None:
                raise UnreadableObject("a DicomAttribute without a tag of eight hexadecimal digits and a VR")
            self._attributes.append(_Attribute(tag.upper(), vr, said.get("privateCreator", "")))
        elif name == "BulkData":
            self._attributes[-1].uri = said.get("uri") or said.get("uuid", "")
        elif name in ("Value", "PersonName"):
            self._number = self._numbered(said)
            if name == "PersonName":
                self._attributes[-1].named = {}
        elif name in _GROUPS:
            self._components = {}

    def end(self, name: str) -> None:
        name = self._local(name)
        self._path.pop()
        text = "".join(self._text)
        self._text.clear()
        if name in _COMPONENTS:
            self._components[name] = text
        elif name in _GROUPS:
            self._attributes[-1].named[name] = [self._components.get(component, "") for component in _COMPONENTS]
        elif name == "PersonName":
            named = self._attributes[-1].named
            self._attributes[-1].values[self._number] = {group: "^".join(parts).rstrip("^") for group, parts in named.items()} or None
        elif name == "Value":
            self._attributes[-1].values[self._number] = text or None
        elif name == "InlineBinary":
            self._attributes[-1].binary = text
        elif name == "DicomAttribute":
            attribute = self._attributes.pop()
            self._scopes[-1].put(attribute)
        elif name in ("NativeDicomModel", "Item"):
            scope = self._scopes.pop()
            scope.close()
            if name == "NativeDicomModel":
                self.data_set = scope.data_set

    def characters(self, text: str) -> None:
        self._text.append(text)

    @staticmethod
    def _local(name: str) -> str:
        """Without the namespace, which some writers leave out."""
        return name.rpartition(" ")[2]

    def _numbered(self, said: Mapping[str, str]) -> int:
        text = said.get("number", "")
        if not (text.isascii() and text.isdigit() and 0 < int(text[:10]) <= _MOST_VALUES):
            raise UnreadableObject("a value or item without its number")
        return int(text)


_MOST_VALUES: Final = 1 << 20
_ALLOWED: Final[Mapping[str, Sequence[str]]] = {
    "NativeDicomModel": ("",),
    "DicomAttribute": ("NativeDicomModel", "Item"),
    **dict.fromkeys(("Item", "Value", "PersonName", "BulkData", "InlineBinary"), ("DicomAttribute",)),
    **dict.fromkeys(_GROUPS, ("PersonName",)),
    **dict.fromkeys(_COMPONENTS, _GROUPS),
}


def xml_documents(array: bytes) -> Iterable[bytes]:
    """The documents of a JSON array of data sets, one after the other."""
    for data_set in json.loads(array, parse_float=str, parse_int=str):
        yield xml_document(data_set)
