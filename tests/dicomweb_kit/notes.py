"""Key Object Selection documents, rejection notes among them."""

from __future__ import annotations

from itertools import groupby

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.sr.coding import Code
from pydicom.uid import CTImageStorage, KeyObjectSelectionDocumentStorage

from dicomweb_kit.objects import ct
from dicomweb_kit.states import without_pixels, written

QUALITY = Code("113001", "DCM", "Rejected for Quality Reasons")
OF_INTEREST = Code("113000", "DCM", "Of Interest")

Named = tuple[str, str, str]


def note(number: int, *named: Named, title: Code = QUALITY, study: str = "1.2.3", series: str = "1.2.3.99") -> bytes:
    """A file. named: study, series and SOP instance of each reference, sorted."""
    document = without_pixels(ct(number, study=study, series=series), KeyObjectSelectionDocumentStorage, "KO")
    document.ValueType, document.ContinuityOfContent = "CONTAINER", "SEPARATE"
    document.ConceptNameCodeSequence = Sequence([_code(title)])
    document.ContentSequence = Sequence([_content(one[2]) for one in named])
    evidence = []
    for study_uid, of_study in groupby(named, lambda one: one[0]):
        item, listed = Dataset(), []
        for series_uid, of_series in groupby(of_study, lambda one: one[1]):
            of = Dataset()
            of.SeriesInstanceUID, of.ReferencedSOPSequence = series_uid, Sequence([_reference(one[2]) for one in of_series])
            listed.append(of)
        item.StudyInstanceUID, item.ReferencedSeriesSequence = study_uid, Sequence(listed)
        evidence.append(item)
    document.CurrentRequestedProcedureEvidenceSequence = Sequence(evidence)
    return written(document)


def _code(code: Code) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code.value, code.scheme_designator, code.meaning
    return item


def _reference(uid: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = CTImageStorage, uid
    return item


def _content(uid: str) -> Dataset:
    item = Dataset()
    item.RelationshipType, item.ValueType, item.ReferencedSOPSequence = "CONTAINS", "IMAGE", Sequence([_reference(uid)])
    return item
