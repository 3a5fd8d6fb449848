"""What each object of the shared corpus says of itself comes back as pydicom reads it from the file, asked for at the IMAGE level."""

from __future__ import annotations

import warnings
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset

from find_kit.client import EVERYTHING, FindClient, identifier
from find_kit.served import serving
from hounsfield.index.fragments import FRAGMENT_LEVELS
from hounsfield.model.query import Level
from hounsfield.network.status import Status
from hounsfield.services.computed_attributes import COMPUTED
from hounsfield.services.header_keys import header_level

INDEXED = COMPUTED.keys() | FRAGMENT_LEVELS.keys()
FOLDERS = ("charset", "modality", "image", "ts")
DEFLATED = "1.2.840.10008.1.2.1.99"
UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")


def _asked(stored: Dataset) -> Dataset:
    """All that is said of the instance and that the index does not hold."""
    wanted = identifier({"QueryRetrieveLevel": "IMAGE", **{name: stored.get(name) for name in UIDS}})
    for element in stored:
        tag = int(element.tag)
        if element.tag.element and element.keyword not in wanted and tag not in INDEXED and header_level(tag) is Level.INSTANCE:
            wanted.add_new(element.tag, element.VR, [] if element.VR == "SQ" else None)
    return wanted


def _said(value: object) -> str:
    """A value as its meaning has it: without padding, numbers as numbers; of a sequence how many items it has."""
    if isinstance(value, pydicom.Sequence):
        return f"{len(value)} items"
    parts = value if isinstance(value, pydicom.multival.MultiValue | list) else [value]
    texts = (str(float(part)) if isinstance(part, int | float) else str(part or "").strip(" \0") for part in parts)
    return "\\".join(texts).rstrip("\\")


def test_instances_of_the_corpus(tmp_path: Path, corpus: Path) -> None:
    files = [path for folder in FOLDERS for path in sorted((corpus / folder).rglob("*")) if path.is_file()]
    compared = 0
    with warnings.catch_warnings(), serving(tmp_path) as running:
        warnings.simplefilter("ignore")
        kept = running.keep(files)
        with FindClient(running.port, EVERYTHING) as client:
            for path in kept:
                stored = pydicom.dcmread(path, stop_before_pixels=True, force=True)
                if stored.file_meta.get("TransferSyntaxUID") == DEFLATED:
                    continue
                wanted = _asked(stored)
                (found,) = (answer := client.find(wanted)).found
                assert answer.statuses == {Status.PENDING}, path.name
                for element in wanted:
                    if element.keyword not in (*UIDS, "SpecificCharacterSet", "QueryRetrieveLevel"):
                        assert _said(found[element.tag].value) == _said(stored[element.tag].value), (path.name, element.keyword)
                        compared += 1
    assert len(kept) > 100
    assert compared > 2_000
