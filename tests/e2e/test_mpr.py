"""The reformat, judged by its pixels against a block whose place in the patient is known."""

from __future__ import annotations

import base64
from math import cos, radians, sin
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.uid import generate_uid

from web_kit.gallery import keep_picture
from web_kit.pages import Tile, until
from web_kit.volumes import BLOCK_MM, CENTRE, MARKER, slices, store_all

pytestmark = pytest.mark.xdist_group("web_app")

PLANES = {"axial": (0, 1, 1, 1), "coronal": (0, 1, 2, -1), "sagittal": (1, 1, 2, -1)}
"""Axis of the patient to the right and its direction; axis downwards and its direction."""


class Reformat:
    """Three planes on a page, as a person sees them."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def wait(self) -> None:
        """Until all slices are in, and drawn."""
        for plane in PLANES:
            self.page.wait_for_selector(f"[data-testid=mpr-{plane}][data-status=ready]")
        self.settle()

    def settle(self) -> None:
        """Until what was asked for is on the screen: drawings while loading come a moment late."""
        self.page.wait_for_timeout(200)
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def grey(self, plane: str) -> NDArray[np.float64]:
        """What is on the canvas, 0 to 255."""
        width, height, encoded = self.page.evaluate(
            """(plane) => {
                const canvas = document.querySelector(`[data-testid=mpr-${plane}] canvas`);
                const { width, height } = canvas;
                const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
                let text = '';
                for (let at = 0; at < data.length; at += 32768) text += String.fromCharCode(...data.subarray(at, at + 32768));
                return [width, height, btoa(text)];
            }""",
            plane,
        )
        return np.frombuffer(base64.b64decode(encoded), np.uint8).reshape(height, width, 4)[..., :3].astype(float).mean(axis=2)

    def middle(self, plane: str) -> tuple[float, float]:
        """Where the crosshair is on the picture."""
        circle = self.page.locator(f"[data-testid=mpr-middle-{plane}]")
        return float(circle.get_attribute("cx")), float(circle.get_attribute("cy"))

    def mm_per_pixel(self, plane: str) -> float:
        """By the scale bar."""
        label, width = self.page.evaluate(
            """(plane) => {
                const scale = document.querySelector(`[data-testid=mpr-${plane}] [data-testid=scale]`);
                const line = scale.querySelector('.scale-line');
                return [scale.innerText, parseFloat(line.style.width)];
            }""",
            plane,
        )
        number, unit = label.split()
        return float(number) * {"mm": 1, "cm": 10}[unit] / float(width)

    def letters(self, plane: str) -> str:
        """Left, right, top, bottom."""
        return " ".join(self.page.inner_text(f"[data-testid=mpr-{plane}] [data-testid=letter-{edge}]") for edge in "lrtb")

    def click(self, plane: str, x: float, y: float) -> None:
        """At a place of the picture, until the crosshair is there: a click might be the first of two."""
        box = self.page.locator(f"[data-testid=mpr-{plane}]").bounding_box()
        self.page.mouse.click(box["x"] + x, box["y"] + y)
        circle = f"document.querySelector('[data-testid=mpr-middle-{plane}]')"
        until(self.page, f"Math.hypot({circle}.cx.baseVal.value - {x}, {circle}.cy.baseVal.value - {y}) < 1.5")
        self.settle()


def opened(page: Any, site: Any, **geometry: Any) -> Reformat:
    """Stores the block, opens it, and asks for the reformat."""
    study = generate_uid()
    store_all(page, site, slices(study, **geometry))
    page.goto(f"{site.url}/viewer/{study}")
    Tile(page).wait()
    page.keyboard.press("m")
    reformat = Reformat(page)
    reformat.wait()
    return reformat


def extent(grey: NDArray[np.float64], least: float) -> tuple[float, float, float, float]:
    """Left, right, top, bottom of what is brighter."""
    bright = grey > least
    columns, rows = np.flatnonzero(bright.sum(axis=0) > 8), np.flatnonzero(bright.sum(axis=1) > 8)
    return float(columns[0]), float(columns[-1] + 1), float(rows[0]), float(rows[-1] + 1)


TURN = radians(25)
GEOMETRIES: dict[str, dict[str, Any]] = {
    "turned": {"row": (cos(TURN), sin(TURN), 0), "column": (-sin(TURN) * cos(0.3), cos(TURN) * cos(0.3), sin(0.3))},
    "tilted": {"lean": 0.35},
}


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_what_is_where_in_the_patient_is_there_in_all_planes(open_page: Any, signed_in: Any, site: Any, geometry: str) -> None:
    """Proportions, letters, and a marker under the crosshair, whatever the slices' direction; a tilt is corrected and said."""
    page = open_page("/nowhere", state=signed_in, width=1100, height=760)
    reformat = opened(page, site, **GEOMETRIES[geometry])
    badge = page.locator("[data-testid=mpr-axial] .badge")
    assert badge.all_inner_texts() == (["TILT 19.3° corrected"] if geometry == "tilted" else [])
    if geometry == "tilted":
        assert "tilted by 19.3°" in page.inner_text("[data-testid=mpr-remarks]")
        keep_picture(page, "mpr-tilt", "A tilted CT is resampled, and says so")
    assert [reformat.letters(plane) for plane in PLANES] == ["R L A P", "R L H F", "A P H F"]
    for plane, (across, _, down, _) in PLANES.items():
        left, right, top, bottom = extent(reformat.grey(plane), 90)
        scale = reformat.mm_per_pixel(plane)
        # Edges are as sharp as the voxels: 2.5 mm at most.
        assert (right - left) * scale == pytest.approx(BLOCK_MM[across], abs=2.6), plane
        assert (bottom - top) * scale == pytest.approx(BLOCK_MM[down], abs=2.6), plane
        x, y = reformat.middle(plane)
        assert abs((left + right) / 2 - x) * scale < 1.3
        assert abs((top + bottom) / 2 - y) * scale < 1.3

    away = MARKER - CENTRE
    x, y = reformat.middle("axial")
    scale = reformat.mm_per_pixel("axial")
    reformat.click("axial", x + away[0] / scale, y + away[1] / scale)
    x, y = reformat.middle("coronal")
    reformat.click("coronal", x, y - away[2] / reformat.mm_per_pixel("coronal"))
    for plane in PLANES:
        x, y = reformat.middle(plane)
        grey = reformat.grey(plane)
        assert grey[int(y) - 2 : int(y) + 3, int(x) - 2 : int(x) + 3].min() > 200, plane
        scale = reformat.mm_per_pixel(plane)
        left, right, top, bottom = extent(grey, 200)
        assert (right - left) * scale == pytest.approx(7, abs=2.6), plane
        assert abs((left + right) / 2 - x) * scale < 1.3
        assert abs((top + bottom) / 2 - y) * scale < 1.3


