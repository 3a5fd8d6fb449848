"""In which form a stored object or frame goes out: pure functions of what is stored and what is asked for (PS3.18 8.7.3)."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from hounsfield.dicom.transfer_syntaxes import EXPLICIT_VR_LITTLE_ENDIAN, TransferSyntax, transfer_syntax
from hounsfield.model.errors import NotAcceptable
from hounsfield.servers.dicomweb.media_types import DICOM, OCTET_STREAM, MediaType, choose

ANY: Final = "*"

_JPEG: Final = "image/jpeg"

# PS3.18 table 8.7.3-5 and -6: the media type that holds one frame of a transfer syntax.
FRAME_MEDIA_TYPES: Final = {
    "1.2.840.10008.1.2.5": "image/dicom-rle",
    "1.2.840.10008.1.2.4.50": _JPEG,
    "1.2.840.10008.1.2.4.51": _JPEG,
    "1.2.840.10008.1.2.4.57": _JPEG,
    "1.2.840.10008.1.2.4.70": _JPEG,
    "1.2.840.10008.1.2.4.80": "image/jls",
    "1.2.840.10008.1.2.4.81": "image/jls",
    "1.2.840.10008.1.2.4.90": "image/jp2",
    "1.2.840.10008.1.2.4.91": "image/jp2",
    "1.2.840.10008.1.2.4.92": "image/jpx",
    "1.2.840.10008.1.2.4.93": "image/jpx",
    "1.2.840.10008.1.2.4.100": "video/mpeg",
    "1.2.840.10008.1.2.4.101": "video/mpeg",
    "1.2.840.10008.1.2.4.102": "video/mp4",
    "1.2.840.10008.1.2.4.103": "video/mp4",
    "1.2.840.10008.1.2.4.104": "video/mp4",
    "1.2.840.10008.1.2.4.105": "video/mp4",
    "1.2.840.10008.1.2.4.106": "video/mp4",
    "1.2.840.10008.1.2.4.107": "video/H265",
    "1.2.840.10008.1.2.4.108": "video/H265",
    "1.2.840.10008.1.2.4.110": "image/jxl",
    "1.2.840.10008.1.2.4.111": "image/jxl",
    "1.2.840.10008.1.2.4.112": "image/jxl",
    "1.2.840.10008.1.2.4.201": "image/jphc",
    "1.2.840.10008.1.2.4.202": "image/jphc",
    "1.2.840.10008.1.2.4.203": "image/jphc",
}


class Change(enum.Enum):
    """What must be done to stored bytes before they go out."""

    NONE = enum.auto()
    REWRITE = enum.auto()
    """Element by element to Explicit VR Little Endian; pixels keep their values."""
    DECODE = enum.auto()
    """The pixels are decompressed, and the rest written in Explicit VR Little Endian."""


@dataclass(frozen=True, slots=True)
class ObjectDelivery:
    """How one stored object goes out, and the transfer syntax that its part is labelled with."""

    change: Change
    transfer_syntax_uid: str


@dataclass(frozen=True, slots=True)
class FrameDelivery:
    """How the frames of one instance go out."""

    decode: bool
    media_type: str
    transfer_syntax_uid: str
    multipart: bool

    @property
    def part_type(self) -> str:
        """With the transfer syntax, as each part says it."""
        return f"{self.media_type}; transfer-syntax={self.transfer_syntax_uid}"


def asked_for_objects(accept: Iterable[MediaType], *, single: bool) -> Sequence[tuple[bool, str]]:
    """(multipart, transfer syntax) pairs that the client takes, best first; `single`: one instance, which may go without multipart.

    Raises: NotAcceptable.
    """
    asked = [
        (wanted.is_multipart or wanted.name != DICOM or not single, wanted.transfer_syntax)
        for wanted in accept
        if wanted.covers(DICOM) and wanted.name != OCTET_STREAM
    ]
    if not asked:
        raise NotAcceptable('objects are given as multipart/related; type="application/dicom"')
    return asked


def deliver_object(stored_uid: str, asked: str) -> ObjectDelivery | None:
    """How an object stored as `stored_uid` meets the transfer syntax `asked`, which is a UID, `*`, or empty; None where it cannot.

    Implicit VR Little Endian and Explicit VR Big Endian are not used with web services (8.7.3). Without a transfer syntax Explicit VR
    Little Endian is the default, but what is only held with loss goes out as it is: decompressed it would look like an original.
    """
    stored = transfer_syntax(stored_uid)
    only_lossy = not asked and stored.encapsulated and stored.lossy
    asked = asked or EXPLICIT_VR_LITTLE_ENDIAN
    usable = not stored.implicit_vr and stored.little_endian
    if usable and (asked in (ANY, stored_uid) or only_lossy):
        return ObjectDelivery(Change.NONE, stored_uid)
    if asked not in (ANY, EXPLICIT_VR_LITTLE_ENDIAN):
        return None
    return ObjectDelivery(Change.DECODE if stored.encapsulated else Change.REWRITE, EXPLICIT_VR_LITTLE_ENDIAN)


def deliver_frames(stored_uid: str, accept: Iterable[MediaType], *, single: bool) -> FrameDelivery:
    """The first of what the client takes that can be given. `single`: one frame, which may go without multipart.

    Raises: NotAcceptable.
    """
    stored = transfer_syntax(stored_uid)
    return choose(accept, lambda wanted: _offer_frames(stored, wanted, single))


def _offer_frames(stored: TransferSyntax, wanted: MediaType, single: bool) -> FrameDelivery | None:
    multipart = wanted.is_multipart or wanted.name.endswith("*")
    if not multipart and not single:
        return None
    compressed_type = FRAME_MEDIA_TYPES.get(stored.uid, OCTET_STREAM)
    asked = wanted.transfer_syntax
    if stored.encapsulated:
        as_stored = FrameDelivery(False, compressed_type, stored.uid, multipart)
        if asked in (ANY, stored.uid) and (wanted.covers(compressed_type) or wanted.covers(OCTET_STREAM)):
            return as_stored
        if not asked and wanted.payload not in ("*/*", OCTET_STREAM) and wanted.covers(compressed_type):
            return as_stored
    if asked in ("", ANY, EXPLICIT_VR_LITTLE_ENDIAN) and wanted.covers(OCTET_STREAM):
        return FrameDelivery(stored.encapsulated, OCTET_STREAM, EXPLICIT_VR_LITTLE_ENDIAN, multipart)
    return None
