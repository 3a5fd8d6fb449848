"""The viewer in a real browser, judged by the pixels on its canvas."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from web_kit.gallery import keep_picture
from web_kit.pages import Complaints, Tile, until

pytestmark = pytest.mark.xdist_group("web_app")

OpenPage = Callable[..., Any]
OpenStudy = Callable[..., Tile]


def luminance(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(rows, columns), 0 to 255."""
    return pixels[..., :3].astype(float).mean(axis=2)


def drag(tile: Tile, dx: int, dy: int, button: str = "left") -> None:
    """From the middle of the tile."""
    box = tile.root.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    mouse = tile.page.mouse
    mouse.move(x, y)
    mouse.down(button=button)
    mouse.move(x + dx, y + dy, steps=4)
    mouse.up(button=button)


def bounding_box(grey: NDArray[np.float64]) -> tuple[int, int]:
    """Width and height of what is not black."""
    bright = grey > 60
    columns, rows = np.flatnonzero(bright.any(axis=0)), np.flatnonzero(bright.any(axis=1))
    return int(columns[-1] - columns[0]), int(rows[-1] - rows[0])


@pytest.mark.parametrize("modality", ["CT", "MR", "DX", "US", "MG", "XA", "PT", "OT"])
def test_shows_what_the_server_renders(open_study: OpenStudy, studies: Any, site: Any, modality: str) -> None:
    """The picture on the canvas is the server's own rendering: right way up, right way round, not inverted, right colours."""
    tile = open_study(modality, width=1100, height=800)
    page = tile.page
    page.keyboard.press("PageUp")  # has no series before: must change nothing
    shown = tile.pixels()[..., :3]
    image = page.evaluate(
        """async (study) => {
            const series = (await (await fetch(`/api/studies/${study}`)).json()).series
              .sort((one, other) => one.number - other.number)[0];
            const base = `/dicom-web/studies/${study}/series/${series.series_instance_uid}`;
            const metadata = await (await fetch(`${base}/metadata`)).json();
            const text = document.querySelector('[data-testid=corner-bl]').innerText;
            const [, kind, number] = /(Im|Fr) (\\d+)/.exec(text);
            const along = (one) => (one['00200032'] ? one['00200032'].Value[2] : 0);
            metadata.sort((one, other) => one['00200013'].Value[0] - other['00200013'].Value[0]);
            const chosen = metadata[kind === 'Im' ? number - 1 : 0];
            return `${base}/instances/${chosen['00080018'].Value[0]}/frames/${kind === 'Im' ? 1 : number}/rendered`;
        }""",
        studies[modality]["study_instance_uid"],
    )
    answer = page.request.get(site.url + image, headers={"Accept": "image/png"})
    assert answer.status == 200, answer.text()
    truth = Image.open(io.BytesIO(answer.body())).convert("RGB")
    height, width = shown.shape[:2]
    scale = min(width / truth.width, height / truth.height)
    size = int(truth.width * scale), int(truth.height * scale)
    left, top = (width - size[0]) // 2, (height - size[1]) // 2
    cut = Image.fromarray(np.ascontiguousarray(shown[top : top + size[1], left : left + size[0]]))
    mine = np.asarray(cut.resize((96, 96), Image.Resampling.BOX), float)
    theirs = np.asarray(truth.resize((96, 96), Image.Resampling.BOX), float)
    assert theirs.std() > 5, "the rendering has structure"
    assert np.corrcoef(mine.ravel(), theirs.ravel())[0, 1] > 0.98
    for mirrored in (theirs[::-1], theirs[:, ::-1]):
        assert np.abs(mine - theirs).mean() < np.abs(mine - mirrored).mean()
    assert np.abs(mine - theirs).mean() < 12


