"""Transfer syntaxes (PS3.5 section 10 and annex A)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from hounsfield.dicom._uid_table import TRANSFER_SYNTAX_ROWS

IMPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2"
EXPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2.1.99"
EXPLICIT_VR_BIG_ENDIAN = "1.2.840.10008.1.2.2"
RLE_LOSSLESS = "1.2.840.10008.1.2.5"


@dataclass(frozen=True, slots=True)
class TransferSyntax:
    """How a data set is written.

    deflated: the whole data set is one raw deflate stream (PS3.5 A.5).
    encapsulated: Pixel Data holds items, one or more fragments a frame (PS3.5 A.4).
    lossy: the pixels may have lost something; False says that nothing is lost.
    """

    uid: str
    name: str
    implicit_vr: bool
    little_endian: bool
    deflated: bool
    encapsulated: bool
    lossy: bool


TRANSFER_SYNTAXES: Mapping[str, TransferSyntax] = MappingProxyType(
    {uid: TransferSyntax(uid, *row) for uid, row in TRANSFER_SYNTAX_ROWS.items()}
)
"""Every transfer syntax of PS3.6 table A-1, by UID."""


@lru_cache(maxsize=64)
def transfer_syntax(uid: str) -> TransferSyntax:
    """The transfer syntax of this UID.

    One that is not in the standard is taken for explicit little endian, encapsulated, as PS3.5 A.4 wants new ones to be.
    """
    known = TRANSFER_SYNTAXES.get(uid)
    return known if known is not None else TransferSyntax(uid, "Unknown", False, True, False, True, True)
