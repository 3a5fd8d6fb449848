"""One search for C-FIND, QIDO-RS and the app (PS3.4 C.2.2.2): SQL is built once for each shape of query, then only run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, exists, func, literal_column, or_, select, tuple_

from hounsfield.index import narrowing
from hounsfield.index.criteria import ATTRIBUTES, Shape, condition, criteria
from hounsfield.index.database import Database
from hounsfield.index.dialect import within
from hounsfield.index.narrowing import Clue, Ends, Narrowing, clues_of
from hounsfield.index.tables import instance, series, study
from hounsfield.index.visibility import LATEST_VISIBLE, SHAPES, Visibility
from hounsfield.index.words import typed_words
from hounsfield.model.errors import InvalidQuery
from hounsfield.model.matching import has_wild_card
from hounsfield.model.query import AnyOf, Level, Match, Order, Query, SingleValue, UIDList, WildCard

CANDIDATES: Shape = ("candidates",)

FIRST_PAGE_ROWS = 50

Cursor = tuple[Any, int]
"""Where a page ended: the last row's sort value and its key."""

STUDY_SORT_COLUMNS: dict[str, ColumnElement[Any]] = {
    "StudyDate": study.c.study_date,
    "PatientName": study.c.name_fold,
    "PatientID": study.c.patient_id_fold,
    "AccessionNumber": study.c.accession_fold,
    "StudyDescription": study.c.description_fold,
    "ModalitiesInStudy": study.c.modalities,
    "ReceivedAt": study.c.last_received_at_ns,
}
_SERIES_SORT_COLUMNS: dict[str, ColumnElement[Any]] = {"SeriesNumber": series.c.number, "Modality": series.c.modality}
_INSTANCE_SORT_COLUMNS: dict[str, ColumnElement[Any]] = {"InstanceNumber": instance.c.number}
_NUMBERS = frozenset({"SeriesNumber", "InstanceNumber"})
"""Columns without a value in some rows, which no comparison finds again."""


_TABLES = {Level.PATIENT: study, Level.STUDY: study, Level.SERIES: series, Level.INSTANCE: instance}
"""A patient is found as the latest of the studies: its attributes are the patient's."""

_OTHER = study.alias("other")
_LATEST_OF_PATIENT = ~exists(
    select(literal_column("1")).where(_OTHER.c.patient_key == study.c.patient_key, _OTHER.c.precedence > study.c.precedence)
)


class Projected(NamedTuple):
    """What a search selects, besides its conditions."""

    name: str
    level: Level
    columns: tuple[ColumnElement[Any], ...]


class Planned(NamedTuple):
    """A query ready to be run.

    values: of the conditions, in order.
    selective: whether a key that is nearly unique leads to few rows.
    """

    shape: Shape
    values: tuple[Any, ...]
    empty: bool
    unsupported: tuple[str, ...]
    selective: bool

    @property
    def quick(self) -> bool:
        """Whether the rows that can match at all are few and known."""
        return self.selective or self.empty or CANDIDATES in self.shape


class Compiled(NamedTuple):
    """SQL and, for each of its parameters, the index of its value."""

    sql: str
    order: tuple[int, ...]


