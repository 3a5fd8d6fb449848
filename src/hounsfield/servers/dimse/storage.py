"""Storage service class, SCP: C-STORE, level 2 (PS3.4 annex B)."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from hounsfield.dicom.dictionary import tag_of
from hounsfield.dicom.sop_classes import OTHERS_UNDER_THE_STORAGE_ARC, STORAGE_SOP_CLASSES
from hounsfield.dicom.transfer_syntaxes import EXPLICIT_VR_BIG_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, TRANSFER_SYNTAXES
from hounsfield.model.errors import HounsfieldError
from hounsfield.model.identifiers import is_usable_uid
from hounsfield.model.origin import Origin
from hounsfield.model.outcomes import StoreResult
from hounsfield.model.overlay import NO_TREATMENT, Treatment
from hounsfield.model.peers import Peer, Permission
from hounsfield.network.association import Association, Message
from hounsfield.network.dimse import decode_command
from hounsfield.network.errors import NetworkError
from hounsfield.network.pdu import ContextResult, ProposedContext
from hounsfield.network.status import Status
from hounsfield.network.store_messages import StoreRequest, decode_store_request, encode_store_response
from hounsfield.network.user_information import ExtendedNegotiation
from hounsfield.servers.dimse.service import Service, decline
from hounsfield.servers.outcomes import UNKNOWN, outcome_of
from hounsfield.services.store import Envelope, Store

log = structlog.get_logger(__name__)

STANDARD_ROOT = "1.2.840.10008."
STANDARD_STORAGE_ARC = "1.2.840.10008.5.1.4.1.1."
"""Where the standard registers storage SOP classes: one newer than our table is recognised by it. What else stands under
the standard's root is another service."""

SERVICE_CLASS_APPLICATION_INFORMATION = bytes((2, 0, 3, 0, 0, 0))
"""Level 2, all attributes are kept; signature level 3, digital signatures hold because bits are; no element is coerced, so that B000 is
never answered (PS3.4 tables B.3-1, B.3-2, B.4.1.4). Every second octet is reserved."""

OF_A_COERCED_CALLER = bytes((2, 0, 1, 0, 1, 0))
"""The same for a caller with coercion rules: elements may be coerced, and what goes out may not hold its digital signatures then."""

LAST_RESORTS = (IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_BIG_ENDIAN)


@dataclass(frozen=True, slots=True)
class StoragePolicy:
    """What is taken beyond the standard's current edition.

    unknown_sop_classes: storage classes newer than our table, and private ones.
    private_transfer_syntaxes: kept as they came; nobody here can decode them.
    """

    unknown_sop_classes: bool = True
    private_transfer_syntaxes: bool = True


