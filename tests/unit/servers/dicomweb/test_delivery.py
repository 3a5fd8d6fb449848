"""What goes out for what is stored and asked for, as a table (PS3.18 8.7.3)."""

from __future__ import annotations

import pytest

from hounsfield.model.errors import NotAcceptable
from hounsfield.servers.dicomweb.delivery import Change, asked_for_objects, deliver_frames, deliver_object
from hounsfield.servers.dicomweb.media_types import parse_accept

IMPLICIT, EXPLICIT, BIG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
RLE, BASELINE, LOSSLESS, JLS, J2K = (f"1.2.840.10008.1.2.{end}" for end in ("5", "4.50", "4.70", "4.80", "4.91"))
MPEG4, HTJ2K = "1.2.840.10008.1.2.4.102", "1.2.840.10008.1.2.4.201"


@pytest.mark.parametrize(
    ("stored", "asked", "change", "syntax"),
    [
        (EXPLICIT, "", Change.NONE, EXPLICIT),
        (EXPLICIT, "*", Change.NONE, EXPLICIT),
        (EXPLICIT, EXPLICIT, Change.NONE, EXPLICIT),
        (IMPLICIT, "", Change.REWRITE, EXPLICIT),
        (IMPLICIT, "*", Change.REWRITE, EXPLICIT),
        (IMPLICIT, EXPLICIT, Change.REWRITE, EXPLICIT),
        (IMPLICIT, IMPLICIT, None, None),
        (EXPLICIT, IMPLICIT, None, None),
        (BIG, "*", Change.REWRITE, EXPLICIT),
        (BIG, BIG, None, None),
        (DEFLATED, "", Change.REWRITE, EXPLICIT),
        (DEFLATED, "*", Change.NONE, DEFLATED),
        (DEFLATED, DEFLATED, Change.NONE, DEFLATED),
        (LOSSLESS, "", Change.DECODE, EXPLICIT),
        (LOSSLESS, "*", Change.NONE, LOSSLESS),
        (LOSSLESS, LOSSLESS, Change.NONE, LOSSLESS),
        (LOSSLESS, JLS, None, None),
        (BASELINE, "", Change.NONE, BASELINE),
        (BASELINE, EXPLICIT, Change.DECODE, EXPLICIT),
        (J2K, "", Change.NONE, J2K),
        (MPEG4, "", Change.NONE, MPEG4),
        ("1.2.3.4", "", Change.NONE, "1.2.3.4"),
        ("1.2.3.4", "*", Change.NONE, "1.2.3.4"),
    ],
)
def test_objects(stored: str, asked: str, change: Change | None, syntax: str | None) -> None:
    delivery = deliver_object(stored, asked)
    assert (delivery and delivery.change, delivery and delivery.transfer_syntax_uid) == (change, syntax)


@pytest.mark.parametrize(
    ("accept", "single", "asked"),
    [
        ("", False, [(True, "")]),
        ('multipart/related; type="application/dicom"; transfer-syntax=*', False, [(True, "*")]),
        ("application/dicom; transfer-syntax=1.2", True, [(False, "1.2")]),
        ("application/dicom", False, [(True, "")]),
        ('application/dicom;q=0.5, multipart/related; type="application/dicom"; transfer-syntax=9', True, [(True, "9"), (False, "")]),
    ],
)
def test_how_objects_are_asked_for(accept: str, single: bool, asked: list[tuple[bool, str]]) -> None:
    assert list(asked_for_objects(parse_accept(accept), single=single)) == asked


@pytest.mark.parametrize("accept", ["image/jpeg", "application/octet-stream", 'multipart/related; type="application/dicom+json"', "text/*"])
def test_objects_are_dicom(accept: str) -> None:
    with pytest.raises(NotAcceptable):
        asked_for_objects(parse_accept(accept), single=True)


OCTETS = "application/octet-stream"


@pytest.mark.parametrize(
    ("stored", "accept", "single", "part_type", "decode", "multipart"),
    [
        (EXPLICIT, "", True, f"{OCTETS}; transfer-syntax={EXPLICIT}", False, True),
        (IMPLICIT, "*/*", True, f"{OCTETS}; transfer-syntax={EXPLICIT}", False, True),
        (EXPLICIT, OCTETS, True, f"{OCTETS}; transfer-syntax={EXPLICIT}", False, False),
        (EXPLICIT, f'multipart/related; type="{OCTETS}"; transfer-syntax=*', False, f"{OCTETS}; transfer-syntax={EXPLICIT}", False, True),
        (
            EXPLICIT,
            f'multipart/related; type="{OCTETS}"; transfer-syntax={EXPLICIT}',
            True,
            f"{OCTETS}; transfer-syntax={EXPLICIT}",
            False,
            True,
        ),
        (JLS, "", True, f"{OCTETS}; transfer-syntax={EXPLICIT}", True, True),
        (JLS, "image/jls", True, f"image/jls; transfer-syntax={JLS}", False, False),
        (JLS, "image/*", True, f"image/jls; transfer-syntax={JLS}", False, True),
        (JLS, f'multipart/related; type="{OCTETS}"; transfer-syntax=*', True, f"image/jls; transfer-syntax={JLS}", False, True),
        (JLS, f'multipart/related; type="image/jls"; transfer-syntax={JLS}', True, f"image/jls; transfer-syntax={JLS}", False, True),
        (
            JLS,
            f'multipart/related; type="image/jp2", multipart/related; type="{OCTETS}"',
            True,
            f"{OCTETS}; transfer-syntax={EXPLICIT}",
            True,
            True,
        ),
        (BASELINE, "", True, f"{OCTETS}; transfer-syntax={EXPLICIT}", True, True),
        (BASELINE, "image/jpeg", True, f"image/jpeg; transfer-syntax={BASELINE}", False, False),
        (RLE, 'multipart/related; type="image/dicom-rle"', True, f"image/dicom-rle; transfer-syntax={RLE}", False, True),
        (HTJ2K, 'multipart/related; type="image/jphc"', True, f"image/jphc; transfer-syntax={HTJ2K}", False, True),
        ("1.2.3.4", f'multipart/related; type="{OCTETS}"; transfer-syntax=*', True, f"{OCTETS}; transfer-syntax=1.2.3.4", False, True),
    ],
)
def test_frames(stored: str, accept: str, single: bool, part_type: str, decode: bool, multipart: bool) -> None:
    delivery = deliver_frames(stored, parse_accept(accept), single=single)
    assert (delivery.part_type, delivery.decode, delivery.multipart) == (part_type, decode, multipart)


@pytest.mark.parametrize(
    ("stored", "accept", "single"),
    [
        (EXPLICIT, "image/jpeg", True),
        (EXPLICIT, 'multipart/related; type="image/jls"; transfer-syntax=*', True),
        (EXPLICIT, OCTETS, False),
        (JLS, f'multipart/related; type="image/jls"; transfer-syntax={J2K}', True),
        (JLS, f'multipart/related; type="{OCTETS}"; transfer-syntax={J2K}', True),
        (JLS, "application/dicom", True),
    ],
)
def test_frames_that_cannot_be_given(stored: str, accept: str, single: bool) -> None:
    with pytest.raises(NotAcceptable):
        deliver_frames(stored, parse_accept(accept), single=single)
