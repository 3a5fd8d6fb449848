"""What `hounsfield peer send` sends: files as they are, or studies of the archive."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from hounsfield.app import bootstrap
from hounsfield.app.calling import dimse_peer, tls_context_for
from hounsfield.app.settings import Settings
from hounsfield.archive.reader import PackReader
from hounsfield.codecs.pool import CodecPool
from hounsfield.index.reader import IndexReader
from hounsfield.index.retrieval import RetrievalReader
from hounsfield.model.errors import StudyNotFound
from hounsfield.model.identifiers import parse_uid
from hounsfield.model.origin import SYSTEM, Origin, Protocol
from hounsfield.model.retrieval import Named
from hounsfield.peers import dimse
from hounsfield.services.bring import candidates
from hounsfield.services.retrieve import Retrieve
from hounsfield.services.rewrite import Rewriter
from hounsfield.services.transfer import Transfer


class Outcome(NamedTuple):
    """What came of one object. name: of the file, or the SOP Instance UID. status: None where the peer was never asked."""

    name: str
    status: int | None
    comment: str
    ok: bool


class Sending(NamedTuple):
    """Objects on their way. outcomes: one for each, in the order in which they end. Raises: NetworkError where it breaks off."""

    ae_title: str
    total: int
    outcomes: Iterator[Outcome]


@contextlib.contextmanager
def files(settings: Settings, peer_title: str, paths: Sequence[Path]) -> Iterator[Sending]:
    """DICOM files and folders of them. Raises: PeerUnknown, InvalidInput."""
    found = [one.path for one in candidates(paths) if not one.entry]
    with bootstrap.database(settings) as opened:
        peer = dimse_peer(settings, bootstrap.peers_of(opened, settings).reachable(peer_title))
    outcomes = (Outcome(str(sent.path), sent.status, sent.comment, sent.ok) for sent in dimse.send(peer, found))
    yield Sending(peer.ae_title, len(found), outcomes)


@contextlib.contextmanager
def studies(settings: Settings, peer_title: str, study_instance_uids: Sequence[str]) -> Iterator[Sending]:
    """Of the archive, rewritten where the peer takes them no other way. Raises: PeerUnknown, StudyNotFound, InvalidUID."""
    bootstrap.require_archive(settings)
    named = Named(study_instance_uids=tuple(parse_uid(uid) for uid in study_instance_uids))
    with (
        bootstrap.database(settings) as opened,
        contextlib.closing(PackReader(settings.packs_dir)) as packs,
        CodecPool(settings.codec_children, settings.codec_memory_bytes) as codecs,
    ):
        peer = bootstrap.peers_of(opened, settings).destination(peer_title)
        rewriter = Rewriter(Retrieve(IndexReader(opened), packs), packs, codecs)
        transfer = Transfer(RetrievalReader(opened), packs, rewriter, tls_context_of=lambda to: tls_context_for(settings, to))
        plan = transfer.plan(Origin(Protocol.SYSTEM, SYSTEM), named)
        if not len(plan):
            raise StudyNotFound("the archive holds none of these studies")
        sent = transfer.sender(peer, calling_ae_title=settings.ae_title).send(plan)
        outcomes = (Outcome(one.instance.sop_instance_uid, one.status, one.comment, one.ok) for one in sent)
        yield Sending(peer.ae_title, len(plan), outcomes)
