"""`hounsfield peer …` against archives of three makers: who is there, what they hold, sending to them, fetching from them."""

from __future__ import annotations

import contextlib
import io
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless
from pynetdicom import AE, AllStoragePresentationContexts, evt
from pynetdicom.sop_class import (
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
)

from dicomweb_kit.objects import as_file, ct
from dimse_kit import dcmtk
from dimse_kit.dcmqrscp import dcmqrscp as dcmtk_archive
from services.command_line import Ran, hounsfield
from services.orthanc import orthanc
from services.server import Server, running

pytestmark = [
    pytest.mark.skipif(shutil.which("dcmqrscp") is None, reason="DCMTK is not installed"),
    pytest.mark.skipif(shutil.which("Orthanc") is None, reason="Orthanc is not installed"),
]

STUDIES = {"1.2.840.1": ("DOE^JOHN", 3), "1.2.840.2": ("DOE^JANE", 2), "1.2.840.3": ("MÜLLER^JÖRG", 1)}


def images(study: str) -> list[Dataset]:
    """The objects of a study, in two series."""
    name, count = STUDIES[study]
    more: dict[str, Any] = {"PatientName": name, "PatientID": f"ID-{study}", "StudyDate": "20260131", "SpecificCharacterSet": "ISO_IR 100"}
    return [ct(number, study=study, series=f"{study}.{number % 2 + 1}", **more) for number in range(1, count + 1)]


@contextlib.contextmanager
def dcmqrscp(folder: Path, server: Server, files: list[Path]) -> Iterator[int]:
    """DCMTK's archive, which knows us as a destination."""
    with dcmtk_archive(folder, "SOURCE", {"HOUNSFIELD": server.dicom_port}) as archive:
        done = dcmtk.run("storescu", "-R", "-aec", "SOURCE", "127.0.0.1", archive.port, *files)
        assert done.returncode == 0, done.stdout
        yield archive.port


@contextlib.contextmanager
def orthanc_archive(folder: Path, server: Server, files: list[Path]) -> Iterator[int]:
    """Debian's Orthanc."""
    with orthanc(folder, "SOURCE", {"hounsfield": ("HOUNSFIELD", server.dicom_port)}) as archive:
        for path in files:
            archive.upload(path)
        yield archive.dicom_port


@contextlib.contextmanager
def pynetdicom_archive(folder: Path, server: Server, files: list[Path]) -> Iterator[int]:
    """pynetdicom's, in this process, with a matching of its own."""
    held = [pydicom.dcmread(path) for path in files]

    def matching(query: Dataset) -> list[Dataset]:
        keys = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
        wanted = {key: query[key].value for key in keys if key in query and query[key].value}
        found = [one for one in held if all(one[key].value == value for key, value in wanted.items())]
        name = str(query.get("PatientName", "")).removesuffix("*")
        return [one for one in found if str(one.PatientName).startswith(name)]

    def find(event: Any) -> Iterator[tuple[int, Dataset | None]]:
        seen = set()
        for one in matching(event.identifier):
            if event.is_cancelled:
                yield 0xFE00, None
                return
            if one.StudyInstanceUID not in seen:
                seen.add(one.StudyInstanceUID)
                answer = Dataset()
                for key in ("SpecificCharacterSet", "PatientName", "PatientID", "StudyInstanceUID"):
                    setattr(answer, key, one[key].value)
                answer.QueryRetrieveLevel = "STUDY"
                yield 0xFF00, answer

    def move(event: Any) -> Iterator[Any]:
        found = matching(event.identifier)
        yield ("127.0.0.1", server.dicom_port) if event.move_destination == "HOUNSFIELD" else (None, None)
        yield len(found)
        for one in found:
            yield 0xFF00, one

    def get(event: Any) -> Iterator[Any]:
        found = matching(event.identifier)
        yield len(found)
        for one in found:
            yield 0xFF00, one

    ae = AE(ae_title="SOURCE")
    for model in (
        StudyRootQueryRetrieveInformationModelFind,
        StudyRootQueryRetrieveInformationModelMove,
        StudyRootQueryRetrieveInformationModelGet,
    ):
        ae.add_supported_context(model)
    ae.add_supported_context("1.2.840.10008.1.1")
    for context in AllStoragePresentationContexts:
        ae.add_supported_context(
            str(context.abstract_syntax), [ExplicitVRLittleEndian, ImplicitVRLittleEndian], scu_role=True, scp_role=True
        )
    ae.requested_contexts = AllStoragePresentationContexts[:100]
    handlers = [
        (evt.EVT_C_FIND, find),
        (evt.EVT_C_MOVE, move),
        (evt.EVT_C_GET, get),
        (evt.EVT_C_ECHO, lambda _: 0),
        (evt.EVT_C_STORE, lambda _: 0),
    ]
    running_server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    try:
        yield running_server.socket.getsockname()[1]
    finally:
        running_server.shutdown()


