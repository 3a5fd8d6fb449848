"""DICOMweb requests made by chance against a whole server: none ends in an unexpected error, none hangs, and memory does not grow.

`HOUNSFIELD_FUZZ_SEED=seed` does the same requests again, `HOUNSFIELD_FUZZ_CASE=number` only one of them. `make prove` takes
`HOUNSFIELD_FUZZ_SECONDS` (600).
"""

from __future__ import annotations

import os
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import SystemRandom

import pytest
from pydicom.uid import ImplicitVRLittleEndian, RLELossless

from dicomweb_kit.objects import as_file, ct
from fuzz_kit.held import Held
from fuzz_kit.memory import private_bytes, processes_of
from fuzz_kit.raw_http import Answer, NoAnswerInTime, RawClient, Request
from fuzz_kit.requests import Requests
from services.server import Server, launch

ALLOWED_SERVER_ERRORS = (503, 507)
HANG_S = 5.0
MOST_GROWTH_BYTES = 64 << 20
SAMPLE_EVERY_S = 0.25
MOST_FAILURES = 10

FILES = [
    as_file(ct(1)),
    as_file(ct(2)),
    as_file(ct(1, series="1.2.3.2", frames=3, Modality="MR")),
    as_file(ct(1, study="1.2.4", series="1.2.4.1", frames=2, PatientID="PAT-2"), RLELossless),
    as_file(ct(1, study="1.2.5", series="1.2.5.1", PatientID="PAT-3"), ImplicitVRLittleEndian),
]
INSTANCES = [
    ("1.2.3", "1.2.3.1", "1.2.3.1.1"),
    ("1.2.3", "1.2.3.1", "1.2.3.1.2"),
    ("1.2.3", "1.2.3.2", "1.2.3.2.1"),
    ("1.2.4", "1.2.4.1", "1.2.4.1.1"),
    ("1.2.5", "1.2.5.1", "1.2.5.1.1"),
]


@dataclass
class Run:
    """What came of a number of requests. memory_bytes: of the whole server, in the order of time."""

    statuses: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    memory_bytes: list[int] = field(default_factory=list)
    requests: int = 0
    slowest_s: float = 0.0


@dataclass(frozen=True)
class Target:
    server: Server
    token: str

    def client(self) -> RawClient:
        return RawClient(self.server.host, self.server.http_port, self.token, HANG_S)


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Target]:
    server = launch(tmp_path / "data", HOUNSFIELD_LOG_LEVEL="warning")
    try:
        token = server.run("token", "add", "fuzz", "--role", "editor").out.split()[-1]
        client = RawClient(server.host, server.http_port, token, 30)
        for file in FILES:
            stored = client.ask(Request("POST", "/dicom-web/studies", (("Content-Type", "application/dicom"),), file))
            assert stored is not None and stored.status == 200, stored
        client.close()
        yield Target(server, token)
    finally:
        server.stop()


def fuzz(target: Target, seed: str, seconds: float) -> Run:
    """One request after the other, so that a seed does the same again."""
    requests = Requests(seed, Held(INSTANCES, FILES))
    client = target.client()
    run = Run()
    only = os.environ.get("HOUNSFIELD_FUZZ_CASE")
    begin = time.monotonic()
    sampled = 0.0
    while time.monotonic() - begin < seconds and len(run.failures) < MOST_FAILURES:
        number = int(only) if only else run.requests
        request = requests[number]
        asked = time.monotonic()
        try:
            answer = client.ask(request)
        except NoAnswerInTime as exc:
            run.failures.append(described(number, request, str(exc)))
            continue
        finally:
            run.requests += 1
        run.slowest_s = max(run.slowest_s, time.monotonic() - asked)
        if answer is not None:
            run.statuses[answer.status] += 1
            if wrong := fault(answer):
                run.failures.append(described(number, request, wrong))
        if time.monotonic() - sampled > SAMPLE_EVERY_S:
            sampled = time.monotonic()
            run.memory_bytes.append(private_bytes(target.server.process.pid))
        if only:
            break
    client.close()
    return run


def fault(answer: Answer) -> str:
    """Empty where the answer is in order."""
    if not answer.status:
        return "the connection was closed without an answer"
    if answer.status >= 500 and answer.status not in ALLOWED_SERVER_ERRORS:
        return f"{answer.status} {answer.body[:200]!r}"
    return ""


def described(number: int, request: Request, wrong: str) -> str:
    body = f"\n    {request.body[:600]!r}" if request.body else ""
    return f"case {number}: {wrong}\n    {request.method} {request.target[:600]} {request.headers}{body}"


def first_and_last_third(run: Run) -> tuple[float, float]:
    """Bytes of memory, the median of each."""
    third = max(1, len(run.memory_bytes) // 3)
    return statistics.median(run.memory_bytes[:third] or [0]), statistics.median(run.memory_bytes[-third:] or [0])


def report(run: Run, seed: str, server: Server) -> None:
    """Prints what was done; raises where something was wrong."""
    first, last = (round(half / (1 << 20)) for half in first_and_last_third(run))
    print(f"seed {seed}: {run.requests} requests, slowest {run.slowest_s:.2f} s, from {first} to {last} MiB")
    print(dict(sorted(run.statuses.items())))
    assert not run.failures, f"HOUNSFIELD_FUZZ_SEED={seed}\n" + "\n".join(run.failures) + f"\n{server.output.read_text()[-6000:]}"
    assert processes_of(server.process.pid), "the server has ended"


def test_a_few_seconds(target: Target) -> None:
    """The same requests each time, so that a change that breaks one is seen with that change."""
    seed = os.environ.get("HOUNSFIELD_FUZZ_SEED", "every day")
    run = fuzz(target, seed, 5)
    report(run, seed, target.server)
    if "HOUNSFIELD_FUZZ_CASE" not in os.environ:
        assert len({200, 400, 404, 406, 415} & run.statuses.keys()) == 5
        assert run.requests > 100


@pytest.mark.prove
def test_ten_minutes(target: Target) -> None:
    """Other requests each time; the seed is printed."""
    seconds = float(os.environ.get("HOUNSFIELD_FUZZ_SECONDS", "600"))
    seed = os.environ.get("HOUNSFIELD_FUZZ_SEED", f"{SystemRandom().getrandbits(64):016x}")
    run = fuzz(target, seed, seconds)
    report(run, seed, target.server)
    first, last = first_and_last_third(run)
    assert last - first < MOST_GROWTH_BYTES, f"from {first / 2**20:.0f} to {last / 2**20:.0f} MiB, HOUNSFIELD_FUZZ_SEED={seed}"
