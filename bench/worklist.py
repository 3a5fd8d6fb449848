"""The worklist at a million studies: what a department asks of it all day, through the use case and over HTTP.

    python -m bench.worklist [--studies 1000000] [--database PATH-OR-URL] [--asks 60] [--slowest 0]

Fills the database where it is empty, then asks for pages of 100 as the web app does. Prints, as Markdown tables, the milliseconds of each
kind of question and of all together: median, 95th percentile and largest by the clock, the same of the processor (of a PostgreSQL server
only our own side), and once more over HTTP from a server of its own, with the mean of what its processes compute. Without `--database` it
is an SQLite file in a temporary folder, removed at the end. Exit code 1 where a 95th percentile of all is above the target.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import psutil

from bench import servers
from bench.million import Hospital, fill
from bench.worklist_asks import Ask, Asks, names_and_numbers
from hounsfield.index.database import Database
from hounsfield.index.reader import IndexReader
from hounsfield.model.origin import SYSTEM, Origin, Protocol
from hounsfield.servers.webapi.worklist_query import worklist_query
from hounsfield.services.worklist import Worklist

TARGET_MS = 150
PAGE = 100
"""Rows that the web app asks for at a time."""
SEED = 1

AskPage = Callable[[Ask, str | None], str | None]
"""Asks for the page behind a cursor, and gives the cursor of the next."""


@dataclass
class Times:
    """Milliseconds of each question, by the clock and of the processor."""

    wall_ms: list[float] = field(default_factory=list)
    processor_ms: list[float] = field(default_factory=list)
    asked: list[Ask] = field(default_factory=list)

    def add(self, other: Times) -> None:
        """Take over what another has."""
        self.wall_ms += other.wall_ms
        self.processor_ms += other.processor_ms
        self.asked += other.asked


def main() -> int:
    """As the module says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=1_000_000)
    parser.add_argument("--database", help="filled where it is empty, kept at the end")
    parser.add_argument("--asks", type=int, default=60, help="questions of each kind")
    parser.add_argument("--slowest", type=int, default=0, help="how many of the slowest questions are named below the table")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hounsfield-worklist-") as folder:
        address = given.database or str(Path(folder) / "index.sqlite")
        database = Database(address)
        database.upgrade()
        if not IndexReader(database).totals().studies:
            fill(database, Hospital(SEED, "f" * 32, 1), given.studies, lambda entry: None)
            mark(database)
        known = names_and_numbers(database)
        print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, {database.dialect.name}\n")
        through = measure("through the use case", use_case(database), Asks(known, random.Random(SEED)), given.asks)
        for wall, processor, ask in sorted(zip(through.wall_ms, through.processor_ms, through.asked, strict=True), key=_by_processor)[
            : given.slowest
        ]:
            print(f"- {wall:.0f} ms, {processor:.0f} ms of the processor: {ask}")
        database.close()
        with servers.hounsfield(Path(folder) / "server", "--database", address) as server:
            over_http = measure("over HTTP", Client(server).page, Asks(known, random.Random(SEED)), given.asks, server)
    return 0 if max(percentile_95(through.wall_ms), percentile_95(over_http.wall_ms)) <= TARGET_MS else 1


def mark(database: Database) -> None:
    """Status and priority as a department leaves them: what came from an archive before it, up to 2009, nobody has marked; of what came
    since, one in 200 was forgotten; of the last fortnight a third is unread and a tenth in progress. Five of a hundred are urgent, one
    is very urgent."""
    fortnight = time.strftime("%Y%m%d", time.localtime(time.time() - 14 * 86_400))
    connection = database.connect(writing=True)
    connection.execute(database.dialect.begin_writing)
    connection.execute(
        "UPDATE study SET reading_status = CASE WHEN study_date < '20100101' THEN 0"
        f" WHEN study_date >= '{fortnight}' THEN CASE WHEN id % 97 < 34 THEN 0 WHEN id % 97 < 44 THEN 1 ELSE 2 END"
        " WHEN id % 199 = 0 THEN 0 ELSE 2 END,"
        " reading_priority = CASE WHEN id % 101 = 0 THEN 2 WHEN id % 19 = 0 THEN 1 ELSE 0 END"
    )
    connection.execute("COMMIT")
    if database.dialect.name == "postgresql":
        connection.execute("VACUUM ANALYZE")
    connection.close()


