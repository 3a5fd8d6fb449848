"""The JSON of `/api/studies/{study}/presentation-states`.

Points are column, row; 0,0 is the upper left corner of the upper left pixel (PS3.3 C.10.5.1.2), unless they are `relative`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, FiniteFloat

from hounsfield.codecs.covering import Graphic, Shutter, Text
from hounsfield.codecs.presentation import Presentation
from hounsfield.model.identifiers import parse_uid
from hounsfield.model.saved_view import MOST_GRAPHICS, MOST_POINTS, Curve, Figure, FigureKind, Label, View, ViewWindow
from hounsfield.servers.webapi.measurement_schemas import Coordinates, FrameNumber, UIDText, UnreadReportAnswer
from hounsfield.servers.webapi.schemas import Answer, Asked
from hounsfield.services.saved_views import ListedState, StudyViews

MOST_LISTED = 2000
"""Images that a presentation state shows, in an answer."""


class FigureAsked(Asked):
    """A line or a closed shape."""

    kind: FigureKind
    points: list[Coordinates] = Field(max_length=MOST_POINTS)


class LabelAsked(Asked):
    """A text whose upper left corner is at a point."""

    text: str = Field(max_length=1024)
    at: Coordinates


class WindowAsked(Asked):
    """After rescaling."""

    center: FiniteFloat
    width: FiniteFloat
    function: Curve


class ViewAsked(Asked):
    """How one frame is seen. area: first column, first row, last column and last row, from 1."""

    name: str = Field(max_length=64)
    sop_instance_uid: UIDText
    frame: FrameNumber
    window: WindowAsked | None
    inverted: bool
    quarter_turns: int = Field(ge=0, le=3)
    flipped: bool
    area: Annotated[list[int], Field(min_length=4, max_length=4)]
    figures: list[FigureAsked] = Field(max_length=MOST_GRAPHICS)
    labels: list[LabelAsked] = Field(max_length=MOST_GRAPHICS)

    def view(self) -> View:
        """As an entity, not yet checked against its image."""
        left, top, right, bottom = self.area
        return View(
            self.name,
            parse_uid(self.sop_instance_uid),
            self.frame,
            ViewWindow(self.window.center, self.window.width, self.window.function) if self.window else None,
            self.inverted,
            self.quarter_turns,
            self.flipped,
            (left, top, right, bottom),
            tuple(Figure(one.kind, tuple((column, row) for column, row in one.points)) for one in self.figures),
            tuple(Label(one.text, (one.at[0], one.at[1])) for one in self.labels),
        )


class ShownAnswer(Answer):
    """What a state shows. frames: their numbers; none for all."""

    series_instance_uid: str
    sop_instance_uid: str
    frames: list[int]


class StateAnswer(Answer):
    """A presentation state. created_at: a DICOM date and time."""

    sop_instance_uid: str
    label: str
    description: str
    creator: str
    created_at: str
    shown: list[ShownAnswer]

    @classmethod
    def of(cls, one: ListedState) -> StateAnswer:
        """Of a stored one."""
        shown = [
            ShownAnswer(
                series_instance_uid=reference.series_instance_uid,
                sop_instance_uid=reference.sop_instance_uid,
                frames=list(reference.frames),
            )
            for reference in one.references[:MOST_LISTED]
        ]
        return cls(
            sop_instance_uid=one.sop_instance_uid,
            label=one.label,
            description=one.description,
            creator=one.creator,
            created_at=one.created_at,
            shown=shown,
        )


class ViewsAnswer(Answer):
    """All presentation states of a study, and those that could not be read."""

    states: list[StateAnswer]
    unread: list[UnreadReportAnswer]

    @classmethod
    def of(cls, found: StudyViews) -> ViewsAnswer:
        """Of what is stored."""
        return cls(states=[StateAnswer.of(one) for one in found.states], unread=UnreadReportAnswer.all(found.unread))


class GraphicAnswer(Answer):
    """kind: Graphic Type (0070,0023). relative: points are shares of the area shown. shade: 0 to 255."""

    kind: str
    points: list[list[float]]
    relative: bool
    filled: bool
    shade: int

    @classmethod
    def of(cls, one: Graphic) -> GraphicAnswer:
        """Of one that a state has."""
        return cls(kind=one.kind, points=[list(point) for point in one.points], relative=one.relative, filled=one.filled, shade=one.shade)


class TextAnswer(Answer):
    """box: upper left and lower right corner. anchor: what the text points at, with a line where `anchor_visible`."""

    text: str
    box: list[list[float]] | None
    box_relative: bool
    justification: str
    anchor: list[float] | None
    anchor_relative: bool
    anchor_visible: bool
    shade: int

    @classmethod
    def of(cls, one: Text) -> TextAnswer:
        """Of one that a state has."""
        return cls(
            text=one.text,
            box=[list(point) for point in one.box] if one.box else None,
            box_relative=one.box_relative,
            justification=one.justification,
            anchor=list(one.anchor) if one.anchor else None,
            anchor_relative=one.anchor_relative,
            anchor_visible=one.anchor_visible,
            shade=one.shade,
        )


class ShutterAnswer(Answer):
    """All outside of any of the shapes is hidden. rectangle: left, right, upper and lower edge, from 1. circle: column, row, radius."""

    rectangle: list[int] | None
    circle: list[float] | None
    polygon: list[list[float]]
    shade: int

    @classmethod
    def of(cls, one: Shutter) -> ShutterAnswer:
        """Of one that a state has."""
        return cls(
            rectangle=list(one.rectangle) if one.rectangle else None,
            circle=list(one.circle) if one.circle else None,
            polygon=[list(point) for point in one.polygon],
            shade=one.shade,
        )


class StateWindowAnswer(Answer):
    """function: LINEAR, LINEAR_EXACT or SIGMOID (PS3.3 C.11.2.1.2)."""

    center: float
    width: float
    function: str


class StateOverAnswer(Answer):
    """How a state shows a frame. area: first column, first row, last column and last row, from 1. flipped: after the turns.

    beyond: what else it says, and only the server's rendering shows: voi-lut, presentation-lut, palette, overlays, bitmap-shutter.
    """

    window: StateWindowAnswer | None
    inverted: bool
    area: list[int] | None
    quarter_turns: int
    flipped: bool
    graphics: list[GraphicAnswer]
    texts: list[TextAnswer]
    shutter: ShutterAnswer | None
    beyond: list[str]

    @classmethod
    def of(cls, shown: Presentation) -> StateOverAnswer:
        """Of a state applied to a frame."""
        layout, window, shutter = shown.layout, shown.window, shown.shutter
        said = {
            "voi-lut": shown.voi_lut is not None,
            "presentation-lut": shown.presentation_lut is not None,
            "palette": shown.pseudo_colour is not None,
            "overlays": bool(shown.overlays),
            "bitmap-shutter": shutter is not None and shutter.bitmap is not None,
        }
        return cls(
            window=StateWindowAnswer(center=window.center, width=window.width, function=window.function) if window else None,
            inverted=bool(shown.inverse),
            area=list(layout.area) if layout and layout.area else None,
            quarter_turns=layout.quarter_turns if layout else 0,
            flipped=layout.flipped if layout else False,
            graphics=[GraphicAnswer.of(one) for one in layout.graphics] if layout else [],
            texts=[TextAnswer.of(one) for one in layout.texts] if layout else [],
            shutter=ShutterAnswer.of(shutter) if shutter else None,
            beyond=[name for name, is_there in said.items() if is_there],
        )
