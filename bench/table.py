"""Rows with their targets, and the Markdown table."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the result.

    ratio_target: times Orthanc in the same run; floor_target: part of the floor; None where there is none.
    absolute_target: a bound on our own figure, `smaller_is_better` says which side.
    """

    work: str
    unit: str
    ours: float
    orthanc: float | None = None
    floor: float | None = None
    ratio_target: float | None = None
    floor_target: float | None = None
    absolute_target: float | None = None
    smaller_is_better: bool = False
    note: str = ""

    @property
    def reached(self) -> bool:
        """Whether every target is met."""
        checks = []
        if self.ratio_target is not None and self.orthanc:
            checks.append(self.ours / self.orthanc >= self.ratio_target)
        if self.floor_target is not None and self.floor:
            checks.append(self.ours / self.floor >= self.floor_target)
        if self.absolute_target is not None:
            checks.append(self.ours <= self.absolute_target if self.smaller_is_better else self.ours >= self.absolute_target)
        return all(checks)


@dataclass(slots=True)
class Report:
    """What one run found."""

    machine: dict[str, str]
    rows: list[Row] = field(default_factory=list)

    def markdown(self) -> str:
        """The table, the machine's own rates beside it."""
        lines = [", ".join(f"{name} {value}" for name, value in self.machine.items()), ""]
        lines += ["| work | Hounsfield | Orthanc | ratio | floor | of floor | target | reached |", "|---|---|---|---|---|---|---|---|"]
        for row in self.rows:
            cells = [
                row.work,
                f"{_figure(row.ours)} {row.unit}",
                _figure(row.orthanc),
                f"{row.ours / row.orthanc:.2f}" if row.orthanc else "",
                _figure(row.floor),
                f"{row.ours / row.floor:.2f}" if row.floor else "",
                _target(row),
                "yes" if row.reached else "**no**",
            ]
            lines.append("| " + " | ".join(cells) + " |")
        lines += ["", *(f"- {row.work}: {row.note}" for row in self.rows if row.note)]
        return "\n".join(lines).rstrip() + "\n"


def _figure(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 20 else f"{value:.2f}"


def _target(row: Row) -> str:
    words = []
    if row.ratio_target is not None:
        words.append(f"≥ {row.ratio_target:g}× Orthanc")
    if row.floor_target is not None:
        words.append(f"≥ {row.floor_target:g} of floor")
    if row.absolute_target is not None:
        words.append(f"{'≤' if row.smaller_is_better else '≥'} {row.absolute_target:g} {row.unit}")
    return ", ".join(words)
