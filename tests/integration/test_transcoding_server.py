"""Transcoding with a whole server, also one that is killed in the middle of it."""

from __future__ import annotations

import io
from pathlib import Path

import httpx
import numpy as np
import openjpeg
import psutil
import pydicom
import pytest
from pydicom.encaps import generate_frames
from pydicom.uid import HTJ2KLossless

from dicomweb_kit.pacs import parts_of
from dimse_kit.dcmtk import needs_dcmtk
from routing_kit.destination import send, until
from services.command_line import hounsfield
from services.server import Server, is_process_of, launch

CT = "ts/cornerstone3D/CTImage.dcm_RLELosslessTransferSyntax_1.2.840.10008.1.2.5.dcm"
OBJECTS = 5
WITHIN_S = 90.0


def decoders_of_the_web(server: Server) -> int:
    """Children that decode, but for those of the jobs process."""
    found = 0
    for process in psutil.Process(server.process.pid).children(recursive=True):
        parent = process.parent()
        if "hounsfield.codecs.child" in process.cmdline() and parent is not None:
            found += not is_process_of(parent, "jobs")
    return found


def copies(source: Path, folder: Path) -> list[Path]:
    """Under UIDs of their own, pixels that differ not: the same bytes otherwise."""
    paths = []
    for number in range(OBJECTS):
        data_set = pydicom.dcmread(source)
        data_set.SOPInstanceUID = data_set.file_meta.MediaStorageSOPInstanceUID = f"2.25.{number + 1}"
        paths.append(folder / f"{number}.dcm")
        data_set.save_as(paths[-1])
    return paths


@needs_dcmtk
@pytest.mark.parametrize("killed", [False, pytest.param(True, marks=pytest.mark.prove)])
def test_what_a_rule_says_is_made_and_served_as_it_lies(corpus: Path, tmp_path: Path, killed: bool) -> None:
    data_dir = tmp_path / "data"
    files = copies(corpus / CT, tmp_path)

    def status() -> dict[str, object]:
        found: dict[str, object] = hounsfield("transcode", "status", "--json", "--data-dir", data_dir).json
        return found

    assert hounsfield("transcode", "rule", "add", "ct", "--match", "Modality=CT", "--data-dir", data_dir).code == 0
    server = launch(data_dir, "--open-access")
    try:
        send(server, "-xr", *files)  # type: ignore[arg-type]
        if killed:
            assert until(lambda: status()["renditions"] != 0, WITHIN_S), server.output.read_text()[-3000:]
            server.kill()
            server = launch(data_dir, "--open-access")
        assert until(lambda: status()["renditions"] == OBJECTS, WITHIN_S), server.output.read_text()[-3000:]
        verified = hounsfield("verify", "--json", "--data-dir", data_dir)
        assert verified.json == {"verified": OBJECTS, "damaged": [], "renditions": OBJECTS, "damaged_renditions": []}
        expected = pydicom.dcmread(files[0])
        path = f"/studies/{expected.StudyInstanceUID}/series/{expected.SeriesInstanceUID}"
        accept = {"Accept": f'multipart/related; type="application/dicom"; transfer-syntax={HTJ2KLossless}'}
        parts = parts_of(httpx.get(server.dicom_web + path, headers=accept, timeout=60))
        assert len(parts) == OBJECTS
        for _type, body in parts:
            data_set = pydicom.dcmread(io.BytesIO(body))
            (frame,) = generate_frames(data_set.PixelData, number_of_frames=1)
            assert np.array_equal(openjpeg.decode(frame), expected.pixel_array)
        assert decoders_of_the_web(server) == 0
        original = {"Accept": "application/dicom; transfer-syntax=*"}
        one = httpx.get(f"{server.dicom_web}{path}/instances/2.25.1", headers=original, timeout=60)
        assert pydicom.dcmread(io.BytesIO(one.content)).PixelData == expected.PixelData
        plain = {"Accept": "application/dicom; transfer-syntax=1.2.840.10008.1.2.1"}
        httpx.get(f"{server.dicom_web}{path}/instances/2.25.1", headers=plain, timeout=60)
        assert decoders_of_the_web(server) == 1, "what is made anew does need one"
    finally:
        server.kill()
