"""What OHIF shows, as a person would see it."""

from __future__ import annotations

import io
import time
from typing import Any

import numpy as np
from PIL import Image

TOURS_SEEN = "localStorage.setItem('shownTours', JSON.stringify(['basicViewerTour', 'segmentationTour', 'microscopyTour']))"
"""Its first-run tours lie over the picture."""

_SHADES = """() => [...document.querySelectorAll('canvas')].map((canvas) => {
    const context = canvas.getContext('2d');
    if (!context || !canvas.width || !canvas.height) return 0;
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    const seen = new Set();
    for (let at = 0; at < data.length; at += 4) if (data[at + 3]) seen.add((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]);
    return seen.size;
})"""


def shades(page: Any) -> int:
    """Different colours on the canvas that has most of them; a page without canvas has none."""
    return max(page.evaluate(_SHADES), default=0)


def wait_for_picture(page: Any, within_s: float = 40.0, at_least: int = 3) -> int:
    """Until a canvas shows something other than one shade and the words on it; the number of its colours."""
    deadline = time.monotonic() + within_s
    found = 0
    while time.monotonic() < deadline:
        found = shades(page)
        if found >= at_least:
            return found
        page.wait_for_timeout(100)
    raise AssertionError(f"no picture within {within_s:g} s: {found} shades on the canvas")


def wait_for_screen(page: Any, within_s: float = 40.0, at_least: int = 20) -> None:
    """The same of a canvas that cannot be read back: by what the browser shows in the middle of the page."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        shot = Image.open(io.BytesIO(page.screenshot(clip={"x": 400, "y": 200, "width": 480, "height": 400}))).convert("RGB")
        if len(np.unique(np.asarray(shot).reshape(-1, 3), axis=0)) >= at_least:
            return
        page.wait_for_timeout(200)
    raise AssertionError(f"nothing in the middle of the page within {within_s:g} s")
