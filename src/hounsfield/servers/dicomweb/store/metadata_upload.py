"""STOW-RS of metadata and bulk data: documents in DICOM JSON or XML, and the values that they name (PS3.18 10.5.1.4, 8.6.1.2.1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urljoin

from hounsfield.dicom.composed import Slice
from hounsfield.dicom.json_input import GivenDataSet, read_given, read_json_document
from hounsfield.dicom.xml_model import json_of_xml
from hounsfield.model.errors import HounsfieldError, ObjectTooLarge, UnreadableObject, UnsupportedMediaType
from hounsfield.model.outcomes import StoreResult
from hounsfield.servers.dicomweb.media_types import DICOM_JSON, DICOM_XML, JSON, OCTET_STREAM, MalformedHeader, parse_media_type
from hounsfield.servers.dicomweb.multipart import Event, MultipartParser, PartBegin, PartData
from hounsfield.servers.dicomweb.store.response import Failure, Outcomes
from hounsfield.services.compose import BulkPart, compose_object, names_of, uris_of
from hounsfield.services.pixel_value import FrameCodec
from hounsfield.services.spool import Spool
from hounsfield.services.store import Reception

MOST_TAGS: Final = 2_000_000
"""Of the XML documents of one request: an element with a value has four."""
WRITE_BYTES: Final = 1 << 20

_FRAME = re.compile(r"(.+)/frames/([0-9]{1,7})")
_METADATA_TYPES: Final = frozenset({DICOM_JSON, DICOM_XML})


@dataclass(slots=True)
class _Arriving:
    """A part of which the bytes are coming. document: of metadata; None for bulk data and for what is not taken."""

    media_type: str
    transfer_syntax_uid: str
    location: str
    begins_at: int
    document: bytearray | None = None
    refusal: HounsfieldError | None = None


@dataclass(slots=True)
class _Located:
    """Parts by where they say they are: as a whole, and frame by frame."""

    whole: dict[str, list[BulkPart]] = field(default_factory=dict)
    frames: dict[str, dict[int, BulkPart]] = field(default_factory=dict)


class MetadataUpload:
    """The parts of one request's body; synchronous, fed in a thread. Objects are made when all of it is there.

    open_reception: of one object in the store.
    kind: the media type of the metadata: what a part without a Content-Type is, if it is the first, and what a body without parts is.
    base_url: of the request's target, against which relative addresses are read (RFC 2557 5).
    """

    def __init__(
        self,
        open_reception: Callable[[], Reception],
        parser: MultipartParser | None,
        kind: str,
        spool: Spool,
        codec: FrameCodec,
        base_url: str,
        max_metadata_bytes: int,
    ) -> None:
        self.outcomes = Outcomes()
        self._open = open_reception
        self._parser = parser
        self._kind = kind
        self._spool = spool
        self._codec = codec
        self._base_url = base_url
        self._room_bytes = max_metadata_bytes
        self._documents: list[bytearray] = []
        self._located = _Located()
        self._part: _Arriving | None = None
        if parser is None:
            self._part = _Arriving(kind, "", "", 0, document=bytearray())

    def feed(self, piece: bytes) -> None:
        """Raises: MalformedMultipart, ObjectTooLarge, OutOfSpace, Unavailable."""
        if self._parser is None:
            self._take(memoryview(piece))
            return
        for event in self._parser.feed(piece):
            self._on_event(event)

    def close(self) -> None:
        """The body has come to its end; returns when all objects are durable or refused.

        Raises: TruncatedMultipart; UnreadableObject where the metadata cannot be read.
        """
        if self._parser is None:
            self._end()
        else:
            self._parser.close()
        if not self._documents:
            raise UnreadableObject("there is no metadata in the request")
        self._store_all()

    def abandon(self) -> None:
        """Leaves nothing of what waited."""
        self._spool.close()
        self._documents.clear()

    def _on_event(self, event: Event) -> None:
        if isinstance(event, PartBegin):
            self._part = self._begin(event.headers)
        elif isinstance(event, PartData):
            self._take(event.data)
        else:
            self._end()

    def _begin(self, headers: Mapping[str, str]) -> _Arriving:
        is_first = self._parser is not None and self._parser.parts == 1
        text = headers.get("content-type") or (self._kind if is_first else OCTET_STREAM)
        try:
            media_type = parse_media_type(text)
        except MalformedHeader:
            refusal = UnsupportedMediaType("a part whose Content-Type is no media type")
            return _Arriving("", "", "", self._spool.length_bytes, refusal=refusal)
        name = media_type.name
        arriving = _Arriving(name, media_type.transfer_syntax, headers.get("content-location", ""), self._spool.length_bytes)
        if name in _METADATA_TYPES or (is_first and name == JSON):
            arriving.document = bytearray()
        elif not arriving.location:
            arriving.refusal = UnreadableObject("a part of bulk data without a Content-Location")
        return arriving

    def _take(self, data: memoryview) -> None:
        part = self._part
        assert part is not None
        if part.document is not None:
            self._room_bytes -= len(data)
            if self._room_bytes < 0:
                raise ObjectTooLarge("the metadata of one request is longer than is read at once")
            part.document += data
        elif part.refusal is None:
            self._spool.write(data)

    def _end(self) -> None:
        part, self._part = self._part, None
        assert part is not None
        if part.refusal is not None:
            self.outcomes.failures.append(Failure("", "", part.refusal))
        elif part.document is not None:
            self._documents.append(part.document)
        else:
            where = Slice(part.begins_at, self._spool.length_bytes - part.begins_at)
            bulk = BulkPart(part.media_type, part.transfer_syntax_uid, where)
            place = self._absolute(part.location)
            self._located.whole.setdefault(place, []).append(bulk)
            if (frame := _FRAME.fullmatch(place)) is not None:
                self._located.frames.setdefault(frame[1], {})[int(frame[2])] = bulk

    def _absolute(self, uri: str) -> str:
        try:
            return urljoin(self._base_url, uri)
        except ValueError:
            return uri

    # When all of it is there

    def _store_all(self) -> None:
        used: set[str] = set()
        for document in self._documents_read():
            outcome = self._store(document, used)
            (self.outcomes.failures if isinstance(outcome, Failure) else self.outcomes.results).append(outcome)  # type: ignore[arg-type]
        unused = len(self._located.whole.keys() - used)
        for _ in range(unused):
            self.outcomes.failures.append(Failure("", "", UnreadableObject("a part of bulk data that no metadata names")))

    def _documents_read(self) -> list[Any]:
        if sum(document.count(b"<") for document in self._documents) > MOST_TAGS and self._kind == DICOM_XML:
            raise UnreadableObject("the metadata has more elements or values than are read at once")
        found: list[Any] = []
        while self._documents:
            document = self._documents.pop(0)
            if self._kind == DICOM_XML:
                found.append(json_of_xml(bytes(document)))
            else:
                found += read_json_document(document)
        if not found:
            raise UnreadableObject("the metadata describes no instance")
        return found

    def _store(self, document: object, used: set[str]) -> StoreResult | Failure:
        names = _names_in(document)
        try:
            metadata = read_given(document)
            names = names_of(metadata)
            composed = compose_object(metadata, self._bulk_of(metadata, used), self._spool, self._codec)
            with self._open() as reception:
                for piece in composed.stream(self._spool):
                    for start in range(0, len(piece), WRITE_BYTES):
                        reception.write(memoryview(piece)[start : start + WRITE_BYTES])
                return reception.finish()
        except HounsfieldError as exc:
            return Failure(*names, exc)

    def _bulk_of(self, metadata: GivenDataSet, used: set[str]) -> dict[str, list[BulkPart]]:
        """The parts for each BulkDataURI as the metadata has it. used: notes the places that are named."""
        found: dict[str, list[BulkPart]] = {}
        for uri in uris_of(metadata):
            place = self._absolute(uri)
            whole, frames = self._located.whole.get(place), self._located.frames.get(place)
            if whole:
                found[uri] = whole
                used.add(place)
            elif frames:
                found[uri] = [frames[number] for number in sorted(frames)]
                used.update(f"{place}/frames/{number}" for number in frames)
        return found


def _names_in(document: object) -> tuple[str, str]:
    """SOP Class and SOP Instance UID of metadata that could not be read, as far as they can be told."""
    names = []
    for tag in ("00080016", "00080018"):
        element = document.get(tag) if isinstance(document, Mapping) else None
        values = element.get("Value") if isinstance(element, Mapping) else None
        names.append(values[0] if isinstance(values, list) and values and isinstance(values[0], str) else "")
    return names[0], names[1]
