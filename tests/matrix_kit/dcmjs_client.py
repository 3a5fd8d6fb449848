"""dcmjs-dimse (npm) as a client."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matrix_kit.client import Address
from senders import clients


class Dcmjs:
    """A process an operation."""

    def echo(self, at: Address) -> None:
        _run("echo", at)

    def store(self, at: Address, files: Sequence[Path]) -> None:
        answers = clients.dcmjs(files, "127.0.0.1", at.port, at.ae_title)
        assert set(answers.values()) == {"0x0000"}, answers
        assert len(answers) == len(files)

    def find(self, at: Address, patient_id: str) -> set[str]:
        return set(_run("find", at, patient_id)["found"])

    def get(self, at: Address, study_instance_uid: str, folder: Path) -> set[str]:
        return set(_run("get", at, study_instance_uid)["came"])

    def move(self, at: Address, study_instance_uid: str, destination: str) -> None:
        _run("move", at, study_instance_uid, destination)


def _run(operation: str, at: Address, *arguments: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "answer.json"
        command = ["node", str(clients.DCMJS / "client.js"), operation, "127.0.0.1", str(at.port), at.ae_title, str(output), *arguments]
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120, check=False)
        answer: dict[str, Any] = json.loads(output.read_text())
    assert "error" not in answer, answer
    assert answer["status"] == 0x0000, answer
    return answer
