"""A study as a ZIP archive that is a DICOM file-set: read by pydicom and DCMTK, and brought back as it was."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.fileset import FileSet
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEGBaseline8Bit, JPEGLSLossless, RLELossless

from dicomweb_kit.notes import note
from dicomweb_kit.objects import as_file, ct
from dicomweb_kit.pacs import Pacs, open_pacs
from dicomweb_kit.states import reference, state, written
from dimse_kit.dcmtk import needs_dcmtk, run
from hounsfield.model.origin import SYSTEM, Origin, Protocol
from hounsfield.services.bring import Fate, ImportJournal, bring, candidates

STUDY = "/studies/1.2.3"
AS_STORED = "application/zip; transfer-syntax=*"


def files() -> list[bytes]:
    """Two series in four transfer syntaxes, a presentation state, a key object selection, a series with nothing that numbers it."""
    bare = ct(1, series="1.2.3.5", StudyID="", Modality="")
    for keyword in ("SeriesNumber", "InstanceNumber"):
        setattr(bare, keyword, None)
    return [
        as_file(ct(1)),
        as_file(ct(2), ImplicitVRLittleEndian),
        as_file(ct(3, frames=3), RLELossless),
        as_file(ct(1, series="1.2.3.2", SeriesNumber=2)),
        written(state("1.2.3", "1.2.3.3", reference("1.2.3.1.1"), SeriesNumber=3, ContentLabel="INVERSE")),
        note(1, ("1.2.3", "1.2.3.9", "1.2.3.9.1"), series="1.2.3.4"),
        as_file(bare),
    ]


@pytest.fixture(scope="module")
def pacs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pacs]:
    with open_pacs(tmp_path_factory.mktemp("dicomdir")) as opened:
        assert opened.store(*files()).status_code == 200
        yield opened


def archive(pacs: Pacs, path: str = STUDY, accept: str = AS_STORED) -> zipfile.ZipFile:
    answer = pacs.get(f"{path}?dicomdir=yes", accept)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    return zipfile.ZipFile(io.BytesIO(answer.content))


@pytest.fixture(scope="module")
def medium(pacs: Pacs, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of the study, unpacked."""
    folder = tmp_path_factory.mktemp("medium")
    archive(pacs).extractall(folder)
    return folder


def test_names_are_file_ids(pacs: Pacs) -> None:
    names = archive(pacs).namelist()
    assert names[-1] == "DICOMDIR"
    assert len(names) == len(files()) + 1
    for name in names:
        assert all(re.fullmatch("[A-Z0-9_]{1,8}", component) for component in name.split("/")) and name.count("/") < 8


def test_pydicom_reads_the_file_set(medium: Path) -> None:
    found = FileSet(medium / "DICOMDIR")
    assert len(found) == len(files())
    for one in found:
        data_set = one.load()
        assert (one.SOPInstanceUID, one.SOPClassUID) == (data_set.SOPInstanceUID, data_set.SOPClassUID)
        assert one.ReferencedTransferSyntaxUIDInFile == data_set.file_meta.TransferSyntaxUID
        assert (one.SeriesInstanceUID, str(one.PatientName)) == (data_set.SeriesInstanceUID, "Müller^Ägidius")
    assert {one.path.rsplit("/", 2)[-2] for one in found} == {f"S{number:07}" for number in range(1, 6)}
    assert [found.find(SeriesInstanceUID=uid)[0].node.record_type for uid in ("1.2.3.1", "1.2.3.3", "1.2.3.4")] == [
        "IMAGE",
        "PRESENTATION",
        "KEY OBJECT DOC",
    ]


@needs_dcmtk
def test_dcmtk_reads_every_record(medium: Path) -> None:
    done = run("dcmdump", "+L", medium / "DICOMDIR")
    assert done.returncode == 0 and not re.search(r"^[EW]:", done.stdout, re.MULTILINE), done.stdout
    kinds = re.findall(r"\(0004,1430\) CS \[(.+?)\s*\]", done.stdout)
    assert {kind: kinds.count(kind) for kind in kinds} == {
        "PATIENT": 1, "STUDY": 1, "SERIES": 5, "IMAGE": 5, "PRESENTATION": 1, "KEY OBJECT DOC": 1,
    }  # fmt: skip


def test_what_an_object_leaves_empty_is_numbered(medium: Path) -> None:
    records = pydicom.dcmread(medium / "DICOMDIR").DirectoryRecordSequence
    series = [record for record in records if record.DirectoryRecordType == "SERIES"]
    (bare,) = (record for record in series if record.SeriesInstanceUID == "1.2.3.5")
    assert bare.Modality == "OT"
    assert 1 <= bare.SeriesNumber <= 5
    images = [record for record in records if record.DirectoryRecordType == "IMAGE"]
    assert all(record.InstanceNumber for record in images)


