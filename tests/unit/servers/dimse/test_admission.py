"""What a caller gets depends on what it may do."""

from __future__ import annotations

import pytest

from hounsfield.model.accounts import Account
from hounsfield.model.errors import IndexUnavailable
from hounsfield.model.identifiers import AETitle
from hounsfield.model.origin import Principal, Role
from hounsfield.model.peers import EVERYTHING, Peer, PeerCertificate, Permission
from hounsfield.network.negotiation import Channel, Terms
from hounsfield.network.pdu import AssociateReject, AssociateRequest, ContextResult, ProposedContext
from hounsfield.network.user_information import RoleSelection, UserIdentityRequest, UserInformation
from hounsfield.servers.dimse.admission import AdmissionPolicy, may_use
from hounsfield.servers.dimse.service import Service
from hounsfield.servers.dimse.storage import StoragePolicy, StorageService
from hounsfield.servers.dimse.verification import VerificationService

VERIFICATION, CT, MR, QUERY = "1.2.840.10008.1.1", "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.2.2.1"
IMPLICIT, EXPLICIT, JPEG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.70"


class QueryService(Service):
    """Stands in for a service that needs a permission."""

    permission = Permission.QUERY

    def choose(self, context: ProposedContext) -> str | ContextResult | None:
        return EXPLICIT if context.abstract_syntax == QUERY else None


SERVICES = [VerificationService(), QueryService(), StorageService(None, StoragePolicy())]  # type: ignore[arg-type]


class Only:
    """Lets one peer in."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer

    def admit(self, calling_ae_title: str, host: str, certificate: PeerCertificate | None = None) -> Peer:
        return self._peer


def results(peer: Peer, *abstract_syntaxes: str, roles: tuple[RoleSelection, ...] = ()) -> list[str | ContextResult]:
    contexts = tuple(ProposedContext(2 * n + 1, uid, (IMPLICIT, EXPLICIT, JPEG)) for n, uid in enumerate(abstract_syntaxes))
    request = AssociateRequest("HOUNSFIELD", "CT1", contexts, UserInformation(roles=roles))
    terms = AdmissionPolicy(AETitle.parse("HOUNSFIELD"), Only(peer), SERVICES).judge(request, Channel("192.0.2.7"))
    assert isinstance(terms, Terms)
    assert terms.admission is not None
    assert terms.admission.peer == peer
    return [terms.choose(context) for context in contexts]


@pytest.mark.parametrize("may", [frozenset(), frozenset({Permission.STORE}), frozenset({Permission.QUERY}), EVERYTHING])
def test_a_service_that_is_not_permitted_is_a_user_rejection(may: frozenset[Permission]) -> None:
    answers = results(Peer("CT1", may=may), VERIFICATION, QUERY, CT, "1.2.840.10008.5.1.1.9")
    assert answers == [
        IMPLICIT,
        EXPLICIT if Permission.QUERY in may else ContextResult.USER_REJECTION,
        EXPLICIT if Permission.STORE in may else ContextResult.USER_REJECTION,
        ContextResult.ABSTRACT_SYNTAX_NOT_SUPPORTED,
    ]


def test_a_peer_stores_what_is_accepted_of_it() -> None:
    peer = Peer("CT1", accepted_sop_classes=(CT,), accepted_transfer_syntaxes=(JPEG,))
    assert results(peer, CT, MR, QUERY) == [JPEG, ContextResult.USER_REJECTION, EXPLICIT]
    assert results(Peer("CT1", accepted_transfer_syntaxes=("1.2.3",)), CT) == [ContextResult.TRANSFER_SYNTAXES_NOT_SUPPORTED]


class Gone:
    """Has no database to look into."""

    def admit(self, calling_ae_title: str, host: str, certificate: PeerCertificate | None = None) -> Peer:
        raise IndexUnavailable("the database does not answer")


def test_while_nobody_can_be_looked_up_the_rejection_is_transient() -> None:
    request = AssociateRequest("HOUNSFIELD", "CT1", (ProposedContext(1, CT, (EXPLICIT,)),), UserInformation())
    policy = AdmissionPolicy(AETitle.parse("HOUNSFIELD"), Gone(), SERVICES)
    assert policy.judge(request, Channel("192.0.2.7")) == AssociateReject(2, 1, 1)


class Vera:
    """Everybody's name is vera, who is a viewer."""

    def check(self, name: str, password: str, host: str) -> Account:
        return Account("vera", Role.VIEWER, "", 0)


def test_who_calls_in_a_viewer_s_name_may_only_look() -> None:
    identity = UserIdentityRequest(2, True, b"vera", b"secret")
    contexts = tuple(ProposedContext(2 * n + 1, uid, (EXPLICIT,)) for n, uid in enumerate((QUERY, CT, VERIFICATION)))
    request = AssociateRequest("HOUNSFIELD", "CT1", contexts, UserInformation(identity=identity))
    policy = AdmissionPolicy(AETitle.parse("HOUNSFIELD"), Only(Peer("CT1")), SERVICES, Vera())
    terms = policy.judge(request, Channel("192.0.2.7", encrypted=True))
    assert isinstance(terms, Terms)
    assert [terms.choose(context) for context in contexts] == [EXPLICIT, ContextResult.USER_REJECTION, EXPLICIT]
    assert terms.identity is not None
    assert terms.admission is not None
    assert terms.admission.principal == Principal("vera", Role.VIEWER)
    assert policy.judge(request, Channel("192.0.2.7")) == AssociateReject(1, 2, 1), "a passcode in clear"


def test_who_may_retrieve_may_be_sent_to_what_it_may_not_store() -> None:
    peer = Peer("CT1", may=frozenset({Permission.RETRIEVE}))
    wants_it = (RoleSelection(CT, scu=False, scp=True),)
    assert results(peer, CT, MR, roles=wants_it) == [EXPLICIT, ContextResult.USER_REJECTION]
    assert results(Peer("CT1", may=frozenset()), CT, roles=wants_it) == [ContextResult.USER_REJECTION]
    assert not may_use(peer, SERVICES[-1], ProposedContext(0, CT, (EXPLICIT,)))
    assert may_use(peer, SERVICES[0], ProposedContext(0, VERIFICATION, (EXPLICIT,)))
