"""The generated tables and what is made of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pydicom.uid
import pytest

from hounsfield.dicom.dictionary import keyword_of, tag_of, vr_of
from hounsfield.dicom.sop_classes import RETIRED_STORAGE_SOP_CLASSES, STORAGE_SOP_CLASSES
from hounsfield.dicom.transfer_syntaxes import TRANSFER_SYNTAXES, transfer_syntax
from hounsfield.model.identifiers import is_valid_uid

PROJECT = Path(__file__).resolve().parents[3]


def test_the_tables_are_what_the_generator_writes() -> None:
    done = subprocess.run([sys.executable, PROJECT / "tools" / "generate_dicom_tables.py", "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("tag", "creator", "vr", "keyword"),
    [
        (0x00100010, None, "PN", "PatientName"),
        (0x00080000, None, "UL", "GenericGroupLength"),
        (0x00090000, None, "UL", ""),
        (0x60023000, None, "ox", "OverlayData"),
        (0x00090010, None, "LO", ""),
        (0x00091001, None, "UN", ""),
        (0x00091001, "GEMS_IDEN_01", "LO", ""),
        (0x00091001, "NOBODY", "UN", ""),
        (0x0008FFFF, None, "UN", ""),
        (0x00280106, None, "xs", "SmallestImagePixelValue"),
    ],
)
def test_dictionary(tag: int, creator: str | None, vr: str, keyword: str) -> None:
    assert vr_of(tag, creator) == vr
    assert keyword_of(tag) in (keyword, "")


def test_keywords_lead_back_to_tags() -> None:
    assert tag_of("StudyInstanceUID") == 0x0020000D
    assert tag_of("NoSuchKeyword") is None
    assert keyword_of(0x0020000D) == "StudyInstanceUID"


def test_transfer_syntaxes_agree_with_pydicom() -> None:
    shared = [uid for uid in pydicom.uid.AllTransferSyntaxes if uid in TRANSFER_SYNTAXES]
    assert len(shared) > 30
    for uid in shared:
        ours, theirs = TRANSFER_SYNTAXES[uid], pydicom.uid.UID(uid)
        assert (ours.implicit_vr, ours.little_endian) == (theirs.is_implicit_VR, theirs.is_little_endian), uid
        assert ours.deflated == (theirs.is_deflated or uid == "1.2.840.10008.1.2.4.205"), uid  # JPIP HTJ2K Referenced Deflate
        assert ours.encapsulated == theirs.is_encapsulated or uid.startswith("1.2.840.10008.1.2.7") or "Referenced" in ours.name, uid


def test_which_transfer_syntaxes_may_lose_something() -> None:
    kept = {uid for uid, syntax in TRANSFER_SYNTAXES.items() if syntax.encapsulated and not syntax.lossy}
    head = "1.2.840.10008.1.2."
    assert {uid.removeprefix(head) for uid in kept} == {
        *("1.98", "4.57", "4.58", "4.65", "4.66", "4.70", "4.80", "4.90", "4.92", "4.110", "4.201", "4.202", "5", "8.1"),
    }


def test_an_unknown_transfer_syntax_is_taken_for_encapsulated_explicit_little_endian() -> None:
    unknown = transfer_syntax("1.3.6.1.4.1.99999.1")
    assert (unknown.implicit_vr, unknown.little_endian, unknown.deflated, unknown.encapsulated, unknown.lossy) == (
        False,
        True,
        False,
        True,
        True,
    )


def test_storage_sop_classes() -> None:
    assert STORAGE_SOP_CLASSES["1.2.840.10008.5.1.4.1.1.2"] == "CT Image Storage"
    assert "1.2.840.10008.5.1.4.1.1.66.8" in STORAGE_SOP_CLASSES
    assert "1.2.840.10008.5.1.4.39.1" in STORAGE_SOP_CLASSES
    assert "1.2.840.10008.1.3.10" not in STORAGE_SOP_CLASSES
    assert "1.2.840.10008.1.20.1" not in STORAGE_SOP_CLASSES
    assert STORAGE_SOP_CLASSES.keys() > RETIRED_STORAGE_SOP_CLASSES
    assert "1.2.840.10008.5.1.4.1.1.3" in RETIRED_STORAGE_SOP_CLASSES
    assert all(map(is_valid_uid, STORAGE_SOP_CLASSES))
