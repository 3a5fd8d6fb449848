"""`python -m bench`: runs everything and prints a Markdown table; also written to var/bench/results.md."""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import shutil
import sys
import time
from pathlib import Path

from bench import find_rows, http_rows, load, retrieve_rows, servers
from bench.load import Load
from bench.store_rows import median, send
from bench.table import Report, Row


def main() -> int:
    """Exit code 1 where a target was missed."""
    arguments = argparse.ArgumentParser(description="Hounsfield beside Orthanc: the same loads in the same run.")
    arguments.add_argument("--folder", type=Path, default=Path("var/bench"), help="where loads and archives go")
    arguments.add_argument("--runs", type=int, default=3, help="store runs of each row; the median counts")
    arguments.add_argument("--seconds", type=int, default=8, help="of load for each DICOMweb row")
    arguments.add_argument("--only", choices=["store", "find", "retrieve", "web"], help="one part of the rows")
    options = arguments.parse_args()
    folder: Path = options.folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    report = Report(_machine(folder))
    loads = load.make(folder / "load")
    if options.only in (None, "store"):
        _store_rows(report, loads, folder, options.runs)
    if options.only in (None, "find"):
        _find_rows(report, folder, options.runs)
    if options.only in (None, "retrieve"):
        _retrieve_rows(report, loads, folder, options.runs)
    if options.only in (None, "web"):
        _web_rows(report, loads, folder, options.seconds)
    text = report.markdown()
    (folder / "results.md").write_text(text)
    sys.stdout.write(text)
    return 0 if all(row.reached for row in report.rows) else 1


def _machine(folder: Path) -> dict[str, str]:
    path = folder / "probe"
    with path.open("wb") as file:
        started, count = time.perf_counter(), 0
        while time.perf_counter() - started < 1:
            os.pwrite(file.fileno(), b"x" * 8192, count * 8192)
            os.fdatasync(file.fileno())
            count += 1
    path.unlink()
    block = bytes(64 << 20)
    started = time.perf_counter()
    hashlib.sha256(block).digest()
    rate = len(block) / (time.perf_counter() - started) / 1e6
    return {"cores": str(os.cpu_count()), "python": platform.python_version(), "fdatasync/s": f"{count:,}", "SHA-256 MB/s": f"{rate:,.0f}"}


STORE_ROWS = [
    # work, load, senders, stock sender, times Orthanc, part of the floor
    ("C-STORE CT, 1 sender", "ct", 1, False, 3.0, 0.8),
    ("C-STORE CT, 4 senders", "ct", 4, False, 3.0, 0.8),
    ("C-STORE 8 KB, 4 senders", "small", 4, False, 3.0, 0.6),
    ("C-STORE CT, stock sender", "ct", 1, True, 6.0, None),
    ("C-STORE 8 KB, stock sender", "small", 1, True, 20.0, None),
]


def _store_rows(report: Report, loads: Load, folder: Path, runs: int) -> None:
    for work, kind, senders, stock, ratio, floor_part in STORE_ROWS:
        studies = list(getattr(loads, kind))
        if stock:
            studies = studies[:1] if kind == "ct" else studies[:2]
        rates: dict[str, list[float]] = {"hounsfield": [], "orthanc": [], "floor": []}
        for _ in range(runs):
            for name, start in (("orthanc", servers.orthanc), ("hounsfield", servers.hounsfield)):
                _say(f"{work}: {name}")
                with start(folder / name) as running:
                    rates[name].append(send(studies, senders, running.dicom_port, running.ae_title, stock=stock))
            if floor_part is not None:
                with servers.storescp(folder / "floor") as port:
                    rates["floor"].append(send(studies, senders, port, "ANY-SCP"))
        floor = median(rates["floor"]) if rates["floor"] else None
        report.rows.append(Row(work, "objects/s", median(rates["hounsfield"]), median(rates["orthanc"]), floor, ratio, floor_part))


def _find_rows(report: Report, folder: Path, runs: int) -> None:
    study = find_rows.make_studies(folder / "load")
    found: dict[str, dict[str, tuple[int, float]]] = {}
    for name, start in (("orthanc", servers.orthanc), ("hounsfield", servers.hounsfield)):
        with start(folder / name) as running:
            send([study], 1, running.dicom_port, running.ae_title)
            _say(f"C-FIND: {name}")
            found[name] = {work: find_rows.answers_and_rate(running, work, runs) for work in find_rows.WORKS}
    for work in find_rows.WORKS:
        (answers, ours), (peers_answers, peer) = found["hounsfield"][work], found["orthanc"][work]
        if answers != peers_answers:
            raise RuntimeError(f"C-FIND {work}: {answers} answers, Orthanc gives {peers_answers}")
        unit = "answers/s" if work == "all studies" else "queries/s"
        report.rows.append(Row(f"C-FIND of {find_rows.STUDIES:,} studies, {work}", unit, ours, peer, ratio_target=1.0))


RETRIEVE_ROWS = [
    # work, by C-MOVE, stock client, times Orthanc
    ("C-GET of 250 CT", False, False, 1.3),
    ("C-GET of 250 CT, stock client", False, True, 10.0),
    ("C-MOVE of 250 CT to storescp", True, False, 1.1),
    ("C-MOVE of 250 CT to a stock storescp", True, True, 10.0),
]


