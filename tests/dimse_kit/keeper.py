"""pynetdicom as an archive that is asked to keep what was sent to it (PS3.4 annex J, as SCP)."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.pdu_primitives import SCP_SCU_RoleSelectionNegotiation

from dimse_kit.committing import CT, PUSH_MODEL, PUSH_MODEL_INSTANCE, park
from hounsfield.peers.dimse import DimsePeer


class Keeper:
    """pynetdicom as the provider. fails: instances it does not commit, with their reason. same: it reports on the association it was
    asked on; early: before it answers the request; breaks: it aborts instead of reporting.
    heard: transactions it was asked for, with the instances.
    results: of those; last: the one that is reported next. stored: SOP Instance UIDs in the order in which they came.
    """

    def __init__(self) -> None:
        self.same = True
        self.early = False
        self.breaks = False
        self.status = 0x0000
        self.fails: dict[str, int] = {}
        self.heard: list[tuple[str, list[tuple[str, str]]]] = []
        self.results: list[Dataset] = []
        self.stored: list[str] = []
        self.answers: list[int] = []
        self.port = 0
        self.last = Dataset()

    @property
    def peer(self) -> DimsePeer:
        return DimsePeer("KEEPER", "127.0.0.1", self.port)

    @contextlib.contextmanager
    def serving(self, port: int = 0) -> Iterator[int]:
        """Stores CT and is asked to keep them."""
        entity = AE("KEEPER")
        entity.add_supported_context(PUSH_MODEL, [ImplicitVRLittleEndian, ExplicitVRLittleEndian], scu_role=True, scp_role=True)
        entity.add_supported_context(CT, ExplicitVRLittleEndian)
        handlers = [(evt.EVT_N_ACTION, self.on_action), (evt.EVT_C_STORE, self.on_store)]
        server = entity.start_server(("127.0.0.1", port), block=False, evt_handlers=handlers)
        self.port = server.socket.getsockname()[1]
        try:
            yield self.port
        finally:
            server.shutdown()

    def on_store(self, event: evt.Event) -> int:
        """Takes everything."""
        self.stored.append(str(event.request.AffectedSOPInstanceUID))
        return 0x0000

    def on_action(self, event: evt.Event) -> tuple[int, None]:
        wanted = event.action_information
        items = [(str(item.ReferencedSOPClassUID), str(item.ReferencedSOPInstanceUID)) for item in wanted.ReferencedSOPSequence]
        self.heard.append((str(wanted.TransactionUID), items))
        assert event.action_type == 1
        assert event.request.RequestedSOPInstanceUID == PUSH_MODEL_INSTANCE
        self.last = self._result(wanted)
        self.results.append(self.last)
        if self.early:
            self._report(event.assoc)
        elif self.same and self.status == 0:
            threading.Thread(target=self._report_later, args=(event.assoc,), daemon=True).start()
        return self.status, None

    def _result(self, wanted: Dataset) -> Dataset:
        result = Dataset()
        result.TransactionUID = wanted.TransactionUID
        good = [item for item in wanted.ReferencedSOPSequence if item.ReferencedSOPInstanceUID not in self.fails]
        bad = [item for item in wanted.ReferencedSOPSequence if item.ReferencedSOPInstanceUID in self.fails]
        if good:
            result.ReferencedSOPSequence = good
        for item in bad:
            item.FailureReason = self.fails[item.ReferencedSOPInstanceUID]
        if bad:
            result.FailedSOPSequence = bad
        return result

    def _report_later(self, association: Association) -> None:
        park(association)
        if self.breaks:
            association.abort()
        else:
            self._report(association)

    def _report(self, association: Association, event_type: int = 0) -> None:
        kind = event_type or (2 if "FailedSOPSequence" in self.last else 1)
        answer, _ = association.send_n_event_report(self.last, kind, PUSH_MODEL, PUSH_MODEL_INSTANCE)
        self.answers.append(answer.Status)

    def report_to(self, address: tuple[str, int], *, ae_title: str = "KEEPER", event_type: int = 0) -> int:
        """On an association of its own, as the provider; the status of our response."""
        entity = AE(ae_title)
        entity.add_requested_context(PUSH_MODEL)
        role = SCP_SCU_RoleSelectionNegotiation()
        role.sop_class_uid, role.scu_role, role.scp_role = PUSH_MODEL, False, True
        association = entity.associate(*address, ae_title="HOUNSFIELD", ext_neg=[role])
        assert association.is_established
        (context,) = association.accepted_contexts
        assert (context.as_scu, context.as_scp) == (False, True)
        park(association)
        self._report(association, event_type)
        park(association)
        association.release()
        return self.answers[-1]
