"""A pack's members: what their headers say, and the code that proves who wrote them.

A member begins with 2 KiB of header room: a pax header block, 1,024 bytes of pax records and a ustar header block. What we have to say
stands as JSON in a `comment` record, which every tar knows and none complains of. Behind it lies HMAC-SHA256, keyed by the pack's secret
nonce, over the whole room with the code itself written as zeros. Recovery believes nothing else, so that bytes of an abandoned object
that look like a member never become one. An object that may be given an overlay has more room, all of it pax records.
"""

from __future__ import annotations

import enum
import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from hounsfield.archive.tar_format import (
    BLOCK_BYTES,
    is_ustar_header,
    needs_size_record,
    padded,
    path_of,
    pax_record,
    ustar_header,
)
from hounsfield.model.errors import InvalidInput
from hounsfield.model.identifiers import is_usable_uid
from hounsfield.model.location import Digests, Location, StoredObject
from hounsfield.model.rendition import Original

ROOM_BYTES = 2048
RECORDS_BYTES = 1024
LARGEST_ROOM_BYTES = 1 << 18
"""Of an object with an overlay."""
TEXT_MAX_CHARACTERS = 64
"""Of the source and of the transfer syntax UID: what the header room has place for."""

NO_DIGEST = hashlib.sha256(b"").digest()

_MAGIC = b"HOUNSFIELD/header"
_PAX_HEADER = ustar_header(b"", _MAGIC, RECORDS_BYTES, 0, kind=b"x")
_SIZE_FIELD = slice(124, 135)
"""Of a ustar header block: octal digits."""
_MAC_FROM_END = BLOCK_BYTES + 65
_BLANK_MAC = b"0" * 64
_CODE = re.compile(rb"[0-9a-f]{64}\n")
_KEYWORD = b"comment="
_to_json = json.JSONEncoder(separators=(",", ":")).encode


class MemberKind(enum.StrEnum):
    """What a member holds."""

    PACK = "pack"
    OBJECT = "object"
    DECISION = "decision"
    CATALOGUE = "catalogue"
    FOOTER = "footer"
    RENDITION = "rendition"


@dataclass(frozen=True, slots=True)
class MemberNames:
    """What an object is called, as its store found out.

    source: the calling AE title, or the protocol where there is none; at most 64 characters.
    """

    partition_id: int
    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    source: str


@dataclass(frozen=True, slots=True)
class Member:
    """One member's header.

    offset_bytes: of the header room, from the first byte of the pack.
    header_length_bytes: of the data set up to Pixel Data; 0 where it is not known.
    overlay: what is to be read otherwise than the object has it, as `model.overlay` writes it; empty for nothing.
    room_bytes: of the member's headers.
    original: of a rendition, what it was made of; None of everything else.
    """

    kind: MemberKind
    path: str
    pack_id: str
    sequence: int
    offset_bytes: int
    prefix_length_bytes: int
    data_set_length_bytes: int
    header_length_bytes: int
    digests: Digests
    received_at_ns: int
    partition_id: int
    source: str
    transfer_syntax_uid: str
    overlay: bytes = b""
    room_bytes: int = ROOM_BYTES
    original: Original | None = None

    @property
    def body_offset_bytes(self) -> int:
        """Of the file itself, from the first byte of the pack."""
        return self.offset_bytes + self.room_bytes

    @property
    def end_offset_bytes(self) -> int:
        """Where the next member begins."""
        return self.offset_bytes + self.room_bytes + padded(self.prefix_length_bytes + self.data_set_length_bytes)

    @property
    def location(self) -> Location:
        """Where the file lies."""
        return Location(
            self.pack_id,
            self.sequence,
            self.offset_bytes,
            self.offset_bytes + self.room_bytes,
            self.prefix_length_bytes,
            self.data_set_length_bytes,
        )

    def stored(self, node: str) -> StoredObject:
        """The member as the rest of the house knows it. node: from the pack's own header."""
        return StoredObject(
            self.partition_id, self.location, self.digests, self.received_at_ns, node, self.transfer_syntax_uid, self.source, self.overlay
        )

    @property
    def names(self) -> MemberNames:
        """What an object's path and header say. A UID that is none is known by its stand-in; the data set has the true one."""
        study, series, file_name = self.path.split("/")
        sop_instance_uid = file_name.removesuffix(".dcm").partition("~")[0]
        return MemberNames(self.partition_id, study, series, sop_instance_uid, self.transfer_syntax_uid, self.source)


