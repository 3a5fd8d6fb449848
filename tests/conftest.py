"""Fixtures every test may use."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is.
settings.register_profile("hounsfield", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("hounsfield")

PROJECT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The shared corpus of real DICOM files; the test is skipped where it is not at hand."""
    root = Path(os.environ.get("HOUNSFIELD_CORPUS", PROJECT.parent / "shared" / "corpus"))
    if not (root / "MANIFEST.tsv").is_file():
        pytest.skip("the shared corpus is not beside the checkout (set HOUNSFIELD_CORPUS)")
    return root


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """None of what is loaded for the tests is garbage, and no collection during one of them goes through it."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests are spread over the others: processes that share a suite get equal parts, and none of these is left for the end."""
    long = [item for item in items if item.get_closest_marker("long")]
    items[:] = [item for item in items if not item.get_closest_marker("long")]
    step = len(items) / max(1, len(long))
    for number, item in reversed(list(enumerate(long))):
        items.insert(int(number * step), item)
