"""DICOMweb requests by chance: some right, most a little wrong, each from a seed and its number alone."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from fuzz_kit import asking, storing, workitems
from fuzz_kit.held import Held
from fuzz_kit.raw_http import Request

KINDS: tuple[tuple[Callable[[Random, Held], Request], int], ...] = (
    (asking.search, 6),
    (asking.retrieve, 8),
    (asking.path, 2),
    (storing.objects, 2),
    (storing.single, 1),
    (storing.json_metadata, 4),
    (storing.xml_metadata, 3),
    (workitems.workitem, 3),
)
"""With how often each comes."""


class Requests:
    """`requests[n]` is the n-th request of a seed, always the same."""

    def __init__(self, seed: str, held: Held) -> None:
        self._seed = seed
        self._held = held

    def __getitem__(self, number: int) -> Request:
        random = Random(f"{self._seed}/{number}")
        (kind,) = random.choices([kind for kind, _ in KINDS], [weight for _, weight in KINDS])
        return kind(random, self._held)
