"""Several studies in one ZIP archive; none of PS3.18's resources, whose archives hold one study at most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import structlog

from hounsfield.model.errors import Gone, InvalidQuery, NotFound
from hounsfield.model.identifiers import parse_uid
from hounsfield.model.origin import Origin
from hounsfield.servers.dicomweb.exchange import Exchange, Header
from hounsfield.servers.dicomweb.media_types import ZIP, parse_accept
from hounsfield.servers.dicomweb.retrieve.delivery import asked_for_objects
from hounsfield.servers.dicomweb.retrieve.objects import Objects, Shipment
from hounsfield.servers.dicomweb.retrieve.outgoing import Outgoing, OutgoingObjects
from hounsfield.servers.dicomweb.work import Work

MOST_STUDIES: Final = 200
_AS_STORED: Final = asked_for_objects(parse_accept(f'{ZIP}; transfer-syntax="*"'), single=False)
_HEADERS: Final[list[Header]] = [
    (b"content-type", ZIP.encode()),
    (b"content-disposition", b'attachment; filename="studies.zip"'),
]

log = structlog.get_logger()


class StudiesArchive:
    """The handler of `/archive`. Studies are looked up one after the other while they go out: no more than one is listed in memory."""

    def __init__(self, objects: Objects, outgoing: OutgoingObjects, work: Work) -> None:
        self._objects = objects
        self._outgoing = outgoing
        self._work = work

    async def studies(self, exchange: Exchange) -> None:
        """GET /archive?studies=UID,UID: the files as they are stored, with a DICOMDIR. Raises: InvalidQuery, NotFound, Gone."""
        asked = (exchange.parameter("studies") or "").split(",")
        if len(asked) > MOST_STUDIES:
            raise InvalidQuery(f"an archive holds at most {MOST_STUDIES} studies")
        uids = list(dict.fromkeys(map(parse_uid, asked)))
        first = await self._work.slow(self._objects.shipment, exchange.origin, (uids[0],), _AS_STORED)
        pieces = self._outgoing.archive_of(self._all(exchange.origin, first, uids[1:]), directory=True, decoding=False)
        await exchange.stream_from_first(200, _HEADERS, pieces)

    def _all(self, origin: Origin, first: Shipment, uids: Sequence[str]) -> Iterator[Outgoing]:
        yield from first.outgoing
        for uid in uids:
            try:
                yield from self._objects.shipment(origin, (uid,), _AS_STORED).outgoing
            except (NotFound, Gone):
                log.warning("dicomweb.study_left_out", study_instance_uid=uid)
