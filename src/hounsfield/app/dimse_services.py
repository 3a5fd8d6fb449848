"""The DIMSE service classes of the archive process, beyond verification and storage."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from hounsfield.app.bootstrap import Owning, callers_of, peers_of
from hounsfield.app.commitments import commitment_service
from hounsfield.app.settings import Settings
from hounsfield.archive.reader import PackReader
from hounsfield.index.reader import IndexReader
from hounsfield.index.retrieval import RetrievalReader
from hounsfield.model.errors import PeerUnknown
from hounsfield.model.peers import Peer
from hounsfield.network.limits import AssociationLimits
from hounsfield.servers.dimse.find import FindService
from hounsfield.servers.dimse.retrieve_get import GetService
from hounsfield.servers.dimse.retrieve_move import MoveService
from hounsfield.servers.dimse.service import Service
from hounsfield.services.callers import Callers
from hounsfield.services.search import Search
from hounsfield.services.transfer import Transfer


@contextlib.contextmanager
def dimse_services(parts: Owning, settings: Settings) -> Iterator[list[Service]]:
    """In the order in which they are asked for a presentation context."""
    packs = PackReader(settings.packs_dir)
    with contextlib.ExitStack() as stack:
        stack.callback(packs.close)
        limits = AssociationLimits(idle_timeout_s=settings.idle_timeout_s)
        transfer = Transfer(RetrievalReader(parts.database), packs, limits)
        find = FindService(Search(IndexReader(parts.database)))
        commitment = stack.enter_context(commitment_service(parts, settings, packs, limits, peers_of(parts.database, settings).reachable))
        yield [find, MoveService(transfer, _known_destination(callers_of(parts.database, settings))), GetService(transfer), commitment]


def _known_destination(callers: Callers) -> Callable[[str], Peer]:
    """Peers of the settings or the app whose host and port are known."""

    def destination(ae_title: str) -> Peer:
        for peer in callers.known():
            if peer.ae_title == ae_title and peer.host and peer.port:
                return Peer(peer.ae_title, peer.host, peer.port)
        raise PeerUnknown(f"no host and port are known for the AE title {ae_title!r}: name it with --peer")

    return destination