MAKERS: dict[str, Callable[[Path, Server, list[Path]], contextlib.AbstractContextManager[int]]] = {
    "dcmqrscp": dcmqrscp,
    "orthanc": orthanc_archive,
    "pynetdicom": pynetdicom_archive,
}


@dataclass(frozen=True, slots=True)
class House:
    """A server of ours, and a peer of another maker called SOURCE that holds the studies."""

    server: Server
    folder: Path

    def peer(self, *words: str | Path) -> Ran:
        """`hounsfield peer …`."""
        return hounsfield("peer", *words, "--data-dir", self.server.data_dir)

    def held(self, study: str) -> set[str]:
        """What our archive holds of a study."""
        folder = self.folder / "exported"
        shutil.rmtree(folder, ignore_errors=True)
        if hounsfield("export", "--study", study, "--to", folder, "--data-dir", self.server.data_dir).code:
            return set()
        return {str(pydicom.dcmread(path).SOPInstanceUID) for path in folder.rglob("*.dcm")}

    def delete(self, study: str) -> None:
        """Of our archive."""
        hounsfield("delete", "--study", study, "--reason", "test", "--yes", "--data-dir", self.server.data_dir)


@pytest.fixture(scope="module", params=MAKERS)
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp(request.param)
    files = []
    for study in STUDIES:
        for number, one in enumerate(images(study)):
            files.append(folder / f"{study}-{number}.dcm")
            files[-1].write_bytes(as_file(one))
    with running(folder / "data") as server, MAKERS[request.param](folder / "peer", server, files) as port:
        made = House(server, folder)
        assert made.peer("add", "SOURCE", f"127.0.0.1:{port}").code == 0
        yield made


def test_echo(house: House) -> None:
    done = house.peer("echo", "SOURCE", "--json")
    assert done.code == 0, done.err
    assert done.json["status"] == "0000"
    assert "answers" in house.peer("echo", "SOURCE").out


def test_find_by_name(house: House) -> None:
    done = house.peer("find", "SOURCE", "PatientName=DOE*", "StudyInstanceUID", "--json")
    assert done.code == 0, done.err
    assert {answer["0020000D"]["Value"][0] for answer in done.json} == {"1.2.840.1", "1.2.840.2"}
    assert {answer["00100010"]["Value"][0]["Alphabetic"] for answer in done.json} == {"DOE^JOHN", "DOE^JANE"}


def test_find_prints_a_table(house: House) -> None:
    done = house.peer("find", "SOURCE", "0020,000D=1.2.840.3")
    assert done.code == 0, done.err
    assert "1 match" in done.out
    assert "MÜLLE" in done.out


def test_find_stops_at_the_most(house: House) -> None:
    done = house.peer("find", "SOURCE", "PatientName", "--most", "1", "--json")
    assert done.code == 0, done.err
    assert len(done.json) == 1


def test_send(house: House, tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / f"{number}.dcm").write_bytes(as_file(ct(number, study="1.2.840.9", PatientID="NEW")))
    (tmp_path / "notes.txt").write_text("not DICOM")
    done = house.peer("send", "SOURCE", tmp_path, "--json")
    assert done.code == 3, done.err
    assert (done.json["objects"], done.json["stored"]) == (3, 2)
    assert [Path(one["object"]).name for one in done.json["failed"]] == ["notes.txt"]
    (tmp_path / "notes.txt").unlink()
    assert house.peer("send", "SOURCE", tmp_path).code == 0


