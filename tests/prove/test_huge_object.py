"""Objects of many gigabytes: made while they are sent, stored, read frame by frame and as a whole, in flat memory."""

from __future__ import annotations

import contextlib
import hashlib
import re
import shutil
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import httpx
import psutil
import pytest

from hounsfield.dicom.data_set_writer import NewElement, encode_data_set
from hounsfield.dicom.part10 import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME, build_prefix
from hounsfield.model.identifiers import AETitle
from hounsfield.model.origin import Origin
from hounsfield.model.outcomes import StoreOutcome, StoreResult
from hounsfield.network.dimse import CommandField, decode_command, request
from hounsfield.network.limits import AssociationLimits
from hounsfield.network.negotiation import Implementation
from hounsfield.network.pdu import ProposedContext
from hounsfield.network.requestor import associate, finish
from hounsfield.peers.dimse import DimsePeer
from hounsfield.peers.pull import Wanted, get, move
from hounsfield.servers.dimse.admission import AnyCaller
from hounsfield.servers.dimse.server import DimseServer
from hounsfield.services.store import Envelope
from services.server import Server, running

SOP_CLASS = "1.2.840.10008.5.1.4.1.1.7.3"
"""Multi-frame Grayscale Word Secondary Capture."""
ENCAPSULATED_UNCOMPRESSED = "1.2.840.10008.1.2.1.98"
"""Native pixel data ends at 4 GiB; items do not."""
SIDE = 512
FRAME_BYTES = SIDE * SIDE * 2
MEMORY_BYTES = 512 << 20
BOUNDARY = "b0undary"
DESTINATION = "DESTINATION"
PATIENT = AssociationLimits(idle_timeout_s=600, pdu_deadline_s=600)


@dataclass(frozen=True, slots=True)
class Huge:
    """An object that is never in memory as a whole."""

    number: int
    frames: int

    @property
    def uids(self) -> tuple[str, str, str]:
        base = f"1.2.826.0.1.3680043.10.1557.5.{self.number}"
        return f"{base}.1", f"{base}.2", f"{base}.3"

    @property
    def at(self) -> str:
        """Its resource."""
        return "/studies/{}/series/{}/instances/{}".format(*self.uids)

    @property
    def prefix(self) -> bytes:
        return build_prefix(SOP_CLASS, self.uids[2], ENCAPSULATED_UNCOMPRESSED)

    def frame(self, index: int) -> bytes:
        return index.to_bytes(8, "little") + _NOISE[8:]

    def data_set(self) -> Iterator[bytes]:
        study, series, sop = self.uids
        yield encode_data_set(
            [
                NewElement(0x00080016, "UI", SOP_CLASS),
                NewElement(0x00080018, "UI", sop),
                NewElement(0x00080060, "CS", "OT"),
                NewElement(0x00100020, "LO", "HUGE"),
                NewElement(0x0020000D, "UI", study),
                NewElement(0x0020000E, "UI", series),
                NewElement(0x00280002, "US", 1),
                NewElement(0x00280004, "CS", "MONOCHROME2"),
                NewElement(0x00280008, "IS", str(self.frames)),
                NewElement(0x00280010, "US", SIDE),
                NewElement(0x00280011, "US", SIDE),
                NewElement(0x00280100, "US", 16),
                NewElement(0x00280101, "US", 16),
                NewElement(0x00280102, "US", 15),
                NewElement(0x00280103, "US", 0),
            ],
            implicit_vr=False,
        )
        yield b"\xe0\x7f\x10\0OB\0\0\xff\xff\xff\xff" + b"\xfe\xff\0\xe0" + bytes(4)
        for index in range(self.frames):
            yield b"\xfe\xff\0\xe0" + FRAME_BYTES.to_bytes(4, "little") + self.frame(index)
        yield b"\xfe\xff\xdd\xe0" + bytes(4)


_NOISE = hashlib.shake_256(b"huge").digest(FRAME_BYTES)


class Memory:
    """Samples the resident memory of all processes of a server, what they share counted once, and keeps the largest sum."""

    def __init__(self, server: Server) -> None:
        root = psutil.Process(server.process.pid)
        self._root = root
        self._stop = threading.Event()
        self.peak_bytes = 0
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._stop.wait(0.05):
            total = 0
            for process in (self._root, *self._root.children(recursive=True)):
                with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                    rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
                    total += int(rollup.partition("Pss:")[2].split()[0]) << 10
            self.peak_bytes = max(self.peak_bytes, total)

    def stop(self) -> int:
        self._stop.set()
        self._thread.join()
        return self.peak_bytes


def by_stow(server: Server, huge: Huge) -> None:
    def body() -> Iterator[bytes]:
        yield f"--{BOUNDARY}\r\nContent-Type: application/dicom; transfer-syntax={ENCAPSULATED_UNCOMPRESSED}\r\n\r\n".encode()
        yield huge.prefix
        yield from huge.data_set()
        yield f"\r\n--{BOUNDARY}--\r\n".encode()

    kind = f'multipart/related; type="application/dicom"; boundary={BOUNDARY}'
    answer = httpx.post(f"{server.dicom_web}/studies", content=body(), headers={"Content-Type": kind}, timeout=600)
    assert answer.status_code == 200, answer.text


def by_c_store(server: Server, huge: Huge) -> None:
    association = associate(
        (server.host, server.dicom_port),
        "HUGE",
        server.ae_title,
        [ProposedContext(1, SOP_CLASS, (ENCAPSULATED_UNCOMPRESSED,))],
        Implementation(IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME),
        AssociationLimits(idle_timeout_s=600),
    )
    try:
        command = request(
            CommandField.C_STORE_RQ, 1, SOP_CLASS, has_data_set=True, priority=0, affected_sop_instance_uid=huge.uids[2]
        )  # fmt: skip
        association.send(1, command, huge.data_set())
        message = association.receive()
        assert message is not None
        assert decode_command(message.command).status == 0
        association.release()
    finally:
        finish(association)


