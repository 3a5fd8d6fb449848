"""Rules applied to every readable file of the corpus: nothing but what they name changes, whatever is odd about the file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hounsfield.dicom.coerced import Provenance, edits_for, elements_for
from hounsfield.dicom.edits import edited
from hounsfield.dicom.element_tree import read_data_set
from hounsfield.dicom.header import scan
from hounsfield.dicom.index_attributes import VALUE_LIMIT_BYTES
from hounsfield.dicom.part10 import guess_transfer_syntax, read_prefix
from hounsfield.model.coercion import CoercionAction, CoercionRule
from hounsfield.model.errors import UnreadableObject
from hounsfield.model.overlay import Treatment
from hounsfield.services.coercion import Header, coerced

MOST_BYTES = 1 << 20
PROVENANCE = Provenance("CT1", 1)
PLAIN = (CoercionRule("PatientID", CoercionAction.PREFIX, "N-"), CoercionRule("InstitutionName", CoercionAction.SET, "Zürich"))
WITH_UTF_8 = (
    *PLAIN,
    CoercionRule("StudyDescription", CoercionAction.SET, "王"),
    CoercionRule("AccessionNumber", CoercionAction.SET_IF_EMPTY, "A1"),
    CoercionRule("PatientBirthDate", CoercionAction.REMOVE),
)
TREATMENTS = (Treatment(PLAIN, "", "HOUNSFIELD"), Treatment(WITH_UTF_8, "ISO_IR 100", "HOUNSFIELD"))
NAMES = (0x00100010, 0x00080090)


def data_sets(corpus: Path) -> Iterator[tuple[str, bytes, str]]:
    for path in sorted(corpus.rglob("*")):
        if not path.is_file() or path.stat().st_size > MOST_BYTES:
            continue
        raw = path.read_bytes()
        try:
            meta = read_prefix(raw)
        except UnreadableObject:
            continue
        data_set = raw[meta.length_bytes :] if meta else raw
        syntax = (meta.transfer_syntax_uid if meta else "") or guess_transfer_syntax(data_set)
        if syntax:
            yield str(path.relative_to(corpus)), data_set, syntax


def test_only_what_is_named_changes(corpus: Path) -> None:
    done = 0
    for number, (name, data_set, syntax) in enumerate(data_sets(corpus)):
        try:
            scanned = scan(data_set, syntax)
        except UnreadableObject:
            continue
        header = Header.of(data_set, scanned.header_length_bytes, syntax)
        before = read_data_set(header.data, header.transfer_syntax_uid)
        attributes, overlay = coerced(header, TREATMENTS[number % 2], scanned.attributes)
        elements = elements_for(header.data, header.transfer_syntax_uid, overlay, PROVENANCE)
        out = b"".join(edited([header.data], edits_for(header.data, header.transfer_syntax_uid, overlay, PROVENANCE)))
        after = read_data_set(out, header.transfer_syntax_uid)
        assert after.whole == before.whole, name
        others = [element for tag, element in before.elements.items() if tag not in elements and tag & 0xFFFF]
        kept = [after.elements[one.tag] for one in others]
        assert [(one.vr, bytes(one.value)) for one in others] == [(one.vr, bytes(one.value)) for one in kept], name
        assert all(tag in after for tag, written in elements.items() if written), name
        assert [before.text(tag) for tag in NAMES] == [after.text(tag) for tag in NAMES], name
        assert attributes.patient.patient_id == after.text(0x00100020)[:VALUE_LIMIT_BYTES].strip(), name
        done += 1
    assert done > 500
