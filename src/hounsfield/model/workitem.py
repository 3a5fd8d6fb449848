"""A Unified Procedure Step as it is kept, and what narrows a search for some."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hounsfield.model.procedure_step import StepState


@dataclass(frozen=True, slots=True)
class Workitem:
    """id: of its row, rising in the order of creation.

    transaction_uid: the lock of whoever performs it, empty while nobody has claimed it; never part of the data set.
    data_set: a DICOM JSON model object.
    """

    id: int
    uid: str
    state: StepState
    transaction_uid: str
    data_set: Mapping[str, Any] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What rows must fulfil; all of it also follows from the search's own keys, which are held against each step found.

    values: names of `workitem_key` with the values of which one must be there. start: the first and last text of `scheduled_start`.
    """

    uids: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    values: tuple[tuple[str, tuple[str, ...]], ...] = ()
    start: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class WorklistSubscriber:
    """An application entity that is subscribed to whatever is created.

    filter: name and value pairs as they were given, empty for all steps.
    """

    ae_title: str
    deletion_lock: bool
    filter: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class WorkitemEvent:
    """A report that waits for its subscriber. report: JSON text. sequence: rising in the order in which they can be seen."""

    sequence: int
    report: str
