"""Storage SCU: sends instances out of the packs to a peer (PS3.4 annex B)."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

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
from hounsfield.peers.lanes import Lanes
from hounsfield.peers.object_source import Batch, Kind, ObjectSource
from hounsfield.peers.store_helpers import StoreHelpers
from hounsfield.peers.store_operations import MoveOriginator, Sent, StoreOperations
from hounsfield.peers.store_work import StoreWork

MOST_BREAKS = 3
"""So many associations may break in a row, without an answer between them, before the rest is given up."""

HELP_AFTER_S = 0.2
"""What one association carries in this time needs no second one."""

UNCOMPRESSED = (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN)


class StoreSender:
    """Sends to one peer; belongs to one thread.

    source: opens the objects; its preferred transfer syntaxes are offered beside the stored ones.
    associations: as many may carry the instances at once, in no certain order, where the peer performs one operation at a time over each.
    new_source: makes what opens the objects for each association beside the first; without it there is none.
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
        associations: int = 1,
        new_source: Callable[[], ObjectSource] | None = None,
        lanes: Lanes | None = None,
    ) -> None:
        self.stopping = False
        self._peer = peer
        self._source = source
        self._new_source = new_source or (lambda: source)
        self._calling_ae_title = calling_ae_title
        self._originator = originator
        self._limits = limits or AssociationLimits()
        self._tls_context = tls_context
        self._retries = retries
        self._most = associations if new_source is not None else 1
        self._lanes = lanes or Lanes()

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
        work = StoreWork(instances, self._retries)
        helpers = StoreHelpers(
            self._peer.ae_title,
            work,
            lambda: self._associate(kinds),
            lambda association: self._operations(association, self._new_source()),
            lambda: self.stopping,
            self._lanes,
        )
        try:
            why = yield from self._carry(kinds, work, helpers, is_first=is_first)
            yield from helpers.rest()
            while work.has_come_back and not (self.stopping or why):
                why = yield from self._carry(kinds, work, helpers, is_first=False)
            if not self.stopping:
                for instance in work:
                    yield Sent(instance, None, why)
        finally:
            helpers.abandon()

    def _carry(self, kinds: frozenset[Kind], work: StoreWork, helpers: StoreHelpers, *, is_first: bool) -> Generator[Sent, None, str]:
        """Over one association, and another one where it breaks, until nothing is left. Returns why it gave up, empty where it did not."""
        breaks = 0
        began_s = time.monotonic()
        while not self.stopping:
            try:
                association = self._associate(kinds)
            except NetworkError as exc:
                if is_first:
                    raise
                return str(exc)
            is_first = False
            operations = self._operations(association, self._source)
            self._lanes.enter(self._peer.ae_title)
            try:
                for sent in operations.run(work):
                    breaks = 0
                    yield sent
                    if operations.at_once == 1 and time.monotonic() - began_s > HELP_AFTER_S:
                        helpers.call(self._most)
                    yield from helpers.outcomes()
                    operations.stopping = self.stopping
                association.release()
                break
            except NetworkError as exc:
                breaks += operations.spoilt is None
                yield from work.take_back(operations, str(exc))
                if breaks >= MOST_BREAKS:
                    return str(exc)
            finally:
                self._lanes.leave(self._peer.ae_title)
                finish(association)
        return ""

    def _operations(self, association: Association, source: ObjectSource) -> StoreOperations:
        window = association.answer.window
        return StoreOperations(
            association,
            association.contexts.values(),
            source,
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
