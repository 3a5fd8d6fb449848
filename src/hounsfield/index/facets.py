"""Finding and counting studies by what every sorting index of theirs holds beside its order: status, priority, modalities and date.

Such a count reads entries of one index and no row, and no more entries than `MOST_TO_LOOK_AT`, however large the archive is.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, FromClause, Select, bindparam, func, literal_column, or_, select

from hounsfield.index.criteria import READING_PRIORITY, READING_STATUS, Criterion, Shape, attribute_of, criteria
from hounsfield.index.database import Database
from hounsfield.index.dialect import within
from hounsfield.index.tables import study
from hounsfield.model.query import Query
from hounsfield.model.visibility import ALL_STUDIES

MOST_TO_LOOK_AT = 100_000
"""Entries of an index that one count goes through: some 15 ms."""
MOST_TO_WEIGH = 300_000
"""Entries that are counted to learn how much a facet leaves: some 12 ms."""

COLUMNS = {
    READING_PRIORITY: "reading_priority",
    READING_STATUS: "reading_status",
    "ModalitiesInStudy": "modalities",
    "StudyDate": "study_date",
}
"""The column of each facet. Where several lead to as many studies, the first one leads the way."""

_KINDS = {"equal", "member", "between"}
_ONE: ColumnElement[int] = literal_column("1")
_NONE: ColumnElement[int] = literal_column("0")


class Facet(NamedTuple):
    """What is asked of one facet."""

    keyword: str
    shape: Shape
    values: tuple[Any, ...]


class Facets:
    """Finds studies of one database by their facets."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._compiled: dict[Shape, tuple[str, tuple[str, ...]]] = {}

    def asked(self, query: Query) -> tuple[list[Facet], bool]:
        """What a query asks of facets, and whether it asks of anything else. Raises: InvalidQuery."""
        found: list[Facet] = []
        others = bool(query.text) or query.visible != ALL_STUDIES
        for key in query.keys:
            attribute = attribute_of(key.keyword)
            if attribute is None or attribute.keyword not in COLUMNS:
                others = True
                continue
            for criterion in criteria(attribute, key.match, self._database.dialect):
                if _is_simple(attribute.keyword, criterion):
                    found.append(Facet(attribute.keyword, *criterion))
                else:
                    others = True
        return found, others

    def least(self, partition_id: int, facets: list[Facet], studies: int) -> int:
        """How many studies have the rarest of the facets; of `studies` where all are frequent."""
        least = MOST_TO_WEIGH
        for facet in facets:
            least = min(least, self._size(partition_id, self._way(partition_id, facet), least))
        return least if least < MOST_TO_WEIGH else studies

    def keys(self, partition_id: int, facets: list[Facet], most: int) -> tuple[list[int], bool]:
        """Keys of studies that match, up to `most`, and whether all that can match were looked at."""
        look_at = max(MOST_TO_LOOK_AT, most)
        way, others, least = None, facets, look_at + 1
        for facet in sorted(facets, key=lambda one: list(COLUMNS).index(one.keyword)):
            found = self._way(partition_id, facet)
            size = self._size(partition_id, found, least)
            if size < least or way is None:
                way, others, least = found, [one for one in facets if one is not facet], size
        limits = {"look_at": look_at if others else most, "most": most}
        sql, parameters = self._compiled_for(("keys", way and way[:2], *(one[:2] for one in others)), way, others)
        rows = self._fetch(sql, parameters, partition_id, [way] if way else [], others, limits)
        return [row[0] for row in rows], way is None or least <= look_at

    def _way(self, partition_id: int, facet: Facet) -> Facet:
        """The same said so that an index finds it: several values as a list, a modality as the few texts that hold it."""
        if facet.keyword != "ModalitiesInStudy":
            several = facet.shape[0] == "any"
            return Facet(facet.keyword, ("among",), (self._database.dialect.listed(facet.values),)) if several else facet
        sql, parameters = self._compiled_for(("texts", facet[:2]), facet, None)
        rows = self._fetch(sql, parameters, partition_id, [facet], [], {})
        return Facet(facet.keyword, ("among",), (self._database.dialect.listed([row[0] for row in rows]),))

    def _size(self, partition_id: int, facet: Facet, most: int) -> int:
        """How many studies match one facet, up to `most`."""
        sql, parameters = self._compiled_for(("size", facet[:2]), facet, None)
        return int(self._fetch(sql, parameters, partition_id, [facet], [], {"most": most})[0][0])

    def _fetch(
        self, sql: str, parameters: tuple[str, ...], partition_id: int, leading: list[Facet], others: list[Facet], limits: dict[str, int]
    ) -> list[Any]:
        asked = [value for one in (*leading, *others) for value in one.values]
        values = {"partition": partition_id, **limits, **{f"p{number}": value for number, value in enumerate(asked)}}
        return self._database.fetch(sql, [values[name] for name in parameters])

    def _compiled_for(self, shape: Shape, way: Facet | None, others: list[Facet] | None) -> tuple[str, tuple[str, ...]]:
        built = self._compiled.get(shape)
        if built is None:
            if way is None or others is not None:
                statement = self._keys_of(way, others or [])
            else:
                statement = self._texts_of(way) if shape[0] == "texts" else self._size_of(way)
            compiled = self._database.compile(statement)
            if len(self._compiled) > 1000:
                self._compiled.clear()
            built = self._compiled[shape] = (compiled.sql, compiled.parameters)
        return built

    def _texts_of(self, facet: Facet) -> Select[Any]:
        texts = _different(study.c.modalities)
        return select(texts.c.text).where(self._condition(facet.shape, texts.c.text, _names()))

    def _size_of(self, way: Facet) -> Select[Any]:
        one = select(_ONE.label("one")).where(*self._led(way, _names())).limit(bindparam("most")).offset(_NONE)
        return select(func.count()).select_from(one.subquery())

    def _keys_of(self, way: Facet | None, others: list[Facet]) -> Select[Any]:
        name = _names()
        entries = select(study.c.id, *(study.c[column] for column in COLUMNS.values())).where(*self._led(way, name))
        entry = entries.limit(bindparam("look_at")).offset(_NONE).subquery("entry")
        matched = select(entry.c.id).where(*(self._condition(one.shape, entry.c[COLUMNS[one.keyword]], name) for one in others))
        return matched.limit(bindparam("most")).offset(_NONE)

    def _led(self, way: Facet | None, name: Callable[[], str]) -> list[ColumnElement[bool]]:
        of_partition = study.c.partition_id == bindparam("partition")
        return [of_partition] if way is None else [of_partition, self._condition(way.shape, study.c[COLUMNS[way.keyword]], name)]

    def _condition(self, shape: Shape, column: ColumnElement[str], name: Callable[[], str]) -> ColumnElement[bool]:
        match shape[0]:
            case "any":
                return or_(*(self._condition(one, column, name) for one in shape[1:]))
            case "equal":
                return column == bindparam(name())
            case "member":
                return self._database.dialect.contains(column, name())
            case "among":
                return self._database.dialect.among(column, name())
        return within(column, name(), name())


def by_facets(shapes: Sequence[Shape]) -> bool:
    """Whether conditions of these shapes can be judged by what an index of studies holds."""
    keywords = [shape[1][1] if shape[0] == "any" else shape[1] for shape in shapes if len(shape) > 1]
    return len(keywords) == len(shapes) and all(keyword in COLUMNS for keyword in keywords)


def _names() -> Callable[[], str]:
    """Names of parameters, those of what leads first; a statement's own order of them may be another."""
    numbers = itertools.count()
    return lambda: f"p{next(numbers)}"


def _is_simple(keyword: str, criterion: Criterion) -> bool:
    shape = criterion.shape
    if shape[0] == "any":
        return keyword != "StudyDate" and all(one[0] in _KINDS for one in shape[1:])
    return shape[0] in _KINDS


def _different(column: ColumnElement[str]) -> FromClause:
    """The different values of the second column of an index, each found behind the one before: few steps, where there are few values."""
    partition = study.c.partition_id == bindparam("partition")
    first = select(func.min(column).label("text")).where(partition).cte("different", recursive=True)
    following = select(func.min(column)).where(partition, column > first.c.text).scalar_subquery()
    return first.union_all(select(following).where(first.c.text.is_not(None)))
