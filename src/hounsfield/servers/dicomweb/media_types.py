"""What a client accepts, and what it gets (PS3.18 8.7; RFC 9110 12.5.1)."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from hounsfield.model.errors import InvalidInput, NotAcceptable

DICOM: Final = "application/dicom"
DICOM_JSON: Final = "application/dicom+json"
DICOM_XML: Final = "application/dicom+xml"
JSON: Final = "application/json"
OCTET_STREAM: Final = "application/octet-stream"
ZIP: Final = "application/zip"
MULTIPART_RELATED: Final = "multipart/related"

MAX_ACCEPT_CHARACTERS: Final = 4096
MAX_ACCEPT_RANGES: Final = 64

Chosen = TypeVar("Chosen")

_ITEM = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*(?:"|$))+')
_PARAMETER = re.compile(r';\s*([\w!#$%&\'*+.^`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))')


class MalformedHeader(InvalidInput):
    """A header that does not follow its grammar."""


@dataclass(frozen=True, slots=True)
class MediaType:
    """A media type or range, as in Content-Type or one item of Accept; names in lower case.

    quality: the client's preference, 0 to 1.
    """

    name: str
    parameters: dict[str, str] = field(hash=False)
    quality: float = 1.0

    @property
    def is_multipart(self) -> bool:
        """Whether the parts' type counts: `multipart/related`, its `type` parameter naming theirs (RFC 2387)."""
        return self.name == MULTIPART_RELATED

    @property
    def payload(self) -> str:
        """The type or range of what is wanted: of the parts in a multipart message."""
        return self.parameters.get("type", "*/*").lower() if self.is_multipart else self.name

    @property
    def transfer_syntax(self) -> str:
        """A UID, `*`, or empty where none is asked for."""
        return self.parameters.get("transfer-syntax", "")

    def covers(self, name: str) -> bool:
        """Whether the range asked for holds the media type `name`."""
        wanted = self.payload
        return wanted == name or wanted == "*/*" or (wanted.endswith("/*") and name.startswith(wanted[:-1]))


def parse_media_type(text: str) -> MediaType:
    """Raises: MalformedHeader."""
    name, _, _ = text.partition(";")
    name = name.strip().lower()
    major, slash, minor = name.partition("/")
    if not slash or not major or not minor or len(text) > MAX_ACCEPT_CHARACTERS:
        raise MalformedHeader("not a media type: type/subtype, perhaps with parameters")
    parameters: dict[str, str] = {}
    for key, quoted, plain in _PARAMETER.findall(text):
        parameters.setdefault(key.lower(), re.sub(r"\\(.)", r"\1", quoted) or plain)
    try:
        quality = float(parameters.pop("q", "1"))
    except ValueError as exc:
        raise MalformedHeader("a quality (q=) is not a number") from exc
    return MediaType(name, parameters, quality)


@functools.lru_cache(maxsize=512)
def parse_accept(text: str) -> tuple[MediaType, ...]:
    """The ranges by falling preference; without the header anything is accepted. Raises: MalformedHeader."""
    if not text.strip():
        return (MediaType("*/*", {}),)
    if len(text) > MAX_ACCEPT_CHARACTERS:
        raise MalformedHeader(f"an Accept header of more than {MAX_ACCEPT_CHARACTERS} characters")
    ranges = [parse_media_type(item) for item in _ITEM.findall(text)[:MAX_ACCEPT_RANGES] if item.strip()]
    if not ranges:
        raise MalformedHeader("an Accept header without media types")
    return tuple(sorted((item for item in ranges if item.quality > 0), key=lambda item: -item.quality))


def choose(accept: Iterable[MediaType], offer: Callable[[MediaType], Chosen | None]) -> Chosen:
    """The first offer in the client's order. Raises: NotAcceptable."""
    for wanted in accept:
        if (offered := offer(wanted)) is not None:
            return offered
    raise NotAcceptable("none of the media types in Accept can be given here")
