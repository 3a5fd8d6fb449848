"""DICOMweb: requests a second from wrk with 16 connections, after the answers have been compared with what was stored."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pydicom

from bench.load import Load, Study
from bench.servers import Running

DICOM_JSON = "application/dicom+json"
FRAME = 'multipart/related; type="application/octet-stream"; transfer-syntax=1.2.840.10008.1.2.1'
STORED = 'multipart/related; type="application/dicom"; transfer-syntax=*'
CONNECTIONS = 16


class WrongAnswer(Exception):
    """A server's answer is not what was stored: its speed does not count."""


@dataclass(frozen=True, slots=True)
class Rate:
    """requests_per_s; p99_ms: 99th percentile of the latency; megabytes_per_s: of bodies and headers."""

    requests_per_s: float
    p99_ms: float
    megabytes_per_s: float


def get(url: str, accept: str, **headers: str) -> bytes:
    """The body of a 200."""
    request = urllib.request.Request(url, headers={"Accept": accept, **headers})
    with urllib.request.urlopen(request, timeout=120) as answer:
        body: bytes = answer.read()
        return body


def load_with_wrk(server: Running, paths: Sequence[str], accept: str, seconds: int, **headers: str) -> Rate:
    """paths: below the DICOMweb root, requested in turn. Raises: WrongAnswer where an answer was no success."""
    root = urlsplit(server.dicom_web)
    with tempfile.NamedTemporaryFile("w", suffix=".paths") as listing:
        listing.write("\n".join(root.path + path for path in paths))
        listing.flush()
        header_lines = "\n".join(f"{name}: {value}" for name, value in {"Accept": accept, **headers}.items())
        done = subprocess.run(
            [
                "wrk",
                "-t2",
                f"-c{CONNECTIONS}",
                f"-d{seconds}s",
                "--timeout",
                "20s",
                "-s",
                str(Path(__file__).with_name("paths.lua")),
                f"http://{root.netloc}",
            ],
            env={**os.environ, "BENCH_PATHS": listing.name, "BENCH_HEADERS": header_lines},
            capture_output=True,
            text=True,
            check=True,
        )
    line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT "))
    requests, microseconds, errors, p99_us, size = (int(word) for word in line.split()[1:])
    if errors:
        raise WrongAnswer(f"{errors} of {requests} requests to {server.name} failed")
    return Rate(requests / microseconds * 1e6, p99_us / 1e3, size / microseconds)


def check_answers(server: Running, load: Load) -> None:
    """Everything the rows ask for is right once, before it is asked for fast. Raises: WrongAnswer."""
    study = load.ct[1]
    root = server.dicom_web
    found = json.loads(get(f"{root}/studies?PatientID={study.patient_id}", DICOM_JSON))
    _require([one["0020000D"]["Value"][0] for one in found] == [study.study_instance_uid], "QIDO by PatientID")
    _require(len(json.loads(get(f"{root}/studies?limit=25", DICOM_JSON))) == min(25, len(load.ct) + len(load.small)), "QIDO limit=25")
    metadata = json.loads(get(f"{root}/studies/{study.study_instance_uid}/series/{study.series_instance_uid}/metadata", DICOM_JSON))
    _require({one["00080018"]["Value"][0] for one in metadata} == set(study.sop_instance_uids), "metadata of a series")
    for number in (0, 100, 249):
        frame = get(f"{root}{frame_path(study, number)}", FRAME)
        pixels = pydicom.dcmread(study.folder / f"{number:04d}.dcm").PixelData
        _require(pixels in frame and len(frame) < len(pixels) + 1000, "a frame's bytes")
    body = get(f"{root}{series_path(study)}", STORED if server.name == "hounsfield" else 'multipart/related; type="application/dicom"')
    for number in (0, 100, 249):
        _require(pydicom.dcmread(study.folder / f"{number:04d}.dcm").PixelData in body, "a series' bytes")
    _require(get(f"{root}{rendered_path(study, 3)}", "image/jpeg")[:2] == b"\xff\xd8", "a rendered JPEG")


def _require(right: bool, what: str) -> None:
    if not right:
        raise WrongAnswer(f"{what} is not what was stored")


def frame_path(study: Study, number: int) -> str:
    """Of the only frame of image `number`, from 0."""
    return f"{series_path(study)}/instances/{study.sop_instance_uids[number]}/frames/1"


def rendered_path(study: Study, number: int) -> str:
    """Of image `number`, from 0."""
    return f"{series_path(study)}/instances/{study.sop_instance_uids[number]}/rendered"


def series_path(study: Study) -> str:
    """Of the study's only series."""
    return f"/studies/{study.study_instance_uid}/series/{study.series_instance_uid}"


def series_megabytes_per_s(server: Running, studies: Sequence[Study]) -> float:
    """Whole series of 131 MB, fetched one after the other by curl; the median."""
    rates = []
    accept = STORED if server.name == "hounsfield" else 'multipart/related; type="application/dicom"'
    for study in studies:
        done = subprocess.run(
            [
                "curl",
                "-s",
                "-f",
                "-o",
                "/dev/null",
                "-H",
                f"Accept: {accept}",
                "-w",
                "%{size_download} %{time_total}",
                server.dicom_web + series_path(study),
            ],
            capture_output=True,
            text=True,
            check=True,
        )
        size, seconds = done.stdout.split()
        rates.append(int(size) / float(seconds) / 1e6)
    return sorted(rates)[len(rates) // 2]


def cold_metadata_s(server: Running, study: Study) -> float:
    """Seconds until the first metadata document of a series that was never asked for."""
    return metadata_s(server, study)


def metadata_s(server: Running, study: Study, **headers: str) -> float:
    """Seconds from the request for a series' metadata to the last byte of it."""
    started = time.perf_counter()
    get(f"{server.dicom_web}{series_path(study)}/metadata", DICOM_JSON, **headers)
    return time.perf_counter() - started
