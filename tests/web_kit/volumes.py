"""A block with a marker, sampled into slices of any geometry: what is where in the patient is known to the millimetre."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from pydicom.uid import CTImageStorage, generate_uid

from web_kit.pages import Site
from web_kit.phantoms import phantom

CENTRE = np.array([10.0, -20.0, 35.0])
"""Of the block, mm in the patient."""
BLOCK_MM = np.array([40.0, 26.0, 32.0])
"""Along x, y and z of the patient."""
MARKER = CENTRE + np.array([12.0, -7.0, 9.0])
MARKER_MM = 3.5
"""Radius."""
AIR, TISSUE, METAL = -1000, 100, 1500
"""HU; air is what is outside the block."""


def values(points: Any) -> Any:
    """HU at points of the patient, (..., 3)."""
    within = (np.abs(points - CENTRE) <= BLOCK_MM / 2).all(axis=-1)
    marked = np.linalg.norm(points - MARKER, axis=-1) <= MARKER_MM
    return np.where(marked, METAL, np.where(within, TISSUE, AIR))


def slices(
    study: str,
    *,
    row: Sequence[float] = (1, 0, 0),
    column: Sequence[float] = (0, 1, 0),
    lean: float = 0.0,
    count: int = 25,
    lost: frozenset[int] = frozenset(),
    **more: Any,
) -> list[bytes]:
    """A CT series around the block, 2.5 mm a step, pixels 1.2 mm by 0.8 mm. lean: mm down the column for each mm along the normal."""
    across, down = np.array(row, float), np.array(column, float)
    normal = np.cross(across, down)
    rows, columns, step, spacing = 64, 88, 2.5, (1.2, 0.8)
    series, frame_of_reference = generate_uid(), generate_uid()
    found = []
    for number in range(count):
        if number in lost:
            continue
        away = (number - (count - 1) / 2) * step
        middle = CENTRE + away * normal + away * lean * down
        first = middle - across * (columns - 1) / 2 * spacing[1] - down * (rows - 1) / 2 * spacing[0]
        places = (
            first
            + np.arange(rows)[:, None, None] * spacing[0] * down
            + np.arange(columns)[None, :, None] * spacing[1] * across
        )  # fmt: skip
        pixels = (values(places) + 1024).astype(np.uint16)
        attributes = {
            "SOPClassUID": CTImageStorage,
            "SeriesInstanceUID": series,
            "FrameOfReferenceUID": frame_of_reference,
            "Modality": "CT",
            "InstanceNumber": number + 1,
            "ImageOrientationPatient": [*map(float, across), *map(float, down)],
            "ImagePositionPatient": [float(one) for one in first],
            "PixelSpacing": list(spacing),
            "RescaleSlope": 1,
            "RescaleIntercept": -1024,
            "RescaleType": "HU",
            "WindowCenter": 200,
            "WindowWidth": 2400,
            "BitsStored": 12,
            **more,
        }
        found.append(phantom(pixels, study=study, number=1, name="Block", **attributes)[2])
    return found


def store_all(page: Any, site: Site, files: Sequence[bytes]) -> None:
    """In one request of STOW-RS, as a person who is signed in."""
    token = page.request.get(f"{site.url}/api/session").json()["csrf_token"]
    body = b"".join(b"--edge\r\nContent-Type: application/dicom\r\n\r\n" + file + b"\r\n" for file in files) + b"--edge--"
    headers = {"Content-Type": 'multipart/related; type="application/dicom"; boundary=edge', "X-CSRF-Token": token}
    answer = page.request.post(f"{site.url}/dicom-web/studies", data=body, headers=headers)
    assert answer.status == 200, answer.text()
