"""Make the pictures in docs/images from the demo studies: `python tools/make_screenshots.py`. Needs Chromium and a built web app."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

PROJECT = Path(__file__).resolve().parent.parent
IMAGES = PROJECT / "docs" / "images"
URL = "http://127.0.0.1:8719"
CHROMIUM = [
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
]  # fmt: skip


def main() -> None:
    """Starts a demo of its own on a free data directory."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        command = [str(Path(sys.executable).parent / "hounsfield"), "demo", "--data-dir", folder, "--open-access"]
        server = subprocess.Popen([*command, "--http-port", URL.rpartition(":")[2], "--dicom-port", "11719"], stdout=subprocess.DEVNULL)
        try:
            wait_for_demo()
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
                page = browser.new_page(viewport={"width": 1440, "height": 900})
                shoot(page)
                browser.close()
        finally:
            server.terminate()
            server.wait()


def wait_for_demo() -> None:
    """Until all demo studies are in."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with suppress(OSError), urllib.request.urlopen(f"{URL}/dicom-web/studies?PatientID=DEMO-0008", timeout=2) as answer:
            if b"DEMO-0008" in answer.read():
                return
        time.sleep(0.2)
    raise SystemExit("the demo did not start")


def shoot(page: Page) -> None:
    """The worklist, and the head CT beside its prior."""
    page.goto(URL)
    page.wait_for_selector("text=Yamada")
    page.wait_for_load_state("networkidle")
    page.screenshot(path=IMAGES / "worklist.png")
    page.click("text=Open study")
    page.wait_for_url("**/viewer/**")
    page.wait_for_timeout(6000)
    page.keyboard.press("F2")
    page.wait_for_timeout(6000)
    page.screenshot(path=IMAGES / "viewer.png")
    for name in ("worklist", "viewer"):
        with Image.open(IMAGES / f"{name}.png") as picture:
            picture.convert("P", palette=Image.Palette.ADAPTIVE, colors=256).save(IMAGES / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
