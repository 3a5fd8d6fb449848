"""WCAG 2.2 AA of every page and dialog, in the language with the longest words, and no page wider than a narrow window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from web_kit.accessible import barriers
from web_kit.gallery import keep_picture
from web_kit.pages import Tile, until

pytestmark = [pytest.mark.xdist_group("web_app"), pytest.mark.usefixtures("preferences")]

ROOMS = ("peers", "associations", "queue", "rules", "people", "storage", "rejected", "settings")


def french(page: Any) -> None:
    """As somebody chooses it."""
    page.evaluate("localStorage.setItem('hounsfield.language', 'fr')")
    page.reload()


def test_the_worklist_and_its_dialogs(open_page: Callable[..., Any], signed_in: Any) -> None:
    page = open_page("/", state=signed_in)
    french(page)
    page.wait_for_selector("[role=row] >> nth=3")
    page.wait_for_selector("text=Autres examens de ce patient")
    page.wait_for_selector(".peek-series img")
    until(page, "[...document.images].every((image) => image.complete)")
    keep_picture(page, "language-french", "The worklist in French")
    found = barriers(page)
    page.get_by_test_id("user-menu").click()
    found += barriers(page, ".menu")
    page.keyboard.press("Escape")
    for key in ("Control+k", "?"):
        page.keyboard.press(key)
        page.wait_for_selector("dialog[open]")
        found += barriers(page, "dialog")
        page.keyboard.press("Escape")
        until(page, "!document.querySelector('dialog')")
    page.get_by_test_id("node").click()
    page.wait_for_selector("dialog[open]")
    found += barriers(page, "dialog")
    assert found == []


def test_the_viewer_its_panel_and_its_dialogs(open_study: Callable[..., Tile]) -> None:
    tile = open_study("CT")
    page = tile.page
    french(page)
    tile.wait()
    found = barriers(page)
    page.get_by_role("button", name="Mesures", exact=True).click()
    found += barriers(page)
    page.keyboard.press("?")
    page.wait_for_selector("dialog[open]")
    found += barriers(page, "dialog")
    page.locator(".dialog-foot button").click()
    page.wait_for_selector(".keys-dialog[open]")
    found += barriers(page, "dialog")
    page.keyboard.press("Escape")
    until(page, "!document.querySelector('dialog')")
    for menu, name in (("Autres outils de mesure", "tools"), ("Tourner, retourner, taille", "turns")):
        page.get_by_role("button", name=menu).click()
        keep_picture(page, f"viewer-menu-{name}", f"A menu of the viewer, in French: {menu}")
        found += barriers(page, ".popover:popover-open")
        page.keyboard.press("Escape")
    page.get_by_role("button", name="Disposition des cases").click()
    found += barriers(page, ".popover:popover-open")
    page.get_by_role("button", name="Garder ce qui est à l’écran").click()
    page.wait_for_selector(".hanging-dialog[open]")
    found += barriers(page, "dialog")
    assert found == []


def test_the_pages_of_administration_fit_a_narrow_window(open_page: Callable[..., Any], signed_in: Any) -> None:
    page = open_page("/admin/peers", state=signed_in, width=700)
    french(page)
    found = []
    for room in ROOMS:
        page.locator(f"a[href='/admin/{room}']").click()
        page.wait_for_selector(f"[data-testid=room-{room}]")
        until(page, "!document.querySelector('.muted')?.innerText.includes('Chargement')")
        found += barriers(page)
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if wide > 0:
            found.append(f"{room}: {wide} px wider than the window")
    assert found == []


def test_the_sign_in(open_page: Callable[..., Any]) -> None:
    page = open_page("/")
    page.wait_for_selector("form")
    assert barriers(page) == []
