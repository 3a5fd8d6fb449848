"""Measure on a picture, save, come back: in a real browser, against a real server."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from pydicom.uid import CTImageStorage, generate_uid

from web_kit.pages import Complaints, Tile, until
from web_kit.phantoms import blank, part10

pytestmark = pytest.mark.xdist_group("web_app")

SIDE = 64
LEFT_HU, RIGHT_HU = -100, 300
SAVE = "[data-testid=measurements] >> button:text-is('Save')"


def phantom() -> tuple[str, bytes]:
    """A CT of 64 x 64 pixels of 0.5 mm: its left half has -100 HU, its right half 300 HU. Study UID and file."""
    data = blank(CTImageStorage, generate_uid())
    data.FrameOfReferenceUID = generate_uid()
    # A patient of its own: it has no priors that would be hung beside it.
    data.PatientName, data.PatientID, data.Modality, data.StudyDate = "Phantom^Half", data.StudyInstanceUID[-16:], "CT", "19990101"
    data.PixelSpacing, data.ImagePositionPatient, data.ImageOrientationPatient = [0.5, 0.5], [-40, 17, 5], [1, 0, 0, 0, 1, 0]
    data.Rows = data.Columns = SIDE
    data.PhotometricInterpretation, data.SamplesPerPixel, data.PixelRepresentation = "MONOCHROME2", 1, 0
    data.BitsAllocated, data.BitsStored, data.HighBit = 16, 12, 11
    data.RescaleSlope, data.RescaleIntercept, data.RescaleType = 1, -1024, "HU"
    data.WindowCenter, data.WindowWidth = 100, 800
    pixels = np.full((SIDE, SIDE), LEFT_HU + 1024, "<u2")
    pixels[:, SIDE // 2 :] = RIGHT_HU + 1024
    data.PixelData = pixels.tobytes()
    data["PixelData"].VR = "OW"
    return data.StudyInstanceUID, part10(data)


@pytest.fixture
def opened(open_page: Any, signed_in: Any, site: Any) -> tuple[Tile, str]:
    """The phantom in a tile with the panel open, and its study's UID."""
    page = open_page("/nowhere", state=signed_in, width=1100, height=760)
    study, content = phantom()
    token = page.request.get(f"{site.url}/api/session").json()["csrf_token"]
    headers = {"Content-Type": "application/dicom", "X-CSRF-Token": token}
    assert page.request.post(f"{site.url}/dicom-web/studies", data=content, headers=headers).status == 200
    page.goto(f"{site.url}/viewer/{study}")
    tile = Tile(page)
    tile.wait()
    show_panel(page)
    return tile, study


def show_panel(page: Any) -> None:
    page.click("header [aria-label=Measurements]")
    page.wait_for_selector("[data-testid=measurements]")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


Point = tuple[float, float]


def on_page(tile: Tile, point: Point) -> Point:
    """Where a point of the picture is, in pixels of the image (column, row)."""
    box = tile.root.bounding_box()
    zoom = min(box["width"], box["height"]) / SIDE
    column, row = point
    return box["x"] + box["width"] / 2 + (column - SIDE / 2) * zoom, box["y"] + box["height"] / 2 + (row - SIDE / 2) * zoom


def draw(tile: Tile, key: str, start: Point, *ends: Point) -> None:
    """With the tool of a key, with the button held from one point of the picture over others to the last."""
    page = tile.page
    page.wait_for_timeout(50)
    page.keyboard.press(key)
    page.mouse.move(*on_page(tile, start))
    page.mouse.down()
    for end in ends:
        page.mouse.move(*on_page(tile, end), steps=4)
    page.mouse.up()


def entries(page: Any) -> list[str]:
    """The list, a line a measurement."""
    return [" ".join(text.split()) for text in page.locator("[data-testid=measurement]").all_inner_texts()]


def wait_for_state(page: Any, text: str) -> None:
    page.wait_for_selector(f"[data-testid=measurements-state]:has-text('{text}')")


def test_measured_saved_and_back(opened: tuple[Tile, str], site: Any) -> None:
    """A length of known millimetres, a rectangle over known values: what was shown is what is stored and shown again."""
    tile, study = opened
    page = tile.page
    draw(tile, "l", (12, 20), (52, 20))
    draw(tile, "r", (40, 30), (60, 50))
    until(page, "document.querySelectorAll('[data-testid=measurement]').length === 2")
    length, rectangle = entries(page)
    shown = re.fullmatch(r"Length 1 Length ([0-9.]+) mm calibrated · not saved", length)
    assert shown is not None, length
    assert float(shown[1]) == pytest.approx(20, abs=0.3)
    assert re.search(r"Area [0-9.]+ mm² Mean 300.0 HU SD 0.0 HU Min 300 HU Max 300 HU calibrated", rectangle), rectangle
    page.click("[aria-label='Rename Rectangle 1']")
    page.keyboard.type("Läsion")
    page.keyboard.press("Enter")
    wait_for_state(page, "Not saved: 2")
    page.click(SAVE)
    wait_for_state(page, "Saved as SR")
    stored = page.request.get(f"{site.url}/api/studies/{study}/measurements").json()["measurements"]
    assert {one["label"]: one["values"][0]["value"] for one in stored}["Length 1"] == pytest.approx(float(shown[1]), abs=0.05)
    [(x1, y1), (x2, y2)] = next(one["points"] for one in stored if one["label"] == "Length 1")
    assert (x1, y1, x2, y2) == pytest.approx((12, 20, 52, 20), abs=0.3), "image coordinates, from the corner of the first pixel"
    page.reload()
    tile.wait()
    page.wait_for_selector(f"[data-testid=tile-0] svg >> text='{shown[1]} mm'")
    show_panel(page)
    assert sorted(entries(page)) == sorted(
        [
            length.replace("not saved", "admin"),
            rectangle.replace("Rectangle 1", "Läsion").replace("not saved", "admin"),
        ]
    )
    page.keyboard.press("w")
    page.click("[aria-label='Delete Läsion']")
    wait_for_state(page, "Not saved: 1")
    page.keyboard.press("Control+z")
    until(page, "document.querySelectorAll('[data-testid=measurement]').length === 2")
    page.keyboard.press("Control+y")
    page.keyboard.press("Control+s")
    wait_for_state(page, "Saved as SR")
    assert [one["label"] for one in page.request.get(f"{site.url}/api/studies/{study}/measurements").json()["measurements"]] == ["Length 1"]


