"""The JSON of `/api/studies/{study}/series/{series}/volumes`.

Lengths in mm, directions and positions in the patient (PS3.3 C.7.6.2.1.1).
"""

from __future__ import annotations

from hounsfield.model.volume import Finding, Gap, LeftOut, PlacedSlice, Vector, Volume
from hounsfield.servers.webapi.schemas import Answer
from hounsfield.services.volumes import SeriesVolumes

MOST_LEFT_OUT = 1000
"""That are named one by one; all of them are counted."""


class SliceAnswer(Answer):
    """A frame (its number, from 1). position: the centre of its first pixel."""

    sop_instance_uid: str
    frame: int
    position: Vector

    @classmethod
    def of(cls, placed: PlacedSlice) -> SliceAnswer:
        """Of a slice."""
        return cls(sop_instance_uid=placed.sop_instance_uid, frame=placed.frame, position=placed.position)


class TraitAnswer(Answer):
    """What sets a volume apart from others of the series: an attribute by keyword; `n/m` where it is the n-th of m at each place."""

    keyword: str
    value: str


class GapAnswer(Answer):
    """slices: how many are missing after the slice of this index (from 0)."""

    after: int
    slices: int

    @classmethod
    def of(cls, gap: Gap) -> GapAnswer:
        """Of a gap."""
        return cls(after=gap.after, slices=gap.slices)


class VolumeAnswer(Answer):
    """Slices in order along the normal, and what is to be said of them.

    row_direction, column_direction: unit vectors along a row and down a column. step_mm: the usual distance of neighbours along the
    normal, least and most: of all. off_line_mm: how far an origin is at most from the line through the first and the last.
    """

    frame_of_reference_uid: str
    told_apart_by: list[TraitAnswer]
    row_direction: Vector
    column_direction: Vector
    rows: int
    columns: int
    row_spacing_mm: float
    column_spacing_mm: float
    step_mm: float
    least_step_mm: float
    most_step_mm: float
    tilt_degrees: float
    off_line_mm: float
    gaps: list[GapAnswer]
    findings: list[Finding]
    slices: list[SliceAnswer]

    @classmethod
    def of(cls, volume: Volume) -> VolumeAnswer:
        """Of a judged one."""
        first = volume.slices[0]
        return cls(
            frame_of_reference_uid=first.frame_of_reference_uid,
            told_apart_by=[TraitAnswer(keyword=keyword, value=value) for keyword, value in volume.told_apart_by.items()],
            row_direction=first.row,
            column_direction=first.column,
            rows=first.rows,
            columns=first.columns,
            row_spacing_mm=first.spacing_mm[0],
            column_spacing_mm=first.spacing_mm[1],
            step_mm=volume.step_mm,
            least_step_mm=volume.least_step_mm,
            most_step_mm=volume.most_step_mm,
            tilt_degrees=volume.tilt_degrees,
            off_line_mm=volume.off_line_mm,
            gaps=[GapAnswer.of(gap) for gap in volume.gaps],
            findings=list(volume.findings),
            slices=[SliceAnswer.of(placed) for placed in volume.slices],
        )


class LeftOutAnswer(Answer):
    """A frame that is in no volume, and why."""

    sop_instance_uid: str
    frame: int
    reason: LeftOut


class VolumesAnswer(Answer):
    """The volumes of a series, the largest first.

    left_out: the first thousand frames that are in none; left_out_count: of all, by reason.
    """

    volumes: list[VolumeAnswer]
    left_out: list[LeftOutAnswer]
    left_out_count: dict[LeftOut, int]

    @classmethod
    def of(cls, found: SeriesVolumes) -> VolumesAnswer:
        """Of a series."""
        named = [LeftOutAnswer(sop_instance_uid=uid, frame=frame, reason=reason) for uid, frame, reason in found.left_out[:MOST_LEFT_OUT]]
        return cls(volumes=[VolumeAnswer.of(volume) for volume in found.volumes], left_out=named, left_out_count=dict(found.count()))
