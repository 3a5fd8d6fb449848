"""Fixtures every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The shared corpus of real DICOM files; the test is skipped where it is not at hand."""
    root = Path(os.environ.get("HOUNSFIELD_CORPUS", PROJECT.parent / "shared" / "corpus"))
    if not (root / "MANIFEST.tsv").is_file():
        pytest.skip("the shared corpus is not beside the checkout (set HOUNSFIELD_CORPUS)")
    return root
