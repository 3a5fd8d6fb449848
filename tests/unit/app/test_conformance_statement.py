"""The conformance statement is made from the services, and says what they answer today."""

from __future__ import annotations

import runpy
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]


def test_the_statement_is_current() -> None:
    page = runpy.run_path(str(PROJECT / "tools" / "make_conformance_statement.py"))["text"]()
    assert (PROJECT / "docs" / "reference" / "conformance.md").read_text() == page, "run tools/make_conformance_statement.py"
