"""Listens for associations: one thread for all connections that have not asked yet, one thread for each association."""

from __future__ import annotations

import contextlib
import errno
import selectors
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable

import structlog

from hounsfield.network.association import Association
from hounsfield.network.errors import NetworkError, ProtocolError
from hounsfield.network.limits import AssociationLimits
from hounsfield.network.lobby import Arrival, Departure, Guest, Room
from hounsfield.network.negotiation import AssociationPolicy, Channel, Implementation, acceptance, refusal_of_form
from hounsfield.network.pdu import (
    LOCAL_LIMIT_EXCEEDED,
    TEMPORARY_CONGESTION,
    Abort,
    AbortReason,
    AbortSource,
    AssociateReject,
    AssociateRequest,
    encode_pdu,
)
from hounsfield.network.registry import AssociationRecord, AssociationRegistry
from hounsfield.network.state_machine import Action, Event, State
from hounsfield.network.tls import ServerTls, certificate_of
from hounsfield.network.transport import prepare, transport_over

log = structlog.get_logger(__name__)

Handler = Callable[[Association], None]
"""Serves one association until it ends; runs in the association's own thread."""

_BACKLOG = 512
_ACCEPTED_AT_A_TIME = 16


class Listener:
    """A listening socket and all that comes in by it.

    address: host and port to bind; port 0 picks a free one.
    tls_context: where given, every connection is TLS; its handshake counts against ARTIM.
    """

    def __init__(
        self,
        address: tuple[str, int],
        handler: Handler,
        policy: AssociationPolicy,
        limits: AssociationLimits,
        implementation: Implementation,
        *,
        tls_context: ServerTls | None = None,
        registry: AssociationRegistry | None = None,
    ) -> None:
        self.registry = registry if registry is not None else AssociationRegistry(limits)  # an empty one is falsy
        self._handler = handler
        self._policy = policy
        self._limits = limits
        self._implementation = implementation
        self._tls_context = tls_context
        self._arrivals: Room[Arrival] = Room(limits.max_unnegotiated)
        self._departures: Room[Departure] = Room(limits.max_unnegotiated)
        self._returning: deque[Departure] = deque()
        self._associations: dict[int, tuple[Association, threading.Thread]] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self._socket = socket.create_server(address, family=family, backlog=_BACKLOG)
        self._socket.setblocking(False)
        self.address: tuple[str, int] = self._socket.getsockname()[:2]
        """Host and port that are bound."""
        self._waker, self._wakened = socket.socketpair()
        self._wakened.setblocking(False)
        self._waker.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._socket, selectors.EVENT_READ)
        self._selector.register(self._wakened, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, name="dimse-listener", daemon=True)

    def start(self) -> None:
        """Begins to accept."""
        self._thread.start()

    def close(self, grace_s: float = 5.0) -> None:
        """Stops accepting; associations may finish what they are at within `grace_s`, then they are cut off."""
        self._closing.set()
        self._wake()
        if self._thread.ident is not None:
            self._thread.join()
        else:
            self._close_sockets()
        with self._lock:
            running = list(self._associations.values())
        for association, _ in running:
            association.drain()
        deadline = time.monotonic() + grace_s
        for _, thread in running:
            thread.join(max(0.0, deadline - time.monotonic()))
        for association, thread in running:
            if thread.is_alive():
                association.interrupt()
        for _, thread in running:
            thread.join(self._limits.tick_s + 1.0)

    def _wake(self) -> None:
        with contextlib.suppress(OSError):
            self._waker.send(b"\0")

    def _run(self) -> None:
        try:
            while not self._closing.is_set():
                for key, _ in self._selector.select(self._until_next_deadline()):
                    self._on_readable(key)
                self._expire(time.monotonic())
        finally:
            for guest in [*self._arrivals.all(), *self._departures.all(), *self._returning]:
                guest.close()
            self._close_sockets()

    def _close_sockets(self) -> None:
        self._selector.close()
        for end in (self._socket, self._waker, self._wakened):
            end.close()

    def _on_readable(self, key: selectors.SelectorKey) -> None:
        if key.fileobj is self._socket:
            self._accept()
        elif key.fileobj is self._wakened:
            with contextlib.suppress(BlockingIOError):
                self._wakened.recv(4096)
            while self._returning:
                self._enter_departures(self._returning.popleft())
        elif isinstance(key.data, Arrival) and key.data in self._arrivals:
            self._on_arrival(key.data)
        elif isinstance(key.data, Departure) and key.data in self._departures:
            self._on_departure(key.data)

    def _until_next_deadline(self) -> float | None:
        deadlines = [guest.deadline for guest in (self._arrivals.oldest(), self._departures.oldest()) if guest is not None]
        return max(0.0, min(deadlines) - time.monotonic()) if deadlines else None

    def _expire(self, now: float) -> None:
        for room in (self._arrivals, self._departures):
            while (guest := room.oldest()) is not None and guest.deadline <= now:
                guest.machine.fire(Event.ARTIM_EXPIRED)
                log.debug("connection.expired", host=guest.host)
                self._drop(guest)

    def _accept(self) -> None:
        for _ in range(_ACCEPTED_AT_A_TIME):
            try:
                connection, peer = self._socket.accept()
            except BlockingIOError:
                return
            except OSError as exc:
                self._on_accept_failed(exc)
                return
            try:
                prepare(connection)
                connection.setblocking(False)
                if self._tls_context is not None:
                    connection = self._tls_context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
            except OSError:
                connection.close()
                continue
            arrival = Arrival(connection, peer[0], peer[1], time.monotonic() + self._limits.artim_s)
            self._make_room()
            self._arrivals.enter(arrival)
            self._selector.register(connection, selectors.EVENT_READ, arrival)

    def _make_room(self) -> None:
        guest = self._arrivals.next_to_go()
        if guest is None:
            return
        # Its request may have come in while others were being accepted: then it leaves the room by the right door.
        self._on_arrival(guest)
        if guest in self._arrivals:
            log.debug("connection.evicted", host=guest.host)
            self._drop(guest)

    def _on_accept_failed(self, exc: OSError) -> None:
        log.warning("listener.accept_failed", error=errno.errorcode.get(exc.errno or 0, "unknown"))
        guest = self._departures.oldest() or self._arrivals.oldest()
        if exc.errno in (errno.EMFILE, errno.ENFILE) and guest is not None:
            self._drop(guest)

    def _drop(self, guest: Guest) -> None:
        if isinstance(guest, Arrival):
            self._arrivals.leave(guest)
        elif isinstance(guest, Departure):
            self._departures.leave(guest)
        self._forget(guest)
        guest.close()

    def _forget(self, guest: Guest) -> None:
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(guest.connection)

    def _on_arrival(self, arrival: Arrival) -> None:
        try:
            if arrival.handshaking and not arrival.shake_hands():
                return
            while (data := arrival.read()) is not None:
                if not data:
                    arrival.machine.fire(Event.CONNECTION_CLOSED)
                    self._drop(arrival)
                    return
                found = arrival.feed(data, self._limits)
                if found is not None:
                    self._on_first_pdu(arrival, *found)
                    return
        except ProtocolError as exc:
            arrival.machine.fire(Event.INVALID_PDU)
            log.info("connection.refused", host=arrival.host, reason=str(exc))
            self._dismiss(arrival, encode_pdu(Abort(AbortSource.SERVICE_PROVIDER, exc.reason)), is_framed=False)
        except OSError as exc:
            if arrival.handshaking:
                reason = exc.reason if isinstance(exc, ssl.SSLError) else type(exc).__name__
                log.info("connection.no_tls", host=arrival.host, reason=reason)
            self._drop(arrival)

    def _on_first_pdu(self, arrival: Arrival, event: Event, request: AssociateRequest | None) -> None:
        if request is None:
            if arrival.machine.fire(event) is Action.AA_1:
                farewell = encode_pdu(Abort(AbortSource.SERVICE_PROVIDER, AbortReason.UNEXPECTED_PDU))
                self._dismiss(arrival, farewell, is_framed=False)
            else:
                self._drop(arrival)
            return
        record = self.registry.admit(
            arrival.host,
            arrival.port,
            _printable(request.calling_ae_title),
            _printable(request.called_ae_title),
            encrypted=isinstance(arrival.connection, ssl.SSLSocket),
        )
        arrival.machine.fire(event, acceptable=record is not None)
        if record is None:
            title = _printable(request.calling_ae_title)
            log.warning("association.rejected", host=arrival.host, calling_ae_title=title, reason=_in_words(LOCAL_LIMIT_EXCEEDED))
            self._dismiss(arrival, encode_pdu(LOCAL_LIMIT_EXCEEDED), is_framed=True)
            return
        self._begin(arrival, request, record)

    def _dismiss(self, arrival: Arrival, farewell: bytes, *, is_framed: bool) -> None:
        """Says the last word and waits for the peer to close; a short word always fits into an empty send buffer."""
        self._arrivals.leave(arrival)
        self._forget(arrival)
        try:
            arrival.connection.send(farewell)
        except OSError:
            arrival.close()
            return
        self._enter_departures(self._departure(arrival.connection, arrival, is_framed))

    def _departure(self, connection: socket.socket, guest: Guest, is_framed: bool) -> Departure:
        deadline = time.monotonic() + self._limits.artim_s
        return Departure(connection, guest.host, guest.port, deadline, guest.machine, is_framed)

    def _enter_departures(self, departure: Departure) -> None:
        try:
            departure.connection.setblocking(False)
            self._selector.register(departure.connection, selectors.EVENT_READ, departure)
        except (OSError, ValueError):
            departure.close()
            return
        evicted = self._departures.next_to_go()
        if evicted is not None:
            self._drop(evicted)
        self._departures.enter(departure)
        self._on_departure(departure)

    def _on_departure(self, departure: Departure) -> None:
        try:
            data = departure.read()
            while data:
                for event in departure.feed(data, self._limits):
                    action = departure.machine.fire(event)
                    if action is Action.AA_2:
                        self._drop(departure)
                        return
                    if action is Action.AA_7:
                        departure.connection.send(encode_pdu(Abort(AbortSource.SERVICE_PROVIDER, AbortReason.UNEXPECTED_PDU)))
                # One read a turn, so that a peer that never stops does not keep the others waiting; TLS may hold more.
                data = departure.read() if isinstance(departure.connection, ssl.SSLSocket) and departure.connection.pending() else None
            if data is not None:
                departure.machine.fire(Event.CONNECTION_CLOSED)
                self._drop(departure)
        except OSError:
            self._drop(departure)

    def _begin(self, arrival: Arrival, request: AssociateRequest, record: AssociationRecord) -> None:
        self._arrivals.leave(arrival)
        self._forget(arrival)
        try:
            transport = transport_over(arrival.connection, self._limits.tick_s, self._limits.send_timeout_s)
            association = Association(transport, arrival.machine, self._limits, record, arrival.buffer)
            name = f"association-{record.association_id}"
            thread = threading.Thread(target=self._serve, args=(association, request, arrival), name=name, daemon=True)
            with self._lock:
                self._associations[record.association_id] = (association, thread)
            thread.start()
        except (OSError, RuntimeError, MemoryError):
            log.exception("association.not_started", host=arrival.host)
            with self._lock:
                self._associations.pop(record.association_id, None)
            self.registry.leave(record)
            arrival.machine.fire(Event.REJECT_PRIMITIVE)
            arrival.connection.setblocking(False)
            self._dismiss(arrival, encode_pdu(TEMPORARY_CONGESTION), is_framed=False)

    def _serve(self, association: Association, request: AssociateRequest, arrival: Arrival) -> None:
        record = association.record
        about = {
            "association_id": record.association_id,
            "host": record.host,
            "calling_ae_title": record.calling_ae_title,
            "called_ae_title": record.called_ae_title,
        }
        try:
            channel = Channel(arrival.host, record.encrypted, certificate_of(arrival.connection))
            terms = refusal_of_form(request) or self._policy.judge(request, channel)
            if isinstance(terms, AssociateReject):
                log.warning("association.rejected", **about, reason=_in_words(terms))
                association.reject(terms)
            else:
                answer = acceptance(request, terms, self._implementation, self._limits)
                association.admission = terms.admission
                association.accept(request, answer)
                log.info("association.accepted", **about, contexts=len(association.contexts), encrypted=record.encrypted)
                self._handler(association)
        except NetworkError as exc:
            log.warning("association.broken", **about, reason=str(exc), objects=record.objects)
        except Exception:
            # The edge of the protocol: whatever went wrong, the peer is told and the server lives on.
            log.exception("association.failed", **about)
        finally:
            association.abort()
            log.info("association.ended", **about, state=record.state, objects=record.objects, bytes_received=record.bytes_received)
            with self._lock:
                self._associations.pop(record.association_id, None)
            self.registry.leave(record)
            self._see_off(association, arrival)

    def _see_off(self, association: Association, arrival: Arrival) -> None:
        if association.state is not State.AWAITING_CLOSE or self._closing.is_set():
            association.close()
            return
        departure = self._departure(association.transport.detach(), arrival, association.stream_is_framed)
        self._returning.append(departure)
        self._wake()
        if self._closing.is_set() and not self._thread.is_alive():
            departure.close()


def _in_words(refusal: AssociateReject) -> str:
    return f"{refusal.result}/{refusal.source}/{refusal.reason}"


def _printable(title: str) -> str:
    """A title as it may stand in a log: one that is not valid is rejected later, but named before."""
    return "".join(letter if " " <= letter <= "~" else "?" for letter in title)
