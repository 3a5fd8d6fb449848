"""In whose name an association acts."""

from __future__ import annotations

import pytest

from hounsfield.model.accounts import Account
from hounsfield.model.errors import NotSignedIn, TooManyAttempts, Unavailable
from hounsfield.model.origin import Principal, Role
from hounsfield.network.negotiation import Channel
from hounsfield.network.user_information import UserIdentityRequest, UserIdentityResponse, UserInformation
from hounsfield.servers.dimse.user_identity import Identified, IdentityRefused, identify

ENCRYPTED = Channel("192.0.2.7", encrypted=True)
APPLICATION_ENTITY = Identified(Principal("CT1", Role.EDITOR))


class Doors:
    """Knows ada, whose password is `correct`."""

    def __init__(self, must_change: bool = False, failure: Exception | None = None) -> None:
        self.must_change = must_change
        self.failure = failure
        self.asked: list[tuple[str, str, str]] = []

    def check(self, name: str, password: str, host: str) -> Account:
        self.asked.append((name, password, host))
        if self.failure is not None:
            raise self.failure
        if (name, password) != ("ada", "correct"):
            raise NotSignedIn("user name or password is wrong")
        return Account("ada", Role.VIEWER, "", 0, self.must_change)


def user(kind: int, primary: bytes = b"ada", secondary: bytes = b"correct", *, response: bool = True) -> UserInformation:
    return UserInformation(identity=UserIdentityRequest(kind, response, primary, secondary))


def test_without_an_identity_it_is_the_application_entity() -> None:
    assert identify(UserInformation(), "CT1", ENCRYPTED, Doors()) == APPLICATION_ENTITY


def test_a_name_and_passcode_are_checked() -> None:
    doors = Doors()
    ada = Principal("ada", Role.VIEWER)
    assert identify(user(2), "CT1", ENCRYPTED, doors) == Identified(ada, UserIdentityResponse(b""))
    assert identify(user(2, response=False), "CT1", ENCRYPTED, doors) == Identified(ada)
    assert identify(user(2), "CT1", Channel("127.0.0.1"), doors).principal == ada
    assert doors.asked[0] == ("ada", "correct", "192.0.2.7")


def test_a_name_alone_proves_nothing() -> None:
    doors = Doors()
    assert identify(user(1, secondary=b""), "CT1", ENCRYPTED, doors) == APPLICATION_ENTITY
    assert doors.asked == []


def test_with_open_access_nobody_is_asked_who_he_is() -> None:
    assert identify(user(2, secondary=b"wrong"), "CT1", ENCRYPTED, None) == APPLICATION_ENTITY


@pytest.mark.parametrize(
    ("wish", "doors", "told"),
    [
        (user(2, secondary=b"wrong"), Doors(), "wrong"),
        (user(2), Doors(failure=TooManyAttempts("too many", 7)), "too many"),
        (user(2), Doors(must_change=True), "changed"),
        (user(2, primary=b"\xff"), Doors(), "UTF-8"),
        (user(2, secondary=b"x" * 5000), Doors(), "too long"),
        (user(3), Doors(), "Kerberos"),
        (user(4), Doors(), "SAML"),
        (user(5), Doors(), "jwt_keys"),
        (user(99), Doors(), "unknown type"),
        (user(0), Doors(), "unknown type"),
    ],
)
def test_what_cannot_be_believed_is_refused_with_its_reason(wish: UserInformation, doors: Doors, told: str) -> None:
    with pytest.raises(IdentityRefused, match=told):
        identify(wish, "CT1", ENCRYPTED, doors)


class Gate:
    """Knows the token `good`, which is ada's."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def check(self, token: str) -> Account:
        self.asked.append(token)
        if token != "good":
            raise NotSignedIn("the JSON web token has expired")
        return Account("ada", Role.VIEWER, "", 0, must_change_password=True)


def test_a_token_is_checked_and_comes_back_as_the_positive_response() -> None:
    ada = Principal("ada", Role.VIEWER)
    wish = user(5, b"good", b"")
    assert identify(wish, "CT1", ENCRYPTED, Doors(), Gate()) == Identified(ada, UserIdentityResponse(b"good"))
    assert identify(user(5, b"good", b"", response=False), "CT1", Channel("127.0.0.1"), Doors(), Gate()) == Identified(ada)
    assert identify(wish, "CT1", ENCRYPTED, None, Gate()) == APPLICATION_ENTITY, "with open access nobody is asked who he is"


@pytest.mark.parametrize(("token", "told"), [(b"old", "expired"), (b"\xc3\xa9", "ASCII"), (b"x" * 16_385, "too long")])
def test_a_token_that_is_none_or_not_good_is_refused(token: bytes, told: str) -> None:
    with pytest.raises(IdentityRefused, match=told):
        identify(user(5, token, b""), "CT1", ENCRYPTED, Doors(), Gate())


def test_a_passcode_or_token_in_clear_is_refused_unread() -> None:
    doors, gate = Doors(), Gate()
    for wish in (user(2), user(5, b"good", b"")):
        with pytest.raises(IdentityRefused, match="TLS"):
            identify(wish, "CT1", Channel("192.0.2.7"), doors, gate)
    assert doors.asked == []
    assert gate.asked == []


def test_where_passwords_cannot_be_checked_now_it_may_be_tried_again() -> None:
    with pytest.raises(Unavailable):
        identify(user(2), "CT1", ENCRYPTED, Doors(failure=Unavailable("busy")))
