"""Judge Hounsfield and Orthanc by the conformance suite, and write docs/reference/dicomweb-conformance.md.

    python tools/write_conformance_page.py              # run both, then write
    python tools/write_conformance_page.py --only-page  # write from the results of the last run, in var/conformance

Both servers are started on empty folders and free ports, as the benchmark starts them.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))
sys.path.insert(0, str(PROJECT / "tests"))

from bench.servers import Running, hounsfield, orthanc  # noqa: E402 - found by the path above

from conformance_kit.catalogue import Result, clause_key  # noqa: E402

PAGE = PROJECT / "docs" / "reference" / "dicomweb-conformance.md"
RESULTS = PROJECT / "var" / "conformance"
OUTCOMES = ("passed", "failed", "not offered")
PASSING = (
    (re.compile(r"https?://[^/ ]+"), "http://host"),
    (re.compile(r"\b2\.25\.\d+"), "UID"),
    (re.compile(r"\bC[0-9A-F]{8}(?=\b|[A-Z])"), "RUN"),
    (re.compile(r"^(AssertionError: |AssertionError$)"), ""),
)
"""What a remark has of one run alone, and what stands for it."""

GROUPS = {
    "test_store": "Store: Part 10 objects (10.5, annex I)",
    "test_store_metadata": "Store: metadata with bulk data, documents, pictures (10.5.1.4, 10.5.2)",
    "test_search": "Search: resources and matching (10.6.1, 8.3.4; PS3.4 C.2.2.2)",
    "test_search_response": "Search: answers, pages, media types (10.6.3, 10.6.4, 8.3.4.3, 8.3.4.4)",
    "test_retrieve": "Retrieve: objects (10.4.1.1.1, 8.7.3)",
    "test_metadata": "Retrieve: metadata and bulk data (10.4.1.1.2, 10.4.1.1.5, annex F; PS3.19 A.1)",
    "test_frames": "Retrieve: frames, pixel data, bulk data resources (10.4.1.1.5 to 7)",
    "test_rendered": "Retrieve: rendered and thumbnails (10.4.1.1.3, 10.4.1.1.4, 8.3.5, 8.7.4)",
    "test_capabilities": "Capabilities and HTTP (8.9, annex H; RFC 9110)",
    "test_uri": "WADO-URI (9)",
    "test_worklist": "UPS-RS worklist (11; PS3.4 CC)",
}

HEAD = """# DICOMweb conformance suite

This page is written by `tools/write_conformance_page.py`. `tests/conformance` judges a DICOMweb server by {total} assertions. Each is one
test case and cites the clause from which it comes. It works as any client does: it stores objects of its own by STOW-RS, with fresh UIDs
and Patient IDs, and asks for them. It knows nothing of the server but the URL, and deletes nothing.

```
make conformance URL=http://host:port/dicom-web                 # results in var/conformance/results.json and .md
make conformance URL=... TOKEN=hsf_...                          # a bearer token; or USER_PASSWORD=name:password
.venv/bin/pytest tests/conformance                              # our own server, started for it
.venv/bin/python tools/write_conformance_page.py                # this page: Hounsfield, and Orthanc from Debian
```

`HOUNSFIELD_CONFORMANCE_URL`, `..._TOKEN`, `..._USER`, `..._REPORT` and `..._NAME` say the same by environment. `..._WADO_URI` names the base
of WADO-URI where that is neither the root nor `/wado` on the same host.

An assertion is *passed*, *failed*, or *not offered*: the server answers the request for a whole service or representation with 400, 404,
405, 406, 415 or 501 as fits, or says in a Warning 299 that it does not support it. What is offered must hold. Where PS3.18 leaves a choice,
each choice is accepted: 204 or an empty array for no matches (CP-2473), 406 or the default media type where a search can give nothing that
is accepted, 400 or 404 for a frame that is not there.

Not asserted: 410 for what was deleted, as PS3.18 has no transaction that deletes; notifications by WebSocket; storage commitment; MPPS.
"""


class Judged(NamedTuple):
    """One server's results."""

    name: str
    results: list[Result]

    def count(self, outcome: str, group: str = "") -> int:
        """Of one group, or of all."""
        return sum(result.outcome == outcome and (not group or group_of(result) == group) for result in self.results)


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 1 where our own server fails an assertion."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only-page", action="store_true", help="from the results of the last run")
    options = parser.parse_args(arguments)
    if not options.only_page:
        measure("Hounsfield", hounsfield(RESULTS / "hounsfield"))
        measure(f"Orthanc {orthanc_version()}", orthanc(RESULTS / "orthanc"))
    ours, theirs = (read(name) for name in ("hounsfield", "orthanc"))
    PAGE.write_text(page(ours, theirs))
    for judged in (ours, theirs):
        print(judged.name, *(f"{judged.count(outcome)} {outcome}" for outcome in OUTCOMES))
    return 1 if ours.count("failed") else 0


