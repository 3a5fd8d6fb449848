"""What a caller sees of the studies, as a condition on the study table or an alias of it (`model.visibility`).

A study is seen or not as a whole: its series and instances with it. Of a study table's row everything is asked by its own columns or,
through the index on `series.study_key`, by those of its series.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, FromClause, and_, bindparam, exists, literal_column, or_, select

from hounsfield.dicom.character_sets import character_set
from hounsfield.dicom.json_values import text_element
from hounsfield.index.criteria import Criterion, Shape
from hounsfield.index.database import Database
from hounsfield.index.tables import instance, series, study
from hounsfield.index.words import fold_name_group
from hounsfield.model.matching import has_wild_card
from hounsfield.model.query import Key, Level, Query, Range
from hounsfield.model.visibility import ALL_STUDIES, VALUE_KINDS, VisibleStudies

VISIBLE = "visible"
LATEST_VISIBLE = "latest visible"
SHAPES = (VISIBLE, LATEST_VISIBLE)

SINCE = "since"
NAME_GROUPS = 3
_UNICODE = character_set(b"ISO_IR 192")
_ONE: ColumnElement[int] = literal_column("1")


class Visibility:
    """One database's conditions."""

    def __init__(self, database: Database) -> None:
        self._dialect = database.dialect
        self._today = database.today

    def dated(self, query: Query) -> Query:
        """The same query with the oldest date that is seen as one more key, so that the index on dates leads the way."""
        since = query.visible.since(self._today())
        if not since or query.level is Level.PATIENT:
            return query
        return replace(query, keys=(*query.keys, Key("StudyDate", Range(since, ""))))

    def criteria(self, visible: VisibleStudies, level: Level) -> list[Criterion]:
        """None where everything is seen; at the patient level also that the latest study that is seen stands for the patient."""
        if visible == ALL_STUDIES:
            return []
        found = self.criterion(visible)
        return [found, Criterion((LATEST_VISIBLE, *found.shape[1:]), found.values)] if level is Level.PATIENT else [found]

    def criterion(self, visible: VisibleStudies) -> Criterion:
        """A shape for each kind that is asked, its number of exact lists and of patterns, with their values."""
        shapes: list[Shape] = []
        values: list[Any] = []
        for kind in VALUE_KINDS:
            asked: tuple[str, ...] = getattr(visible, kind)
            if asked:
                count, of_kind = self._values(kind, asked)
                shapes.append((kind, *count))
                values.extend(of_kind)
        if visible.last_days:
            shapes.append((SINCE,))
            values.append(visible.since(self._today()))
        return Criterion((VISIBLE, *shapes), tuple(values))

    def _values(self, kind: str, asked: Sequence[str]) -> tuple[tuple[int, int], list[Any]]:
        """How many lists or single values, how many patterns; then these themselves."""
        dialect = self._dialect
        if kind == "institutions":
            fragments = [text_element("00080080", "LO", value.encode(), _UNICODE).encode() for value in asked]
            return (len(fragments), 0), fragments
        if kind == "referring_physicians":
            patterns = [dialect.pattern(fold_name_group(value)) for value in asked]
            return (0, len(patterns)), [pattern for pattern in patterns for _ in range(NAME_GROUPS)]
        exact = [value.strip() for value in asked if not has_wild_card(value)]
        wild = [value.strip() for value in asked if has_wild_card(value)]
        if kind == "modalities":
            return (len(exact), len(wild)), [*(f" {code} " for code in exact), *map(dialect.code_pattern, wild)]
        lists = [dialect.listed(exact)] if exact else []
        return (len(lists), len(wild)), [*lists, *map(dialect.pattern, wild)]

    def condition(self, shape: Shape, name: Callable[[], str]) -> ColumnElement[bool]:
        """Of one of the shapes of `criteria`. name: gives the next parameter its name, in the order of the values."""
        if shape[0] == VISIBLE:
            return and_(*self.conditions(shape, study, name))
        other = study.alias("other_seen")
        later = and_(other.c.patient_key == study.c.patient_key, other.c.precedence > study.c.precedence)
        return ~exists(select(_ONE).where(later, *self.conditions(shape, other, name)))

    def conditions(self, shape: Shape, table: FromClause, name: Callable[[], str]) -> list[ColumnElement[bool]]:
        """By which a row of `table`, which is `study` or an alias of it, is seen; none where every one is."""
        return [self._kind(one, table, name) for one in shape[1:]]

    def _kind(self, shape: Shape, table: FromClause, name: Callable[[], str]) -> ColumnElement[bool]:
        dialect, kind = self._dialect, shape[0]
        if kind == SINCE:
            return dialect.unhinted(table.c.study_date) >= bindparam(name())
        exact, wild = shape[1:]
        if kind == "modalities":
            codes = [dialect.contains(table.c.modalities, name()) for _ in range(exact)]
            return or_(*codes, *[dialect.any_code(table.c.modalities, name()) for _ in range(wild)])
        if kind == "referring_physicians":
            parts = [dialect.part(table.c.referring_fold, index) for index in range(NAME_GROUPS)]
            return or_(*[dialect.like(part, name()) for _ in range(wild) for part in parts])
        if kind == "issuers":
            return self._text(table.c.issuer, shape, name)
        of_study = series.alias("seen_series")
        if kind == "institutions":
            # Institution Name of the series itself is in the first segment; those behind hold sequences too, whose items may have one.
            matched = or_(*[dialect.first_line_contains(of_study.c.json, name()) for _ in range(exact)])
        elif kind == "stations":
            matched = self._text(of_study.c.station_name, shape, name)
        else:
            first = instance.alias("seen_instance")
            sent = select(first.c.source).where(first.c.series_key == of_study.c.id)
            source = sent.order_by(dialect.unindexed_order(first.c.id)).limit(_ONE).offset(literal_column("0")).scalar_subquery()
            matched = self._text(source, shape, name)
        return exists(select(_ONE).where(of_study.c.study_key == table.c.id, matched))

    def _text(self, column: ColumnElement[str], shape: Shape, name: Callable[[], str]) -> ColumnElement[bool]:
        _kind, exact, wild = shape
        lists = [self._dialect.among(column, name()) for _ in range(exact)]
        return or_(*lists, *[self._dialect.like(column, name()) for _ in range(wild)])
