"""Which transfer syntaxes the codecs know; to know that, no codec needs to be loaded."""

from __future__ import annotations

NATIVE = frozenset(("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"))
"""Pixel data is not compressed."""

DECODABLE = NATIVE | {
    "1.2.840.10008.1.2.5",
    "1.2.840.10008.1.2.8.1",
    *(f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 53, 55, 57, 70, 80, 81, 90, 91, 92, 93, 110, 111, 112, 201, 202, 203)),
}
"""Of which single frames can be decoded; video (MPEG) and JPIP are not among them."""

DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"
"""Deflated Image Frame Compression (PS3.5 A.4.13)."""

ENCODABLE = (*(f"1.2.840.10008.1.2.4.{number}" for number in (80, 90, 201, 202, 70, 57)), "1.2.840.10008.1.2.5", DEFLATED_FRAMES)
"""Into which frames can be coded without loss, the better code first."""
