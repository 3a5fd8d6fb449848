"""What a writer remembers of the rows it has seen, so that an instance of a known series costs one insert."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Generic, TypeVar

from hounsfield.model.identity import PatientIdentity

K = TypeVar("K")
V = TypeVar("V")


class Recent(OrderedDict[K, V], Generic[K, V]):
    """A mapping that forgets what was used longest ago."""

    def __init__(self, capacity: int) -> None:
        super().__init__()
        self._capacity = capacity

    def recall(self, key: K) -> V | None:
        """The value, now the most recently used."""
        value = self.get(key)
        if value is not None:
            self.move_to_end(key)
        return value

    def remember(self, key: K, value: V) -> None:
        """Add it."""
        self[key] = value
        if len(self) > self._capacity:
            self.popitem(last=False)


@dataclass(slots=True)
class KnownStudy:
    """A study row as far as judging and counting need it."""

    key: int
    study_instance_uid: str
    patient: PatientIdentity
    precedence: bytes
    modalities: set[str]
    sop_classes: set[str]
    first_received_at_ns: int
    last_received_at_ns: int
    words: str


@dataclass(slots=True)
class KnownSeries:
    """The same of a series row."""

    key: int
    study: KnownStudy
    series_instance_uid: str
    precedence: bytes
