"""Key images, saved views and documents: marked, kept, come back to, in a real browser against a real server."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydicom.uid import EncapsulatedPDFStorage, generate_uid

from web_kit.gallery import keep_picture
from web_kit.pages import Pixels, Tile, until
from web_kit.phantoms import blank, part10, phantom, store

pytestmark = pytest.mark.xdist_group("web_app")

SIDE = 64


@pytest.fixture
def tile(open_page: Any, signed_in: Any, site: Any) -> Tile:
    """A study of three slices, each brighter than the one before, with a bright corner; the panel is open."""
    page = open_page("/nowhere", state=signed_in, width=1280, height=860)
    study, series = generate_uid(), generate_uid()
    for number in (1, 2, 3):
        pixels = np.full((SIDE, SIDE), 300 * number, np.uint16)
        pixels[:16, :24] = 3000
        more = {"BitsStored": 12, "WindowCenter": 1500, "WindowWidth": 3000, "PixelSpacing": [0.5, 0.5], "BodyPartExamined": "CHEST"}
        more["PatientID"] = study[-16:]  # a patient of its own, without priors
        _, _, content = phantom(pixels, study=study, number=1, name="Steps", SeriesInstanceUID=series, **{**more, "InstanceNumber": number})
        store(page, site, content)
    page.goto(f"{site.url}/viewer/{study}")
    opened = Tile(page)
    opened.wait()
    show_panel(page)
    return opened


def show_panel(page: Any) -> None:
    page.click("header [aria-label=Measurements]")
    page.wait_for_selector("[data-testid=keys]")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def slice_number(tile: Tile) -> str:
    return next(line for line in tile.corner("bl").splitlines() if line.startswith("Im "))[:6]


def deviation(one: Pixels, other: Pixels) -> float:
    """Mean difference of shades."""
    return float(np.mean(np.abs(one.astype(int) - other.astype(int)))) if one.shape == other.shape else 255.0


def test_key_images_are_marked_saved_and_come_back(tile: Tile) -> None:
    """On the picture, on the scroll bar, in the list, as a stack of their own; undone with the keyboard."""
    page = tile.page
    page.keyboard.press("Home")
    tile.wait_for_corner("bl", "Im 1/3")
    page.keyboard.press("k")
    page.wait_for_selector("[data-testid=key-badge]")
    page.keyboard.press("End")
    tile.wait_for_corner("bl", "Im 3/3")
    until(page, "!document.querySelector('[data-testid=key-badge]')")
    page.select_option("[aria-label='Marked as']", "113004")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("k")
    until(page, "document.querySelectorAll('[data-testid=scroll-key]').length === 2")
    page.keyboard.press("k")
    until(page, "document.querySelectorAll('[data-testid=key]').length === 1")
    page.keyboard.press("Control+z")
    until(page, "document.querySelectorAll('[data-testid=key]').length === 2")
    page.keyboard.press("Control+s")
    page.wait_for_selector("[data-testid=measurements-state]:has-text('Saved')")
    page.reload()
    tile.wait()
    show_panel(page)
    until(page, "document.querySelectorAll('[data-testid=key]').length === 2")
    keep_picture(page, "measure-keys", "Key images are marked in the list, on the picture and on the scroll bar")
    words = [" ".join(text.split()) for text in page.locator("[data-testid=key]").all_inner_texts()]
    assert words == ["Image 1 Of interest", "Image 3 For teaching"]
    page.click("[data-testid=key-series]")
    tile.wait_for_corner("bl", "Im 1/2")
    page.click("[data-testid=key]:has-text('Image 3') .mark-label")
    tile.wait_for_corner("bl", "Im 3/3")


def test_a_view_is_kept_and_shown_again_and_a_report_leads_to_its_image(tile: Tile, site: Any) -> None:
    """Window, zoom, turn, mirror, polarity and what is drawn: the picture is the one that was saved."""
    page = tile.page
    box = tile.root.bounding_box()
    page.keyboard.press("Home")
    tile.wait_for_corner("bl", "Im 1/3")
    page.keyboard.press("l")
    page.mouse.move(box["x"] + 250, box["y"] + 300)
    page.mouse.down()
    page.mouse.move(box["x"] + 400, box["y"] + 380, steps=4)
    page.mouse.up()
    until(page, "document.querySelectorAll('[data-testid=measurement]').length === 1")
    page.keyboard.press("w")
    for key in ("]", "h", "i"):
        page.keyboard.press(key)
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
    page.wait_for_selector("[data-testid=tile-0] svg line")
    letters, before = tile.letters(), tile.pixels()
    before = tile.until(lambda now: np.array_equal(now, tile.pixels()))
    page.fill("[aria-label='Name of the view']", "Bright corner")
    page.click("text='Save view'")
    page.wait_for_selector("[data-testid=view]:has-text('Bright corner')")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Control+s")
    page.wait_for_selector("[data-testid=measurements-state]:has-text('Saved as SR')")
    page.reload()
    tile.wait()
    assert deviation(tile.pixels(), before) > 10
    show_panel(page)
    page.click("[data-testid=view] .mark-label")
    page.wait_for_selector("[data-testid=view-chip]:has-text('Bright corner')")
    tile.until(lambda now: deviation(now, before) < 3)
    assert (tile.letters(), slice_number(tile)) == (letters, "Im 1/3")
    page.wait_for_selector("[data-testid=state-layer] path[d^=M]", state="attached")
    assert "mm" in page.text_content("[data-testid=state-layer] text")
    page.click("[data-testid=view-chip] button")
    until(page, "!document.querySelector('[data-testid=state-layer]')")
    page.click("[data-testid=series]:has-text('SR')")
    page.wait_for_selector("[data-testid=document] h2:has-text('Imaging Measurement Report')")
    page.wait_for_selector("[data-testid=document] >> text=/Length:?/")
    keep_picture(page, "measure-report", "A saved report as people read it: whose it is, the values, and the way to the image")
    assert "Phantom, Display" in page.inner_text("[data-testid=document-identity]")
    assert "2.25." not in page.inner_text("[data-testid=document]"), "identifiers are for programs"
    page.check("[data-testid=document] input")
    page.wait_for_selector("[data-testid=document] >> text=/2\\.25\\.[0-9]+/")
    page.click("[data-testid=document] >> text='show image'")
    tile.wait_for_corner("bl", "Im 1/3")


def test_a_study_of_a_document_alone_opens_with_it_and_gives_the_file(open_page: Any, signed_in: Any, site: Any) -> None:
    """Not with an empty tile; the file comes out byte for byte."""
    page = open_page("/nowhere", state=signed_in)
    pdf = b"%PDF-1.4\n%" + bytes(range(128, 160)) + b"\n%%EOF\n"
    study = generate_uid()
    store(page, site, encapsulated(study, pdf, "Discharge letter"))
    page.goto(f"{site.url}/viewer/{study}")
    page.wait_for_selector("[data-testid=tile-0] >> text='A document. It can be saved and opened elsewhere.'")
    with page.expect_download() as saved:
        page.click("text='Save the file'")
    assert saved.value.suggested_filename == "Discharge letter.pdf"
    assert saved.value.path().read_bytes().rstrip(b"\0") == pdf


def encapsulated(study: str, content: bytes, title: str) -> bytes:
    """An Encapsulated PDF object."""
    data = blank(EncapsulatedPDFStorage, study)
    data.Modality, data.PatientName, data.PatientID = "DOC", "Letter^Test", study[-16:]
    data.StudyDate, data.SeriesNumber, data.InstanceNumber = "19990101", 1, 1
    data.DocumentTitle, data.MIMETypeOfEncapsulatedDocument, data.EncapsulatedDocument = title, "application/pdf", content
    return part10(data)
