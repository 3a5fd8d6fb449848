"""A small server that gives out OHIF's built files and passes `/dicom-web` on to a Hounsfield server, with a credential."""

from __future__ import annotations

import contextlib
import http.client
import mimetypes
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

from services.ports import free_port
from services.server import Server

PASSED_ON: frozenset[str] = frozenset({"accept", "accept-encoding", "content-type", "if-none-match", "range"})

CONFIGURATION = """
window.config = {
  routerBasename: '/',
  extensions: [],
  modes: [],
  showStudyList: true,
  maxNumberOfWebWorkers: 2,
  showWarningMessageForCrossOrigin: false,
  showCPUFallbackMessage: false,
  strictZSpacingForVolumeViewport: true,
  investigationalUseDialog: { option: 'never' },
  defaultDataSourceName: 'dicomweb',
  dataSources: [{
    namespace: '@ohif/extension-default.dataSourcesModule.dicomweb',
    sourceName: 'dicomweb',
    configuration: {
      friendlyName: 'Hounsfield',
      name: 'hounsfield',
      qidoRoot: `${location.origin}/dicom-web`,
      wadoRoot: `${location.origin}/dicom-web`,
      wadoUriRoot: `${location.origin}/dicom-web`,
      qidoSupportsIncludeField: true,
      imageRendering: 'wadors',
      thumbnailRendering: 'wadors',
      enableStudyLazyLoad: true,
      supportsFuzzyMatching: true,
      supportsWildcard: true,
      singlepart: 'bulkdata,video',
      bulkDataURI: { enabled: true },
    },
  }],
};
"""


@dataclass(frozen=True, slots=True)
class Passed:
    """One request that was passed on, and what came of it. accept: its header."""

    method: str
    target: str
    accept: str
    status: int


@dataclass(slots=True)
class Site:
    """url: of the viewer. passed: the requests to DICOMweb, in the order of their answers."""

    url: str
    passed: list[Passed] = field(default_factory=list)

    def failures(self) -> list[Passed]:
        """What was answered with an error."""
        return [one for one in self.passed if one.status >= 400]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    dist: ClassVar[Path]
    server_of: ClassVar[Server]
    token: ClassVar[str]
    site: ClassVar[Site]

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        if path.startswith("/dicom-web"):
            self._pass_on()
        elif path == "/app-config.js":
            self._give(CONFIGURATION.encode(), "text/javascript")
        else:
            found = self.dist / path.lstrip("/")
            if not found.resolve().is_relative_to(self.dist.resolve()) or not found.is_file():
                found = self.dist / "index.html"  # the viewer's own addresses
            self._give(found.read_bytes(), mimetypes.guess_type(found.name)[0] or "application/octet-stream")

    do_POST = do_GET  # noqa: N815 - named by the base class

    def _give(self, content: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {name: value for name, value in self.headers.items() if name.lower() in PASSED_ON}
        headers |= {"Authorization": f"Bearer {self.token}", "Host": self.headers["Host"]}
        with contextlib.closing(http.client.HTTPConnection(self.server_of.host, self.server_of.http_port, timeout=60)) as connection:
            connection.request(self.command, self.path, body or None, headers)
            answer = connection.getresponse()
            content = answer.read()
        self.site.passed.append(Passed(self.command, self.path, self.headers.get("Accept", ""), answer.status))
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "content-length", "connection", "date", "server"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):  # the browser drops what it no longer needs
            super().handle()

    def log_message(self, *_arguments: Any) -> None:
        """Nothing: `Site.passed` has it."""


@contextlib.contextmanager
def ohif(dist: Path, server: Server, token: str) -> Iterator[Site]:
    """The viewer in front of a server."""
    port = free_port()
    site = Site(f"http://127.0.0.1:{port}")
    handler = type("Handler", (_Handler,), {"dist": dist, "server_of": server, "token": token, "site": site})
    listener = ThreadingHTTPServer(("127.0.0.1", port), handler)
    listener.daemon_threads = True
    thread = threading.Thread(target=listener.serve_forever, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()
