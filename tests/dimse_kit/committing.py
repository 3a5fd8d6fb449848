"""A whole archive behind an in-process DIMSE server that commits, and a modality that asks it to."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid
from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.pdu_primitives import SCP_SCU_RoleSelectionNegotiation

from dimse_kit.server import running_server, until
from hounsfield.archive.archive import Archive
from hounsfield.archive.reader import PackReader
from hounsfield.index.database import Database
from hounsfield.index.holdings import Holdings
from hounsfield.index.writer import IndexWriter
from hounsfield.model.commitment import CommitmentResult
from hounsfield.model.errors import PeerUnknown
from hounsfield.network.limits import AssociationLimits
from hounsfield.peers.commitment import report
from hounsfield.peers.dimse import DimsePeer
from hounsfield.servers.dimse.commitment import CommitmentService, TakeResult, never_asked
from hounsfield.servers.dimse.server import DimseServer
from hounsfield.services.commitment import CommitmentJudge
from hounsfield.services.commitment_queue import CommitmentQueue, QueueLimits
from hounsfield.services.commitment_worker import CommitmentWorker
from hounsfield.services.pending_commitments import PendingFiles
from hounsfield.services.store import LocalStore
from services.databases import address_of

PUSH_MODEL = UID("1.2.840.10008.1.20.1")
PUSH_MODEL_INSTANCE = UID("1.2.840.10008.1.20.1.1")
CT = "1.2.840.10008.5.1.4.1.1.2"
MR = "1.2.840.10008.5.1.4.1.1.4"
LIMITS = AssociationLimits(artim_s=5.0, pdu_deadline_s=5.0, idle_timeout_s=20.0)
QUICK = QueueLimits(confirm_within_s=1.0, first_pause_s=0.05, longest_pause_s=0.1)


@dataclass
class Committing:
    """A running archive. ports: where AE titles can be called."""

    server: DimseServer
    queue: CommitmentQueue
    folder: Path
    holdings: Holdings
    database: Database
    ports: dict[str, int] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    """The AE titles that were called, in order."""

    @property
    def address(self) -> tuple[str, int]:
        return self.server.address

    def attempts(self, ae_title: str) -> int:
        """How often it was called."""
        return self.calls.count(ae_title)

    def flip_byte(self, sop_instance_uid: str, *, from_end: int = 100) -> None:
        """Damage one object in its pack."""
        (held,) = self.holdings.held(1, [sop_instance_uid])
        location = held.instance.stored.location
        path = next((self.folder / "packs").glob(f"*/{location.pack_id}.tar"))
        with path.open("r+b") as file:
            file.seek(location.offset_bytes + location.length_bytes - from_end)
            byte = file.read(1)[0]
            file.seek(-1, 1)
            file.write(bytes([byte ^ 0xFF]))


@contextlib.contextmanager
def committing(
    folder: Path, limits: QueueLimits = QUICK, *, attend_s: float = 15.0, take_result: TakeResult = never_asked
) -> Iterator[Committing]:
    """An archive in the folder; what an earlier one left there is taken up."""
    database = Database(address_of(folder))
    database.upgrade()
    packs = PackReader(folder / "packs")
    with contextlib.ExitStack() as stack:
        stack.callback(database.close)
        archive = Archive(folder / "packs")
        stack.callback(archive.close)
        writer = IndexWriter(database)
        stack.callback(writer.close)
        stack.callback(packs.close)
        queue = CommitmentQueue(PendingFiles(folder / "commitments"), limits)
        ports: dict[str, int] = {}
        calls: list[str] = []

        def call_back(ae_title: str, results: Sequence[CommitmentResult]) -> Iterator[bool]:
            calls.append(ae_title)
            if ae_title not in ports:
                raise PeerUnknown(ae_title)
            return report(DimsePeer(ae_title, "127.0.0.1", ports[ae_title]), results, LIMITS)

        worker = CommitmentWorker(queue, CommitmentJudge(Holdings(database), packs), call_back)
        worker.start()
        stack.callback(worker.close)
        service = CommitmentService(queue, take_result, attend_s=attend_s)
        server = stack.enter_context(running_server(LocalStore(archive, writer), more_services=[service]))
        yield Committing(server, queue, folder, Holdings(database), database, ports, calls)


@dataclass(frozen=True)
class Heard:
    """One N-EVENT-REPORT as pynetdicom read it."""

    event_type: int
    data_set: Dataset
    on: Association

    @property
    def transaction_uid(self) -> str:
        return str(self.data_set.TransactionUID)

    @property
    def committed(self) -> list[tuple[str, str]]:
        items = self.data_set.get("ReferencedSOPSequence", [])
        return [(str(item.ReferencedSOPClassUID), str(item.ReferencedSOPInstanceUID)) for item in items]

    @property
    def failed(self) -> dict[str, int]:
        items = self.data_set.get("FailedSOPSequence", [])
        return {str(item.ReferencedSOPInstanceUID): int(item.FailureReason) for item in items}


class Modality:
    """pynetdicom as the user of storage commitment. status: what it answers to a report. abort: it aborts instead."""

    def __init__(self, ae_title: str = "MODALITY") -> None:
        self.ae_title = ae_title
        self.status = 0x0000
        self.abort = False
        self.heard: list[Heard] = []
        self.port = 0

    def _on_report(self, event: evt.Event) -> tuple[int, None]:
        if self.abort:
            self.abort = False
            event.assoc.abort()
        else:
            self.heard.append(Heard(event.event_type, event.event_information, event.assoc))
        return self.status, None

    @contextlib.contextmanager
    def listening(self, port: int = 0, *, role: bool = True, tls: ssl.SSLContext | None = None) -> Iterator[int]:
        """Takes reports on associations that the archive opens. role: whether it answers the role selection."""
        entity = AE(self.ae_title)
        syntaxes = [ImplicitVRLittleEndian, ExplicitVRLittleEndian]
        if role:
            entity.add_supported_context(PUSH_MODEL, syntaxes, scu_role=True, scp_role=True)
        else:
            entity.add_supported_context(PUSH_MODEL, syntaxes)
        server = entity.start_server(
            ("127.0.0.1", port), block=False, evt_handlers=[(evt.EVT_N_EVENT_REPORT, self._on_report)], ssl_context=tls
        )
        self.port = server.socket.getsockname()[1]
        try:
            yield self.port
        finally:
            server.shutdown()

    @contextlib.contextmanager
    def associated(self, address: tuple[str, int], *, syntax: str = ImplicitVRLittleEndian) -> Iterator[Association]:
        """An association for storage and commitment."""
        entity = AE(self.ae_title)
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = 20
        entity.add_requested_context(PUSH_MODEL, syntax)
        for sop_class in (CT, MR):
            entity.add_requested_context(sop_class, ExplicitVRLittleEndian)
        role = SCP_SCU_RoleSelectionNegotiation()
        role.sop_class_uid, role.scu_role, role.scp_role = PUSH_MODEL, True, False
        handlers: list[Any] = [(evt.EVT_N_EVENT_REPORT, self._on_report)]
        association = entity.associate(*address, ae_title="HOUNSFIELD", ext_neg=[role], evt_handlers=handlers)
        assert association.is_established
        try:
            yield association
        finally:
            if association.is_established:
                park(association)
                association.release()

    def heard_of(self, transaction_uid: str, timeout_s: float = 10.0) -> Heard:
        """The report of a transaction, waited for."""
        assert until(lambda: any(one.transaction_uid == transaction_uid for one in self.heard), timeout_s), "no report came"
        return next(one for one in self.heard if one.transaction_uid == transaction_uid)


def park(association: Association) -> None:
    """Returns when pynetdicom's own thread waits to be woken, and says so, or has ended.

    In a moment before, it may take the response to a request for a request; and its flag for it was seen unset for minutes
    while it waited (pynetdicom 3.0.4), so that `release` never sent anything.
    """
    association._reactor_checkpoint.clear()
    waiters = association._reactor_checkpoint._cond._waiters  # type: ignore[attr-defined]
    assert until(lambda: bool(waiters) or not association.is_alive())
    association._is_paused = True


def store(association: Association, files: Sequence[Path]) -> list[tuple[str, str]]:
    """C-STORE of each file; returns what is needed to refer to them."""
    data_sets = [dcmread(path) for path in files]
    for data_set in data_sets:
        park(association)
        assert association.send_c_store(data_set).Status == 0
    return [(str(data_set.SOPClassUID), str(data_set.SOPInstanceUID)) for data_set in data_sets]


def ask(association: Association, references: Sequence[tuple[str, str]], transaction_uid: str | None = None) -> tuple[int, str]:
    """N-ACTION; returns its status and the Transaction UID."""
    uid = transaction_uid or str(generate_uid())
    action = Dataset()
    action.TransactionUID = uid
    action.ReferencedSOPSequence = [_item(*reference) for reference in references]
    return send_action(association, action), uid


def send_action(association: Association, action: Dataset | None, *, action_type: int = 1, instance: str = PUSH_MODEL_INSTANCE) -> int:
    """Any N-ACTION; returns its status."""
    park(association)
    answer, _ = association.send_n_action(action, action_type, PUSH_MODEL, instance)
    return int(answer.Status)


def _item(sop_class_uid: str, sop_instance_uid: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class_uid, sop_instance_uid
    return item
