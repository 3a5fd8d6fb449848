"""Delete, reject and restore: PS3.18 has no such transactions; the paths are those that other archives offer."""

from __future__ import annotations

from hounsfield.model.errors import InvalidInput
from hounsfield.model.rejection import RejectionCode
from hounsfield.servers.dicomweb.exchange import Exchange
from hounsfield.servers.dicomweb.work import Work
from hounsfield.services.delete import Decide, Subject, delete_objects
from hounsfield.services.reject import reject_objects, restore_objects

REASON_HEADER = b"hounsfield-reason"


class Decisions:
    """The handlers of `DELETE` and of `/reject/{code}` and `/restore` below a study, series or instance."""

    def __init__(self, decide: Decide, work: Work) -> None:
        self._decide = decide
        self._work = work

    async def delete(self, exchange: Exchange) -> None:
        """DELETE /studies/{study}[/series/{series}[/instances/{instance}]]."""
        reason = reason_of(exchange, "deleted over DICOMweb")
        await self._work.slow(delete_objects, self._decide, exchange.origin, Subject(*exchange.parts), reason)
        await exchange.answer(204, [])

    async def reject(self, exchange: Exchange) -> None:
        """POST .../reject/{code}."""
        *named, code_text = exchange.parts
        code = RejectionCode.parse(code_text)
        reason = reason_of(exchange, code.meaning)
        await self._work.slow(reject_objects, self._decide, exchange.origin, Subject(*named), code, reason)
        await exchange.answer(204, [])

    async def restore(self, exchange: Exchange) -> None:
        """POST .../restore."""
        reason = reason_of(exchange, "restored over DICOMweb")
        await self._work.slow(restore_objects, self._decide, exchange.origin, Subject(*exchange.parts), reason)
        await exchange.answer(204, [])


def reason_of(exchange: Exchange, default: str) -> str:
    """`?reason=`, else the header `Hounsfield-Reason` in UTF-8, else the default. Raises: InvalidInput."""
    if (asked := exchange.parameter("reason")) is not None:
        return asked
    raw = exchange.headers.get(REASON_HEADER)
    if raw is None:
        return default
    try:
        return raw.decode()
    except UnicodeDecodeError as exc:
        raise InvalidInput("the header Hounsfield-Reason is not UTF-8") from exc
