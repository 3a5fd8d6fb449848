"""One search for C-FIND, QIDO-RS and the app (PS3.4 C.2.2.2): SQL is built once for each shape of query, then only run."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, exists, func, literal_column, or_, select, tuple_

from hounsfield.index import narrowing
from hounsfield.index.criteria import OWN_ATTRIBUTES, READING_PRIORITY, Shape, attribute_of, condition, criteria
from hounsfield.index.database import Database
from hounsfield.index.dialect import within
from hounsfield.index.facets import Facet, Facets, by_facets
from hounsfield.index.narrowing import Clue, Ends, Narrowing, clues_of
from hounsfield.index.orders import NUMBERS, ORDERS_BY_WORDS, sort_columns
from hounsfield.index.plans import CANDIDATES, MEMBERS, Compiled, Cursor, Matching, Planned, Projected
from hounsfield.index.tables import instance, series, study, total
from hounsfield.index.visibility import LATEST_VISIBLE, SHAPES, Visibility
from hounsfield.index.words import typed_words
from hounsfield.model.matching import has_wild_card
from hounsfield.model.query import AnyOf, Level, Match, Order, Query, SingleValue, UIDList, WildCard

SPAN = "span"
"""From the least to the greatest of several values of one of our own keys: a stretch of its index."""

FIRST_PAGE_ROWS = 50

_TABLES = {Level.PATIENT: study, Level.STUDY: study, Level.SERIES: series, Level.INSTANCE: instance}
"""A patient is found as the latest of the studies: its attributes are the patient's."""

_OTHER = study.alias("other")
_LATEST_OF_PATIENT = ~exists(
    select(literal_column("1")).where(_OTHER.c.patient_key == study.c.patient_key, _OTHER.c.precedence > study.c.precedence)
)


