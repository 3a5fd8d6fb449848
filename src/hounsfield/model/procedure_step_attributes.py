"""What the attributes of a Unified Procedure Step must fulfil when it is created, changed and ended (PS3.4 table CC.2.5-3).

Checked are the table's own rows and, of the macros, the code sequence macro (table CC.2.5-2a); not the conditions of types 1C and 2C and of
the final state RC.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hounsfield.model.attribute_rules import AttributeRefused, DataSet, Rule, complete, first_text, lacking, read_rules
from hounsfield.model.attribute_rules import check_changes as check_changes_by
from hounsfield.model.procedure_step import StepState

_ROWS: Final = """
00081195 TransactionUID 3/3 3/3 O -
00080005 SpecificCharacterSet 1C/1C 1C/1C RC 1C
00080016 SOPClassUID 3/3 no R 1
00080018 SOPInstanceUID 3/3 no R 1
00741200 ScheduledProcedureStepPriority 1/1 3/1 R 1
00404010 ScheduledProcedureStepModificationDateTime -/1 -/1 R 3
00741204 ProcedureStepLabel 1/1 3/1 O 1
00741202 WorklistLabel 2/1 3/1 O 1
00741210 ScheduledProcessingParametersSequence 2/2 3/2 O 2
00404025 ScheduledStationNameCodeSequence 2/2 3/2 O 2 code
00404026 ScheduledStationClassCodeSequence 2/2 3/2 O 2 code
00404027 ScheduledStationGeographicLocationCodeSequence 2/2 3/2 O 2 code
00404034 ScheduledHumanPerformersSequence 2C/2C 3/2 O 2
>00404009 HumanPerformerCodeSequence 1/1 1/1 O 1 code
>00404037 HumanPerformerName 1/1 1/1 O 3
>00404036 HumanPerformerOrganization 1/1 1/1 O 3
00404005 ScheduledProcedureStepStartDateTime 1/1 3/1 R 1
00404011 ExpectedCompletionDateTime 3/1 3/1 O 3
00404008 ScheduledProcedureStepExpirationDateTime 3/3 3/3 O 3
00404018 ScheduledWorkitemCodeSequence 2/2 3/1 O 2 code
00400400 CommentsOnTheScheduledProcedureStep 2/2 3/1 O 3
00404041 InputReadinessState 1/1 3/1 R 1
00404021 InputInformationSequence 2/2 3/2 O 2
0020000D StudyInstanceUID 1C/2 3/2 O 2
00404070 OutputDestinationSequence 3/3 3/3 O 3
00100010 PatientName 2/2 no O 2
00100020 PatientID 1C/2 no O 2
00100021 IssuerOfPatientID 2/2 no O 2
00100024 IssuerOfPatientIDQualifiersSequence 2/2 no O 2
00101002 OtherPatientIDsSequence 2/2 3/3 O 2
>00100020 PatientID 1/1 1/1 O 1
>00100022 TypeOfPatientID 3/3 3/3 O 3
00100030 PatientBirthDate 2/2 no O 2
00100040 PatientSex 2/2 no O 2
00101100 ReferencedPatientPhotoSequence 3/3 3/3 O 3
00380010 AdmissionID 2/2 no O 2
00380014 IssuerOfAdmissionIDSequence 2/2 no O 2
00081080 AdmittingDiagnosesDescription 2/2 no O 2
00081084 AdmittingDiagnosesCodeSequence 2/2 no O 2 code
0040A370 ReferencedRequestSequence 2/2 no O 2
>0020000D StudyInstanceUID 1/1 no O 1
>00080050 AccessionNumber 2/2 no O 2
>00080051 IssuerOfAccessionNumberSequence 2/2 no O 2
>00402016 PlacerOrderNumberImagingServiceRequest 3/1 no O 1C
>00400026 OrderPlacerIdentifierSequence 2/2 no O 2
>00402017 FillerOrderNumberImagingServiceRequest 3/1 no O 1C
>00400027 OrderFillerIdentifierSequence 2/2 no O 2
>00401001 RequestedProcedureID 2/2 no O 2
>00321060 RequestedProcedureDescription 2/2 no O 2
>00321064 RequestedProcedureCodeSequence 2/2 no O 2 code
>00401002 ReasonForTheRequestedProcedure 3/3 3/3 O 3
>0040100A ReasonForRequestedProcedureCodeSequence 3/3 3/3 O 3 code
>00401400 RequestedProcedureComments 3/3 3/3 O 1C
>00401008 ConfidentialityCode 3/3 3/3 O 3
>00401010 NamesOfIntendedRecipientsOfResults 3/3 3/3 O 3
>00402400 ImagingServiceRequestComments 3/3 3/3 O 3
>00321032 RequestingPhysician 3/3 3/3 O 3
>00321033 RequestingService 3/1 3/1 O 3
>00321034 RequestingServiceCodeSequence 3/3 3/3 O 3 code
>00402004 IssueDateOfImagingServiceRequest 3/3 3/3 O 3
>00402005 IssueTimeOfImagingServiceRequest 3/3 3/3 O 3
>00080090 ReferringPhysicianName 3/3 3/3 O 3
00741224 ReplacedProcedureStepSequence 1C/1C no O 3
00102000 MedicalAlerts 3/2 3/2 O 2C
001021C0 PregnancyStatus 3/2 3/2 O 2C
00380050 SpecialNeeds 3/2 3/2 O 2C
00741000 ProcedureStepState 1/1 no R 1
00741002 ProcedureStepProgressInformationSequence 2/2 3/2 X 2
>00741004 ProcedureStepProgress no 3/1 O -
>00741006 ProcedureStepProgressDescription no 3/1 O -
>00741007 ProcedureStepProgressParametersSequence no 3/3 O -
>>00400441 ContentItemModifierSequence no 3/3 O -
>00741008 ProcedureStepCommunicationsURISequence no 3/1 O -
>>0074100A ContactURI no 1/1 O -
>>0074100C ContactDisplayName no 3/1 O -
>00404052 ProcedureStepCancellationDateTime no 3/1 X -
>00741238 ReasonForCancellation no 3/1 O -
>0074100E ProcedureStepDiscontinuationReasonCodeSequence no 3/1 X - code
00741216 UnifiedProcedureStepPerformedProcedureSequence 2/2 3/2 P -
>00404035 ActualHumanPerformersSequence no 3/1 RC 1C
>>00404009 HumanPerformerCodeSequence no 3/1 RC - code
>>00404037 HumanPerformerName no 3/1 RC -
>>00404036 HumanPerformerOrganization no 3/1 O -
>00404028 PerformedStationNameCodeSequence no 3/2 P 3 code
>00404029 PerformedStationClassCodeSequence no 3/2 O - code
>00404030 PerformedStationGeographicLocationCodeSequence no 3/2 O - code
>00404050 PerformedProcedureStepStartDateTime no 3/1 P -
>00400254 PerformedProcedureStepDescription no 3/1 O -
>00400280 CommentsOnThePerformedProcedureStep no 3/1 O -
>00404019 PerformedWorkitemCodeSequence no 3/1 P - code
>00741212 PerformedProcessingParametersSequence no 3/1 O -
>00404051 PerformedProcedureStepEndDateTime no 3/1 P 1C
>00404033 OutputInformationSequence no 2/2 P -
"""
"""Nesting, tag, keyword, requirement of N-CREATE and of N-SET (SCU/SCP, `no` for not allowed), final state code, return key type, macro.

