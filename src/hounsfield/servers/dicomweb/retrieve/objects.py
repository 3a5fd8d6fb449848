"""WADO-RS: whole instances, of a study, of a series, or one (PS3.18 10.4.1.1.1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hounsfield.model.errors import InvalidQuery, NotAcceptable
from hounsfield.model.origin import Origin
from hounsfield.servers.dicomweb.byte_ranges import ACCEPT_RANGES, asked_range, content_range
from hounsfield.servers.dicomweb.etags import etag, object_state
from hounsfield.servers.dicomweb.exchange import Exchange, Header, Pieces
from hounsfield.servers.dicomweb.media_types import DICOM, ZIP
from hounsfield.servers.dicomweb.multipart import MultipartWriter
from hounsfield.servers.dicomweb.retrieve.delivery import Packaging, asked_for_objects, asks_for_bulk_data
from hounsfield.servers.dicomweb.retrieve.outgoing import Outgoing, OutgoingObjects, part_type

if TYPE_CHECKING:
    from hounsfield.servers.dicomweb.retrieve.all_bulk_data import AllBulkData
    from hounsfield.servers.dicomweb.work import Work
    from hounsfield.services.retrieve import Retrieve

Asked = Sequence[tuple[Packaging, str]]

_VARY: Final[Header] = (b"vary", b"accept")


@dataclass(frozen=True, slots=True)
class Shipment:
    """The objects of one answer. tail: what stands behind the last; complete: whether all that was named is among them.

    directory: whether an archive has a DICOMDIR.
    """

    outgoing: Sequence[Outgoing]
    packaging: Packaging
    tail: bytes
    content_type: bytes
    complete: bool
    directory: bool = False

    @property
    def status(self) -> int:
        """206 where some objects cannot be had as asked for (PS3.18 table 8.5-1)."""
        return 200 if self.complete else 206

    @property
    def headers(self) -> list[Header]:
        """Beside what every answer has."""
        missing = (b"warning", b'299 hounsfield "Some instances cannot be given in the transfer syntaxes asked for."')
        return [(b"content-type", self.content_type), _VARY, *([] if self.complete else [missing])]

    @property
    def is_stored_file(self) -> bool:
        """Whether the body is one file as it lies in a pack: of that, ranges can be given."""
        return self.packaging is Packaging.SINGLE and self.outgoing[0].is_stored_file

    @property
    def etag(self) -> bytes:
        """Of an answer with one instance: weak where the bytes differ from answer to answer, or may from release to release."""
        (one,) = self.outgoing
        weak = not self.is_stored_file
        packaging = f"{self.packaging.name.lower()}{'-dicomdir' if self.directory else ''}"
        return etag(object_state(one.instance), one.delivery.transfer_syntax_uid, packaging, weak=weak)

    @property
    def length_bytes(self) -> int | None:
        """Of the whole body where it is known beforehand: only so does a client notice an answer that was cut short."""
        if self.packaging is Packaging.ZIP or not all(one.is_stored_file for one in self.outgoing):
            return None
        return sum(len(one.head) + one.stored_length_bytes for one in self.outgoing) + len(self.tail)


class Objects:
    """The handler of the three retrieve resources."""

    def __init__(
        self, retrieve: Retrieve, outgoing: OutgoingObjects, bulk_data: AllBulkData, work: Work, new_boundary: Callable[[], str]
    ) -> None:
        self._retrieve = retrieve
        self._outgoing = outgoing
        self._bulk_data = bulk_data
        self._work = work
        self._new_boundary = new_boundary

    async def objects(self, exchange: Exchange) -> None:
        """GET /studies/{study}[/series/{series}[/instances/{instance}]]."""
        if asks_for_bulk_data(exchange.accept):
            await self._bulk_data.all(exchange)
        else:
            asked = asked_for_objects(exchange.accept, single=len(exchange.parts) == 3)
            await self.answer(exchange, exchange.parts, asked, directory=_asks_for_directory(exchange))

    async def answer(self, exchange: Exchange, named: tuple[str, ...], asked: Asked, *, directory: bool = False) -> None:
        """What is named by its UIDs, in the first form asked for that can be had. Raises: NotFound, Gone, NotAcceptable."""
        single = len(named) == 3
        run = self._work.quick if single and not self._outgoing.may_read(asked) else self._work.slow
        shipment = replace(await run(self.shipment, exchange.origin, named, asked), directory=directory)
        if directory and shipment.packaging is not Packaging.ZIP:
            raise InvalidQuery("a DICOMDIR goes with application/zip")
        headers = shipment.headers
        if single:
            headers.append((b"etag", shipment.etag))
            if await exchange.not_modified(shipment.etag, [_VARY]):
                return
        if shipment.is_stored_file:
            (one,) = shipment.outgoing
            headers.append(ACCEPT_RANGES)
            if (wanted := asked_range(exchange.headers, shipment.etag, one.stored_length_bytes)) is not None:
                headers.append(content_range(wanted, one.stored_length_bytes))
                pieces = self._work.each(self._outgoing.ranges.pieces(one.instance, wanted))
                await exchange.stream_from_first(206, headers, pieces, len(wanted))
                return
        await exchange.stream_from_first(shipment.status, headers, self._body(shipment), shipment.length_bytes)

    def shipment(self, origin: Origin, named: tuple[str, ...], asked: Asked) -> Shipment:
        """What goes out for the study, series or instance that is named. Raises: NotFound, Gone, NotAcceptable."""
        instances = [self._retrieve.instance(origin, *named)] if len(named) == 3 else self._retrieve.instances(origin, *named)
        best = next((choice for instance in instances if (choice := self._outgoing.choose(instance, asked)) is not None), None)
        if best is None:
            raise NotAcceptable("what is stored cannot be given in any of the transfer syntaxes asked for")
        # One message has one packaging.
        packaging = best[0]
        asked = [one for one in asked if one[0] is packaging]
        chosen = [(instance, choice) for instance in instances if (choice := self._outgoing.choose(instance, asked)) is not None]
        writer = MultipartWriter(self._new_boundary()) if packaging is Packaging.MULTIPART else None
        outgoing = [
            Outgoing(instance, delivery, writer.part_head(part_type(delivery)) if writer else b"") for instance, (_, delivery) in chosen
        ]
        if len(outgoing) > 1:
            outgoing = [self._outgoing.instead(one, asked) for one in outgoing]
        if writer is not None:
            content_type = writer.content_type(DICOM)
        else:
            content_type = ZIP.encode() if packaging is Packaging.ZIP else part_type(outgoing[0].delivery).encode()
        return Shipment(outgoing, packaging, writer.close() if writer else b"", content_type, complete=len(chosen) == len(instances))

    def _body(self, shipment: Shipment) -> Pieces:
        if shipment.packaging is Packaging.ZIP:
            return self._outgoing.archive(shipment.outgoing, directory=shipment.directory)
        return self._outgoing.joined(shipment.outgoing, shipment.tail)


def _asks_for_directory(exchange: Exchange) -> bool:
    """`dicomdir=yes`: PS3.18 has no such parameter, and does not say how an archive is laid out. Raises: InvalidQuery."""
    asked = exchange.parameter("dicomdir")
    if asked not in (None, "yes", "no"):
        raise InvalidQuery("dicomdir is yes or no")
    return asked == "yes"
