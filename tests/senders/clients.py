"""Each sends a list of files and says what it was told about each: `{path: answer}`; an absent path was never offered."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pydicom
from pydicom.errors import InvalidDicomError
from pynetdicom import AE

Answers = dict[Path, str]
SendFiles = Callable[[Sequence[Path], str, int, str], Answers]
"""files, host, port, called AE title"""

DCMJS = Path(__file__).resolve().parent.parent / "peers" / "dcmjs"

# storescu proposes one family of transfer syntaxes a run; these are the options that name them.
STORESCU_OPTIONS = {
    "1.2.840.10008.1.2": "-xi",
    "1.2.840.10008.1.2.1": "-xe",
    "1.2.840.10008.1.2.2": "-xb",
    "1.2.840.10008.1.2.1.99": "-xd",
    "1.2.840.10008.1.2.4.50": "-xy",
    "1.2.840.10008.1.2.4.51": "-xx",
    "1.2.840.10008.1.2.4.70": "-xs",
    "1.2.840.10008.1.2.4.80": "-xt",
    "1.2.840.10008.1.2.4.81": "-xu",
    "1.2.840.10008.1.2.4.90": "-xv",
    "1.2.840.10008.1.2.4.91": "-xw",
    "1.2.840.10008.1.2.5": "-xr",
    "1.2.840.10008.1.2.4.100": "-xm",
    "1.2.840.10008.1.2.4.102": "-xn",
}
ENVIRONMENT = {**os.environ, "TCP_NODELAY": "1"}


def manifest(corpus: Path, *folders: str) -> dict[Path, Mapping[str, str]]:
    """The corpus' files in these folders, sorted, with their rows of MANIFEST.tsv."""
    with (corpus / "MANIFEST.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return {corpus / row["path"]: row for row in sorted(rows, key=lambda row: row["path"]) if row["path"].startswith(folders)}


def transfer_syntax_of(path: Path) -> str:
    """As its file meta information says; empty where it has none."""
    try:
        return str(pydicom.dcmread(path, specific_tags=["SOPClassUID"], stop_before_pixels=True).file_meta.get("TransferSyntaxUID", ""))
    except (InvalidDicomError, AttributeError, OSError):
        return ""


def storescu(files: Sequence[Path], host: str, port: int, ae_title: str) -> Answers:
    """A run for each transfer syntax; `-R` proposes only what is needed."""
    answers: Answers = {}
    by_option: dict[str, list[Path]] = {}
    for path in files:
        by_option.setdefault(STORESCU_OPTIONS.get(transfer_syntax_of(path), ""), []).append(path)
    for option in dict.fromkeys(STORESCU_OPTIONS.values()):
        chosen = by_option.get(option)
        if not chosen:
            continue
        command = ["storescu", "-v", "-nh", "-R", option, "-aec", ae_title, host, str(port), *map(str, chosen)]
        done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, errors="replace", timeout=300, check=False)
        answers |= _read_log(done.stdout + done.stderr, r"I: Sending file: (.+)")
    return answers


def dcmsend(files: Sequence[Path], host: str, port: int, ae_title: str) -> Answers:
    """One run, nothing decompressed: what is on the wire then does not hang on what a receiver accepts."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report"
        command = ["dcmsend", "-nh", "-nuc", "-dn", "+crf", str(report), "-aec", ae_title, host, str(port), *map(str, files)]
        subprocess.run(command, capture_output=True, env=ENVIRONMENT, timeout=300, check=False)
        return _read_report(report.read_text(errors="replace"))


NO_WAY_BACK = frozenset({"SC_rgb_jpeg.dcm", "rtdose_rle.dcm", "rtdose_rle_1frame.dcm"})
"""On these dcmjs-dimse runs in circles until its memory is used up, before it says anything on the wire."""


def dcmjs(files: Sequence[Path], host: str, port: int, ae_title: str) -> Answers:
    """dcmjs-dimse (npm), an association a file."""
    files = [path for path in files if path.name not in NO_WAY_BACK]
    with tempfile.TemporaryDirectory() as folder:
        answers = Path(folder) / "answers"
        subprocess.run(
            ["node", str(DCMJS / "store.js"), host, str(port), ae_title, str(answers)],
            input="\n".join(map(str, files)),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            timeout=600,
            check=False,
        )
        lines = [line.split("\t", 1) for line in answers.read_text().splitlines()]
    return {Path(path): answer for path, answer in lines}


def pynetdicom(files: Sequence[Path], host: str, port: int, ae_title: str) -> Answers:
    """An association a file, proposing the file's own transfer syntax."""
    answers: Answers = {}
    for path in files:
        try:
            data_set = pydicom.dcmread(path)
            ae = AE(ae_title="PYNETDICOM")
            ae.add_requested_context(data_set.SOPClassUID, data_set.file_meta.TransferSyntaxUID)
            association = ae.associate(host, port, ae_title=ae_title)
            if not association.is_established:
                answers[path] = "no association"
                continue
            try:
                answers[path] = f"0x{association.send_c_store(data_set).Status:04x}"
            finally:
                association.release()
        except Exception as exc:  # noqa: BLE001 - the sender's own failure is an outcome here
            answers[path] = f"cannot be sent: {type(exc).__name__}"
    return answers


def _read_log(text: str, sending: str) -> Answers:
    answers: Answers = {}
    current: Path | None = None
    for line in text.splitlines():
        if match := re.match(sending, line):
            current = Path(match.group(1).strip())
            answers[current] = "cannot be sent"
        elif current and (match := re.search(r"Received Store Response \((.+)\)", line)):
            answers[current] = match.group(1)
    return answers


def _read_report(text: str) -> Answers:
    answers: Answers = {}
    current: Path | None = None
    for line in text.splitlines():
        if match := re.match(r"Filename\s*: (.+)", line):
            current = Path(match.group(1).strip())
        elif current and (match := re.match(r"DIMSE Status\s*: (.+)", line)):
            answers[current] = match.group(1).strip()
    return answers
