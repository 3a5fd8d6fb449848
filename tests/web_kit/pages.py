"""Pages as tests see them: what a tile shows, and what the browser complains of."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from services.server import Server

STATIC = Path(__file__).resolve().parents[2] / "src" / "hounsfield" / "servers" / "webapi" / "static"

Pixels = NDArray[np.uint8]
"""(rows, columns, 4), RGBA as on the screen."""


def skip_unless_built() -> None:
    """Skips what needs the web app where it has not been built."""
    if not (STATIC / "index.html").is_file():
        pytest.skip("the web app is not built (make build)")


@dataclass(frozen=True, slots=True)
class Site:
    """A running server and the way in."""

    server: Server
    password: str
    user: str = "admin"

    @property
    def url(self) -> str:
        """Of the web app."""
        return self.server.url


def session_of(browser: Any, site: Site) -> Any:
    """Cookies of a session, for pages that need not sign in by hand."""
    context = browser.new_context()
    answer = context.request.post(f"{site.url}/api/session", data={"username": site.user, "password": site.password})
    assert answer.status == 200, answer.text()
    state = context.storage_state()
    context.close()
    return state


@dataclass(slots=True)
class Complaints:
    """What the browser was unhappy about. expected: patterns that a test brings about on purpose."""

    found: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def note(self, complaint: str) -> None:
        """Unless it is expected."""
        if not any(re.search(pattern, complaint) for pattern in self.expected):
            self.found.append(complaint)


def first_password(server: Server, within_s: float = 60.0) -> str:
    """As the server prints it, once the demo studies are in."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if printed := re.search(r"password (\S+)", server.output.read_text()):
            return printed[1]
        time.sleep(0.05)
    raise AssertionError(f"no password was printed:\n{server.output.read_text()}")


def until(page: Any, expression: str, tries: int = 400) -> None:
    """Waits until a JavaScript expression holds. (Playwright's own wait evaluates text in the page, which the policy forbids.)"""
    # What is not in the page yet (a reload is under way) does not hold yet.
    tried = f"() => {{ try {{ return Boolean({expression}); }} catch {{ return false; }} }}"
    for _ in range(tries):
        if page.evaluate(tried):
            return
        page.wait_for_timeout(25)
    raise AssertionError(f"never came true: {expression}")


class Tile:
    """One tile of the viewer, as a person sees it."""

    def __init__(self, page: Any, position: int = 0) -> None:
        self.page = page
        self.root = page.locator(f"[data-testid=tile-{position}]")
        self._position = position

    def wait(self, status: str = "ready") -> None:
        """Until its picture is there (or has failed)."""
        self.page.wait_for_selector(f"[data-testid=tile-{self._position}][data-status={status}]", timeout=40_000)
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def pixels(self) -> Pixels:
        """What is on the canvas now."""
        found = self._picture(None)
        assert found is not None
        return found[1]

    def _picture(self, known: int | None) -> tuple[int, Pixels] | None:
        """Checksum and pixels of the canvas; None where its checksum is the known one: megabytes need not come again."""
        answer = self.page.evaluate(
            """([position, known]) => {
                const canvas = document.querySelector(`[data-testid=tile-${position}] canvas`);
                const { width, height } = canvas;
                const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
                let sum = width;
                const words = new Uint32Array(data.buffer);
                for (let at = 0; at < words.length; at += 1) sum = Math.imul(sum ^ words[at], 16777619);
                if (sum === known) return null;
                let text = '';
                for (let at = 0; at < data.length; at += 32768) text += String.fromCharCode(...data.subarray(at, at + 32768));
                return [sum, width, height, btoa(text)];
            }""",
            [self._position, known],
        )
        if answer is None:
            return None
        checksum, width, height, encoded = answer
        return checksum, np.frombuffer(base64.b64decode(encoded), np.uint8).reshape(height, width, 4)

    def changed_from(self, before: Pixels) -> Pixels:
        """Waits until the canvas differs."""
        return self.until(lambda now: now.shape != before.shape or not np.array_equal(now, before))

    def same_as(self, wanted: Pixels) -> None:
        """Waits until the canvas shows exactly this."""
        self.until(lambda now: np.array_equal(now, wanted))

    def until(self, holds: Callable[[Pixels], bool], within_s: float = 20.0) -> Pixels:
        deadline = time.monotonic() + within_s
        known = None
        while time.monotonic() < deadline:
            if found := self._picture(known):
                known, now = found
                if holds(now):
                    return now
            self.page.evaluate("() => new Promise((done) => requestAnimationFrame(done))")
        raise AssertionError("the picture did not become what was waited for")

    def letters(self) -> str:
        """Left, right, top, bottom."""
        return " ".join(self.root.locator(f"[data-testid=letter-{edge}]").inner_text() for edge in "lrtb")

    def wait_for_letters(self, letters: str, within_s: float = 20.0) -> None:
        """Left, right, top, bottom."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            if self.letters() == letters:
                return
            self.page.evaluate("() => new Promise((done) => requestAnimationFrame(done))")
        raise AssertionError(f"{self.letters()!r} instead of {letters!r}")

    def wait_for_corner(self, name: str, text: str) -> None:
        """Until the corner says so: the words may follow the picture by a moment."""
        self.page.wait_for_selector(f"[data-testid=tile-{self._position}] [data-testid=corner-{name}]:has-text('{text}')")

    def corner(self, name: str) -> str:
        """The text of one corner: tl, tr, bl, br."""
        return str(self.root.locator(f"[data-testid=corner-{name}]").inner_text())
