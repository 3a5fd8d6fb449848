"""The whole of corpus/image and corpus/modality by every sender into an emptied archive; what comes back is what was on the wire."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pydicom
import pytest

from senders import clients
from senders.witness import Arrived, Expected, arrivals, expected, read, split, storescp
from services.server import Server, running

REWRITTEN_FOR_THE_WEB = {"1.2.840.10008.1.2", "1.2.840.10008.1.2.2"}
"""Implicit VR Little Endian and Explicit VR Big Endian are not used with web services (PS3.18 8.7.3)."""

SENDERS = {"storescu": clients.storescu, "dcmsend": clients.dcmsend, "pynetdicom": clients.pynetdicom, "dcmjs-dimse": clients.dcmjs}


pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def files(corpus: Path) -> list[Path]:
    return list(clients.manifest(corpus, "image/", "modality/"))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", SENDERS)
def test_what_a_dimse_sender_sent_comes_back(name: str, files: list[Path], tmp_path: Path) -> None:
    send = SENDERS[name]
    with storescp(tmp_path / "witness") as port, running(tmp_path / "data", "--open-access") as server:
        # To both at once: most of the time each sender waits for something.
        with ThreadPoolExecutor(1) as beside:
            witnessing = beside.submit(send, files, "127.0.0.1", port, "ANY-SCP")
            to_us = send(files, server.host, server.dicom_port, server.ae_title)
            to_witness = witnessing.result()
        report(name, files, to_witness, to_us)
        arrived = arrivals(tmp_path / "witness")
        # dcmjs-dimse writes every data set anew, in what was accepted: only what the witness accepted too can be held against it.
        rewritten = name == "dcmjs-dimse"
        if not rewritten:
            # What DCMTK's receiver has no codec for it does not accept; a sender can only have sent the file's own bytes then.
            arrived += [read(path) for path in files if is_success(to_us.get(path)) and not is_success(to_witness.get(path))]
        assert_holds(server, expected(arrived, by_dimse=True), tmp_path, rewritten=rewritten)


@pytest.mark.timeout(600)
def test_what_curl_stored_comes_back(files: list[Path], tmp_path: Path) -> None:
    answers: dict[Path, str] = {}
    arrived: list[Arrived] = []
    with running(tmp_path / "data", "--open-access") as server:
        for path in files:
            command = ["curl", "-s", "-X", "POST", "--data-binary", f"@{path}", "-H", "Content-Type: application/dicom", "-H", "Expect:"]
            done = subprocess.run(
                [*command, "-w", "\n%{http_code}", f"{server.dicom_web}/studies"], capture_output=True, text=True, check=True
            )
            body, _, status = done.stdout.rpartition("\n")
            answers[path] = status if status == "200" else f"{status} {reason_in(body)}"
            if status in ("200", "202"):
                arrived.append(read(path))
        report("curl", files, {}, answers)
        assert_holds(server, expected(arrived, by_dimse=False), tmp_path)


def is_success(answer: str | None) -> bool:
    """Success or warning, in each sender's words."""
    return answer is not None and answer.startswith(("Success", "Warning", "0x0000", "0xb"))


def reason_in(body: str) -> str:
    """The reason codes of a Store Instances Response."""
    document = json.loads(body)
    codes = {
        item[tag]["Value"][0]
        for sequence in ("00081198", "00081199", "0008119A")
        for item in document.get(sequence, {}).get("Value", [])
        for tag in ("00081196", "00081197")
        if tag in item
    }
    return ",".join(f"{code:04X}" for code in sorted(codes))


