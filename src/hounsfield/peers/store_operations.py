"""C-STORE as SCU over an association that stands: one operation after the other, or several at once (PS3.7 9.1.1, 9.3.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

import structlog

from hounsfield.model.errors import HounsfieldError, ObjectTooLarge, UndecodablePixels
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.network.association import AcceptedContext, Association, Message
from hounsfield.network.dimse import Command, CommandField, decode_command, request
from hounsfield.network.errors import AssociationLost, NetworkError, ProtocolError
from hounsfield.network.negotiation import MOST_INVOKED
from hounsfield.network.status import Status, is_failure, is_warning
from hounsfield.network.store_messages import decode_store_response
from hounsfield.network.transport import Buffer
from hounsfield.peers.object_source import ObjectSource

log = structlog.get_logger(__name__)

_MEDIUM_PRIORITY = 0
_INTERNAL_ERROR = "internal error, see the server's log"
_CUT_SHORT = "an object could not be read to its end; it must not arrive as if it were whole"


class Sent(NamedTuple):
    """What came of one instance.

    status: of the peer's response; None where there is none, because it could not be sent.
    comment: for a person.
    """

    instance: StoredInstance
    status: int | None
    comment: str = ""

    @property
    def ok(self) -> bool:
        """Stored, perhaps with a warning."""
        return self.status is not None and not is_failure(self.status)

    @property
    def warned(self) -> bool:
        """Stored, with a warning."""
        return self.status is not None and is_warning(self.status)


class MoveOriginator(NamedTuple):
    """Whose C-MOVE the operations belong to (PS3.7 9.3.1.1)."""

    ae_title: str
    message_id: int


class _Prepared(NamedTuple):
    """message: complete, where the data set was at hand; else `pieces` of it follow the command."""

    instance: StoredInstance
    message_id: int
    message: list[Buffer]
    context_id: int = 0
    command: bytes = b""
    pieces: Iterable[Buffer] = ()


def _unexpected(message: Message, command: Command) -> None:
    raise ProtocolError(f"{command.field:04X} came where a response to C-STORE was due")


class StoreOperations:
    """Sends instances over one association; belongs to the thread that drives it.

    contexts: those in which the peer takes objects.
    at_once: operations that it agreed to perform at once; 0 for any number.
    others: called with every message that is no response to C-STORE.
    stopping: no further instance is sent; those under way are still answered.
    under_way: sent and not yet answered, in order.
    held: taken from the instances and not yet sent.
    spoilt: the instance that turned out damaged in the middle of its transmission, which ended the association.
    """

    def __init__(
        self,
        association: Association,
        contexts: Iterable[AcceptedContext],
        source: ObjectSource,
        *,
        at_once: int = 1,
        originator: MoveOriginator | None = None,
        others: Callable[[Message, Command], None] = _unexpected,
    ) -> None:
        self.stopping = False
        self.under_way: dict[int, StoredInstance] = {}
        self.held: StoredInstance | None = None
        self.spoilt: Sent | None = None
        self._association = association
        self._source = source
        self.at_once = min(at_once or MOST_INVOKED, MOST_INVOKED)
        self._others = others
        self._last_id = 0
        self._more: Mapping[str, str | int] = (
            {}
            if originator is None
            else {"move_originator_ae_title": originator.ae_title, "move_originator_message_id": originator.message_id}
        )
        self._contexts: dict[str, dict[str, int]] = {}
        for context in contexts:
            self._contexts.setdefault(context.abstract_syntax, {}).setdefault(context.transfer_syntax, context.context_id)

    def run(self, instances: Iterable[StoredInstance]) -> Iterator[Sent]:
        """One outcome for each instance, in the order in which they come to be known.

        While the peer works on one object, the next is read. Raises: NetworkError; what is `under_way` or `held` then has no outcome.
        """
        for instance in instances:
            self.held = instance
            prepared = self._prepare(instance)
            answered = self._answer() if len(self.under_way) >= self.at_once else None
            lost: NetworkError | None = None
            if not self.stopping and isinstance(prepared, _Prepared):
                # Before anything else is done: the peer has nothing to do until it comes.
                try:
                    self._send(prepared)
                except NetworkError as exc:
                    lost = exc
            if answered is not None:
                yield answered
            if lost is not None:
                raise lost
            if isinstance(prepared, Sent):
                self.held = None
                yield prepared
            if self.stopping:
                break
        while self.under_way:
            yield self._answer()

    def _prepare(self, instance: StoredInstance) -> _Prepared | Sent:
        contexts = self._contexts.get(instance.sop_class_uid, {})
        why = f"no presentation context was accepted for {instance.sop_class_uid}"
        for syntax in self._source.syntaxes(instance, contexts):
            try:
                return self._message(instance, contexts[syntax], self._source.open(instance, syntax))
            except (UndecodablePixels, ObjectTooLarge) as exc:
                why = str(exc)  # perhaps it can go in another transfer syntax
            except HounsfieldError as exc:
                return Sent(instance, None, str(exc))
            except Exception:
                # One odd object must not keep the others from going.
                log.exception("store_operation.failed", sop_instance_uid=instance.sop_instance_uid)
                return Sent(instance, None, _INTERNAL_ERROR)
        return Sent(instance, None, why)

    def _message(self, instance: StoredInstance, context_id: int, data_set: Buffer | Iterable[Buffer]) -> _Prepared:
        self._last_id = self._last_id % 0xFFFF + 1
        command = request(
            CommandField.C_STORE_RQ,
            self._last_id,
            instance.sop_class_uid,
            has_data_set=True,
            priority=_MEDIUM_PRIORITY,
            affected_sop_instance_uid=instance.sop_instance_uid,
            **self._more,
        )
        if isinstance(data_set, bytes | bytearray | memoryview):
            return _Prepared(instance, self._last_id, self._association.message(context_id, command, data_set))
        return _Prepared(instance, self._last_id, [], context_id, command, data_set)

    def _send(self, prepared: _Prepared) -> None:
        self.under_way[prepared.message_id] = prepared.instance
        self.held = None
        try:
            if prepared.message:
                self._association.send_message(prepared.message)
            else:
                self._association.send(prepared.context_id, prepared.command, prepared.pieces)
        except NetworkError:
            raise
        except HounsfieldError as exc:
            self._spoil(prepared, str(exc))
            raise AssociationLost(_CUT_SHORT) from exc
        except Exception as exc:
            log.exception("store_operation.failed", sop_instance_uid=prepared.instance.sop_instance_uid)
            self._spoil(prepared, _INTERNAL_ERROR)
            raise AssociationLost(_CUT_SHORT) from exc

    def _spoil(self, prepared: _Prepared, why: str) -> None:
        del self.under_way[prepared.message_id]
        self.spoilt = Sent(prepared.instance, None, why)
        self._association.abort()

    def _answer(self) -> Sent:
        while True:
            message = self._association.receive()
            if message is None:
                raise AssociationLost("the peer released the association instead of answering")
            response = decode_store_response(message.command)
            if response is None:
                self._others(message, decode_command(message.command))
                continue
            instance = self.under_way.pop(response.message_id, None)
            if instance is None:
                raise ProtocolError(f"the peer answered message {response.message_id}, which was not asked")
            if response.has_data_set:
                self._association.read_data_set(_drop)
            self._association.record.objects += response.status == Status.SUCCESS
            return Sent(instance, response.status, response.comment)


def _drop(data: memoryview) -> None:
    """C-STORE is answered without a data set; whoever sends one is heard out."""
