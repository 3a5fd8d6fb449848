"""Every limit of the upper layer in one frozen value; each is checked before anything is allocated for it."""

from __future__ import annotations

from dataclasses import dataclass

KIB = 1024


@dataclass(frozen=True, slots=True)
class AssociationLimits:
    """What a peer may ask of us.

    max_pdu_length_bytes: what we advertise, and the longest P-DATA-TF we take (its variable field, PS3.8 D.1).
    max_associate_bytes: the longest A-ASSOCIATE-RQ or -AC.
    max_command_bytes: the longest command set (the data set has no limit here: it is streamed).
    max_contexts: presentation contexts; the odd numbers of one octet allow 128.
    max_transfer_syntaxes: in one presentation context.
    max_user_items: user information sub-items, and related classes within one.
    artim_s: connection to request, and abort, reject or release to the close of the connection (PS3.8 9.1.4, 9.1.5).
    pdu_deadline_s: first to last byte of one PDU, and the pause between two PDUs of one message.
    idle_timeout_s: the pause between two messages.
    send_timeout_s: the peer takes nothing of what we send.
    max_associations: at once, in all.
    max_associations_per_caller: at once, of one (host, calling AE title).
    max_unnegotiated: connections that have not yet asked, or that only have to close; the oldest makes room.
    """

    max_pdu_length_bytes: int = 256 * KIB
    max_associate_bytes: int = 256 * KIB
    max_command_bytes: int = 64 * KIB
    max_contexts: int = 128
    max_transfer_syntaxes: int = 128
    max_user_items: int = 512
    artim_s: float = 15.0
    pdu_deadline_s: float = 30.0
    idle_timeout_s: float = 600.0
    send_timeout_s: float = 60.0
    max_associations: int = 100
    max_associations_per_caller: int = 40
    max_unnegotiated: int = 256

    @property
    def tick_s(self) -> float:
        """How often a blocked read looks at its deadlines."""
        return max(0.01, min(1.0, self.pdu_deadline_s / 4, self.idle_timeout_s / 4, self.artim_s / 4))
