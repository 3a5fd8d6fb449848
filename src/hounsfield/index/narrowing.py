"""Which studies can match at all: few enough are listed through the word table before the study table is asked."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Integer, Select, bindparam, func, literal_column, select

from hounsfield.dicom.person_name import fold
from hounsfield.index.criteria import ATTRIBUTES, READING_PRIORITY, READING_STATUS, Kind
from hounsfield.index.database import Database
from hounsfield.index.dialect import within
from hounsfield.index.tables import study, study_word, word
from hounsfield.index.words import LONGEST_WORD, cut, heard
from hounsfield.model.matching import LAST_CHARACTER, date_bounds, date_column, literal_prefix, literal_runs, prefix_range
from hounsfield.model.query import AnyOf, DateTimeRange, Key, Range, SingleValue, WildCard

NOTHING: ColumnElement[int] = literal_column("0")
MOST_CANDIDATES = 5_000
"""More than that are found sooner by walking in an order that has nothing to do with them, as dates have not."""
MOST_IN_CORRELATED_ORDER = 20_000
"""In the order of names those of one name stand together, perhaps far from where the walk begins."""
MOST_TO_LIST = 20_000
"""Studies with one clue that a worklist lists to read and sort them; where there are more, some are read as a sample."""
MOST_OF_A_WORD = 120_000
"""Studies with a frequent word that are listed to be compared with those of others: some 30 ms a word."""
MOST_TO_JUDGE = 10_001
"""Rows that a count reads where there are more than it can list: some 35 ms. One more than a count is capped at."""
MOST_TO_WALK = 20_000
"""Rows that are read for one page; where it would take more, it is found out which studies have all the words."""
MOST_TO_SORT = 2_000
"""Fewer studies than that are read and sorted sooner than an index in their order finds them."""
MOST_TO_INTERSECT = 30_000


class Ends(enum.Enum):
    """What of a word is known."""

    EXACT = "exact"
    PREFIX = "prefix"
    CONTAINS = "contains"
    TYPED = "typed"  # the beginning of a word, an ID or an accession number
    PATIENT_ID = "patient_id_fold"  # what lies between two values of this column; so the next two
    ACCESSION_NUMBER = "accession_fold"
    STUDY_DATE = "study_date"
    READING_STATUS = "reading_status"  # numbers; the next too
    READING_PRIORITY = "reading_priority"


class Clue(NamedTuple):
    """Something that every match has: a word, or a value between `text` and `last`."""

    ends: Ends
    text: str | int
    last: str | int = ""


WORDS = (Ends.EXACT, Ends.PREFIX, Ends.CONTAINS, Ends.TYPED)
EVERY_STUDY = Clue(Ends.STUDY_DATE, "", LAST_CHARACTER)

READING_CLUES = {READING_STATUS: Ends.READING_STATUS, READING_PRIORITY: Ends.READING_PRIORITY}
COLUMN_CLUES = {"PatientID": Ends.PATIENT_ID, "AccessionNumber": Ends.ACCESSION_NUMBER}


def clues_of(key: Key, *, fuzzy: bool = False) -> list[Clue]:
    """What a study must have to match a key, as far as it can be looked up; the most telling first."""
    if key.keyword in READING_CLUES and isinstance(key.match, SingleValue | AnyOf):
        ranks = sorted(map(int, (key.match.value,) if isinstance(key.match, SingleValue) else key.match.values))
        return [Clue(READING_CLUES[key.keyword], ranks[0], ranks[-1])]
    if key.keyword in COLUMN_CLUES and isinstance(key.match, WildCard):
        prefix = fold(literal_prefix(key.match.pattern))
        return [Clue(COLUMN_CLUES[key.keyword], *prefix_range(prefix))] if prefix else []
    if key.keyword == "StudyDate" and isinstance(key.match, Range):
        bounds = date_bounds(key.match.first, key.match.last)
        return [Clue(Ends.STUDY_DATE, *bounds)] if bounds is not None else []
    if key.keyword == "StudyDate" and isinstance(key.match, DateTimeRange):
        bounds = date_bounds(key.match.first[0], key.match.last[0])
        return [Clue(Ends.STUDY_DATE, *bounds)] if bounds is not None else []
    if key.keyword == "StudyDate" and isinstance(key.match, SingleValue):
        date = date_column(key.match.value)
        return [Clue(Ends.STUDY_DATE, date, date)] if date else []
    if fuzzy and key.keyword == "PatientName" and isinstance(key.match, SingleValue | WildCard):
        sounds, _pieces = heard(key.match.value if isinstance(key.match, SingleValue) else key.match.pattern)
        if sounds:
            return [Clue(Ends.EXACT, sound) for sound in sorted(sounds, key=len, reverse=True)[:3]]
    attribute = ATTRIBUTES.get(key.keyword)
    if attribute is None or not (attribute.kind is Kind.NAME or key.keyword == "StudyDescription"):
        return _modality_clues(key)
    if isinstance(key.match, SingleValue):
        runs = [(key.match.value, True, True)]
    elif isinstance(key.match, WildCard):
        runs = literal_runs(key.match.pattern)
    else:
        return []
    found = []
    for run, begins, ends in runs:
        for text, at_start, at_end in cut(run):
            begun, ended = begins or not at_start, ends or not at_end
            kind = Ends.EXACT if begun and ended else Ends.PREFIX if begun else Ends.CONTAINS
            if len(text) < LONGEST_WORD - 1:
                found.append(Clue(kind, text))
    order = list(Ends)
    return sorted(set(found), key=lambda clue: (order.index(clue.ends), -len(str(clue.text))))[:3]


def _modality_clues(key: Key) -> list[Clue]:
    if key.keyword == "ModalitiesInStudy" and isinstance(key.match, SingleValue) and key.match.value.strip():
        return [Clue(Ends.EXACT, fold(key.match.value.strip()))]
    return []


class Sample(NamedTuple):
    """Keys of studies; whether all that can match are among these, and if not, which words are too frequent, the longest first."""

    keys: list[int]
    whole: bool
    words: tuple[Clue, ...]


class Narrowing:
    """Looks clues up."""

    def __init__(self, database: Database) -> None:
        self._database = database
        dialect = database.dialect
        limit = bindparam("limit", type_=Integer)

        def both(statement: Select[Any]) -> tuple[str, str]:
            """What lists, and what counts."""
            limited = statement.limit(limit).offset(NOTHING)
            return database.compile(limited).sql, database.compile(select(func.count()).select_from(limited.subquery())).sql

        def of_words(which: ColumnElement[bool]) -> tuple[str, str]:
            return both(select(study_word.c.study_key).join_from(word, study_word, study_word.c.word_key == word.c.id).where(which))

        def of_column(column: ColumnElement[str]) -> str:
            # Nothing on the partition but its place in the index: candidates are judged again.
            statement = select(study.c.id).where(study.c.partition_id == bindparam("partition"), within(column, "first", "last"))
            return database.compile(statement.limit(limit).offset(NOTHING)).sql

        self._exact, self._exact_number = of_words(word.c.word == bindparam("word"))
        self._prefix, self._prefix_number = of_words(within(word.c.word, "first", "last"))
        # Said with IN, so that the words are gone through first, and not all studies' words.
        parts = select(word.c.id).where(dialect.contains(word.c.word, "part"))
        contains = select(study_word.c.study_key).where(study_word.c.word_key.in_(parts))
        self._contains, self._contains_number = both(contains)
        by_column = (Ends.PATIENT_ID, Ends.ACCESSION_NUMBER, Ends.STUDY_DATE, Ends.READING_STATUS, Ends.READING_PRIORITY)
        self._columns = {ends: of_column(study.c[ends.value]) for ends in by_column}

    def candidates(self, partition_id: int, clues: list[Clue], most: int) -> set[int] | None:
        """Keys of the studies that have all clues, or more than these; None where there are more than `most` to list."""
        found: set[int] | None = None
        many: list[Clue] = []
        for clue in clues:
            keys = self._keys(partition_id, clue, most)
            if keys is None:
                many.append(clue)
                continue
            found = keys if found is None else found & keys
            if not found:
                return set()
        if found is not None or len(many) < 2 or most >= MOST_TO_INTERSECT:
            return found
        for clue in many:
            keys = self._keys(partition_id, clue, MOST_TO_INTERSECT)
            if keys is not None:
                found = keys if found is None else found & keys
        return found if found is not None and len(found) <= most else None

    def sample(self, partition_id: int, clues: list[Clue]) -> Sample:
        """The studies that have all clues; where these are too many to be listed, the latest of those that have one of them."""
        found: set[int] | None = None
        many: list[tuple[Clue, set[int]]] = []
        for clue in clues or [EVERY_STUDY]:
            keys, whole = self._listed(partition_id, clue, MOST_TO_LIST)
            if not whole:
                many.append((clue, keys))
            else:
                found = keys if found is None else found & keys
        if found is not None:
            return Sample(list(found), True, ())
        many.sort(key=lambda one: len(str(one[0].text)) if one[0].ends in WORDS else 0, reverse=True)
        words = tuple(clue for clue, _ in many if clue.ends in WORDS)
        return Sample(sorted(many[0][1])[-MOST_TO_JUDGE:], False, words)

    def common(self, partition_id: int, words: Sequence[Clue]) -> set[int] | None:
        """The studies that have all of those words that can be listed; None where none can."""
        found: set[int] | None = None
        for clue in words:
            keys = self._keys(partition_id, clue, MOST_OF_A_WORD)
            if keys is not None:
                found = keys if found is None else found & keys
        return found

    def number(self, word: Clue) -> int:
        """How often a word stands in a study, in all partitions, up to `MOST_OF_A_WORD`."""
        span = prefix_range(str(word.text))
        sql, values = {
            Ends.EXACT: (self._exact_number, (word.text,)),
            Ends.CONTAINS: (self._contains_number, (word.text,)),
        }.get(word.ends, (self._prefix_number, span))
        return int(self._database.fetch(sql, (*values, MOST_OF_A_WORD))[0][0])

    def _keys(self, partition_id: int, clue: Clue, most: int) -> set[int] | None:
        keys, whole = self._listed(partition_id, clue, most)
        return keys if whole else None

    def _listed(self, partition_id: int, clue: Clue, most: int) -> tuple[set[int], bool]:
        """Keys of studies that have the clue, and whether these are all."""
        fetch, limit = self._database.fetch, most + 1
        if clue.ends in self._columns:
            rows = fetch(self._columns[clue.ends], (partition_id, clue.text, clue.last, limit))
        elif clue.ends is Ends.EXACT:
            rows = fetch(self._exact, (clue.text, limit))
        elif clue.ends is Ends.CONTAINS:
            rows = fetch(self._contains, (clue.text, limit))
        else:
            span = prefix_range(str(clue.text))
            rows = fetch(self._prefix, (*span, limit))
            if clue.ends is Ends.TYPED and len(rows) < limit:
                rows += fetch(self._columns[Ends.PATIENT_ID], (partition_id, *span, limit))
                rows += fetch(self._columns[Ends.ACCESSION_NUMBER], (partition_id, *span, limit))
        return {row[0] for row in rows}, len(rows) <= most
