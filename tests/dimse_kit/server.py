"""A DICOM server on a free port of loopback, with a store that keeps objects in memory."""

from __future__ import annotations

import contextlib
import hashlib
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from hounsfield.model.identifiers import AETitle
from hounsfield.model.origin import Origin
from hounsfield.model.outcomes import StoreOutcome, StoreResult
from hounsfield.network.limits import AssociationLimits
from hounsfield.network.registry import AssociationRegistry
from hounsfield.servers.dimse.admission import AnyCaller, CallerPolicy
from hounsfield.servers.dimse.server import DimseServer
from hounsfield.servers.dimse.service import Service
from hounsfield.servers.dimse.storage import StoragePolicy
from hounsfield.servers.dimse.user_identity import Passwords
from hounsfield.services.store import Envelope, Reception, Store


@dataclass(frozen=True, slots=True)
class Kept:
    """One object that was stored."""

    origin: Origin
    envelope: Envelope
    data_set: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data_set).hexdigest()


@dataclass
class MemoryStore:
    """Keeps what it is given. The `fail_*` and `outcome` fields make it behave otherwise; `aborted` counts unfinished receptions."""

    kept: list[Kept] = field(default_factory=list)
    fail_at_begin: Exception | None = None
    fail_at_enter: Exception | None = None
    fail_at_byte: tuple[int, Exception] | None = None
    fail_at_end: Exception | None = None
    outcome: StoreOutcome = StoreOutcome.STORED
    reason: str = ""
    aborted: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)

    def receive(self, origin: Origin, envelope: Envelope) -> Reception:
        if self.fail_at_begin is not None:
            raise self.fail_at_begin
        return MemoryReception(self, origin, envelope)

    def receive_file(self, origin: Origin, study_instance_uid: str = "") -> Reception:
        raise NotImplementedError

    def wait_for(self, holds: Callable[[], bool], timeout_s: float = 5.0) -> bool:
        """Whether it comes to hold within the time."""
        with self.changed:
            return self.changed.wait_for(holds, timeout_s)


class MemoryReception:
    """Gathers the pieces."""

    def __init__(self, store: MemoryStore, origin: Origin, envelope: Envelope) -> None:
        self._store, self._origin, self._envelope = store, origin, envelope
        self._data = bytearray()
        self._finished = False

    def __enter__(self) -> Self:
        if self._store.fail_at_enter is not None:
            raise self._store.fail_at_enter
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if not self._finished:
            with self._store.changed:
                self._store.aborted += 1
                self._store.changed.notify_all()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._data += data
        if self._store.fail_at_byte is not None and len(self._data) >= self._store.fail_at_byte[0]:
            raise self._store.fail_at_byte[1]

    def finish(self) -> StoreResult:
        if self._store.fail_at_end is not None:
            raise self._store.fail_at_end
        self._finished = True
        with self._store.changed:
            self._store.kept.append(Kept(self._origin, self._envelope, bytes(self._data)))
            self._store.changed.notify_all()
        uid = self._envelope.sop_instance_uid
        return StoreResult(self._store.outcome, self._envelope.sop_class_uid, uid, "1.2", "1.2.3", self._store.reason)


@contextlib.contextmanager
def running_server(
    store: Store | None = None,
    *,
    limits: AssociationLimits | None = None,
    callers: CallerPolicy | None = None,
    storage_policy: StoragePolicy | None = None,
    tls_context: ssl.SSLContext | None = None,
    more_services: Sequence[Service] = (),
    passwords: Passwords | None = None,
    registry: AssociationRegistry | None = None,
) -> Iterator[DimseServer]:
    """A server called HOUNSFIELD, closed at the end."""
    server = DimseServer(
        ("127.0.0.1", 0),
        AETitle.parse("HOUNSFIELD"),
        store if store is not None else MemoryStore(),
        callers or AnyCaller(),
        limits=limits,
        storage_policy=storage_policy,
        tls_context=tls_context,
        more_services=more_services,
        passwords=passwords,
        registry=registry,
    )
    server.start()
    try:
        yield server
    finally:
        server.close(grace_s=0.2)


def until(holds: Callable[[], bool], timeout_s: float = 5.0) -> bool:
    """Polls until it holds or the time is over."""
    deadline = time.monotonic() + timeout_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        threading.Event().wait(0.005)
    return True
