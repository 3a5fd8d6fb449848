"""What is written into a picture that is to say whose it is and how it was taken (PS3.18 8.3.5.1.1)."""

from __future__ import annotations

from collections.abc import Callable, Collection

from hounsfield.codecs.elements import read_elements
from hounsfield.codecs.presentation import Annotation
from hounsfield.dicom.character_sets import character_set
from hounsfield.dicom.encoding import detect
from hounsfield.dicom.person_name import PersonName
from hounsfield.dicom.tags import SPECIFIC_CHARACTER_SET
from hounsfield.dicom.transfer_syntaxes import transfer_syntax

_NAME, _PATIENT_ID, _BIRTH_DATE, _SEX, _STUDY_DATE = 0x00100010, 0x00100020, 0x00100030, 0x00100040, 0x00080020
_MODALITY, _STUDY, _SERIES, _SERIES_NUMBER, _INSTANCE_NUMBER = 0x00080060, 0x00081030, 0x0008103E, 0x00200011, 0x00200013
_BODY_PART, _VIEW, _LATERALITY, _SLICE, _THICKNESS = 0x00180015, 0x00185101, 0x00200062, 0x00201041, 0x00180050
_KVP, _CURRENT = 0x00180060, 0x00181151

_WANTED = frozenset(
    (
        SPECIFIC_CHARACTER_SET,
        _NAME,
        _PATIENT_ID,
        _BIRTH_DATE,
        _SEX,
        _STUDY_DATE,
        _MODALITY,
        _STUDY,
        _SERIES,
        _SERIES_NUMBER,
        _INSTANCE_NUMBER,
        _BODY_PART,
        _VIEW,
        _LATERALITY,
        _SLICE,
        _THICKNESS,
        _KVP,
        _CURRENT,
    )
)
_LONGEST = 64

Captions = tuple[tuple[str, ...], tuple[str, ...]]


def read_captions(header: bytes | memoryview, transfer_syntax_uid: str, wanted: Collection[Annotation], number: int) -> Captions:
    """Lines for the upper left corner, about the patient, and for the lower left one, about the technique; without empty ones.

    header: not deflated. number: of the frame, from 1; 0 where there is but one.
    """
    view = memoryview(header).toreadonly()
    syntax = transfer_syntax(transfer_syntax_uid)
    found = read_elements(view, detect(view, syntax.implicit_vr, syntax.little_endian)[0], _WANTED)
    declared = found[SPECIFIC_CHARACTER_SET].value if SPECIFIC_CHARACTER_SET in found else b""
    characters = character_set(bytes(declared[:1024]))

    def text(tag: int) -> str:
        return characters.decode(bytes(found[tag].value[:1024])).strip(" \0")[:_LONGEST] if tag in found else ""

    return (
        _filled(_patient(text)) if Annotation.PATIENT in wanted else (),
        _filled(_technique(text, number)) if Annotation.TECHNIQUE in wanted else (),
    )


def _patient(text: Callable[[int], str]) -> list[str]:
    name = PersonName.parse(text(_NAME))
    shown = (name.alphabetic or name.ideographic or name.phonetic).split("^")
    family, given = shown[0], " ".join(part for part in shown[1:3] if part)
    return [
        ", ".join(part for part in (family, given) if part),
        text(_PATIENT_ID),
        " ".join(part for part in (_date(text(_BIRTH_DATE)), text(_SEX)) if part),
    ]


def _technique(text: Callable[[int], str], number: int) -> list[str]:
    at = " ".join(part for part in (text(_BODY_PART), text(_VIEW), text(_LATERALITY)) if part)
    numbers = "/".join(part for part in (text(_SERIES_NUMBER), text(_INSTANCE_NUMBER), str(number) if number else "") if part)
    slices = [f"{name} {text(tag)} mm" for name, tag in (("Position", _SLICE), ("Thickness", _THICKNESS)) if text(tag)]
    exposure = [f"{text(tag)} {unit}" for tag, unit in ((_KVP, "kV"), (_CURRENT, "mA")) if text(tag)]
    return [
        " ".join(part for part in (text(_MODALITY), _date(text(_STUDY_DATE)), numbers) if part),
        text(_STUDY),
        text(_SERIES),
        at,
        "  ".join(slices + exposure),
    ]


def _date(text: str) -> str:
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}" if len(text) == 8 and text.isdigit() else text


def _filled(lines: list[str]) -> tuple[str, ...]:
    return tuple(line for line in lines if line)
