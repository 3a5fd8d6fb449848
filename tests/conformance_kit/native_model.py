"""The Native DICOM Model (PS3.19 A.1), read into the form of the DICOM JSON Model for comparison."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from typing import Any

NAMESPACE = "http://dicom.nema.org/PS3.19/models/NativeDICOM"
_NUMBERS = {"FL", "FD", "SL", "SS", "UL", "US", "IS", "DS", "SV", "UV"}


def read_native_model(text: bytes) -> dict[str, Any]:
    """Raises: AssertionError where it is no Native DICOM Model."""
    root = ElementTree.fromstring(text)
    assert _name(root) == "NativeDicomModel", f"the root is {root.tag}"
    return _attributes(root)


def native_elements(text: bytes) -> list[ElementTree.Element]:
    """All DicomAttribute elements, at every depth."""
    return [element for element in ElementTree.fromstring(text).iter() if _name(element) == "DicomAttribute"]


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _numbered(elements: list[ElementTree.Element]) -> list[ElementTree.Element]:
    return sorted(elements, key=lambda element: int(element.get("number", "1")))


def _attributes(parent: ElementTree.Element) -> dict[str, Any]:
    return {element.get("tag", ""): _attribute(element) for element in parent if _name(element) == "DicomAttribute"}


def _attribute(element: ElementTree.Element) -> dict[str, Any]:
    vr = element.get("vr", "")
    found: dict[str, Any] = {"vr": vr}
    children = list(element)
    if bulk := [child for child in children if _name(child) == "BulkData"]:
        found["BulkDataURI"] = bulk[0].get("uri", "")
    if inline := [child for child in children if _name(child) == "InlineBinary"]:
        found["InlineBinary"] = (inline[0].text or "").strip()
    if items := _numbered([child for child in children if _name(child) == "Item"]):
        found["Value"] = [_attributes(item) for item in items]
    if names := _numbered([child for child in children if _name(child) == "PersonName"]):
        found["Value"] = [_person(name) for name in names]
    texts = _numbered([child for child in children if _name(child) == "Value"])
    if texts and "Value" not in found:
        found["Value"] = [_value(vr, text.text or "") for text in texts]
    return found


def _value(vr: str, text: str) -> Any:
    if vr not in _NUMBERS or not text.strip():
        return text
    number = float(text)
    return int(number) if number.is_integer() else number


def _person(element: ElementTree.Element) -> dict[str, str]:
    parts = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")
    groups = {}
    for group in element:
        components = {_name(component): component.text or "" for component in group}
        groups[_name(group)] = "^".join(components.get(part, "") for part in parts).rstrip("^")
    return groups
