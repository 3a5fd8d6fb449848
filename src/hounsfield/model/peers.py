"""Application entities: who they are, where they are, and what they may do here."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from hounsfield.model.coercion import CoercionRule
from hounsfield.model.origin import Principal
from hounsfield.model.visibility import ALL_STUDIES, VisibleStudies


class Permission(enum.StrEnum):
    """What a peer may do. C-ECHO is open to whoever may associate at all."""

    STORE = "store"
    QUERY = "query"
    RETRIEVE = "retrieve"
    COMMIT = "commit"
    RECEIVE = "receive"
    """Be a destination: of C-MOVE, of routing, of what a person sends."""
    REJECT = "reject"
    """Have rejected what a rejection note that it stores refers to (ADR 0014)."""


EVERYTHING = frozenset(Permission)
USUAL = EVERYTHING - {Permission.REJECT}
"""What a peer may do of which nothing is said: to hide the studies of others is not among it."""


@dataclass(frozen=True, slots=True)
class PeerCertificate:
    """The TLS certificate that a peer has shown and proved to own.

    sha256: of its DER form, 64 lower-case hexadecimal digits.
    subject: its distinguished name, most specific part last: `C=CH,O=Hospital,CN=CT1`; empty where the chain was not verified.
    """

    sha256: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Peer:
    """An application entity that may call us, and that we can call where its host and port are known.

    ae_title: unique.
    host: a name or address; empty where only its title is known.
    port: 0 where we do not know it.
    tls: whether it is called over TLS.
    transfer_syntaxes: UIDs it takes best, first choice first; empty: as stored, else Explicit or Implicit VR Little Endian.
    may: what it may do here.
    max_associations: that we open to it at once.
    certificate: the only one under which this AE title may call, and that we take as its own when we call it: a fingerprint
        (`sha256:` and 64 hexadecimal digits) or a subject (`C=CH,O=Hospital,CN=CT1`); empty for none.
    accepted_sop_classes: UIDs of what it may store here; empty: all.
    accepted_transfer_syntaxes: UIDs in which it may store here; empty: all.
    visible: which studies it sees.
    character_set: Specific Character Set (0008,0005) of its objects that have none, values separated by a backslash; empty: the default
        repertoire.
    coercion: what is changed of its objects, in this order.
    """

    ae_title: str
    host: str = ""
    port: int = 0
    tls: bool = False
    transfer_syntaxes: tuple[str, ...] = ()
    may: frozenset[Permission] = USUAL
    max_associations: int = 2
    certificate: str = ""
    accepted_sop_classes: tuple[str, ...] = ()
    accepted_transfer_syntaxes: tuple[str, ...] = ()
    visible: VisibleStudies = ALL_STUDIES
    character_set: str = ""
    coercion: tuple[CoercionRule, ...] = ()

    @property
    def is_reachable(self) -> bool:
        """Whether we know where to call it."""
        return bool(self.host and self.port)

    def owns(self, certificate: PeerCertificate | None) -> bool:
        """Whether it may go by this certificate; by any, or none, where it is bound to none."""
        return is_bound_to(self.certificate, certificate)

    def may_store(self, sop_class_uid: str, transfer_syntax_uid: str = "") -> bool:
        """Whether it may store objects of this class; in this transfer syntax, where one is given."""
        if Permission.STORE not in self.may:
            return False
        if self.accepted_sop_classes and sop_class_uid not in self.accepted_sop_classes:
            return False
        return not (transfer_syntax_uid and self.accepted_transfer_syntaxes) or transfer_syntax_uid in self.accepted_transfer_syntaxes


def is_bound_to(binding: str, certificate: PeerCertificate | None) -> bool:
    """Whether a certificate is the one that a binding (`Peer.certificate`) names; an empty binding names any, and none."""
    if not binding:
        return True
    return certificate is not None and binding in (f"sha256:{certificate.sha256}", certificate.subject)


@dataclass(frozen=True, slots=True)
class Admission:
    """Who was let in by an association: the application entity, and in whose name it acts."""

    peer: Peer
    principal: Principal
