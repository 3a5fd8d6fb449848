"""What the worklist does with several studies at once, and what an upload asks before it sends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import FastAPI
from pydantic import Field

from hounsfield.model.origin import Origin
from hounsfield.model.reading import ReadingPriority, ReadingStatus
from hounsfield.servers.webapi.parts import EditorOrigin
from hounsfield.servers.webapi.schemas import Answer, Asked
from hounsfield.services.known_objects import MOST_OBJECTS, KnownObject
from hounsfield.services.mark_studies import MOST_STUDIES, Send, mark_studies

UidText = Annotated[str, Field(min_length=1, max_length=64)]
StudyList = Annotated[list[UidText], Field(min_length=1, max_length=MOST_STUDIES)]


class MarkAsked(Asked):
    """What is said of the reading of some studies; what is left out stays as it is."""

    studies: StudyList
    status: ReadingStatus | None = None
    priority: ReadingPriority | None = None


class SendAsked(Asked):
    """To which peer some studies shall go."""

    studies: StudyList
    destination: str = Field(max_length=16)


class StudiesAnswer(Answer):
    """How many studies it concerned."""

    studies: int


class KnownAsked(Asked):
    """SOP Instance UIDs of what somebody is about to send."""

    sop_instance_uids: Annotated[list[UidText], Field(max_length=MOST_OBJECTS)]


class KnownObjectAnswer(Answer):
    """An object that is here. data_set_sha256: of what stands behind the file meta information, hexadecimal."""

    sop_instance_uid: str
    transfer_syntax_uid: str
    data_set_sha256: str

    @classmethod
    def of(cls, known: KnownObject) -> KnownObjectAnswer:
        """Of what the index has."""
        return cls(
            sop_instance_uid=known.sop_instance_uid,
            transfer_syntax_uid=known.transfer_syntax_uid,
            data_set_sha256=known.data_set_sha256.hex(),
        )


class KnownAnswer(Answer):
    """Those that are here."""

    known: list[KnownObjectAnswer]


@dataclass(frozen=True, slots=True)
class BulkParts:
    """What these handlers work with. command: to the archive process. send: origin, studies, AE title; how many."""

    command: Send
    send: Callable[[Origin, Sequence[str], str], int]
    known: Callable[[Origin, Sequence[str]], list[KnownObject]]


def add_bulk_routes(app: FastAPI, parts: BulkParts) -> None:
    """`/api/studies/mark`, `/api/studies/send`, `/api/uploads/known`."""

    @app.post("/api/studies/mark")
    def mark(asked: MarkAsked, origin: EditorOrigin) -> StudiesAnswer:
        return StudiesAnswer(studies=mark_studies(parts.command, origin, asked.studies, asked.status, asked.priority))

    @app.post("/api/studies/send")
    def send(asked: SendAsked, origin: EditorOrigin) -> StudiesAnswer:
        """They are sent in the background; `/api/queue` tells how far they are."""
        return StudiesAnswer(studies=parts.send(origin, asked.studies, asked.destination))

    @app.post("/api/uploads/known")
    def read_known(asked: KnownAsked, origin: EditorOrigin) -> KnownAnswer:
        """So that an interrupted upload goes on where it was: what is here with the same bytes need not be sent."""
        return KnownAnswer(known=[KnownObjectAnswer.of(one) for one in parts.known(origin, asked.sop_instance_uids)])
