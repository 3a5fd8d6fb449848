"""Rules by which objects are kept in a High-Throughput JPEG 2000 transfer syntax too. Pure; no clock, no database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hounsfield.model.errors import InvalidInput
from hounsfield.model.routing import Arrival, Condition, check_matching, matches

HTJ2K_LOSSLESS = "1.2.840.10008.1.2.4.201"
HTJ2K_LOSSLESS_RPCL = "1.2.840.10008.1.2.4.202"
TARGETS = frozenset((HTJ2K_LOSSLESS, HTJ2K_LOSSLESS_RPCL))
"""High-Throughput JPEG 2000, lossless only; and with RPCL options (PS3.5 A.4.4)."""

SOURCES = frozenset(
    (
        "1.2.840.10008.1.2",
        "1.2.840.10008.1.2.1",
        "1.2.840.10008.1.2.5",
        "1.2.840.10008.1.2.4.57",
        "1.2.840.10008.1.2.4.70",
        "1.2.840.10008.1.2.4.80",
        "1.2.840.10008.1.2.4.90",
    )
)
"""Little endian, RLE, and what can be nothing but lossless: JPEG, JPEG-LS, JPEG 2000."""

LONGEST_WAIT_S = 366 * 86_400


@dataclass(frozen=True, slots=True)
class TranscodeRule:
    """A rule: what matches all of it is made a rendition of.

    conditions, callers: as those of a `model.routing.Route`.
    transfer_syntax_uid: of the rendition. wait_s: no sooner than so long after it came.
    since: the rule holds for what has a greater number in the order of indexing.
    """

    name: str
    conditions: tuple[Condition, ...] = ()
    callers: tuple[str, ...] = ()
    transfer_syntax_uid: str = HTJ2K_LOSSLESS
    wait_s: int = 0
    created_at_s: int = 0
    since: int = 0

    def holds(self, arrival: Arrival) -> bool:
        """Whether it came after the rule was made, and matches."""
        if arrival.number <= self.since or not all(condition.holds(arrival.attributes) for condition in self.conditions):
            return False
        return not self.callers or any(matches(pattern, arrival.caller) for pattern in self.callers)

    def check(self, known_keywords: Iterable[str]) -> None:
        """Raises: InvalidInput where the rule is out of bounds, or asks for an attribute that is not among the known ones."""
        check_matching(self.name, self.conditions, self.callers, known_keywords)
        if self.transfer_syntax_uid not in TARGETS:
            raise InvalidInput(f"objects are transcoded to {' or '.join(sorted(TARGETS))}")
        if not 0 <= self.wait_s <= LONGEST_WAIT_S:
            raise InvalidInput("an object waits for at most a year")
