"""The archive process' door on a Unix socket (mode 0600): objects and commands from other processes of this machine."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import structlog

from hounsfield.model.errors import HounsfieldError, InvalidInput
from hounsfield.services.intake import (
    ABANDON,
    COMMAND,
    DATA,
    ERROR,
    FINISH,
    OPEN,
    RESULT,
    IntakeConnection,
    decode_origin,
    encode_error,
    encode_result,
)
from hounsfield.services.store import FileStore

log = structlog.get_logger()

Command = Callable[[Mapping[str, Any]], Any]


class IntakeServer:
    """One thread a connection; the peers are our own processes, so their number is known and small."""

    def __init__(self, path: Path, store: FileStore, commands: Mapping[str, Command]) -> None:
        self._path = path
        self._store = store
        self._commands = commands
        self._listener: socket.socket | None = None
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()

    def start(self) -> None:
        """Listen; a socket file left by a killed process is replaced (the archive's lock is held by now)."""
        self._path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(self._path))
        self._path.chmod(0o600)
        listener.listen(128)
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), name="intake", daemon=True).start()

    def stop(self) -> None:
        """Close the door and all connections."""
        if self._listener is not None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
        with self._lock:
            for sock in self._connections:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
        self._path.unlink(missing_ok=True)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                self._connections.add(sock)
            threading.Thread(target=self._serve, args=(sock,), name="intake-connection", daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        connection = IntakeConnection(sock)
        try:
            while (frame := connection.receive()) is not None:
                kind, payload = frame
                if kind == OPEN:
                    self._take_object(connection, bytes(payload))
                elif kind == COMMAND:
                    self._run_command(connection, bytes(payload))
        except OSError as exc:
            log.info("intake.connection_lost", error=str(exc))
        finally:
            with self._lock:
                self._connections.discard(sock)
            connection.close()

    def _take_object(self, connection: IntakeConnection, origin: bytes) -> None:
        refusal: HounsfieldError | None = None
        with contextlib.ExitStack() as stack:
            try:
                reception = stack.enter_context(self._store.receive_file(*decode_origin(origin)))
            except HounsfieldError as exc:
                refusal = exc
            while (frame := connection.receive()) is not None:
                kind, payload = frame
                if kind == ABANDON:
                    return
                try:
                    if refusal is None and kind == DATA:
                        reception.write(payload)
                    elif kind == FINISH:
                        if refusal is not None:
                            raise refusal
                        connection.send(RESULT, encode_result(reception.finish()))
                        return
                except HounsfieldError as exc:
                    refusal = exc
                    if kind == FINISH:
                        connection.send(ERROR, encode_error(exc))
                        return
                except OSError:
                    raise
                except Exception:
                    log.exception("intake.object_failed")
                    refusal = HounsfieldError("an unexpected error in the archive process; its log says more")
                    if kind == FINISH:
                        connection.send(ERROR, encode_error(refusal))
                        return

    def _run_command(self, connection: IntakeConnection, payload: bytes) -> None:
        request = json.loads(payload)
        command = self._commands.get(request["name"])
        try:
            if command is None:
                raise InvalidInput(f"the archive process knows no command {request['name']!r}")
            answer = json.dumps(command(request["arguments"])).encode()
        except HounsfieldError as exc:
            connection.send(ERROR, encode_error(exc))
        except Exception:
            log.exception("intake.command_failed", command=request["name"])
            connection.send(ERROR, encode_error(HounsfieldError("an unexpected error in the archive process; its log says more")))
        else:
            connection.send(RESULT, answer)