Transaction UID comes beside the changes of N-SET, and the two SOP common UIDs beside a data set that is created; they are dealt with by who
reads the requests.
"""

TRANSACTION_UID: Final = "00081195"
SOP_CLASS_UID: Final = "00080016"
SOP_INSTANCE_UID: Final = "00080018"
STATE: Final = "00741000"
PRIORITY: Final = "00741200"
INPUT_READINESS: Final = "00404041"
WORKLIST_LABEL: Final = "00741202"
MODIFIED: Final = "00404010"
SCHEDULED_START: Final = "00404005"
PROGRESS: Final = "00741002"
PERFORMED: Final = "00741216"
CANCELLATION_DATE_TIME: Final = "00404052"
REASON_CODES: Final = "0074100E"
REASON: Final = "00741238"
OUTPUT_INFORMATION: Final = "00404033"

PRIORITIES: Final = frozenset({"HIGH", "MEDIUM", "LOW"})
READINESS: Final = frozenset({"READY", "UNAVAILABLE", "INCOMPLETE"})


_COMPLETED: Final = frozenset({"R", "P"})
_CANCELED: Final = frozenset({"R", "X"})

RULES: Final[Mapping[str, Rule]] = read_rules(_ROWS)

RETURNED: Final = frozenset(tag for tag, rule in RULES.items() if rule.returned[0] in "12")
"""What an answer to a search holds, whatever was asked for (PS3.18 11.9.2)."""


def complete_new(data_set: DataSet, vr_of: Mapping[str, str]) -> list[str]:
    """Fills in what a new step lacks and may lack; returns the keywords of what was filled in although the requester owed it.

    vr_of: of the tags of the table. Raises: AttributeRefused, naming all that is missing or may not be given.
    """
    return complete(data_set, RULES, vr_of, must_be_empty=(TRANSACTION_UID, PROGRESS, PERFORMED))


def check_changes(changes: Mapping[str, Any]) -> None:
    """Whether a change of attributes is allowed (CC.2.6.2). Raises: AttributeRefused."""
    check_changes_by(changes, RULES)


def check_enumerated(data_set: Mapping[str, Any]) -> None:
    """Values that are one of a few (PS3.3 C.30.2). Raises: AttributeRefused."""
    for tag, allowed in ((PRIORITY, PRIORITIES), (INPUT_READINESS, READINESS)):
        text = first_text(data_set, tag)
        if text and text not in allowed:
            raise AttributeRefused(f"{RULES[tag].keyword} is one of {', '.join(sorted(allowed))}")


def lacking_for(state: StepState, data_set: Mapping[str, Any]) -> list[str]:
    """The keywords of what has no value and must have one before the step may take a final state (CC.2.5.1.1).

    If a step produced nothing that matters, Output Information Sequence has no items, but it is there.
    """
    return list(lacking(data_set, RULES, _COMPLETED if state is StepState.COMPLETED else _CANCELED, may_be_empty=(OUTPUT_INFORMATION,)))
