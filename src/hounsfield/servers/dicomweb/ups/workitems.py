"""The handlers of one workitem: create, retrieve, update, change its state, ask that it be canceled (PS3.18 11.4 to 11.8)."""

from __future__ import annotations

from hounsfield.model.attribute_rules import first_text
from hounsfield.model.errors import AccessDenied, InvalidInput
from hounsfield.model.identifiers import AE_TITLE_MAX_CHARACTERS, AETitle, parse_uid
from hounsfield.model.origin import Role
from hounsfield.model.procedure_step import SAID, StepState, StepStatus
from hounsfield.model.procedure_step_attributes import SOP_INSTANCE_UID, STATE, TRANSACTION_UID
from hounsfield.servers.dicomweb.data_set_exchange import choose_writer, read_data_set, warning
from hounsfield.servers.dicomweb.exchange import Exchange, Header
from hounsfield.servers.dicomweb.ups.refusals import refusing
from hounsfield.servers.dicomweb.work import Work
from hounsfield.services.workitems import Workitems

AFFECTED_SOP_INSTANCE_UID = "00001000"
_NO_PARAMETERS = frozenset({"accept", "charset"})


class WorkitemHandlers:
    """Viewers may retrieve, editors may do all the rest."""

    def __init__(self, workitems: Workitems, work: Work) -> None:
        self._workitems = workitems
        self._work = work

    @refusing({})
    async def create(self, exchange: Exchange) -> None:
        """POST /workitems and /workitems?{workitem}."""
        require_editor(exchange)
        asked = uid_parameter(exchange, "workitem")
        data_set = await read_data_set(exchange)
        held = first_text(data_set, SOP_INSTANCE_UID) or first_text(data_set, AFFECTED_SOP_INSTANCE_UID)
        if asked and held and asked != held:
            raise InvalidInput("the query and the data set name different workitem UIDs")
        uid = parse_uid(asked or held) if asked or held else ""
        created = await self._work.slow(self._workitems.create, exchange.origin, uid, data_set)
        url = f"{exchange.base_url}/workitems/{created.uid}".encode()
        headers: list[Header] = [(b"location", url), (b"content-location", url)]
        if created.filled:
            headers.append(warning("The Workitem was created with modifications."))
        await exchange.answer(201, headers)

    async def retrieve(self, exchange: Exchange) -> None:
        """GET /workitems/{workitem}."""
        write = choose_writer(exchange.accept)
        item = await self._work.quick(self._workitems.retrieve, exchange.origin, exchange.parts[0])
        content_type, body = write([item.data_set])
        url = f"{exchange.base_url}/workitems/{item.uid}".encode()
        await exchange.answer(200, [(b"content-type", content_type), (b"content-location", url)], body)

    @refusing({StepStatus.MAY_NO_LONGER_BE_UPDATED: 400})
    async def update(self, exchange: Exchange) -> None:
        """POST /workitems/{workitem}?{transaction-uid}; of one that is COMPLETED or CANCELED 400, as 11.6.2 says."""
        require_editor(exchange)
        asked = uid_parameter(exchange, "transaction-uid")
        changes = await read_data_set(exchange)
        transaction_uid = asked or first_text(changes, TRANSACTION_UID)
        await self._work.slow(self._workitems.update, exchange.origin, exchange.parts[0], changes, transaction_uid)
        url = f"{exchange.base_url}/workitems/{exchange.parts[0]}".encode()
        await exchange.answer(200, [(b"content-location", url)])

    @refusing({})
    async def change_state(self, exchange: Exchange) -> None:
        """PUT /workitems/{workitem}/state."""
        require_editor(exchange)
        wish = await read_data_set(exchange)
        text = first_text(wish, STATE)
        if text not in list(StepState):
            raise InvalidInput("Procedure Step State is IN PROGRESS, COMPLETED or CANCELED")
        given = first_text(wish, TRANSACTION_UID)
        transaction_uid = parse_uid(given) if given else ""
        status = await self._work.slow(self._workitems.change_state, exchange.origin, exchange.parts[0], StepState(text), transaction_uid)
        url = f"{exchange.base_url}/workitems/{exchange.parts[0]}".encode()
        await exchange.answer(200, [(b"content-location", url), *_said(status)])

    @refusing({})
    async def request_cancellation(self, exchange: Exchange) -> None:
        """POST /workitems/{workitem}/cancelrequest and .../cancelrequest/{requester}."""
        require_editor(exchange)
        requester = exchange.parts[1] if len(exchange.parts) > 1 else exchange.principal.name[:AE_TITLE_MAX_CHARACTERS]
        reasons = await read_data_set(exchange, required=False)
        call = self._workitems.request_cancellation
        status = await self._work.slow(call, exchange.origin, exchange.parts[0], AETitle.parse(requester), reasons)
        await exchange.answer(202, _said(status))


def _said(status: StepStatus) -> list[Header]:
    return [] if status is StepStatus.DONE else [warning(SAID[status])]


def require_editor(exchange: Exchange) -> None:
    """Raises: AccessDenied."""
    if not exchange.principal.role.includes(Role.EDITOR):
        raise AccessDenied("this account may look, but not change the worklist")


def uid_parameter(exchange: Exchange, name: str) -> str:
    """A UID that is the whole query (`?1.2.3`), or the value of the parameter `name`; empty where there is neither.

    Raises: InvalidInput for a query of anything else.
    """
    found = ""
    for key, value in exchange.parameters:
        if key in _NO_PARAMETERS:
            continue
        text = value if key == name else key if not value else ""
        if not text or found:
            raise InvalidInput(f"the query holds one UID, alone or as {name}=UID")
        found = parse_uid(text)
    return found
