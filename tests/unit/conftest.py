"""What several layers' unit tests share: accounts, sessions, tokens and guard over a database of their own; the clock stands still."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hounsfield.index.database import Database
from hounsfield.model.origin import Role
from hounsfield.records.peer_records import PeerRecords
from hounsfield.records.records import Records
from hounsfield.services.accounts import Accounts
from hounsfield.services.api_tokens import ApiTokens
from hounsfield.services.callers import Callers
from hounsfield.services.guard import Guard
from hounsfield.services.passwords import PasswordHasher
from hounsfield.services.peers import Peers
from hounsfield.services.sessions import Sessions
from hounsfield.services.throttle import Throttle

PASSWORD = "correct horse battery"


class Clock:
    """Says the time it was told, in seconds."""

    def __init__(self) -> None:
        self.now_s = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now_s

    def advance(self, seconds: float) -> None:
        """Lets time pass."""
        self.now_s += seconds


@dataclass
class Access:
    """Everything of `services` that decides who may do what."""

    clock: Clock
    database: Database
    records: Records
    accounts: Accounts
    sessions: Sessions
    tokens: ApiTokens
    peers: Peers
    callers: Callers
    guard: Guard
    password: str = PASSWORD

    def another_guard(self) -> Guard:
        """As another process has it: the same records, nothing remembered."""
        return Guard(self.sessions, self.tokens, monotonic=self.clock)


def _accounts(records: Records, clock: Clock) -> Accounts:
    return Accounts(
        records,
        records,
        hasher=PasswordHasher(time_cost=1, memory_kib=64),
        per_account=Throttle(free_failures=3, longest_wait_s=60, monotonic=clock),
        per_host=Throttle(free_failures=6, longest_wait_s=300, monotonic=clock),
        now=clock,
    )


@pytest.fixture(scope="session")
def peopled_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file that is copied for each test: making the schema takes longer than most of them."""
    path = tmp_path_factory.mktemp("peopled") / "index.sqlite"
    database = Database(path)
    database.upgrade()
    accounts = _accounts(Records(database), Clock())
    for name, role in (("vera", Role.VIEWER), ("edgar", Role.EDITOR), ("ada", Role.ADMINISTRATOR)):
        accounts.create(name, PASSWORD, role)
    database.close()
    return path


@pytest.fixture
def access(peopled_database: Path, tmp_path: Path) -> Iterator[Access]:
    """With the accounts `vera` (viewer), `edgar` (editor) and `ada` (administrator), all of one password."""
    clock = Clock()
    for suffix in ("", "-wal"):
        part = peopled_database.with_name(peopled_database.name + suffix)
        if part.exists():
            shutil.copy(part, tmp_path / part.name)
    database = Database(tmp_path / "index.sqlite")
    records = Records(database)
    accounts = _accounts(records, clock)
    sessions = Sessions(accounts, records, records, now=clock)
    tokens = ApiTokens(records, now=clock)
    peers = Peers(PeerRecords(database))
    callers = Callers(peers, records, now=clock)
    yield Access(clock, database, records, accounts, sessions, tokens, peers, callers, Guard(sessions, tokens, monotonic=clock))
    database.close()
