"""The answer to a request as a pure function."""

from __future__ import annotations

import dataclasses

import pytest

from hounsfield.network.limits import AssociationLimits
from hounsfield.network.negotiation import Implementation, Terms, acceptance, refusal_of_form
from hounsfield.network.pdu import AnsweredContext, AssociateReject, AssociateRequest, ContextResult, ProposedContext
from hounsfield.network.user_information import AsynchronousWindow, ExtendedNegotiation, RoleSelection, UserInformation

REQUEST = AssociateRequest(
    "HOUNSFIELD",
    "CT",
    (ProposedContext(1, "known", ("a", "b")), ProposedContext(3, "unknown", ("a",)), ProposedContext(5, "known", ())),
    UserInformation(16384, "1.2", window=AsynchronousWindow(0, 0)),
)


def _choose(context: ProposedContext) -> str | ContextResult:
    if context.abstract_syntax != "known":
        return ContextResult.ABSTRACT_SYNTAX_NOT_SUPPORTED
    return context.transfer_syntaxes[0] if context.transfer_syntaxes else ContextResult.TRANSFER_SYNTAXES_NOT_SUPPORTED


def test_every_context_is_answered_in_order() -> None:
    answer = acceptance(REQUEST, Terms(_choose), Implementation("2.25.1", "H"), AssociationLimits(max_pdu_length_bytes=4096))
    assert answer.contexts == (AnsweredContext(1, 0, "a"), AnsweredContext(3, 3, "a"), AnsweredContext(5, 4, ""))
    assert (answer.called_ae_title, answer.calling_ae_title) == ("HOUNSFIELD", "CT")
    assert answer.user == UserInformation(4096, "2.25.1", "H", AsynchronousWindow(1, 16))


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        (None, None),
        (AsynchronousWindow(1, 1), AsynchronousWindow(1, 1)),
        (AsynchronousWindow(8, 4), AsynchronousWindow(1, 4)),
        (AsynchronousWindow(0, 0), AsynchronousWindow(1, 16)),
        (AsynchronousWindow(65535, 65535), AsynchronousWindow(1, 16)),
    ],
)
def test_we_perform_one_operation_at_a_time_and_invoke_what_the_other_performs(
    asked: AsynchronousWindow | None, answered: AsynchronousWindow | None
) -> None:
    request = dataclasses.replace(REQUEST, user=UserInformation(16384, "1.2", window=asked))
    assert acceptance(request, Terms(_choose), Implementation("2.25.1", "H"), AssociationLimits()).user.window == answered


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({}, None),
        ({"protocol_version": 3}, None),
        ({"protocol_version": 2}, AssociateReject(1, 2, 2)),
        ({"application_context": "1.2.3"}, AssociateReject(1, 1, 2)),
        ({"contexts": ()}, AssociateReject(1, 1, 1)),
        ({"user": UserInformation(16)}, AssociateReject(1, 1, 1)),
        ({"user": UserInformation(0)}, None),
    ],
)
def test_what_no_policy_lets_through(change: dict[str, object], refusal: AssociateReject | None) -> None:
    assert refusal_of_form(dataclasses.replace(REQUEST, **change)) == refusal


def test_roles_and_extensions_are_asked_for_accepted_classes_alone() -> None:
    user = UserInformation(
        16384,
        "1.2",
        roles=(RoleSelection("known", scu=True, scp=True), RoleSelection("unknown", scu=True, scp=True)),
        extended=(ExtendedNegotiation("known", b"\1\1"), ExtendedNegotiation("unknown", b"\1"), ExtendedNegotiation("other", b"")),
    )
    terms = Terms(
        _choose,
        role=lambda asked: RoleSelection(asked.sop_class_uid, scu=False, scp=asked.scp),
        extend=lambda asked: asked.information[:1],
    )
    answer = acceptance(dataclasses.replace(REQUEST, user=user), terms, Implementation("2.25.1", "H"), AssociationLimits())
    assert answer.user.roles == (RoleSelection("known", scu=False, scp=True),)
    assert answer.user.extended == (ExtendedNegotiation("known", b"\1"),)
