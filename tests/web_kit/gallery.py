"""Pictures that the tests take on their way, for docs/gallery: `make gallery`."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

from PIL import Image

CAPTION = 0x010E
"""ImageDescription of Exif: the caption travels with its picture."""


def keep_picture(page: Any, name: str, caption: str) -> None:
    """What the page shows now, as NAME.webp in the folder that HOUNSFIELD_GALLERY names; nothing where it names none."""
    folder = os.environ.get("HOUNSFIELD_GALLERY")
    if not folder:
        return
    Path(folder).mkdir(parents=True, exist_ok=True)
    # The pointer lights up what it happens to lie on.
    page.mouse.move(2, 2)
    page.evaluate("() => document.fonts.ready.then(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))")
    exif = Image.Exif()
    exif[CAPTION] = caption
    with Image.open(io.BytesIO(page.screenshot())) as shot:
        shot.convert("RGB").save(Path(folder) / f"{name}.webp", quality=82, method=6, exif=exif)
