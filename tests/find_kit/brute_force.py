"""PS3.4 C.2.2.2 evaluated one entity after the other, from the standard's words and without any of the product's code."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timezone
from functools import cache, lru_cache
from typing import Any

import pydicom
from pydicom.datadict import dictionary_VM, dictionary_VR

LEVELS = ("PATIENT", "STUDY", "SERIES", "IMAGE")
UNIQUE = {"PATIENT": "PatientID", "STUDY": "StudyInstanceUID", "SERIES": "SeriesInstanceUID", "IMAGE": "SOPInstanceUID"}
ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "PATIENT": ("PatientID", "IssuerOfPatientID", "PatientName", "PatientBirthDate", "PatientSex"),
    "STUDY": (
        "StudyInstanceUID",
        "StudyDate",
        "StudyTime",
        "AccessionNumber",
        "StudyID",
        "StudyDescription",
        "ReferringPhysicianName",
        "ModalitiesInStudy",
        "SOPClassesInStudy",
    ),
    "SERIES": (
        "SeriesInstanceUID",
        "Modality",
        "SeriesNumber",
        "SeriesDescription",
        "BodyPartExamined",
        "SeriesDate",
        "SeriesTime",
        "PerformedProcedureStepStartDate",
        "PerformedProcedureStepStartTime",
        "StationName",
    ),
    "IMAGE": ("SOPInstanceUID", "SOPClassUID", "InstanceNumber"),
}
NAMED_STUDY_ATTRIBUTES = {
    "STUDY": ("PatientAge", "PatientWeight", "PatientComments", "NameOfPhysiciansReadingStudy"),
    "SERIES": ("Manufacturer", "InstitutionName", "ProtocolName", "Laterality", "OperatorsName", "PatientPosition"),
    "IMAGE": ("Rows", "NumberOfFrames"),
}
"""Matched where the query names a study."""
PAIRS = {"StudyDate": "StudyTime", "SeriesDate": "SeriesTime", "PerformedProcedureStepStartDate": "PerformedProcedureStepStartTime"}

MULTIPLE_VALUE_VRS = frozenset({"AE", "AS", "AT", "CS", "LO", "PN", "SH", "UC"})
ZONE = "TimezoneOffsetFromUTC"

Values = Mapping[str, tuple[str, ...]]


@dataclass
class Entity:
    """A patient, study, series or instance. values: its own attributes and those of the levels above it.

    zones: Timezone Offset From UTC of its study and of its series, empty where the objects say none.
    """

    uid: str
    values: dict[str, tuple[str, ...]]
    requests: list[dict[str, str]] = field(default_factory=list)
    zones: tuple[str, str] = ("", "")


@dataclass
class Holdings:
    """What is stored, level by level. `add` takes objects in the order in which they were stored."""

    instances: dict[str, tuple[str, str, Entity]] = field(default_factory=dict)
    series: dict[str, tuple[str, Entity]] = field(default_factory=dict)
    studies: dict[str, Entity] = field(default_factory=dict)
    classes: dict[str, tuple[set[str], set[str]]] = field(default_factory=dict)

    def add(self, values: Values, requests: list[dict[str, str]]) -> None:
        """One object."""
        study, series, instance = (values[UNIQUE[level]][0] for level in LEVELS[1:])
        of_study = {name: values.get(name, ()) for name in names_of("PATIENT", "STUDY")}
        zone = (*values.get(ZONE, ()), "")[0]
        held = self.studies.setdefault(study, Entity(study, of_study, zones=(zone, "")))
        of_series = {name: values.get(name, ()) for name in names_of("SERIES")}
        self.series.setdefault(series, (study, Entity(series, of_series, requests, (held.zones[0], zone))))
        own = {name: values.get(name, ()) for name in names_of("IMAGE")}
        self.instances[instance] = study, series, Entity(instance, own)
        modalities, classes = self.classes.setdefault(study, (set(), set()))
        modalities.update(values.get("Modality", ()))
        classes.update(values["SOPClassUID"])
        held.values["ModalitiesInStudy"] = tuple(sorted(modalities))
        held.values["SOPClassesInStudy"] = tuple(sorted(classes))

    def entities(self, level: str) -> list[Entity]:
        """All of a level, whole; of a patient's studies the last one to begin stands for it."""
        if level == "PATIENT":
            patients: dict[tuple[str, ...], Entity] = {}
            for study in self.studies.values():
                patient_id = (*study.values["PatientID"], "")[0]
                issuer = (*study.values["IssuerOfPatientID"], "")[0]
                patients[(patient_id, issuer) if patient_id else ("", study.uid)] = study
            return list(patients.values())
        if level == "STUDY":
            return list(self.studies.values())
        if level == "SERIES":
            return [
                Entity(one.uid, self.studies[study].values | one.values, one.requests, one.zones) for study, one in self.series.values()
            ]
        return [
            Entity(one.uid, self.studies[study].values | of_series.values | one.values, of_series.requests, of_series.zones)
            for study, series, one in self.instances.values()
            for of_series in (self.series[series][1],)
        ]


