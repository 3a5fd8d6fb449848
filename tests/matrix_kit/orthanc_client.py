"""Orthanc as a client, through its REST API."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from matrix_kit.client import Address
from services.orthanc import Orthanc


class OrthancClient:
    """Knows the server it is sent to by the name `server`."""

    def __init__(self, running: Orthanc) -> None:
        self._orthanc = running

    def echo(self, at: Address) -> None:
        self._know(at)
        self._orthanc.call("POST", "/modalities/server/echo", {})

    def store(self, at: Address, files: Sequence[Path]) -> None:
        self._know(at)
        identifiers = [self._orthanc.upload(path) for path in files]
        answer = self._orthanc.call("POST", "/modalities/server/store", {"Resources": identifiers, "Synchronous": True})
        assert answer["FailedInstancesCount"] == 0, answer
        assert answer["InstancesCount"] == len(files), answer

    def find(self, at: Address, patient_id: str) -> set[str]:
        query = self._query(at, {"PatientID": patient_id, "StudyInstanceUID": ""})
        answers = [self._orthanc.call("GET", f"{query}/answers/{number}/content?simplify") for number in self._numbers(query)]
        return {answer["StudyInstanceUID"] for answer in answers}

    def get(self, at: Address, study_instance_uid: str, folder: Path) -> set[str]:
        pytest.skip("Debian's Orthanc is no SCU of C-GET")

    def move(self, at: Address, study_instance_uid: str, destination: str) -> None:
        query = self._query(at, {"StudyInstanceUID": study_instance_uid})
        answer = self._orthanc.call("POST", f"{query}/retrieve", {"TargetAet": destination, "Synchronous": True})
        assert len(self._numbers(query)) == 1, answer

    def _know(self, at: Address) -> None:
        self._orthanc.know("server", at.ae_title, at.port)

    def _query(self, at: Address, keys: dict[str, str]) -> str:
        self._know(at)
        identifier: str = self._orthanc.call("POST", "/modalities/server/query", {"Level": "Study", "Query": keys})["ID"]
        return f"/queries/{identifier}"

    def _numbers(self, query: str) -> list[str]:
        numbers: list[str] = self._orthanc.call("GET", f"{query}/answers")
        return numbers