def use_case(database: Database) -> AskPage:
    """What the endpoint calls."""
    worklist, origin = Worklist(IndexReader(database)), Origin(Protocol.WEBAPI, SYSTEM)

    def page(ask: Ask, after: str | None) -> str | None:
        parameters: dict[str, Any] = {"text" if name == "q" else name: value for name, value in ask.items()}
        return worklist.page(origin, worklist_query(**parameters, limit=PAGE), after).next

    return page


class Client:
    """One connection to a server, kept open as a browser does."""

    def __init__(self, server: servers.Running) -> None:
        at = urlsplit(server.dicom_web)
        self._connection = http.client.HTTPConnection(at.hostname or "", at.port, timeout=60)

    def page(self, ask: Ask, after: str | None) -> str | None:
        """The cursor of the next page. Raises: RuntimeError where the server does not give one."""
        self._connection.request("GET", "/api/worklist?" + urlencode({**ask, "limit": PAGE, "after": after or ""}))
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} for {ask}")
        following: str | None = json.loads(body)["next"]
        return following


def measure(way: str, ask_page: AskPage, asks: Asks, number: int, server: servers.Running | None = None) -> Times:
    """Ask, print the table; all questions together. server: whose processes compute, where it is not we."""
    print(f"| {way} | number | ms: median, p95, largest | of the processor |\n|---|---|---|---|")
    whole, following = Times(), Times()
    begun_s = _computed_s(server)
    for kind, make in asks.kinds():
        times = Times()
        before_s, pages = _computed_s(server), len(following.asked)
        for _ in range(number):
            ask = make()
            cursor = _timed(ask_page, ask, None, times)
            if cursor is not None:
                _timed(ask_page, ask, cursor, following)
        asked = len(times.asked) + len(following.asked) - pages
        print(_row(kind, times, server, (_computed_s(server) - before_s) / asked), flush=True)
        whole.add(times)
    if following.asked:
        print(_row("the next page of any of these", following, server, 0))
        whole.add(following)
    print(_row(f"all of them (target {TARGET_MS} ms)", whole, server, (_computed_s(server) - begun_s) / len(whole.asked)))
    print(flush=True)
    return whole


def _timed(ask_page: AskPage, ask: Ask, after: str | None, times: Times) -> str | None:
    wall, processor = time.perf_counter(), time.thread_time()
    following = ask_page(ask, after)
    times.processor_ms.append((time.thread_time() - processor) * 1000)
    times.wall_ms.append((time.perf_counter() - wall) * 1000)
    times.asked.append(ask if after is None else {**ask, "after": after})
    return following


def _computed_s(server: servers.Running | None) -> float:
    if server is None:
        return 0.0
    main_process = psutil.Process(server.process.pid)
    return sum(sum(one.cpu_times()[:2]) for one in (main_process, *main_process.children(recursive=True)))


def _row(kind: str, times: Times, server: servers.Running | None, computed_s: float) -> str:
    processor = _figures(times.processor_ms) if server is None else f"mean {computed_s * 1000:.1f}" if computed_s else ""
    return f"| {kind} | {len(times.asked)} | {_figures(times.wall_ms)} | {processor} |"


def percentile_95(values: Iterable[float]) -> float:
    """What 95 of a hundred do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]


def _figures(values: list[float]) -> str:
    return f"{statistics.median(values):.1f}, {percentile_95(values):.1f}, {max(values):.1f}"


def _by_processor(one: tuple[float, float, Ask]) -> float:
    return -one[1]


if __name__ == "__main__":
    raise SystemExit(main())
