"""One search for C-FIND, QIDO-RS and the app (PS3.4 C.2.2.2): SQL is built once for each shape of query, then only run."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, exists, func, literal_column, or_, select, tuple_

from hounsfield.index import narrowing
from hounsfield.index.criteria import OWN_ATTRIBUTES, READING_PRIORITY, READING_STATUS, Shape, attribute_of, condition, criteria
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
SPAN = "span"
"""From the least to the greatest of several values of one of our own keys: a stretch of its index."""

FIRST_PAGE_ROWS = 50

Cursor = tuple[Any, ...]
"""Where a page ended: the last row's sort values and its key."""

STUDY_SORT_COLUMNS: dict[str, ColumnElement[Any]] = {
    "StudyDate": study.c.study_date,
    "PatientName": study.c.name_fold,
    "PatientID": study.c.patient_id_fold,
    "AccessionNumber": study.c.accession_fold,
    "StudyDescription": study.c.description_fold,
    "ModalitiesInStudy": study.c.modalities,
    "ReceivedAt": study.c.last_received_at_ns,
    READING_STATUS: study.c.reading_status,
    READING_PRIORITY: study.c.reading_priority,
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
        parts = _apart(query)
        if len(parts) > 1:
            return self._merged(projected, parts, limit, after)
        plan = self.plan(query)
        return self._rows(projected, plan, _order_of(query), limit, query.offset, after), plan.unsupported

    def _merged(self, projected: Projected, parts: list[Query], limit: int, after: Cursor | None) -> tuple[list[Any], tuple[str, ...]]:
        """Rows of several queries of one order that have none in common: each is served by an index, which all together is not."""
        order = parts[0].order
        assert order is not None
        place = (*sort_columns(projected.level, order), _TABLES[projected.level].c.id)
        tracked = Projected(f"{projected.name} in parts", projected.level, (*projected.columns, *place))
        plans = [self.plan(part) for part in parts]
        found = [self._rows(tracked, plan, order, limit, 0, after) for plan in plans]
        in_order = heapq.merge(*found, key=lambda row: tuple(row[-len(place) :]), reverse=order.descending)
        return [row[: -len(place)] for row in islice(in_order, limit)], plans[0].unsupported

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
        place = (*sort_columns(projected.level, order), _TABLES[projected.level].c.id)
        tracked = Projected(f"{projected.name} in pages", projected.level, (*projected.columns, *place))
        after: Cursor | None = None
        passed = 0
        limit = min(page_rows, FIRST_PAGE_ROWS)
        while rows := self._rows(tracked, plan, order, limit, passed, after):
            yield [row[: -len(place)] for row in rows]
            if len(rows) < limit:
                return
            if counted:
                passed += len(rows)
            else:
                after = tuple(rows[-1][-len(place) :])
            limit = page_rows

    def _rows(self, projected: Projected, plan: Planned, order: Order | None, limit: int, offset: int, after: Cursor | None) -> list[Any]:
        if plan.empty:
            return []
        shape = (projected.name, plan.shape, order, after is not None)
        compiled = self._compiled.get(shape) or self._compile(shape, projected, plan.shape, order, after is not None)
        values = (*plan.values, *(after or ()), limit, offset)
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
            attribute = attribute_of(key.keyword)
            if attribute is None or attribute.level > query.level:
                unsupported.append(key.keyword)
                continue
            for found in criteria(attribute, key.match, dialect, fuzzy=query.fuzzy):
                selective = selective or (attribute.unique and _is_exact(key.match))
                shapes.append(found.shape)
                values.extend(found.values)
                if _own_keyword(found.shape) and found.shape[0] == "any":
                    shapes.append((SPAN, key.keyword))
                    values.extend((min(found.values), max(found.values)))
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
            led_by = _leading(shapes, by_date)
            served = {"StudyDate" if walked else "", led_by if len(list(filter(None, map(_own_keyword, shapes)))) == 1 else ""}
            asked = [key for key in query.keys if key.keyword not in unsupported and key.keyword not in served]
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
        led_by = None if selective or CANDIDATES in shapes else _leading(shapes, order)
        conditions = [(partition if selective or ordered or led_by else dialect.unhinted(partition)) == bindparam(names())]
        for one in shapes:
            if one == CANDIDATES:
                conditions.append(dialect.among(study.c.id, names()))
            elif one == ("typed",):
                conditions.append(or_(dialect.contains(study.c.words, names()), dialect.contains(study.c.modalities, names())))
            elif one[0] in SHAPES:
                conditions.append(self._visibility.condition(one, names))
            elif (own := _own_keyword(one)) and (own != led_by or one[0] == "any"):
                column = dialect.unhinted(OWN_ATTRIBUTES[own].columns[0])
                conditions.append(or_(*(column == bindparam(names()) for _ in range(len(one) - 1))))
            elif one[0] == SPAN:
                column = OWN_ATTRIBUTES[one[1]].columns[0]
                walked = one[1] == led_by or (ordered and order is not None and order.keyword == one[1])
                conditions.append(within(column if walked else dialect.unhinted(column), names(), names()))
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
        columns = sort_columns(projected.level, order)
        descending = order is not None and order.descending
        if plan[0] or CANDIDATES in plan:
            columns = tuple(map(self._database.dialect.unhinted, columns))
        place = (*columns, key)
        if after and not columns:
            statement = statement.where(key > bindparam(names(), type_=key.type))
        elif after:
            bounds = tuple_(*(bindparam(names(), type_=one.type) for one in place))
            statement = statement.where(tuple_(*place) < bounds if descending else tuple_(*place) > bounds)
        directions = [one.desc() if descending else one.asc() for one in place]
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


def _apart(query: Query) -> list[Query]:
    """A query by date for several values of one of our own keys as one query for each value; the priority is divided before the status."""
    if query.order is None or query.order.keyword != "StudyDate" or query.offset:
        return [query]
    several = [key for key in query.keys if key.keyword in OWN_ATTRIBUTES and isinstance(key.match, AnyOf)]
    if not several:
        return [query]
    divided = next((key for key in several if key.keyword == READING_PRIORITY), several[0])
    assert isinstance(divided.match, AnyOf)
    return [
        replace(query, keys=tuple(replace(key, match=SingleValue(value)) if key is divided else key for key in query.keys))
        for value in dict.fromkeys(divided.match.values)
    ]


def _own_keyword(shape: Shape) -> str:
    """Which of our own keys, with one value or several, has this shape; empty where it is another's."""
    one = shape[1] if shape[0] == "any" else shape
    return one[1] if one[0] == "equal" and one[1] in OWN_ATTRIBUTES else ""


def _leading(shapes: Sequence[Shape], order: Order | None) -> str | None:
    """Which of our own keys a database may find studies by: their indexes have the study dates behind them, and no other order.

    The priority before the status: fewer studies are urgent than unread.
    """
    if order is not None and order.keyword != "StudyDate":
        return None
    asked = [own for one in shapes if (own := _own_keyword(one)) and (one[0] == "equal" or order is None)]
    return READING_PRIORITY if READING_PRIORITY in asked else asked[0] if asked else None


def sort_columns(level: Level, order: Order | None) -> tuple[ColumnElement[Any], ...]:
    """What stands before the row's own key in the order asked for. Raises: InvalidQuery."""
    if order is None:
        return ()
    columns = dict(STUDY_SORT_COLUMNS) if level is Level.STUDY else {}
    if level is Level.SERIES:
        columns = _SERIES_SORT_COLUMNS
    if level is Level.INSTANCE:
        columns = _INSTANCE_SORT_COLUMNS
    column = columns.get(order.keyword)
    if column is None:
        raise InvalidQuery(f"cannot sort by {order.keyword[:64]!r}; by {', '.join(columns)} one can")
    return (column, study.c.study_date) if order.keyword in OWN_ATTRIBUTES else (column,)


def fits(place: Sequence[object], order: Order) -> bool:
    """Whether these may be the sort values and the key of a study in this order."""
    columns = (*sort_columns(Level.STUDY, order), study.c.id)
    return len(place) == len(columns) and all(
        isinstance(value, column.type.python_type) and not isinstance(value, bool) for value, column in zip(place, columns, strict=True)
    )
