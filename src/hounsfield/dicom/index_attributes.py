"""From the raw values of one header to the attributes the index keeps, with their JSON fragments.

The instances of a series repeat the values of patient, study and series to the byte: those parts are remembered by their raw values,
and built once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from hounsfield.dicom.character_sets import character_set
from hounsfield.dicom.element_tree import read_items
from hounsfield.dicom.encoding import Encoding
from hounsfield.dicom.json_model import sequence_json
from hounsfield.dicom.json_values import text_element
from hounsfield.dicom.numbers import number_of, unsigned_of
from hounsfield.dicom.person_name import PersonName
from hounsfield.dicom.tags import (
    BITS_ALLOCATED,
    COLUMNS,
    INSTANCE_NUMBER,
    NUMBER_OF_FRAMES,
    REQUEST_ATTRIBUTES_SEQUENCE,
    ROWS,
    SERIES_INSTANCE_UID,
    SERIES_NUMBER,
    SOP_CLASS_UID,
    SOP_INSTANCE_UID,
    SPECIFIC_CHARACTER_SET,
    STUDY_INSTANCE_UID,
    tag_text,
)
from hounsfield.model.entities import InstanceAttributes, ObjectAttributes, PatientAttributes, SeriesAttributes, StudyAttributes
from hounsfield.model.errors import InvalidUID, UnreadableObject
from hounsfield.model.identifiers import UID, parse_uid

VALUE_LIMIT_BYTES = 4096
"""A longer value is cut in the index and in the fragments; the object keeps it whole."""

_REQUIRED_STUDY = frozenset({0x00080020, 0x00080030, 0x00080050, 0x00080090, 0x00100010, 0x00100020, 0x00100030, 0x00100040, 0x00200010})
"""Said even where empty (PS3.18 table 10.6.3-3)."""

_STUDY_SEGMENTS: tuple[tuple[tuple[int, str], ...], ...] = (
    ((0x00080020, "DA"), (0x00080030, "TM"), (0x00080050, "SH")),
    ((0x00080090, "PN"), (0x00080201, "SH"), (0x00081030, "LO"), (0x00081048, "PN"), (0x00081060, "PN"), (0x00081080, "LO")),
    (
        (0x00100010, "PN"),
        (0x00100020, "LO"),
        (0x00100021, "LO"),
        (0x00100030, "DA"),
        (0x00100032, "TM"),
        (0x00100040, "CS"),
        (0x00101010, "AS"),
        (0x00101020, "DS"),
        (0x00101030, "DS"),
        (0x00102160, "SH"),
        (0x00102180, "SH"),
        (0x001021B0, "LT"),
        (0x00104000, "LT"),
        (STUDY_INSTANCE_UID, "UI"),
        (0x00200010, "SH"),
    ),
)

_REQUIRED_SERIES = frozenset({0x00080060, 0x0008103E, SERIES_NUMBER})

_SERIES_SEGMENTS: tuple[tuple[tuple[int, str], ...], ...] = (
    (
        (0x00080021, "DA"),
        (0x00080031, "TM"),
        (0x00080060, "CS"),
        (0x00080070, "LO"),
        (0x00080080, "LO"),
        (0x00080201, "SH"),
        (0x00081010, "SH"),
        (0x0008103E, "LO"),
        (0x00081040, "LO"),
        (0x00081050, "PN"),
        (0x00081070, "PN"),
        (0x00081090, "LO"),
    ),
    (
        (0x00180015, "CS"),
        (0x00181030, "LO"),
        (0x00185100, "CS"),
        (SERIES_INSTANCE_UID, "UI"),
        (SERIES_NUMBER, "IS"),
        (0x00200060, "CS"),
    ),
    (
        (0x00400244, "DA"),
        (0x00400245, "TM"),
        (0x00400253, "SH"),
        (0x00400254, "LO"),
        (REQUEST_ATTRIBUTES_SEQUENCE, "SQ"),
    ),
)

STUDY_TAGS = (SPECIFIC_CHARACTER_SET, *(tag for segment in _STUDY_SEGMENTS for tag, _vr in segment))
SERIES_TAGS = (SPECIFIC_CHARACTER_SET, *(tag for segment in _SERIES_SEGMENTS for tag, _vr in segment))
INSTANCE_TAGS = (SOP_CLASS_UID, SOP_INSTANCE_UID, INSTANCE_NUMBER, NUMBER_OF_FRAMES, ROWS, COLUMNS, BITS_ALLOCATED)
ALL_TAGS = STUDY_TAGS + SERIES_TAGS + INSTANCE_TAGS

_DATE = re.compile(r"([0-9]{4})\.?(0[1-9]|1[0-2])\.?(0[1-9]|[12][0-9]|3[01])")
_TIME = re.compile(r"([01][0-9]|2[0-3])(?:[0-5][0-9](?:(?:[0-5][0-9]|60)(?:\.[0-9]{1,6})?)?)?")


def build(values: Mapping[int, bytes], transfer_syntax_uid: UID, encoding: Encoding) -> tuple[ObjectAttributes, tuple[str, ...]]:
    """The attributes of all levels, and what was odd about their values.

    values: tag to raw value of the elements in STUDY_TAGS, SERIES_TAGS and INSTANCE_TAGS that are present.
    Raises: UnreadableObject where one of the four UIDs is absent or unusable.
    """
    get = values.get
    study = _study(tuple(map(get, STUDY_TAGS)))
    series = _series(tuple(map(get, SERIES_TAGS)), encoding)
    instance = _instance(values, encoding.little_endian)
    return ObjectAttributes(transfer_syntax_uid, study.patient, study.study, series.series, instance), study.problems + series.problems


@dataclass(frozen=True, slots=True)
class _StudyPart:
    patient: PatientAttributes
    study: StudyAttributes
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _SeriesPart:
    series: SeriesAttributes
    problems: tuple[str, ...]


@lru_cache(maxsize=256)
def _study(raws: tuple[bytes | None, ...]) -> _StudyPart:
    texts = _Texts(STUDY_TAGS, raws)
    segments = texts.segments(_STUDY_SEGMENTS, _REQUIRED_STUDY)
    if texts.characters.is_declared:
        segments[0] = f'"00080005":{{"vr":"CS","Value":["ISO_IR 192"]}},{segments[0]}'
        segments.append(text_element("00080005", "CS", texts.raws[SPECIFIC_CHARACTER_SET], texts.characters))
    name = str(PersonName.parse(texts.of(0x00100010)))
    patient = PatientAttributes(texts.of(0x00100020), texts.of(0x00100021), name, texts.date(0x00100030), texts.of(0x00100040))
    study = StudyAttributes(
        _uid(texts.raws.get(STUDY_INSTANCE_UID), "Study Instance UID"),
        texts.of(0x00200010),
        texts.date(0x00080020),
        texts.time(0x00080030),
        texts.of(0x00080050),
        texts.of(0x00081030),
        str(PersonName.parse(texts.of(0x00080090))),
        "\n".join(segments).encode(),
    )
    return _StudyPart(patient, study, tuple(texts.problems))


@lru_cache(maxsize=512)
def _series(raws: tuple[bytes | None, ...], encoding: Encoding) -> _SeriesPart:
    texts = _Texts(SERIES_TAGS, raws)
    segments = texts.segments(_SERIES_SEGMENTS, _REQUIRED_SERIES)
    requests = texts.raws.get(REQUEST_ATTRIBUTES_SEQUENCE)
    if requests:
        items = read_items(requests, encoding, texts.characters)
        segments[2] = ",".join(filter(None, (segments[2], sequence_json(REQUEST_ATTRIBUTES_SEQUENCE, items))))
    series = SeriesAttributes(
        _uid(texts.raws.get(SERIES_INSTANCE_UID), "Series Instance UID"),
        number_of(texts.raws.get(SERIES_NUMBER)),
        texts.of(0x00080060),
        texts.of(0x0008103E),
        texts.of(0x00180015),
        texts.date(0x00080021),
        texts.time(0x00080031),
        texts.date(0x00400244),
        texts.time(0x00400245),
        texts.of(0x00081010),
        "\n".join(segments).encode(),
    )
    return _SeriesPart(series, tuple(texts.problems))


class _Texts:
    """The raw values of one level, decoded."""

    def __init__(self, tags: tuple[int, ...], raws: tuple[bytes | None, ...]) -> None:
        self.problems: list[str] = []
        self.raws: dict[int, bytes] = {}
        for tag, raw in zip(tags, raws, strict=True):
            if raw is None:
                continue
            if len(raw) > VALUE_LIMIT_BYTES:
                self.problems.append(f"{tag_text(tag)} is longer than the {VALUE_LIMIT_BYTES} bytes that the index keeps")
                raw = raw[:VALUE_LIMIT_BYTES] if tag != REQUEST_ATTRIBUTES_SEQUENCE else b""
            self.raws[tag] = raw
        self.characters = character_set(self.raws.get(SPECIFIC_CHARACTER_SET, b""))
        if self.characters.unknown:
            self.problems.append(f"unknown character set {self.characters.unknown[0][:40]!r}")
        for tag, raw in self.raws.items():
            if tag != REQUEST_ATTRIBUTES_SEQUENCE and not self.characters.decodes(raw):
                self.problems.append(f"{tag_text(tag)} is not valid in its character set")

    def of(self, tag: int) -> str:
        """Decoded, without padding."""
        raw = self.raws.get(tag)
        return self.characters.decode(raw).strip(" \0") if raw else ""

    def date(self, tag: int) -> str:
        """YYYYMMDD, or empty where it is none."""
        matched = _DATE.fullmatch(self.of(tag))
        return "".join(matched.groups()) if matched is not None else ""

    def time(self, tag: int) -> str:
        """HHMMSS[.FFFFFF] as precise as written, or empty where it is none."""
        text = self.of(tag).replace(":", "")
        return text if _TIME.fullmatch(text) else ""

    def segments(self, layout: tuple[tuple[tuple[int, str], ...], ...], required: frozenset[int]) -> list[str]:
        """JSON of the text elements that have a value, and of the required ones."""
        return [
            ",".join(
                [
                    text_element(f"{tag:08X}", vr, self.raws.get(tag, b""), self.characters)
                    for tag, vr in segment
                    if (self.raws.get(tag) or tag in required) and vr != "SQ"
                ]
            )
            for segment in layout
        ]


def _instance(values: Mapping[int, bytes], little_endian: bool) -> InstanceAttributes:
    sop_class_uid = _uid(values.get(SOP_CLASS_UID), "SOP Class UID")
    sop_instance_uid = _uid(values.get(SOP_INSTANCE_UID), "SOP Instance UID")
    number = number_of(values.get(INSTANCE_NUMBER))
    rows = unsigned_of(values.get(ROWS), little_endian)
    columns = unsigned_of(values.get(COLUMNS), little_endian)
    bits = unsigned_of(values.get(BITS_ALLOCATED), little_endian)
    frames = number_of(values.get(NUMBER_OF_FRAMES))
    json = (
        f'"00080016":{{"vr":"UI","Value":["{sop_class_uid}"]}},"00080018":{{"vr":"UI","Value":["{sop_instance_uid}"]}}\n'
        f'"00200013":{{"vr":"IS"{_value(number)}}}'
    )
    if frames is not None:
        json += f',"00280008":{{"vr":"IS","Value":[{frames}]}}'
    if rows is not None:
        json += f',"00280010":{{"vr":"US","Value":[{rows}]}}'
    if columns is not None:
        json += f',"00280011":{{"vr":"US","Value":[{columns}]}}'
    if bits is not None:
        json += f',"00280100":{{"vr":"US","Value":[{bits}]}}'
    return InstanceAttributes(sop_class_uid, sop_instance_uid, number, rows, columns, max(frames or 1, 1), json.encode())


def _value(number: int | None) -> str:
    return "" if number is None else f',"Value":[{number}]'


def _uid(raw: bytes | None, name: str) -> UID:
    if not raw:
        raise UnreadableObject(f"the data set has no {name}")
    try:
        return parse_uid(raw[:VALUE_LIMIT_BYTES].decode("latin-1"))
    except InvalidUID as exc:
        raise UnreadableObject(f"{name}: {exc}") from exc
