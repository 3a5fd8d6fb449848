"""What a hostile or broken peer can do to the upper layer: the limits of design, each with its test."""

from __future__ import annotations

import contextlib
import logging
import os
import resource
import selectors
import shutil
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Iterator

import pytest
import structlog
from structlog.testing import capture_logs

from dimse_kit.server import MemoryStore, running_server, until
from dimse_kit.wire import Wire, a_request, echo_command, store_command
from hounsfield.model.identifiers import AETitle
from hounsfield.model.origin import Origin
from hounsfield.network.limits import AssociationLimits
from hounsfield.network.pdu import PDV, Abort, AssociateAccept, AssociateReject, DataTransfer, ReleaseRequest, encode_pdu
from hounsfield.servers.dimse.admission import AnyCaller
from hounsfield.servers.dimse.server import DimseServer
from hounsfield.services.store import Envelope, Reception

pytestmark = pytest.mark.no_database


@pytest.fixture(autouse=True)
def _no_debug_lines() -> Iterator[None]:
    """Thousands of evictions are not worth a line each."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
    yield
    structlog.reset_defaults()


QUICK = AssociationLimits(artim_s=0.3, pdu_deadline_s=0.3, idle_timeout_s=5.0, max_unnegotiated=32)


def _is_served(address: tuple[str, int]) -> bool:
    with Wire(address) as wire:
        wire.associate()
        wire.command(1, echo_command())
        return isinstance(wire.receive(), DataTransfer)


def _resident_bytes() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123  a pseudo-file
        return int(file.read().split()[1]) * resource.getpagesize()


@contextlib.contextmanager
def _trickling(address: tuple[str, int], count: int, every_s: float) -> Iterator[list[socket.socket]]:
    """`count` connections that send a right request at a byte a time, again when they are thrown out."""
    raw = encode_pdu(a_request())
    stop = threading.Event()
    dropped: list[socket.socket] = []

    def run() -> None:
        progress = {socket.create_connection(address): 0 for _ in range(count)}
        while not stop.wait(every_s):
            for connection, offset in list(progress.items()):
                try:
                    connection.send(raw[offset : offset + 1])
                    progress[connection] = offset + 1
                    # The last byte is kept back: the request is never whole.
                    if offset + 2 >= len(raw):
                        progress[connection] = len(raw) - 1
                except OSError:
                    connection.close()
                    del progress[connection]
                    dropped.append(connection)
                    progress[socket.create_connection(address)] = 0
        for connection in progress:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield dropped
    finally:
        stop.set()
        thread.join()


@pytest.mark.skipif(shutil.which("echoscu") is None, reason="DCMTK's echoscu is not installed")
def test_half_open_and_trickling_connections_keep_no_honest_echo_out() -> None:
    limits = AssociationLimits(artim_s=3.0, max_unnegotiated=64)
    with running_server(limits=limits) as server:
        host, port = server.address
        half_open = [socket.create_connection(server.address) for _ in range(100)]
        opened = time.monotonic()
        with _trickling(server.address, 20, 0.05) as dropped:
            command = ["echoscu", "-to", "5", "-aec", "HOUNSFIELD", host, str(port)]
            served = sum(subprocess.run(command, capture_output=True, timeout=30).returncode == 0 for _ in range(200))
            assert served >= 198
            assert all(_closed_by_peer(connection, opened + 30) for connection in half_open)
            assert until(lambda: len(dropped) >= 20, 10), "a trickle does not hold its place"


def _closed_by_peer(connection: socket.socket, deadline: float) -> bool:
    connection.settimeout(max(0.1, deadline - time.monotonic()))
    with connection:
        try:
            return connection.recv(1) == b""
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False


def test_a_flood_of_500_connections_keeps_no_honest_echo_out() -> None:
    with running_server(limits=AssociationLimits(artim_s=30.0, max_unnegotiated=64)) as server:
        stop = threading.Event()

        def flood() -> None:
            while not stop.is_set():
                opened = [socket.create_connection(server.address) for _ in range(500)]
                for connection in opened:
                    connection.close()

        flooder = threading.Thread(target=flood)
        flooder.start()
        try:
            served = sum(_tries_to_be_served(server) for _ in range(100))
        finally:
            stop.set()
            flooder.join()
    assert served >= 99


def test_a_request_that_lies_here_already_is_not_evicted_by_those_behind_it() -> None:
    limits = AssociationLimits(artim_s=30.0, max_unnegotiated=4)
    server = DimseServer(("127.0.0.1", 0), AETitle.parse("HOUNSFIELD"), MemoryStore(), AnyCaller(), limits=limits)
    with contextlib.ExitStack() as stack:
        stack.callback(server.close, 0.2)
        honest = stack.enter_context(Wire(server.address))
        honest.send(a_request())
        for _ in range(20):
            stack.enter_context(socket.create_connection(server.address))
        server.start()
        assert isinstance(honest.receive(), AssociateAccept)


def test_a_title_with_line_breaks_is_rejected_and_forges_no_log_line() -> None:
    with capture_logs() as logs, running_server() as server, Wire(server.address) as wire:
        wire.send(a_request(calling="X\nassociation=1"))
        assert wire.receive() == AssociateReject(1, 1, 3)
        assert until(lambda: len(server.registry) == 0)
    assert {entry["calling_ae_title"] for entry in logs if "calling_ae_title" in entry} == {"X?association=1"}


def _tries_to_be_served(server: DimseServer) -> bool:
    try:
        return _is_served(server.address)
    except (OSError, AssertionError):
        return False


def test_silence_after_the_connection_is_closed_by_artim() -> None:
    with running_server(limits=QUICK) as server, Wire(server.address) as wire:
        assert wire.closed()


def test_a_trickling_request_is_closed_by_artim() -> None:
    with running_server(limits=QUICK) as server, _trickling(server.address, 1, 0.01) as dropped:
        assert until(lambda: bool(dropped))


@pytest.mark.parametrize("unfinished", [b"", b"\x04\0\0\0\x40\0\0\0\x3f\xfc\x03\0half a value"], ids=["between PDUs", "in a PDU"])
def test_after_an_abort_the_connection_is_closed_by_artim(unfinished: bytes) -> None:
    with running_server(limits=QUICK) as server, Wire(server.address) as wire:
        wire.associate()
        wire.command(3, store_command())
        wire.data(3, b"one piece", is_last=False)
        wire.send(unfinished)
        began = time.monotonic()
        assert isinstance(wire.receive(), Abort)
        assert wire.closed()
        assert time.monotonic() - began < 5
        assert until(lambda: len(server.registry) == 0)


def test_after_a_reject_the_place_is_free_though_the_peer_stays() -> None:
    limits = AssociationLimits(artim_s=2.0, max_associations=1)
    with running_server(limits=limits) as server:
        stayers = [Wire(server.address) for _ in range(10)]
        for wire in stayers:
            wire.send(a_request(called="ELSEWHERE"))
            assert isinstance(wire.receive(), AssociateReject)
        assert until(lambda: len(server.registry) == 0)
        assert _is_served(server.address)
        for wire in stayers:
            assert wire.closed()
            wire.socket.close()


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (b"GET / HTTP/1.1\r\nHost: pacs\r\n\r\n", Abort(2, 1)),
        (b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", Abort(2, 1)),
        (b"\x01\0\xff\xff\xff\xff", Abort(2, 6)),
        (b"\x01\0\0\0\0\x43" + bytes(0x43), Abort(2, 6)),
        (b"\x01\0\0\0\0\x50" + bytes(68) + b"\x20\0\xff\xff" + bytes(8), Abort(2, 6)),
        (encode_pdu(ReleaseRequest()), Abort(2, 2)),
        (encode_pdu(DataTransfer(())), Abort(2, 2)),
    ],
    ids=["HTTP", "TLS", "4 GiB request", "short request", "item beyond the PDU", "release first", "data first"],
)
def test_what_is_no_request_is_aborted(said: bytes, answer: Abort) -> None:
    with running_server(limits=QUICK) as server, Wire(server.address) as wire:
        wire.send(said)
        assert wire.receive() == answer
        assert wire.closed()
        assert _is_served(server.address)


def test_an_abort_first_closes_at_once() -> None:
    with running_server(limits=AssociationLimits(artim_s=30)) as server, Wire(server.address) as wire:
        wire.send(Abort(0))
        assert wire.closed()


def test_lies_about_length_cost_no_memory() -> None:
    with running_server(limits=AssociationLimits(artim_s=2.0)) as server:
        assert _is_served(server.address)
        before = _resident_bytes()
        for _ in range(30):
            with Wire(server.address) as early, Wire(server.address) as late:
                early.send(b"\x01\0\xff\xff\xff\xff" + bytes(1000))
                assert isinstance(early.receive(), Abort)
                late.associate()
                late.command(3, store_command())
                late.send(struct.pack(">BxLLBB", 4, 0xFFFFFFFF, 0xFFFFFFF0, 3, 0) + bytes(1000))
                assert late.receive() == Abort(2, 6)
        assert _resident_bytes() - before < 64 << 20


def test_an_object_of_any_size_takes_flat_memory() -> None:
    piece = struct.pack(">BxLLBB", 4, 131072, 131068, 3, 0) + bytes(131066)
    store = CountingStore()
    with running_server(store) as server, Wire(server.address) as wire:
        wire.associate()
        wire.command(3, store_command())
        before = _resident_bytes()
        for _ in range(4000):
            wire.socket.sendall(piece)
        peak = _resident_bytes() - before
        wire.data(3, b"end")
        assert isinstance(wire.receive(), DataTransfer)
    assert store.received_bytes == 4000 * 131066 + 3
    assert peak < 16 << 20


class CountingStore(MemoryStore):
    """Keeps nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.received_bytes = 0

    def receive(self, origin: Origin, envelope: Envelope) -> Reception:
        reception = super().receive(origin, envelope)
        reception.write = self._count  # type: ignore[method-assign]
        return reception

    def _count(self, data: memoryview) -> None:
        self.received_bytes += len(data)


