"""Who is told of a Unified Procedure Step: the subscription states of one application entity and one step (PS3.4 CC.2.3)."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


class Subscription(enum.Enum):
    """Of an application entity to a step, or to all steps."""

    NONE = enum.auto()
    WITH_LOCK = enum.auto()
    WITHOUT_LOCK = enum.auto()

    @classmethod
    def of(cls, deletion_lock: bool) -> Subscription:
        """With a Deletion Lock the step stays until it is lifted, also when it is completed or canceled."""
        return cls.WITH_LOCK if deletion_lock else cls.WITHOUT_LOCK


class SubscriptionEvent(enum.Enum):
    """The rows of table CC.2.3-2 that concern a step that exists."""

    GLOBALLY_WITH_LOCK = enum.auto()
    GLOBALLY_WITHOUT_LOCK = enum.auto()
    SPECIFIC_WITH_LOCK = enum.auto()
    SPECIFIC_WITHOUT_LOCK = enum.auto()
    UNSUBSCRIBE_SPECIFIC = enum.auto()
    UNSUBSCRIBE_GLOBALLY = enum.auto()
    SUSPEND = enum.auto()


@dataclass(frozen=True, slots=True)
class SubscriptionChange:
    """state: afterwards. initial_report: the step's state is reported at once."""

    state: Subscription
    initial_report: bool = False


_N, _L, _W = Subscription.NONE, Subscription.WITH_LOCK, Subscription.WITHOUT_LOCK
_C, _E = SubscriptionChange, SubscriptionEvent

SUBSCRIPTIONS: Final[Mapping[tuple[Subscription, SubscriptionEvent], SubscriptionChange]] = MappingProxyType(
    {
        (_N, _E.GLOBALLY_WITH_LOCK): _C(_L, True),
        (_L, _E.GLOBALLY_WITH_LOCK): _C(_L),
        (_W, _E.GLOBALLY_WITH_LOCK): _C(_W),
        (_N, _E.GLOBALLY_WITHOUT_LOCK): _C(_W),
        (_L, _E.GLOBALLY_WITHOUT_LOCK): _C(_L),
        (_W, _E.GLOBALLY_WITHOUT_LOCK): _C(_W),
        (_N, _E.SPECIFIC_WITH_LOCK): _C(_L, True),
        (_L, _E.SPECIFIC_WITH_LOCK): _C(_L, True),
        (_W, _E.SPECIFIC_WITH_LOCK): _C(_L, True),
        (_N, _E.SPECIFIC_WITHOUT_LOCK): _C(_W, True),
        (_L, _E.SPECIFIC_WITHOUT_LOCK): _C(_W, True),
        (_W, _E.SPECIFIC_WITHOUT_LOCK): _C(_W, True),
        (_N, _E.UNSUBSCRIBE_SPECIFIC): _C(_N),
        (_L, _E.UNSUBSCRIBE_SPECIFIC): _C(_N),
        (_W, _E.UNSUBSCRIBE_SPECIFIC): _C(_N),
        (_N, _E.UNSUBSCRIBE_GLOBALLY): _C(_N),
        (_L, _E.UNSUBSCRIBE_GLOBALLY): _C(_N),
        (_W, _E.UNSUBSCRIBE_GLOBALLY): _C(_N),
        (_N, _E.SUSPEND): _C(_N),
        (_L, _E.SUSPEND): _C(_L),
        (_W, _E.SUSPEND): _C(_W),
    }
)
"""Table CC.2.3-2."""


def global_event(deletion_lock: bool) -> SubscriptionEvent:
    """Subscribing to all steps, or to all that match."""
    return SubscriptionEvent.GLOBALLY_WITH_LOCK if deletion_lock else SubscriptionEvent.GLOBALLY_WITHOUT_LOCK


def specific_event(deletion_lock: bool) -> SubscriptionEvent:
    """Subscribing to one step."""
    return SubscriptionEvent.SPECIFIC_WITH_LOCK if deletion_lock else SubscriptionEvent.SPECIFIC_WITHOUT_LOCK