def names_of(*levels: str) -> tuple[str, ...]:
    """All attributes of some levels."""
    return tuple(name for level in levels for name in (*ATTRIBUTES[level], *NAMED_STUDY_ATTRIBUTES.get(level, ())))


def values_of(data_set: pydicom.Dataset) -> dict[str, tuple[str, ...]]:
    """What pydicom reads."""
    found = {}
    for name in (*names_of(*LEVELS), ZONE):
        value = data_set.get(name)
        if value is None or value == "":
            continue
        parts: Iterable[Any] = value if isinstance(value, pydicom.multival.MultiValue) else [value]
        texts = tuple(text for part in parts if (text := _written(part).strip(" \0")))
        if texts:
            found[name] = texts
    return found


def _written(value: Any) -> str:
    """A number as it stands in the file; a name decoded."""
    original = getattr(value, "original_string", None)
    return original if isinstance(original, str) else str(value)


def requests_of(data_set: pydicom.Dataset) -> list[dict[str, str]]:
    """The items of Request Attributes Sequence, texts only."""
    return [
        {element.keyword: str(element.value).strip() for element in item if element.VR in ("SH", "LO", "UI")}
        for item in data_set.get("RequestAttributesSequence") or ()
    ]


def read_in_zone(entity: Entity, zone: timezone, site: timezone) -> Entity:
    """As the entity is where it is another time of the day (PS3.4 C.2.2.2.1.3). site: the zone of objects that say none."""
    values = dict(entity.values)
    for date_name, time_name in PAIRS.items():
        day = (*values.get(date_name, ()), "")[0]
        time = (*values.get(time_name, ()), "")[0].replace(":", "")
        if _microseconds(time) is None:
            continue
        own = _zone_of(entity.zones[0 if date_name == "StudyDate" else 1]) or site
        try:
            known = datetime.strptime(f"{day.replace('.', '')}+0000", "%Y%m%d%z")
        except ValueError:
            known = None
        stands = (known or datetime(2000, 7, 1, tzinfo=UTC)).replace(hour=int(time[:2]), minute=int(time[2:4] or 0), tzinfo=own)
        there = stands.astimezone(zone)
        values[time_name] = (f"{there:%H%M}{time[4:]}",)
        if known is not None:
            values[date_name] = (f"{there:%Y%m%d}",)
    return replace(entity, values=values)


def _zone_of(text: str) -> timezone | None:
    """None where it is no offset, as `UTC-04:00`."""
    return datetime.strptime(text, "%z").tzinfo if re.fullmatch(r"[+-]\d{4}", text) else None  # type: ignore[return-value]


def expected(
    entities: Sequence[Entity], keys: Mapping[str, str], items: Mapping[str, str], *, combined: bool, agreed: bool
) -> list[Entity]:
    """What matches all keys. items: keys inside Request Attributes Sequence.

    combined, agreed: whether date-time matching, and empty and multiple value matching, were agreed.
    """
    left = list(entities)
    paired: set[str] = set()
    for date_name, time_name in PAIRS.items():
        date, time = keys.get(date_name, ""), keys.get(time_name, "")
        if combined and "-" in date and "-" in time and "\\" not in date + time:
            paired |= {date_name, time_name}
            left = [one for one in left if _in_combined_range(date, time, one.values.get(date_name, ()), one.values.get(time_name, ()))]
    for name, text in keys.items():
        if name not in paired:
            judged: dict[tuple[str, ...], bool] = {}  # many entities say the same
            for values in {one.values.get(name, ()) for one in left}:
                judged[values] = _matches(name, text, values, agreed)
            left = [one for one in left if judged[one.values.get(name, ())]]
    if not any(items.values()):
        return left
    return [
        one
        for one in left
        if any(all(_matches(name, text, (item.get(name, ""),), agreed) for name, text in items.items()) for item in one.requests)
    ]


def _matches(name: str, text: str, values: tuple[str, ...], agreed: bool) -> bool:
    present = [value for value in values if value]
    if not (text.strip("^= ") if _vr(name) == "PN" else text):
        return True  # components at the end that are empty do not count: nothing is left of the name
    if agreed and text == '""':
        return not [value for value in present if _usable(_vr(name), value)]
    parts = [part for part in text.split("\\") if part]
    each = agreed and _vr(name) in MULTIPLE_VALUE_VRS and dictionary_VM(name) != "1" and not re.search("[*?]", text)
    return (all if each else any)(_one_matches(_vr(name), part, present) for part in parts)  # C.2.2.2.8


