"""How much of the app a browser fetches before the list, and before a picture: what is built grows unseen."""

from __future__ import annotations

from typing import Any

import pytest

from web_kit.pages import STATIC, Tile

pytestmark = pytest.mark.xdist_group("web_app")

BEFORE_A_STUDY = 250_000
VIEWER = 1_300_000
"""Bytes, gzipped; the plan's."""

ASSETS = STATIC / "assets"


def fetched(page: Any) -> dict[str, int]:
    """Scripts and styles that the page has fetched, with their size as gzip."""
    names = page.evaluate("performance.getEntriesByType('resource').map((one) => one.name).filter((name) => name.includes('/assets/'))")
    sizes = {}
    for name in {address.rpartition("/")[2] for address in names}:
        packed = ASSETS / f"{name}.gz"
        sizes[name] = len((packed if packed.is_file() else ASSETS / name).read_bytes())
    return sizes


def test_what_is_fetched_before_the_list_and_before_a_picture(open_page: Any, signed_in: Any, studies: dict[str, dict[str, Any]]) -> None:
    """The viewer comes when a study is chosen, a decoder when a frame needs it."""
    page = open_page("/?q=nobody-has-this-name", state=signed_in)
    page.wait_for_selector("text=No study matches")
    first = fetched(page)
    assert first, "nothing was seen"
    assert sum(first.values()) <= BEFORE_A_STUDY, first
    page.evaluate(
        "(path) => { history.pushState({}, '', path); dispatchEvent(new PopStateEvent('popstate')); }",
        f"/viewer/{studies['CT']['study_instance_uid']}",
    )
    Tile(page).wait()
    viewer = {name: size for name, size in fetched(page).items() if name not in first and name.startswith("ViewerPage")}
    assert viewer, "the viewer was not fetched apart"
    assert sum(viewer.values()) <= VIEWER, viewer