def test_send_a_study_of_the_archive(house: House, tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / f"{number}.dcm").write_bytes(as_file(ct(number, study="1.2.840.10", series="1.2.840.10.1", PatientID="OURS")))
    assert hounsfield("import", tmp_path, "--data-dir", house.server.data_dir).code == 0
    done = house.peer("send", "SOURCE", "--study", "1.2.840.10", "--json")
    assert (done.code, done.json) == (0, {"objects": 2, "stored": 2, "failed": []}), done.err
    assert house.peer("send", "SOURCE", "--study", "1.2.3.4.5").code == 1
    assert house.peer("send", "SOURCE").code == 2


@pytest.mark.parametrize("way", [(), ("--get",)], ids=["move", "get"])
def test_pull_a_study_a_series_and_an_instance(house: House, way: tuple[str, ...]) -> None:
    study = "1.2.840.1" if way else "1.2.840.2"
    uids = [str(one.SOPInstanceUID) for one in images(study)]
    first = images(study)[0]
    series = [uid for uid, one in zip(uids, images(study), strict=True) if one.SeriesInstanceUID == first.SeriesInstanceUID]
    steps = [
        (("--series", first.SeriesInstanceUID, "--instance", first.SOPInstanceUID), uids[:1]),
        (("--series", first.SeriesInstanceUID), series),
        ((), uids),
    ]
    for words, expected in steps:
        done = house.peer("pull", "SOURCE", "--study", study, *words, *way, "--json")
        assert done.code == 0, done.err
        assert done.json["completed"] == len(expected)
        assert done.json["failed"] == 0
        assert house.held(study) == set(expected)


def test_what_is_pulled_is_what_the_peer_holds(house: House) -> None:
    assert house.peer("pull", "SOURCE", "--study", "1.2.840.3", "--get").code == 0
    folder = house.folder / "read"
    assert hounsfield("export", "--study", "1.2.840.3", "--to", folder, "--data-dir", house.server.data_dir).code == 0
    (path,) = folder.rglob("*.dcm")
    ours, theirs = pydicom.dcmread(path), pydicom.dcmread(io.BytesIO(as_file(images("1.2.840.3")[0])))
    assert ours.PixelData == theirs.PixelData
    assert str(ours.PatientName) == "MÜLLER^JÖRG"


def test_a_study_that_the_peer_does_not_hold(house: House) -> None:
    done = house.peer("pull", "SOURCE", "--study", "1.2.3.4.5", "--get")
    assert done.code == 1


def test_a_compressed_object_comes_as_it_is_stored_and_without_a_server_of_ours(tmp_path: Path) -> None:
    held = pydicom.dcmread(io.BytesIO(as_file(ct(1, study="1.2.3", series="1.2.3.1", PatientID="X"))))
    held.compress(RLELossless)
    held.save_as(tmp_path / "one.dcm")
    data = tmp_path / "data"
    with orthanc(tmp_path / "orthanc", "SOURCE") as archive:
        archive.upload(tmp_path / "one.dcm")
        rule = ("--coerce", "prefix PatientID=S-")
        assert hounsfield("peer", "add", "SOURCE", f"127.0.0.1:{archive.dicom_port}", *rule, "--data-dir", data).code == 0
        done = hounsfield("peer", "pull", "SOURCE", "--study", "1.2.3", "--get", "--json", "--data-dir", data)
    assert (done.code, done.json["stored"]) == (0, 1), done.err
    assert hounsfield("export", "--study", "1.2.3", "--to", tmp_path / "out", "--data-dir", data).code == 0
    (path,) = (tmp_path / "out").rglob("*.dcm")
    ours = pydicom.dcmread(path)
    assert ours.file_meta.TransferSyntaxUID == RLELossless
    assert ours.file_meta.SourceApplicationEntityTitle == "SOURCE"
    assert ours.PixelData == held.PixelData
    assert (held.PatientID, ours.PatientID) == ("X", "S-X")
