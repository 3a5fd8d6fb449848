"""Stores by chance: objects, and metadata as JSON and XML with bulk data beside it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random
from typing import Any

from fuzz_kit.asking import headers
from fuzz_kit.held import ROOT, Held
from fuzz_kit.mutations import damaged, damaged_header
from fuzz_kit.raw_http import Request
from fuzz_kit.words import MEDIA_TYPES, TAGS, VRS

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"

Part = tuple[str, str, bytes]
"""Content-Type, Content-Location, content."""

_JSON_VALUES = (
    *(0, -1, 1.5, 1e308, float("inf"), float("nan"), 2**63, -(2**64), 10**40, True, None, "", "x", "1.2.3", "20260101", "\0", "\ud800"),
    *({"Alphabetic": "A^B"}, {"Alphabetic": 7}, {"Other": "x"}, [], "7FE00010", "-0", "1e5", " 12 ", "\x1b$B", "a\\b", "é" * 70000),
)
_ODD_VALUES = ([], None, {}, "text", 1, [[]], [[["x"]]], [{}], [None, None])
_INLINE = ("", "AAAA", "A", "====", "AA\nAA", "é", None, 7)
_ADDRESSES = ("bulk/1", "bulk/2", "http://127.0.0.1:1/x", "file:///etc/passwd", "", None, 1, "cid:1")
_ATTRIBUTE = '<DicomAttribute tag="{}" vr="{}"><Value number="1">{}</Value></DicomAttribute>'
_XML_ATTRIBUTES = (
    '<DicomAttribute tag="00100010" vr="PN"><PersonName number="1"><Alphabetic><FamilyName/></Alphabetic></PersonName></DicomAttribute>',
    '<DicomAttribute tag="7FE00010" vr="OW"><BulkData uri="bulk/1"/></DicomAttribute>',
    '<DicomAttribute tag="7FE00010" vr="OW"><InlineBinary>AAAA</InlineBinary></DicomAttribute>',
    '<DicomAttribute tag="00280010" vr="US"><Value number="1">99999999</Value></DicomAttribute>',
    '<DicomAttribute tag="00280010" vr="US"><Value number="4000000000">1</Value></DicomAttribute>',
    '<DicomAttribute tag="00091001" vr="UN" privateCreator="X"><Value number="1">1</Value></DicomAttribute>',
    '<DicomAttribute tag="00081140" vr="SQ">' + '<Item number="1"><DicomAttribute tag="00081140" vr="SQ">' * 300,
    '<DicomAttribute tag="00081140" vr="SQ"><Item number="1"/><Item number="3"/></DicomAttribute>',
    "&lol;",
    "<x/>",
)
_XML_STARTS = (
    "",
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<?xml version="1.0" encoding="UTF-32"?>',
    '<!DOCTYPE x [<!ENTITY lol "lol"><!ENTITY b "&lol;&lol;&lol;&lol;">]>',
)
_ODD_HEADERS = (
    "Content-Length: 5\r\n",
    "Content-Transfer-Encoding: base64\r\n",
    ":\r\n",
    "X: y\r\n" * 20,
    "Content-Location: bulk/1\r\n",
)


def objects(random: Random, held: Held) -> Request:
    """Several, as a multipart message."""
    return _multipart(
        random, "application/dicom", [("application/dicom", "", _object(random, held)) for _ in range(random.choice((1, 1, 2, 3)))]
    )


def single(random: Random, held: Held) -> Request:
    """One object that may say it is something else."""
    return _posted(random, random.choice(("application/dicom", "application/dicom", *MEDIA_TYPES)), _object(random, held))


def json_metadata(random: Random, held: Held) -> Request:
    """Data sets of DICOM JSON; the text, too, may be damaged."""
    document = [data_set(random, 0, held) for _ in range(random.choice((1, 1, 2)))]
    text = json.dumps(document, ensure_ascii=random.random() < 0.5).encode("utf-8", "surrogatepass")
    return _with_bulk_data(random, "application/dicom+json", damaged(random, text) if random.random() < 0.4 else text)


def xml_metadata(random: Random, held: Held) -> Request:
    """One data set of the Native DICOM Model."""
    inner = "".join(_ATTRIBUTE.format(tag, "UI", uid) for tag, uid in _identity(random, held, 8))
    inner += "".join(random.choice(_XML_ATTRIBUTES) for _ in range(random.randint(0, 4)))
    text = f'{random.choice(_XML_STARTS)}<NativeDicomModel xml:space="preserve">{inner}</NativeDicomModel>'.encode()
    return _with_bulk_data(random, "application/dicom+xml", damaged(random, text) if random.random() < 0.5 else text)


def _identity(random: Random, held: Held, last: int) -> list[tuple[str, str]]:
    study, series, instance = random.choice(held.instances)
    return [("00080016", SECONDARY_CAPTURE), ("00080018", f"{instance}.{last}"), ("0020000D", study), ("0020000E", series)]


def _object(random: Random, held: Held) -> bytes:
    whole = random.choice(held.files)
    return damaged(random, whole) if random.random() < 0.8 else whole


def data_set(random: Random, depth: int, held: Held) -> dict[str, Any]:
    """DICOM JSON of few elements; the outermost, of depth 0, mostly names an object."""
    found: dict[str, Any] = {}
    if depth == 0 and random.random() < 0.8:
        found |= {tag: {"vr": "UI", "Value": [uid]} for tag, uid in _identity(random, held, 9)}
    for _ in range(random.randint(0, 6)):
        tag = random.choice(TAGS) if random.random() < 0.8 else f"{random.getrandbits(32):08X}"
        found[tag] = _element(random, depth, held)
    return found


def _element(random: Random, depth: int, held: Held) -> dict[str, Any]:
    element: dict[str, Any] = {"vr": random.choice(VRS)} if random.random() < 0.95 else {}
    match random.randrange(8):
        case 0:
            element["InlineBinary"] = random.choice(_INLINE)
        case 1:
            element["BulkDataURI"] = random.choice(_ADDRESSES)
        case 2 if depth < 4:
            element["vr"] = random.choice(("SQ", "SQ", "LO"))
            element["Value"] = [data_set(random, depth + 1, held) for _ in range(random.randint(0, 2))]
        case 3:
            element = {"vr": "SQ"}
            for _ in range(random.choice((5, 200))):
                element = {"vr": "SQ", "Value": [{"00081140": element}]}
        case 4:
            element["Value"] = random.choice(_ODD_VALUES)
        case _:
            element["Value"] = [random.choice(_JSON_VALUES) for _ in range(random.randint(1, 3))]
    return element


def _with_bulk_data(random: Random, kind: str, metadata: bytes) -> Request:
    if random.random() < 0.1:
        return _posted(random, kind, metadata)
    parts = [(kind, "", metadata)]
    for number in range(random.choice((0, 1, 1, 2))):
        bulk_kind = random.choice(("application/octet-stream", "image/jpeg", "application/pdf", "a"))
        parts.append((bulk_kind, f"bulk/{number + 1}", b"\1\2" * random.randint(0, 99)))
    if random.random() < 0.1:
        random.shuffle(parts)
    return _multipart(random, kind, parts)


def _multipart(random: Random, kind: str, parts: Sequence[Part]) -> Request:
    boundary = random.choice(("edge", "edge", "e'(+_,-./:=?", "x" * 70))
    body = b""
    for content_type, location, content in parts:
        head = f"--{boundary}\r\nContent-Type: {content_type}\r\n" + (f"Content-Location: {location}\r\n" if location else "")
        if random.random() < 0.2:
            head += random.choice(_ODD_HEADERS)
        body += head.encode() + b"\r\n" + content + b"\r\n"
    body += f"--{boundary}--".encode()
    if random.random() < 0.3:
        body = damaged(random, body)
    return _posted(random, f'multipart/related; type="{kind}"; boundary="{boundary}"', body)


def _posted(random: Random, content_type: str, body: bytes) -> Request:
    if random.random() < 0.15:
        content_type = damaged_header(random, content_type)
    places = ("/studies", "/studies/1.2.3", "/studies/1.2.99", "/workitems", "/studies/x", "/nothing")
    place = random.choices(places, (20, 3, 3, 2, 1, 1))[0]
    cut = random.randrange(len(body) + 1) if random.random() < 0.02 else None
    return Request("POST", ROOT + place, (("Content-Type", content_type), *headers(random)), body, random.random() < 0.3, cut)
