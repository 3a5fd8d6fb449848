"""What the refusals of the procedure step's state machine become over HTTP (PS3.18 tables 11.4.3-1 to 11.8.3-1)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from typing import Any, Final

from hounsfield.model.procedure_step import StepRefused, StepStatus
from hounsfield.servers.dicomweb.data_set_exchange import warning
from hounsfield.servers.dicomweb.exchange import Exchange
from hounsfield.servers.outcomes import outcome_of

_HTTP: Final[Mapping[StepStatus, int]] = {
    StepStatus.WRONG_TRANSACTION_UID: 400,
    StepStatus.SCHEDULED_BY_CREATION_ONLY: 400,
    StepStatus.NOT_CREATED_AS_SCHEDULED: 400,
}
"""All others are conflicts with the state of the workitem: 409."""

_INCONSISTENT: Final = "The submitted request is inconsistent with the current state of the Workitem."
_WARNINGS: Final[Mapping[StepStatus, str]] = {
    StepStatus.WRONG_TRANSACTION_UID: "The Transaction UID is incorrect.",
    StepStatus.NOT_YET_IN_PROGRESS: "The target URI did not reference a claimed Workitem.",
    StepStatus.ALREADY_COMPLETED_CANNOT_CANCEL: "The UPS is already COMPLETED.",
}

Handle = Callable[[Any, Exchange], Awaitable[None]]


def refusing(overruled: Mapping[StepStatus, int]) -> Callable[[Handle], Handle]:
    """A handler whose refusals are answered with status and warning. overruled: statuses that this transaction has otherwise."""

    def decorate(handle: Handle) -> Handle:
        @wraps(handle)
        async def handled(self: Any, exchange: Exchange) -> None:
            try:
                await handle(self, exchange)
            except StepRefused as exc:
                status = overruled.get(exc.status, _HTTP.get(exc.status, 409))
                document = {"error": {"code": outcome_of(exc).code, "message": str(exc), "status": f"{exc.status:04X}"}}
                await exchange.answer_json(status, document, [warning(_WARNINGS.get(exc.status, _INCONSISTENT))])

        return handled

    return decorate
