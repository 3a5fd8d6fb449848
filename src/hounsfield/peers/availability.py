"""Instance Availability Notification, SCU: tells a peer what of a study can be retrieved, and from whom (PS3.4 annex R)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from hounsfield.dicom.data_set_writer import NewElement, encode_data_set
from hounsfield.dicom.transfer_syntaxes import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from hounsfield.network.dimse import CommandField, Element, request
from hounsfield.network.limits import AssociationLimits
from hounsfield.network.pdu import ProposedContext
from hounsfield.network.requestor import finish
from hounsfield.network.status import is_failure
from hounsfield.peers.dimse import DimsePeer, open_association
from hounsfield.peers.normalized import invoke

AVAILABILITY_SOP_CLASS = "1.2.840.10008.5.1.4.33"
ONLINE = "ONLINE"
"""Instance Availability of what can be retrieved at once (PS3.3 C.4.23.1.1)."""

_CONTEXT = ProposedContext(1, AVAILABILITY_SOP_CLASS, (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN))


@dataclass(frozen=True, slots=True)
class AvailableInstance:
    """An instance of the study, retrievable at once."""

    series_instance_uid: str
    sop_class_uid: str
    sop_instance_uid: str


@dataclass(frozen=True, slots=True)
class Notification:
    """notification_uid: SOP Instance UID of the notification itself. retrieve_ae_title: from whom the instances can be retrieved."""

    notification_uid: str
    study_instance_uid: str
    instances: Sequence[AvailableInstance]
    retrieve_ae_title: str


class Notified(NamedTuple):
    """What the peer answered to N-CREATE. comment: for a person."""

    status: int
    comment: str

    @property
    def ok(self) -> bool:
        """The peer has taken the notification, perhaps with a warning."""
        return not is_failure(self.status)


def notify(peer: DimsePeer, notification: Notification, limits: AssociationLimits | None = None) -> Notified:
    """Sends one N-CREATE. Raises: NetworkError."""
    association = open_association(peer, [_CONTEXT], limits or AssociationLimits())
    try:
        command = request(
            CommandField.N_CREATE_RQ,
            1,
            AVAILABILITY_SOP_CLASS,
            has_data_set=True,
            affected_sop_instance_uid=notification.notification_uid,
        )
        implicit_vr = association.contexts[1].transfer_syntax == IMPLICIT_VR_LITTLE_ENDIAN
        answer = invoke(association, 1, command, encode_notification(notification, implicit_vr=implicit_vr))
        association.release()
        return Notified(answer.status, answer.text(Element.ERROR_COMMENT))
    finally:
        finish(association)


def encode_notification(notification: Notification, *, implicit_vr: bool) -> bytes:
    """The attributes of table R.3.2-1 that are required, and none beside them: others are forbidden (PS3.4 R.3.2.1.2)."""
    series: dict[str, list[list[NewElement]]] = {}
    for instance in notification.instances:
        item = [
            NewElement(0x00080054, "AE", notification.retrieve_ae_title),
            NewElement(0x00080056, "CS", ONLINE),
            NewElement(0x00081150, "UI", instance.sop_class_uid),
            NewElement(0x00081155, "UI", instance.sop_instance_uid),
        ]
        series.setdefault(instance.series_instance_uid, []).append(item)
    elements = [
        NewElement(0x00081111, "SQ", []),  # of no performed procedure step that we know of
        NewElement(
            0x00081115,
            "SQ",
            [[NewElement(0x0020000E, "UI", uid), NewElement(0x00081199, "SQ", items)] for uid, items in series.items()],
        ),
        NewElement(0x0020000D, "UI", notification.study_instance_uid),
    ]
    return encode_data_set(elements, implicit_vr=implicit_vr)