def test_the_import_of_it_brings_the_same_bytes_back(pacs: Pacs, tmp_path: Path) -> None:
    path = tmp_path / "study.zip"
    path.write_bytes(pacs.get(f"{STUDY}?dicomdir=yes", AS_STORED).content)
    journal = ImportJournal(tmp_path / "journal")
    with open_pacs(tmp_path / "other") as other:
        brought = list(bring(other.local, Origin(Protocol.IMPORT, SYSTEM), candidates([path]), journal))
        journal.close()
        assert [one.fate for one in brought] == [Fate.STORED] * len(files()) + [Fate.SKIPPED]
        for one in map(pydicom.dcmread, map(io.BytesIO, files())):
            where = f"{STUDY}/series/{one.SeriesInstanceUID}/instances/{one.SOPInstanceUID}"
            both = [pacs_.get(where, "application/dicom; transfer-syntax=*").content for pacs_ in (pacs, other)]
            assert both[0] == both[1]
    stored = [archive(pacs).read(name) for name in archive(pacs).namelist()[:-1]]
    implicit = files()[1]  # in which web services give nothing (PS3.18 8.7.3)
    assert set(files()) - set(stored) == {implicit} and len(stored) == len(files())


def test_the_directory_names_the_transfer_syntax_of_what_goes_out(pacs: Pacs) -> None:
    found = archive(pacs, f"{STUDY}/series/1.2.3.1", f"application/zip; transfer-syntax={JPEGLSLossless}")
    records = read(found, "DICOMDIR").DirectoryRecordSequence
    images = [record for record in records if record.DirectoryRecordType == "IMAGE"]
    assert {record.ReferencedTransferSyntaxUIDInFile for record in images} == {JPEGLSLossless}
    assert all(read(found, "/".join(image.ReferencedFileID)).SOPInstanceUID == image.ReferencedSOPInstanceUIDInFile for image in images)


def test_what_cannot_be_written_anew_is_listed_as_it_went_out(pacs: Pacs) -> None:
    broken = ct(2, study="1.2.8", series="1.2.8.1")
    broken.PixelData = encapsulate([b"\xff\xd8\xff\xe0 no picture"])
    broken["PixelData"].is_undefined_length = True
    assert pacs.store(as_file(broken, JPEGBaseline8Bit), as_file(ct(1, study="1.2.8", series="1.2.8.1"), RLELossless)).status_code == 200
    found = archive(pacs, "/studies/1.2.8", "application/zip")
    images = [record for record in read(found, "DICOMDIR").DirectoryRecordSequence if record.DirectoryRecordType == "IMAGE"]
    listed = {record.ReferencedSOPInstanceUIDInFile: record.ReferencedTransferSyntaxUIDInFile for record in images}
    assert listed == {"1.2.8.1.1": ExplicitVRLittleEndian, "1.2.8.1.2": JPEGBaseline8Bit}
    for record in images:
        assert read(found, "/".join(record.ReferencedFileID)).file_meta.TransferSyntaxUID == record.ReferencedTransferSyntaxUIDInFile


def read(found: zipfile.ZipFile, name: str) -> Dataset:
    return pydicom.dcmread(io.BytesIO(found.read(name)))


def test_without_it_names_are_uids(pacs: Pacs) -> None:
    for query in ("", "?dicomdir=no"):
        names = zipfile.ZipFile(io.BytesIO(pacs.get(f"{STUDY}{query}", AS_STORED).content)).namelist()
        assert "1.2.3/1.2.3.1/1.2.3.1.1.dcm" in names and len(names) == len(files())


@pytest.mark.parametrize(
    ("query", "accept"), [("dicomdir=maybe", "application/zip"), ("dicomdir=yes", 'multipart/related; type="application/dicom"')]
)
def test_what_makes_no_sense(pacs: Pacs, query: str, accept: str) -> None:
    assert pacs.get(f"{STUDY}?{query}", accept).status_code == 400


def test_several_studies_are_one_file_set(pacs: Pacs, tmp_path: Path) -> None:
    """As they are stored; a study that is not here is left out, unless it is the first."""
    pacs.store(as_file(ct(1, study="1.2.7", series="1.2.7.1")), as_file(ct(1, study="1.2.88", series="1.2.88.1", PatientID="PAT-2")))
    answer = pacs.get("/archive?studies=1.2.7,1.2.3,1.2.7,1.2.99,1.2.88")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert answer.headers["content-disposition"] == 'attachment; filename="studies.zip"'
    zipfile.ZipFile(io.BytesIO(answer.content)).extractall(tmp_path)
    found = {(one.PatientID, one.StudyInstanceUID) for one in FileSet(tmp_path / "DICOMDIR")}
    assert found == {("PAT-1", "1.2.3"), ("PAT-1", "1.2.7"), ("PAT-2", "1.2.88")}
    kinds = [record.DirectoryRecordType for record in pydicom.dcmread(tmp_path / "DICOMDIR").DirectoryRecordSequence]
    assert (kinds.count("PATIENT"), kinds.count("STUDY")) == (2, 3)
    (first,) = [path for path in (tmp_path / "DICOM").glob("*1/*") if pydicom.dcmread(path).StudyInstanceUID == "1.2.7"]
    assert first.read_bytes() == as_file(ct(1, study="1.2.7", series="1.2.7.1"))


@pytest.mark.parametrize(("asked", "status"), [("1.2.99", 404), ("", 400), ("1.2.3;1", 400), (",".join(["1.2.3"] * 201), 400)])
def test_an_archive_of_nothing_is_refused(pacs: Pacs, asked: str, status: int) -> None:
    assert pacs.get(f"/archive?studies={asked}").status_code == status
