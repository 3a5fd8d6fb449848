"""Hand objects and decisions to the archive process over a Unix socket: the frames, and the client's side.

A frame is one letter, its length as four bytes (big endian), and that many bytes. A connection carries one exchange after another:

    client  O{origin}  D… D…  F        server  R{result}  or  E{code, message}
    client  O{origin}  D…  A           (abandoned, no answer)
    client  C{name, arguments}         server  R{answer}  or  E{code, message}

The server may answer E before F when it has already refused the object; it still reads the rest up to F or A.
"""

from __future__ import annotations

import contextlib
import json
import select
import socket
import struct
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from hounsfield.model import errors
from hounsfield.model.errors import ArchiveBusy, HounsfieldError, Unavailable
from hounsfield.model.origin import Origin, Principal, Protocol, Role
from hounsfield.model.outcomes import StoreOutcome, StoreResult
from hounsfield.model.overlay import NO_TREATMENT, Treatment
from hounsfield.services.store import Buffer, Reception

OPEN, DATA, FINISH, ABANDON, COMMAND, RESULT, ERROR = b"O", b"D", b"F", b"A", b"C", b"R", b"E"

FRAME_HEADER = struct.Struct(">cI")
MAX_FRAME_BYTES = 4 << 20
MAX_IDLE_CONNECTIONS = 8

_ERRORS: dict[str, type[HounsfieldError]] = {
    name: kind for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, HounsfieldError)
}


def encode_origin(origin: Origin, study_instance_uid: str = "", treatment: Treatment = NO_TREATMENT) -> bytes:
    """As JSON, with the study that the object must belong to, if any, and what it is subject to."""
    principal = origin.principal
    return json.dumps(
        {
            "protocol": origin.protocol.value,
            "principal": {"name": principal.name, "role": principal.role.value, "partition_id": principal.partition_id},
            "host": origin.host,
            "calling_ae_title": origin.calling_ae_title,
            "called_ae_title": origin.called_ae_title,
            "may_reject": origin.may_reject,
            "study_instance_uid": study_instance_uid,
            "treatment": treatment.largest_overlay.decode(),
        }
    ).encode()


def decode_origin(payload: bytes) -> tuple[Origin, str, Treatment]:
    """Inverse of `encode_origin`."""
    raw = json.loads(payload)
    principal = raw["principal"]
    origin = Origin(
        Protocol(raw["protocol"]),
        Principal(principal["name"], Role(principal["role"]), principal["partition_id"]),
        raw["host"],
        raw["calling_ae_title"],
        raw["called_ae_title"],
        may_reject=raw["may_reject"],
    )
    return origin, raw["study_instance_uid"], Treatment.from_bytes(raw["treatment"].encode())


def encode_result(result: StoreResult) -> bytes:
    """As JSON."""
    return json.dumps(
        {
            "outcome": result.outcome.value,
            "sop_class_uid": result.sop_class_uid,
            "sop_instance_uid": result.sop_instance_uid,
            "series_instance_uid": result.series_instance_uid,
            "study_instance_uid": result.study_instance_uid,
            "reason": result.reason,
            "coerced": result.coerced,
        }
    ).encode()


def decode_result(payload: bytes) -> StoreResult:
    """Inverse of `encode_result`."""
    raw = json.loads(payload)
    return StoreResult(**{**raw, "outcome": StoreOutcome(raw["outcome"]), "coerced": tuple(raw["coerced"])})


def encode_error(error: HounsfieldError) -> bytes:
    """As JSON: the error's class name and its words."""
    return json.dumps({"code": type(error).__name__, "message": str(error)}).encode()


def decode_error(payload: bytes) -> HounsfieldError:
    """Inverse of `encode_error`."""
    raw = json.loads(payload)
    return _ERRORS.get(raw["code"], HounsfieldError)(raw["message"])