def test_scrolling(open_study: OpenStudy) -> None:
    """Wheel, arrows, Home and End; the slice named is the slice shown."""
    tile = open_study("CT")
    page = tile.page
    middle = tile.pixels()
    assert (luminance(middle) > 30).mean() > 0.05
    tile.wait_for_corner("bl", "Im 12/24")
    box = tile.root.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.wheel(0, 120)
    tile.wait()
    next_one = tile.changed_from(middle)
    tile.wait_for_corner("bl", "Im 13/24")
    page.keyboard.press("ArrowUp")
    tile.same_as(middle)
    page.keyboard.press("ArrowDown")
    tile.same_as(next_one)
    page.keyboard.press("End")
    tile.wait_for_corner("bl", "Im 24/24")
    page.keyboard.press("Home")
    tile.wait_for_corner("bl", "Im 1/24")
    tile.wait()


def test_window_by_mouse_keys_and_reset(open_study: OpenStudy) -> None:
    """Pixels and the figures in the corner change together, and 0 brings everything back."""
    tile = open_study("CT")
    page = tile.page
    before = tile.pixels()
    until(page, "!document.querySelector('[data-testid=corner-br]').innerText.includes('loaded')")
    stated = tile.corner("br")
    drag(tile, 120, 40)
    windowed = tile.changed_from(before)
    until(page, f"document.querySelector('[data-testid=corner-br]').innerText !== {json.dumps(stated)}")
    page.keyboard.press("4")
    until(page, "document.querySelector('header select').selectedOptions[0].textContent.includes('Bone')")
    tile.wait_for_corner("br", "W 2500 C 480")
    bone = tile.changed_from(windowed)
    page.keyboard.press("i")
    inverted = tile.changed_from(bone)
    inside = luminance(bone)[300:500, 400:700]
    assert np.abs(255 - inside - luminance(inverted)[300:500, 400:700]).max() <= 2
    drag(tile, 0, 60, "right")
    zoomed = tile.changed_from(inverted)
    drag(tile, 50, 20, "middle")
    tile.changed_from(zoomed)
    page.keyboard.press("0")
    tile.same_as(before)
    until(page, f"document.querySelector('[data-testid=corner-br]').innerText === {json.dumps(stated)}")


