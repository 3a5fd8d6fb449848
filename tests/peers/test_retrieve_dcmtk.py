"""getscu and movescu with storescp: what is retrieved is what was stored, byte for byte."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dimse_kit.dcmtk import free_port, needs_dcmtk, run, storescp
from dimse_kit.objects import data_set_of, write_ct
from dimse_kit.retrieving import Retrieving, retrieving

pytestmark = needs_dcmtk

STUDY = "1.2.826.0.1.3680043.10.999.2"
SERIES = "1.2.826.0.1.3680043.10.999.3"
SIZES = [2, 16384, 16378, 131060, 131072, 1_000_000, 4_194_304, 9_000_001]
"""Around the lengths of PDUs, and on both sides of what is read at once."""

STUDY_KEYS = ("-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={STUDY}")
SERIES_KEYS = ("-k", "QueryRetrieveLevel=SERIES", "-k", f"StudyInstanceUID={STUDY}", "-k", f"SeriesInstanceUID={SERIES}")
TWO = ("1.2.826.0.1.3680043.10.999.1.2", "1.2.826.0.1.3680043.10.999.1.6")
IMAGE_KEYS = (
    *("-k", "QueryRetrieveLevel=IMAGE", "-k", f"StudyInstanceUID={STUDY}", "-k", f"SeriesInstanceUID={SERIES}"),
    *("-k", "SOPInstanceUID=" + "\\".join(TWO)),
)
PATIENT_KEYS = ("-k", "QueryRetrieveLevel=PATIENT", "-k", "PatientID=T1")
LEVELS = [("-S", STUDY_KEYS, 8), ("-S", SERIES_KEYS, 8), ("-S", IMAGE_KEYS, 2), ("-P", PATIENT_KEYS, 8), ("-O", PATIENT_KEYS, 8)]
IDS = ["study", "series", "images", "patient", "patient, patient/study only"]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    directory = tmp_path_factory.mktemp("objects")
    return [write_ct(directory / f"{number}.dcm", number, pixel_bytes=size) for number, size in enumerate(SIZES)]


@pytest.fixture(scope="module")
def archive(files: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Retrieving]:
    with retrieving(tmp_path_factory.mktemp("archive")) as running:
        running.store(files)
        yield running


def came(folder: Path) -> list[bytes]:
    return sorted(map(data_set_of, folder.iterdir()))


def expected(files: list[Path], count: int) -> list[bytes]:
    return sorted(map(data_set_of, files if count == len(files) else [files[1], files[5]]))


@pytest.mark.parametrize(("model", "identifier", "count"), LEVELS, ids=IDS)
def test_get(model: str, identifier: tuple[str, ...], count: int, archive: Retrieving, files: list[Path], tmp_path: Path) -> None:
    result = run("getscu", "-v", "-B", model, *identifier, "-od", tmp_path, "-aec", "HOUNSFIELD", *archive.address)
    assert result.returncode == 0, result.stdout
    assert f"Number of Completed Suboperations : {count}" in result.stdout
    assert came(tmp_path) == expected(files, count)


@pytest.mark.parametrize("options", [(), ("--max-pdu", 4096)], ids=["default", "short PDUs"])
@pytest.mark.parametrize(("model", "identifier", "count"), LEVELS, ids=IDS)
def test_move(
    model: str, identifier: tuple[str, ...], count: int, options: tuple[object, ...], archive: Retrieving, files: list[Path], tmp_path: Path
) -> None:
    with storescp(tmp_path, *options) as port:
        archive.know("DESTINATION", port)
        result = run("movescu", "-v", "-d", model, *identifier, "-aem", "DESTINATION", "-aec", "HOUNSFIELD", *archive.address)
    assert result.returncode == 0, result.stdout
    assert "DIMSE Status                  : 0x0000" in result.stdout
    assert f"Completed Suboperations       : {count}" in result.stdout
    assert came(tmp_path) == expected(files, count)


def test_an_unknown_destination(archive: Retrieving) -> None:
    result = run("movescu", "-d", "-S", *STUDY_KEYS, "-aem", "NOWHERE", "-aec", "HOUNSFIELD", *archive.address)
    assert "0xa801" in result.stdout


def test_a_destination_that_does_not_answer(archive: Retrieving) -> None:
    archive.know("DESTINATION", free_port())
    result = run("movescu", "-d", "-S", *STUDY_KEYS, "-aem", "DESTINATION", "-aec", "HOUNSFIELD", *archive.address)
    assert "0xa702" in result.stdout
    assert "Failed Suboperations          : 8" in result.stdout


def test_a_destination_that_refuses(archive: Retrieving, tmp_path: Path) -> None:
    with storescp(tmp_path, "--refuse") as port:
        archive.know("DESTINATION", port)
        result = run("movescu", "-d", "-S", *STUDY_KEYS, "-aem", "DESTINATION", "-aec", "HOUNSFIELD", *archive.address)
    assert "0xa702" in result.stdout


def test_nothing_agrees(archive: Retrieving, tmp_path: Path) -> None:
    absent = ("-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=1.2.3.4.5")
    result = run("getscu", "-v", "-S", *absent, "-od", tmp_path, "-aec", "HOUNSFIELD", *archive.address)
    assert result.returncode == 0, result.stdout
    assert "Number of Completed Suboperations : 0" in result.stdout


@pytest.mark.parametrize(
    "identifier",
    [
        ("-k", "QueryRetrieveLevel=STUDY"),
        ("-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID="),
        ("-k", "QueryRetrieveLevel=NONSENSE", "-k", f"StudyInstanceUID={STUDY}"),
        ("-k", f"StudyInstanceUID={STUDY}"),
        ("-k", "QueryRetrieveLevel=PATIENT", "-k", "PatientID=T1"),
        ("-k", "QueryRetrieveLevel=SERIES", "-k", f"StudyInstanceUID={STUDY}\\1.2", "-k", f"SeriesInstanceUID={SERIES}"),
    ],
)
def test_an_identifier_that_breaks_the_rules(identifier: tuple[str, ...], archive: Retrieving) -> None:
    result = run("movescu", "-d", "-S", *identifier, "-aem", "DESTINATION", "-aec", "HOUNSFIELD", *archive.address)
    assert "0xa900" in result.stdout, result.stdout


def test_a_destination_that_aborts_while_it_takes_them(archive: Retrieving, tmp_path: Path) -> None:
    """It is tried again once for each object, and then given up."""
    with storescp(tmp_path, "--abort-during") as port:
        archive.know("DESTINATION", port)
        result = run("movescu", "-d", "-S", *STUDY_KEYS, "-aem", "DESTINATION", "-aec", "HOUNSFIELD", *archive.address)
    assert "0xa702" in result.stdout
    assert "Failed Suboperations          : 8" in result.stdout
