"""DCMTK: echoscu, storescu, findscu, getscu, movescu."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pydicom

from dimse_kit.dcmtk import run
from matrix_kit.client import Address


class Dcmtk:
    """Stock command lines."""

    def echo(self, at: Address) -> None:
        done = run("echoscu", "-aec", at.ae_title, "127.0.0.1", at.port)
        assert done.returncode == 0, done.stdout

    def store(self, at: Address, files: Sequence[Path]) -> None:
        done = run("storescu", "-v", "-R", "-aec", at.ae_title, "127.0.0.1", at.port, *files)
        assert done.returncode == 0, done.stdout
        assert done.stdout.count("Received Store Response (Success)") == len(files), done.stdout

    def find(self, at: Address, patient_id: str) -> set[str]:
        keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", f"PatientID={patient_id}", "-k", "StudyInstanceUID")
        done = run("findscu", "-v", "-S", *keys, "-aec", at.ae_title, "127.0.0.1", at.port)
        assert done.returncode == 0, done.stdout
        answers = done.stdout.partition("Request Identifiers:")[2].partition("Find Response")[2]
        return set(re.findall(r"\(0020,000d\) UI \[([0-9.]+)", answers))

    def get(self, at: Address, study_instance_uid: str, folder: Path) -> set[str]:
        keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={study_instance_uid}")
        done = run("getscu", "-v", "-S", *keys, "-od", folder, "-aec", at.ae_title, "127.0.0.1", at.port)
        assert done.returncode == 0, done.stdout
        return {str(pydicom.dcmread(path).SOPInstanceUID) for path in folder.iterdir()}

    def move(self, at: Address, study_instance_uid: str, destination: str) -> None:
        keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={study_instance_uid}")
        done = run("movescu", "-v", "-S", *keys, "-aem", destination, "-aec", at.ae_title, "127.0.0.1", at.port)
        assert done.returncode == 0, done.stdout
        assert "Received Final Move Response (Success)" in done.stdout, done.stdout
