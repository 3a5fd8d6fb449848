"""HTTP/1.1 over a bare socket: what other clients would refuse to send goes out as it is."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Request:
    """target: as it stands in the request line. cut: the connection is closed after so many bytes of the body, and no answer awaited."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    chunked: bool = False
    cut: int | None = None

    def head(self, host: str, token: str) -> bytes:
        """The request line and the headers."""
        length = ("Transfer-Encoding", "chunked") if self.chunked else ("Content-Length", str(len(self.body)))
        lines = [f"{self.method} {self.target} HTTP/1.1", f"Host: {host}", f"Authorization: Bearer {token}"]
        if self.body or self.method in ("POST", "PUT"):
            lines.append(": ".join(length))
        lines += [f"{name}: {value}" for name, value in self.headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def pieces(self) -> Iterator[bytes]:
        """The body as it goes over the wire."""
        if not self.chunked:
            yield self.body
            return
        size = max(1, len(self.body) // 3)
        for start in range(0, len(self.body), size):
            piece = self.body[start : start + size]
            yield b"%x\r\n%b\r\n" % (len(piece), piece)
        yield b"0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """status: 0 where the connection was closed without one."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class NoAnswerInTime(AssertionError):
    """The server was silent for too long."""


class RawClient:
    """One connection, opened anew when it is gone.

    within_s: from the last byte of the request to the last byte of the answer.
    """

    def __init__(self, host: str, port: int, token: str, within_s: float) -> None:
        self._address = host, port
        self._token = token
        self._within_s = within_s
        self._socket: socket.socket | None = None
        self._received = bytearray()

    def close(self) -> None:
        """The connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self._received.clear()

    def ask(self, request: Request) -> Answer | None:
        """None where the request was cut. Raises: NoAnswerInTime."""
        reused = self._socket is not None
        answer = self._ask_once(request)
        if answer is not None and not answer.status and reused:
            # A connection may be closed between two requests; what came of the second must be asked anew.
            answer = self._ask_once(request)
        return answer

    def _ask_once(self, request: Request) -> Answer | None:
        if self._socket is None:
            self._socket = socket.create_connection(self._address, timeout=self._within_s)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        head = request.head(f"{self._address[0]}:{self._address[1]}", self._token)
        if request.cut is not None:
            with contextlib.suppress(OSError):
                self._socket.sendall(head + b"".join(request.pieces())[: request.cut])
            self.close()
            return None
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # refused early: the answer may be there all the same
            self._socket.sendall(head + b"".join(request.pieces()))
        try:
            answer = self._answer(request.method == "HEAD", time.monotonic() + self._within_s)
        except (ConnectionError, EOFError):
            self.close()
            return Answer(0)
        if answer.headers.get("connection", "").lower() == "close":
            self.close()
        return answer

    def _answer(self, head_only: bool, deadline: float) -> Answer:
        while (end := self._received.find(b"\r\n\r\n")) < 0:
            self._receive(deadline)
        first, *lines = bytes(self._received[:end]).decode("latin-1").split("\r\n")
        del self._received[: end + 4]
        status = int(first.split(" ", 2)[1])
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if 100 <= status < 200:
            return self._answer(head_only, deadline)
        if head_only or status in (204, 304):
            return Answer(status, headers)
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return Answer(status, headers, self._chunks(deadline))
        return Answer(status, headers, self._take(int(headers.get("content-length", "0")), deadline))

    def _chunks(self, deadline: float) -> bytes:
        body = bytearray()
        while True:
            while (end := self._received.find(b"\r\n")) < 0:
                self._receive(deadline)
            size = int(bytes(self._received[:end]).split(b";")[0], 16)
            del self._received[: end + 2]
            body += self._take(size, deadline)
            self._take(2, deadline)
            if not size:
                return bytes(body)

    def _take(self, length: int, deadline: float) -> bytes:
        while len(self._received) < length:
            self._receive(deadline)
        taken = bytes(self._received[:length])
        del self._received[:length]
        return taken

    def _receive(self, deadline: float) -> None:
        assert self._socket is not None
        self._socket.settimeout(max(0.01, deadline - time.monotonic()))
        try:
            data = self._socket.recv(1 << 18)
        except TimeoutError as exc:
            self.close()
            raise NoAnswerInTime(f"no whole answer within {self._within_s:g} s") from exc
        if not data:
            raise EOFError
        self._received += data
