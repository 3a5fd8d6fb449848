"""The same task in Hounsfield's viewer and in OHIF, on one server and one machine: open, see, window, measure, save.

    python -m bench.reading [--runs 5] [--study FOLDER]

Each run begins in a browser that has seen neither (cold) and does the task again in the same browser (warm). Prints, as a Markdown table,
the median milliseconds of each step: from what a person does to what the person sees. OHIF must be installed (`make prove` does it).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
import urllib.request
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydicom

from bench import servers
from bench.browser import chromium, fresh_context, wait_for_picture
from bench.viewers import TOURS_SEEN, Hounsfield, Ohif, Viewer, ohif_files, port_and_origin

PROJECT = Path(__file__).resolve().parents[1]
DIST = PROJECT / "tests" / "peers" / "ohif" / "node_modules" / "@ohif" / "app" / "dist"
CORPUS = Path(os.environ.get("HOUNSFIELD_CORPUS", PROJECT.parent / "shared" / "corpus"))
STEPS = ("list of studies", "first picture after the click", "window by dragging", "a length is drawn", "saved in the archive")
MOST_DRAGS = 200


def main() -> int:
    """Exit code 0."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    arguments.add_argument("--runs", type=int, default=5)
    arguments.add_argument("--study", type=Path, default=CORPUS / "series" / "ct_acrin-flt-breast_99", help="files of one study")
    arguments.add_argument("--folder", type=Path, default=Path("var/bench/reading"))
    options = arguments.parse_args()
    port, origin = port_and_origin()
    os.environ["HOUNSFIELD_CORS_ORIGINS"] = origin
    with servers.hounsfield(options.folder.absolute()) as server, ohif_files(DIST, port, server.dicom_web) as ohif_url:
        patient = _store(options.study, server.dicom_web)
        viewers = [Hounsfield(server.dicom_web.removesuffix("/dicom-web"), patient), Ohif(ohif_url, patient)]
        times = _measure(viewers, options.runs, server.dicom_web)
    print(_table(times))
    return 0


def _store(folder: Path, dicom_web: str) -> str:
    """The PatientID of what was stored."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    for path in paths:
        request = urllib.request.Request(f"{dicom_web}/studies", path.read_bytes(), {"Content-Type": "application/dicom"})
        urllib.request.urlopen(request, timeout=60).close()
    return str(pydicom.dcmread(paths[0], stop_before_pixels=True).PatientID)


def _remove_reports(dicom_web: str) -> None:
    """Each task finds the study as it was."""
    with urllib.request.urlopen(f"{dicom_web}/series?Modality=SR", timeout=60) as answer:
        found = json.loads(answer.read() or b"[]")
    for series in found:
        study, uid = (series[tag]["Value"][0] for tag in ("0020000D", "0020000E"))
        urllib.request.urlopen(urllib.request.Request(f"{dicom_web}/studies/{study}/series/{uid}", method="DELETE"), timeout=60).close()


def _measure(viewers: list[Any], runs: int, dicom_web: str) -> dict[tuple[str, str, str], list[float]]:
    """Milliseconds by viewer, "cold" or "warm", and step."""
    times: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    with chromium() as launch:
        for _ in range(runs):
            for viewer in viewers:
                browser = launch()
                context = fresh_context(browser, TOURS_SEEN)
                for state in ("cold", "warm"):
                    page = context.new_page()
                    for step, taken_ms in _task(viewer, page):
                        times[viewer.name, state, step].append(taken_ms)
                    page.close()
                    _remove_reports(dicom_web)
                browser.close()
    return times


def _task(viewer: Viewer, page: Any) -> list[tuple[str, float]]:
    """Each step and its milliseconds."""
    taken = []

    def timed(step: str, done: Callable[[], None]) -> None:
        begin = time.perf_counter()
        done()
        taken.append((step, (time.perf_counter() - begin) * 1000))

    def first_picture() -> None:
        viewer.open_study(page)
        wait_for_picture(page)

    def window() -> None:
        before = page.evaluate("() => checksum()")
        # A picture may be there before its tools are: a person drags again.
        for _ in range(MOST_DRAGS):
            _drag(page, viewer.middle(page), (60, 40))
            page.wait_for_timeout(20)
            if page.evaluate("() => checksum()") != before:
                return
        raise SystemExit(f"{viewer.name}: dragging changes nothing")

    def length() -> None:
        viewer.choose_length(page)
        _drag(page, viewer.middle(page), (120, 10))
        viewer.wait_for_length(page)

    doings = (lambda: viewer.list_studies(page), first_picture, window, length, lambda: viewer.save(page))
    for step, done in zip(STEPS, doings, strict=True):
        timed(step, done)
    return taken


def _drag(page: Any, start: tuple[float, float], by: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(start[0] + by[0], start[1] + by[1], steps=4)
    page.mouse.up()


def _table(times: dict[tuple[str, str, str], list[float]]) -> str:
    lines = ["| step, ms | Hounsfield cold | warm | OHIF cold | warm |", "|---|---|---|---|---|"]
    totals: dict[tuple[str, str], float] = defaultdict(float)
    for step in STEPS:
        cells = []
        for name in ("Hounsfield", "OHIF"):
            for state in ("cold", "warm"):
                median = statistics.median(times[name, state, step])
                totals[name, state] += median
                cells.append(f"{median:,.0f}")
        lines.append(f"| {step} | {' | '.join(cells)} |")
    sums = [f"{totals[name, state]:,.0f}" for name in ("Hounsfield", "OHIF") for state in ("cold", "warm")]
    return "\n".join([*lines, f"| the whole task | {' | '.join(sums)} |"])


if __name__ == "__main__":
    raise SystemExit(main())
