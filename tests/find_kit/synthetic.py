"""Ten thousand studies made up from a seed: what they say, and the index entries of it."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator

from hounsfield.dicom.character_sets import character_set
from hounsfield.dicom.data_set_writer import NewElement, encode_data_set
from hounsfield.dicom.dictionary import tag_of, vr_of
from hounsfield.dicom.frames import NativeFrames
from hounsfield.dicom.header import scan
from hounsfield.index.entry import IndexEntry
from hounsfield.model.location import Digests, Location, StoredObject

EXPLICIT = "1.2.840.10008.1.2.1"
CLASSES = {"CT": "1.2.840.10008.5.1.4.1.1.2", "MR": "1.2.840.10008.5.1.4.1.1.4", "US": "1.2.840.10008.5.1.4.1.1.6.1"}
FAMILIES = (
    "Müller",
    "Muller",
    "Meier",
    "MEIER",
    "O'Brien-Smith",
    "Łukasz",
    "Nguyễn",
    "van der Berg",
    "Øre",
    "Šimek",
    "Garçon",
    "Doe",
    "山田",
)
GIVENS = ("Anna", "Jörg", "Jorg", "Mary Ann", "Zoë", "Ivan", "", "太郎", "J.", "Ann")
REGIONS = ("Thorax", "Abdomen 50%", "Head [neck]", "Knee_left", "Wirbelsäule", "Heart/Vessels", "")
ZONES = ("", "", "", "+0100", "+0200", "-0500", "+0530", "+1400", "-1200")
Values = dict[str, tuple[str, ...]]


def objects(seed: int, studies: int) -> Iterator[tuple[Values, list[dict[str, str]]]]:
    """One after the other: values by keyword, and the items of Request Attributes Sequence."""
    chance = random.Random(seed)
    patients = [_patient(chance, number) for number in range(studies * 2 // 5)]
    for number in range(studies):
        # Of a patient without an ID every study stands alone, whatever its name.
        patient = dict(chance.choice(patients))
        if chance.random() < 0.1 and "PatientName" in patient:
            patient["PatientName"] = (_name(chance),)
        study_uid = f"1.2.826.7.{number}"
        day, time = _date(chance), _time(chance)
        study = patient | {
            "StudyInstanceUID": (study_uid,),
            "StudyDate": (day,),
            "StudyTime": (time,),
            "AccessionNumber": (f"ACC{number % 7000:05}",),
            "StudyID": (f"S{number % 50}",),
            "StudyDescription": (f"{chance.choice(REGIONS)} {chance.choice(('native', 'KM', ''))}".strip(),),
            "ReferringPhysicianName": (_name(chance),),
            "PatientAge": (f"{chance.randrange(1, 99):03}Y",),
            "TimezoneOffsetFromUTC": (chance.choice(ZONES),),
        }
        for series_number in range(chance.choice((1, 1, 1, 2))):
            modality = chance.choice((*CLASSES, "CT"))
            requests = [{"RequestedProcedureID": f"RP{chance.randrange(9)}", "ScheduledProcedureStepID": f"SPS{chance.randrange(9)}"}]
            series = study | {
                "SeriesInstanceUID": (f"{study_uid}.{series_number}",),
                "Modality": (modality,),
                "SeriesNumber": (str(series_number + 1),),
                "SeriesDescription": (chance.choice(("axial", "Sagittal 3mm", "lung*", "")),),
                "BodyPartExamined": (chance.choice(("CHEST", "HEAD", "")),),
                "SeriesDate": (day,),
                "SeriesTime": (_time(chance),),
                "PerformedProcedureStepStartDate": (_date(chance),),
                "PerformedProcedureStepStartTime": (_time(chance),),
                "StationName": (f"{modality}{chance.randrange(3)}",),
                "Manufacturer": (chance.choice(("ACME", "Schäfer & Söhne")),),
                "OperatorsName": (_name(chance),),
            }
            if chance.random() < 0.1:
                series["TimezoneOffsetFromUTC"] = (chance.choice(ZONES),)
            for instance_number in range(chance.choice((1, 1, 2))):
                yield (
                    {
                        name: values
                        for name, values in (
                            series
                            | {
                                "SOPInstanceUID": (f"{study_uid}.{series_number}.{instance_number}",),
                                "SOPClassUID": (CLASSES[modality],),
                                "InstanceNumber": (str(instance_number + 1),),
                                "NumberOfFrames": (str(chance.randrange(1, 4)),),
                            }
                        ).items()
                        if values != ("",)
                    },
                    requests if series_number == 0 else [],
                )


def entry(number: int, values: Values, requests: list[dict[str, str]]) -> IndexEntry:
    """As the store would have made it of the object's bytes."""
    characters = character_set(b"ISO_IR 192")
    elements = [NewElement(0x00080005, "CS", "ISO_IR 192"), *(_element(name, "\\".join(texts)) for name, texts in values.items())]
    if requests:
        items = [[_element(name, text) for name, text in item.items()] for item in requests]
        elements.append(NewElement(0x00400275, "SQ", items))
    data_set = encode_data_set(elements, implicit_vr=False, characters=characters)
    scanned = scan(data_set, EXPLICIT)
    stored = StoredObject(
        partition_id=1,
        location=Location("b" * 32, number, number * 4096, number * 4096 + 1024, 300, len(data_set)),
        digests=Digests(b"\1" * 32, hashlib.sha256(data_set).digest(), number),
        received_at_ns=2_000_000_000_000_000_000 + number,
        node="local",
        transfer_syntax_uid=EXPLICIT,
        source="TESTER",
    )
    return IndexEntry(stored, scanned.attributes, scanned.header_length_bytes, NativeFrames(0, 8, (1,)).to_bytes())


