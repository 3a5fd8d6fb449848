"""Modality Performed Procedure Steps (PS3.18 chapter 15): create, update, retrieve."""

from __future__ import annotations

from hounsfield.dicom.dictionary import tag_of, vr_of
from hounsfield.model.errors import InvalidInput, InvalidQuery
from hounsfield.servers.dicomweb.data_set_exchange import choose_writer, read_data_set, warning
from hounsfield.servers.dicomweb.exchange import Exchange
from hounsfield.servers.dicomweb.routing import Route
from hounsfield.servers.dicomweb.ups.workitems import require_editor
from hounsfield.servers.dicomweb.work import Work
from hounsfield.services.performed_steps import PerformedSteps
from hounsfield.services.search_values import attribute_path

_COMMON = frozenset({"accept", "charset"})


def performed_step_routes(steps: PerformedSteps, work: Work) -> list[Route]:
    """The one resource (table 15.1.1-1)."""
    handlers = PerformedStepHandlers(steps, work)
    resource = "modality-performed-procedure-steps/{mpps}"
    return [Route("POST", resource, handlers.create_or_update), Route("GET", resource, handlers.retrieve)]


class PerformedStepHandlers:
    """Viewers may retrieve, editors may do all the rest."""

    def __init__(self, steps: PerformedSteps, work: Work) -> None:
        self._steps = steps
        self._work = work

    async def create_or_update(self, exchange: Exchange) -> None:
        """POST /modality-performed-procedure-steps/{mppsUID}, with `?update` to change one that is there (15.4, 15.5)."""
        require_editor(exchange)
        names = {name for name, _ in exchange.parameters} - _COMMON
        if names - {"update"}:
            raise InvalidQuery("the only parameter is update")
        data_set = await read_data_set(exchange)
        uid = exchange.parts[0]
        url = f"{exchange.base_url}/modality-performed-procedure-steps/{uid}".encode()
        if names:
            await self._work.slow(self._steps.update, exchange.origin, uid, data_set)
            await exchange.answer(200, [(b"content-location", url)])
        else:
            await self._work.slow(self._steps.create, exchange.origin, uid, data_set)
            await exchange.answer(201, [(b"location", url)])

    async def retrieve(self, exchange: Exchange) -> None:
        """GET /modality-performed-procedure-steps/{mppsUID}{?includefield*} (15.6); all attributes where none is named."""
        write = choose_writer(exchange.accept)
        included: set[str] = set()
        unknown: list[str] = []
        everything = False
        for name, value in exchange.parameters:
            if name in _COMMON:
                continue
            if name != "includefield":
                raise InvalidInput("the only parameter is includefield")
            for one in filter(None, map(str.strip, value.split(","))):
                path = attribute_path(one)
                if len(path) == 1:
                    included.add(f"{tag_of(path[0]):08X}")
                elif one != "all":
                    unknown.append("includefield")
                everything |= one == "all"
        data_set = await self._work.quick(self._steps.retrieve, exchange.origin, exchange.parts[0])
        if included and not everything:
            data_set = {tag: data_set.get(tag, {"vr": vr_of(int(tag, 16))}) for tag in sorted(included)}
        content_type, body = write([data_set])
        headers = [(b"content-type", content_type)]
        if unknown:
            headers.append(warning("An attribute named by includefield is not known and was ignored."))
        await exchange.answer(200, headers, body)
