"""Searches whose matches are judged one by one, or whose answers hold more than the index' rows: a page at a time, and bounded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from hounsfield.model.origin import Origin
from hounsfield.model.query import Query
from hounsfield.services.search import Search
from hounsfield.services.search_results import Result, Results

MAX_COMPLETED_RESULTS: Final = 10_000
MAX_ANSWER_BYTES: Final = 64 << 20
"""Of an answer in memory; the rest can be had by `offset`."""


@dataclass(slots=True)
class Gathered:
    """What has been found so far.

    more: whether matches follow. unread: matches whose headers could not be read.
    """

    items: list[bytes] = field(default_factory=list)
    size_bytes: int = 0
    more: bool = False
    unread: int = 0


def gather(search: Search, results: Results, origin: Origin, query: Query, encode: Callable[[Result], bytes]) -> Iterator[Gathered]:
    """Adds to what has been found, and yields after each page, so that the caller may stop. Raises: IndexUnavailable."""
    found = Gathered()
    most = MAX_COMPLETED_RESULTS if query.limit is None else min(query.limit, MAX_COMPLETED_RESULTS)
    if results.judges:
        # Only what is judged to match is counted: the database can neither skip nor cut.
        pages, passed = results.pages(), query.offset
    else:
        page = search.find(origin, query)
        pages, passed, found.more = results.completed(page.rows), 0, page.more
    for rows in pages:
        for result in rows:
            if passed:
                passed -= 1
                continue
            if len(found.items) == most or found.size_bytes >= MAX_ANSWER_BYTES:
                found.more = True
                yield found
                return
            item = encode(result)
            found.items.append(item)
            found.size_bytes += len(item)
            found.unread += results.reads_headers and result.header is None
        yield found
