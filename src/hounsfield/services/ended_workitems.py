"""Procedure steps that are completed or canceled are kept for a while, and as long as somebody's Deletion Lock holds (PS3.4 CC.2.3)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import structlog

from hounsfield.records.ended_workitems import EndedWorkitems

DAY_S: Final = 86_400
BATCH: Final = 500
"""Steps of one transaction: whoever changes a step waits for no more."""

log = structlog.get_logger(__name__)


def remove_ended_steps(ended: EndedWorkitems, kept_days: float, stopping: Callable[[], bool], now: Callable[[], float] = time.time) -> int:
    """How many were removed; to be called once in a while. kept_days: since their last change; 0: for ever. Raises: IndexUnavailable."""
    if not kept_days:
        return 0
    before_s = int(now() - kept_days * DAY_S)
    removed = 0
    while not stopping():
        uids = ended.remove(before_s, BATCH)
        removed += len(uids)
        if len(uids) < BATCH:
            break
    if removed:
        log.info("worklist.ended_steps_removed", steps=removed)
    return removed
