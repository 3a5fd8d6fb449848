"""A length drawn here shows its value in the published OHIF viewer, and one drawn there shows here."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pydicom
import pytest

from ohif_kit.site import Site as Ohif
from ohif_kit.site import ohif
from ohif_kit.viewer import TOURS_SEEN, wait_for_picture
from services.server import Server, running
from web_kit.pages import Site, Tile, first_password, session_of, skip_unless_built, until

PlaywrightTimeout = pytest.importorskip("playwright.sync_api").TimeoutError

DIST = Path(__file__).resolve().parents[1] / "peers" / "ohif" / "node_modules" / "@ohif" / "app" / "dist"

pytestmark = [
    pytest.mark.prove,
    pytest.mark.skipif(not (DIST / "index.html").is_file(), reason="OHIF is not installed (make prove does it)"),
]

SHARE = (0.4, 0.42), (0.5, 0.5)
"""Of the width and height of a picture's pane: from where to where a length is drawn. OHIF rounds those of 100 mm and more."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    skip_unless_built()
    with running(tmp_path_factory.mktemp("both") / "data") as started:
        yield started


@pytest.fixture(scope="module")
def token(server: Server) -> str:
    return server.run("token", "add", "ohif", "--role", "editor").out.split()[-1]


@pytest.fixture(scope="module")
def study(server: Server, token: str, corpus: Path) -> str:
    """The Study Instance UID of a CT."""
    files = sorted(path for path in (corpus / "series" / "ct_philips_S21610").rglob("*") if path.is_file())[:24]
    with httpx.Client(headers={"Authorization": f"Bearer {token}", "Content-Type": "application/dicom"}, timeout=60) as client:
        for path in files:
            assert client.post(f"{server.dicom_web}/studies", content=path.read_bytes()).status_code == 200, path
    return str(pydicom.dcmread(files[0], stop_before_pixels=True, specific_tags=["StudyInstanceUID"]).StudyInstanceUID)


@pytest.fixture
def here(browser: Any, server: Server, study: str) -> Iterator[Tile]:
    """Our viewer with its list of measurements."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 800}, storage_state=session_of(browser, Site(server, first_password(server))), locale="en-US"
    )
    tile = Tile(context.new_page())
    open_here(tile, server, study)
    yield tile
    context.close()


def open_here(tile: Tile, server: Server, study: str) -> None:
    tile.page.goto(f"{server.url}/viewer/{study}")
    tile.wait()
    tile.page.click("header [aria-label=Measurements]")
    tile.page.wait_for_selector("[data-testid=measurements]")


@pytest.fixture
def there(browser: Any, server: Server, token: str, study: str) -> Iterator[tuple[Any, Ohif]]:
    """OHIF's context on the same server."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
    context.add_init_script(TOURS_SEEN)
    context.set_default_timeout(40_000)
    with ohif(DIST, server, token) as site:
        yield context.new_page(), site
        context.close()


def drag(page: Any, box: Any) -> None:
    (x1, y1), (x2, y2) = ((box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in SHARE)
    page.mouse.move(x1, y1)
    page.mouse.down()
    page.mouse.move(x2, y2, steps=8)
    page.mouse.up()


def shown_lengths(page: Any) -> list[float]:
    """In millimetres, as they stand on the pictures."""
    texts = page.locator("svg text").all_text_contents()
    return [float(found[1]) for text in texts if (found := re.search(r"([0-9.]+) mm", text))]


def wait_for_length(page: Any, wanted: float, tolerance: float) -> None:
    for _ in range(1200):
        if any(abs(found - wanted) <= tolerance for found in shown_lengths(page)):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{wanted} mm is not among {shown_lengths(page)}")


def test_a_length_drawn_here_shows_its_value_in_ohif(here: Tile, there: tuple[Any, Ohif], server: Server, study: str) -> None:
    """Its report is opened there, and the number beside the line is the one that was saved."""
    page = here.page
    page.keyboard.press("l")
    drag(page, here.root.bounding_box())
    until(page, "document.querySelectorAll('[data-testid=measurement]').length === 1")
    page.keyboard.press("Control+s")
    page.wait_for_selector("[data-testid=measurements-state]:has-text('Saved as SR')")
    [saved] = page.request.get(f"{server.url}/api/studies/{study}/measurements").json()["measurements"]
    assert saved["values"][0]["unit"] == "mm"
    other, site = there
    # It sometimes opens a report without drawing what is in it, and goes on like that until the page is loaded anew.
    for _ in range(8):
        other.goto(f"{site.url}/viewer?StudyInstanceUIDs={study}")
        wait_for_picture(other)
        other.dblclick("[data-cy=study-browser-thumbnail-no-image]:has-text('Measurements')")
        with contextlib.suppress(PlaywrightTimeout):
            other.locator("svg text", has_text="mm").first.wait_for(timeout=6_000)
            break
    wait_for_length(other, saved["values"][0]["value"], 0.01)
    assert site.failures() == []


def test_a_length_drawn_in_ohif_shows_here(here: Tile, there: tuple[Any, Ohif], server: Server, study: str) -> None:
    """Saved there as its own report; here it is drawn on the picture and stands in the list with the same value."""
    other, site = there
    other.goto(f"{site.url}/viewer?StudyInstanceUIDs={study}")
    wait_for_picture(other)
    other.click("[data-cy=Length-btn]")
    drag(other, other.locator("[data-cy=viewport-pane]").first.bounding_box())
    other.get_by_role("button", name="Yes", exact=True).click()
    other.locator("svg text", has_text="mm").first.wait_for()
    [theirs] = shown_lengths(other)
    other.click("[data-cy=trackedMeasurements-btn]")
    other.get_by_role("button", name="Create SR").click()
    with other.expect_response(lambda answer: answer.request.method == "POST") as stored:
        other.get_by_role("button", name="Save", exact=True).click()
    assert stored.value.status == 200
    open_here(here, server, study)
    entry = f"[data-testid=measurement]:has-text('{theirs:.1f} mm')"
    here.page.wait_for_selector(entry)
    here.page.click(f"{entry} .mark-label")
    wait_for_length(here.page, theirs, 0.06)