class Search:
    """Plans and runs queries on one database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._narrowing = Narrowing(database)
        self._visibility = Visibility(database)
        self._facets = Facets(database)
        self._studies = database.compile(select(total.c.studies).where(total.c.partition_id == bindparam("partition"))).sql
        self._compiled: dict[Shape, Compiled] = {}

    def run(
        self, projected: Projected, query: Query, limit: int, after: Cursor | None = None, matching: Matching | None = None
    ) -> tuple[list[Any], tuple[str, ...]]:
        """At most `limit` rows of a query, and the keywords that were not matched. matching: where it is known what the query finds.

        Raises: InvalidQuery.
        """
        sort_columns(projected.level, query.order)
        parts = _apart(query) if matching is None or matching.among is None else [query]
        plans = [self.plan(part) if matching is None else self._known(part, matching) for part in parts]
        if len(parts) > 1:
            return self._merged(projected, query, plans, limit, after), plans[0].unsupported
        return self._rows(projected, plans[0], _order_of(query), limit, query.offset, after), plans[0].unsupported

    def _merged(self, projected: Projected, query: Query, plans: list[Planned], limit: int, after: Cursor | None) -> list[Any]:
        """Rows of several queries of one order that have none in common: each is served by an index, which all together is not."""
        order = query.order
        assert order is not None
        place = (*sort_columns(projected.level, order), _TABLES[projected.level].c.id)
        tracked = Projected(f"{projected.name} in parts", projected.level, (*projected.columns, *place))
        found = [self._rows(tracked, plan, order, limit, 0, after) for plan in plans]
        in_order = heapq.merge(*found, key=lambda row: tuple(row[-len(place) :]), reverse=order.descending)
        return [row[: -len(place)] for row in islice(in_order, limit)]

    def matching(self, query: Query, most: int) -> Matching:
        """How many studies match, up to `most`, as far as a bounded number of rows and entries of indexes tells.

        Raises: InvalidQuery.
        """
        plan = self._asked(query)
        if plan.empty:
            return Matching(0, True, [])
        facets, others = self._facets.asked(query)
        if not others:
            keys, whole = self._facets.keys(query.partition_id, facets, most)
            return Matching(len(keys), whole, keys if whole and len(keys) <= narrowing.MOST_TO_SORT else None)
        if plan.quick:
            return Matching(self._count(query, plan, most), True, None)
        return self._sampled(query, plan, facets, most)

    def _sampled(self, query: Query, plan: Planned, facets: list[Facet], most: int) -> Matching:
        """By reading some of the studies that have what can be looked up, such as the words."""
        sample = self._narrowing.sample(query.partition_id, _clues(query, plan.unsupported))
        keys = self._keys(query, plan, sample.keys, most)
        together = query.order is not None and query.order.keyword in ORDERS_BY_WORDS
        if sample.words and (together or (len(sample.words) > 1 and self._is_rare(query, facets, sample, len(keys)))):
            common = self._narrowing.common(query.partition_id, sample.words)
            if common is not None and len(common) > narrowing.MOST_TO_LIST:
                return Matching(len(keys), False, list(common), walked=True)
            if common is not None:
                sample = narrowing.Sample(list(common), True, ())
                keys = self._keys(query, plan, sample.keys, most)
        if not sample.whole:
            return Matching(len(keys), False, None)
        if len(keys) < most:
            return Matching(len(keys), True, keys)
        frequent = len(keys) >= narrowing.MOST_TO_JUDGE and not together
        return Matching(len(keys), True, None if frequent else sample.keys)

    def _is_rare(self, query: Query, facets: list[Facet], sample: narrowing.Sample, found: int) -> bool:
        """Whether walking for a page would read more rows than is bearable, by what was found in a sample of those with the first word.

        Rows are read of the studies alone that have the facets.
        """
        matches = self._narrowing.number(sample.words[0]) * found / len(sample.keys)
        studies = self._database.fetch(self._studies, (query.partition_id,))
        read = self._facets.least(query.partition_id, facets, studies[0][0] if studies else 0)
        return (query.limit or FIRST_PAGE_ROWS) * read > matches * narrowing.MOST_TO_WALK

    def _known(self, query: Query, matching: Matching) -> Planned:
        plan = self._asked(query)
        if matching.among is None or plan.quick:
            return plan
        listed = self._database.dialect.listed(matching.among)
        return plan.passing(listed) if matching.walked else plan.among(listed, empty=not matching.among)

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
        counted = order is not None and order.keyword in NUMBERS
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
        return self._count(query, self._plan(query, narrowing.MOST_TO_LIST), most)

    def _count(self, query: Query, plan: Planned, most: int) -> int:
        if plan.empty:
            return 0
        shape = ("count", query.level, plan.shape)
        compiled = self._compiled.get(shape)
        if compiled is None:
            names = _Names()
            inner = self._limited(select(literal_column("1").label("one")), query, plan, names).subquery()
            compiled = self._store(shape, select(func.count()).select_from(inner), names)
        values = (*plan.values, most)
        return int(self._database.fetch(compiled.sql, [values[index] for index in compiled.order])[0][0])

    def _keys(self, query: Query, asked: Planned, among: list[int], most: int) -> list[int]:
        if not among:
            return []
        plan = asked.among(self._database.dialect.listed(among), empty=False)
        shape = ("keys", query.level, plan.shape)
        compiled = self._compiled.get(shape)
        if compiled is None:
            names = _Names()
            compiled = self._store(shape, self._limited(select(_TABLES[query.level].c.id), query, plan, names), names)
        values = (*plan.values, most)
        return [row[0] for row in self._database.fetch(compiled.sql, [values[index] for index in compiled.order])]

    def _limited(self, statement: Select[Any], query: Query, plan: Planned, names: _Names) -> Select[Any]:
        conditions = self._conditions(plan.shape, names, query.level, None)
        return _from(statement, query.level).where(*conditions).limit(bindparam(names())).offset(literal_column("0"))

    def _asked(self, query: Query) -> Planned:
        """The conditions alone, before anything is looked up. Raises: InvalidQuery."""
        if "\0" in query.text or any("\0" in text for key in query.keys for text in _texts(key.match)):
            return Planned((), (), True, (), False)  # no column holds it, and not every database takes it
        shapes: list[Shape] = []
        values: list[Any] = [query.partition_id]
        unsupported: list[str] = []
        selective = False
        for key in query.keys:
            attribute = attribute_of(key.keyword)
            if attribute is None or attribute.level > query.level:
                unsupported.append(key.keyword)
                continue
            for found in criteria(attribute, key.match, self._database.dialect, fuzzy=query.fuzzy):
                selective = selective or (attribute.unique and _is_exact(key.match))
                shapes.append(found.shape)
                values.extend(found.values)
                if _own_keyword(found.shape) and found.shape[0] == "any":
                    shapes.append((SPAN, key.keyword))
                    values.extend((min(found.values), max(found.values)))
        for found in self._visibility.criteria(query.visible, query.level):
            shapes.append(found.shape)
            values.extend(found.values)
        for word in typed_words(query.text):
            shapes.append(("typed",))
            values.extend((f" {word}", f" {word.upper()}"))
        return Planned((selective, *shapes), tuple(values), False, tuple(unsupported), selective)

    def _plan(self, query: Query, most: int) -> Planned:
        plan = self._asked(query)
        if plan.quick:
            return plan
        by_date = _order_of(query)
        # Where something is left to be judged on what is found, that is listed first, dates or not.
        walked = by_date is not None and by_date.keyword == "StudyDate" and not plan.unsupported
        shapes = plan.shape[1:]
        led_by = _leading(shapes, by_date)
        served = {"StudyDate" if walked else "", (led_by or "") if len(list(filter(None, map(_own_keyword, shapes)))) == 1 else ""}
        clues = _clues(query, (*plan.unsupported, *served))
        candidates = self._narrowing.candidates(query.partition_id, clues, most) if clues else None
        if candidates is None:
            return plan
        return plan.among(self._database.dialect.listed(candidates), empty=not candidates)

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
            elif one == MEMBERS:
                conditions.append(dialect.among(dialect.unhinted(study.c.id), names()))
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
        # Where the database would read each row to judge it, the keys of those wanted are found first, by the index alone.
        of_studies = projected.level is Level.STUDY and order is not None
        late = of_studies and not self._database.dialect.judges_before_reading and by_facets(plan[1:])
        statement = _from(select(study.c.id) if late else select(*projected.columns), projected.level)
        statement = statement.where(*self._conditions(plan, names, projected.level, order))
        key = _TABLES[projected.level].c.id
        columns = sort_columns(projected.level, order)
        descending = order is not None and order.descending
        if plan[0] or CANDIDATES in plan:
            columns = tuple(map(self._database.dialect.sorted_by, columns))
        place = (*columns, key)
        if after and not columns:
            statement = statement.where(key > bindparam(names(), type_=key.type))
        elif after:
            bounds = tuple_(*(bindparam(names(), type_=one.type) for one in place))
            statement = statement.where(tuple_(*place) < bounds if descending else tuple_(*place) > bounds)
        directions = [one.desc() if descending else one.asc() for one in place]
        statement = statement.order_by(*directions).limit(bindparam(names())).offset(bindparam(names()))
        if late:
            statement = select(*projected.columns).where(study.c.id.in_(statement)).order_by(*directions)
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


def _clues(query: Query, without: Collection[str]) -> list[Clue]:
    """What every match has, as far as it can be looked up. without: keywords of keys that do not lead the way."""
    keys = [key for key in query.keys if key.keyword not in without]
    clues = [clue for key in keys for clue in clues_of(key, fuzzy=query.fuzzy)]
    return clues + [Clue(Ends.TYPED, word) for word in typed_words(query.text)]


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
