"""What can go wrong between two upper layers."""

from __future__ import annotations

from hounsfield.model.errors import HounsfieldError


class NetworkError(HounsfieldError):
    """The conversation with a peer cannot go on as asked."""


class ProtocolError(NetworkError):
    """Bytes or an order of PDUs that PS3.8 does not allow, or that exceed our limits.

    reason: of the A-ABORT that answers it (PS3.8 table 9-26, source 2).
    """

    def __init__(self, message: str, reason: int = 0) -> None:
        super().__init__(message)
        self.reason = reason


class AssociationLost(NetworkError):
    """The association is no more: aborted, timed out or its connection closed."""


class AbortedByPeer(AssociationLost):
    """The peer sent A-ABORT."""


class ConnectionClosed(AssociationLost):
    """The transport connection went away without a release."""


class TimedOut(AssociationLost):
    """The peer let a deadline pass; the association was aborted by us."""


class NeverEstablished(AssociationLost):
    """The association ended before it stood: nothing was asked on it."""


class AssociationRefused(NetworkError):
    """The peer answered A-ASSOCIATE-RJ or accepted no presentation context that was needed."""


class NothingAccepted(AssociationRefused):
    """The peer accepted the association, but no presentation context: it is in order, but takes none of what was offered."""


class Unreachable(NetworkError):
    """No transport connection to the peer could be made."""
