"""The header of an image that is a lossy compressed version of another (PS3.3 C.7.6.1.1.5, C.12.4.1, C.7.6.16.2.6)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

from hounsfield.dicom.data_set_writer import NewElement
from hounsfield.dicom.frame_times import PER_FRAME_FUNCTIONAL_GROUPS
from hounsfield.dicom.tags import IMAGE_TYPE, SOP_INSTANCE_UID

Elements = dict[int, NewElement]
Item = Sequence[NewElement]

LOSSY_IMAGE_COMPRESSION: Final = 0x00282110
LOSSY_IMAGE_COMPRESSION_RATIO: Final = 0x00282112
LOSSY_IMAGE_COMPRESSION_METHOD: Final = 0x00282114
DERIVATION_DESCRIPTION: Final = 0x00082111
DERIVATION_CODE_SEQUENCE: Final = 0x00089215
DERIVATION_IMAGE_SEQUENCE: Final = 0x00089124
SOURCE_IMAGE_SEQUENCE: Final = 0x00082112
SHARED_FUNCTIONAL_GROUPS: Final = 0x52009229
_FRAME_TYPE: Final = 0x00089007

_RENAMED: Final = (0x00200242, 0x00209161)
"""SOP Instance UID of Concatenation Source, Concatenation UID: the parts of one that are compressed alike are parts of another."""

_DROPPED: Final = (
    0x00080012,  # Instance Creation Date and Time, Instance Creator UID: of the predecessor
    0x00080013,
    0x00080014,
    0x00280106,  # Smallest and Largest Image Pixel Value: of other pixels
    0x00280107,
    0x4FFE0001,  # MAC Parameters Sequence and Digital Signatures Sequence: of other bytes
    0xFFFAFFFA,
)

_LONGEST_DESCRIPTION_BYTES: Final = 1024
_LOSSY_COMPRESSION: Final = ("113040", "Lossy Compression")
_UNCOMPRESSED_PREDECESSOR: Final = ("121320", "Uncompressed predecessor")
_LOSSY_COMPRESSED_PREDECESSOR: Final = ("121330", "Lossy compressed predecessor")


@dataclass(frozen=True, slots=True)
class LossyStep:
    """One lossy compression, or one that came before it. ratio: bytes before to bytes after; method: PS3.3 C.7.6.1.1.5.1."""

    ratio: float
    method: str


@dataclass(frozen=True, slots=True)
class Predecessor:
    """The image that is compressed. stored_with: the loss of its transfer syntax, None where that has none."""

    sop_class_uid: str
    sop_instance_uid: str
    stored_with: LossyStep | None


def derived_uid(uid: str, transfer_syntax_uid: str, amount: float) -> str:
    """Of what is made of `uid` by one coding: always the same. From a UUID of version 8, by SHA-256 (PS3.5 B.2, RFC 9562 5.8)."""
    digest = hashlib.sha256(f"{uid}\0{transfer_syntax_uid}\0{amount:g}".encode()).digest()
    number = int.from_bytes(digest[:16], "big") & ~(0xF << 76) & ~(0x3 << 62)
    return f"2.25.{number | 0x8 << 76 | 0x2 << 62}"


def derive(elements: Elements, predecessor: Predecessor, step: LossyStep, words: str, rename: Callable[[str], str]) -> None:
    """Makes a lossy compressed image's elements of those of its predecessor.

    elements: all but Pixel Data, values as bytes, sequences as items. words: what was done, in ASCII. rename: the UID of what is made
    of an object, by its own.
    """
    for tag in _DROPPED:
        elements.pop(tag, None)
    elements[SOP_INSTANCE_UID] = NewElement(SOP_INSTANCE_UID, "UI", rename(predecessor.sop_instance_uid))
    for tag in _RENAMED:
        if tag in elements:
            elements[tag] = NewElement(tag, "UI", rename(_text(elements[tag])))
    elements[IMAGE_TYPE] = _as_derived(elements.get(IMAGE_TYPE), IMAGE_TYPE)
    earlier_loss = predecessor.stored_with is not None or _text(elements.get(LOSSY_IMAGE_COMPRESSION)) == "01"
    _append_step(elements, predecessor, step)
    purpose = _LOSSY_COMPRESSED_PREDECESSOR if earlier_loss else _UNCOMPRESSED_PREDECESSOR
    _describe(elements, predecessor, words, purpose)
    _derive_frames(elements, predecessor, words, purpose)


def _append_step(elements: Elements, predecessor: Predecessor, step: LossyStep) -> None:
    """Ratios and methods correspond, value by value; what was not recorded of an earlier step stays empty (C.7.6.1.1.5.2)."""
    ratios, methods = _texts(elements.get(LOSSY_IMAGE_COMPRESSION_RATIO)), _texts(elements.get(LOSSY_IMAGE_COMPRESSION_METHOD))
    if not ratios and not methods and predecessor.stored_with is not None:
        ratios, methods = [_decimal(predecessor.stored_with.ratio)], [predecessor.stored_with.method]
    pairs = [*zip_longest(ratios, methods, fillvalue=""), (_decimal(step.ratio), step.method)]
    elements[LOSSY_IMAGE_COMPRESSION] = NewElement(LOSSY_IMAGE_COMPRESSION, "CS", "01")
    for tag, vr, values in (
        (LOSSY_IMAGE_COMPRESSION_RATIO, "DS", [ratio for ratio, _ in pairs]),
        (LOSSY_IMAGE_COMPRESSION_METHOD, "CS", [method for _, method in pairs]),
    ):
        elements[tag] = NewElement(tag, vr, "\\".join(values))


def _describe(elements: Elements, predecessor: Predecessor, words: str, purpose: tuple[str, str]) -> None:
    """How it was derived, and from what; after what is said of earlier derivations."""
    before = elements.get(DERIVATION_DESCRIPTION)
    told = before.value.rstrip(b" \0") if before is not None and isinstance(before.value, bytes) else b""
    told = b"; ".join(filter(None, (told, words.encode("ascii"))))
    if len(told) <= _LONGEST_DESCRIPTION_BYTES:
        elements[DERIVATION_DESCRIPTION] = NewElement(DERIVATION_DESCRIPTION, "ST", told)
    _append(elements, DERIVATION_CODE_SEQUENCE, _code(*_LOSSY_COMPRESSION))
    _append(elements, SOURCE_IMAGE_SEQUENCE, _source(predecessor, purpose))


def _derive_frames(elements: Elements, predecessor: Predecessor, words: str, purpose: tuple[str, str]) -> None:
    """Frame Type of each frame, and the Derivation Image functional group, where there are such groups.

    The group is shared, as each frame is made of that of its number in one source; where frames already have their own it is theirs
    (C.7.6.16.1). Ratio and method are in no functional group: they are of the image.
    """
    groups = {tag: _items(elements[tag]) for tag in (SHARED_FUNCTIONAL_GROUPS, PER_FRAME_FUNCTIONAL_GROUPS) if tag in elements}
    if not groups:
        return
    groups = {tag: [[_of_derived_frame(element) for element in item] for item in items] for tag, items in groups.items()}
    frames = groups.get(PER_FRAME_FUNCTIONAL_GROUPS, [])
    if any(element.tag == DERIVATION_IMAGE_SEQUENCE for item in frames for element in item):
        groups[PER_FRAME_FUNCTIONAL_GROUPS] = [
            _with_derivation(item, _derivation(predecessor, words, purpose, number)) for number, item in enumerate(frames, 1)
        ]
    else:
        shared = groups.get(SHARED_FUNCTIONAL_GROUPS) or [[]]
        groups[SHARED_FUNCTIONAL_GROUPS] = [_with_derivation(shared[0], _derivation(predecessor, words, purpose, None)), *shared[1:]]
    for tag, items in groups.items():
        elements[tag] = NewElement(tag, "SQ", items)


def _of_derived_frame(group: NewElement) -> NewElement:
    if group.vr != "SQ":
        return group
    items = [[_as_derived(one, _FRAME_TYPE) if one.tag == _FRAME_TYPE else one for one in item] for item in _items(group)]
    return group._replace(value=items)


def _with_derivation(item: Item, derivation: Item) -> Item:
    inner = {element.tag: element for element in item}
    _append(inner, DERIVATION_IMAGE_SEQUENCE, derivation)
    return list(inner.values())


def _derivation(predecessor: Predecessor, words: str, purpose: tuple[str, str], frame_number: int | None) -> Item:
    return [
        NewElement(DERIVATION_DESCRIPTION, "ST", words),
        NewElement(DERIVATION_CODE_SEQUENCE, "SQ", [_code(*_LOSSY_COMPRESSION)]),
        NewElement(SOURCE_IMAGE_SEQUENCE, "SQ", [_source(predecessor, purpose, frame_number)]),
    ]


def _source(predecessor: Predecessor, purpose: tuple[str, str], frame_number: int | None = None) -> Item:
    """Of the predecessor, all frames or one (PS3.3 table 10-3, C.12.4.1.2); no pixel has moved."""
    frame = [] if frame_number is None else [NewElement(0x00081160, "IS", str(frame_number))]
    return [
        NewElement(0x00081150, "UI", predecessor.sop_class_uid),
        NewElement(0x00081155, "UI", predecessor.sop_instance_uid),
        *frame,
        NewElement(0x0028135A, "CS", "YES"),
        NewElement(0x0040A170, "SQ", [_code(*purpose)]),
    ]


def _code(value: str, meaning: str) -> Item:
    return [NewElement(0x00080100, "SH", value), NewElement(0x00080102, "SH", "DCM"), NewElement(0x00080104, "LO", meaning)]


def _as_derived(element: NewElement | None, tag: int) -> NewElement:
    """Image Type or Frame Type with value 1 DERIVED. What says nothing at all was at least not made at the examination (C.7.6.1.1.2)."""
    values = _texts(element) or ["", "SECONDARY"]
    return NewElement(tag, "CS", "\\".join(["DERIVED", *values[1:]]))


def _append(elements: Elements, tag: int, item: Item) -> None:
    elements[tag] = NewElement(tag, "SQ", [*(_items(elements[tag]) if tag in elements else ()), item])


def _items(element: NewElement) -> list[Item]:
    return [item for item in element.value if isinstance(item, Sequence)] if isinstance(element.value, list) else []


def _text(element: NewElement | None) -> str:
    if element is None or not isinstance(element.value, bytes):
        return ""
    return element.value.decode("ascii", "replace").strip(" \0")


def _texts(element: NewElement | None) -> list[str]:
    text = _text(element)
    return [value.strip() for value in text.split("\\")] if text else []


def _decimal(number: float) -> str:
    """Of VR DS."""
    return f"{number:.6g}"
