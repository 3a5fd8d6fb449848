"""Storage SCU: sends instances out of the packs to a peer (PS3.4 annex B)."""

from __future__ import annotations

import ssl
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from hounsfield.dicom.transfer_syntaxes import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from hounsfield.model.peers import Peer
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.network.association import Association
from hounsfield.network.errors import NetworkError, Unreachable
from hounsfield.network.limits import AssociationLimits
from hounsfield.network.negotiation import MOST_INVOKED
from hounsfield.network.pdu import ProposedContext
from hounsfield.network.requestor import associate, finish
from hounsfield.network.user_information import AsynchronousWindow
from hounsfield.peers.dimse import IMPLEMENTATION, MOST_CONTEXTS
from hounsfield.peers.object_source import Batch, Kind, ObjectSource
from hounsfield.peers.store_operations import MoveOriginator, Sent, StoreOperations

MOST_BREAKS = 3
"""So many associations may break in a row, without an answer between them, before the rest is given up."""

UNCOMPRESSED = (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN)


class StoreSender:
    """Sends to one peer; belongs to one thread.

    source: opens the objects; its preferred transfer syntaxes are offered beside the stored ones.
    originator: whose C-MOVE it is.
    retries: how often one object is tried again when its association breaks.
    stopping: set it, and no further instance is sent.
    """

    def __init__(
        self,
        peer: Peer,
        source: ObjectSource,
        *,
        calling_ae_title: str,
        originator: MoveOriginator | None = None,
        limits: AssociationLimits | None = None,
        tls_context: ssl.SSLContext | None = None,
        retries: int = 1,
    ) -> None:
        self.stopping = False
        self._peer = peer
        self._source = source
        self._calling_ae_title = calling_ae_title
        self._originator = originator
        self._limits = limits or AssociationLimits()
        self._tls_context = tls_context
        self._retries = retries

    def send(self, batch: Batch) -> Iterator[Sent]:
        """One outcome for each instance, unless `stopping` is set. As many associations as the kinds of objects need.

        Raises: NetworkError where there is no first association; one that cannot be had again makes the rest fail.
        """
        for number, kinds in enumerate(self._groups(batch.kinds)):
            yield from self._send_group(kinds, batch.of(kinds), is_first=not number)

    def _groups(self, kinds: Sequence[Kind]) -> Iterator[frozenset[Kind]]:
        """Kinds whose contexts fit into one association (PS3.8 9.3.2.2)."""
        by_class: dict[str, list[Kind]] = {}
        for kind in kinds:
            by_class.setdefault(kind[0], []).append(kind)
        group: list[Kind] = []
        for of_class in by_class.values():
            if group and len(self._contexts([*group, *of_class])) > MOST_CONTEXTS:
                yield frozenset(group)
                group = []
            group += of_class
        if group:
            yield frozenset(group)

    def _contexts(self, kinds: Iterable[Kind]) -> list[ProposedContext]:
        """For each class a context in each syntax it is stored in or the peer likes best, and one in either uncompressed syntax.

        One transfer syntax a context, so that the choice among what the peer takes is ours.
        """
        offers: dict[tuple[str, tuple[str, ...]], None] = {}
        for sop_class_uid, stored in kinds:
            for syntax in (*self._source.preferred, stored, *UNCOMPRESSED):
                offers[(sop_class_uid, (syntax,))] = None
        return [ProposedContext(2 * number + 1, *offer) for number, offer in enumerate(offers)]

    def _send_group(self, kinds: frozenset[Kind], instances: Iterable[StoredInstance], *, is_first: bool) -> Iterator[Sent]:
        left = iter(instances)
        again: deque[StoredInstance] = deque()
        breaks = 0
        attempts: dict[str, int] = {}
        why = ""
        while not self.stopping:
            try:
                association = self._associate(kinds)
            except NetworkError as exc:
                if is_first:
                    raise
                why = str(exc)
                break
            is_first = False
            operations = self._operations(association)
            try:
                for sent in operations.run(_first(again, left)):
                    breaks = 0
                    yield sent
                    operations.stopping = self.stopping
                association.release()
                return
            except NetworkError as exc:
                why = str(exc)
                if operations.spoilt is not None:
                    yield operations.spoilt
                else:
                    breaks += 1
                for instance in operations.under_way.values():
                    attempts[instance.sop_instance_uid] = attempts.get(instance.sop_instance_uid, 0) + 1
                    if attempts[instance.sop_instance_uid] > self._retries:
                        yield Sent(instance, None, why)
                    else:
                        again.append(instance)
                if operations.held is not None:
                    again.append(operations.held)
                if breaks >= MOST_BREAKS:
                    break
            finally:
                finish(association)
        if not self.stopping:
            for instance in chain(again, left):
                yield Sent(instance, None, why)

    def _operations(self, association: Association) -> StoreOperations:
        window = association.answer.window
        return StoreOperations(
            association,
            association.contexts.values(),
            self._source,
            at_once=1 if window is None else window.invoked,
            originator=self._originator,
        )

    def _associate(self, kinds: frozenset[Kind]) -> Association:
        peer = self._peer
        if peer.tls and self._tls_context is None:
            raise Unreachable(f"{peer.ae_title} is to be called over TLS, which is not set up here")
        return associate(
            (peer.host, peer.port),
            self._calling_ae_title,
            peer.ae_title,
            self._contexts(sorted(kinds)),
            IMPLEMENTATION,
            self._limits,
            tls_context=self._tls_context,
            window=AsynchronousWindow(MOST_INVOKED, 1),
        )


def _first(again: deque[StoredInstance], left: Iterator[StoredInstance]) -> Iterator[StoredInstance]:
    while again:
        yield again.popleft()
    for instance in left:  # noqa: UP028  `yield from` would close it together with this generator, when an association breaks
        yield instance
