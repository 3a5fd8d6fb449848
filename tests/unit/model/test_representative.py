"""Which series stands for a study."""

from __future__ import annotations

import pytest

from hounsfield.model.representative import SeriesFacts, is_localizer, rank


def first(*facts: SeriesFacts) -> SeriesFacts:
    return min(facts, key=rank)


CHEST = SeriesFacts(4, "CT", "Thorax 5.0 B31f", 90)


@pytest.mark.parametrize(
    "other",
    [
        SeriesFacts(1, "CT", "Topogram  0.6  T20s", 1),
        SeriesFacts(1, "CT", "SCOUT", 2),
        SeriesFacts(1, "MR", "3-plane_loc", 15),
        SeriesFacts(1, "MR", "localizer", 15),
        SeriesFacts(1, "CT", "Surview", 1),
        SeriesFacts(1, "MR", "Survey_MST", 9),
        SeriesFacts(1, "CT", "Patient Protocol", 1),
        SeriesFacts(1, "CT", "Dose Report", 1),
        SeriesFacts(1, "CT", "Screen Save", 12),
        SeriesFacts(1, "SEG", "lungs", 1),
        SeriesFacts(1, "SR", "report", 0),
        SeriesFacts(1, "OT", "scanned letter", 1),
        SeriesFacts(1, "RTDOSE", "", 1),
        SeriesFacts(None, "CT", "Thorax 1.0", 900),
        SeriesFacts(5, "CT", "Thorax 1.0", 900),
    ],
)
def test_what_was_looked_for_comes_first(other: SeriesFacts) -> None:
    assert first(other, CHEST) == first(CHEST, other) == CHEST


@pytest.mark.parametrize("description", ["Locally advanced", "lochia", "AX T1 POST", "Pilotage", ""])
def test_names_that_only_look_alike(description: str) -> None:
    assert first(SeriesFacts(1, "MR", description, 3), CHEST).number == 1


def test_something_is_always_chosen() -> None:
    only = SeriesFacts(1, "SR", "", 0)
    assert first(only) == only
    assert first(only, SeriesFacts(9, "SEG", "", 1)).modality == "SEG"


def test_image_types() -> None:
    assert is_localizer("ORIGINAL\\PRIMARY\\LOCALIZER") and is_localizer("derived\\secondary\\localizer \\CT_SOM5 TOP")
    assert not is_localizer("ORIGINAL\\PRIMARY\\AXIAL") and not is_localizer("")
