"""Lengths, by phantoms of known spacing."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from pydicom.uid import generate_uid

from web_kit.pages import Tile
from web_kit.phantoms import phantom, store

pytestmark = pytest.mark.xdist_group("web_app")

SIDE = 64


def shown(page: Any, site: Any, attributes: dict[str, Any]) -> Tile:
    """Stores an object and opens it."""
    study = generate_uid()
    pixels = np.arange(SIDE * SIDE, dtype=np.uint8).reshape(SIDE, SIDE)
    store(page, site, phantom(pixels, study=study, number=1, name="", **attributes)[2])
    page.goto(f"{site.url}/viewer/{study}")
    tile = Tile(page)
    tile.wait()
    return tile


@pytest.mark.parametrize(
    ("spacing", "unit", "source", "measured_in"),
    [
        pytest.param({}, "px", "no spacing", "px", id="none"),
        pytest.param({"PixelSpacing": [0.5, 0.5]}, "mm", "calibrated", "mm", id="patient"),
        # In the plane of the detector a length is not the patient's: the scale bar says so, the measurement stays in px.
        pytest.param({"ImagerPixelSpacing": [0.2, 0.2]}, "mm", "detector plane", "px", id="detector"),
    ],
)
def test_a_length_names_its_unit(
    open_page: Any, signed_in: Any, site: Any, spacing: dict[str, Any], unit: str, source: str, measured_in: str
) -> None:
    """Never mm without a spacing; and the scale bar says what the spacing is worth."""
    tile = shown(open_page("/nowhere", state=signed_in, width=900, height=700), site, spacing)
    scale = tile.root.locator("[data-testid=scale]").inner_text()
    assert re.fullmatch(rf"[0-9.]+ ({unit}|cm) {source}", scale.replace("\n", " ").replace("px px", "px")) is not None, scale
    page = tile.page
    box = tile.root.bounding_box()
    page.keyboard.press("l")
    page.mouse.move(box["x"] + 250, box["y"] + 300)
    page.mouse.down()
    page.mouse.move(box["x"] + 400, box["y"] + 300, steps=4)
    page.mouse.up()
    per_pixel = spacing.get("PixelSpacing", [1])[0]
    zoom = min(box["width"], box["height"]) / SIDE
    wanted = 150 / zoom * per_pixel
    label = ""
    for _ in range(100):
        label = page.locator("[data-testid=tile-0] svg text").first.text_content()
        number = re.match(r"[0-9.]+", label)
        if number and abs(float(number[0]) - wanted) < 0.03 * wanted:
            break
        page.wait_for_timeout(20)
    assert label.endswith(f" {measured_in}"), label
    assert float(label.split()[0]) == pytest.approx(wanted, rel=0.03)
