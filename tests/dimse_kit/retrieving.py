"""A whole archive behind an in-process DIMSE server that hands objects out, and what its clients need."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE, build_role, evt
from pynetdicom.association import Association

from dimse_kit.server import until
from hounsfield.archive.archive import Archive
from hounsfield.archive.reader import PackReader
from hounsfield.codecs.pool import CodecPool
from hounsfield.index.database import Database
from hounsfield.index.reader import IndexReader
from hounsfield.index.retrieval import RetrievalReader
from hounsfield.index.writer import IndexWriter
from hounsfield.model.errors import PeerUnknown
from hounsfield.model.identifiers import AETitle
from hounsfield.model.origin import SYSTEM, Origin, Protocol
from hounsfield.model.peers import Peer
from hounsfield.model.retrieval import Named
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.network.limits import AssociationLimits
from hounsfield.peers.dimse import DimsePeer, send
from hounsfield.servers.dimse.admission import AnyCaller, CallerPolicy
from hounsfield.servers.dimse.retrieve_get import GetService, GetWithoutBulkDataService
from hounsfield.servers.dimse.retrieve_move import MoveService
from hounsfield.servers.dimse.server import DimseServer
from hounsfield.services.delete import LocalDecisions
from hounsfield.services.retrieve import Retrieve
from hounsfield.services.rewrite import Rewriter
from hounsfield.services.store import LocalStore
from hounsfield.services.transfer import Transfer
from services.databases import address_of

LIMITS = AssociationLimits(artim_s=5.0, pdu_deadline_s=5.0, idle_timeout_s=20.0)
ORIGIN = Origin(Protocol.DIMSE, SYSTEM)

STUDY_GET = "1.2.840.10008.5.1.4.1.2.2.3"
STUDY_MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
PATIENT_GET = "1.2.840.10008.5.1.4.1.2.1.3"
PATIENT_MOVE = "1.2.840.10008.5.1.4.1.2.1.2"


@dataclass
class Retrieving:
    """A running archive. destinations: the peers it knows, by AE title."""

    server: DimseServer
    transfer: Transfer
    folder: Path
    decisions: LocalDecisions
    reader: IndexReader
    packs: PackReader
    destinations: dict[str, Peer] = field(default_factory=dict)

    @property
    def address(self) -> tuple[str, int]:
        return self.server.address

    def store(self, files: Sequence[Path]) -> None:
        """By C-STORE, as they are."""
        answers = list(send(DimsePeer("HOUNSFIELD", *self.address), files))
        assert [answer for answer in answers if not answer.ok] == []

    def know(self, ae_title: str, port: int, *transfer_syntaxes: str) -> None:
        """A destination on this machine."""
        self.destinations[ae_title] = Peer(ae_title, "127.0.0.1", port, transfer_syntaxes=transfer_syntaxes)

    def named(self, **named: Any) -> list[StoredInstance]:
        """The instances that agree with the unique keys."""
        return list(self.transfer.plan(ORIGIN, Named(**named)))

    def damage(self, sop_instance_uid: str, *, from_end: int = 100) -> None:
        """Turn one byte of an object over in its pack."""
        (instance,) = self.named(sop_instance_uids=(sop_instance_uid,))
        location = instance.stored.location
        path = next((self.folder / "packs").glob(f"*/{location.pack_id}.tar"))
        with path.open("r+b") as file:
            file.seek(location.offset_bytes + location.length_bytes - from_end)
            byte = file.read(1)[0]
            file.seek(-1, 1)
            file.write(bytes([byte ^ 0xFF]))


@contextlib.contextmanager
def retrieving(folder: Path, callers: CallerPolicy | None = None) -> Iterator[Retrieving]:
    """An empty one."""
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        database = Database(address_of(folder))
        database.upgrade()
        stack.callback(database.close)
        archive = Archive(folder / "packs")
        stack.callback(archive.close)
        writer = IndexWriter(database)
        stack.callback(writer.close)
        packs = PackReader(folder / "packs")
        stack.callback(packs.close)
        codecs = stack.enter_context(CodecPool())
        reader = IndexReader(database)
        rewriter = Rewriter(Retrieve(reader, packs), packs, codecs)
        transfer = Transfer(RetrievalReader(database), packs, rewriter, LIMITS)
        destinations: dict[str, Peer] = {}

        def destination(ae_title: str) -> Peer:
            if ae_title not in destinations:
                raise PeerUnknown(f"no host and port are known for {ae_title!r}")
            return destinations[ae_title]

        services = [MoveService(transfer, destination), GetService(transfer), GetWithoutBulkDataService(transfer)]
        server = DimseServer(
            ("127.0.0.1", 0), AETitle.parse("HOUNSFIELD"), LocalStore(archive, writer), callers or AnyCaller(), more_services=services
        )
        server.start()
        stack.callback(server.close, 0.2)
        yield Retrieving(server, transfer, folder, LocalDecisions(archive, writer), reader, packs, destinations)


@dataclass(frozen=True, slots=True)
class Response:
    """One response to C-GET or C-MOVE. failed_uids: of its identifier."""

    status: int
    remaining: int | None
    completed: int
    failed: int
    warning: int
    failed_uids: tuple[str, ...] = ()
    comment: str = field(default="", compare=False)

    @property
    def counts(self) -> tuple[int, int, int]:
        return self.completed, self.failed, self.warning


def keys(level: str, **values: str | int) -> Dataset:
    """An identifier. values: by keyword."""
    identifier = Dataset()
    identifier.QueryRetrieveLevel = level
    for keyword, value in values.items():
        setattr(identifier, keyword, value)
    return identifier


def responses_of(answers: Any) -> list[Response]:
    """What pynetdicom's generator gives.

    The next request must not go out before pynetdicom's reader has left its pause: it would take the answer for an unexpected message.
    """
    association = answers.gi_frame.f_locals["self"]
    found = []
    for status, identifier in answers:
        uids: Any = identifier.get("FailedSOPInstanceUIDList", None) if identifier is not None else None
        found.append(
            Response(
                status.get("Status", -1),
                status.get("NumberOfRemainingSuboperations", None),
                status.get("NumberOfCompletedSuboperations", 0),
                status.get("NumberOfFailedSuboperations", 0),
                status.get("NumberOfWarningSuboperations", 0),
                () if not uids else (uids,) if isinstance(uids, str) else tuple(uids),
                str(status.get("ErrorComment", "")),
            )
        )
    assert until(lambda: not association._is_paused or not association.is_established)
    return found


@dataclass
class Receiver:
    """pynetdicom as one that takes objects. statuses: what it answers, by SOP Instance UID; else success."""

    came: dict[str, bytes] = field(default_factory=dict)
    syntaxes: dict[str, str] = field(default_factory=dict)
    requests: list[Any] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)

    def keep(self, event: Any) -> int:
        """Handler of EVT_C_STORE."""
        uid = str(event.request.AffectedSOPInstanceUID)
        self.requests.append(event.request)
        self.came[uid] = event.request.DataSet.getvalue()
        self.syntaxes[uid] = str(event.context.transfer_syntax)
        return self.statuses.get(uid, 0x0000)

    @contextlib.contextmanager
    def listening(self, contexts: dict[str, Sequence[str]]) -> Iterator[int]:
        """As a destination. contexts: transfer syntaxes by SOP class."""
        ae = AE("RECEIVER")
        for sop_class, syntaxes in contexts.items():
            ae.add_supported_context(sop_class, list(syntaxes))
        server: Any = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, self.keep)])
        try:
            port: int = server.socket.getsockname()[1]
            yield port
        finally:
            server.shutdown()

    @contextlib.contextmanager
    def associated(
        self, address: tuple[str, int], contexts: dict[str, Sequence[str]], *, model: str = STUDY_GET, on_store: Any = None
    ) -> Iterator[Association]:
        """As the user of C-GET."""
        ae = AE("GETTER")
        ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = 20
        ae.add_requested_context(model, ExplicitVRLittleEndian)
        for sop_class, syntaxes in contexts.items():
            for syntax in syntaxes:
                ae.add_requested_context(sop_class, syntax)
        roles: list[Any] = [build_role(sop_class, scp_role=True) for sop_class in contexts]
        handlers: list[Any] = [(evt.EVT_C_STORE, on_store or self.keep)]
        association = ae.associate(*address, ae_title="HOUNSFIELD", ext_neg=roles, evt_handlers=handlers)
        assert association.is_established
        try:
            yield association
        finally:
            if association.is_established:
                association.release()
