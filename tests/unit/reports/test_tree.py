"""Structured documents as trees: of every class in the corpus, of hostile files, and within bounds."""

from __future__ import annotations

import contextlib
import io
import random
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from hounsfield.dicom.element_tree import read_data_set
from hounsfield.dicom.part10 import guess_transfer_syntax, read_prefix
from hounsfield.model.errors import HounsfieldError
from hounsfield.reports.tree import DEEPEST, MOST_CHARACTERS, MOST_ITEMS, ContentItem, Document, read_document

REPORTS = [
    "image/pydicom/test-SR.dcm",
    "image/pydicom/reportsi.dcm",
    "image/highdicom/sr_document.dcm",
    "image/highdicom/sr_document_with_multiple_groups.dcm",
    "modality/SR_RDSR/CT-ESR-GE_Optima.dcm",
    "modality/SR_RDSR/RF-RDSR-GE.dcm",
    "modality/SR_RDSR/MG-RDSR-Hologic_2D.dcm",
    "modality/SR_RDSR/CT-RDSR-Siemens-Multi-2.dcm",
    "synth/KO_acrin_of_interest.dcm",
]


def split(file: bytes) -> tuple[str, bytes]:
    """Transfer syntax and data set, as the archive takes them apart."""
    meta = read_prefix(file)
    if meta is None:
        return guess_transfer_syntax(file) or "1.2.840.10008.1.2", file
    return meta.transfer_syntax_uid, file[meta.length_bytes :]


def document_of(file: bytes) -> Document:
    syntax, data_set = split(file)
    return read_document(read_data_set(data_set, syntax))


def all_items(items: tuple[ContentItem, ...]) -> Iterator[ContentItem]:
    for item in items:
        yield item
        yield from all_items(item.items)


def items_of(data_set: Dataset) -> int:
    """How many content items pydicom finds."""
    return sum(1 + items_of(item) for item in data_set.get("ContentSequence", []))


@pytest.mark.parametrize("name", REPORTS)
def test_every_class_is_told_whole(corpus: Path, name: str) -> None:
    """As many items as another reader finds, each of them with a name, a value or something below it."""
    found = document_of((corpus / name).read_bytes())
    theirs = pydicom.dcmread(corpus / name)
    assert (len(list(all_items(found.items))), found.cut) == (items_of(theirs), False)
    assert found.title == theirs.ConceptNameCodeSequence[0].CodeMeaning
    for item in all_items(found.items):
        assert item.value or item.items or item.references or item.value_type == "CONTAINER" or item.name, item


def test_values_carry_their_units(corpus: Path) -> None:
    """Numbers as they are written, codes in words, dates as DICOM has them."""
    items = list(all_items(document_of((corpus / "modality/SR_RDSR/CT-RDSR-Siemens-Multi-2.dcm").read_bytes()).items))
    numbers = {(item.name, item.value, item.unit) for item in items if item.value_type == "NUM"}
    theirs = pydicom.dcmread(corpus / "modality/SR_RDSR/CT-RDSR-Siemens-Multi-2.dcm")
    wanted = set()
    for item in theirs.iterall():
        if item.keyword == "ContentSequence":
            for one in item.value:
                if one.ValueType == "NUM" and one.get("MeasuredValueSequence"):
                    [measured] = one.MeasuredValueSequence
                    unit = measured.MeasurementUnitsCodeSequence[0]
                    wanted.add(
                        (
                            one.ConceptNameCodeSequence[0].CodeMeaning,
                            str(measured.NumericValue).strip(),
                            "" if unit.CodeValue == "1" else unit.CodeMeaning,
                        )
                    )
    assert wanted <= numbers
    assert any(item.value_type == "CODE" and item.value for item in items)
    assert any(item.value_type == "DATETIME" and item.value[:2] == "20" for item in items)


def with_content(content: Dataset) -> bytes:
    document = Dataset()
    document.SOPClassUID, document.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.88.33", "1.2.3"
    document.ContentSequence = [content]
    document.file_meta = FileMetaDataset()
    document.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    document.file_meta.MediaStorageSOPClassUID, document.file_meta.MediaStorageSOPInstanceUID = document.SOPClassUID, "1.2.3"
    file = io.BytesIO()
    document.save_as(file, enforce_file_format=True)
    return file.getvalue()


def text(value: str) -> Dataset:
    item = Dataset()
    item.ValueType, item.RelationshipType, item.TextValue = "TEXT", "CONTAINS", value
    return item


def test_depth_number_and_length_are_bounded() -> None:
    """What is beyond is cut, and the document says so."""
    deep = text("at the bottom")
    for _ in range(DEEPEST + 5):
        above = text("above")
        above.ContentSequence = [deep]
        deep = above
    found = document_of(with_content(deep))
    assert (len(list(all_items(found.items))), found.cut) == (DEEPEST, True)
    wide = text("wide")
    wide.ContentSequence = [text("x")] * (MOST_ITEMS + 5)
    found = document_of(with_content(wide))
    assert (len(list(all_items(found.items))), found.cut) == (MOST_ITEMS, True)
    found = document_of(with_content(text("y" * (MOST_CHARACTERS + 5))))
    assert (len(found.items[0].value), found.cut) == (MOST_CHARACTERS, True)


def test_hostile_files_break_nothing(corpus: Path) -> None:
    """Whatever the file: a tree within its bounds, or a refusal in words."""
    files = sorted(path for path in (corpus / "fuzz").rglob("*") if path.is_file() and path.stat().st_size < 4 << 20)
    assert len(files) > 50
    for path in files:
        with contextlib.suppress(HounsfieldError):
            found = document_of(path.read_bytes())
            assert len(list(all_items(found.items))) <= MOST_ITEMS


def test_damaged_documents_are_told_as_far_as_they_go(corpus: Path) -> None:
    """Whatever octets are others."""
    file = (corpus / "image/highdicom/sr_document.dcm").read_bytes()
    syntax, data_set = split(file)
    randomness = random.Random(20262)
    for _ in range(200):
        damaged = bytearray(data_set)
        for _ in range(3):
            damaged[randomness.randrange(len(damaged))] = randomness.randrange(256)
        with contextlib.suppress(HounsfieldError):
            read_document(read_data_set(bytes(damaged), syntax))
