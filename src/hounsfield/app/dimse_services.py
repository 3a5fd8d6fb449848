"""The DIMSE service classes of the archive process, beyond verification and storage."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from hounsfield.app.bootstrap import Owning, peers_of
from hounsfield.app.calling import tls_context_for
from hounsfield.app.commitments import commitment_service
from hounsfield.app.settings import Settings
from hounsfield.app.site_zone import site_zone
from hounsfield.archive.reader import PackReader
from hounsfield.codecs.pool import CodecPool
from hounsfield.index.reader import IndexReader
from hounsfield.index.retrieval import RetrievalReader
from hounsfield.network.limits import AssociationLimits
from hounsfield.servers.dimse.find import FindService
from hounsfield.servers.dimse.retrieve_get import GetService, GetWithoutBulkDataService
from hounsfield.servers.dimse.retrieve_move import MoveService
from hounsfield.servers.dimse.service import Service
from hounsfield.services.header_attributes import HeaderAttributes
from hounsfield.services.retrieve import Retrieve
from hounsfield.services.rewrite import Rewriter
from hounsfield.services.search import Search
from hounsfield.services.transfer import Transfer


@contextlib.contextmanager
def dimse_services(parts: Owning, settings: Settings) -> Iterator[list[Service]]:
    """In the order in which they are asked for a presentation context."""
    packs = PackReader(settings.packs_dir)
    with contextlib.ExitStack() as stack:
        stack.callback(packs.close)
        limits = AssociationLimits(idle_timeout_s=settings.idle_timeout_s)
        reader = IndexReader(parts.database)
        codecs = stack.enter_context(CodecPool(settings.codec_children, settings.codec_memory_bytes))
        retrieve = Retrieve(reader, packs)
        rewriter = Rewriter(retrieve, packs, codecs)
        transfer = Transfer(RetrievalReader(parts.database), packs, rewriter, limits, lambda peer: tls_context_for(settings, peer))
        find = FindService(Search(reader), HeaderAttributes(retrieve), settings.find_max_answers, site_zone(settings.time_zone))
        peers = peers_of(parts.database, settings)
        commitment = stack.enter_context(commitment_service(parts, settings, packs, limits, peers.reachable))
        yield [find, MoveService(transfer, peers.destination), GetService(transfer), GetWithoutBulkDataService(transfer), commitment]