@cache
def _vr(name: str) -> str:
    return dictionary_VR(name)


def _usable(vr: str, value: str) -> bool:
    """Whether it says anything: a name of nothing but delimiters does not, nor a date that is none."""
    if vr == "PN":
        return bool(value.strip("^= "))
    return {"DA": _day, "TM": _microseconds}[vr](value) is not None if vr in ("DA", "TM") else True


def _one_matches(vr: str, key: str, values: list[str]) -> bool:
    if vr == "DA":
        first, dash, last = key.partition("-")
        days = [day for value in values if (day := _day(value)) is not None]
        low, high = _day(first) or 0, (_day(last) if dash else _day(first)) or 99999999
        return any(low <= day <= high for day in days)
    if vr == "TM":
        first, dash, last = key.partition("-")
        times = [time for value in values if (time := _microseconds(value)) is not None]
        if not dash:
            return _microseconds(first) in times
        return any((_microseconds(first) or 0) <= time <= (_microseconds(last, latest=True) if last else 1 << 60) for time in times)
    if vr in ("IS", "DS", "US"):
        return any(float(value) == float(key) for value in values)
    if vr == "UI":
        return key in values
    if not key.strip("*"):
        return True
    if vr == "PN" and "=" in key:
        return any(_groups_match(value, key) for value in values)
    pattern = _pattern(vr, key)
    return any(pattern.fullmatch(part) for value in values for part in (_groups(value) if vr == "PN" else (value,)))


def _groups_match(name: str, key: str) -> bool:
    """Each component group that the key has, against the same of the name (PS3.5 6.2.1)."""
    wanted = key.split("=")
    groups = [*_groups(name), "", "", ""]
    return all(_pattern("PN", part).fullmatch(groups[index]) for index, part in enumerate(wanted) if part.strip("*"))


def _in_combined_range(date: str, time: str, dates: tuple[str, ...], times: tuple[str, ...]) -> bool:
    days = [day for value in dates if (day := _day(value)) is not None]
    if not days:
        return False
    of_day = [one for value in times if (one := _microseconds(value)) is not None]
    moment = (days[0], of_day[0] if of_day else -1)
    first_day, last_day = date.split("-")
    first_time, last_time = time.split("-")
    low = (_day(first_day) or 0, (_microseconds(first_time) or 0) if first_time else -1)
    high = (_day(last_day) or 99999999, _microseconds(last_time, latest=True) if last_time else 1 << 60)
    return low <= moment <= high


def _day(text: str) -> int | None:
    digits = text.replace(".", "").strip()
    if not re.fullmatch("[0-9]{8}", digits) or not ("01" <= digits[4:6] <= "12" and "01" <= digits[6:] <= "31"):
        return None
    return int(digits)


def _microseconds(text: str, *, latest: bool = False) -> int | None:
    """Of the day; what is left out is zero, or as late as it can be."""
    matched = re.fullmatch(r"(\d\d)(?:(\d\d)(?:(\d\d)(?:\.(\d{1,6}))?)?)?", text.replace(":", "").strip())
    if matched is None:
        return None
    hour, minute, second, fraction = matched.groups()
    late = "59" if latest else "00"
    micro = (fraction or ("9" if latest else "0") * 6).ljust(6, "0")
    return (int(hour) * 3600 + int(minute or late) * 60 + int(second or late)) * 1_000_000 + int(micro)


@lru_cache(maxsize=100_000)
def _groups(name: str) -> tuple[str, ...]:
    """The component groups of a name, without case and accents, empty components at the end left out (PS3.5 6.2.1.1)."""
    return tuple(_plain(group) for group in name.split("="))


def _plain(group: str) -> str:
    folded = unicodedata.normalize("NFKC", group).casefold().translate({ord("ł"): "l", ord("ø"): "o"})  # strokes are no accents to Unicode
    bare = "".join(one for one in unicodedata.normalize("NFD", folded) if unicodedata.category(one) != "Mn" or one in "\u3099\u309a")
    components = [" ".join(part.split()) for part in unicodedata.normalize("NFC", bare).split("^")]
    return "^".join(components).rstrip("^ ")


@lru_cache(maxsize=10_000)
def _pattern(vr: str, key: str) -> re.Pattern[str]:
    text = _plain(key) if vr == "PN" else key
    return re.compile("".join({"*": ".*", "?": "."}.get(one, re.escape(one)) for one in text), re.DOTALL)