def object_path(names: MemberNames) -> str:
    """`<study>/<series>/<instance>.dcm`. A hash stands in for what is not a UID: a path never comes from the wire unchecked."""
    return f"{_path_part(names.study_instance_uid)}/{_path_part(names.series_instance_uid)}/{_path_part(names.sop_instance_uid)}.dcm"


def _path_part(uid: str) -> str:
    if is_usable_uid(uid):
        return uid
    return "x" + hashlib.sha256(uid.encode("utf-8", "surrogatepass")).hexdigest()[:40]


def room_for(largest_overlay: bytes) -> int:
    """The header room of an object that may be given this overlay or a shorter one. Raises: InvalidInput where that is too much."""
    if not largest_overlay:
        return ROOM_BYTES
    more = _to_json({"overlay": largest_overlay.decode(), "room": LARGEST_ROOM_BYTES})
    room = ROOM_BYTES + padded(len(more))
    if room > LARGEST_ROOM_BYTES:
        raise InvalidInput("an overlay too long for a member's headers")
    return room


def room_of(head: bytes) -> int:
    """How long the header room is that begins with these bytes; 0 where they are not the beginning of one. It proves nothing."""
    if head.startswith(_PAX_HEADER):
        return ROOM_BYTES
    if not head.startswith(_MAGIC):
        return 0
    digits = head[_SIZE_FIELD]
    records = int(digits, 8) if digits.isdigit() and not digits.strip(b"01234567") else 0
    room = records + ROOM_BYTES - RECORDS_BYTES
    if not ROOM_BYTES < room <= LARGEST_ROOM_BYTES or room % BLOCK_BYTES or not head.startswith(_pax_header(records)):
        return 0
    return room


def says_where_it_is(head: bytes, pack_id: str, offset_bytes: int) -> bool:
    """Whether the records with which a header room begins name this pack and this place. It proves nothing."""
    records = head[BLOCK_BYTES : 2 * BLOCK_BYTES]
    return b'"pack":"%b"' % pack_id.encode() in records and b'"offset":%d,' % offset_bytes in records


def ends_as_a_room(tail: bytes) -> bool:
    """Whether the last two blocks of a header room have the form of a code and of a file's header. It proves nothing."""
    code, header = tail[-_MAC_FROM_END:-BLOCK_BYTES], tail[-BLOCK_BYTES:]
    return _CODE.fullmatch(code) is not None and is_ustar_header(header)


@lru_cache(maxsize=64)
def _pax_header(records_bytes: int) -> bytes:
    return ustar_header(b"", _MAGIC, records_bytes, 0, kind=b"x")