def test_noise_in_the_middle_of_many_associations_harms_no_other() -> None:
    with running_server(limits=QUICK) as server, Wire(server.address) as honest:
        honest.associate()
        for noise in (b"\x04\0\0\0\0\x01\0", b"\x04\0\0\0\0\x0a\xff\xff\xff\xff\x01\x03", b"\xff" * 50, bytes(50)):
            with Wire(server.address) as wire:
                wire.associate()
                wire.send(noise)
                assert isinstance(wire.receive(), Abort)
        honest.command(1, echo_command())
        assert isinstance(honest.receive(), DataTransfer)


def test_a_peer_that_reads_nothing_is_given_up() -> None:
    limits = AssociationLimits(send_timeout_s=0.3, pdu_deadline_s=2.0)
    with running_server(limits=limits) as server, Wire(server.address) as wire:
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        wire.associate()
        echoes = b"".join(encode_pdu(DataTransfer((_value(echo_command()),))) for _ in range(1000))
        wire.socket.settimeout(0.2)
        with contextlib.suppress(OSError):
            while len(server.registry):
                wire.socket.sendall(echoes)
        assert until(lambda: len(server.registry) == 0, 10)


def _value(command: bytes) -> PDV:
    return PDV(1, is_command=True, is_last=True, data=command)


