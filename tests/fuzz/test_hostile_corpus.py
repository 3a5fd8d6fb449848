"""Every hostile file of the corpus over C-STORE, STOW-RS and `import`, against a real server with all its processes."""

from __future__ import annotations

import os
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from hounsfield.dicom.part10 import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME, read_prefix
from hounsfield.dicom.transfer_syntaxes import EXPLICIT_VR_LITTLE_ENDIAN
from hounsfield.model.errors import UnreadableObject
from hounsfield.network.dimse import CommandField, decode_command, request
from hounsfield.network.errors import AssociationLost, AssociationRefused
from hounsfield.network.limits import AssociationLimits
from hounsfield.network.negotiation import Implementation
from hounsfield.network.pdu import ProposedContext
from hounsfield.network.requestor import associate, finish
from hounsfield.peers.dimse import DimsePeer, send
from kills.objects import CT_IMAGE_STORAGE, make
from services.command_line import hounsfield
from services.server import Server, running

LONGEST_S = 5.0
P99_S = float(os.environ.get("HOUNSFIELD_HOSTILE_P99_S", "2.5"))
"""One second on a machine that has nothing else to do; the suite shares its cores."""
MEMORY_BYTES = 256 << 20
WEB = httpx.Client(timeout=LONGEST_S)
UID = re.compile(r"[0-9.]{1,64}")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file, in a word, and how long that took."""

    path: Path
    word: str
    took_s: float


def over_c_store(server: Server, path: Path) -> str:
    """The data set's bytes as they are, whatever a toolkit would think of them."""
    content = path.read_bytes()
    sop_class, sop_instance, syntax, data_set = CT_IMAGE_STORAGE, "1.2.3.4", EXPLICIT_VR_LITTLE_ENDIAN, content
    try:
        meta = read_prefix(content)
    except UnreadableObject:
        meta = None
    if meta is not None:
        data_set = content[meta.length_bytes :]
        sop_class = meta.sop_class_uid if UID.fullmatch(meta.sop_class_uid) else sop_class
        sop_instance = meta.sop_instance_uid[:64] or sop_instance
        syntax = meta.transfer_syntax_uid if UID.fullmatch(meta.transfer_syntax_uid) else syntax
    limits = AssociationLimits()
    try:
        association = associate(
            (server.host, server.dicom_port), "HOSTILE", server.ae_title, [ProposedContext(1, sop_class, (syntax,))],
            Implementation(IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME), limits,
        )  # fmt: skip
    except AssociationRefused:
        return "context or association refused"
    try:
        command = request(
            CommandField.C_STORE_RQ, 1, sop_class, has_data_set=True, priority=0,
            affected_sop_instance_uid=sop_instance.encode("ascii", "replace").decode(),
        )  # fmt: skip
        association.send(1, command, data_set)
        message = association.receive()
        assert message is not None
        status = decode_command(message.command).status
        association.release()
        return f"0x{status:04X}"
    except AssociationLost:
        return "aborted"
    finally:
        finish(association)


def over_stow(server: Server, path: Path) -> str:
    boundary = "b0undary7"
    body = f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode() + path.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
    kind = f'multipart/related; type="application/dicom"; boundary={boundary}'
    answer = WEB.post(f"{server.dicom_web}/studies", content=body, headers={"Content-Type": kind})
    reasons = [item["00081197"]["Value"][0] for item in answer.json().get("00081198", {"Value": []})["Value"]] if answer.content else []
    return " ".join([str(answer.status_code), *(f"reason 0x{reason:04X}" for reason in reasons)])


def over_import(server: Server, path: Path) -> str:
    ran = hounsfield("import", path, "--json", "--data-dir", server.data_dir)
    assert ran.code in (0, 3), ran
    assert all(one["reason"] for one in ran.json["rejected"])
    return ", ".join(name for name, count in ran.json["counts"].items() if count)


CHANNELS: dict[str, Callable[[Server, Path], str]] = {"C-STORE": over_c_store, "STOW-RS": over_stow, "import": over_import}


@pytest.fixture(scope="module")
def files(corpus: Path) -> list[Path]:
    found = sorted(path for path in (corpus / "fuzz").rglob("*") if path.is_file())
    assert len(found) > 100
    return found


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running(tmp_path / "data", "--open-access") as started:
        yield started


@pytest.mark.parametrize("channel", CHANNELS)
def test_hostile_files_harm_nothing(server: Server, files: list[Path], channel: str, tmp_path: Path) -> None:
    processes = _processes(server)
    before = sum(one.memory_info().rss for one in processes)
    outcomes = []
    for path in files:
        began = time.monotonic()
        word = CHANNELS[channel](server, path)
        outcomes.append(Outcome(path, word, time.monotonic() - began))
    counts = Counter(outcome.word for outcome in outcomes)
    took = sorted(outcome.took_s for outcome in outcomes)
    grown = sum(_peak_bytes(one) for one in processes) - before
    print(f"\n{channel}: " + ", ".join(f"{count} x {word}" for word, count in counts.most_common()))
    print(f"slowest {took[-1]:.2f} s, p99 {took[int(len(took) * 0.99)]:.2f} s, memory + {grown >> 20} MiB")
    assert took[-1] < LONGEST_S, max(outcomes, key=lambda outcome: outcome.took_s)
    assert took[int(len(took) * 0.99)] < P99_S
    assert grown <= MEMORY_BYTES
    assert set(processes) <= set(_processes(server)), "a process ended"
    assert not [outcome for outcome in outcomes if "500" in outcome.word or "0x0110" in outcome.word]
    assert "Traceback" not in server.output.read_text()
    _still_works(server, tmp_path)


def _still_works(server: Server, tmp_path: Path) -> None:
    (good,) = make(tmp_path / "good", random.Random(1), 777, 0, 1)
    assert [sent.ok for sent in send(DimsePeer(server.ae_title, server.host, server.dicom_port), [good.path])] == [True]
    at = f"{server.dicom_web}/studies/{good.study_instance_uid}/series/{good.series_instance_uid}/instances/{good.sop_instance_uid}"
    answer = httpx.get(at, headers={"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'}, timeout=LONGEST_S)
    assert answer.status_code == 200
    assert good.data_set in answer.content
    verified = hounsfield("verify", "--json", "--data-dir", server.data_dir)
    assert (verified.code, verified.json["damaged"]) == (0, [])


def _processes(server: Server) -> list[psutil.Process]:
    root = psutil.Process(server.process.pid)
    return sorted([root, *root.children(recursive=True)], key=lambda one: one.pid)


def _peak_bytes(process: psutil.Process) -> int:
    status = Path(f"/proc/{process.pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) << 10
