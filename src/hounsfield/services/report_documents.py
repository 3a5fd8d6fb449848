"""Structured documents of a study, of every maker and class, to be read by people."""

from __future__ import annotations

from dataclasses import dataclass

from hounsfield.model.errors import InvalidInput
from hounsfield.model.origin import Origin
from hounsfield.reports.tree import Document, read_document
from hounsfield.services.made_objects import Making

STRUCTURED_DOCUMENTS = "1.2.840.10008.5.1.4.1.1.88."
"""All SR classes, Key Object Selection among them."""


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """series: of the instances of the study, by SOP Instance UID: where a reference leads."""

    document: Document
    series: dict[str, str]


class ReportDocuments:
    """Thread-safe."""

    def __init__(self, making: Making) -> None:
        self._making = making

    def read(self, origin: Origin, study_instance_uid: str, sop_instance_uid: str) -> ReadDocument:
        """Raises: StudyNotFound, InstanceNotFound, Gone; InvalidInput for what is no structured document, or too long."""
        retrieve = self._making.retrieve
        instances = retrieve.instances(origin, study_instance_uid)
        instance = next((one for one in instances if one.sop_instance_uid == sop_instance_uid), None)
        if instance is None:
            raise retrieve.absent(origin, study_instance_uid, "", sop_instance_uid)
        if not instance.sop_class_uid.startswith(STRUCTURED_DOCUMENTS):
            raise InvalidInput(f"{sop_instance_uid} is no structured document")
        document = read_document(self._making.document(instance))
        return ReadDocument(document, {one.sop_instance_uid: one.series_instance_uid for one in instances})
