"""QIDO-RS: search for studies, series and instances (PS3.18 10.6).

A search without matches answers 200 with an empty array. PS3.18 8.3.4.4.1 asks for 204, but CP-2473 is about to take that back in
favour of 200: it is what RFC 9110 means by it, what the first editions wanted, and what clients that parse every answer need.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final, NamedTuple

from hounsfield.dicom.dictionary import tag_of
from hounsfield.dicom.index_attributes import INSTANCE_TAGS, SERIES_TAGS, STUDY_TAGS
from hounsfield.model.origin import Origin
from hounsfield.model.query import Key, Level, Order, Query, SingleValue
from hounsfield.servers.dicomweb.exchange import Exchange, Header
from hounsfield.servers.dicomweb.media_types import json_type
from hounsfield.servers.dicomweb.search_answer import encode_hits
from hounsfield.servers.dicomweb.search_parameters import SearchRequest, read_search
from hounsfield.servers.dicomweb.work import Work
from hounsfield.services.search import Search

MAX_RESULTS: Final = 10_000
MAX_RESULTS_IN_STUDY: Final = 100_000
"""Rows of one answer, whatever limit is asked for; the rest can be had by `offset`."""

MAX_NAMED_PARAMETERS: Final = 10
_UNSAFE = re.compile(r"[^A-Za-z0-9.=_-]")

_COUNTED = {0x00080056, 0x00080061, 0x00081190, 0x00201206, 0x00201208}
_ANSWERED: Final = {
    Level.STUDY: frozenset({*STUDY_TAGS, *_COUNTED}),
    Level.SERIES: frozenset({*STUDY_TAGS, *SERIES_TAGS, *_COUNTED, 0x00201209}),
    Level.INSTANCE: frozenset({*STUDY_TAGS, *SERIES_TAGS, *INSTANCE_TAGS, *_COUNTED, 0x00201209}),
}


class Found(NamedTuple):
    """An encoded answer. more: whether rows follow; unsupported: keywords that were not matched."""

    body: bytes
    more: bool
    unsupported: tuple[str, ...]


class Qido:
    """The handlers of the six search resources."""

    def __init__(self, search: Search, work: Work) -> None:
        self._search = search
        self._work = work

    async def studies(self, exchange: Exchange) -> None:
        """GET /studies."""
        await self._answer(exchange, Level.STUDY, frozenset())

    async def series(self, exchange: Exchange) -> None:
        """GET /series and /studies/{study}/series."""
        await self._answer(exchange, Level.SERIES, frozenset({Level.STUDY}))

    async def instances(self, exchange: Exchange) -> None:
        """GET /instances, /studies/{study}/instances and /studies/{study}/series/{series}/instances."""
        await self._answer(exchange, Level.INSTANCE, frozenset({Level.STUDY, Level.SERIES}))

    async def _answer(self, exchange: Exchange, level: Level, above: frozenset[Level]) -> None:
        content_type = json_type(exchange.accept)
        within = tuple(Key(keyword, SingleValue(uid)) for keyword, uid in zip(_PATH_KEYS, exchange.parts, strict=False))
        request = read_search(level, within, exchange.parameters, exchange.principal.partition_id)
        most = MAX_RESULTS_IN_STUDY if within else MAX_RESULTS
        asked = request.query.limit
        order = _ORDERS.get((level, len(within)))
        query = replace(request.query, limit=most if asked is None else min(asked, most), order=order)
        named = frozenset(_PATH_LEVELS[: len(exchange.parts)])
        run = self._work.quick if _is_quick(query) else self._work.slow
        found = await run(self._find, exchange.origin, query, exchange.base_url, above - named)
        cut = found.more and query.limit != asked
        headers: list[Header] = [(b"content-type", content_type), *_warnings(request, found.unsupported, cut, level)]
        await exchange.answer(200, headers, found.body)

    def _find(self, origin: Origin, query: Query, base_url: str, levels: frozenset[Level]) -> Found:
        page = self._search.find(origin, query)
        return Found(encode_hits(page.rows, base_url, levels), page.more, page.unsupported)


_PATH_KEYS = ("StudyInstanceUID", "SeriesInstanceUID")
_ORDERS = {(Level.SERIES, 1): Order("SeriesNumber"), (Level.INSTANCE, 2): Order("InstanceNumber")}
"""By the level and how many UIDs the path gives; anything else comes in the order in which it was received."""
_PATH_LEVELS = (Level.STUDY, Level.SERIES)
_SELECTIVE = frozenset({"StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "PatientID", "AccessionNumber"})
_QUICK_LIMIT = 200


def _is_quick(query: Query) -> bool:
    """Whether an index leads straight to few rows: by a key that is nearly unique, or to the first of all."""
    selective = any(key.keyword in _SELECTIVE and isinstance(key.match, SingleValue) for key in query.keys)
    if query.level is Level.STUDY and selective:
        return True
    return (selective or not query.keys) and (query.limit or 0) + query.offset <= _QUICK_LIMIT


def _warnings(request: SearchRequest, unmatched: Iterable[str], cut: bool, level: Level) -> list[Header]:
    """What the answer is not (8.3.4.4, 10.6.3.2): each warning is one header."""
    texts: list[str] = []
    answered = _ANSWERED[level]
    not_included = [f"includefield={name}" for name in sorted(request.included) if name != "all" and tag_of(name) not in answered]
    unsupported = [_UNSAFE.sub("?", name)[:80] for name in (*request.unsupported, *unmatched, *not_included)]
    if unsupported:
        listed = ", ".join(unsupported[:MAX_NAMED_PARAMETERS]) + (", ..." if len(unsupported) > MAX_NAMED_PARAMETERS else "")
        texts.append(f"The following parameters are not supported and were ignored: {listed}")
    if cut:
        texts.append("The number of results exceeded the maximum supported by the server. Additional results can be requested.")
    return [(b"warning", f'299 hounsfield "{text}"'.encode("ascii", "replace")) for text in texts]
