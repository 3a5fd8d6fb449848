"""Keys, mouse and language as one person likes them: they hold at once, after a reload, and at another workstation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from web_kit.gallery import keep_picture
from web_kit.pages import Tile, until

pytestmark = pytest.mark.xdist_group("web_app")


def wait_for(page: Any, read: Callable[[], dict[str, Any]], wanted: dict[str, Any]) -> None:
    """Until the server has taken it."""
    for _ in range(200):
        if read() == wanted:
            return
        page.wait_for_timeout(25)
    assert read() == wanted


def test_keys_and_mouse_are_those_that_somebody_chose(preferences: Callable[[], dict[str, Any]], open_study: Callable[..., Tile]) -> None:
    tile = open_study("CT")
    page = tile.page
    page.keyboard.press("?")
    page.click("text=Change keys and mouse")
    pan = page.get_by_test_id("keys-tool.pan")
    pan.get_by_role("button", name="Give “Pan” a key").click()
    page.keyboard.press("w")
    page.wait_for_selector("[role=alert]:has-text('W belongs to “Window”.')")
    keep_picture(page, "viewer-keys", "Keys and mouse as one likes them; who has a key already is said")
    page.click("text=Give it to “Pan”")
    pan.get_by_role("button", name="Take P from “Pan”").click()
    page.get_by_label("Right button").select_option("window")
    page.get_by_role("combobox", name="Wheel", exact=True).select_option("zoom")
    page.keyboard.press("Escape")

    until(page, "!document.querySelector('dialog')")
    page.keyboard.press("w")
    page.wait_for_selector("[aria-label=Pan][aria-pressed=true][title='Pan (W)']")
    assert page.locator("[aria-label=Window][title='Window']").count() == 1
    zoom = tile.corner("br")
    tile.root.hover()
    page.mouse.wheel(0, -100)
    until(page, f"document.querySelector('[data-testid=corner-br]').innerText !== {zoom!r}")
    page.mouse.down(button="right")
    page.mouse.move(800, 300, steps=5)
    page.mouse.up(button="right")
    until(page, "!/W 80 C 40/.test(document.querySelector('[data-testid=corner-br]').innerText)")
    wait_for(
        page,
        preferences,
        {
            "keys": {"tool.pan": ["w"], "tool.window": []},
            "viewer.mouse": {"left": "window", "middle": "pan", "right": "window", "wheel": "zoom", "ctrlWheel": "zoom"},
        },
    )
    page.reload()
    tile.wait()
    page.keyboard.press("?")
    page.wait_for_selector("dialog dt:text-is('Pan') + dd:has-text('W')")
    page.click("text=Change keys and mouse")
    page.click("text=Reset all keys")
    page.click("text=Reset the mouse")
    wait_for(page, preferences, {})


def test_the_language_goes_with_the_person(
    preferences: Callable[[], dict[str, Any]], open_page: Callable[..., Any], signed_in: Any
) -> None:
    page = open_page("/", state=signed_in)
    page.get_by_test_id("user-menu").click()
    page.locator("select:has(option[value=fr])").select_option("fr")
    wait_for(page, preferences, {"language": "fr"})
    elsewhere = open_page("/", state=signed_in)
    until(elsewhere, "document.documentElement.lang === 'fr'")