def test_idle_threads_are_not_left_behind() -> None:
    before = threading.active_count()
    with running_server(limits=QUICK) as server:
        for _ in range(20):
            assert _is_served(server.address)
        assert until(lambda: len(server.registry) == 0)
    assert until(lambda: threading.active_count() <= before)  # those of other tests may end meanwhile


def test_descriptors_are_not_left_behind() -> None:
    def descriptors() -> int:
        return len(os.listdir("/proc/self/fd"))  # noqa: PTH208  counting is all

    with running_server(limits=QUICK) as server:
        _is_served(server.address)
        assert until(lambda: len(server.registry) == 0)
        before = descriptors()
        for number in range(30):
            with Wire(server.address) as wire:
                if number % 3 == 0:
                    wire.send(b"noise")
                elif number % 3 == 1:
                    wire.send(a_request(called="ELSEWHERE"))
                else:
                    wire.associate()
        assert until(lambda: descriptors() <= before, 10)


def test_the_selector_is_not_kept_busy_by_a_silent_guest() -> None:
    """A guest in state 13 whose bytes are dropped must not make the listener spin."""
    with running_server(limits=AssociationLimits(artim_s=30)) as server, Wire(server.address) as wire:
        wire.send(b"noise")
        assert isinstance(wire.receive(), Abort)
        wire.send(b"more noise")
        began = resource.getrusage(resource.RUSAGE_SELF)
        with selectors.DefaultSelector() as selector:
            selector.register(wire.socket, selectors.EVENT_READ)
            assert selector.select(0.5) == []
        ended = resource.getrusage(resource.RUSAGE_SELF)
        assert (ended.ru_utime + ended.ru_stime) - (began.ru_utime + began.ru_stime) < 0.25
