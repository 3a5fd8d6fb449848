"""multipart/related bodies without input or output (RFC 2046 5.1, RFC 2387; PS3.18 8.6.1.2).

`MultipartParser` takes a body in pieces of any size and gives events; part bodies pass through as views of the pieces, so that memory
stays flat for parts of any size. Every length and count from the wire is checked before anything is kept.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hounsfield.model.errors import InvalidInput

BOUNDARY_MAX_CHARACTERS = 70
_BOUNDARY = re.compile(rb"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]")


class MalformedMultipart(InvalidInput):
    """The body is not the multipart message that its Content-Type says it is."""


class TruncatedMultipart(MalformedMultipart):
    """The body ended before its closing delimiter."""


@dataclass(frozen=True, slots=True)
class MultipartLimits:
    """max_preamble_bytes: before the first delimiter; what follows the last is ignored."""

    max_parts: int = 20_000
    max_headers: int = 16
    max_header_bytes: int = 8 << 10
    max_preamble_bytes: int = 16 << 10


@dataclass(frozen=True, slots=True)
class PartBegin:
    """headers: lower-case names; of a name that occurs twice the first counts."""

    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PartData:
    """The next bytes of the part, never empty; a view of what was fed."""

    data: memoryview


@dataclass(frozen=True, slots=True)
class PartEnd:
    """The part is complete."""


Event = PartBegin | PartData | PartEnd

_PART_END = PartEnd()


class _State(enum.Enum):
    PREAMBLE = enum.auto()
    AFTER_DELIMITER = enum.auto()
    BODY = enum.auto()
    EPILOGUE = enum.auto()


def check_boundary(boundary: str) -> bytes:
    """Raises: MalformedMultipart."""
    try:
        raw = boundary.encode("ascii")
    except UnicodeEncodeError as exc:
        raise MalformedMultipart("the boundary parameter has characters outside ASCII") from exc
    if _BOUNDARY.fullmatch(raw) is None:
        raise MalformedMultipart(f"the boundary parameter is not 1 to {BOUNDARY_MAX_CHARACTERS} of the characters that RFC 2046 allows")
    return raw


class MultipartParser:
    """Feed it the body; `close` tells whether all of it has come."""

    def __init__(self, boundary: str, limits: MultipartLimits | None = None) -> None:
        self.limits = limits or MultipartLimits()
        self.parts = 0
        self._delimiter = b"\r\n--" + check_boundary(boundary)
        self._state = _State.PREAMBLE
        # The start of the delimiter that the last piece ended with. The first delimiter needs no line break before it.
        self._carry = b"\r\n"
        self._line = bytearray()
        self._preamble_bytes = 0

    def feed(self, piece: bytes) -> Iterator[Event]:
        """The events of the next piece; take them all before feeding on. Raises: MalformedMultipart."""
        position = 0
        while position < len(piece):
            if self._state is _State.EPILOGUE:
                return
            if self._state is _State.AFTER_DELIMITER:
                begin, position = self._after_delimiter(piece, position)
                if begin is not None:
                    yield begin
                continue
            body, carried, position, found = self._until_delimiter(piece, position)
            yield from self._content(carried)
            yield from self._content(body)
            if found:
                if self._state is _State.BODY:
                    yield _PART_END
                self._state = _State.AFTER_DELIMITER

    def close(self) -> None:
        """Raises: TruncatedMultipart."""
        if self._state is not _State.EPILOGUE:
            raise TruncatedMultipart("the body ended before its closing delimiter")

    def _content(self, data: memoryview | bytes) -> Iterator[Event]:
        if not len(data):
            return
        if self._state is _State.BODY:
            yield PartData(memoryview(data))
            return
        self._preamble_bytes += len(data)
        if self._preamble_bytes > self.limits.max_preamble_bytes:
            raise MalformedMultipart("no delimiter where the first part should begin")

    def _until_delimiter(self, piece: bytes, position: int) -> tuple[memoryview | bytes, bytes, int, bool]:
        """Returns content of this piece, content carried over from the last, the position reached, and whether a delimiter ends there."""
        carried = b""
        if self._carry:
            rest = self._delimiter[len(self._carry) :]
            head = piece[position : position + len(rest)]
            if head == rest:
                self._carry = b""
                return b"", b"", position + len(rest), True
            if len(head) < len(rest) and rest.startswith(head):
                self._carry += head
                return b"", b"", len(piece), False
            # A delimiter has one carriage return, its first character: none can begin inside what was carried.
            carried, self._carry = self._carry, b""
        found = piece.find(self._delimiter, position)
        if found >= 0:
            return memoryview(piece)[position:found], carried, found + len(self._delimiter), True
        end = len(piece)
        tail = piece.rfind(b"\r", max(position, end - len(self._delimiter) + 1))
        if tail >= 0 and self._delimiter.startswith(piece[tail:]):
            self._carry = piece[tail:]
            end = tail
        return memoryview(piece)[position:end], carried, len(piece), False

    def _after_delimiter(self, piece: bytes, position: int) -> tuple[PartBegin | None, int]:
        """Collects the rest of the delimiter's line and the part's headers."""
        room = self.limits.max_header_bytes - len(self._line)
        before = len(self._line)
        self._line += piece[position : position + room + 1]
        if self._line.startswith(b"--"):
            self._state = _State.EPILOGUE
            return None, len(piece)
        end = self._line.find(b"\r\n\r\n", max(0, before - 3))
        if end < 0:
            if len(self._line) > self.limits.max_header_bytes:
                raise MalformedMultipart(f"the headers of part {self.parts + 1} are longer than {self.limits.max_header_bytes} bytes")
            return None, len(piece)
        head = bytes(self._line[: end + 2])
        self._line.clear()
        self.parts += 1
        if self.parts > self.limits.max_parts:
            raise MalformedMultipart(f"more than {self.limits.max_parts} parts")
        self._state = _State.BODY
        return PartBegin(self._headers(head)), position + end + 4 - before

    def _headers(self, head: bytes) -> Mapping[str, str]:
        padding, *lines = head[:-2].split(b"\r\n")
        if padding.strip(b" \t"):
            raise MalformedMultipart("a delimiter is followed by something other than a line break")
        if len(lines) > self.limits.max_headers:
            raise MalformedMultipart(f"more than {self.limits.max_headers} headers in part {self.parts}")
        headers: dict[str, str] = {}
        for line in lines:
            name, colon, value = line.partition(b":")
            if not colon or not name.strip():
                raise MalformedMultipart(f"a header of part {self.parts} has no name")
            headers.setdefault(name.strip().decode("latin-1").lower(), value.strip().decode("latin-1"))
        return headers


class MultipartWriter:
    """The texts around the parts of an answer.

    boundary: a fresh random one for each answer: a stored object must not be able to hold the delimiter.
    """

    def __init__(self, boundary: str) -> None:
        self.boundary = boundary
        self._line_break = ""

    def content_type(self, part_type: str) -> bytes:
        """Of the whole message; `part_type` without parameters (RFC 2387 3.1)."""
        return f'multipart/related; type="{part_type}"; boundary={self.boundary}'.encode("latin-1")

    def part_head(self, content_type: str, *, length_bytes: int | None = None, location: str = "") -> bytes:
        """The delimiter and the headers; the part's bytes follow."""
        length = "" if length_bytes is None else f"Content-Length: {length_bytes}\r\n"
        place = f"Content-Location: {location}\r\n" if location else ""
        head = f"{self._line_break}--{self.boundary}\r\nContent-Type: {content_type}\r\n{length}{place}\r\n"
        self._line_break = "\r\n"
        return head.encode("latin-1")

    def close(self) -> bytes:
        """The closing delimiter."""
        return f"\r\n--{self.boundary}--\r\n".encode("latin-1")