def only_instance(number: int, study_instance_uid: str, **values: str) -> IndexEntry:
    """The one CT of the one series of a study. values: by keyword; what is empty is not there."""
    uids = {
        "SOPClassUID": CLASSES["CT"],
        "SOPInstanceUID": f"{study_instance_uid}.1.1",
        "StudyInstanceUID": study_instance_uid,
        "SeriesInstanceUID": f"{study_instance_uid}.1",
    }
    return entry(number, {name: (text,) for name, text in (uids | values).items() if text}, [])


def _element(keyword: str, text: str) -> NewElement:
    tag = tag_of(keyword)
    assert tag is not None
    return NewElement(tag, vr_of(tag), text)


def _patient(chance: random.Random, number: int) -> Values:
    values = {
        "PatientID": (f"PAT-{number:05}" if chance.random() < 0.97 else "",),
        "IssuerOfPatientID": (chance.choice(("", "", "HOSP", "Clinic")),),
        "PatientName": (_name(chance),),
        "PatientBirthDate": (_date(chance),),
        "PatientSex": (chance.choice(("M", "F", "O", "")),),
    }
    return {name: texts for name, texts in values.items() if texts != ("",)}


def _name(chance: random.Random) -> str:
    if chance.random() < 0.03:
        return ""
    name = f"{chance.choice(FAMILIES)}^{chance.choice(GIVENS)}".rstrip("^")
    return f"{name}^{chance.choice('ABC')}^^Dr." if chance.random() < 0.1 else "Yamada^Taro=山田^太郎" if chance.random() < 0.05 else name


def _date(chance: random.Random) -> str:
    if chance.random() < 0.03:
        return chance.choice(("", "20240230x"))
    return f"{chance.randrange(2019, 2026)}{chance.randrange(1, 13):02}{chance.randrange(1, 29):02}"


def _time(chance: random.Random) -> str:
    if chance.random() < 0.05:
        return chance.choice(("", "1030", "09"))
    whole = f"{chance.randrange(24):02}{chance.randrange(60):02}{chance.randrange(60):02}"
    return whole + chance.choice(("", "", ".5", ".123456", ".000"))
