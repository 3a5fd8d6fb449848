"""Grey pictures against DCMTK's own rendering: first window of the header, and presentation states."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image

from dicomweb_kit.pacs import open_pacs

pytestmark = pytest.mark.skipif(shutil.which("dcm2pnm") is None, reason="DCMTK is not installed")

WINDOWED = (
    "image/pydicom/examples_overlay.dcm",
    "image/pydicom/CT_small.dcm",
    "image/pydicom/MR_small_bigendian.dcm",
    "image/pydicom/MR_small_RLE.dcm",
)


def shown_here(folder: Path, *paths: Path) -> np.ndarray:
    """The last object's picture."""
    last = pydicom.dcmread(paths[-1])
    resource = f"/studies/{last.StudyInstanceUID}/series/{last.SeriesInstanceUID}/instances/{last.SOPInstanceUID}"
    with open_pacs(folder) as pacs:
        assert pacs.store(*(path.read_bytes() for path in paths)).status_code == 200
        response = pacs.get(f"{resource}/rendered", "image/png")
    assert response.status_code == 200, response.text
    return np.asarray(Image.open(io.BytesIO(response.content))).astype(int)


@pytest.mark.parametrize("name", WINDOWED)
def test_the_first_window(corpus: Path, tmp_path: Path, name: str) -> None:
    windowed = "WindowCenter" in pydicom.dcmread(corpus / name, stop_before_pixels=True)
    if not windowed:
        pytest.skip("the object has no window")
    command = ["dcm2pnm", "--write-raw-pnm", "--use-window", "1", str(corpus / name), str(tmp_path / "theirs.pgm")]
    subprocess.run(command, check=True, capture_output=True)
    theirs = np.asarray(Image.open(tmp_path / "theirs.pgm")).astype(int)
    ours = shown_here(tmp_path / "pacs", corpus / name)
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() <= 1


def test_a_presentation_state(corpus: Path, tmp_path: Path) -> None:
    image, state = (corpus / "modality" / "PR" / name for name in ("imageForPrLUTs.dcm", "prLUTs.dcm"))
    command = ["dcmp2pgm", "-p", str(state), str(image), str(tmp_path / "theirs.pgm")]
    subprocess.run(command, check=True, capture_output=True)
    theirs = np.asarray(Image.open(tmp_path / "theirs.pgm")).astype(int)
    ours = shown_here(tmp_path / "pacs", image, state)
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() <= 1
