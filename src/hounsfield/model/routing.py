"""Routing rules: which arriving objects go on to which application entities. Pure; no clock, no database."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from hounsfield.model.errors import InvalidInput

MOST_DESTINATIONS = 16
MOST_CONDITIONS = 32
MOST_PATTERNS = 32
LONGEST_PATTERN = 256
MOST_PRIORS = 50
RECENT_DAYS = 7
"""A study that was made longer ago is a prior itself, and asks for no others."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.-]{0,63}")
_WINDOW = re.compile(r"(?:([A-Za-z,-]+)(?:\s+|$))?(?:(\d\d?):(\d\d)-(\d\d?):(\d\d))?")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Attributes = Mapping[str, tuple[str, ...]]
"""Values of an object's attributes by keyword (PS3.6); an absent one has none."""


class Priority(enum.StrEnum):
    """Of an operation, as C-STORE has it (PS3.7 9.3.1.1)."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """The least goes first."""
        return _RANKS[self]


class RouteKind(enum.StrEnum):
    """What a rule has done."""

    SEND = "send"
    """What arrives goes to its peers."""
    PREFETCH = "prefetch"
    """When a new study arrives, its peers are asked for the patient's prior studies."""


_RANKS = {Priority.HIGH: 0, Priority.MEDIUM: 1, Priority.LOW: 2}


@dataclass(frozen=True, slots=True)
class Condition:
    """One attribute matches one of several patterns: a value as it stands, or one with `*` and `?` (PS3.4 C.2.2.2.4).

    Case does not count. Of an attribute with several values one has to match. An absent attribute matches `*` and the empty pattern.
    """

    keyword: str
    patterns: tuple[str, ...]

    def holds(self, attributes: Attributes) -> bool:
        """Whether an object with these attributes matches."""
        values = attributes.get(self.keyword) or ("",)
        return any(matches(pattern, value) for pattern in self.patterns for value in values)

    def __str__(self) -> str:
        return f"{self.keyword}={' | '.join(self.patterns)}"


@dataclass(frozen=True, slots=True)
class Window:
    """Days of the week and hours of the day, in the site's local time.

    days: 0 is Monday. begins, ends: the latter exclusive; equal: the whole day. A window that ends before it begins goes on past
    midnight, and its later part belongs to the day on which it began.
    """

    days: frozenset[int]
    begins: time
    ends: time

    @classmethod
    def parse(cls, text: str) -> Window:
        """From `mon-fri 18:00-07:00`, `sat,sun` or `22:00-06:00`. Raises: InvalidInput."""
        match = _WINDOW.fullmatch(text.strip())
        if match is None or not text.strip():
            raise InvalidInput(f"{text[:40]!r} is no time window: write it like mon-fri 18:00-07:00")
        days, *numbers = match.groups()
        try:
            hours = [int(number) for number in numbers if number is not None]
            begins, ends = (time(hours[0], hours[1]), time(hours[2], hours[3])) if hours else (time(), time())
            return cls(_days(days) if days else frozenset(range(7)), begins, ends)
        except ValueError as exc:
            raise InvalidInput(f"{text[:40]!r} is no time window: {exc}") from exc

    def holds(self, moment: datetime) -> bool:
        """Whether a moment lies within."""
        day, clock = moment.weekday(), moment.time()
        if self.begins == self.ends:
            return day in self.days
        if self.begins < self.ends:
            return day in self.days and self.begins <= clock < self.ends
        return (day in self.days and clock >= self.begins) or ((day - 1) % 7 in self.days and clock < self.ends)

    def __str__(self) -> str:
        days = "" if len(self.days) == 7 else ",".join(DAYS[day] for day in sorted(self.days))
        hours = "" if self.begins == self.ends and days else f"{self.begins:%H:%M}-{self.ends:%H:%M}"
        return f"{days} {hours}".strip()


@dataclass(frozen=True, slots=True)
class Arrival:
    """An object that has come in, as far as rules look at it.

    caller: the calling AE title that brought it, or the name of the protocol where there is none.
    received: local time. received_at_s: seconds since 1970-01-01 UTC.
    number: in the order in which objects were indexed, of all there ever were.
    """

    attributes: Attributes
    caller: str
    received: datetime
    received_at_s: float
    number: int = 0


