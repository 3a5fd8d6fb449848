"""Rules said on the command line, an object sent to the running server, and what an export makes of it."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest

from dimse_kit.dcmtk import needs_dcmtk, run
from dimse_kit.objects import data_set_of, write_ct
from services.server import running

STUDY = "1.2.826.0.1.3680043.10.999.2"


def exported(folder: Path) -> Path:
    (path,) = folder.rglob("*.dcm")
    return path


@pytest.mark.prove
@needs_dcmtk
def test_from_the_command_line_to_the_file(tmp_path: Path) -> None:
    path = write_ct(tmp_path / "1.dcm", 1)
    with running(tmp_path / "data") as server:
        server.run("peer", "add", "CT1", "--coerce", "prefix PatientID=N-", "--coerce", "set InstitutionName=Spital Zürich")
        told = run("storescu", "-v", "-aet", "CT1", "-aec", "HOUNSFIELD", server.host, server.dicom_port, path)
        assert "Coercion" in told.stdout, told.stdout
    server.run("export", "--study", STUDY, "--to", str(tmp_path / "coerced"))
    data_set = pydicom.dcmread(exported(tmp_path / "coerced"))
    assert (data_set.PatientID, data_set.InstitutionName) == ("N-T1", "Spital Zürich")
    assert data_set.OriginalAttributesSequence[0].ModifiedAttributesSequence[0].PatientID == "T1"
    server.run("export", "--original", "--study", STUDY, "--to", str(tmp_path / "original"))
    assert data_set_of(exported(tmp_path / "original")) == data_set_of(path)
