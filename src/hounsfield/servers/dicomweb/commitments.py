"""Storage Commitment (PS3.18 chapter 13): POST a request, GET its result; what they say is in annex J."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from hounsfield.dicom.commitment import MAX_REFERENCES, TooManyReferences
from hounsfield.model.attribute_rules import first_text, items_of
from hounsfield.model.commitment import CommitmentRequest, CommitmentResult, Reference
from hounsfield.model.errors import InvalidInput
from hounsfield.model.identifiers import parse_uid
from hounsfield.servers.dicomweb.data_set_exchange import Write, choose_writer, read_data_set
from hounsfield.servers.dicomweb.exchange import Exchange
from hounsfield.servers.dicomweb.routing import Route
from hounsfield.servers.dicomweb.ups.workitems import require_editor
from hounsfield.servers.dicomweb.work import Work
from hounsfield.services.web_commitments import WebCommitments

WAIT_S: Final = 2.0
"""For a result, before the requester is told to come again."""
RETRY_AFTER_S: Final = 5
MAX_BODY_BYTES: Final = 8 << 20
MAX_ELEMENTS: Final = 10 * MAX_REFERENCES

_CLASS, _INSTANCE = "00081150", "00081155"
_REASON = "00081197"
_SOPS, _FAILED_SOPS = "00081199", "00081198"
_STUDIES, _FAILED_STUDIES = "00081110", "0008119B"
_STUDY_UID, _SERIES_UID = "0020000D", "0020000E"
_SERIES, _BY_CLASS, _INSTANCES = "00081115", "00081112", "0008114A"

Places = dict[str, tuple[str, str]]


def commitment_routes(commitments: WebCommitments, work: Work) -> list[Route]:
    """The one resource."""
    handlers = CommitmentHandlers(commitments, work)
    resource = "commitment-requests/{transaction}"
    return [Route("POST", resource, handlers.ask), Route("GET", resource, handlers.check)]


class CommitmentHandlers:
    """Editors may ask, viewers may see what came of it."""

    def __init__(self, commitments: WebCommitments, work: Work, *, wait_s: float = WAIT_S) -> None:
        self._commitments = commitments
        self._work = work
        self._wait_s = wait_s

    async def ask(self, exchange: Exchange) -> None:
        """POST /commitment-requests/{transactionUID} (13.4)."""
        write = choose_writer(exchange.accept)
        require_editor(exchange)
        data_set = await read_data_set(exchange, max_bytes=MAX_BODY_BYTES, max_elements=MAX_ELEMENTS)
        request, places = read_request(exchange.parts[0], data_set)
        await self._work.slow(self._commitments.ask, exchange.origin, request, places)
        await self._answer(exchange, write, self._wait_s)

    async def check(self, exchange: Exchange) -> None:
        """GET /commitment-requests/{transactionUID} (13.5)."""
        await self._answer(exchange, choose_writer(exchange.accept), 0.0)

    async def _answer(self, exchange: Exchange, write: Write, wait_s: float) -> None:
        """200 with the result, or 202 while there is none: then somebody is judging."""
        uid = exchange.parts[0]
        found = await self._work.slow(self._commitments.find, exchange.origin, uid)
        if found.result is None:
            judging = asyncio.wrap_future(self._commitments.judge(exchange.origin, uid))
            await asyncio.wait([judging], timeout=wait_s)
            if judging.done():
                found = await self._work.slow(self._commitments.find, exchange.origin, uid)
        if found.result is None:
            await exchange.answer(202, [(b"retry-after", b"%d" % RETRY_AFTER_S)])
            return
        content_type, body = write([response_module(found.result, found.places)])
        await exchange.answer(200, [(b"content-type", content_type)], body)


def read_request(transaction_uid: str, data_set: Mapping[str, Any]) -> tuple[CommitmentRequest, Places]:
    """The Storage Commitment Request Module: instances one by one, or by study, series and SOP class (J.1).

    Raises: InvalidInput, TooManyReferences.
    """
    references: dict[Reference, None] = {}
    places: Places = {}
    for sop_class_uid, instance, place in _references(data_set):
        reference = Reference(parse_uid(sop_class_uid), parse_uid(instance))
        references[reference] = None
        if place is not None:
            places[reference.sop_instance_uid] = (parse_uid(place[0]), parse_uid(place[1]))
        if len(references) > MAX_REFERENCES:
            raise TooManyReferences(f"more than {MAX_REFERENCES} instances in one transaction")
    if not references:
        raise InvalidInput("neither Referenced SOP Sequence nor Referenced Study Sequence names an instance")
    return CommitmentRequest(transaction_uid, tuple(references)), places


def _references(data_set: Mapping[str, Any]) -> Iterator[tuple[str, str, tuple[str, str] | None]]:
    for item in items_of(data_set.get(_SOPS)):
        yield first_text(item, _CLASS), first_text(item, _INSTANCE), None
    for study in items_of(data_set.get(_STUDIES)):
        for series in items_of(study.get(_SERIES)):
            place = first_text(study, _STUDY_UID), first_text(series, _SERIES_UID)
            for by_class in items_of(series.get(_BY_CLASS)):
                for instance in items_of(by_class.get(_INSTANCES)):
                    yield first_text(by_class, _CLASS), first_text(instance, _INSTANCE), place


def response_module(result: CommitmentResult, places: Places) -> dict[str, Any]:
    """The Storage Commitment Response Module: what was asked for one by one is answered so, what by study likewise (J.2)."""
    failed = {failure.reference: failure.reason for failure in result.failed}
    alone = [one for one in (*result.committed, *failed) if one.sop_instance_uid not in places]
    module: dict[str, Any] = {}
    for tag, items in (
        (_SOPS, [_item(one) for one in alone if one not in failed]),
        (_FAILED_SOPS, [_item(one, failed[one]) for one in alone if one in failed]),
        (_STUDIES, _by_study([one for one in result.committed if one.sop_instance_uid in places], places, {})),
        (_FAILED_STUDIES, _by_study([one for one in failed if one.sop_instance_uid in places], places, failed)),
    ):
        if items:
            module[tag] = _sequence(items)
    return dict(sorted(module.items()))


def _by_study(references: Iterable[Reference], places: Places, failed: Mapping[Reference, int]) -> list[dict[str, Any]]:
    studies: dict[str, dict[str, dict[str, list[dict[str, Any]]]]] = {}
    for one in references:
        study, series = places[one.sop_instance_uid]
        instance: dict[str, Any] = {_INSTANCE: _uid(one.sop_instance_uid)}
        if one in failed:
            instance[_REASON] = {"vr": "US", "Value": [int(failed[one])]}
        studies.setdefault(study, {}).setdefault(series, {}).setdefault(one.sop_class_uid, []).append(dict(sorted(instance.items())))
    return [
        {
            _SERIES: _sequence(
                [
                    {
                        _BY_CLASS: _sequence(
                            [{_INSTANCES: _sequence(instances), _CLASS: _uid(sop_class)} for sop_class, instances in classes.items()]
                        ),
                        _SERIES_UID: _uid(series),
                    }
                    for series, classes in all_series.items()
                ]
            ),
            _STUDY_UID: _uid(study),
        }
        for study, all_series in studies.items()
    ]


def _item(reference: Reference, reason: int | None = None) -> dict[str, Any]:
    item: dict[str, Any] = {_CLASS: _uid(reference.sop_class_uid), _INSTANCE: _uid(reference.sop_instance_uid)}
    if reason is not None:
        item[_REASON] = {"vr": "US", "Value": [int(reason)]}
    return item


def _uid(uid: str) -> dict[str, Any]:
    return {"vr": "UI", "Value": [uid]}


def _sequence(items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"vr": "SQ", "Value": items}
