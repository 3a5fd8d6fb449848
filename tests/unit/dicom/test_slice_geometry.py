"""Slices read from DICOM JSON: classic images, enhanced ones, odd ones; and what the corpus holds."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pydicom
import pytest

from hounsfield.dicom.slice_geometry import slices_of
from hounsfield.model.volume import LeftOut, PlacedSlice
from hounsfield.model.volume_geometry import judge


def classic(**change: Any) -> dict[str, Any]:
    """An axial image by tags; None takes one away."""
    values: dict[str, Any] = {
        "00080008": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "00080018": ["1.2.3"],
        "00180086": [2],
        "00181060": [412.5],
        "00200013": [7],
        "00200032": [-100.5, 20, 33.25],
        "00200037": [1, 0, 0, 0, 1, 0],
        "00200052": ["1.2.9"],
        "00280002": [1],
        "00280010": [64],
        "00280011": [48],
        "00280030": [0.7, 0.5],
    }
    values.update({f"{tag[1:]}": value for tag, value in change.items()})
    return {tag: {"vr": "UN", "Value": value} for tag, value in values.items() if value is not None}


def only(instance: dict[str, Any]) -> PlacedSlice:
    [(placed, reason, _uid, number)] = slices_of(instance)
    assert placed is not None
    assert (reason, number) == (None, 1)
    return placed


def test_a_classic_image() -> None:
    placed = only(classic())
    assert (placed.position, placed.row, placed.column) == ((-100.5, 20, 33.25), (1, 0, 0), (0, 1, 0))
    assert (placed.rows, placed.columns, placed.spacing_mm, placed.instance_number) == (64, 48, (0.7, 0.5), 7)
    assert placed.traits == {"EchoNumbers": "2", "TriggerTime": "412.5", "ImageType": "ORIGINAL\\PRIMARY\\AXIAL"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"_00200032": None}, LeftOut.NO_PLANE),
        ({"_00200032": [1, 2]}, LeftOut.NO_PLANE),
        ({"_00200032": [1, 2, "x"]}, LeftOut.NO_PLANE),
        ({"_00200032": [1, 2, 1e30]}, LeftOut.NO_PLANE),
        ({"_00200032": [1, None, 3]}, LeftOut.NO_PLANE),
        ({"_00200037": [1, 0, 0, 1, 0, 0]}, LeftOut.NO_PLANE),
        ({"_00200037": [0, 0, 0, 0, 0, 0]}, LeftOut.NO_PLANE),
        ({"_00280030": [0, 0.5]}, LeftOut.NO_PLANE),
        ({"_00280030": None}, LeftOut.NO_PLANE),
        ({"_00280002": [3]}, LeftOut.COLOUR),
        ({"_00080008": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, LeftOut.LOCALIZER),
    ],
)
def test_what_is_no_slice_says_why(change: dict[str, Any], reason: LeftOut) -> None:
    assert list(slices_of(classic(**change))) == [(None, reason, "1.2.3", 1)]


def test_an_object_without_pixels_is_nothing() -> None:
    assert list(slices_of(classic(_00280010=None))) == []
    assert list(slices_of({})) == []
    assert list(slices_of({"00280010": "x", "00280011": {"Value": "64"}})) == []


def test_an_enhanced_image() -> None:
    """Its functional groups: a frame's own before the shared ones."""

    def item(**tags: Any) -> dict[str, Any]:
        return {tag[1:]: {"vr": "UN", "Value": value} for tag, value in tags.items()}

    def frame(z: float, b_value: float) -> dict[str, Any]:
        return item(
            _00209113=[item(_00200032=[0, 0, z])],
            _00189117=[item(_00189087=[b_value])],
            _00209111=[item(_00209056=["1"], _00209128=[3])],
        )

    shared = item(_00209116=[item(_00200037=[1, 0, 0, 0, 0, -1])], _00289110=[item(_00280030=[2, 2])])
    absent: dict[str, Any] = {"_00200032": None, "_00200037": None, "_00280030": None, "_00180086": None, "_00181060": None}
    image = classic(_00280008=[2], _52009229=[shared], _52009230=[frame(5, 0), frame(7.5, 1000)], **absent)
    found = [placed for placed, *_ in slices_of(image)]
    assert [(one.frame, one.position, one.spacing_mm) for one in found if one] == [(1, (0, 0, 5), (2, 2)), (2, (0, 0, 7.5), (2, 2))]
    assert found[1] is not None
    assert found[1].column == (0, 0, -1)
    assert found[1].traits == {
        "DiffusionBValue": "1000",
        "StackID": "1",
        "TemporalPositionIndex": "3",
        "ImageType": "ORIGINAL\\PRIMARY\\AXIAL",
    }


def test_a_claim_of_a_million_frames_ends() -> None:
    found = [reason for _, reason, *_ in slices_of(classic(_00280008=[4_000_000_000]))]
    assert (len(found), set(found)) == (20_000, {LeftOut.NO_PLANE})


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        ("ct_philips_S21610", [(58, 2.397, 16.5, ["tilted"])]),
        ("ct_acrin-flt-breast_99", [(99, 4.25, 0.0, [])]),
        ("mr_dcm4che_16", [(16, 2.0, 0.0, [])]),
        ("mr_ihe-dept011", [(20, 7.5, 0.0, []), (16, 7.0, 0.0, [])]),
        ("usmf_ihe-dept022", []),
    ],
)
def test_what_the_corpus_holds(corpus: Path, series: str, expected: list[tuple[int, float, float, list[str]]]) -> None:
    """The tilted CT has the angle that its header states; its localizer is left out."""
    placed = []
    for path in sorted((corpus / "series" / series).rglob("*")):
        if path.is_file() and path.suffix not in (".txt", ".md"):
            data_set = json.loads(pydicom.dcmread(path, stop_before_pixels=True).to_json(suppress_invalid_tags=True))
            placed += [one for one, *_ in slices_of(data_set) if one]
    volumes, _ = judge(placed)
    found = [
        (len(one.slices), round(one.step_mm, 3), round(one.tilt_degrees, 1), [str(finding) for finding in one.findings]) for one in volumes
    ]
    assert found == expected


def test_a_thousand_slices_are_judged_in_a_moment() -> None:
    """Some 20 ms where nothing else runs."""
    images = [classic(_00200032=[0, 0, at * 0.6], _00080018=[f"1.2.{at}"]) for at in range(1000)]
    started = time.process_time()
    volumes, _ = judge([one for image in images for one, *_ in slices_of(image) if one])
    assert time.process_time() - started < 0.5
    assert len(volumes[0].slices) == 1000
