"""Two viewers, driven alike: Hounsfield's own, and the published build of OHIF over the same server's DICOMweb."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, Protocol

from bench.servers import free_port

TOURS_SEEN = "localStorage.setItem('shownTours', JSON.stringify(['basicViewerTour']))"
"""OHIF's first-run tour lies over the picture."""

CONFIGURATION = """
window.config = {{
  routerBasename: '/', extensions: [], modes: [], showStudyList: true, maxNumberOfWebWorkers: 2,
  showWarningMessageForCrossOrigin: false, showCPUFallbackMessage: false,
  investigationalUseDialog: {{ option: 'never' }}, defaultDataSourceName: 'dicomweb',
  dataSources: [{{
    namespace: '@ohif/extension-default.dataSourcesModule.dicomweb', sourceName: 'dicomweb',
    configuration: {{
      friendlyName: 'archive', name: 'archive', qidoRoot: '{root}', wadoRoot: '{root}', wadoUriRoot: '{root}',
      qidoSupportsIncludeField: true, imageRendering: 'wadors', thumbnailRendering: 'wadors', enableStudyLazyLoad: true,
      supportsFuzzyMatching: true, supportsWildcard: true, singlepart: 'bulkdata,video', bulkDataURI: {{ enabled: true }},
    }},
  }}],
}};
"""


class _Files(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    configuration: ClassVar[bytes]

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/app-config.js":
            self.send_response(200)
            self.send_header("Content-Type", "text/javascript")
            self.send_header("Content-Length", str(len(self.configuration)))
            self.end_headers()
            self.wfile.write(self.configuration)
            return
        if not (Path(self.directory) / path.lstrip("/")).is_file():
            self.path = "/index.html"  # the viewer's own addresses
        super().do_GET()

    def log_message(self, *_arguments: Any) -> None:
        """Nothing."""


@contextlib.contextmanager
def ohif_files(dist: Path, port: int, dicom_web: str) -> Iterator[str]:
    """OHIF's built files on a port of their own, as its makers ship them; it speaks with the archive directly (CORS). The URL."""
    handler = type("Files", (_Files,), {"configuration": CONFIGURATION.format(root=dicom_web).encode()})
    with ThreadingHTTPServer(("127.0.0.1", port), functools.partial(handler, directory=str(dist))) as listener:
        listener.daemon_threads = True
        threading.Thread(target=listener.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            listener.shutdown()


class Viewer(Protocol):
    """One page that shows the list of studies. Each step returns when what it is for is on the screen."""

    name: str

    def list_studies(self, page: Any) -> None: ...
    def open_study(self, page: Any) -> None: ...
    def middle(self, page: Any) -> tuple[float, float]: ...
    def choose_length(self, page: Any) -> None: ...
    def wait_for_length(self, page: Any) -> None: ...
    def save(self, page: Any) -> None: ...


@dataclass(frozen=True, slots=True)
class Hounsfield:
    """Keys where it has keys."""

    url: str
    patient: str
    name: str = "Hounsfield"

    def list_studies(self, page: Any) -> None:
        page.goto(self.url)
        page.wait_for_selector(f"[data-testid=study-row]:has-text('{self.patient}')")

    def open_study(self, page: Any) -> None:
        page.dblclick(f"[data-testid=study-row]:has-text('{self.patient}')")

    def middle(self, page: Any) -> tuple[float, float]:
        return _middle(page.locator("[data-testid=tile-0]"))

    def choose_length(self, page: Any) -> None:
        page.keyboard.press("l")

    def wait_for_length(self, page: Any) -> None:
        page.locator("[data-testid=tile-0] svg text:has-text('mm')").first.wait_for()

    def save(self, page: Any) -> None:
        page.click("header [aria-label=Measurements]")
        page.click("[data-testid=measurements] >> button:text-is('Save')")
        page.wait_for_selector("[data-testid=measurements-state]:has-text('Saved as SR')")


@dataclass(frozen=True, slots=True)
class Ohif:
    """Its basic viewer, with its own names for things."""

    url: str
    patient: str
    name: str = "OHIF"

    def list_studies(self, page: Any) -> None:
        page.goto(self.url)
        page.get_by_text(self.patient).first.wait_for()

    def open_study(self, page: Any) -> None:
        page.get_by_text(self.patient).first.click()
        page.get_by_text("Basic Viewer").first.click()

    def middle(self, page: Any) -> tuple[float, float]:
        return _middle(page.locator("[data-cy=viewport-pane]").first)

    def choose_length(self, page: Any) -> None:
        page.locator("[data-cy=MeasurementTools-split-button-primary]").click()

    def wait_for_length(self, page: Any) -> None:
        page.locator("[data-cy=viewport-pane] svg text:has-text('mm')").first.wait_for()

    def save(self, page: Any) -> None:
        page.get_by_role("button", name="Yes", exact=True).click()  # it asks whether to track the series
        page.locator("[data-cy=trackedMeasurements-btn]").click()
        page.get_by_role("button", name="Create SR").click()
        page.get_by_role("button", name="Save", exact=True).click()
        # The new series appears among the others.
        page.locator("[data-cy=studyBrowser-panel] >> text=Create Report").first.wait_for()


def _middle(locator: Any) -> tuple[float, float]:
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def port_and_origin() -> tuple[int, str]:
    """A free port, and the origin of pages that it will serve."""
    port = free_port()
    return port, f"http://127.0.0.1:{port}"
