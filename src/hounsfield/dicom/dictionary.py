"""The data dictionary: VR and keyword of a tag (PS3.6)."""

from __future__ import annotations

from functools import lru_cache

from hounsfield.dicom._dictionary_table import ELEMENTS, REPEATERS

UNKNOWN_VR = "UN"
_MULTIPLE_VALUE_VRS = frozenset({"AE", "AS", "AT", "CS", "LO", "PN", "SH", "UC"})


def vr_of(tag: int, private_creator: str | None = None) -> str:
    """The VR of a tag, `UN` where nobody knows.

    Three answers in lower case stand for a choice that the data set decides: `xs` is US or SS by Pixel Representation (0028,0103),
    `lt` is US (or SS) of one value and OW of many (look-up tables), `ox` is OB or OW by bits allocated and transfer syntax (PS3.5 annex A).
    private_creator: the text of the element that reserves the block of a private tag (PS3.5 7.8.1).
    """
    known = ELEMENTS.get(tag)
    if known is not None:
        return known[0]
    element = tag & 0xFFFF
    if element == 0:
        return "UL"
    if tag & 0x10000:
        if 0x10 <= element <= 0xFF:
            return "LO"
        return _private_vr(tag, private_creator) if private_creator else UNKNOWN_VR
    repeated = _repeater(tag)
    return repeated[0] if repeated is not None else UNKNOWN_VR


def keyword_of(tag: int) -> str:
    """The keyword of a tag, empty where it has none."""
    known = ELEMENTS.get(tag) or _repeater(tag)
    return known[1] if known is not None else ""


@lru_cache(maxsize=1)
def _tags_by_keyword() -> dict[str, int]:
    return {keyword: tag for tag, (_vr, keyword) in ELEMENTS.items() if keyword}


def tag_of(keyword: str) -> int | None:
    """The tag of a keyword; None where PS3.6 has no such keyword."""
    return _tags_by_keyword().get(keyword)


@lru_cache(maxsize=4096)
def is_matched_value_by_value(tag: int) -> bool:
    """Whether an attribute is one that multiple value matching is about (PS3.4 C.2.2.2.8).

    Its value multiplicity comes from pydicom's dictionary, which is loaded when first asked.
    """
    if vr_of(tag) not in _MULTIPLE_VALUE_VRS:
        return False
    from pydicom.datadict import dictionary_VM

    try:
        return dictionary_VM(tag) != "1"
    except KeyError:
        return False


@lru_cache(maxsize=4096)
def _repeater(tag: int) -> tuple[str, str] | None:
    for mask, value, vr, keyword in REPEATERS:
        if tag & mask == value:
            return vr, keyword
    return None


@lru_cache(maxsize=4096)
def _private_vr(tag: int, private_creator: str) -> str:
    """From the dictionary of makers' elements that pydicom carries; loaded when the first private implicit VR element asks."""
    from pydicom.datadict import private_dictionary_VR

    try:
        vr = private_dictionary_VR(tag, private_creator)
    except KeyError:
        return UNKNOWN_VR
    return vr if len(vr) == 2 else UNKNOWN_VR
