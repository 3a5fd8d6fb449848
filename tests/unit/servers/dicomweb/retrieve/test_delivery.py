"""What goes out for what is stored and asked for, as a table (PS3.18 8.7.3)."""

from __future__ import annotations

import pytest

from hounsfield.model.errors import NotAcceptable
from hounsfield.servers.dicomweb.media_types import parse_accept
from hounsfield.servers.dicomweb.retrieve.delivery import (
    Packaging,
    Recoding,
    asked_for_objects,
    asks_for_bulk_data,
    deliver_frames,
    deliver_object,
)

IMPLICIT, EXPLICIT, BIG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
RLE, BASELINE, LOSSLESS, JLS, J2K = (f"1.2.840.10008.1.2.{end}" for end in ("5", "4.50", "4.70", "4.80", "4.91"))
MPEG4, HTJ2K = "1.2.840.10008.1.2.4.102", "1.2.840.10008.1.2.4.201"


def anything(uid: str) -> bool:
    """Whatever is asked for can be written."""
    return True


def nothing(uid: str) -> bool:
    """The object is too large, or no codec knows it."""
    return False


@pytest.mark.parametrize(
    ("stored", "asked", "as_stored", "syntax"),
    [
        (EXPLICIT, "", True, EXPLICIT),
        (EXPLICIT, "*", True, EXPLICIT),
        (EXPLICIT, EXPLICIT, True, EXPLICIT),
        (IMPLICIT, "", False, EXPLICIT),
        (IMPLICIT, "*", False, EXPLICIT),
        (IMPLICIT, EXPLICIT, False, EXPLICIT),
        (IMPLICIT, IMPLICIT, None, None),
        (EXPLICIT, IMPLICIT, None, None),
        (BIG, "*", False, EXPLICIT),
        (BIG, BIG, None, None),
        (DEFLATED, "", False, EXPLICIT),
        (DEFLATED, "*", True, DEFLATED),
        (DEFLATED, DEFLATED, True, DEFLATED),
        (EXPLICIT, DEFLATED, False, DEFLATED),
        (LOSSLESS, DEFLATED, False, DEFLATED),
        (LOSSLESS, "", False, EXPLICIT),
        (LOSSLESS, "*", True, LOSSLESS),
        (LOSSLESS, LOSSLESS, True, LOSSLESS),
        (LOSSLESS, JLS, False, JLS),
        (EXPLICIT, JLS, False, JLS),
        (IMPLICIT, HTJ2K, False, HTJ2K),
        (EXPLICIT, BASELINE, None, None),
        (EXPLICIT, J2K, None, None),
        (BASELINE, "", True, BASELINE),
        (BASELINE, EXPLICIT, False, EXPLICIT),
        (J2K, "", True, J2K),
        (MPEG4, "", True, MPEG4),
        ("1.2.3.4", "", True, "1.2.3.4"),
        ("1.2.3.4", "*", True, "1.2.3.4"),
    ],
)
def test_objects(stored: str, asked: str, as_stored: bool | None, syntax: str | None) -> None:
    delivery = deliver_object(stored, asked, anything)
    assert (delivery and delivery.as_stored, delivery and delivery.transfer_syntax_uid) == (as_stored, syntax)


@pytest.mark.parametrize(
    ("stored", "asked", "syntax"),
    [
        (LOSSLESS, "", LOSSLESS),  # too long for Explicit VR Little Endian (8.7.3)
        (LOSSLESS, EXPLICIT, None),
        (LOSSLESS, JLS, None),
        (MPEG4, EXPLICIT, None),
        (IMPLICIT, "", None),
        (IMPLICIT, "*", None),
        (EXPLICIT, "", EXPLICIT),
    ],
)
def test_objects_that_cannot_be_written_anew(stored: str, asked: str, syntax: str | None) -> None:
    delivery = deliver_object(stored, asked, nothing)
    assert (delivery and delivery.transfer_syntax_uid) == syntax
    assert delivery is None or delivery.as_stored


SINGLE, MULTIPART, ZIP = Packaging.SINGLE, Packaging.MULTIPART, Packaging.ZIP


@pytest.mark.parametrize(
    ("accept", "single", "asked"),
    [
        ("", False, [(MULTIPART, "")]),
        ('multipart/related; type="application/dicom"; transfer-syntax=*', False, [(MULTIPART, "*")]),
        ("application/dicom; transfer-syntax=1.2", True, [(SINGLE, "1.2")]),
        ("application/dicom", False, [(MULTIPART, "")]),
        (
            'application/dicom;q=0.5, multipart/related; type="application/dicom"; transfer-syntax=9',
            True,
            [(MULTIPART, "9"), (SINGLE, "")],
        ),
        ("application/zip", False, [(ZIP, "")]),
        ("application/zip; transfer-syntax=*, */*;q=0.1", True, [(ZIP, "*"), (MULTIPART, "")]),
    ],
)
def test_how_objects_are_asked_for(accept: str, single: bool, asked: list[tuple[Packaging, str]]) -> None:
    assert list(asked_for_objects(parse_accept(accept), single=single)) == asked


@pytest.mark.parametrize(
    "accept",
    [
        "image/jpeg",
        "application/octet-stream",
        'multipart/related; type="application/dicom+json"',
        "text/*",
        'application/zip; type="application/dicom+json"',
    ],
)
def test_objects_are_dicom(accept: str) -> None:
    with pytest.raises(NotAcceptable):
        asked_for_objects(parse_accept(accept), single=True)