def measure(name: str, server: AbstractContextManager[Running]) -> None:
    """Runs the suite against a server; the results go where `read` finds them."""
    with server as running:
        environment = {
            **os.environ,
            "HOUNSFIELD_CONFORMANCE_URL": running.dicom_web,
            "HOUNSFIELD_CONFORMANCE_NAME": name,
            "HOUNSFIELD_CONFORMANCE_REPORT": str(RESULTS / running.name),
        }
        command = [sys.executable, "-m", "pytest", "-q", "-r", "fE", "--tb", "no", "-p", "no:cacheprovider", "tests/conformance"]
        subprocess.run(command, cwd=PROJECT, env=environment, check=False)


def orthanc_version() -> str:
    """As Debian packages it, with its plugin's."""
    query = ["dpkg-query", "--showformat", "${Version} ", "--show", "orthanc", "orthanc-dicomweb"]
    core, plugin = subprocess.run(query, capture_output=True, text=True, check=True).stdout.split()
    return f"{core.partition('+')[0]} with DICOMweb plugin {plugin.partition('+')[0]}"


def read(name: str) -> Judged:
    """What the last run found."""
    document = json.loads((RESULTS / f"{name}.json").read_text())
    return Judged(document["server"], [Result(**result) for result in document["results"]])


def group_of(result: Result) -> str:
    """Of which module it is."""
    return GROUPS[result.case.partition("::")[0]]


def page(ours: Judged, theirs: Judged) -> str:
    """The whole page."""
    lines = [HEAD.format(total=len(ours.results)), "## Results", "", *results_table(ours, theirs), ""]
    lines += ["## By clause", "", *clause_table(ours), ""]
    lines += [f"## What {theirs.name} fails", "", *listed(theirs, "failed"), ""]
    lines += ["## What Hounsfield fails", "", *(listed(ours, "failed") or ["Nothing."]), ""]
    lines += ["## What Hounsfield does not offer", "", *(listed(ours, "not offered") or ["Nothing: every assertion applies."])]
    return "\n".join(lines) + "\n"


def results_table(ours: Judged, theirs: Judged) -> list[str]:
    """A row a group: passed / failed / not offered."""
    lines = [f"Passed / failed / not offered, of Hounsfield and of {theirs.name}.", ""]
    lines += ["| group | assertions | Hounsfield | Orthanc |", "|---|---|---|---|"]
    for group in GROUPS.values():
        total = sum(group_of(result) == group for result in ours.results)
        cells = [" / ".join(str(judged.count(outcome, group)) for outcome in OUTCOMES) for judged in (ours, theirs)]
        lines.append(f"| {group} | {total} | {cells[0]} | {cells[1]} |")
    cells = [" / ".join(str(judged.count(outcome)) for outcome in OUTCOMES) for judged in (ours, theirs)]
    return [*lines, f"| **all** | **{len(ours.results)}** | **{cells[0]}** | **{cells[1]}** |"]


def clause_table(judged: Judged) -> list[str]:
    """How many assertions each chapter or annex has."""
    counts = Counter(chapter(result.clause) for result in judged.results)
    rows = [f"| {name} | {counts[name]} |" for name in sorted(counts, key=clause_key)]
    return ["| clauses | assertions |", "|---|---|", *rows]


def chapter(clause: str) -> str:
    """`PS3.18 10.4`, `PS3.18 F`, `RFC 9110`: what a clause belongs to."""
    document, _, number = clause.partition(" ")
    if document == "RFC":
        return f"RFC {number.partition(' ')[0]}"
    pieces = number.split(".")
    return f"{document} {'.'.join(pieces[:2]) if pieces[0] in ('8', '10', '11') else pieces[0]}"


def listed(judged: Judged, outcome: str) -> list[str]:
    """A table of the assertions with one outcome."""
    found = [result for result in judged.results if result.outcome == outcome]
    if not found:
        return []
    found.sort(key=lambda result: (clause_key(result.clause), result.sentence))
    rows = [f"| {result.clause} | {cell(result.sentence)} | {cell(result.remark)} |" for result in found]
    return ["| clause | assertion | remark |", "|---|---|---|", *rows]


def cell(text: str) -> str:
    """What differs from run to run is left out: the page changes only where a result does."""
    for pattern, word in PASSING:
        text = pattern.sub(word, text)
    return " ".join(text.replace("|", "\\|").replace("`", "'").split())[:160]


if __name__ == "__main__":
    raise SystemExit(main())