class Search:
    """Plans and runs queries on one database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._narrowing = Narrowing(database)
        self._visibility = Visibility(database)
        self._compiled: dict[Shape, Compiled] = {}

    def run(self, projected: Projected, query: Query, limit: int, after: Cursor | None = None) -> tuple[list[Any], tuple[str, ...]]:
        """At most `limit` rows of a query, and the keywords that were not matched."""
        plan = self.plan(query)
        return self._rows(projected, plan, _order_of(query), limit, query.offset, after), plan.unsupported

    def plan(self, query: Query) -> Planned:
        """Looks up what narrows the search. Raises: InvalidQuery."""
        order = _order_of(query)
        free = order is None or order.keyword in ("StudyDate", "ReceivedAt")
        return self._plan(query, narrowing.MOST_CANDIDATES if free else narrowing.MOST_IN_CORRELATED_ORDER)

    def pages(self, projected: Projected, plan: Planned, query: Query, page_rows: int) -> Iterator[list[Any]]:
        """All rows of a query, page by page, each begun where the one before ended; the first is short, so that it comes soon.

        Rows in an order by numbers, which some do not have, are counted instead.
        """
        order = _order_of(query)
        counted = order is not None and order.keyword in _NUMBERS
        key, column = _TABLES[projected.level].c.id, _sort_column(projected.level, order)
        tracked = Projected(f"{projected.name} in pages", projected.level, (*projected.columns, column, key))
        after: Cursor | None = None
        passed = 0
        limit = min(page_rows, FIRST_PAGE_ROWS)
        while rows := self._rows(tracked, plan, order, limit, passed, after):
            yield [row[:-2] for row in rows]
            if len(rows) < limit:
                return
            if counted:
                passed += len(rows)
            else:
                after = (rows[-1][-2], rows[-1][-1])
            limit = page_rows

    def _rows(self, projected: Projected, plan: Planned, order: Order | None, limit: int, offset: int, after: Cursor | None) -> list[Any]:
        if plan.empty:
            return []
        shape = (projected.name, plan.shape, order, after is not None)
        compiled = self._compiled.get(shape) or self._compile(shape, projected, plan.shape, order, after is not None)
        place = () if after is None else after if order is not None else after[1:]
        values = (*plan.values, *place, limit, offset)
        return self._database.fetch(compiled.sql, [values[index] for index in compiled.order])

    def count(self, query: Query, most: int) -> int:
        """How many rows match, counted up to `most`."""
        query = replace(query, order=None)
        plan = self._plan(query, narrowing.MOST_TO_COUNT)
        if plan.empty:
            return 0
        shape = ("count", query.level, plan.shape)
        compiled = self._compiled.get(shape)
        if compiled is None:
            names = _Names()
            inner = _from(select(literal_column("1").label("one")), query.level).where(
                *self._conditions(plan.shape, names, query.level, _order_of(query))
            )
            limited = inner.limit(bindparam(names())).offset(literal_column("0")).subquery()
            compiled = self._store(shape, select(func.count()).select_from(limited), names)
        values = (*plan.values, most)
        return int(self._database.fetch(compiled.sql, [values[index] for index in compiled.order])[0][0])

    def _plan(self, query: Query, most: int) -> Planned:
        if "\0" in query.text or any("\0" in text for key in query.keys for text in _texts(key.match)):
            return Planned((), (), True, (), False)  # no column holds it, and not every database takes it
        dialect = self._database.dialect
        shapes: list[Shape] = []
        values: list[Any] = [query.partition_id]
        unsupported: list[str] = []
        selective = False
        for key in query.keys:
            attribute = ATTRIBUTES.get(key.keyword)
            if attribute is None or attribute.level > query.level:
                unsupported.append(key.keyword)
                continue
            for found in criteria(attribute, key.match, dialect, fuzzy=query.fuzzy):
                selective = selective or (attribute.unique and _is_exact(key.match))
                shapes.append(found.shape)
                values.extend(found.values)
        for found in self._visibility.criteria(query.visible, query.level):
            shapes.append(found.shape)
            values.extend(found.values)
        words = typed_words(query.text) if query.text else []
        for word in words:
            shapes.append(("typed",))
            values.extend((f" {word}", f" {word.upper()}"))
        if not selective and (query.keys or words):
            by_date = _order_of(query)
            # Where something is left to be judged on what is found, that is listed first, dates or not.
            walked = by_date is not None and by_date.keyword == "StudyDate" and not unsupported
            asked = [key for key in query.keys if key.keyword not in unsupported and not (walked and key.keyword == "StudyDate")]
            clues = [clue for key in asked for clue in clues_of(key, fuzzy=query.fuzzy)]
            clues += [Clue(Ends.TYPED, word) for word in words]
            candidates = self._narrowing.candidates(query.partition_id, clues, most) if clues else None
            if candidates is not None:
                shapes.append(CANDIDATES)
                values.append(dialect.listed(candidates))
                if not candidates:
                    return Planned((), (), True, tuple(unsupported), selective)
        return Planned((selective, *shapes), tuple(values), False, tuple(unsupported), selective)

    def _conditions(self, shape: Shape, names: _Names, level: Level, order: Order | None) -> list[ColumnElement[bool]]:
        selective, *shapes = shape
        dialect = self._database.dialect
        partition = _TABLES[level].c.partition_id
        # The one way in is by a unique value, by the candidates or in the order asked for; an index on the partition alone, or on
        # a range, would lead the database to too many rows.
        ordered = order is not None and CANDIDATES not in shapes
        conditions = [(partition if selective or ordered else dialect.unhinted(partition)) == bindparam(names())]
        for one in shapes:
            if one == CANDIDATES:
                conditions.append(dialect.among(study.c.id, names()))
            elif one == ("typed",):
                conditions.append(or_(dialect.contains(study.c.words, names()), dialect.contains(study.c.modalities, names())))
            elif one[0] in SHAPES:
                conditions.append(self._visibility.condition(one, names))
            elif one == ("between", "StudyDate") and not (ordered and order is not None and order.keyword == "StudyDate"):
                conditions.append(within(dialect.unhinted(study.c.study_date), names(), names()))
            else:
                conditions.append(condition(one, names, dialect))
        if level is Level.PATIENT and not any(one[0] == LATEST_VISIBLE for one in shapes):
            conditions.append(_LATEST_OF_PATIENT)
        return conditions

    def _compile(self, shape: Shape, projected: Projected, plan: Shape, order: Order | None, after: bool) -> Compiled:
        names = _Names()
        statement = _from(select(*projected.columns), projected.level)
        statement = statement.where(*self._conditions(plan, names, projected.level, order))
        key = _TABLES[projected.level].c.id
        column = _sort_column(projected.level, order)
        descending = order is not None and order.descending
        if plan[0] or CANDIDATES in plan:
            column = self._database.dialect.unhinted(column) if column is not key else key
        if after and column is key:
            statement = statement.where(key > bindparam(names(), type_=key.type))
        elif after:
            place = tuple_(column, key)
            bounds = tuple_(bindparam(names(), type_=column.type), bindparam(names(), type_=key.type))
            statement = statement.where(place < bounds if descending else place > bounds)
        directions = [one.desc() if descending else one.asc() for one in ([key] if column is key else [column, key])]
        statement = statement.order_by(*directions).limit(bindparam(names())).offset(bindparam(names()))
        return self._store(shape, statement, names)

    def _store(self, shape: Shape, statement: Select[Any], names: _Names) -> Compiled:
        compiled = self._database.compile(statement)
        built = Compiled(compiled.sql, tuple(int(name[1:]) for name in compiled.parameters))
        assert sorted(built.order) == list(range(names.count)), (built, names.count)
        if len(self._compiled) > 1000:
            self._compiled.clear()
        self._compiled[shape] = built
        return built


class _Names:
    """Names for parameters, which tell the index of their value."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> str:
        self.count += 1
        return f"p{self.count - 1}"