def encode(member: Member, nonce: bytes) -> bytes:
    """The header room. Raises: InvalidInput where a text is too long for it."""
    length = member.prefix_length_bytes + member.data_set_length_bytes
    if len(member.source) > TEXT_MAX_CHARACTERS or len(member.transfer_syntax_uid) > TEXT_MAX_CHARACTERS:
        raise InvalidInput(f"a source or transfer syntax of more than {TEXT_MAX_CHARACTERS} characters")
    text = _to_json(describe(member)).encode()
    size = pax_record(b"size", b"%d" % length) if needs_size_record(length) else b""
    records = member.room_bytes - ROOM_BYTES + RECORDS_BYTES
    keyword = b"%d %b" % (records - len(size), _KEYWORD)
    free = records - 65 - len(size) - len(keyword) - len(text)
    if free < 0:
        raise InvalidInput("the member's names do not fit its header room")
    prefix, _, name = member.path.rpartition("/")
    ustar = ustar_header(prefix.encode(), name.encode(), length, member.received_at_ns // 1_000_000_000)
    before = b"".join((_PAX_HEADER if records == RECORDS_BYTES else _pax_header(records), size, keyword, text, b" " * free))
    after = b"\n" + ustar
    return b"".join((before, authentication_code(nonce, before + _BLANK_MAC + after), after))


def authentication_code(nonce: bytes, blank_room: bytes) -> bytes:
    """64 hexadecimal digits over a header room whose own code is written as zeros."""
    return hmac.digest(nonce, blank_room, "sha256").hex().encode()


def is_authentic(nonce: bytes, room: bytes) -> bool:
    """Whether this header room was written by somebody who knew the pack's nonce."""
    start = len(room) - _MAC_FROM_END
    end = start + len(_BLANK_MAC)
    blank = room[:start] + _BLANK_MAC + room[end:]
    return hmac.compare_digest(authentication_code(nonce, blank), room[start:end])


def decode(room: bytes, nonce: bytes, pack_id: str, offset_bytes: int) -> Member | None:
    """The member whose header room this is; None unless it is whole, authentic, of this pack and of this place."""
    if not room or len(room) != room_of(room) or not is_authentic(nonce, room):
        return None
    try:
        member = _parse(room)
    except (ValueError, KeyError, TypeError):
        return None
    if member.kind in (MemberKind.OBJECT, MemberKind.RENDITION) and member.path.count("/") != 2:
        return None
    if (member.kind is MemberKind.RENDITION) != (member.original is not None):
        return None
    if member.pack_id != pack_id or member.offset_bytes != offset_bytes:
        return None
    return member


def _parse(room: bytes) -> Member:
    records = room[BLOCK_BYTES:-_MAC_FROM_END]
    said = json.loads(records[records.index(_KEYWORD) + len(_KEYWORD) :])
    if said.get("room", ROOM_BYTES) != len(room):
        raise ValueError("the room is not as long as it says")
    return from_description(said, path_of(room[-BLOCK_BYTES:]))


def describe(member: Member) -> dict[str, str | int]:
    """What header and catalogue say of a member, apart from its path, which the ustar header has."""
    digests = member.digests
    said: dict[str, str | int] = {
        "kind": member.kind.value,
        "pack": member.pack_id,
        "sequence": member.sequence,
        "offset": member.offset_bytes,
        "prefix": member.prefix_length_bytes,
        "data_set": member.data_set_length_bytes,
        "header": member.header_length_bytes,
        "prefix_sha256": digests.prefix_sha256.hex(),
        "data_set_sha256": digests.data_set_sha256.hex(),
        "xxh3": f"{digests.checksum:016x}",
        "received": member.received_at_ns,
        "partition": member.partition_id,
        "source": member.source,
        "syntax": member.transfer_syntax_uid,
    }
    if member.room_bytes != ROOM_BYTES:
        said["room"] = member.room_bytes
    if member.overlay:
        said["overlay"] = member.overlay.decode()
    if member.original is not None:
        said["original_pack"] = member.original.pack_id
        said["original_offset"] = member.original.offset_bytes
        said["original_sha256"] = member.original.data_set_sha256.hex()
    return said


def from_description(said: dict[str, Any], path: str) -> Member:
    """The inverse of `describe`, of bytes that have been proved to be ours. Raises: ValueError, KeyError, TypeError."""
    return Member(
        MemberKind(said["kind"]),
        path,
        said["pack"],
        said["sequence"],
        said["offset"],
        said["prefix"],
        said["data_set"],
        said["header"],
        Digests(bytes.fromhex(said["prefix_sha256"]), bytes.fromhex(said["data_set_sha256"]), int(said["xxh3"], 16)),
        said["received"],
        said["partition"],
        said["source"],
        said["syntax"],
        said.get("overlay", "").encode(),
        said.get("room", ROOM_BYTES),
        _original(said) if "original_pack" in said else None,
    )


def _original(said: dict[str, Any]) -> Original:
    return Original(said["original_pack"], said["original_offset"], bytes.fromhex(said["original_sha256"]))
