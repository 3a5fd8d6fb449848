"""QIDO-RS: search for studies, series and instances (PS3.18 10.6).

A search without matches answers 200 with an empty array. PS3.18 8.3.4.4.1 asks for 204, but CP-2473 is about to take that back in
favour of 200: it is what RFC 9110 means by it, what the first editions wanted, and what clients that parse every answer need. In XML
there is no message without parts: then it is 204.

Most searches are one query and a join of bytes. Where an answer needs more than the rows of its level, or a key has no column, the
matches are completed and judged by the code that C-FIND has for it (`services.search_results`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from hounsfield.dicom.index_attributes import INSTANCE_TAGS, SERIES_TAGS, STUDY_TAGS
from hounsfield.index.rows import InstanceHit, PatientHit, SeriesHit
from hounsfield.model.origin import Origin
from hounsfield.model.query import Key, Level, Order, Query, SingleValue
from hounsfield.servers.dicomweb.exchange import Disconnected, Exchange, Header
from hounsfield.servers.dicomweb.media_types import DICOM_XML, choose
from hounsfield.servers.dicomweb.search.answer import Hit, encode_hit, encode_hits
from hounsfield.servers.dicomweb.search.completed_answer import Additions
from hounsfield.servers.dicomweb.search.completed_search import Gathered, gather
from hounsfield.servers.dicomweb.search.parameters import SearchRequest, read_search
from hounsfield.servers.dicomweb.search.warnings import warnings_of
from hounsfield.servers.dicomweb.work import Work
from hounsfield.servers.dicomweb.xml_answer import offer_search_type, xml_parts
from hounsfield.services.computed_attributes import COMPUTED, PATIENT_COUNTS, RETRIEVE_AE_TITLE
from hounsfield.services.header_attributes import HeaderAttributes
from hounsfield.services.search import MATCHED_ANYWHERE, Search
from hounsfield.services.search_results import Result, Results, Wanted

MAX_RESULTS: Final = 10_000
MAX_RESULTS_IN_STUDY: Final = 100_000
"""Rows of one answer, whatever limit is asked for; the rest can be had by `offset`."""

_VARY: Final[Header] = (b"vary", b"accept, accept-encoding")
_OF_STUDY = frozenset({*STUDY_TAGS, 0x00080056, 0x00080061, 0x00081190, 0x00201206, 0x00201208})
_OF_SERIES = frozenset({*SERIES_TAGS, 0x00081190, 0x0020000D, 0x00201209})
_OF_INSTANCE = frozenset({*INSTANCE_TAGS, 0x00080056, 0x00081190, 0x0020000D, 0x0020000E})
_ALWAYS_ANSWERED = {Level.STUDY: _OF_STUDY, Level.SERIES: _OF_SERIES, Level.INSTANCE: _OF_INSTANCE}


class Found(NamedTuple):
    """An encoded answer.

    more: whether matches follow; remaining: how many, where that is known.
    unsupported: keywords that were not matched. not_included: tags that were not brought. unread: matches whose headers could not be read.
    """

    body: bytes
    more: bool
    remaining: int | None = None
    unsupported: tuple[str, ...] = ()
    not_included: tuple[int, ...] = ()
    unread: int = 0


class Qido:
    """The handlers of the six search resources. headers: where attributes are read from that the index does not hold."""

    def __init__(self, search: Search, headers: HeaderAttributes, work: Work, new_boundary: Callable[[], str]) -> None:
        self._search = search
        self._headers = headers
        self._work = work
        self._new_boundary = new_boundary

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
        media_type = choose(exchange.accept, offer_search_type)
        within = tuple(Key(keyword, SingleValue(uid)) for keyword, uid in zip(_PATH_KEYS, exchange.parts, strict=False))
        request = read_search(level, within, exchange.parameters, exchange.principal.partition_id)
        most = MAX_RESULTS_IN_STUDY if within else MAX_RESULTS
        asked = request.query.limit
        order = _ORDERS.get((level, len(within)))
        query = replace(request.query, limit=most if asked is None else min(asked, most), order=order)
        levels = above.difference(_PATH_LEVELS[: len(exchange.parts)])
        additions = request.included and request.included.difference(_ALWAYS_ANSWERED[level], *(_ALWAYS_ANSWERED[one] for one in levels))
        if additions or request.everything or request.header_tags or not MATCHED_ANYWHERE.issuperset([key.keyword for key in query.keys]):
            found = await self._complete(exchange, replace(request, query=query), additions, levels)
        else:
            run = self._work.quick if _is_quick(query) else self._work.slow
            found = await run(self._find, exchange.origin, query, exchange.base_url, levels)
        headers: list[Header] = [_VARY]
        if found.unsupported or found.not_included or found.unread or request.unsupported or (found.more and query.limit):
            more = found.more and query.limit != 0
            headers += warnings_of(request, found.unsupported, found.not_included, found.unread, more=more, remaining=found.remaining)
        if media_type != DICOM_XML:
            await exchange.answer_text(200, [(b"content-type", media_type.encode()), *headers], found.body)
        elif found.body == b"[]":
            await exchange.answer(204, headers)
        else:
            content_type, body = await self._work.slow(xml_parts, found.body, self._new_boundary())
            await exchange.answer_text(200, [(b"content-type", content_type), *headers], body)

    def _find(self, origin: Origin, query: Query, base_url: str, levels: frozenset[Level]) -> Found:
        page = self._search.find(origin, query)
        remaining = _remaining(query, page.rows) if page.more else None
        return Found(encode_hits(page.rows, base_url, levels), page.more, remaining, page.unsupported)

    async def _complete(self, exchange: Exchange, request: SearchRequest, added: frozenset[int], levels: frozenset[Level]) -> Found:
        """A search whose matches are judged, or whose answers hold more: in threads, and given up when the client goes away."""
        query, origin, base_url = request.query, exchange.origin, exchange.base_url
        whole = _whole_levels(query.level, levels) if request.everything else frozenset()
        named = _is_selective(query)
        counted = [
            tag for tag, own in COMPUTED.items() if own in whole and (named or tag not in PATIENT_COUNTS) and tag != RETRIEVE_AE_TITLE
        ]
        additions = Additions(frozenset({*added, *request.header_tags, *counted}), whole)
        wanted = Wanted(
            query,
            header_tags=request.header_tags,
            header_levels=whole,
            header_keys=request.header_keys,
            counts_patients=not additions.tags.isdisjoint(PATIENT_COUNTS),
        )
        results = await self._work.slow(Results, self._search, self._headers, origin, wanted)

        def encode(result: Result) -> bytes:
            hit = result.hit
            assert not isinstance(hit, PatientHit)
            return additions.complete(encode_hit(hit, base_url, levels), result)

        found = Gathered()
        async with (
            exchange.watched() as gone,
            contextlib.aclosing(self._work.each(gather(self._search, results, origin, query, encode))) as pages,
        ):
            async for found in pages:  # noqa: B007 - the last one is the answer
                if gone.done():
                    raise Disconnected
        unread = () if results.reads_headers else tuple(sorted(request.header_tags))
        return Found(b"[" + b",".join(found.items) + b"]", found.more, None, results.unmatched, unread, found.unread)


def _whole_levels(level: Level, above: Collection[Level]) -> frozenset[Level]:
    """Those of which `includefield=all` brings all attributes: the matches' own, and those that the path leaves open."""
    levels = {level, *above}
    return frozenset({*levels, Level.PATIENT} if Level.STUDY in levels else levels)


