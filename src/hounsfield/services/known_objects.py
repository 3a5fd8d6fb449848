"""What an uploader need not send: which objects are here already, and with which bytes, so that it goes on where it was interrupted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hounsfield.index.holdings import Holdings
from hounsfield.model.errors import InvalidInput
from hounsfield.model.origin import Origin, Role
from hounsfield.services.accounts import require

MOST_OBJECTS = 500


@dataclass(frozen=True, slots=True)
class KnownObject:
    """data_set_sha256: of the bytes behind the file meta information, as they came."""

    sop_instance_uid: str
    transfer_syntax_uid: str
    data_set_sha256: bytes


class KnownObjects:
    """Who has the same bytes under the same UID would be told `duplicate`; it is for the uploader to compare them."""

    def __init__(self, holdings: Holdings) -> None:
        self._holdings = holdings

    def __call__(self, origin: Origin, sop_instance_uids: Sequence[str]) -> list[KnownObject]:
        """Of those that are here and count, in no order. Raises: AccessDenied, InvalidInput, IndexUnavailable."""
        require(origin.principal, Role.EDITOR)
        if len(sop_instance_uids) > MOST_OBJECTS:
            raise InvalidInput(f"at most {MOST_OBJECTS} objects at once")
        held = self._holdings.held(origin.principal.partition_id, list(dict.fromkeys(sop_instance_uids)))
        stored = [(one.instance.sop_instance_uid, one.instance.stored) for one in held]
        return [KnownObject(uid, one.transfer_syntax_uid, one.digests.data_set_sha256) for uid, one in stored]
