"""What could harm a patient, judged by pixels of phantoms: sides, lengths and their units, proportions, every change of layout."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.uid import CTImageStorage, generate_uid

from web_kit.pages import Tile, until
from web_kit.phantoms import item, phantom, store

pytestmark = pytest.mark.xdist_group("web_app")

SIDE = 64
GROUND, FRAME, RIGHT, BOTTOM = 200, 800, 4000, 2000
"""Stored values: of the ground, of the frame around it, of the marks at the right and at the lower edge."""


def picture() -> NDArray[np.uint16]:
    """A mark at the middle of the right edge, another one at the middle of the lower edge, and a frame around all."""
    pixels = np.full((SIDE, SIDE), GROUND, np.uint16)
    pixels[[0, -1]] = pixels[:, [0, -1]] = FRAME
    pixels[26:38, 52:62] = RIGHT
    pixels[52:62, 26:38] = BOTTOM
    return pixels


def region(left: int, right: int, centimetres: float, units: int = 3) -> Any:
    """An ultrasound region from the top to the bottom."""
    return item(
        RegionSpatialFormat=1,
        RegionDataType=1,
        RegionFlags=0,
        RegionLocationMinX0=left,
        RegionLocationMinY0=0,
        RegionLocationMaxX1=right,
        RegionLocationMaxY1=SIDE - 1,
        PhysicalUnitsXDirection=units,
        PhysicalUnitsYDirection=3,
        PhysicalDeltaX=centimetres,
        PhysicalDeltaY=centimetres,
    )


@dataclass(frozen=True)
class Case:
    """A phantom, and what has to be seen of it.

    letters: of the right and the lower edge. scale: what the scale bar says, the mm of a column, and how high a pixel is against its width.
    lengths: from point to point (column, row), with the words of the list.
    """

    attributes: dict[str, Any]
    letters: tuple[str, str] = ("", "")
    scale: tuple[str, float, float] = ("no spacing", 0, 1)
    lengths: dict[tuple[tuple[int, int], tuple[int, int]], str] = field(default_factory=dict)


ACROSS, DOWN = ((10, 20), (30, 20)), ((20, 10), (20, 30))
COSINE, SINE = np.cos(np.radians(20)).round(6), np.sin(np.radians(20)).round(6)
CT: dict[str, Any] = {
    "SOPClassUID": CTImageStorage,
    "Modality": "CT",
    "RescaleSlope": 1,
    "RescaleIntercept": -1024,
    "RescaleType": "HU",
    "WindowCenter": 1024,
    "ImagePositionPatient": [-10, 20, 30],
}
AXIAL, SAGITTAL, TILTED = [1, 0, 0, 0, 1, 0], [0, 1, 0, 0, 0, -1], [1, 0, 0, 0, COSINE, -SINE]

CASES: dict[str, Case] = {
    "anisotropic": Case(
        {**CT, "ImageOrientationPatient": AXIAL, "PixelSpacing": [0.8, 0.4]},
        ("L", "P"),
        ("calibrated", 0.4, 2),
        {ACROSS: "8.0 mm calibrated", DOWN: "16.0 mm calibrated"},
    ),
    "sagittal": Case(
        {**CT, "ImageOrientationPatient": SAGITTAL, "PixelSpacing": [0.5, 0.5]},
        ("P", "F"),
        ("calibrated", 0.5, 1),
    ),
    "tilted": Case(
        {**CT, "ImageOrientationPatient": TILTED, "PixelSpacing": [0.5, 0.5], "GantryDetectorTilt": 20},
        ("L", "PF"),
        ("calibrated", 0.5, 1),
        {DOWN: "10.0 mm calibrated"},
    ),
    "projection": Case(
        {
            "PatientOrientation": ["L", "F"],
            "ImagerPixelSpacing": [0.3, 0.3],
            "EstimatedRadiographicMagnificationFactor": 1.5,
        },
        ("L", "F"),
        ("corrected by magnification", 0.2, 1),
        {ACROSS: "4.0 mm detector spacing by magnification"},
    ),
    "detector": Case(
        {"PatientOrientation": ["R", "F"], "ImagerPixelSpacing": [0.2, 0.2]},
        ("R", "F"),
        ("detector plane", 0.2, 1),
        {ACROSS: "20.0 px"},
    ),
    "no spacing": Case({"PixelAspectRatio": [3, 2]}, scale=("no spacing", 1, 1.5), lengths={ACROSS: "20.0 px"}),
    "one region": Case(
        {"Modality": "US", "SequenceOfUltrasoundRegions": [region(0, 63, 0.03)]},
        scale=("ultrasound region", 0.3, 1),
        lengths={ACROSS: "6.0 mm by ultrasound region"},
    ),
    "two regions": Case(
        {"Modality": "US", "SequenceOfUltrasoundRegions": [region(0, 30, 0.02), region(31, 63, 0.05)]},
        scale=("ultrasound region", 0.5, 1),
        lengths={
            ((5, 20), (25, 20)): "4.0 mm by ultrasound region",
            ((35, 50), (55, 50)): "10.0 mm by ultrasound region",
            ((20, 36), (40, 36)): "20.0 px",
        },
    ),
    "a region of time": Case(
        {"Modality": "US", "SequenceOfUltrasoundRegions": [region(0, 63, 0.01, units=4)]},
        lengths={ACROSS: "20.0 px"},
    ),
}


@pytest.fixture
def opened(open_page: Any, signed_in: Any, site: Any) -> Tile:
    """A study with a series for each phantom; the first is shown."""
    page = open_page("/nowhere", state=signed_in, width=1080, height=640)
    study = generate_uid()
    for number, (name, case) in enumerate(CASES.items(), start=1):
        # Somebody without priors: nothing is hung beside.
        usual = {"BitsStored": 12, "WindowCenter": 2048, "WindowWidth": 4096, "PatientID": study[-16:]}
        store(page, site, phantom(picture(), study=study, number=number, name=name, **{**usual, **case.attributes})[2])
    page.goto(f"{site.url}/viewer/{study}")
    tile = Tile(page)
    tile.wait()
    # However it was hung.
    page.keyboard.press("F1")
    page.wait_for_selector("[data-testid=tile-1]", state="detached")
    for _ in CASES:
        page.keyboard.press("PageUp")
    tile.wait_for_corner("bl", next(iter(CASES)))
    tile.wait()
    return tile


def each_case(tile: Tile, check: Callable[[Tile, Case], None]) -> None:
    """PgDn goes through them."""
    for position, (name, case) in enumerate(CASES.items()):
        if position:
            tile.page.keyboard.press("PageDown")
        tile.wait_for_corner("bl", name)
        tile.wait()
        check(tile, case)


def extent(shown: NDArray[np.uint8]) -> tuple[float, float, float, float]:
    """Left, top, width and height of what is not black."""
    bright = shown[..., 0] > 5
    columns, rows = np.flatnonzero(bright.any(axis=0)), np.flatnonzero(bright.any(axis=1))
    return columns[0], rows[0], columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1


def fitted(shown: NDArray[np.uint8], height_of_pixel: float) -> None:
    """The whole image fills its tile, in the middle and in its proportions."""
    rows, columns = shown.shape[:2]
    scale = min(columns, rows / height_of_pixel) / SIDE
    wanted = SIDE * scale, SIDE * scale * height_of_pixel
    left, top, width, height = extent(shown)
    assert (width, height) == pytest.approx(wanted, abs=2.5)
    assert (left, top) == pytest.approx(((columns - wanted[0]) / 2, (rows - wanted[1]) / 2), abs=2.5)


def edge_of(shown: NDArray[np.uint8], least: int, most: int) -> str:
    """At which edge of the picture (l, r, t, b) the mark of such a shade lies."""
    found = (shown[..., 0] >= least) & (shown[..., 0] <= most)
    left, top, width, height = extent(shown)
    rows, columns = np.nonzero(found)
    across, down = (columns.mean() - left) / width - 0.5, (rows.mean() - top) / height - 0.5
    if abs(across) > abs(down):
        return "r" if across > 0 else "l"
    return "b" if down > 0 else "t"


OPPOSITE = {"l": "r", "r": "l", "t": "b", "b": "t"}
ABOUT = dict(zip("LRAPHF", "RLPAFH", strict=True))


def test_letters_are_at_the_side_where_the_marks_are(opened: Tile) -> None:
    """Whatever is flipped and turned: the letter of a side stands at the edge to which its mark has gone."""
    turns = cycle([["h"], ["]", "v"], ["["], ["v"], ["]", "]"], ["h", "["]])

    def told_right(tile: Tile, case: Case, shown: NDArray[np.uint8]) -> bool:
        wanted = {edge_of(shown, 230, 255): case.letters[0], edge_of(shown, 110, 150): case.letters[1]}
        wanted |= {OPPOSITE[edge]: "".join(ABOUT[letter] for letter in letters) for edge, letters in wanted.items()}
        return tile.letters() == " ".join(wanted[edge] for edge in "lrtb")

    def check(tile: Tile, case: Case) -> None:
        before = tile.pixels()
        assert (edge_of(before, 230, 255), edge_of(before, 110, 150)) == ("r", "b")
        assert told_right(tile, case, before)
        for key in next(turns):
            tile.page.keyboard.press(key)
        turned = tile.changed_from(before)
        tile.until(lambda now: told_right(tile, case, now))
        assert (edge_of(turned, 230, 255), edge_of(turned, 110, 150)) != ("r", "b")

    each_case(opened, check)


def test_lengths_angles_areas_and_values(opened: Tile) -> None:
    """As computed from the phantom, with unit and source; and the scale bar is as long as it says."""
    page = opened.page
    page.click("header [aria-label=Measurements]")
    page.wait_for_selector("[data-testid=measurements]")
    drawn = 0

    def placed(tile: Tile) -> Callable[[tuple[float, float]], tuple[float, float]]:
        """Columns and rows of the image to places on the page."""
        left, top, width, height = extent(tile.pixels())
        box = tile.root.bounding_box()
        return lambda point: (box["x"] + left + point[0] / SIDE * width, box["y"] + top + point[1] / SIDE * height)

    def draw(tile: Tile, key: str, start: tuple[float, float], *others: tuple[float, float], told: Callable[[str], bool]) -> None:
        """Until the list tells it: the last step of the pointer may follow the entry."""
        nonlocal drawn
        page.keyboard.press(key)
        on_page = placed(tile)
        page.mouse.move(*on_page(start))
        page.mouse.down()
        for at, point in enumerate(others):
            page.mouse.move(*on_page(point), steps=3)
            if at:
                page.mouse.down()
            page.mouse.up()
        drawn += 1
        until(page, f"document.querySelectorAll('[data-testid=measurement]').length === {drawn}")
        text = ""
        for _ in range(200):
            text = " ".join(page.locator("[data-testid=measurement]").last.inner_text().split())
            if told(text):
                return
            page.wait_for_timeout(20)
        raise AssertionError(text)

    def says(pattern: str, *numbers: float) -> Callable[[str], bool]:
        """These words, and numbers within 2 %: a pointer stands on whole pixels."""

        def told(text: str) -> bool:
            found = re.search(pattern, text.replace("−", "-"))
            return found is not None and [float(one) for one in found.groups()] == pytest.approx(numbers, rel=0.02)

        return told

    def check(tile: Tile, case: Case) -> None:
        tile.until(lambda now: now.shape[1] < 760)
        fitted(tile.pixels(), case.scale[2])
        bar = tile.root.locator("[data-testid=scale]")
        said = re.fullmatch(r"([0-9.]+ \S+)\s+(.+)", " ".join(bar.inner_text().split()))
        assert said is not None, bar.inner_text()
        label, source = said.groups()
        assert source == case.scale[0]
        length, unit = label.split()
        mm_of_column = case.scale[1] or 1
        long = float(length) * {"mm": 1, "cm": 10, "µm": 0.001, "px": 1}[unit]
        assert (unit == "px") == (source == "no spacing")
        per_column = extent(tile.pixels())[2] / SIDE
        assert bar.locator(".scale-line").bounding_box()["width"] == pytest.approx(long / mm_of_column * per_column, rel=0.02)
        for (start, end), wanted in case.lengths.items():
            number, words = wanted.split(" ", 1)
            draw(tile, "l", start, end, told=says(rf"Length \d+ Length ([0-9.]+) {words}.* · not saved", float(number)))

    each_case(opened, check)
    for _ in CASES:
        page.keyboard.press("PageUp")
    opened.wait_for_corner("bl", "anisotropic")
    opened.wait()
    # 45 degrees of millimetres, not of pixels.
    draw(opened, "a", (10, 40), (30, 40), (10, 30), told=says(r"Angle ([0-9.]+)°", 45))
    area = 20 * 0.4 * 20 * 0.8
    draw(opened, "r", (10, 10), (30, 30), told=says(r"Area ([0-9.]+) mm² Mean (-[0-9.]+) HU", area, GROUND - 1024))


def test_every_layout_and_every_size_keeps_the_pictures(opened: Tile) -> None:
    """Nine tiles, eight, nine again, four, one: each picture fills its tile, undistorted, whatever came and went."""
    page = opened.page

    def all_fitted(count: int) -> None:
        names: set[str] = set()
        for position in range(count):
            tile = Tile(page, position)
            tile.wait()
            shown = tile.until(
                lambda now, tile=tile: now.shape[1] == round(tile.root.bounding_box()["width"]) and now.max() > 5 and extent(now)[0] >= 0
            )
            name = next(name for name in CASES if f"· {name}" in tile.corner("bl"))
            names.add(name)
            fitted(shown, CASES[name].scale[2])
        assert len(names) == count

    for key, count in (("F9", 9), ("F8", 8), ("F9", 9), ("F4", 4), ("F9", 9)):
        page.keyboard.press(key)
        page.wait_for_selector(f"[data-testid=tile-{count}]", state="detached")
        all_fitted(count)
    page.set_viewport_size({"width": 760, "height": 700})
    all_fitted(9)
    page.set_viewport_size({"width": 1080, "height": 640})
    page.keyboard.press("F1")
    page.wait_for_selector("[data-testid=tile-1]", state="detached")
    all_fitted(1)