def fetch_frame(web: httpx.Client, huge: Huge, number: int) -> float:
    """Seconds that it took."""
    began = time.monotonic()
    accept = 'multipart/related; type="application/octet-stream"; transfer-syntax=*'
    answer = web.get(f"{huge.at}/frames/{number}", headers={"Accept": accept})
    took_s = time.monotonic() - began
    assert answer.status_code == 200, answer.text
    assert huge.frame(number - 1) in answer.content
    return took_s


def retrieve(web: httpx.Client, huge: Huge) -> bytes:
    """The whole, streamed, byte for byte; the SHA-256 of its data set."""
    expected, of_data_set = hashlib.sha256(huge.prefix), hashlib.sha256()
    length = len(huge.prefix)
    for piece in huge.data_set():
        expected.update(piece)
        of_data_set.update(piece)
        length += len(piece)
    digest = hashlib.sha256()
    head = b""
    left = length
    accept = 'multipart/related; type="application/dicom"; transfer-syntax=*'
    with web.stream("GET", huge.at, headers={"Accept": accept}, timeout=600) as answer:
        assert answer.status_code == 200
        begun = False
        for piece in answer.iter_raw(1 << 20):
            if not begun:
                head += piece
                found = re.search(rb"\r\n\r\n", head)
                if found is None:
                    continue
                begun, piece = True, head[found.end() :]
            digest.update(piece[:left])
            left -= min(left, len(piece))
    assert left == 0
    assert digest.digest() == expected.digest()
    return of_data_set.digest()


class Digesting:
    """Takes objects and keeps the digests of their data sets alone: a store, and the reception of one object."""

    def __init__(self, digests: list[bytes] | None = None) -> None:
        self.digests: list[bytes] = [] if digests is None else digests
        self._digest = hashlib.sha256()

    def receive(self, origin: Origin, envelope: Envelope) -> Digesting:
        return Digesting(self.digests)

    def receive_file(self, origin: Origin, study_instance_uid: str = "") -> Digesting:
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None: ...

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._digest.update(data)

    def finish(self) -> StoreResult:
        self.digests.append(self._digest.digest())
        return StoreResult(StoreOutcome.STORED, "", "", "", "", "")


def by_c_get(server: Server, huge: Huge, came: Digesting) -> None:
    peer = DimsePeer(server.ae_title, server.host, server.dicom_port)
    *_, last = get(peer, Wanted.parse(huge.uids[0], "", ""), [SOP_CLASS], lambda *_: Digesting(came.digests), PATIENT)
    assert (last.completed, last.failed) == (1, 0)


def by_c_move(server: Server, huge: Huge, came: Digesting) -> None:
    peer = DimsePeer(server.ae_title, server.host, server.dicom_port)
    *_, last = move(peer, Wanted.parse(huge.uids[0], "", ""), DESTINATION, PATIENT)
    assert (last.completed, last.failed) == (1, 0)


def store_and_read_back(data_dir: Path, frames: int) -> None:
    small = Huge(1, 1)
    channels: list[Callable[[Server, Huge], None]] = [by_stow, by_c_store]
    came = Digesting()
    destination = DimseServer(("127.0.0.1", 0), AETitle.parse(DESTINATION), came, AnyCaller())
    destination.start()
    known = f"{DESTINATION}=127.0.0.1:{destination.address[1]}"
    with running(data_dir, "--open-access", "--peer", known) as server, httpx.Client(base_url=server.dicom_web, timeout=60) as web:
        by_stow(server, small)
        single = statistics.median(fetch_frame(web, small, 1) for _ in range(9))
        for number, bring in enumerate(channels, 2):
            huge = Huge(number, frames)
            memory = Memory(server)
            began = time.monotonic()
            bring(server, huge)
            took_s = time.monotonic() - began
            stored = memory.stop()
            print(f"{bring.__name__}: {frames * FRAME_BYTES / 1e9:.2f} GB in {took_s:.1f} s, all processes {stored >> 20} MiB at most")
            fetch_frame(web, huge, frames)  # the first reads the frame table
            for which in (1, frames - 1):
                latency = statistics.median(fetch_frame(web, huge, which) for _ in range(9))
                print(f"frame {which}: {latency * 1000:.1f} ms (of one frame alone: {single * 1000:.1f} ms)")
                assert latency < 3 * single + 0.05
            assert stored <= MEMORY_BYTES
        memory = Memory(server)
        expected = retrieve(web, Huge(2, frames))
        read = memory.stop()
        print(f"retrieved: all processes {read >> 20} MiB at most")
        assert read <= MEMORY_BYTES
        for ask in (by_c_get, by_c_move):
            memory = Memory(server)
            began = time.monotonic()
            ask(server, Huge(2, frames), came)
            took_s = time.monotonic() - began
            sent = memory.stop()
            print(f"{ask.__name__}: {took_s:.1f} s, all processes {sent >> 20} MiB at most")
            assert came.digests.pop() == expected
            assert sent <= MEMORY_BYTES
    destination.close()


def test_an_object_of_two_hundred_megabytes(tmp_path: Path) -> None:
    store_and_read_back(tmp_path / "data", 400)


@pytest.mark.prove
@pytest.mark.timeout(1800)
def test_an_object_of_five_gigabytes(tmp_path: Path) -> None:
    try:
        store_and_read_back(tmp_path / "data", 10_000)
    finally:
        shutil.rmtree(tmp_path)  # eleven gigabytes