def assert_holds(server: Server, wanted: Expected, tmp_path: Path, *, rewritten: bool = False) -> None:
    """Counts, exported data sets and WADO-RS with transfer-syntax=* are those of what was on the wire."""
    instances = qido(server, "/instances?limit=5000")
    stored = {one["00080018"]["Value"][0] for one in instances}
    assert len(instances) == len(stored)
    assert stored >= set(wanted.counting) if rewritten else stored == set(wanted.counting)
    conflicts = get_json(f"{server.url}/api/conflicts")
    aside = Counter(one["sop_instance_uid"] for one in conflicts["conflicts"])
    assert rewritten or aside == Counter(wanted.aside)
    studies = {one.study_instance_uid for one in wanted.counting.values()}
    found = {one["0020000D"]["Value"][0] for one in qido(server, "/studies?limit=5000")}
    assert found >= studies if rewritten else found == studies
    arguments = [argument for study in sorted(studies) for argument in ("--study", study)]
    server.run("export", *arguments, "--to", str(tmp_path / "out"))
    exported = {path.stem: split(path.read_bytes()) for path in (tmp_path / "out").rglob("*.dcm")}
    assert set(exported) >= set(wanted.counting) if rewritten else set(exported) == set(wanted.counting)
    for uid, one in wanted.counting.items():
        assert exported[uid] == (one.transfer_syntax_uid, one.data_set), uid
        assert_comes_by_wado(server, one, tmp_path)


def assert_comes_by_wado(server: Server, one: Arrived, tmp_path: Path) -> None:
    url = f"{server.dicom_web}/studies/{one.study_instance_uid}/series/{one.series_instance_uid}/instances/{one.sop_instance_uid}"
    request = urllib.request.Request(url, headers={"Accept": "application/dicom; transfer-syntax=*"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        raw = answer.read()
    transfer_syntax_uid, data_set = split(raw)
    if one.transfer_syntax_uid not in REWRITTEN_FOR_THE_WEB:
        assert (transfer_syntax_uid, data_set) == (one.transfer_syntax_uid, one.data_set), one.sop_instance_uid
        return
    assert transfer_syntax_uid == "1.2.840.10008.1.2.1"
    (tmp_path / "got.dcm").write_bytes(raw)
    big_endian = one.transfer_syntax_uid == "1.2.840.10008.1.2.2"
    assert_equal_elements(pydicom.dcmread(tmp_path / "got.dcm"), parse(one), one.sop_instance_uid, big_endian=big_endian)


def parse(one: Arrived) -> pydicom.Dataset:
    """The data set as pydicom reads it."""
    buffer = pydicom.filebase.DicomBytesIO(one.data_set)
    little = one.transfer_syntax_uid != "1.2.840.10008.1.2.2"
    return pydicom.filereader.read_dataset(buffer, one.transfer_syntax_uid == "1.2.840.10008.1.2", little)


def assert_equal_elements(got: pydicom.Dataset, sent: pydicom.Dataset, uid: str, *, big_endian: bool) -> None:
    """Element by element; group lengths are retired and not sent on."""
    tags = {element.tag for element in sent if element.tag.element != 0}
    assert {element.tag for element in got if element.tag.element != 0} == tags, uid
    for tag in tags:
        if sent[tag].VR == "SQ":
            assert len(got[tag].value) == len(sent[tag].value), (uid, tag)
            for one, other in zip(got[tag].value, sent[tag].value, strict=True):
                assert_equal_elements(one, other, uid, big_endian=big_endian)
        elif sent[tag].VR == "OW" and big_endian:
            assert got[tag].value == swapped(sent[tag].value), (uid, tag)
        else:
            assert got[tag].value == sent[tag].value, (uid, tag)


def swapped(words: bytes) -> bytes:
    """16 bit words in the other byte order."""
    turned = bytearray(words)
    turned[0::2], turned[1::2] = words[1::2], words[0::2]
    return bytes(turned)


def qido(server: Server, path: str) -> list[dict[str, dict[str, list[str]]]]:
    found: list[dict[str, dict[str, list[str]]]] = get_json(server.dicom_web + path)
    return found


def get_json(url: str) -> dict:  # type: ignore[type-arg]
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept": "application/json"}), timeout=60) as answer:
        return json.load(answer)


def report(name: str, files: list[Path], to_witness: clients.Answers, to_us: clients.Answers) -> None:
    """Printed with `pytest -s`: how many of each answer, and where we answered otherwise than the witness."""
    print(f"\n{name}: {len(files)} files; here {dict(Counter(to_us.get(path, 'not offered') for path in files))}")
    if to_witness:
        print(f"{name}: witness {dict(Counter(to_witness.get(path, 'not offered') for path in files))}")
        for path in files:
            if to_witness.get(path) != to_us.get(path):
                print(f"  {path.parent.name}/{path.name}: witness {to_witness.get(path)}, here {to_us.get(path)}")
