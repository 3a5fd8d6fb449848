"""The JSON of `/api/studies/{study}/measurements`.

Points are column, row; 0,0 is the upper left corner of the upper left pixel (PS3.3 C.18.6.1.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field, FiniteFloat

from hounsfield.model.identifiers import parse_uid
from hounsfield.model.measurement import MOST_OUTLINE_POINTS, Kind, MeasuredValue, Measurement, Quantity, Removal, SpacingSource
from hounsfield.servers.webapi.schemas import Answer, Asked
from hounsfield.services.made_objects import Unread
from hounsfield.services.measurements import MOST_AT_ONCE, StudyMeasurements

Coordinates = Annotated[list[FiniteFloat], Field(min_length=2, max_length=2)]
UIDText = Annotated[str, Field(max_length=64)]
FrameNumber = Annotated[int, Field(ge=1, le=1 << 31)]
Label = Annotated[str, Field(max_length=1024)]


class MeasuredValueAsked(Asked):
    """One value. unit: UCUM."""

    name: Quantity
    value: FiniteFloat
    unit: str = Field(max_length=16)


class MeasurementAsked(Asked):
    """A measurement that is new or changed. frame: its number, from 1."""

    tracking_uid: UIDText
    label: Label
    kind: Kind
    sop_instance_uid: UIDText
    frame: FrameNumber
    points: list[Coordinates] = Field(max_length=MOST_OUTLINE_POINTS)
    values: list[MeasuredValueAsked] = Field(max_length=16)
    spacing: SpacingSource

    def measurement(self) -> Measurement:
        """As an entity, not yet checked against its image."""
        return Measurement(
            self.tracking_uid,
            self.label,
            self.kind,
            parse_uid(self.sop_instance_uid),
            self.frame,
            tuple((column, row) for column, row in self.points),
            tuple(MeasuredValue(value.name, value.value, value.unit) for value in self.values),
            self.spacing,
        )


class RemovalAsked(Asked):
    """A stored measurement that is taken away, and the image it was on."""

    tracking_uid: UIDText
    label: Label
    sop_instance_uid: UIDText
    frame: FrameNumber

    def removal(self) -> Removal:
        """As an entity, not yet checked."""
        return Removal(self.tracking_uid, self.label, parse_uid(self.sop_instance_uid), self.frame)


class MeasurementsAsked(Asked):
    """What has changed since the last save."""

    measurements: list[MeasurementAsked] = Field(max_length=MOST_AT_ONCE)
    removed: list[RemovalAsked] = Field(max_length=MOST_AT_ONCE)


class MeasuredValueAnswer(Answer):
    """name: of ours, or another maker's words. unit: UCUM."""

    name: str
    value: float
    unit: str


class MeasurementAnswer(Answer):
    """A stored measurement. kind `other`: what is listed and not drawn. spacing: of ours, or another maker's words."""

    tracking_uid: str
    label: str
    kind: Kind
    series_instance_uid: str
    sop_instance_uid: str
    frame: int
    points: list[list[float]]
    values: list[MeasuredValueAnswer]
    spacing: str
    observer: str

    @classmethod
    def of(cls, one: Measurement) -> MeasurementAnswer:
        """Of a stored one."""
        return cls(
            tracking_uid=one.tracking_uid,
            label=one.label,
            kind=one.kind,
            series_instance_uid=one.series_instance_uid,
            sop_instance_uid=one.sop_instance_uid,
            frame=one.frame,
            points=[list(point) for point in one.points],
            values=[MeasuredValueAnswer(name=value.name, value=value.value, unit=value.unit) for value in one.values],
            spacing=one.spacing,
            observer=one.observer,
        )


class UnreadReportAnswer(Answer):
    """A report that could not be read."""

    sop_instance_uid: str
    reason: str

    @classmethod
    def all(cls, unread: Sequence[Unread]) -> list[UnreadReportAnswer]:
        """Of those that were found."""
        return [cls(sop_instance_uid=one.sop_instance_uid, reason=one.reason) for one in unread]


class MeasurementsAnswer(Answer):
    """All measurements of a study in their newest state, and the reports that could not be read."""

    measurements: list[MeasurementAnswer]
    unread: list[UnreadReportAnswer]

    @classmethod
    def of(cls, found: StudyMeasurements) -> MeasurementsAnswer:
        """Of what is stored."""
        return cls(measurements=[MeasurementAnswer.of(one) for one in found.measurements], unread=UnreadReportAnswer.all(found.unread))