class StorageService(Service):
    """Hands what C-STORE brings to the store, piece by piece as it comes off the wire."""

    permission = Permission.STORE

    def __init__(self, store: Store, policy: StoragePolicy) -> None:
        self._store = store
        self._policy = policy

    def choose(self, context: ProposedContext) -> str | ContextResult | None:
        """The first transfer syntax proposed, Implicit VR and Big Endian only where nothing else is: they say less, or what is retired.

        Senders list Implicit VR first out of duty, and some convert to it what they hold in explicit form, losing by it.
        """
        if not self._is_storage(context.abstract_syntax):
            return None
        usable = [uid for uid in context.transfer_syntaxes if self._is_acceptable(uid)]
        best = min(usable, key=lambda uid: LAST_RESORTS.index(uid) + 1 if uid in LAST_RESORTS else 0, default=None)
        return best or ContextResult.TRANSFER_SYNTAXES_NOT_SUPPORTED

    def extend(self, asked: ExtendedNegotiation) -> bytes | None:
        """What we are as the provider, whatever the requestor says it is (PS3.4 B.3.1.2)."""
        return SERVICE_CLASS_APPLICATION_INFORMATION if self._is_storage(asked.sop_class_uid) else None

    def extend_for(self, asked: ExtendedNegotiation, peer: Peer) -> bytes | None:
        """What becomes of this caller's objects."""
        said = self.extend(asked)
        return OF_A_COERCED_CALLER if said is not None and peer.coercion else said

    def _is_storage(self, uid: str) -> bool:
        if uid in STORAGE_SOP_CLASSES:
            return True
        if not self._policy.unknown_sop_classes or not is_usable_uid(uid) or uid in OTHERS_UNDER_THE_STORAGE_ARC:
            return False
        return uid.startswith(STANDARD_STORAGE_ARC) or not uid.startswith(STANDARD_ROOT)

    def _is_acceptable(self, uid: str) -> bool:
        if uid in TRANSFER_SYNTAXES or not is_usable_uid(uid):
            return uid in TRANSFER_SYNTAXES
        # A syntax newer than our table counts as private: it is kept, not understood.
        return self._policy.private_transfer_syntaxes

    def handle(self, association: Association, message: Message, origin: Origin) -> None:
        request = decode_store_request(message.command)
        if request is None:
            command = decode_command(message.command)
            decline(association, message, command, Status.UNRECOGNIZED_OPERATION, "only C-STORE is understood in this context")
            return
        offending: tuple[int, ...] = ()
        try:
            result = self._store_object(association, message, request, origin)
        except NetworkError:
            raise
        except HounsfieldError as exc:
            status, comment = outcome_of(exc).dimse, str(exc)
            self._log_refusal(association, request, status, type(exc).__name__)
        except Exception:
            # The edge of the protocol: the peer gets 0x0110 and the log the traceback.
            log.exception("store.failed", association_id=association.record.association_id, sop_instance_uid=request.sop_instance_uid)
            status, comment = UNKNOWN.dimse, "internal error, see the server's log"
        else:
            association.record.objects += 1
            status, comment = Status.SUCCESS, ""
            if result.kept_aside:
                status, comment = Status.DATA_SET_DOES_NOT_MATCH_WARNING, f"kept aside: {result.reason}"
                self._log_refusal(association, request, status, result.outcome.value)
            elif result.coerced:
                status, comment = Status.COERCION_OF_DATA_ELEMENTS, "coerced by the rules for the calling AE title"
                offending = tuple(tag for keyword in result.coerced if (tag := tag_of(keyword)) is not None)
        association.send(message.context.context_id, encode_store_response(request, status, comment, offending))

    def _store_object(self, association: Association, message: Message, request: StoreRequest, origin: Origin) -> StoreResult:
        context = message.context
        sop_class_uid = request.sop_class_uid or context.abstract_syntax
        envelope = Envelope(sop_class_uid, request.sop_instance_uid, context.transfer_syntax, treatment_of(association))
        unread = request.has_data_set
        try:
            with self._store.receive(origin, envelope) as reception:
                if unread:
                    unread = False
                    association.read_data_set(reception.write)
                return reception.finish()
        except Exception:
            # Whatever the store says, the data set is on its way and the association is to live on.
            if unread:
                association.read_data_set(_drop)
            raise

    def _log_refusal(self, association: Association, request: StoreRequest, status: Status, reason: str) -> None:
        log.warning(
            "store.refused" if status is not Status.DATA_SET_DOES_NOT_MATCH_WARNING else "store.kept_aside",
            association_id=association.record.association_id,
            calling_ae_title=association.calling_ae_title,
            sop_class_uid=request.sop_class_uid,
            sop_instance_uid=request.sop_instance_uid,
            status=f"{status:04X}",
            reason=reason,
        )


def treatment_of(association: Association) -> Treatment:
    """What the caller's objects are subject to, as its rules were when it was let in."""
    admission = association.admission
    return NO_TREATMENT if admission is None else Treatment.of(admission.peer, association.called_ae_title)


def _drop(data: memoryview) -> None:
    """The data set of an object that is refused before its first byte."""