@pytest.mark.parametrize(
    ("accept", "asks"),
    [
        ("", False),
        ("*/*", False),
        ('multipart/related; type="application/octet-stream"', True),
        ('multipart/related; type="image/jls"', True),
        ('multipart/related; type="application/octet-stream";q=0.5, multipart/related; type="application/dicom"', False),
        ("application/octet-stream", False),
        ('multipart/related; type="text/plain"', False),
    ],
)
def test_bulk_data_of_an_instance_resource(accept: str, asks: bool) -> None:
    assert asks_for_bulk_data(parse_accept(accept)) == asks


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
            f'multipart/related; type="image/jxl", multipart/related; type="{OCTETS}"',
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
    delivery = deliver_frames(stored, parse_accept(accept), anything, single=single)
    recoding = Recoding.DECODE if decode else Recoding.NONE
    assert (delivery.part_type, delivery.recoding, delivery.multipart) == (part_type, recoding, multipart)


RPCL, NEAR, LOSSLESS_14, J2K_LOSSLESS = (f"1.2.840.10008.1.2.4.{end}" for end in ("202", "81", "57", "90"))


@pytest.mark.parametrize(
    ("stored", "accept", "encoded_as"),
    [
        # The defaults of table 8.7.3-5.
        (EXPLICIT, "image/jpeg", f"image/jpeg; transfer-syntax={LOSSLESS}"),
        (EXPLICIT, "image/jls", f"image/jls; transfer-syntax={JLS}"),
        (EXPLICIT, "image/jp2", f"image/jp2; transfer-syntax={J2K_LOSSLESS}"),
        (EXPLICIT, "image/jphc", f"image/jphc; transfer-syntax={HTJ2K}"),
        (EXPLICIT, "image/dicom-rle", f"image/dicom-rle; transfer-syntax={RLE}"),
        (LOSSLESS_14, "image/jpeg", f"image/jpeg; transfer-syntax={LOSSLESS}"),
        (RPCL, "image/jphc", f"image/jphc; transfer-syntax={HTJ2K}"),
        (EXPLICIT, 'multipart/related; type="image/jls"; transfer-syntax=*', f"image/jls; transfer-syntax={JLS}"),
        (JLS, "image/jphc", f"image/jphc; transfer-syntax={HTJ2K}"),
        (BASELINE, "image/jls", f"image/jls; transfer-syntax={JLS}"),
        # By name.
        (EXPLICIT, f"image/jpeg; transfer-syntax={LOSSLESS_14}", f"image/jpeg; transfer-syntax={LOSSLESS_14}"),
        (EXPLICIT, f"image/jphc; transfer-syntax={RPCL}", f"image/jphc; transfer-syntax={RPCL}"),
        (EXPLICIT, f"{OCTETS}; transfer-syntax={JLS}", f"image/jls; transfer-syntax={JLS}"),
        (EXPLICIT, f"*/*; transfer-syntax={RLE}", f"image/dicom-rle; transfer-syntax={RLE}"),
        # By preference.
        (EXPLICIT, "image/jxl, image/jls;q=0.5, image/jp2;q=0.7", f"image/jp2; transfer-syntax={J2K_LOSSLESS}"),
        (EXPLICIT, "image/*", f"image/jpeg; transfer-syntax={LOSSLESS}"),
    ],
)
def test_frames_that_are_compressed(stored: str, accept: str, encoded_as: str) -> None:
    delivery = deliver_frames(stored, parse_accept(accept), anything, single=True)
    assert (delivery.part_type, delivery.recoding) == (encoded_as, Recoding.ENCODE)


@pytest.mark.parametrize(
    ("stored", "accept", "syntax"),
    [
        (NEAR, "image/jls", NEAR),  # it is held with loss alone
        (J2K, "image/jp2", J2K),
        (RPCL, "image/jphc; transfer-syntax=*", RPCL),
        (RPCL, f"image/jphc; transfer-syntax={RPCL}", RPCL),
        (LOSSLESS_14, "image/*", LOSSLESS_14),
    ],
)
def test_frames_that_go_out_as_stored(stored: str, accept: str, syntax: str) -> None:
    delivery = deliver_frames(stored, parse_accept(accept), anything, single=True)
    assert (delivery.transfer_syntax_uid, delivery.recoding) == (syntax, Recoding.NONE)


def test_a_default_that_cannot_be_written() -> None:
    delivery = deliver_frames(LOSSLESS_14, parse_accept("image/jpeg"), nothing, single=True)
    assert (delivery.transfer_syntax_uid, delivery.recoding) == (LOSSLESS_14, Recoding.NONE)
    with pytest.raises(NotAcceptable):
        deliver_frames(EXPLICIT, parse_accept("image/jpeg"), nothing, single=True)


@pytest.mark.parametrize(
    ("stored", "accept", "single"),
    [
        (EXPLICIT, f"image/jpeg; transfer-syntax={BASELINE}", True),
        (LOSSLESS, f"image/jpeg; transfer-syntax={BASELINE}", True),
        (EXPLICIT, f"image/jls; transfer-syntax={HTJ2K}", True),
        (EXPLICIT, f"image/jls; transfer-syntax={NEAR}", True),
        (EXPLICIT, "image/jls", False),
        (EXPLICIT, "image/jxl", True),
        (EXPLICIT, OCTETS, False),
        (JLS, f'multipart/related; type="image/jls"; transfer-syntax={J2K}', True),
        (JLS, f'multipart/related; type="{OCTETS}"; transfer-syntax={J2K}', True),
        (JLS, "application/dicom", True),
    ],
)
def test_frames_that_cannot_be_given(stored: str, accept: str, single: bool) -> None:
    """Never lossy, never under another type's name."""
    with pytest.raises(NotAcceptable):
        deliver_frames(stored, parse_accept(accept), anything, single=single)