def _retrieve_rows(report: Report, loads: Load, folder: Path, runs: int) -> None:
    study, target = loads.ct[0], retrieve_rows.scratch(folder)
    figures: dict[str, dict[str, float]] = {}
    for name in ("orthanc", "hounsfield"):
        port = servers.free_port()
        peer = f"{retrieve_rows.DESTINATION}=127.0.0.1:{port}"
        with servers.orthanc(folder / name) if name == "orthanc" else servers.hounsfield(folder / name, "--peer", peer) as running:
            retrieve_rows.know_destination(running, port)
            send([study], 1, running.dicom_port, running.ae_title)
            figures[name] = {}
            for work, by_move, stock, _ in RETRIEVE_ROWS:
                _say(f"{work}: {name}")
                if by_move:
                    with retrieve_rows.destination(target, port, stock=stock):
                        rates = [retrieve_rows.move(running, study, target, stock=stock) for _ in range(runs)]
                else:
                    rates = [retrieve_rows.get(running, study, target, stock=stock) for _ in range(runs)]
                figures[name][work] = median(rates)
    shutil.rmtree(target, ignore_errors=True)
    for work, _, _, ratio in RETRIEVE_ROWS:
        report.rows.append(Row(work, "objects/s", figures["hounsfield"][work], figures["orthanc"][work], ratio_target=ratio))


GZIP = {"Accept-Encoding": "gzip"}
"""As every browser sends it."""


def _web_rows(report: Report, loads: Load, folder: Path, seconds: int) -> None:
    figures: dict[str, dict[str, float]] = {}
    long = load.make_long(folder / "load")
    for name, start in (("orthanc", servers.orthanc), ("hounsfield", servers.hounsfield)):
        with start(folder / name) as running:
            _say(f"DICOMweb: storing into {name}")
            send([*loads.ct, *loads.small], 4, running.dicom_port, running.ae_title)
            figures[name] = {"cold": http_rows.cold_metadata_s(running, loads.ct[0])}
            http_rows.check_answers(running, loads)
            figures[name] |= _measure(running, loads, seconds)
            figures[name]["memory"] = running.memory_mb()
            send([long], 1, running.dicom_port, running.ae_title)
            figures[name]["long cold"] = http_rows.metadata_s(running, long, **GZIP)
            figures[name]["long warm"] = median([http_rows.metadata_s(running, long, **GZIP) for _ in range(20)])
    ours, peer = figures["hounsfield"], figures["orthanc"]
    rows = [
        ("QIDO studies by PatientID", "qido_id", 3.0),
        ("QIDO studies limit=25", "qido_list", 20.0),
        ("WADO-RS metadata of 250 instances, warm", "metadata", 10.0),
        ("WADO-RS frame 512x512x16", "frame", 1.8),
    ]
    for work, key, ratio in rows:
        report.rows.append(Row(work, "req/s", ours[key], peer[key], ratio_target=ratio))
    for work, key in (("series of 250 (131 MB), four in turn", "series"), ("the same series again and again", "same series")):
        report.rows.append(Row(f"WADO-RS {work}", "MB/s", ours[key], peer[key], ratio_target=1.5))
    report.rows.append(Row("rendered JPEG", "req/s", ours["rendered"], peer["rendered"], ratio_target=1.5))
    report.rows.append(Row("metadata, first ever", "s", ours["cold"], peer["cold"], absolute_target=0.3, smaller_is_better=True))
    for work, key, target in (("first ever", "long cold", 0.5), ("again", "long warm", 0.05)):
        row = Row(f"metadata of 1,000 instances, {work}", "s", ours[key], peer[key], absolute_target=target, smaller_is_better=True)
        report.rows.append(row)
    report.rows.append(Row("memory after all of it", "MB", ours["memory"], peer["memory"], absolute_target=500, smaller_is_better=True))


def _measure(running: servers.Running, loads: Load, seconds: int) -> dict[str, float]:
    every = [*loads.ct, *loads.small]
    work = {
        "qido_id": ([f"/studies?PatientID={study.patient_id}" for study in every], http_rows.DICOM_JSON, {}),
        "qido_list": (["/studies?limit=25"], http_rows.DICOM_JSON, {}),
        "metadata": ([http_rows.series_path(study) + "/metadata" for study in loads.ct], http_rows.DICOM_JSON, {"Accept-Encoding": "gzip"}),
        "frame": ([http_rows.frame_path(study, n) for study in loads.ct for n in range(load.CT_IMAGES)], http_rows.FRAME, {}),
        "rendered": ([http_rows.rendered_path(study, n) for study in loads.ct for n in range(load.CT_IMAGES)], "image/jpeg", {}),
    }
    found = {}
    for key, (paths, accept, headers) in work.items():
        _say(f"DICOMweb: {key} of {running.name}")
        http_rows.load_with_wrk(running, paths, accept, 1, **headers)
        found[key] = http_rows.load_with_wrk(running, paths, accept, seconds, **headers).requests_per_s
    _say(f"DICOMweb: series of {running.name}")
    found["series"] = http_rows.series_megabytes_per_s(running, loads.ct * 3)
    found["same series"] = http_rows.series_megabytes_per_s(running, loads.ct[2:3] * 9)
    return found


def _say(text: str) -> None:
    width = shutil.get_terminal_size().columns
    sys.stderr.write(f"\r{text:<{min(width - 1, 70)}}" if sys.stderr.isatty() else f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
