"""Our DICOM JSON of every readable file of the corpus, held against pydicom's, element by element.

Where the two differ, `explain` must know why; a difference without a reason fails. `docs/explanation/dicom-json.md` lists the reasons.
"""

from __future__ import annotations

import json
import logging
import warnings
from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydicom
import pytest

from hounsfield.dicom.json_model import data_set_json
from hounsfield.dicom.part10 import guess_transfer_syntax, read_prefix

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "dicom-json.md"
LIMIT_BYTES = 1024
PIXEL_TAGS = ("7FE00008", "7FE00009", "7FE00010")

OWN_READING = {
    "charset/fo-dicom/chrGB2312.dcm": "pydicom does not decode ISO 2022 IR 58 designated inside a component",
    "dicomdir/pydicom/DICOMDIR-nooffset": "an item is longer than its sequence: we keep the bytes, pydicom reads on",
    "edge/pydicom/rtplan_truncated.dcm": "the last sequence is cut short: we keep the bytes, pydicom what it understood of them",
}

Difference = tuple[str, dict[str, Any] | None, dict[str, Any] | None]


def differences(path: str, ours: dict[str, Any], theirs: dict[str, Any]) -> Iterator[Difference]:
    """Elements that are not alike; of sequences only the innermost."""
    for name in sorted(ours.keys() | theirs.keys()):
        a, b = ours.get(name), theirs.get(name)
        if a == b:
            continue
        if a and b and a["vr"] == b["vr"] == "SQ" and len(a.get("Value", [])) == len(b.get("Value", [])):
            for index, (inner, other) in enumerate(zip(a.get("Value", []), b.get("Value", []), strict=True)):
                yield from differences(f"{path}{name}/{index}/", inner, other)
        else:
            yield path + name, a, b


def words_turned(text: str) -> str:
    """Base64 of 16-bit words in the other order."""
    words = bytearray(b64decode(text))
    words[::2], words[1::2] = words[1::2], words[::2]
    return b64encode(words).decode()


def explain(path: str, ours: dict[str, Any] | None, theirs: dict[str, Any] | None) -> str:
    """Why an element differs, empty where there is no reason."""
    name = path.rpartition("/")[2]
    if ours is None:
        return "group lengths are left out (PS3.18 F.2.2)" if name.endswith("0000") else ""
    if theirs is None:
        return "pydicom leaves out what is not valid in its VR; we keep it"
    if name in PIXEL_TAGS and "BulkDataURI" in ours:
        return "Pixel Data is always bulk data"
    if ours["vr"] == "UN" and int(name, 16) & 0x10000:
        return "a private element stated as UN keeps its bytes; pydicom reads it by its private dictionary"
    if ours["vr"] != theirs["vr"]:
        return ""
    if [value if value != "" else None for value in theirs.get("Value", [])] == ours.get("Value"):
        return "an empty value among several is null (PS3.18 F.2.5); pydicom writes an empty string"
    if [value.rstrip() if isinstance(value, str) else value for value in theirs.get("Value", [])] == ours.get("Value"):
        return "blanks at the end of each of several values are padding (PS3.5 6.2)"
    if "InlineBinary" in ours and theirs.get("BulkDataURI"):
        return "our limit is in bytes, pydicom's in characters of base64"
    if ours["vr"] == "OW" and words_turned(ours["InlineBinary"]) == theirs["InlineBinary"]:
        return "binary values are little endian (PS3.18 F.2.7); pydicom keeps the data set's order"
    if ours["vr"] in ("UV", "SV") and list(map(str, theirs["Value"])) == ours["Value"]:
        return "integers beyond 2^53 are strings (PS3.18 F.2.3)"
    return ""


def files(corpus: Path) -> Iterator[Path]:
    """Everything but the hostile ones; of long series every eighth."""
    for folder in ("charset", "dicomdir", "edge", "image", "modality", "series", "synth", "ts", "worklist"):
        found = sorted(path for path in (corpus / folder).rglob("*") if path.is_file() and path.suffix not in (".dump", ".md", ".tsv"))
        yield from found[:: 8 if folder == "series" else 1]


def test_our_json_and_pydicoms_differ_only_for_known_reasons(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger("pydicom"), "disabled", True)
    compared, unexplained, reasons, used = 0, [], set(), set()
    for path in files(corpus):
        relative = path.relative_to(corpus).as_posix()
        content = path.read_bytes()
        meta = read_prefix(content)
        data_set = content[meta.length_bytes if meta else 0 :]
        transfer_syntax_uid = (meta.transfer_syntax_uid if meta else "") or guess_transfer_syntax(data_set)
        if transfer_syntax_uid is None:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = pydicom.dcmread(path, force=True).to_json_dict(
                bulk_data_threshold=LIMIT_BYTES + 1, bulk_data_element_handler=lambda _element: "bulk", suppress_invalid_tags=True
            )
        ours = json.loads(data_set_json(data_set, transfer_syntax_uid, bulk_data_uri=lambda _path: "bulk", bulk_limit_bytes=LIMIT_BYTES))
        assert list(ours) == sorted(ours), relative
        compared += 1
        for place, a, b in differences("", ours, json.loads(json.dumps(theirs))):
            reason = explain(place, a, b)
            if not reason and relative in OWN_READING:
                used.add(relative)
                reason = OWN_READING[relative]
            if reason:
                reasons.add(reason)
            else:
                unexplained.append((relative, place, str(a)[:100], str(b)[:100]))
    assert compared > 350
    assert unexplained == []
    assert len(reasons) == 9 + len(OWN_READING)
    assert used == OWN_READING.keys()
    page = PAGE.read_text(encoding="utf-8")
    assert [reason for reason in reasons if f"| {reason} |" not in page] == []