def test_slab_turned_planes_lengths_and_the_way_back(open_page: Any, signed_in: Any, site: Any) -> None:
    """MIP is no darker than the mean, and that no darker than MinIP; a turned plane says so; a length is that of the patient."""
    page = open_page("/nowhere", state=signed_in, width=1100, height=760)
    reformat = opened(page, site, lost=frozenset({3, 4, 20}))
    assert page.locator("[data-testid=mpr-coronal] .badge").all_inner_texts() == ["GAPS: 3 missing"]
    assert "2 after slice 3, 1 after slice 18" in page.inner_text("[data-testid=mpr-remarks]")
    before = page.locator("[data-testid=tile-0] [data-testid=corner-bl]").text_content()

    shades = {}
    for mode in ("MIP", "Mean", "MinIP"):
        page.click(f".mpr-modes >> text=/^{mode}$/")
        page.select_option(".mpr-slab select", "20")
        page.wait_for_selector(f"[data-testid=mpr-axial] [data-testid=corner-bl]:has-text('{mode} 20 mm')")
        reformat.settle()
        shades[mode] = reformat.grey("axial")
    assert (shades["MIP"] >= shades["Mean"] - 1).all()
    assert (shades["Mean"] >= shades["MinIP"] - 1).all()
    away = (MARKER - CENTRE) / reformat.mm_per_pixel("axial")
    x, y = reformat.middle("axial")
    at = (int(y + away[1]), int(x + away[0]))
    assert shades["MIP"][at] > shades["Mean"][at] + 30 > shades["MinIP"][at] + 30, "the marker lies 9 mm above"
    page.select_option(".mpr-slab select", "0")

    page.keyboard.press("l")
    x, y = reformat.middle("axial")
    box = page.locator("[data-testid=mpr-axial]").bounding_box()
    page.mouse.move(box["x"] + x - 60, box["y"] + y - 40)
    page.mouse.down()
    page.mouse.move(box["x"] + x + 60, box["y"] + y - 40, steps=4)
    page.mouse.up()
    label = page.locator("[data-testid=mpr-axial] .tile-canvas svg text").first
    label.wait_for()
    until(page, "/ mm · not saved/.test(document.querySelector('[data-testid=mpr-axial] .tile-canvas svg text').textContent)")
    assert float(label.text_content().split()[0]) == pytest.approx(120 * reformat.mm_per_pixel("axial"), rel=0.02)
    page.keyboard.press("c")

    grip = page.locator("[data-testid=mpr-cross-axial] [data-testid=mpr-line-coronal] circle").first
    ring = grip.bounding_box()
    page.mouse.move(ring["x"] + 6, ring["y"] + 6)
    page.mouse.down()
    x, y = box["x"] + x, box["y"] + y
    reach = ring["x"] + 6 - x
    page.mouse.move(x + reach * cos(TURN), y + reach * sin(TURN), steps=5)
    page.mouse.up()
    page.wait_for_selector("[data-testid=mpr-coronal] [data-testid=corner-bl]:has-text('Coronal, oblique')")
    reformat.settle()
    keep_picture(page, "mpr-oblique", "Turned planes, a slab, gaps that are told")
    assert reformat.letters("coronal") == "RA LP H F"
    left, right, *_ = extent(reformat.grey("coronal"), 90)
    # The block is cut along its diagonal.
    assert (right - left) * reformat.mm_per_pixel("coronal") == pytest.approx(BLOCK_MM[0] / cos(TURN), abs=2.6)

    page.keyboard.press("m")
    page.wait_for_selector("[data-testid=mpr]", state="detached")
    assert page.locator("[data-testid=tile-0] [data-testid=corner-bl]").text_content() == before


def test_why_there_is_no_reformat(open_page: Any, signed_in: Any, site: Any) -> None:
    """In words, with a way back; nothing is drawn."""
    page = open_page("/nowhere", state=signed_in, width=1100, height=760)
    study = generate_uid()
    store_all(page, site, slices(study, count=2))
    page.goto(f"{site.url}/viewer/{study}")
    Tile(page).wait()
    page.keyboard.press("m")
    page.wait_for_selector("[data-testid=mpr][data-status=refused]:has-text('Fewer than three slices')")
    keep_picture(page, "mpr-refused", "Why a series cannot be reformatted is told in words")
    assert page.locator("[data-testid=mpr] canvas").count() == 0
    page.keyboard.press("Escape")
    page.wait_for_selector("[data-testid=mpr]", state="detached")
    assert page.is_visible("[data-testid=tile-0] canvas")