class IntakeConnection:
    """Frames over one connected socket."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._buffer = bytearray(64 << 10)

    def send(self, kind: bytes, payload: Buffer = b"") -> None:
        """One frame."""
        self.sock.sendall(FRAME_HEADER.pack(kind, len(payload)))
        if payload:
            self.sock.sendall(payload)

    def receive(self) -> tuple[bytes, memoryview] | None:
        """The next frame, its payload valid until the next call; None at the end of the connection."""
        head = self._read_into(memoryview(self._buffer)[: FRAME_HEADER.size])
        if head is None:
            return None
        kind, length = FRAME_HEADER.unpack(head)
        if length > MAX_FRAME_BYTES:
            raise ConnectionError(f"a frame of {length} bytes on the intake socket")
        if length > len(self._buffer):
            self._buffer = bytearray(length)
        payload = self._read_into(memoryview(self._buffer)[:length])
        return None if payload is None else (kind, payload)

    def _read_into(self, view: memoryview) -> memoryview | None:
        got = 0
        while got < len(view):
            count = self.sock.recv_into(view[got:])
            if not count:
                return None
            got += count
        return view

    def is_open(self) -> bool:
        """Of an idle connection: whether the other side still holds it, as far as this side has heard."""
        poll = select.poll()
        poll.register(self.sock, select.POLLIN)
        return not poll.poll(0)  # nothing is due: what can be read is the end

    def close(self) -> None:
        """Idempotent."""
        self.sock.close()


class RemoteStore:
    """The archive process' `FileStore` as other processes see it. Safe for many threads."""

    def __init__(self, path: Path, timeout_s: float = 60.0) -> None:
        self._path = path
        self._timeout_s = timeout_s
        self._idle: list[IntakeConnection] = []
        self._lock = threading.Lock()

    def receive_file(self, origin: Origin, study_instance_uid: str = "", treatment: Treatment = NO_TREATMENT) -> Reception:
        return RemoteReception(self, origin, study_instance_uid, treatment)

    def command(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """Ask the archive process to do something. Raises: HounsfieldError as the archive process did."""
        with self.connection() as connection:
            connection.send(COMMAND, json.dumps({"name": name, "arguments": dict(arguments)}).encode())
            return json.loads(read_answer(connection))

    @contextlib.contextmanager
    def connection(self) -> Iterator[IntakeConnection]:
        """A connection of our own; it goes back to the idle ones unless an error other than a refusal came by."""
        connection = self.borrow()
        try:
            yield connection
        except (OSError, EOFError) as exc:
            connection.close()
            raise Unavailable("the archive process does not answer; it may be restarting") from exc
        except HounsfieldError:
            self.give_back(connection)
            raise
        except BaseException:
            connection.close()
            raise
        else:
            self.give_back(connection)

    def borrow(self) -> IntakeConnection:
        """A connection that was open a moment ago. Raises: ArchiveBusy."""
        while (idle := self._pop_idle()) is not None:
            if idle.is_open():
                return idle
            idle.close()
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(self._timeout_s)
        try:
            sock.connect(str(self._path))
        except OSError as exc:
            sock.close()
            raise ArchiveBusy("the archive process does not take objects now; it may be starting") from exc
        return IntakeConnection(sock)

    def _pop_idle(self) -> IntakeConnection | None:
        with self._lock:
            return self._idle.pop() if self._idle else None

    def give_back(self, connection: IntakeConnection) -> None:
        """Keep a connection for the next exchange."""
        with self._lock:
            if len(self._idle) < MAX_IDLE_CONNECTIONS:
                self._idle.append(connection)
                return
        connection.close()


def read_answer(connection: IntakeConnection) -> bytes:
    """The payload of R. Raises: what E says; EOFError at the end of the connection."""
    frame = connection.receive()
    if frame is None:
        raise EOFError("the archive process closed the connection")
    kind, payload = frame
    if kind == RESULT:
        return bytes(payload)
    raise decode_error(bytes(payload))


class RemoteReception:
    """One object on its way over the socket."""

    def __init__(self, store: RemoteStore, origin: Origin, study_instance_uid: str, treatment: Treatment) -> None:
        self._store = store
        self._connection = store.borrow()
        self._begun = True
        self._broken = False
        try:
            self._connection.send(OPEN, encode_origin(origin, study_instance_uid, treatment))
        except OSError as exc:
            self._connection.close()
            raise Unavailable("the archive process went away") from exc

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._begun and not self._broken:
            self._begun = False
            try:
                self._connection.send(ABANDON)
            except OSError:
                self._broken = True
        if self._broken:
            self._connection.close()
        else:
            self._store.give_back(self._connection)

    def write(self, data: Buffer) -> None:
        view = memoryview(data)
        try:
            for start in range(0, len(view), MAX_FRAME_BYTES):
                self._connection.send(DATA, view[start : start + MAX_FRAME_BYTES])
        except OSError as exc:
            self._broken = True
            raise Unavailable("the archive process went away while an object was handed over") from exc

    def finish(self) -> StoreResult:
        self._begun = False
        try:
            self._connection.send(FINISH)
            return decode_result(read_answer(self._connection))
        except (OSError, EOFError) as exc:
            self._broken = True
            raise Unavailable("the archive process went away before it answered; the object may not be stored") from exc
