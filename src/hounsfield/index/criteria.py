"""Matching keys as conditions on columns (PS3.4 C.2.2.2).

A criterion has a shape, from which the condition is built once, and values, which change from query to query.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Boolean, ColumnElement, and_, bindparam, literal_column, or_

from hounsfield.dicom.person_name import fold
from hounsfield.index.dialect import Dialect, within
from hounsfield.index.tables import instance, series, study
from hounsfield.index.words import fold_name_group, heard
from hounsfield.model.errors import InvalidQuery
from hounsfield.model.matching import (
    date_bounds,
    date_column,
    is_universal,
    literal_prefix,
    prefix_range,
    time_bounds,
    time_column,
)
from hounsfield.model.query import AnyOf, DateTimeRange, Empty, Items, Level, Match, Range, SingleValue, UIDList, WildCard, alternative

Shape = tuple[Any, ...]


class Criterion(NamedTuple):
    """shape: hashable. values: one for each parameter of the condition, in order."""

    shape: Shape
    values: tuple[Any, ...]


class Kind(enum.Enum):
    """How an attribute is matched."""

    UID = enum.auto()
    TEXT = enum.auto()
    FOLDED_TEXT = enum.auto()  # compared as it stands, found by its folded column
    NAME = enum.auto()
    NAME_GROUPS = enum.auto()  # all groups in one column
    DATE = enum.auto()
    TIME = enum.auto()
    NUMBER = enum.auto()
    SET = enum.auto()


class Attribute(NamedTuple):
    """An attribute that has a column. columns: what `Kind` matches on."""

    keyword: str
    level: Level
    kind: Kind
    columns: tuple[ColumnElement[Any], ...]
    unique: bool = False
    """A single value of it picks a handful of rows through an index."""


def _attributes() -> dict[str, Attribute]:
    s, e, i = study.c, series.c, instance.c
    rows = [
        Attribute("StudyInstanceUID", Level.STUDY, Kind.UID, (s.study_instance_uid,), unique=True),
        Attribute("PatientID", Level.PATIENT, Kind.FOLDED_TEXT, (s.patient_id, s.patient_id_fold), unique=True),
        Attribute("IssuerOfPatientID", Level.PATIENT, Kind.TEXT, (s.issuer,)),
        Attribute("PatientName", Level.PATIENT, Kind.NAME, (s.name_fold, s.ideographic_fold, s.phonetic_fold)),
        Attribute("PatientBirthDate", Level.PATIENT, Kind.DATE, (s.birth_date,)),
        Attribute("PatientSex", Level.PATIENT, Kind.TEXT, (s.sex,)),
        Attribute("StudyDate", Level.STUDY, Kind.DATE, (s.study_date,)),
        Attribute("StudyTime", Level.STUDY, Kind.TIME, (s.study_time,)),
        Attribute("AccessionNumber", Level.STUDY, Kind.FOLDED_TEXT, (s.accession_number, s.accession_fold), unique=True),
        Attribute("StudyID", Level.STUDY, Kind.TEXT, (s.study_id,)),
        Attribute("StudyDescription", Level.STUDY, Kind.TEXT, (s.description,)),
        Attribute("ReferringPhysicianName", Level.STUDY, Kind.NAME_GROUPS, (s.referring_fold,)),
        Attribute("ModalitiesInStudy", Level.STUDY, Kind.SET, (s.modalities,)),
        Attribute("SOPClassesInStudy", Level.STUDY, Kind.SET, (s.sop_classes,)),
        Attribute("NumberOfStudyRelatedSeries", Level.STUDY, Kind.NUMBER, (s.series_count,)),
        Attribute("NumberOfStudyRelatedInstances", Level.STUDY, Kind.NUMBER, (s.instance_count,)),
        Attribute("SeriesInstanceUID", Level.SERIES, Kind.UID, (e.series_instance_uid,), unique=True),
        Attribute("Modality", Level.SERIES, Kind.TEXT, (e.modality,)),
        Attribute("SeriesNumber", Level.SERIES, Kind.NUMBER, (e.number,)),
        Attribute("SeriesDescription", Level.SERIES, Kind.TEXT, (e.description,)),
        Attribute("BodyPartExamined", Level.SERIES, Kind.TEXT, (e.body_part,)),
        Attribute("SeriesDate", Level.SERIES, Kind.DATE, (e.series_date,)),
        Attribute("SeriesTime", Level.SERIES, Kind.TIME, (e.series_time,)),
        Attribute("PerformedProcedureStepStartDate", Level.SERIES, Kind.DATE, (e.performed_step_date,)),
        Attribute("PerformedProcedureStepStartTime", Level.SERIES, Kind.TIME, (e.performed_step_time,)),
        Attribute("StationName", Level.SERIES, Kind.TEXT, (e.station_name,)),
        Attribute("NumberOfSeriesRelatedInstances", Level.SERIES, Kind.NUMBER, (e.instance_count,)),
        Attribute("SOPInstanceUID", Level.INSTANCE, Kind.UID, (i.sop_instance_uid,), unique=True),
        Attribute("SOPClassUID", Level.INSTANCE, Kind.UID, (i.sop_class_uid,)),
        Attribute("AvailableTransferSyntaxUID", Level.INSTANCE, Kind.UID, (i.transfer_syntax_uid,)),
        Attribute("InstanceNumber", Level.INSTANCE, Kind.NUMBER, (i.number,)),
    ]
    return {row.keyword: row for row in rows}


ATTRIBUTES = _attributes()
"""What can be matched, by keyword."""

READING_STATUS, READING_PRIORITY = "ReadingStatus", "ReadingPriority"

OWN_ATTRIBUTES = {
    READING_STATUS: Attribute(READING_STATUS, Level.STUDY, Kind.NUMBER, (study.c.reading_status,)),
    READING_PRIORITY: Attribute(READING_PRIORITY, Level.STUDY, Kind.NUMBER, (study.c.reading_priority,)),
}
"""Keys of our own beside those of PS3.6, for the app alone; values are ranks of `model.reading`."""


def attribute_of(keyword: str) -> Attribute | None:
    """What is matched by a keyword; None where it has no column."""
    return ATTRIBUTES.get(keyword) or OWN_ATTRIBUTES.get(keyword)


def criteria(attribute: Attribute, match: Match, dialect: Dialect, *, fuzzy: bool = False) -> list[Criterion]:
    """One key as criteria that must all hold; none where it matches anything.

    fuzzy: names that sound alike match as well (PS3.4 C.2.2.2.1.1).
    Raises: InvalidQuery.
    """
    if isinstance(match, DateTimeRange):
        return _date_time_range(attribute, match)
    found = (_fuzzy if fuzzy and attribute.keyword == "PatientName" else criterion)(attribute, match, dialect)
    return [] if found is None else [found]


def criterion(attribute: Attribute, match: Match, dialect: Dialect) -> Criterion | None:
    """One key as a criterion; None where it matches anything. Raises: InvalidQuery."""
    if isinstance(match, UIDList | AnyOf):
        return _any_of(attribute, match.values, dialect)
    if isinstance(match, Range):
        return _range(attribute, match)
    if isinstance(match, Empty):
        return Criterion(("empty", attribute.keyword), ())
    if isinstance(match, Items | DateTimeRange):
        raise InvalidQuery(f"{attribute.keyword} is matched neither by items nor within several values")
    text = match.pattern if isinstance(match, WildCard) else match.value
    text = text.strip(" ") if attribute.kind is not Kind.TEXT else text.rstrip(" ")
    if is_universal(text):
        return None
    if isinstance(match, WildCard):
        return _wild_card(attribute, text, dialect)
    return _single(attribute, text)


def _fuzzy(attribute: Attribute, match: Match, dialect: Dialect) -> Criterion | None:
    """Whatever matches literally; and names with words that sound like the whole words of the key, in any component and order, and that
    hold its pieces of words beside wild cards."""
    if isinstance(match, AnyOf):
        parts = [_fuzzy(attribute, WildCard(value), dialect) for value in match.values if value]
        known = [part for part in parts if part is not None]
        if len(known) < len(parts) or not parts:
            return None
        return Criterion(("any", *(part.shape for part in known)), tuple(value for part in known for value in part.values))
    literal = criterion(attribute, match, dialect)
    if literal is None or not isinstance(match, SingleValue | WildCard):
        return literal
    sounds, pieces = heard(match.value if isinstance(match, SingleValue) else match.pattern)
    if not sounds:
        return literal
    values = (*literal.values, *(f" {sound} " for sound in sounds), *(piece for piece in pieces for _ in attribute.columns))
    return Criterion(("fuzzy", attribute.keyword, literal.shape, len(sounds), len(pieces)), values)


def _single(attribute: Attribute, text: str) -> Criterion | None:
    keyword = attribute.keyword
    match attribute.kind:
        case Kind.UID | Kind.TEXT:
            return Criterion(("equal", keyword), (text,))
        case Kind.FOLDED_TEXT:
            return Criterion(("folded", keyword), (fold(text), text))
        case Kind.NAME | Kind.NAME_GROUPS:
            groups = [fold_name_group(group) for group in text.split("=", 2)]
            if len(groups) == 1:
                return Criterion(("name", keyword), (groups[0],) * 3) if groups[0] else None
            named = tuple(index for index, group in enumerate(groups) if group)
            return Criterion(("name groups", keyword, named), tuple(groups[index] for index in named)) if named else None
        case Kind.DATE:
            # Said as a range, which the beginning of a page narrows; of an equation and a beginning the database takes the latter.
            date = _judged(date_column(text), text, keyword)
            return Criterion(("between", keyword), (date, date))
        case Kind.TIME:
            return Criterion(("equal", keyword), (_judged(time_column(text), text, keyword),))
        case Kind.NUMBER:
            try:
                number = int(text)
            except ValueError as exc:
                raise InvalidQuery(f"{keyword}: {text[:40]!r} is not a whole number") from exc
            most = 1 << 62 if isinstance(attribute.columns[0].type, BigInteger) else 1 << 31
            return Criterion(("equal", keyword), (number,)) if abs(number) < most else Criterion(("never",), ())
        case Kind.SET:
            return Criterion(("member", keyword), (f" {text} ",)) if " " not in text else Criterion(("never",), ())


def _judged(column_value: str, text: str, keyword: str) -> str:
    if not column_value:
        raise InvalidQuery(f"{keyword}: {text[:40]!r} is not a date or time")
    return column_value


def _wild_card(attribute: Attribute, pattern: str, dialect: Dialect) -> Criterion | None:
    keyword = attribute.keyword
    match attribute.kind:
        case Kind.UID | Kind.TEXT:
            return Criterion(("like", keyword), (dialect.pattern(pattern),))
        case Kind.FOLDED_TEXT:
            prefix = fold(literal_prefix(pattern))
            if not prefix:
                return Criterion(("like", keyword), (dialect.pattern(pattern),))
            return Criterion(("folded like", keyword), (*prefix_range(prefix), dialect.pattern(pattern)))
        case Kind.NAME | Kind.NAME_GROUPS:
            groups = [fold_name_group(group) for group in pattern.split("=", 2)]
            if len(groups) == 1:
                return Criterion(("name like", keyword), (dialect.pattern(groups[0]),) * 3)
            named = tuple(index for index, group in enumerate(groups) if not is_universal(group))
            if not named:
                return None
            return Criterion(("name groups like", keyword, named), tuple(dialect.pattern(groups[index]) for index in named))
        case Kind.SET:
            return Criterion(("code like", keyword), (dialect.code_pattern(pattern),))
        case Kind.DATE | Kind.TIME | Kind.NUMBER:
            raise InvalidQuery(f"{keyword}: wild cards do not go with dates, times and numbers (PS3.4 C.2.2.2.4)")


def _range(attribute: Attribute, match: Range) -> Criterion | None:
    if attribute.kind not in (Kind.DATE, Kind.TIME):
        raise InvalidQuery(f"{attribute.keyword}: ranges go with dates and times alone (PS3.4 C.2.2.2.5)")
    if not match.first and not match.last:
        return None
    bounds = (date_bounds if attribute.kind is Kind.DATE else time_bounds)(match.first, match.last)
    if bounds is None:
        raise InvalidQuery(f"{attribute.keyword}: {f'{match.first}-{match.last}'[:40]!r} is not a range of dates or times")
    return Criterion(("between", attribute.keyword), bounds)


def _date_time_range(attribute: Attribute, match: DateTimeRange) -> list[Criterion]:
    """A range of dates, whose first and last day are cut by time (PS3.4 C.2.2.2.5.4)."""
    days = date_bounds(match.first[0], match.last[0])
    times = time_bounds(match.first[1], match.last[1])
    if days is None or times is None:
        raise InvalidQuery(f"{attribute.keyword}: not a range of dates and times")
    time = ATTRIBUTES[match.time_keyword]
    from_time = times[0] if match.first[1] else ""  # an unknown time is not before the beginning of its day
    return [
        Criterion(("between", attribute.keyword), days),
        Criterion(("first and last day", attribute.keyword, time.keyword), (days[0], from_time, days[1], times[1])),
    ]


def _any_of(attribute: Attribute, values: Sequence[str], dialect: Dialect) -> Criterion | None:
    values = [value for value in values if value]
    if not values:
        return None
    if attribute.kind is Kind.UID:
        return Criterion(("among", attribute.keyword), (dialect.listed([value.strip() for value in values]),))
    dated = attribute.kind in (Kind.DATE, Kind.TIME)
    parts = [criterion(attribute, alternative(value, dated=dated), dialect) for value in values[:1000]]
    if any(part is None for part in parts):
        return None
    known = [part for part in parts if part is not None]
    return Criterion(("any", *(part.shape for part in known)), tuple(value for part in known for value in part.values))


_NEVER: ColumnElement[bool] = literal_column("1 = 0", Boolean)
"""So said that SQLAlchemy does not see through it: beside `false()` it leaves out the other conditions, and their parameters."""


def condition(shape: Shape, name: Callable[[], str], dialect: Dialect) -> ColumnElement[bool]:
    """The condition of a shape. name: gives the next parameter its name, in the order of the values."""
    kind = shape[0]
    if kind == "never":
        return _NEVER
    if kind == "any":
        return or_(*(condition(part, name, dialect) for part in shape[1:]))
    attribute = ATTRIBUTES.get(shape[1]) or OWN_ATTRIBUTES[shape[1]]
    columns = attribute.columns
    column = columns[0]
    if attribute.kind is Kind.NAME_GROUPS and kind != "empty":
        columns = tuple(dialect.part(column, index) for index in range(3))
    match kind:
        case "equal":
            return column == bindparam(name())
        case "empty":
            if attribute.kind is Kind.NUMBER:
                return column.is_(None)
            return and_(*(one == literal_column("''") for one in columns))
        case "fuzzy":
            literal = condition(shape[2], name, dialect)
            sounds = [dialect.contains(study.c.words, name()) for _ in range(shape[3])]
            pieces = [or_(*[dialect.contains(one, name()) for one in columns]) for _ in range(shape[4])]
            return or_(literal, and_(*sounds, *pieces))
        case "first and last day":
            time = ATTRIBUTES[shape[2]].columns[0]
            return and_(
                or_(column != bindparam(name()), time >= bindparam(name())), or_(column != bindparam(name()), time <= bindparam(name()))
            )
        case "folded":
            return and_(columns[1] == bindparam(name()), column == bindparam(name()))
        case "folded like":
            return and_(within(dialect.unhinted(columns[1]), name(), name()), dialect.like(column, name()))
        case "like":
            return dialect.like(column, name())
        case "name":
            return or_(*(one == bindparam(name()) for one in columns))
        case "name groups":
            return and_(*(columns[index] == bindparam(name()) for index in shape[2]))
        case "name groups like":
            return and_(*(dialect.like(columns[index], name()) for index in shape[2]))
        case "name like":
            return or_(*(dialect.like(one, name()) for one in columns))
        case "between":
            return within(column, name(), name())
        case "among":
            return dialect.among(column, name())
        case "code like":
            return dialect.any_code(column, name())
        case "member":
            return dialect.contains(column, name())
    raise AssertionError(kind)
