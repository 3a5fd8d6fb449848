"""Modality Performed Procedure Steps: their states, and what their attributes must fulfil (PS3.4 F.7.2, table F.7.2-1)."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from hounsfield.model.attribute_rules import Rule, read_rules

MPPS_SOP_CLASS: Final = "1.2.840.10008.3.1.2.3.3"
STATUS: Final = "00400252"

_ROWS: Final = """
00400270 ScheduledStepAttributesSequence 1/1 no O 1
>0020000D StudyInstanceUID 1/1 no O 1
>00081110 ReferencedStudySequence 2/2 no O 1
>>00081150 ReferencedSOPClassUID 1/1 no O 1
>>00081155 ReferencedSOPInstanceUID 1/1 no O 1
>00080050 AccessionNumber 2/2 no O 1
>00401001 RequestedProcedureID 2/2 no O 1
>00321060 RequestedProcedureDescription 2/2 no O 1
>00400009 ScheduledProcedureStepID 2/2 no O 1
>00400007 ScheduledProcedureStepDescription 2/2 no O 1
>00400008 ScheduledProtocolCodeSequence 2/2 no O 1
00100010 PatientName 2/2 no O 1
00100020 PatientID 2/2 no O 1
00100021 IssuerOfPatientID 3/3 no O 1
00100024 IssuerOfPatientIDQualifiersSequence 3/3 no O 1
00101002 OtherPatientIDsSequence 3/3 no O 1
00100030 PatientBirthDate 2/2 no O 1
00100040 PatientSex 2/2 no O 1
00081120 ReferencedPatientSequence 2/2 no O 1
>00081150 ReferencedSOPClassUID 1/1 no O 1
>00081155 ReferencedSOPInstanceUID 1/1 no O 1
00380010 AdmissionID 3/3 no O 1
00380014 IssuerOfAdmissionIDSequence 3/3 no O 1
00380060 ServiceEpisodeID 3/3 no O 1
00380064 IssuerOfServiceEpisodeIDSequence 3/3 no O 1
00380062 ServiceEpisodeDescription 3/3 no O 1
00400253 PerformedProcedureStepID 1/1 no O 1
00400241 PerformedStationAETitle 1/1 no O 1
00400242 PerformedStationName 2/2 no O 1
00400243 PerformedLocation 2/2 no O 1
00400244 PerformedProcedureStepStartDate 1/1 no O 1
00400245 PerformedProcedureStepStartTime 1/1 no O 1
00400252 PerformedProcedureStepStatus 1/1 3/1 O 1
00400254 PerformedProcedureStepDescription 2/2 3/2 O 1
00400255 PerformedProcedureTypeDescription 2/2 3/2 O 1
00081032 ProcedureCodeSequence 2/2 3/2 O 1
00400250 PerformedProcedureStepEndDate 2/2 3/1 R 1
00400251 PerformedProcedureStepEndTime 2/2 3/1 R 1
00080060 Modality 1/1 no O 1
00200010 StudyID 2/2 no O 1
00400260 PerformedProtocolCodeSequence 2/2 3/2 O 1
00400340 PerformedSeriesSequence 2/2 3/1 R 1
>00081050 PerformingPhysicianName 2/2 2/2 O 1
>00181030 ProtocolName 1/1 1/1 R 1
>00081070 OperatorsName 2/2 2/2 O 1
>0020000E SeriesInstanceUID 1/1 1/1 R 1
>0008103E SeriesDescription 2/2 2/2 O 1
>00080054 RetrieveAETitle 2/2 2/2 O 1
>00081140 ReferencedImageSequence 2/2 2/2 O 1
>>00081150 ReferencedSOPClassUID 1/1 1/1 O 1
>>00081155 ReferencedSOPInstanceUID 1/1 1/1 O 1
>>>00400551 SpecimenIdentifier 1/1 1/1 O 1
>>>00400554 SpecimenUID 1/1 1/1 O 1
>00400220 ReferencedNonImageCompositeSOPInstanceSequence 2/2 2/2 O 1
>>00081150 ReferencedSOPClassUID 1/1 1/1 O 1
>>00081155 ReferencedSOPInstanceUID 1/1 1/1 O 1
"""
"""The rows that ask for something; nested rows of what is optional throughout are left out."""

RULES: Final[Mapping[str, Rule]] = read_rules(_ROWS)


class PerformedStatus(enum.StrEnum):
    """Performed Procedure Step Status (0040,0252)."""

    IN_PROGRESS = "IN PROGRESS"
    DISCONTINUED = "DISCONTINUED"
    COMPLETED = "COMPLETED"


class PerformedEvent(enum.Enum):
    """What a modality may do: create a step, or set attributes, perhaps with another status."""

    CREATE = enum.auto()
    SET = enum.auto()
    COMPLETE = enum.auto()
    DISCONTINUE = enum.auto()


_IN, _DIS, _COM = PerformedStatus.IN_PROGRESS, PerformedStatus.DISCONTINUED, PerformedStatus.COMPLETED

TRANSITIONS: Final[Mapping[tuple[PerformedStatus | None, PerformedEvent], PerformedStatus]] = MappingProxyType(
    {
        (None, PerformedEvent.CREATE): _IN,
        (_IN, PerformedEvent.SET): _IN,
        (_IN, PerformedEvent.COMPLETE): _COM,
        (_IN, PerformedEvent.DISCONTINUE): _DIS,
    }
)
"""All that is allowed (F.7.2.1.3, F.7.2.2.3); no status: there is no such step."""


def set_event(asked: PerformedStatus) -> PerformedEvent:
    """Which event a change is that leads to this status."""
    return {_IN: PerformedEvent.SET, _COM: PerformedEvent.COMPLETE, _DIS: PerformedEvent.DISCONTINUE}[asked]
