"""Value representations and how their lengths are written (PS3.5 6.2 and 7.1.2)."""

from __future__ import annotations

LONG_VRS = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
"""Two reserved bytes and a length of 32 bits."""

SHORT_VRS = frozenset(
    {
        b"AE",
        b"AS",
        b"AT",
        b"CS",
        b"DA",
        b"DS",
        b"DT",
        b"FD",
        b"FL",
        b"IS",
        b"LO",
        b"LT",
        b"PN",
        b"SH",
        b"SL",
        b"SS",
        b"ST",
        b"TM",
        b"UI",
        b"UL",
        b"US",
    }
)
"""A length of 16 bits."""

VALUE_REPRESENTATIONS = LONG_VRS | SHORT_VRS

VR_NAMES: dict[bytes, str] = {vr: vr.decode() for vr in sorted(VALUE_REPRESENTATIONS)}

UNDEFINED_LENGTH = 0xFFFFFFFF
