"""Tell a peer which instances of a study are here (PS3.4 annex R)."""

from __future__ import annotations

from hounsfield.model.identifiers import new_uid
from hounsfield.model.origin import Origin
from hounsfield.network.limits import AssociationLimits
from hounsfield.peers.availability import AvailableInstance, Notification, Notified, notify
from hounsfield.peers.dimse import DimsePeer
from hounsfield.services.retrieve import Retrieve


def announce_study(
    retrieve: Retrieve, origin: Origin, study_instance_uid: str, peer: DimsePeer, limits: AssociationLimits | None = None
) -> Notified:
    """Every instance of the study that is here now, as retrievable from the AE title that the peer is called by.

    Raises: StudyNotFound, Gone, IndexUnavailable, NetworkError.
    """
    instances = retrieve.instances(origin, study_instance_uid)
    available = [AvailableInstance(one.series_instance_uid, one.sop_class_uid, one.sop_instance_uid) for one in instances]
    return notify(peer, Notification(new_uid(), study_instance_uid, available, peer.calling_ae_title), limits)
