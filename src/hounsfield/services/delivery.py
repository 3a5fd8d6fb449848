"""Stored instances go to a peer, and what comes of each is told apart: stored, refused for good, or to be tried again."""

from __future__ import annotations

import enum
import ssl
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

from hounsfield.model.errors import HounsfieldError, Unavailable
from hounsfield.model.peers import Peer
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.network.errors import AssociationLost, NetworkError, NothingAccepted, Unreachable
from hounsfield.network.status import Status, is_warning
from hounsfield.network.transport import Buffer
from hounsfield.peers.object_source import Batch, ObjectSource
from hounsfield.peers.store_operations import Sent
from hounsfield.peers.store_sender import StoreSender

OUT_OF_RESOURCES = range(0xA700, 0xA800)
"""Failure: refused, out of resources (PS3.4 table B.2-1)."""
_REFUSED_FOR_GOOD = (range(0xA900, 0xAA00), range(0xC000, 0xD000))
"""Data set does not match SOP class; cannot understand (PS3.4 table B.2-1)."""
_NEVER = frozenset({Status.SOP_CLASS_NOT_SUPPORTED, Status.NOT_AUTHORIZED})


class Fate(enum.Enum):
    """What becomes of an instance that was to be sent."""

    STORED = enum.auto()
    REFUSED = enum.auto()
    """The same again would be refused again."""
    LATER = enum.auto()
    """Tried in vain; another time it may succeed."""


class Delivered(NamedTuple):
    """One instance's fate. comment: for a person."""

    instance: StoredInstance
    fate: Fate
    comment: str = ""


class Deliver(Protocol):
    """Sends a batch to a peer, in order."""

    def __call__(self, peer: Peer, batch: Batch) -> Iterator[Delivered]:
        """One for each instance that was tried; those without one were not.

        Raises: NetworkError where the peer cannot be reached, is out of resources, or does not keep the association.
        """
        ...


class DimseDelivery:
    """By C-STORE. source_of: opens objects in a form that suits the peer; called once a batch.

    tls_context_of: for a peer that is called over TLS.
    """

    def __init__(
        self,
        calling_ae_title: str,
        source_of: Callable[[Peer], ObjectSource],
        tls_context_of: Callable[[Peer], ssl.SSLContext | None] = lambda _: None,
    ) -> None:
        self._calling_ae_title = calling_ae_title
        self._source_of = source_of
        self._tls_context_of = tls_context_of

    def __call__(self, peer: Peer, batch: Batch) -> Iterator[Delivered]:
        """As the protocol says."""
        tls_context = self._tls_context_of(peer) if peer.tls else None
        if peer.tls and tls_context is None:
            raise Unreachable(f"{peer.ae_title} is to be called over TLS, which is not set up here")
        source = _Watched(self._source_of(peer))
        sender = StoreSender(peer, source, calling_ae_title=self._calling_ae_title, tls_context=tls_context)
        try:
            yield from _delivered(sender, source, batch)
        except NothingAccepted as exc:
            # The peer is in order: it is these objects that it does not take.
            for instance in batch.of(batch.kinds):
                yield Delivered(instance, Fate.REFUSED, f"{exc} for {instance.sop_class_uid}")


def _delivered(sender: StoreSender, source: _Watched, batch: Batch) -> Iterator[Delivered]:
    lost = ""
    for sent in sender.send(batch):
        uid = sent.instance.sop_instance_uid
        if sent.status is not None:
            fate = fate_of(sent.status)
            yield Delivered(sent.instance, fate, "" if fate is Fate.STORED else _words(sent))
            if sent.status in OUT_OF_RESOURCES:
                lost = _words(sent)
        elif uid in source.unsendable:
            yield Delivered(sent.instance, source.unsendable[uid], sent.comment)
        else:
            lost = sent.comment
            if uid in source.opened:
                yield Delivered(sent.instance, Fate.LATER, sent.comment)
        if lost:
            sender.stopping = True
            break
    if lost:
        raise AssociationLost(lost)


class _Watched:
    """An object source that notes which objects were opened, so that a broken association is not taken for a bad object."""

    def __init__(self, source: ObjectSource) -> None:
        self.preferred = source.preferred
        self.opened: set[str] = set()
        self.unsendable: dict[str, Fate] = {}
        self._source = source

    def syntaxes(self, instance: StoredInstance, accepted: Collection[str]) -> Sequence[str]:
        found = self._source.syntaxes(instance, accepted)
        if not found:
            self.unsendable[instance.sop_instance_uid] = Fate.REFUSED
        return found

    def open(self, instance: StoredInstance, transfer_syntax_uid: str) -> Buffer | Iterable[Buffer]:
        uid = instance.sop_instance_uid
        try:
            opened = self._source.open(instance, transfer_syntax_uid)
        except Exception as exc:
            self._note(uid, exc)
            raise
        self.opened.add(uid)
        self.unsendable.pop(uid, None)
        return opened if isinstance(opened, bytes | bytearray | memoryview) else self._pieces(uid, opened)

    def _pieces(self, uid: str, pieces: Iterable[Buffer]) -> Iterator[Buffer]:
        try:
            yield from pieces
        except Exception as exc:
            self._note(uid, exc)
            raise

    def _note(self, uid: str, error: Exception) -> None:
        is_final = isinstance(error, HounsfieldError) and not isinstance(error, Unavailable | NetworkError)
        self.unsendable[uid] = Fate.REFUSED if is_final else Fate.LATER


def fate_of(status: int) -> Fate:
    """What the status of a C-STORE response means for the instance (PS3.4 B.2.3, PS3.7 C.5); that it is there already is as good."""
    if status in (Status.SUCCESS, Status.DUPLICATE_SOP_INSTANCE) or is_warning(status):
        return Fate.STORED
    if status in _NEVER or any(status in refused for refused in _REFUSED_FOR_GOOD):
        return Fate.REFUSED
    return Fate.LATER


def _words(sent: Sent) -> str:
    return f"the peer answered {sent.status:04X}{f': {sent.comment}' if sent.comment else ''}"
