"""One connected socket as the upper layer wants it: plain or TLS, with a tick in reads and scatter writes."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import struct
from collections.abc import Sequence
from typing import Protocol

Buffer = bytes | bytearray | memoryview

NOTHING_YET = -1
"""What `receive_into` returns when a tick has passed without a byte."""

_MOST_BUFFERS_A_CALL = 512
_TCP = socket.IPPROTO_TCP
_QUICKACK = socket.TCP_QUICKACK


class Transport(Protocol):
    """Bytes both ways. Raises: OSError where the connection fails."""

    def receive_into(self, room: memoryview) -> int:
        """Returns the bytes read, 0 at the end of the stream, `NOTHING_YET` after a tick."""

    def send(self, buffers: Sequence[Buffer]) -> None:
        """Sends all of them in order. Raises: TimeoutError where the peer takes nothing for the send time-out."""

    def has_input(self, wait_s: float = 0.0) -> bool:
        """Whether a read would not wait; so long that is waited for."""

    def shutdown(self) -> None:
        """Wakes a thread that waits in a read or write; may be called from any thread."""

    def detach(self) -> socket.socket:
        """Gives the socket back, for instance to be waited on elsewhere; this transport is over."""

    def close(self) -> None:
        """Closes the connection; never raises."""


def prepare(connection: socket.socket) -> None:
    """What every connection of ours has: no Nagle delay, and a probe that finds dead peers."""
    connection.setsockopt(_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)


def transport_over(connection: socket.socket, tick_s: float, send_timeout_s: float) -> Transport:
    """Takes over a connected socket."""
    if isinstance(connection, ssl.SSLSocket):
        return TlsTransport(connection, tick_s, send_timeout_s)
    return PlainTransport(connection, tick_s, send_timeout_s)


def _timeval(seconds: float) -> bytes:
    whole = int(seconds)
    return struct.pack("@ll", whole, int((seconds - whole) * 1_000_000))


class PlainTransport:
    """A blocking socket whose time-outs the kernel keeps: Python's own would cost a poll() before every read."""

    __slots__ = ("_connection", "_recv_into", "_setsockopt")

    def __init__(self, connection: socket.socket, tick_s: float, send_timeout_s: float) -> None:
        connection.settimeout(None)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _timeval(tick_s))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _timeval(send_timeout_s))
        self._connection = connection
        self._recv_into = connection.recv_into
        self._setsockopt = connection.setsockopt

    def receive_into(self, room: memoryview) -> int:
        # Re-armed before each read: it flushes the acknowledgement of what was read before, which a sender with Nagle's
        # algorithm on waits for before it lets its next small segment go.
        try:
            self._setsockopt(_TCP, _QUICKACK, 1)
            return self._recv_into(room)
        except BlockingIOError:
            return NOTHING_YET

    def send(self, buffers: Sequence[Buffer]) -> None:
        connection = self._connection
        try:
            if len(buffers) == 1:
                only = buffers[0]
                sent = connection.send(only)
                if sent == len(only):
                    return
                self._send_rest([memoryview(only)[sent:]])
                return
            for first in range(0, len(buffers), _MOST_BUFFERS_A_CALL):
                part = buffers[first : first + _MOST_BUFFERS_A_CALL]
                sent = connection.sendmsg(part)
                if sent != sum(map(len, part)):
                    self._send_rest(_behind(part, sent))
        except BlockingIOError as exc:
            raise TimeoutError("the peer takes nothing of what is sent") from exc

    def _send_rest(self, part: list[memoryview]) -> None:
        while part:
            part = _behind(part, self._connection.sendmsg(part))

    def has_input(self, wait_s: float = 0.0) -> bool:
        if wait_s:
            _poll(self._connection, wait_s)
        try:
            self._connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True  # the read that follows says what is wrong
        return True

    def shutdown(self) -> None:
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def detach(self) -> socket.socket:
        return self._connection

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._connection.close()


class TlsTransport:
    """The same over TLS, where Python's own time-out is the one that OpenSSL's record layer understands."""

    __slots__ = ("_connection", "_send_timeout_s", "_tick_s")

    def __init__(self, connection: ssl.SSLSocket, tick_s: float, send_timeout_s: float) -> None:
        connection.settimeout(tick_s)
        self._connection = connection
        self._tick_s = tick_s
        self._send_timeout_s = send_timeout_s

    def receive_into(self, room: memoryview) -> int:
        try:
            self._connection.setsockopt(_TCP, _QUICKACK, 1)
            return self._connection.recv_into(room)
        except (TimeoutError, ssl.SSLWantReadError):
            return NOTHING_YET
        except ssl.SSLEOFError:
            return 0

    def send(self, buffers: Sequence[Buffer]) -> None:
        connection = self._connection
        connection.settimeout(self._send_timeout_s)
        try:
            # Small pieces share a record; a large one is encrypted where it lies.
            if sum(map(len, buffers)) <= 16384:
                connection.sendall(b"".join(buffers))
            else:
                for buffer in buffers:
                    connection.sendall(buffer)
        finally:
            connection.settimeout(self._tick_s)

    def has_input(self, wait_s: float = 0.0) -> bool:
        # TLS cannot be peeked into: a waiting record without data in it (a session ticket) makes this say yes too often.
        return bool(self._connection.pending()) or _poll(self._connection, wait_s)

    def shutdown(self) -> None:
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self._connection, socket.SHUT_RDWR)

    def detach(self) -> socket.socket:
        return self._connection

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._connection.close()


def _poll(connection: socket.socket, wait_s: float) -> bool:
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(wait_s * 1000))


def _behind(buffers: Sequence[Buffer], sent: int) -> list[memoryview]:
    """What is left of `buffers` behind the first `sent` bytes."""
    rest: list[memoryview] = []
    for buffer in buffers:
        view = memoryview(buffer)
        if sent >= len(view):
            sent -= len(view)
            continue
        rest.append(view[sent:] if sent else view)
        sent = 0
    return rest
