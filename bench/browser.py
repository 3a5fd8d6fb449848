"""Chromium, and what a page must know to say when a picture is on the screen."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Iterator
from typing import Any

from playwright.sync_api import sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]
MANY_SHADES = 30
"""A canvas with as many different colours shows a picture, not words on black."""

WATCHING = """
{
  // Reading a canvas back costs the page several milliseconds, so that one is read only after something was drawn into it.
  const drawings = new WeakMap();
  for (const draw of ['drawImage', 'putImageData']) {
    const original = CanvasRenderingContext2D.prototype[draw];
    CanvasRenderingContext2D.prototype[draw] = function (...values) {
      drawings.set(this.canvas, (drawings.get(this.canvas) ?? 0) + 1);
      return original.apply(this, values);
    };
  }
  const ofCanvases = (figure) => {
    const known = new WeakMap();
    return () => [...document.querySelectorAll('canvas')].map((canvas) => {
      const drawn = drawings.get(canvas) ?? 0;
      if (!drawn || !canvas.width || !canvas.height) return 0;
      if (known.get(canvas)?.drawn !== drawn) {
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        known.set(canvas, { drawn, value: figure(data) });
      }
      return known.get(canvas).value;
    });
  };
  const shadesOf = ofCanvases((data) => {
    const seen = new Set();
    for (let at = 0; at < data.length; at += 64) seen.add((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]);
    return seen.size;
  });
  const sumsOf = ofCanvases((data) => {
    let sum = 0;
    for (let at = 0; at < data.length; at += 64) sum += data[at];
    return sum;
  });
  window.shades = () => Math.max(0, ...shadesOf());
  window.checksum = () => sumsOf().reduce((sum, one) => sum + one, 0);
}
"""


@contextlib.contextmanager
def chromium() -> Iterator[Any]:
    """Playwright's browser type, which can be launched again and again, bound to Debian's Chromium (or HOUNSFIELD_CHROMIUM)."""
    executable = os.environ.get("HOUNSFIELD_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not executable:
        raise SystemExit("There is no chromium: apt install chromium, or set HOUNSFIELD_CHROMIUM.")
    with sync_playwright() as playwright:
        yield lambda: playwright.chromium.launch(executable_path=executable, args=FLAGS)


def fresh_context(browser: Any, *scripts: str) -> Any:
    """A browser that has seen nothing; the scripts run before each page's own."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
    context.set_default_timeout(60_000)
    context.add_init_script(";".join((WATCHING, *scripts)))
    return context


def wait_until(page: Any, expression: str, within_s: float = 60) -> None:
    """Until a JavaScript expression holds, asked every 5 ms. Raises SystemExit where it never does."""
    deadline = time.perf_counter() + within_s
    while not page.evaluate(f"() => Boolean({expression})"):
        if time.perf_counter() > deadline:
            raise SystemExit(f"never came true: {expression}")
        page.wait_for_timeout(5)


def wait_for_picture(page: Any) -> None:
    """Until a canvas shows one."""
    wait_until(page, f"shades() >= {MANY_SHADES}")
