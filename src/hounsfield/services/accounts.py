"""People's accounts: create, list, change, check a password.

What it asks of the database is `services.account_records.AccountRecords` and `SessionRecords`; sessions themselves are
`services.sessions`, machines' credentials `services.api_tokens`, and what judges each request `services.guard`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from hounsfield.model.accounts import Account
from hounsfield.model.errors import AccessDenied, AlreadyExists, InvalidInput, NotFound, NotSignedIn, TooManyAttempts
from hounsfield.model.origin import Principal, Role
from hounsfield.services.account_records import AccountRecords, SessionRecords
from hounsfield.services.passwords import PasswordHasher, judge_password, random_password
from hounsfield.services.throttle import Throttle, network_of

FIRST_ADMINISTRATOR = "admin"
_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")


def parse_account_name(raw: str) -> str:
    """Returns the name in lower case. Raises: InvalidInput."""
    name = raw.strip().lower()
    if _NAME.fullmatch(name) is None:
        raise InvalidInput("a user name is 1 to 64 letters a-z, digits, dots, hyphens, underscores or @, and starts with a letter or digit")
    return name


def require(principal: Principal, role: Role) -> None:
    """Raises: AccessDenied where the principal's role does not include `role`."""
    if not principal.role.includes(role):
        raise AccessDenied(f"this needs the role {role}; {principal.name!r} is {principal.role}")


class Accounts:
    """The accounts of a site."""

    def __init__(
        self,
        accounts: AccountRecords,
        sessions: SessionRecords,
        *,
        hasher: PasswordHasher | None = None,
        per_account: Throttle | None = None,
        per_host: Throttle | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._accounts = accounts
        self._sessions = sessions
        self._hasher = hasher or PasswordHasher()
        self._per_account = Throttle(free_failures=10, longest_wait_s=60) if per_account is None else per_account
        self._per_host = Throttle(free_failures=30, longest_wait_s=300) if per_host is None else per_host
        self._now = now

    def ensure_administrator(self) -> str | None:
        """At a site without accounts creates `admin` and returns its random password, this once; None where there are accounts."""
        if self._accounts.accounts():
            return None
        password = random_password()
        return password if self._add(FIRST_ADMINISTRATOR, password, Role.ADMINISTRATOR, must_change=False) else None

    def create(self, name: str, password: str, role: Role, *, must_change: bool = False) -> Account:
        """Raises: InvalidInput, WeakPassword, AlreadyExists."""
        name = parse_account_name(name)
        judge_password(name, password)
        account = self._add(name, password, role, must_change=must_change)
        if account is None:
            raise AlreadyExists(f"there is a user {name!r} already")
        return account

    def all(self) -> list[Account]:
        """All accounts by name."""
        return self._accounts.accounts()

    def set_password(self, name: str, password: str, *, must_change: bool = False, keep_session: bytes | None = None) -> None:
        """Sets it and ends the account's sessions, apart from that whose token has the SHA-256 `keep_session`.

        Raises: WeakPassword, NotFound.
        """
        name = parse_account_name(name)
        judge_password(name, password)
        if not self._accounts.set_password(name, self._hasher.hash(password), must_change):
            raise NotFound(f"there is no user {name!r}")
        self._sessions.delete_sessions_of(name, keep_session)

    def set_role(self, name: str, role: Role) -> None:
        """Raises: NotFound; AccessDenied where no administrator would be left."""
        name = parse_account_name(name)
        if role is not Role.ADMINISTRATOR:
            self._keep_one_administrator(name)
        if not self._accounts.set_role(name, role):
            raise NotFound(f"there is no user {name!r}")

    def disable(self, name: str) -> None:
        """Ends its sessions and lets nobody sign in with it. Raises: NotFound; AccessDenied where no administrator would be left."""
        name = parse_account_name(name)
        self._keep_one_administrator(name)
        if not self._accounts.set_disabled(name, True):
            raise NotFound(f"there is no user {name!r}")
        self._sessions.delete_sessions_of(name)

    def enable(self, name: str) -> None:
        """Raises: NotFound."""
        name = parse_account_name(name)
        if not self._accounts.set_disabled(name, False):
            raise NotFound(f"there is no user {name!r}")

    def check(self, name: str, password: str, host: str) -> Account:
        """The account whose name and password these are; takes as long for an unknown name as for a wrong password.

        host: the address that asks, for the throttle.
        Raises: NotSignedIn, TooManyAttempts, Unavailable.
        """
        name = name.strip().lower()[:64]
        network = network_of(host)
        self._raise_if_throttled(name, network)
        with self._hasher.turn():
            # Once more: those before us in the queue may have failed, and a burst of parallel guesses must gain nothing.
            self._raise_if_throttled(name, network)
            account = self._accounts.account(name) if _NAME.fullmatch(name) else None
            usable = account is not None and not account.disabled
            matches = self._hasher.matches(account.password_hash if account and usable else None, password)
            if account is None or not matches:
                self._per_account.failed(name)
                self._per_host.failed(network)
                raise NotSignedIn("user name or password is wrong")
        self._per_account.forgive(name)
        if self._hasher.is_outdated(account.password_hash):
            self._accounts.set_password(name, self._hasher.hash(password), account.must_change_password)
        return account

    def _raise_if_throttled(self, name: str, network: str) -> None:
        wait_s = max(self._per_account.wait_s(name), self._per_host.wait_s(network))
        if wait_s > 0:
            seconds = int(wait_s) + 1
            raise TooManyAttempts(f"too many failed sign-ins; wait {seconds} s", seconds)

    def _add(self, name: str, password: str, role: Role, *, must_change: bool) -> Account | None:
        account = Account(name, role, self._hasher.hash(password), int(self._now()), must_change)
        return account if self._accounts.add_account(account) else None

    def _keep_one_administrator(self, name: str) -> None:
        administrators = [a.name for a in self._accounts.accounts() if a.role is Role.ADMINISTRATOR and not a.disabled]
        if administrators == [name]:
            raise AccessDenied(f"{name!r} is the last administrator: make another one first")
