"""How a query is run: what it selects, on what conditions, and among which studies."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement

from hounsfield.index.criteria import Shape
from hounsfield.model.query import Level

CANDIDATES: Shape = ("candidates",)
"""Among studies that are listed: these are read, judged and sorted."""
MEMBERS: Shape = ("members",)
"""Among studies that are listed: walking in the order asked for, others are passed by without being read."""

Cursor = tuple[Any, ...]
"""Where a page ended: the last row's sort values and its key."""


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

    def among(self, candidates: Any, *, empty: bool) -> Planned:
        """The same among listed studies alone. empty: whether none are listed."""
        return self._replace(shape=(*self.shape, CANDIDATES), values=(*self.values, candidates), empty=empty)

    def passing(self, members: Any) -> Planned:
        """The same among listed studies alone, which an index in the order asked for leads to."""
        return self._replace(shape=(*self.shape, MEMBERS), values=(*self.values, members))


class Matching(NamedTuple):
    """What a query of studies finds.

    number: how many match among those that were looked at. whole: whether these are all that can match.
    among: keys of studies that hold all matches, where these are known.
    walked: whether they are too many to be sorted, and found on the way along the order instead.
    """

    number: int
    whole: bool
    among: list[int] | None
    walked: bool = False


class Compiled(NamedTuple):
    """SQL and, for each of its parameters, the index of its value."""

    sql: str
    order: tuple[int, ...]
