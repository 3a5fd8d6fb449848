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
STATUS = re.compile(r"^(?:AssertionError: )?assert (\d{3}) (?:==|!=|<|in) ")
"""How a remark begins where the status of an answer is wrong."""

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

`HOUNSFIELD_CONFORMANCE_URL`, `..._TOKEN`, `..._USER`, `..._REPORT` and `..._NAME` say the same by environment. `..._WADO_URI` names the
base of WADO-URI where that is neither the root nor `/wado` on the same host.

An assertion is *passed*, *failed*, or *not offered*: the server answers the request for a whole service or representation with 400, 404,
405, 406, 415 or 501 as fits, or says in a Warning 299 that it does not support it. What is offered must hold. Where PS3.18 leaves a choice,
each choice is accepted: 204 or an empty array for no matches (CP-2473), 406 or the default media type where a search can give nothing that
is accepted, 400 or 404 for a frame that is not there.

Not asserted: 410 for what was deleted, as PS3.18 has no transaction that deletes; notifications by WebSocket; storage commitment, MPPS.
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
    lines += ["## What is not offered", "", *declined_table(ours, theirs), ""]
    lines += ["## What Hounsfield fails", "", *(failures(ours) or ["Nothing."]), ""]
    lines += [f"## What {theirs.name} fails", "", *failures(theirs)]
    return "\n".join(lines) + "\n"


def results_table(ours: Judged, theirs: Judged) -> list[str]:
    """A row a group: passed / failed / not offered."""
    lines = [f"Passed / failed / not offered, of Hounsfield and of {theirs.name}, as Debian packages it, with its default settings.", ""]
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


def declined_table(ours: Judged, theirs: Judged) -> list[str]:
    """Which services and representations, and how many assertions each leaves unjudged."""
    counts = [Counter(service(result) for result in judged.results if result.outcome == "not offered") for judged in (ours, theirs)]
    rows = [f"| {name} | {counts[0][name] or ''} | {counts[1][name] or ''} |" for name in sorted({*counts[0], *counts[1]}, key=str.lower)]
    return ["| service or representation | assertions, Hounsfield | assertions, Orthanc |", "|---|---|---|", *rows]


def service(result: Result) -> str:
    """What a server declined, without its status."""
    return result.remark.partition(" (")[0].partition(", which")[0]


def failures(judged: Judged) -> list[str]:
    """A table of the assertions that do not hold."""
    found = [result for result in judged.results if result.outcome == "failed"]
    if not found:
        return []
    found.sort(key=lambda result: (clause_key(result.clause), result.sentence))
    rows = []
    for result in found:
        status = STATUS.match(result.remark)
        sentence = result.sentence.replace("|", "\\|").replace("*", "\\*")
        rows.append(f"| {result.clause} | {sentence} | {status[1] if status else ''} |")
    return ["| clause | assertion | status answered instead |", "|---|---|---|", *rows]


if __name__ == "__main__":
    raise SystemExit(main())
