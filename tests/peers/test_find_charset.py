"""Every file of the shared corpus' character sets is found by its name typed in Unicode, and comes back unchanged."""

from __future__ import annotations

import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pydicom
import pynetdicom
import pytest
from pydicom.dataset import Dataset

from dimse_kit.dcmtk import needs_dcmtk
from find_kit.client import STUDY_ROOT as FIND
from find_kit.served import Served, serving

NAMES = {
    "chrArab.dcm": "قباني^لنزار",
    "chrFren.dcm": "Buc^Jérôme",
    "chrFrenMulti.dcm": "Buc^Jérôme",
    "chrGB2312.dcm": "Zhang^XiaoDong=张^小东",
    "chrGerm.dcm": "Äneas^Rüdiger",
    "chrGreek.dcm": "Διονυσιος",
    "chrH31.dcm": "Yamada^Tarou=山田^太郎=やまだ^たろう",
    "chrH32.dcm": "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
    "chrHbrw.dcm": "שרון^דבורה",
    "chrI2.dcm": "Hong^Gildong=洪^吉洞=홍^길동",
    "chrJapMulti.dcm": "やまだ^たろう",
    "chrJapMultiExplicitIR6.dcm": "やまだ^たろう",
    "chrKoreanMulti.dcm": "김희중",
    "chrRuss.dcm": "Люкceмбypг",
    "chrX1.dcm": "Wang^XiaoDong=王^小東",
    "chrX2.dcm": "Wang^XiaoDong=王^小东",
}
"""As a person types them."""

WITHOUT_STUDY = {"chrSQEncoding.dcm", "chrSQEncoding1.dcm"}
"""Only a worklist's items: no archive can take them."""

TWINS = {"chrFrenMulti.dcm", "chrJapMultiExplicitIR6.dcm"}
"""They have the UIDs of others, so that an archive holds either."""


@dataclass
class Filled:
    """An archive, and the files that it was filled with."""

    served: Served
    files: list[Path]


@pytest.fixture(scope="module", params=["all", "twins"])
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, corpus: Path) -> Iterator[Filled]:
    """Two archives, which together hold every file."""
    every = {path.name: path for path in corpus.glob("charset/*/*.dcm")}
    assert set(every) == set(NAMES) | WITHOUT_STUDY
    names = TWINS if request.param == "twins" else set(NAMES) - TWINS
    files = [every[name] for name in sorted(names)]
    with serving(tmp_path_factory.mktemp("charset")) as running:
        assert running.keep(files) == files
        yield Filled(running, files)


def _read(path: Path) -> Dataset:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pydicom.dcmread(path)


def _judge(path: Path, answer: Dataset) -> None:
    """In the character set of what was stored, byte for byte."""
    stored = _read(path)
    assert answer.get("SpecificCharacterSet") == stored.get("SpecificCharacterSet"), path.name
    said, held = (bytes(one.PatientName.original_string).rstrip(b" =") for one in (answer, stored))
    # One writer ends the name with an escape sequence that changes nothing any more.
    assert said == held.removesuffix(b"\x1b(B" if path.name == "chrKoreanMulti.dcm" else b""), path.name


def _typed(name: str) -> list[str]:
    groups = name.split("=")
    return [name, f"{groups[0]}*", f"*{groups[-1][1:]}", *groups]


def test_pynetdicom_finds_each_by_its_name(filled: Filled) -> None:
    entity = pynetdicom.AE("TESTER")
    entity.add_requested_context(FIND)
    association = entity.associate("127.0.0.1", filled.served.port, ae_title="HOUNSFIELD")
    assert association.is_established
    for path in filled.files:
        for typed in _typed(NAMES[path.name]):
            key = Dataset()
            key.SpecificCharacterSet = "ISO_IR 192"
            key.QueryRetrieveLevel = "STUDY"
            key.PatientName = typed
            key.StudyInstanceUID = ""
            found = [answer for _status, answer in association.send_c_find(key, FIND) if answer is not None]
            by_uid = {answer.StudyInstanceUID: answer for answer in found}
            uid = _read(path).StudyInstanceUID
            assert uid in by_uid, (path.name, typed)
            _judge(path, by_uid[uid])
    association.release()


@needs_dcmtk
def test_findscu_finds_each_by_its_name(filled: Filled, tmp_path: Path) -> None:
    for path in filled.files:
        for typed in _typed(NAMES[path.name]):
            folder = Path(tempfile.mkdtemp(dir=tmp_path))
            query = ["QueryRetrieveLevel=STUDY", "SpecificCharacterSet=ISO_IR 192", f"PatientName={typed}", "StudyInstanceUID"]
            keys = [word for key in query for word in ("-k", key)]
            command = ["findscu", "-S", "-X", "-od", str(folder), "-aec", "HOUNSFIELD", *keys, "127.0.0.1", str(filled.served.port)]
            subprocess.run(command, check=True, timeout=30, capture_output=True)
            found = {answer.StudyInstanceUID: answer for answer in map(_read, folder.glob("*.dcm"))}
            uid = _read(path).StudyInstanceUID
            assert uid in found, (path.name, typed)
            _judge(path, found[uid])
