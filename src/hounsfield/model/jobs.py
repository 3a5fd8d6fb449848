"""Durable work: what is to be done, by whom it is being done, and what became of it. Times are nanoseconds since 1970-01-01 UTC."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

SECOND_NS = 1_000_000_000

PRIVATE = frozenset({"patient", "issuer"})
"""Names in a payload whose texts say of whom a job is: they are kept from lists and logs."""


class JobState(enum.StrEnum):
    """Where a job stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class JobEvent(enum.StrEnum):
    """What can befall a job."""

    CLAIM = "claim"
    COMPLETE = "complete"
    RELEASE = "release"
    """Given back untried, or its lease has lapsed."""
    POSTPONE = "postpone"
    """Tried in vain; to be tried again later."""
    GIVE_UP = "give up"
    CANCEL = "cancel"
    RETRY = "retry"


_W, _R, _D, _F, _C = JobState

TRANSITIONS: Mapping[tuple[JobState, JobEvent], JobState] = MappingProxyType(
    {
        (_W, JobEvent.CLAIM): _R,
        (_R, JobEvent.COMPLETE): _D,
        (_R, JobEvent.RELEASE): _W,
        (_R, JobEvent.POSTPONE): _W,
        (_R, JobEvent.GIVE_UP): _F,
        (_W, JobEvent.CANCEL): _C,
        (_R, JobEvent.CANCEL): _C,
        (_F, JobEvent.CANCEL): _C,
        (_W, JobEvent.RETRY): _W,
        (_F, JobEvent.RETRY): _W,
        (_C, JobEvent.RETRY): _W,
    }
)
"""An event that has no cell here changes nothing."""


def from_which(event: JobEvent) -> list[JobState]:
    """The states in which an event changes anything."""
    return [state for state, one in TRANSITIONS if one is event]


@dataclass(frozen=True, slots=True)
class NewJob:
    """Work to be enqueued.

    queue: what runs in order and pauses together, `kind/peer`; its kind says who handles it.
    unique_key: a second job of the same key is not enqueued, but takes the place of one that failed or was cancelled on another occasion.
    group: jobs of one group of a queue never run side by side, and run in the order in which they came.
    rank: the least goes first, among the jobs of a queue.
    payload: texts that say what to do, and on which occasion; no patient's data but under `PRIVATE`, which nobody is shown.
    delay_s: it is not begun before so much time has passed.
    """

    queue: str
    unique_key: str
    group: str
    payload: Mapping[str, str] = field(default_factory=dict)
    rank: int = 0
    delay_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work. attempts: how often it was tried in vain. not_before_ns: 0 at once. finished_at_ns: 0 while it is not.

    ticket: under which somebody else answers, or has answered, what this job asked; empty where nobody was asked.
    """

    id: int
    queue: str
    unique_key: str
    group: str
    payload: Mapping[str, str]
    rank: int
    state: JobState
    attempts: int
    not_before_ns: int
    owner: str
    last_error: str
    enqueued_at_ns: int
    finished_at_ns: int
    ticket: str = ""

    @property
    def shown(self) -> Mapping[str, str]:
        """The payload without what is private."""
        return {name: text for name, text in self.payload.items() if name not in PRIVATE}


@dataclass(frozen=True, slots=True)
class JobQueue:
    """A queue and how it does. paused_until_ns: nothing is claimed before; failures: in a row, of the queue as a whole."""

    name: str
    paused_until_ns: int
    failures: int
    last_error: str
    counts: Mapping[JobState, int]

    @property
    def kind(self) -> str:
        """Who handles its jobs."""
        return self.name.partition("/")[0]

    @property
    def peer(self) -> str:
        """The AE title it goes to."""
        return self.name.partition("/")[2]


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait after failures in a row: doubling from `first_s` to `most_s`, of which the last half is left to chance."""

    first_s: float = 1.0
    most_s: float = 300.0

    def delay_s(self, failures: int, chance: float) -> float:
        """failures: from 1. chance: between 0 and 1."""
        whole = min(self.most_s, self.first_s * 2.0 ** min(failures - 1, 30))
        return whole * (0.5 + 0.5 * chance)
