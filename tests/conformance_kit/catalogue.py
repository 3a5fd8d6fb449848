"""Each assertion with its clause of the standard and its sentence, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

clause = pytest.mark.clause
"""`@clause("PS3.18 10.5.3.1", "one object is answered with 200")`; both may name parameters of the case in braces."""

PROPERTY = "conformance"
NOT_OFFERED = "not offered"

Outcome = Literal["passed", "failed", "not offered", "not run"]


@dataclass(frozen=True, slots=True)
class Assertion:
    """clause: where the standard says so; sentence: what it says, of this case."""

    clause: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one assertion. case: its name in the suite; remark: why it failed, or how the server declined."""

    case: str
    clause: str
    sentence: str
    outcome: Outcome
    remark: str = ""


def assertion_of(marker: pytest.Mark, parameters: Mapping[str, object]) -> Assertion:
    """The assertion of one case, its parameters filled in."""
    where, sentence = marker.args
    return Assertion(where.format(**parameters), sentence.format(**parameters))


def outcome_of(report: pytest.TestReport) -> tuple[Outcome, str] | None:
    """What a phase of a case says of its assertion; None where that is nothing."""
    if report.failed:
        crash = getattr(report.longrepr, "reprcrash", None)
        text = crash.message if crash is not None else str(report.longrepr)
        lines = text.strip().splitlines()
        return "failed", (lines[0] if lines else "failed")[:300]
    if report.skipped:
        text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        text = text.removeprefix("Skipped: ")
        return ("not offered" if text.startswith(NOT_OFFERED) else "not run"), text.removeprefix(f"{NOT_OFFERED}: ")
    return ("passed", "") if report.when == "call" else None


def write_json(path: Path, server: str, results: Iterable[Result]) -> None:
    """The results for programs, in the order of their clauses."""
    document: dict[str, Any] = {"server": server, "results": [asdict(result) for result in in_order(results)]}
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n")


def write_markdown(path: Path, server: str, results: Iterable[Result]) -> None:
    """The results for people: one row an assertion."""
    rows = [f"# DICOMweb conformance of {server}", "", "| clause | assertion | result | remark |", "|---|---|---|---|"]
    for result in in_order(results):
        cells = (result.clause, result.sentence, result.outcome, result.remark)
        rows.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
    path.write_text("\n".join(rows) + "\n")


def in_order(results: Iterable[Result]) -> list[Result]:
    """By clause, as the standard counts: 8.9 before 8.10."""
    return sorted(results, key=lambda result: (clause_key(result.clause), result.case))


def clause_key(text: str) -> list[tuple[int, int, str]]:
    """A key that sorts clauses: numbers as numbers, annexes behind them."""
    part, _, number = text.partition(" ")
    pieces = (part.replace("PS3.", "") + "." + number).replace("-", ".").split(".")
    return [(0, int(piece), "") if piece.isdigit() else (1, 0, piece) for piece in pieces]
