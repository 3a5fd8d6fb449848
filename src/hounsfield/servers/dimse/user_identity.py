"""User identity negotiation: in whose name an association acts (PS3.7 D.3.3.7)."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from hounsfield.model.accounts import Account
from hounsfield.model.errors import AccessDenied
from hounsfield.model.origin import Principal, Role
from hounsfield.network.negotiation import Channel
from hounsfield.network.user_information import UserIdentityRequest, UserIdentityResponse, UserInformation
from hounsfield.services.callers import is_loopback

LONGEST_NAME_BYTES = 256
LONGEST_PASSCODE_BYTES = 4096
LONGEST_TOKEN_BYTES = 16_384


class Kind(enum.IntEnum):
    """User-Identity-Type (PS3.7 table D.3-14)."""

    USERNAME = 1
    USERNAME_AND_PASSCODE = 2
    KERBEROS = 3
    SAML = 4
    JWT = 5


NOT_VERIFIED: Mapping[int, str] = {Kind.KERBEROS: "a Kerberos ticket", Kind.SAML: "a SAML assertion"}
"""What would need an authority of the site's to vouch for it, and there is no setting to name one."""


class Passwords(Protocol):
    """Whose password it is; `services.accounts.Accounts` is one."""

    def check(self, name: str, password: str, host: str) -> Account:
        """Raises: NotSignedIn, TooManyAttempts, Unavailable."""


class Tokens(Protocol):
    """Whose JSON web token it is; `services.web_tokens.WebTokens` is one."""

    def check(self, token: str) -> Account:
        """Raises: NotSignedIn, Unavailable."""


class IdentityRefused(AccessDenied):
    """The user identity is not accepted; the message says why, and is for the log alone."""


@dataclass(frozen=True, slots=True)
class Identified:
    """principal: in whose name. response: where it was asked for and the identity is vouched for."""

    principal: Principal
    response: UserIdentityResponse | None = None


def identify(
    user: UserInformation, calling_ae_title: str, channel: Channel, passwords: Passwords | None, tokens: Tokens | None = None
) -> Identified:
    """The principal of an association: the account whose name and passcode or whose token came, else the application entity.

    passwords: None where nobody signs in (open access): then an identity is not looked at.
    tokens: None where no issuer of JSON web tokens is believed.
    A name without a passcode is a claim that nobody has proved: the association goes on as the application entity's, and no positive
    response says otherwise.
    Raises: IdentityRefused; Unavailable where the identity cannot be checked now.
    """
    stranger = Identified(Principal(calling_ae_title, Role.EDITOR))
    wish = user.identity
    if passwords is None or not isinstance(wish, UserIdentityRequest) or wish.kind == Kind.USERNAME:
        return stranger
    if wish.kind not in (Kind.USERNAME_AND_PASSCODE, Kind.JWT):
        raise IdentityRefused(f"{NOT_VERIFIED.get(wish.kind, 'an identity of unknown type')} cannot be verified here")
    if not (channel.encrypted or is_loopback(channel.host)):
        raise IdentityRefused("a passcode or token came over a connection without TLS")
    if wish.kind == Kind.JWT:
        account, answer = _vouched_for(wish, tokens), wish.primary
    else:
        account, answer = _signed_in(wish, channel.host, passwords), b""
    # The positive response to a token is a JSON web token, to a passcode nothing (PS3.7 table D.3-15); we issue none but the peer's own.
    response = UserIdentityResponse(answer) if wish.response_requested else None
    return Identified(Principal(account.name, account.role), response)


def _vouched_for(wish: UserIdentityRequest, tokens: Tokens | None) -> Account:
    if tokens is None:
        raise IdentityRefused("a JSON web token cannot be verified here: no setting says whose are believed (jwt_keys)")
    if len(wish.primary) > LONGEST_TOKEN_BYTES:
        raise IdentityRefused("a JSON web token too long to be one")
    try:
        return tokens.check(wish.primary.decode("ascii"))
    except UnicodeDecodeError as exc:
        raise IdentityRefused("a JSON web token that is not of ASCII letters") from exc
    except AccessDenied as exc:
        raise IdentityRefused(str(exc)) from exc


def _signed_in(wish: UserIdentityRequest, host: str, passwords: Passwords) -> Account:
    if len(wish.primary) > LONGEST_NAME_BYTES or len(wish.secondary) > LONGEST_PASSCODE_BYTES:
        raise IdentityRefused("a user name or passcode too long to be one")
    try:
        account = passwords.check(wish.primary.decode("utf-8"), wish.secondary.decode("utf-8"), host)
    except UnicodeDecodeError as exc:
        raise IdentityRefused("a user name or passcode that is no UTF-8") from exc
    except AccessDenied as exc:
        raise IdentityRefused(str(exc)) from exc
    if account.must_change_password:
        raise IdentityRefused("the password is a first one, and must be changed in the web app before it is used")
    return account
