"""Key images, saved views and documents of a study: read by all who are signed in, saved by editors."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import FastAPI

from hounsfield.model.identifiers import parse_uid
from hounsfield.servers.webapi.document_schemas import DocumentAnswer
from hounsfield.servers.webapi.key_image_schemas import KeyImagesAnswer, KeyImagesAsked
from hounsfield.servers.webapi.parts import EditorOrigin, SignedInOrigin
from hounsfield.servers.webapi.view_schemas import StateOverAnswer, ViewAsked, ViewsAnswer
from hounsfield.services.key_images import KeyImages
from hounsfield.services.report_documents import ReportDocuments
from hounsfield.services.saved_views import SavedViews


@dataclass(frozen=True, slots=True)
class AnnotationParts:
    """What the handlers work with."""

    key_images: KeyImages
    views: SavedViews
    documents: ReportDocuments


def add_annotation_routes(app: FastAPI, parts: AnnotationParts) -> None:
    """`key-images`, `presentation-states` and `documents` below `/api/studies/{study}`."""

    @app.get("/api/studies/{study_uid}/key-images")
    def read_key_images(study_uid: str, origin: SignedInOrigin) -> KeyImagesAnswer:
        """The selections that count, ours and other makers'."""
        return KeyImagesAnswer.of(parts.key_images.all(origin, parse_uid(study_uid)))

    @app.post("/api/studies/{study_uid}/key-images", status_code=201)
    def save_key_images(study_uid: str, asked: KeyImagesAsked, origin: EditorOrigin) -> KeyImagesAnswer:
        """Stores a Key Object Selection instead of the reader's former one under the same title; answers once it is durable."""
        saved = parts.key_images.save(origin, parse_uid(study_uid), asked.title, asked.key_images(), asked.description.strip())
        return KeyImagesAnswer.of(saved)

    @app.get("/api/studies/{study_uid}/presentation-states")
    def read_states(study_uid: str, origin: SignedInOrigin) -> ViewsAnswer:
        """Those that can be applied, ours and other makers'."""
        return ViewsAnswer.of(parts.views.all(origin, parse_uid(study_uid)))

    @app.post("/api/studies/{study_uid}/presentation-states", status_code=201)
    def save_state(study_uid: str, asked: ViewAsked, origin: EditorOrigin) -> ViewsAnswer:
        """Stores how a frame is seen as a presentation state; answers once it is durable."""
        return ViewsAnswer.of(parts.views.save(origin, parse_uid(study_uid), asked.view()))

    @app.get("/api/studies/{study_uid}/presentation-states/{state_uid}/over/{sop_uid}/{frame}")
    def read_state_over(study_uid: str, state_uid: str, sop_uid: str, frame: int, origin: SignedInOrigin) -> StateOverAnswer:
        """How a state shows a frame (its number, from 1)."""
        return StateOverAnswer.of(parts.views.over(origin, parse_uid(study_uid), parse_uid(state_uid), parse_uid(sop_uid), frame))

    @app.get("/api/studies/{study_uid}/documents/{sop_uid}")
    def read_document(study_uid: str, sop_uid: str, origin: SignedInOrigin) -> DocumentAnswer:
        """A structured document of any class, as a tree."""
        return DocumentAnswer.of(parts.documents.read(origin, parse_uid(study_uid), parse_uid(sop_uid)))
