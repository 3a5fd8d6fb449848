"""Tiles beside each other: linked by place, with reference lines and a 3D cursor."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from web_kit.gallery import keep_picture
from web_kit.pages import Tile

pytestmark = pytest.mark.xdist_group("web_app")

OpenStudy = Callable[..., Tile]

HEAD_MM, HEAD_PIXELS = 230.0, 256
"""Field of view and matrix of the head MR (tools/make_demo_studies.py)."""


@pytest.fixture
def unread(open_study: OpenStudy, browser: Any, signed_in: Any, site: Any) -> OpenStudy:
    """Opens studies as a reader who has chosen nothing yet."""
    context = browser.new_context(storage_state=signed_in)
    csrf = context.request.get(f"{site.url}/api/session").json()["csrf_token"]
    for name in ("viewer.hanging", "viewer.layouts"):
        answer = context.request.delete(f"{site.url}/api/me/preferences/{name}", headers={"X-CSRF-Token": csrf})
        assert answer.status in {204, 404}
    context.close()
    return lambda modality: open_study(modality, hanging="")


def press_and_wait(tile: Tile, key: str, tiles: int) -> list[Tile]:
    """A layout by its key, until so many tiles show something."""
    tile.page.keyboard.press(key)
    shown = [Tile(tile.page, position) for position in range(tiles)]
    for one in shown:
        one.wait()
    return shown


def test_linked_tiles_reference_lines_and_the_3d_cursor(open_study: OpenStudy) -> None:
    """T1 and T2 go to the same place of the head; the sagittal series stays, and shows where that is. Window and zoom go along if asked."""
    tile = open_study("MR")
    page = tile.page
    axial, other, sagittal = press_and_wait(tile, "F4", 3)
    page.keyboard.press("Home")
    axial.wait_for_corner("bl", "Im 1/19")
    page.keyboard.press("x")
    other.wait_for_corner("bl", "Im 1/19")
    page.keyboard.press("End")
    page.keyboard.press("ArrowUp")
    for one in (axial, other):
        one.wait_for_corner("bl", "Im 18/19")
        one.wait()
    assert "Im 8/16" in sagittal.corner("bl")
    # A series that is brought in again comes to the place where the others are, not to the middle of its stack.
    other.root.click(position={"x": 20, "y": 200})
    page.click("[data-testid=series]:has-text('T2')")
    other.wait_for_corner("bl", "Im 18/19")
    axial.root.click(position={"x": 20, "y": 200})

    line = page.locator("[data-testid=tile-2] [data-testid=reference-line]")
    box = sagittal.root.bounding_box()
    scale = min(box["width"], box["height"]) / HEAD_PIXELS
    z, top = 20 + 8 * 6.5, 12 + HEAD_MM / 2
    row = (top - z) / (HEAD_MM / HEAD_PIXELS) + 0.5
    for end in ("y1", "y2"):
        assert float(line.get_attribute(end)) == pytest.approx(row * scale, abs=1.0)
    assert abs(float(line.get_attribute("x2")) - float(line.get_attribute("x1"))) == pytest.approx(HEAD_PIXELS * scale, abs=2)
    assert page.locator("[data-testid=tile-1] [data-testid=reference-line]").count() == 0, "parallel planes do not meet"

    page.keyboard.press("c")
    box = axial.root.bounding_box()
    x, y = box["x"] + box["width"] / 2 - 40, box["y"] + box["height"] / 2 - 30
    page.mouse.click(x, y)
    patient_x = -40 / scale * (HEAD_MM / HEAD_PIXELS)
    nearest = min(range(1, 17), key=lambda number: abs((number - 8.5) * 7.5 - patient_x))
    sagittal.wait_for_corner("bl", f"Im {nearest}/16")
    sagittal.wait()
    cross = page.locator("[data-testid=tile-2] [data-testid=cursor]").get_attribute("d")
    across, down = map(float, re.match(r"M(\S+) (\S+?)h", cross).groups())
    patient_y = -30 / scale * (HEAD_MM / HEAD_PIXELS)
    box = sagittal.root.bounding_box()
    assert across + 14 == pytest.approx(box["width"] / 2 + patient_y / (HEAD_MM / HEAD_PIXELS) * scale, abs=1.5)
    assert down == pytest.approx(row * scale, abs=1.5)
    keep_picture(page, "linked-series", "MR series linked by place, with a reference line and the 3D cursor")
    page.keyboard.press("w")
    page.wait_for_selector("[data-testid=cursor]", state="detached")

    untouched = other.corner("br")
    page.keyboard.press("2")
    axial.wait()
    assert other.corner("br") == untouched
    for command in ("same window", "zoom and pan all"):
        page.keyboard.press("Control+k")
        page.keyboard.type(command)
        page.keyboard.press("Enter")
    page.keyboard.press("1")
    page.keyboard.press("g")
    for one in (axial, other):
        one.wait_for_corner("br", "W 760 C 400")
        one.wait_for_corner("br", "Zoom 100 %")


def test_a_mammogram_hangs_with_its_chest_walls_together(unread: OpenStudy) -> None:
    """R and L beside each other, CC above MLO; each touches the other at the chest wall, after a change of size too."""
    tile = unread("MG")
    page = tile.page
    for position, (view, letters) in enumerate((("R CC", "A P"), ("L CC", "P A"), ("R MLO", "A P"), ("L MLO", "P A"))):
        one = Tile(page, position)
        one.wait()
        one.wait_for_corner("bl", view)
        assert one.letters().startswith(letters)

    def touches(position: int) -> bool:
        """The breast lies on the inner edge, nothing on the outer one."""
        grey = Tile(page, position).pixels()[..., :3].mean(axis=2)
        inner, outer = (grey[:, -4:], grey[:, :4]) if position % 2 == 0 else (grey[:, :4], grey[:, -4:])
        return bool((inner.mean(axis=1) > 40).mean() > 0.4 and (outer > 20).mean() == 0)

    keep_picture(page, "mammogram", "A mammogram in four views, chest walls together")
    for size in ((1280, 800), (1500, 700)):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        for position in range(4):
            Tile(page, position).until(lambda now, width=size[0]: abs(now.shape[1] - (width - 186) / 2) < 3)
            assert touches(position)
    page.keyboard.press("h")
    tile.wait_for_letters("P A R L")
    page.keyboard.press("0")
    tile.wait_for_letters("A P R L")
    assert touches(0), "a reset gives back what was hung"


def test_a_ct_hangs_beside_its_prior_and_the_two_scroll_together(unread: OpenStudy) -> None:
    """By themselves; the prior is of another frame of reference, so the distance in mm counts. Who it is stays in sight."""
    tile = unread("CT")
    page = tile.page
    prior = Tile(page, 1)
    prior.wait()
    prior.wait_for_corner("tl", "PRIOR −14 mo")
    prior.wait_for_corner("tl", "Yamada")
    tile.wait_for_corner("bl", "Im 12/24")
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    tile.wait_for_corner("bl", "Im 15/24")
    prior.wait_for_corner("bl", "Im 15/24")
    page.keyboard.press("x")
    page.keyboard.press("ArrowUp")
    tile.wait_for_corner("bl", "Im 14/24")
    page.keyboard.press("x")
    page.keyboard.press("ArrowUp")
    tile.wait_for_corner("bl", "Im 13/24")
    prior.wait_for_corner("bl", "Im 14/24")
    page.keyboard.press("o")
    page.keyboard.press("o")
    page.wait_for_selector("[data-testid=tile-1] [data-testid=corner-bl]", state="detached")
    assert "Yamada" in prior.corner("tl")


def test_a_layout_that_was_kept_says_so_and_gives_way_to_the_protocol(unread: OpenStudy) -> None:
    """One tile, chosen once, would hide the prior for ever."""
    page = unread("CT").page
    Tile(page, 1).wait()
    with page.expect_response("**/api/me/preferences/viewer.layouts"):
        page.keyboard.press("F1")
    page.reload()
    Tile(page).wait()
    assert page.locator("[data-testid=tile-1]").count() == 0
    page.click("[data-testid=kept-layout] >> text=Use the protocol")
    Tile(page, 1).wait_for_corner("tl", "PRIOR −14 mo")
    page.wait_for_selector("[data-testid=kept-layout]", state="detached")


def test_what_a_reader_arranged_is_hung_again(unread: OpenStudy, site: Any) -> None:
    """A protocol made of the screen, named, kept and hung by at the next opening; then on to the next study of the list."""
    tile = unread("DX")
    page = tile.page
    Tile(page, 1).wait()
    page.keyboard.press("h")
    tile.wait_for_letters("L R H F")
    page.click("[aria-label='Layout of the tiles']")
    page.click("text=Keep what is on the screen")
    page.fill("dialog input >> nth=0", "")
    page.click("dialog >> text=Save")
    page.wait_for_selector("[role=alert]:has-text('it needs a name')")
    page.fill("dialog input >> nth=0", "Chest, mirrored")
    keep_picture(page, "hanging-protocol", "A hanging protocol made of what is on the screen")
    with page.expect_response("**/api/me/preferences/viewer.hanging") as kept:
        page.click("dialog >> text=Save")
    assert kept.value.status in {200, 204}
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")
    page.reload()
    Tile(page, 1).wait()
    tile.wait_for_letters("L R H F")
    Tile(page, 1).wait_for_corner("tl", "PRIOR")
    here = page.url
    page.keyboard.press("n")
    page.wait_for_url(lambda address: address != here)