@dataclass(frozen=True, slots=True)
class Route:
    """A rule: what matches all of it goes to each of its destinations, or has priors brought from them.

    name: unique.
    destinations: AE titles; of a prefetch rule the peers that are asked.
    conditions: all must hold; none: every object.
    callers: patterns of which the calling AE title must match one; none: whoever brought it.
    window: when it must have been received; None: at any time.
    since: the rule holds for what has a greater number, however the clock was set meanwhile; None: not known, created_at_s decides.
    priors: of a prefetch rule, how many studies are brought at most, the latest ones.
    commit: whether each destination is asked to keep what it was sent (Storage Commitment, PS3.4 annex J).
    """

    name: str
    destinations: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()
    callers: tuple[str, ...] = ()
    window: Window | None = None
    priority: Priority = Priority.MEDIUM
    created_at_s: int = 0
    kind: RouteKind = RouteKind.SEND
    priors: int = 3
    commit: bool = False
    since: int | None = None

    def was_there(self, arrival: Arrival) -> bool:
        """Whether the rule was made before the object came."""
        return arrival.received_at_s >= self.created_at_s if self.since is None else arrival.number > self.since

    def mismatch(self, arrival: Arrival) -> str:
        """Why an object does not match, for a person; empty where it does."""
        for condition in self.conditions:
            if not condition.holds(arrival.attributes):
                return f"not {condition}"
        if self.callers and not any(matches(pattern, arrival.caller) for pattern in self.callers):
            return f"not from {' | '.join(self.callers)}"
        if self.window is not None and not self.window.holds(arrival.received):
            return f"not received {self.window}"
        if self.kind is RouteKind.PREFETCH and not is_recent(arrival):
            return "a study from long ago"
        return ""

    def check(self, known_keywords: Iterable[str]) -> None:
        """Raises: InvalidInput where the rule is out of bounds, or asks for an attribute that is not among the known ones."""
        check_matching(self.name, self.conditions, self.callers, known_keywords)
        if not 0 < len(self.destinations) <= MOST_DESTINATIONS:
            raise InvalidInput(f"a rule has 1 to {MOST_DESTINATIONS} destinations")
        if not 0 < self.priors <= MOST_PRIORS:
            raise InvalidInput(f"1 to {MOST_PRIORS} prior studies are brought")
        if self.commit and self.kind is not RouteKind.SEND:
            raise InvalidInput("only of a destination it can be asked that it keeps what it was sent")


@dataclass(frozen=True, slots=True)
class Onward:
    """What follows from an arrival, with one peer.

    route: the first rule of highest priority that says so. commit: whether any rule asks the peer to keep it.
    """

    peer: str
    route: Route
    commit: bool = False


def onward(routes: Sequence[Route], arrival: Arrival, kind: RouteKind = RouteKind.SEND) -> list[Onward]:
    """What rules of a kind say: each peer once, whatever the number of rules that name it, and never the one who brought the object."""
    found: dict[str, Onward] = {}
    for route in routes:
        if route.kind is not kind or not route.was_there(arrival) or route.mismatch(arrival):
            continue
        for peer in route.destinations:
            if peer == arrival.caller:
                continue
            known = found.get(peer, Onward(peer, route))
            urgent = min(known.route, route, key=lambda one: one.priority.rank)
            found[peer] = Onward(peer, urgent, known.commit or route.commit)
    return list(found.values())


def is_recent(arrival: Arrival) -> bool:
    """Whether an object is of a study that has just been made, as far as its date says."""
    (text, *_) = arrival.attributes.get("StudyDate") or ("",)
    try:
        made = date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return True
    return (arrival.received.date() - made).days <= RECENT_DAYS


def matches(pattern: str, text: str) -> bool:
    """Wild card matching that takes no longer than the two lengths' product, whatever was sent; case does not count."""
    pattern, text = pattern.casefold(), text.casefold()
    at = here = 0
    star = resume = -1
    while here < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, resume = at, here
            at += 1
        elif at < len(pattern) and pattern[at] in ("?", text[here]):
            at += 1
            here += 1
        elif star >= 0:
            resume += 1
            at, here = star + 1, resume
        else:
            return False
    return not pattern[at:].strip("*")


def conditions_from(texts: Iterable[str]) -> tuple[Condition, ...]:
    """From texts like `Modality=CT`; patterns given for one keyword several times are alternatives. Raises: InvalidInput."""
    gathered: dict[str, list[str]] = {}
    for text in texts:
        keyword, equals, pattern = text.partition("=")
        if not equals:
            raise InvalidInput(f"{text[:64]!r} is no condition: write it like Modality=CT")
        gathered.setdefault(keyword.strip(), []).append(pattern.strip())
    return tuple(Condition(keyword, tuple(patterns)) for keyword, patterns in gathered.items())


def check_matching(name: str, conditions: Sequence[Condition], callers: Sequence[str], known_keywords: Iterable[str]) -> None:
    """What every kind of rule has: a name, and what it matches.

    Raises: InvalidInput where it is out of bounds, or asks for an attribute that is not among the known ones.
    """
    if _NAME.fullmatch(name) is None:
        raise InvalidInput("a rule's name has 1 to 64 letters, digits, spaces and _.-")
    if len(conditions) > MOST_CONDITIONS:
        raise InvalidInput(f"a rule has at most {MOST_CONDITIONS} conditions")
    _check_patterns("calling AE title", callers, least=0)
    known = frozenset(known_keywords)
    for condition in conditions:
        if condition.keyword not in known:
            raise InvalidInput(f"rules cannot look at {condition.keyword[:64]!r}, only at: {', '.join(sorted(known))}")
        _check_patterns(condition.keyword, condition.patterns, least=1)


def _days(text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in text.lower().split(","):
        first, _, last = part.partition("-")
        begin, end = _day(first), _day(last or first)
        found.update((begin + more) % 7 for more in range((end - begin) % 7 + 1))
    return frozenset(found)


def _day(text: str) -> int:
    if text not in DAYS:
        raise ValueError(f"days are {', '.join(DAYS)}")
    return DAYS.index(text)


def _check_patterns(what: str, patterns: Sequence[str], least: int) -> None:
    if not least <= len(patterns) <= MOST_PATTERNS or any(len(pattern) > LONGEST_PATTERN for pattern in patterns):
        raise InvalidInput(f"{what}: {least} to {MOST_PATTERNS} patterns of at most {LONGEST_PATTERN} characters")
