"""A demo server, a real browser, and pages that must leave no complaint behind."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from services.server import launch
from web_kit.pages import Complaints, Site, Tile, first_password, session_of, skip_unless_built

playwright_api = pytest.importorskip("playwright.sync_api", reason="the browser tests need the package playwright")

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    # WebGL is drawn in software as it is; what lies around it is put together faster without it.
    "--disable-gpu-compositing",
    "--disable-accelerated-2d-canvas",
]

WATCH_POLICY = """
window.violations = [];
addEventListener('securitypolicyviolation', (event) => violations.push(`${event.violatedDirective} ${event.blockedURI}`));
"""


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The demo studies behind a sign-in, as `make run` shows them."""
    skip_unless_built()
    server = launch(tmp_path_factory.mktemp("site") / "data", command="demo")
    try:
        yield Site(server, first_password(server))
    finally:
        server.stop()


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    """Chromium as Debian ships it (or HOUNSFIELD_CHROMIUM), drawing in software."""
    executable = os.environ.get("HOUNSFIELD_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not executable:
        pytest.skip("there is no chromium (apt install chromium, or set HOUNSFIELD_CHROMIUM)")
    with playwright_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
        yield launched
        launched.close()


OpenPage = Callable[..., Any]


@pytest.fixture
def complaints() -> Complaints:
    """Of this test's pages. Asking whether somebody is signed in is answered with 401, which the browser logs."""
    return Complaints(expected=[r"/api/session .*401"])


@pytest.fixture
def open_page(browser: Any, site: Site, complaints: Complaints) -> Iterator[OpenPage]:
    """Opens pages; at the end none may have had a console error, an exception, a policy violation or a dialog."""
    contexts = []

    def on_console(message: Any) -> None:
        if message.type == "error":
            complaints.note(f"console: {message.location.get('url', '')} {message.text}")

    def on_dialog(dialog: Any) -> None:
        if dialog.type == "beforeunload":  # what is under way would be lost: a test that leaves means it
            dialog.accept()
            return
        complaints.found.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def open_one(path: str = "/", *, state: Any = None, width: int = 1280, height: int = 800) -> Any:
        context = browser.new_context(viewport={"width": width, "height": height}, storage_state=state, locale="en-US")
        contexts.append(context)
        context.set_default_timeout(20_000)
        page = context.new_page()
        page.on("console", on_console)
        page.on("pageerror", lambda error: complaints.note(f"exception: {error}"))
        page.on("dialog", on_dialog)
        page.add_init_script(
            "window.violations = []; addEventListener('securitypolicyviolation', (e) => violations.push(e.violatedDirective))"
        )
        page.goto(site.url + path)
        return page

    yield open_one
    for context in contexts:
        for page in context.pages:
            complaints.found.extend(f"policy: {directive}" for directive in page.evaluate("window.violations"))
        context.close()
    assert complaints.found == []


@pytest.fixture(scope="package")
def signed_in(browser: Any, site: Site) -> Any:
    """Cookies of a session, so that each test need not sign in by hand."""
    return session_of(browser, site)


@pytest.fixture
def preferences(browser: Any, site: Site, signed_in: Any) -> Iterator[Callable[[], dict[str, Any]]]:
    """What the server keeps of the administrator's: nothing at first, and nothing is left. Ask for it before pages, which close first."""
    context = browser.new_context(storage_state=signed_in)
    url = f"{site.url}/api/me/preferences"

    def read() -> dict[str, Any]:
        return dict(context.request.get(url).json())

    def forget() -> None:
        token = context.request.get(f"{site.url}/api/session").json()["csrf_token"]
        for name in read():
            assert context.request.delete(f"{url}/{name}", headers={"X-CSRF-Token": token}).status == 204

    forget()
    yield read
    forget()
    context.close()


@pytest.fixture(scope="package")
def studies(browser: Any, site: Site, signed_in: Any) -> dict[str, dict[str, Any]]:
    """The demo studies by `modality` and, where a patient has several, the latest."""
    context = browser.new_context(storage_state=signed_in)
    rows = context.request.get(f"{site.url}/api/worklist?sort=study_date&limit=100").json()["rows"]
    context.close()
    return {row["modalities"][0]: row for row in rows if row["patient_id"].startswith("DEMO-")}


@pytest.fixture
def open_study(open_page: OpenPage, signed_in: Any, studies: dict[str, dict[str, Any]]) -> Callable[..., Tile]:
    """Opens the demo study of a modality, by default in one tile, and waits for its first picture. hanging: empty for what fits."""

    def open_one(modality: str, hanging: str = "single", **size: int) -> Tile:
        asked = f"?hanging={hanging}" if hanging else ""
        tile = Tile(open_page(f"/viewer/{studies[modality]['study_instance_uid']}{asked}", state=signed_in, **size))
        tile.wait()
        return tile

    return open_one
