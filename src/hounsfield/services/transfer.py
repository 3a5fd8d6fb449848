"""Plan what a retrieve names, and send it: C-MOVE, C-GET and routing (PS3.4 C.4.2, C.4.3)."""

from __future__ import annotations

import contextlib
import ssl
from array import array
from collections.abc import Callable, Collection, Iterator, Sequence

from hounsfield.archive.reader import PackReader
from hounsfield.index.retrieval import RetrievalReader
from hounsfield.model.errors import IndexUnavailable, Unavailable
from hounsfield.model.frame_selection import FrameSelection, FramesNotFound
from hounsfield.model.origin import Origin
from hounsfield.model.peers import Peer
from hounsfield.model.retrieval import Named
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.network.limits import AssociationLimits
from hounsfield.peers.lanes import Lanes
from hounsfield.peers.object_source import Kind, ObjectSource
from hounsfield.peers.store_operations import MoveOriginator
from hounsfield.peers.store_sender import StoreSender
from hounsfield.services.extraction import Extraction
from hounsfield.services.frame_extraction import FrameExtractor
from hounsfield.services.object_source import HeaderSource, PackSource
from hounsfield.services.rewrite import Rewriter

MOST_INSTANCES = 200_000
"""Of one retrieve. Its plan takes some hundred bytes of memory for each."""

FIRST_PAGE, LARGEST_PAGE = 16, 512
"""Instances of a plan whose rows are in memory at once: few at first, so that the first object goes soon."""


class TooManyInstances(Unavailable):
    """A retrieve names more instances than are planned at once."""


class Plan:
    """The instances of one retrieve, in order of study, series and instance number. It is a `peers.object_source.Batch`.

    missing: SOP Instance UIDs of those that could not be looked up any more when their turn came: deleted since, or no database.
    """

    def __init__(self, reader: RetrievalReader, partition_id: int) -> None:
        self.missing: list[str] = []
        self._reader = reader
        self._partition_id = partition_id
        self._keys = array("q")
        self._uids: list[str] = []
        self._kinds: dict[Kind, int] = {}
        self._kind_numbers = array("L")

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def kinds(self) -> Sequence[Kind]:
        """Each once, in order of appearance."""
        return list(self._kinds)

    @property
    def uids(self) -> Sequence[str]:
        """SOP Instance UIDs of all of it."""
        return self._uids

    def add(self, key: int, sop_instance_uid: str, kind: Kind) -> None:
        """Appends an instance."""
        self._keys.append(key)
        self._uids.append(sop_instance_uid)
        self._kind_numbers.append(self._kinds.setdefault(kind, len(self._kinds)))

    def __iter__(self) -> Iterator[StoredInstance]:
        return self.of(self._kinds)

    def of(self, kinds: Collection[Kind]) -> Iterator[StoredInstance]:
        """The instances of these kinds, in order, a page at a time in memory."""
        numbers = {number for kind, number in self._kinds.items() if kind in kinds}
        indices = [index for index, number in enumerate(self._kind_numbers) if number in numbers]
        first, size = 0, FIRST_PAGE
        while page := indices[first : first + size]:
            first, size = first + size, min(2 * size, LARGEST_PAGE)
            found: dict[int, StoredInstance] = {}
            with contextlib.suppress(IndexUnavailable):
                found = self._reader.by_keys(self._partition_id, [self._keys[index] for index in page])
            for index in page:
                instance = found.get(self._keys[index])
                # SQLite may give the row's number of a deleted instance to another one.
                if instance is None or instance.sop_instance_uid != self._uids[index]:
                    self.missing.append(self._uids[index])
                else:
                    yield instance


class Transfer:
    """Plans retrieves and makes senders. Thread-safe.

    limits: of the associations to destinations.
    tls_context_of: for a destination that is called over TLS.
    """

    def __init__(
        self,
        reader: RetrievalReader,
        packs: PackReader,
        rewriter: Rewriter,
        limits: AssociationLimits | None = None,
        tls_context_of: Callable[[Peer], ssl.SSLContext | None] = lambda _: None,
    ) -> None:
        self._reader = reader
        self._packs = packs
        self._rewriter = rewriter
        self._extractor = FrameExtractor(rewriter.retrieve, packs, rewriter.codec)
        self._limits = limits or AssociationLimits()
        self._tls_context_of = tls_context_of
        self._lanes = Lanes()

    def plan(self, origin: Origin, named: Named) -> Plan:
        """Empty where nothing agrees with what is named. Raises: TooManyInstances, IndexUnavailable."""
        partition_id = origin.principal.partition_id
        plan = Plan(self._reader, partition_id)
        for one in self._reader.named(partition_id, named, MOST_INSTANCES + 1, origin.visible):
            if len(plan) >= MOST_INSTANCES:
                raise TooManyInstances(f"more than {MOST_INSTANCES} instances are named at once")
            plan.add(one.key, one.sop_instance_uid, (one.sop_class_uid, one.transfer_syntax_uid))
        return plan

    def extract(self, origin: Origin, sop_instance_uid: str, selection: FrameSelection) -> Extraction:
        """A new instance with some frames of another (PS3.4 Y.3.3).

        Raises: FramesRefused, DamagedObject, Unavailable (PackUnavailable, IndexUnavailable).
        """
        source = next(iter(self.plan(origin, Named(sop_instance_uids=(sop_instance_uid,)))), None)
        if source is None:
            raise FramesNotFound("there is no such instance")
        return self._extractor.extract(source, selection)

    def source(self, preferred: Sequence[str] = (), planned: Plan | Extraction | None = None) -> ObjectSource:
        """For one sender of what is planned; without a plan, of stored instances."""
        if isinstance(planned, Extraction):
            return self._extractor.source(planned, preferred)
        return PackSource(self._packs, self._rewriter, preferred)

    def source_without_bulk_data(self) -> HeaderSource:
        """For one sender, which sends what is left without Pixel Data and its like."""
        return HeaderSource(self._rewriter)

    def sender(
        self,
        peer: Peer,
        planned: Plan | Extraction | None = None,
        *,
        calling_ae_title: str,
        originator: MoveOriginator | None = None,
        associations: int = 1,
    ) -> StoreSender:
        """A sender to a peer of what is planned; without a plan, of stored instances.

        associations: as many may carry them at once, in no certain order.
        """
        return StoreSender(
            peer,
            self.source(peer.transfer_syntaxes, planned),
            calling_ae_title=calling_ae_title,
            originator=originator,
            limits=self._limits,
            tls_context=self._tls_context_of(peer),
            associations=associations,
            new_source=lambda: self.source(peer.transfer_syntaxes, planned),
            lanes=self._lanes,
        )
