"""Where the bytes of an object that is sent come from, as far as a sender has to know."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from hounsfield.model.stored_instance import StoredInstance
from hounsfield.network.transport import Buffer

Kind = tuple[str, str]
"""SOP class and stored transfer syntax."""


class ObjectSource(Protocol):
    """Opens objects for one sender; used by one thread."""

    preferred: Sequence[str]
    """Transfer syntaxes that the destination takes best, first choice first; empty: as stored."""

    def syntaxes(self, instance: StoredInstance, accepted: Collection[str]) -> Sequence[str]:
        """Those of the accepted transfer syntaxes in which the instance may go, the best first."""

    def open(self, instance: StoredInstance, transfer_syntax_uid: str) -> Buffer | Iterable[Buffer]:
        """Its data set. Bytes are verified, and stand until the next call; of pieces the last comes only when all are.

        Raises: HounsfieldError, here or between two pieces.
        """


class Batch(Protocol):
    """Instances to be sent."""

    @property
    def kinds(self) -> Sequence[Kind]:
        """Each once."""

    def of(self, kinds: Collection[Kind]) -> Iterable[StoredInstance]:
        """The instances of these kinds, in order."""


class Listed:
    """A batch of instances that are in memory."""

    def __init__(self, instances: Sequence[StoredInstance]) -> None:
        self._instances = instances
        self.kinds: Sequence[Kind] = list(dict.fromkeys(map(kind_of, instances)))

    def of(self, kinds: Collection[Kind]) -> Iterable[StoredInstance]:
        """The instances of these kinds, in order."""
        return [instance for instance in self._instances if kind_of(instance) in kinds]


def kind_of(instance: StoredInstance) -> Kind:
    """What a presentation context for it as it is stored names."""
    return instance.sop_class_uid, instance.transfer_syntax_uid
