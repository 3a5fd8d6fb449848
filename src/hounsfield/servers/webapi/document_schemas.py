"""The JSON of `/api/studies/{study}/documents/{instance}`."""

from __future__ import annotations

from hounsfield.reports.content import Reference
from hounsfield.reports.tree import ContentItem
from hounsfield.servers.webapi.schemas import Answer
from hounsfield.services.report_documents import ReadDocument


class DocumentReferenceAnswer(Answer):
    """series_instance_uid: empty where it is not in this study."""

    series_instance_uid: str
    sop_instance_uid: str
    frames: list[int]


class ContentItemAnswer(Answer):
    """One content item; value as text, dates and times as DICOM has them. points: how many of a graphic."""

    relationship: str
    value_type: str
    name: str
    value: str
    unit: str
    points: int
    references: list[DocumentReferenceAnswer]
    items: list[ContentItemAnswer]

    @classmethod
    def of(cls, one: ContentItem, series: dict[str, str]) -> ContentItemAnswer:
        """Of one that was read, with all below it."""
        return cls(
            relationship=one.relationship,
            value_type=one.value_type,
            name=one.name,
            value=one.value,
            unit=one.unit,
            points=one.points,
            references=[_reference(reference, series) for reference in one.references],
            items=[cls.of(item, series) for item in one.items],
        )


def _reference(one: Reference, series: dict[str, str]) -> DocumentReferenceAnswer:
    return DocumentReferenceAnswer(
        series_instance_uid=series.get(one.sop_instance_uid, ""), sop_instance_uid=one.sop_instance_uid, frames=list(one.frames)
    )


class VerificationAnswer(Answer):
    """at: a DICOM date and time."""

    name: str
    at: str


class DocumentAnswer(Answer):
    """A structured document. cut: there is more of it than is told here."""

    title: str
    description: str
    completion: str
    verification: str
    verified_by: list[VerificationAnswer]
    content_time: str
    manufacturer: str
    institution: str
    items: list[ContentItemAnswer]
    cut: bool

    @classmethod
    def of(cls, found: ReadDocument) -> DocumentAnswer:
        """Of what was read."""
        document = found.document
        return cls(
            title=document.title,
            description=document.description,
            completion=document.completion,
            verification=document.verification,
            verified_by=[VerificationAnswer(name=one.name, at=one.at) for one in document.verified_by],
            content_time=document.content_time,
            manufacturer=document.manufacturer,
            institution=document.institution,
            items=[ContentItemAnswer.of(item, found.series) for item in document.items],
            cut=document.cut,
        )