def _texts(match: Match) -> tuple[str, ...]:
    match match:
        case SingleValue(text) | WildCard(text):
            return (text,)
        case UIDList(texts) | AnyOf(texts):
            return texts
    return ()


def _is_exact(match: Match) -> bool:
    if isinstance(match, AnyOf):
        return not any(map(has_wild_card, match.values))
    return isinstance(match, SingleValue | UIDList)


def _from(statement: Select[Any], level: Level) -> Select[Any]:
    if level in (Level.PATIENT, Level.STUDY):
        return statement.select_from(study)
    if level is Level.SERIES:
        return statement.select_from(series.join(study, series.c.study_key == study.c.id))
    return statement.select_from(instance.join(series, instance.c.series_key == series.c.id).join(study, series.c.study_key == study.c.id))


def _order_of(query: Query) -> Order | None:
    if query.order is None and query.level is Level.STUDY and any(key.keyword == "StudyDate" for key in query.keys):
        return Order("StudyDate")
    return query.order


def _sort_column(level: Level, order: Order | None) -> ColumnElement[Any]:
    if order is None:
        return _TABLES[level].c.id
    columns = dict(STUDY_SORT_COLUMNS) if level is Level.STUDY else {}
    if level is Level.SERIES:
        columns = _SERIES_SORT_COLUMNS
    if level is Level.INSTANCE:
        columns = _INSTANCE_SORT_COLUMNS
    column = columns.get(order.keyword)
    if column is None:
        raise InvalidQuery(f"cannot sort by {order.keyword[:64]!r}; by {', '.join(columns)} one can")
    return column
