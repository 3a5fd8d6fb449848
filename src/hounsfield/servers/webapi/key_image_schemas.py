"""The JSON of `/api/studies/{study}/key-images`."""

from __future__ import annotations

from pydantic import Field

from hounsfield.model.identifiers import parse_uid
from hounsfield.model.key_image import MOST_KEY_IMAGES, KeyImage, KeySelection, KeyTitle
from hounsfield.servers.webapi.measurement_schemas import FrameNumber, UIDText, UnreadReportAnswer
from hounsfield.servers.webapi.schemas import Answer, Asked
from hounsfield.services.key_images import StudyKeyImages


class KeyImageAsked(Asked):
    """A frame (its number, from 1)."""

    sop_instance_uid: UIDText
    frame: FrameNumber


class KeyImagesAsked(Asked):
    """All that the reader points out under one title; none takes it back."""

    title: KeyTitle
    images: list[KeyImageAsked] = Field(max_length=MOST_KEY_IMAGES)
    description: str = Field(default="", max_length=1024)

    def key_images(self) -> list[KeyImage]:
        """As entities, not yet checked against the study."""
        return [KeyImage(parse_uid(image.sop_instance_uid), image.frame) for image in self.images]


class KeyImageAnswer(Answer):
    """frame: its number (from 1); 0 for all."""

    series_instance_uid: str
    sop_instance_uid: str
    frame: int


class KeySelectionAnswer(Answer):
    """One selection that counts. code: of the title, `words` its meaning. mine: whether a save under this title replaces it."""

    sop_instance_uid: str
    code: str
    words: str
    description: str
    observer: str
    content_time: str
    mine: bool
    images: list[KeyImageAnswer]

    @classmethod
    def of(cls, one: KeySelection) -> KeySelectionAnswer:
        """Of a stored one."""
        images = [
            KeyImageAnswer(series_instance_uid=image.series_instance_uid, sop_instance_uid=image.sop_instance_uid, frame=image.frame)
            for image in one.images
        ]
        return cls(
            sop_instance_uid=one.sop_instance_uid,
            code=one.code,
            words=one.words,
            description=one.description,
            observer=one.observer,
            content_time=one.content_time,
            mine=one.mine,
            images=images,
        )


class KeyImagesAnswer(Answer):
    """All selections of a study, and those that could not be read."""

    selections: list[KeySelectionAnswer]
    unread: list[UnreadReportAnswer]

    @classmethod
    def of(cls, found: StudyKeyImages) -> KeyImagesAnswer:
        """Of what is stored."""
        return cls(selections=[KeySelectionAnswer.of(one) for one in found.selections], unread=UnreadReportAnswer.all(found.unread))
