"""The worklist, a study, its deletion, and what was kept aside."""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI, Query

from hounsfield.model.identifiers import parse_uid
from hounsfield.servers.webapi.parts import EditorOrigin, Parts, SignedInOrigin
from hounsfield.servers.webapi.schemas import ConflictsAnswer, DeletionAsked, KeptAsideAnswer, StudyDetailAnswer, WorklistAnswer
from hounsfield.servers.webapi.worklist_query import worklist_query

MAX_CONFLICTS = 500


def add_study_routes(app: FastAPI, parts: Parts) -> None:
    """`/api/worklist`, `/api/studies`, `/api/conflicts`."""

    @app.get("/api/worklist")
    def read_worklist(
        origin: SignedInOrigin,
        q: str = "",
        patient_name: str = "",
        patient_id: str = "",
        accession_number: str = "",
        modality: str = "",
        date_from: str = "",
        date_to: str = "",
        description: str = "",
        status: str = "",
        priority: str = "",
        sort: str = "-study_date",
        limit: int = 50,
        after: Annotated[str, Query(max_length=1024)] = "",
    ) -> WorklistAnswer:
        query = worklist_query(
            text=q,
            patient_name=patient_name,
            patient_id=patient_id,
            accession_number=accession_number,
            modality=modality,
            date_from=date_from,
            date_to=date_to,
            description=description,
            status=status,
            priority=priority,
            sort=sort,
            limit=limit,
            partition_id=origin.principal.partition_id,
        )
        return WorklistAnswer.of(parts.worklist.page(origin, query, after or None))

    @app.get("/api/studies/{study_uid}")
    def read_study(study_uid: str, origin: SignedInOrigin) -> StudyDetailAnswer:
        return StudyDetailAnswer.of(parts.worklist.study(origin, parse_uid(study_uid)))

    @app.delete("/api/studies/{study_uid}", status_code=204)
    def delete_study(study_uid: str, asked: DeletionAsked, origin: EditorOrigin) -> None:
        parts.delete_study(origin, parse_uid(study_uid), asked.reason.strip())

    @app.get("/api/conflicts")
    def read_conflicts(origin: SignedInOrigin) -> ConflictsAnswer:
        kept = parts.worklist.kept_aside(origin, MAX_CONFLICTS + 1)
        return ConflictsAnswer(conflicts=[KeptAsideAnswer.of(item) for item in kept[:MAX_CONFLICTS]], more=len(kept) > MAX_CONFLICTS)