def test_a_draft_survives_a_failed_save_and_a_reload(opened: tuple[Tile, str], complaints: Complaints) -> None:
    """The failure is told in words, and nothing is lost."""
    tile, _study = opened
    page = tile.page
    complaints.expected.append("measurements .*503")
    draw(tile, "e", (6, 20), (20, 40))
    until(page, "document.querySelectorAll('[data-testid=measurement]').length === 1")
    [before] = entries(page)
    assert "Mean -100.0 HU" in before
    answer = '{"error": {"code": "unavailable", "message": "the archive process does not answer"}}'
    page.route("**/measurements", lambda route: route.fulfill(status=503, body=answer, content_type="application/json"))
    page.click(SAVE)
    page.wait_for_selector("[role=alert]:has-text('Not saved: the archive process does not answer')")
    assert "Saved as SR" not in page.inner_text("[data-testid=measurements]")
    tile.wait_for_corner("br", "not saved")
    page.unroute("**/measurements")
    page.reload()
    tile.wait()
    show_panel(page)
    assert entries(page) == [before]
    page.wait_for_selector("[data-testid=tile-0] svg ellipse")
    page.click(SAVE)
    wait_for_state(page, "Saved as SR")


def test_diameters_cobb_angle_outline_and_text(opened: tuple[Tile, str], site: Any) -> None:
    """Drawn, saved and back: with the values that the phantom gives them."""
    tile, study = opened
    page = tile.page
    draw(tile, "d", (4, 4), (24, 4))
    draw(tile, "b", (4, 12), (24, 12))
    draw(tile, "b", (4, 20), (24, 26))
    # 16 by 16 pixels of 0.5 mm over the right half.
    draw(tile, "u", (40, 10), (56, 10), (56, 26), (40, 26), (40, 10.8))
    page.keyboard.press("y")
    page.mouse.click(*on_page(tile, (8, 40)))
    page.wait_for_selector("dialog")
    page.keyboard.type("Neue Läsion seit Juni")
    page.keyboard.press("Enter")
    until(page, "document.querySelectorAll('[data-testid=measurement]').length === 4")
    diameters, cobb, outline, text = entries(page)
    assert re.match(r"Diameters 1 Long axis (9\.9\d|10\.0) mm Short axis [0-9.]+ mm calibrated", diameters), diameters
    # 6 rows down over 20 columns, against a level line: 16.7 degrees.
    assert re.match(r"Cobb angle 1 Cobb angle 16\.[5-9]° calibrated", cobb), cobb
    found = re.match(r"Outline 1 Area ([0-9.]+) mm² Mean 300.0 HU SD 0.0 HU Min 300 HU Max 300 HU calibrated", outline)
    assert found and float(found[1]) == pytest.approx(64, abs=1.5), outline
    assert text == "Neue Läsion seit Juni not saved"
    page.keyboard.press("Control+s")
    wait_for_state(page, "Saved as SR")
    stored = page.request.get(f"{site.url}/api/studies/{study}/measurements").json()["measurements"]
    assert [one["kind"] for one in stored] == ["bidirectional", "cobb", "freehand", "text"]
    page.reload()
    tile.wait()
    page.wait_for_selector("[data-testid=tile-0] svg >> text='Neue Läsion seit Juni'")
    show_panel(page)
    assert entries(page) == [line.replace("not saved", "admin") for line in (diameters, cobb, outline, text)]


def test_escape_gives_up_what_is_half_drawn(opened: tuple[Tile, str]) -> None:
    """First the figure, then the tool, then the study; nothing of it stays, and what was drawn before does."""
    tile, _ = opened
    page = tile.page
    draw(tile, "l", (12, 20), (52, 20))
    until(page, "document.querySelectorAll('[data-testid=measurement]').length === 1")
    page.mouse.move(*on_page(tile, (20, 40)))
    page.mouse.down()
    page.mouse.move(*on_page(tile, (40, 50)), steps=4)
    until(page, "document.querySelectorAll('[data-testid=tile-0] svg text').length === 2")
    page.keyboard.press("Escape")
    until(page, "document.querySelectorAll('[data-testid=tile-0] svg text').length === 1")
    page.mouse.up()
    page.mouse.move(*on_page(tile, (10, 60)), steps=3)
    page.wait_for_selector("header [aria-label='Length'][aria-pressed=true]")
    page.keyboard.press("Escape")
    page.wait_for_selector(
        "header [aria-label='Window width and level'][aria-pressed=true], header [aria-label^=Window][aria-pressed=true]"
    )
    assert [entry.split()[0] for entry in entries(page)] == ["Length"]
