"""Decoders belong to the codec children: the other processes stay small."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("process", ["archive_process", "jobs_process", "web", "supervisor"])
def test_no_decoder_and_no_array_library(process: str) -> None:
    asked = f"import sys, hounsfield.app.{process}; print([name for name in ('numpy', 'pydicom') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout.strip() == "[]"