_PATH_KEYS = ("StudyInstanceUID", "SeriesInstanceUID")
_ORDERS = {(Level.SERIES, 1): Order("SeriesNumber"), (Level.INSTANCE, 2): Order("InstanceNumber")}
"""By the level and how many UIDs the path gives; anything else comes in the order in which it was received."""
_PATH_LEVELS = (Level.STUDY, Level.SERIES)
_SELECTIVE = frozenset({"StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "PatientID", "AccessionNumber"})
_QUICK_LIMIT = 200


def _is_selective(query: Query) -> bool:
    """Whether a key is there that is nearly unique."""
    return any(key.keyword in _SELECTIVE and isinstance(key.match, SingleValue) for key in query.keys)


def _is_quick(query: Query) -> bool:
    """Whether an index leads straight to few rows: by a key that is nearly unique, or to the first of all."""
    selective = _is_selective(query)
    if query.level is Level.STUDY and selective:
        return True
    return (selective or not query.keys) and (query.limit or 0) + query.offset <= _QUICK_LIMIT


def _remaining(query: Query, rows: Sequence[Hit]) -> int | None:
    """How many matches follow, where all of a study or series match: their rows say how many they have."""
    if not rows:
        return None
    first, keys = rows[0], tuple(key.keyword for key in query.keys)
    total = None
    if keys == _PATH_KEYS[:1]:
        total = first.study_series_count if isinstance(first, SeriesHit) else None
        total = first.study_instance_count if isinstance(first, InstanceHit) else total
    elif keys == _PATH_KEYS and isinstance(first, InstanceHit):
        total = first.series_instance_count
    return None if total is None else max(total - query.offset - len(rows), 1)