def test_flip_and_rotation_take_the_letters_along(open_study: OpenStudy) -> None:
    """The letters are where the pixels went."""
    tile = open_study("CT")
    page = tile.page
    before = tile.pixels()
    grey = luminance(before)
    tile.wait_for_letters("R L A P")
    page.keyboard.press("h")
    flipped = luminance(tile.changed_from(before))
    tile.wait_for_letters("L R A P")
    assert np.abs(flipped[:, ::-1] - grey).mean() < 1.5
    page.keyboard.press("h")
    tile.same_as(before)
    page.keyboard.press("v")
    flipped = luminance(tile.changed_from(before))
    tile.wait_for_letters("R L P A")
    assert np.abs(flipped[::-1] - grey).mean() < 1.5
    page.keyboard.press("v")
    tile.same_as(before)
    page.keyboard.press("]")
    turned = luminance(tile.changed_from(before))
    tile.wait_for_letters("P A R L")
    height, width = grey.shape
    side = min(height, width) // 2 * 2 - 100
    square = (slice((height - side) // 2, (height + side) // 2), slice((width - side) // 2, (width + side) // 2))
    clockwise = np.rot90(grey[square], -1)
    assert np.abs(turned[square] - clockwise).mean() < np.abs(turned[square] - np.rot90(grey[square])).mean() / 3
    page.keyboard.press("h")
    tile.wait_for_letters("A P R L")
    page.keyboard.press("0")
    tile.same_as(before)
    tile.wait_for_letters("R L A P")


def test_a_new_size_keeps_the_proportions(open_study: OpenStudy) -> None:
    """A head does not get fat in a wide window."""
    tile = open_study("CT", width=1280, height=800)
    before = tile.pixels()
    wide = bounding_box(luminance(before))
    tile.page.set_viewport_size({"width": 760, "height": 900})
    narrow = bounding_box(luminance(tile.until(lambda now: now.shape[1] < 700 and luminance(now).max() > 100)))
    assert narrow[0] / narrow[1] == pytest.approx(wide[0] / wide[1], rel=0.02)
    tile.page.set_viewport_size({"width": 1280, "height": 800})
    tile.same_as(before)


def test_layouts_leave_the_survivors_as_they_were(open_study: OpenStudy) -> None:
    """Tiles come and go, nine to eight and back; those that stay show the same pixels at the same scale. A double click enlarges one."""
    tile = open_study("MR")
    page = tile.page
    alone = tile.pixels()
    whole = bounding_box(luminance(alone))
    seen: dict[str, Any] = {"F1": [alone]}
    for key, count in (("F9", 9), ("F8", 8), ("F9", 9), ("F2", 2), ("F1", 1)):
        page.keyboard.press(key)
        page.wait_for_selector(f"[data-testid=tile-{count}]", state="detached")
        shown = [Tile(page, position) for position in range(min(count, 3))]
        for one in shown:
            one.wait()
        if key in seen:
            for one, before in zip(shown, seen[key], strict=True):
                one.same_as(before)
        else:
            page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
            seen[key] = [one.until(lambda now: now.shape != alone.shape and luminance(now).max() > 100) for one in shown]
        small = bounding_box(luminance(seen[key][0]))
        assert small[0] / small[1] == pytest.approx(whole[0] / whole[1], rel=0.05)

    page.keyboard.press("F9")
    for position, before in enumerate(seen["F9"]):
        Tile(page, position).same_as(before)
    tile.root.dblclick(position={"x": 60, "y": 110})
    tile.same_as(alone)
    assert page.is_hidden("[data-testid=tile-2] canvas")
    page.keyboard.press("Enter")
    for position, before in enumerate(seen["F9"]):
        Tile(page, position).same_as(before)

    page.keyboard.press("F1")
    tile.same_as(alone)
    page.keyboard.press("h")
    mirrored = tile.changed_from(alone)
    page.keyboard.press("F2")
    tile.until(lambda now: now.shape != mirrored.shape and luminance(now).max() > 100)
    page.keyboard.press("F1")
    tile.same_as(mirrored)
    tile.wait_for_letters("L R A P")


def test_a_prior_beside_the_study(open_study: OpenStudy) -> None:
    """Two tiles take the latest prior by themselves; it is named as one, with who and when in its own corner."""
    tile = open_study("CT")
    page = tile.page
    page.keyboard.press("F2")
    page.wait_for_selector("[data-testid=tile-1][data-status=ready]")
    for text in ("PRIOR −14 mo", "2025-07-11", "Yamada, Tarou (山田, 太郎)"):
        page.wait_for_selector(f"[data-testid=tile-1]:has-text('{text}')")
    keep_picture(page, "viewer-prior", "A head CT beside its prior")
    assert "PRIOR" not in tile.root.inner_text()
    page.keyboard.press("o")
    page.keyboard.press("o")
    page.wait_for_selector("[data-testid=tile-1] [data-testid=corner-bl]", state="detached")
    assert "Yamada" in page.inner_text("[data-testid=tile-1]"), "identity is never hidden"
    before = tile.pixels()
    page.click(".prior-head")
    page.drag_and_drop(".prior [data-testid=series]", "[data-testid=tile-0]")
    page.wait_for_selector("[data-testid=tile-0]:has-text('2025-07-11')")
    tile.wait()
    tile.changed_from(before)


def test_a_study_left_and_opened_again(open_study: OpenStudy) -> None:
    """What was kept for the renderer is let go, and nothing of it is missed."""
    tile = open_study("MR")
    before = tile.pixels()
    for _ in range(2):
        tile.page.keyboard.press("Escape")
        tile.page.wait_for_selector("[data-testid=study-row]")
        tile.page.go_back()
        tile.wait()
        tile.same_as(before)


def test_a_study_left_while_its_slices_are_on_their_way(open_page: OpenPage, signed_in: Any, studies: Any) -> None:
    """What comes for a tile that has gone is dropped without a complaint."""
    page = open_page(state=signed_in)
    page.wait_for_selector("[data-testid=study-row]")
    held: list[Any] = []
    asked: list[str] = []

    def hold_all_but_the_first(route: Any) -> None:
        asked.append(route.request.url)
        if len(asked) == 1:
            route.continue_()
        else:
            held.append(route)

    page.route("**/frames/*", hold_all_but_the_first)
    page.goto(page.url.rstrip("/") + f"/viewer/{studies['MR']['study_instance_uid']}?hanging=single")
    tile = Tile(page)
    tile.wait()
    while not held:
        page.wait_for_timeout(5)
    page.keyboard.press("Escape")
    page.wait_for_selector("[data-testid=study-row]")
    for route in held:
        with page.expect_event("requestfinished"):
            route.continue_()
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def test_a_broken_slice_says_so_and_can_be_tried_again(open_study: OpenStudy, complaints: Complaints) -> None:
    """No picture of another slice under its number; the others work on."""
    tile = open_study("DX")
    page = tile.page
    complaints.expected.append("503")
    page.route("**/frames/*", lambda route: route.fulfill(status=503, body="no"))
    page.reload()
    tile.wait("failed")
    page.wait_for_selector("[data-testid=tile-0]:has-text('answered 503')")
    keep_picture(page, "viewer-failed", "A slice that could not be had says so, and can be tried again")
    assert not page.is_visible("[data-testid=tile-0] canvas")
    page.unroute("**/frames/*")
    page.click("[data-testid=tile-0] >> text=Retry")
    tile.wait()
    assert page.is_visible("[data-testid=tile-0] canvas")
    assert (luminance(tile.pixels()) > 30).mean() > 0.2


def test_cine_runs_and_stops(open_study: OpenStudy) -> None:
    """Space, on a loop of ultrasound."""
    tile = open_study("US")
    page = tile.page
    first = tile.pixels()
    page.keyboard.press("Space")
    tile.wait_for_corner("br", "fps")
    tile.changed_from(first)
    rate = re.search(r"([0-9.]+) fps", tile.corner("br"))
    page.keyboard.press("<")
    until(page, f"!document.querySelector('[data-testid=corner-br]').textContent.includes('{rate[0] if rate else ''}')")
    slower = re.search(r"([0-9.]+) fps", tile.corner("br"))
    assert rate and slower and float(slower[1]) == pytest.approx(float(rate[1]) / 2, rel=0.1)
    page.keyboard.press("Space")
    until(page, "!document.querySelector('[data-testid=corner-br]').textContent.includes('fps')")


def test_a_length_has_its_unit_and_is_not_called_saved(open_study: OpenStudy) -> None:
    """In mm where the spacing is known; marked as not saved until it is."""
    tile = open_study("CT")
    tile.page.keyboard.press("F2")
    beside = Tile(tile.page, 1)
    beside.wait()
    tile.page.keyboard.press("l")
    drag(tile, 122, 0)
    tile.page.wait_for_selector("[data-testid=tile-0] svg >> text=/^\\d+(\\.\\d+)? mm/")
    tile.wait_for_corner("br", "not saved")
    beside.wait_for_corner("tl", "PRIOR")
    assert "not saved" not in beside.corner("br"), "nothing was drawn on the prior"
    assert tile.page.locator("[data-testid=tile-0] [data-testid=scroll-measured]").count() == 1
    tile.page.click("header [aria-label=Measurements]")
    tile.page.wait_for_selector("[data-testid=measurement]")
    keep_picture(tile.page, "measure-length", "A length with its unit and what it rests on; what is not saved says so, on its own tile")


def test_help_and_palette_come_from_one_registry(open_study: OpenStudy) -> None:
    """What the help sheet lists, the palette runs."""
    tile = open_study("CT")
    page = tile.page
    page.keyboard.press("?")
    page.wait_for_selector("dialog:has-text('Flip left-right')")
    keep_picture(page, "viewer-help", "The sheet of keys comes from the registry of commands")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")
    page.keyboard.press("Control+k")
    page.keyboard.type("flip left")
    page.keyboard.press("Enter")
    tile.wait_for_letters("L R A P")


def test_an_unknown_study_is_told_in_words(open_page: Any, signed_in: Any, complaints: Complaints) -> None:
    """And a way back."""
    complaints.expected.append("404")
    page = open_page("/viewer/1.2.3.4.5.6.7.8.9", state=signed_in)
    page.wait_for_selector("text=not in the archive")
    page.click("text=Worklist")
    page.wait_for_selector("[data-testid=study-row]")
