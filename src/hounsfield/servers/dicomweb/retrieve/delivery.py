"""In which form a stored object or frame goes out: pure functions of what is stored and what is asked for (PS3.18 8.7.3)."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from hounsfield.codecs.capabilities import ENCODABLE
from hounsfield.dicom.transfer_syntaxes import (
    DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    TransferSyntax,
    transfer_syntax,
)
from hounsfield.model.errors import NotAcceptable
from hounsfield.servers.dicomweb.media_types import DICOM, OCTET_STREAM, ZIP, MediaType, choose

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


# The same tables: what a media type means without a transfer syntax, as far as we write it.
DEFAULT_TRANSFER_SYNTAXES: Final = {
    _JPEG: "1.2.840.10008.1.2.4.70",
    "image/dicom-rle": "1.2.840.10008.1.2.5",
    "image/jls": "1.2.840.10008.1.2.4.80",
    "image/jp2": "1.2.840.10008.1.2.4.90",
    "image/jphc": "1.2.840.10008.1.2.4.201",
}

Can = Callable[[str], bool]
"""Whether an object, or its frames, can be written anew in a transfer syntax without loss."""


class Packaging(enum.Enum):
    """How the objects of an answer are put together."""

    SINGLE = enum.auto()
    MULTIPART = enum.auto()
    ZIP = enum.auto()


class Recoding(enum.Enum):
    """What must be done to stored frames before they go out."""

    NONE = enum.auto()
    DECODE = enum.auto()
    ENCODE = enum.auto()


@dataclass(frozen=True, slots=True)
class ObjectDelivery:
    """How one stored object goes out, and the transfer syntax that its part is labelled with.

    as_stored: whether its data set goes out as it lies in the pack; else it is written anew, its pixels keeping their values.
    """

    as_stored: bool
    transfer_syntax_uid: str


@dataclass(frozen=True, slots=True)
class FrameDelivery:
    """How the frames of one instance go out."""

    recoding: Recoding
    media_type: str
    transfer_syntax_uid: str
    multipart: bool

    @property
    def part_type(self) -> str:
        """With the transfer syntax, as each part says it."""
        return f"{self.media_type}; transfer-syntax={self.transfer_syntax_uid}"


def asked_for_objects(accept: Iterable[MediaType], *, single: bool) -> Sequence[tuple[Packaging, str]]:
    """Packagings and transfer syntaxes that the client takes, best first; `single`: one instance, which may go without multipart.

    Raises: NotAcceptable.
    """
    asked = [
        (_packaging(wanted, single), wanted.transfer_syntax)
        for wanted in accept
        if (wanted.covers(DICOM) and wanted.name != OCTET_STREAM) or _is_zip_of_objects(wanted)
    ]
    if not asked:
        raise NotAcceptable('objects are given as multipart/related; type="application/dicom", or as application/zip')
    return asked


def _is_zip_of_objects(wanted: MediaType) -> bool:
    return wanted.name == ZIP and wanted.parameters.get("type", DICOM).lower() == DICOM


def _packaging(wanted: MediaType, single: bool) -> Packaging:
    if wanted.name == ZIP:
        return Packaging.ZIP
    return Packaging.SINGLE if single and wanted.name == DICOM else Packaging.MULTIPART


def asks_for_bulk_data(accept: Iterable[MediaType]) -> bool:
    """Whether an instance resource is asked for as bulk data rather than objects (table 10.4.4-1, note 2)."""
    for wanted in accept:
        if wanted.covers(DICOM) or _is_zip_of_objects(wanted):
            return False
        if wanted.is_multipart and (wanted.payload == OCTET_STREAM or wanted.payload in _COMPRESSED):
            return True
    return False


_COMPRESSED: Final = frozenset(FRAME_MEDIA_TYPES.values())


def deliver_object(stored_uid: str, asked: str, can: Can) -> ObjectDelivery | None:
    """How an object stored as `stored_uid` meets the transfer syntax `asked`, which is a UID, `*`, or empty; None where it cannot.

    Implicit VR Little Endian and Explicit VR Big Endian are not used with web services (8.7.3). Without a transfer syntax Explicit VR
    Little Endian is the default, but what is only held with loss goes out as it is (decompressed it would look like an original), and so
    does what cannot be written in it, being too long.
    """
    stored = transfer_syntax(stored_uid)
    usable = not stored.implicit_vr and stored.little_endian
    target = EXPLICIT_VR_LITTLE_ENDIAN if asked in ("", ANY) else asked
    if usable and (asked == ANY or target == stored_uid or (not asked and stored.encapsulated and stored.lossy)):
        return ObjectDelivery(True, stored_uid)
    if target in (EXPLICIT_VR_LITTLE_ENDIAN, DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN, *ENCODABLE) and can(target):
        return ObjectDelivery(False, target)
    return ObjectDelivery(True, stored_uid) if usable and not asked and stored.encapsulated else None


def deliver_frames(stored_uid: str, accept: Iterable[MediaType], can: Can, *, single: bool) -> FrameDelivery:
    """The first of what the client takes that can be given. `single`: one frame, which may go without multipart.

    can: asked of compressed transfer syntaxes alone. Raises: NotAcceptable.
    """
    stored = transfer_syntax(stored_uid)
    return choose(accept, lambda wanted: _offer_frames(stored, wanted, single, can))


def _offer_frames(stored: TransferSyntax, wanted: MediaType, single: bool, can: Can) -> FrameDelivery | None:
    multipart = wanted.is_multipart or wanted.name.endswith("*")
    if not multipart and not single:
        return None
    asked = wanted.transfer_syntax
    takes_octets = wanted.covers(OCTET_STREAM)
    stored_type = FRAME_MEDIA_TYPES.get(stored.uid, OCTET_STREAM)
    if takes_octets and asked in ("", EXPLICIT_VR_LITTLE_ENDIAN):
        return _uncompressed(stored, multipart)
    if stored.encapsulated:
        is_meant = asked in (ANY, stored.uid) or (not asked and _meets_default(stored, stored_type, wanted))
        if is_meant and (takes_octets or wanted.covers(stored_type)):
            return FrameDelivery(Recoding.NONE, stored_type, stored.uid, multipart)
    if takes_octets and asked == ANY:
        return _uncompressed(stored, multipart)
    for media_type, uid in _recodings(wanted, asked, takes_octets):
        if can(uid):
            return FrameDelivery(Recoding.ENCODE, media_type, uid, multipart)
    if stored.encapsulated and not asked and wanted.covers(stored_type):
        return FrameDelivery(Recoding.NONE, stored_type, stored.uid, multipart)
    return None


def _meets_default(stored: TransferSyntax, stored_type: str, wanted: MediaType) -> bool:
    """Without a transfer syntax: the media type's default, or what is held with loss alone; of a range of types what is stored."""
    return stored.lossy or wanted.payload != stored_type or stored.uid == DEFAULT_TRANSFER_SYNTAXES.get(stored_type)


def _uncompressed(stored: TransferSyntax, multipart: bool) -> FrameDelivery:
    recoding = Recoding.DECODE if stored.encapsulated else Recoding.NONE
    return FrameDelivery(recoding, OCTET_STREAM, EXPLICIT_VR_LITTLE_ENDIAN, multipart)


def _recodings(wanted: MediaType, asked: str, takes_octets: bool) -> Iterable[tuple[str, str]]:
    """Media types and transfer syntaxes, of those that we write, which meet what is asked for."""
    if asked in ("", ANY):
        return [(media_type, uid) for media_type, uid in DEFAULT_TRANSFER_SYNTAXES.items() if wanted.covers(media_type)]
    media_type = FRAME_MEDIA_TYPES.get(asked, OCTET_STREAM)
    return [(media_type, asked)] if asked in ENCODABLE and (takes_octets or wanted.covers(media_type)) else []
