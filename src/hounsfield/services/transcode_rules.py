"""The rules by which objects are kept in another transfer syntax too, and what follows from them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from hounsfield.index.arrivals import Arrivals, Arrived
from hounsfield.jobs.port import Jobs
from hounsfield.model.errors import AlreadyExists, InvalidInput, NotFound
from hounsfield.model.jobs import NewJob
from hounsfield.model.origin import Origin, Role
from hounsfield.model.routing import Priority
from hounsfield.model.transcoding import SOURCES, TranscodeRule
from hounsfield.services.accounts import require
from hounsfield.services.arrival import KEYWORDS, arrival_of
from hounsfield.services.following import Follower

FOLLOWER = "transcoding"
TRANSCODE = "transcode"
"""The kind of the queues of objects that are transcoded."""
QUEUE = f"{TRANSCODE}/htj2k"
MOST_RULES = 100


class TranscodeRuleRecords(Protocol):
    """What the rules ask of the database; `records.transcode_rules.TranscodeRuleRecords` answers."""

    def rules(self) -> list[TranscodeRule]:
        """By name."""
        ...

    def add_rule(self, added: TranscodeRule, created_by: str) -> bool:
        """False where the name is taken."""
        ...

    def delete_rule(self, name: str) -> bool:
        """False where there is none."""
        ...


class TranscodeRules:
    """The rules of this site; none: nothing is transcoded. latest: the number of the object that was indexed last."""

    def __init__(self, records: TranscodeRuleRecords, latest: Callable[[], int], now: Callable[[], float] = time.time) -> None:
        self._records = records
        self._latest = latest
        self._now = now

    def all(self) -> list[TranscodeRule]:
        """By name."""
        return self._records.rules()

    def add(self, origin: Origin, rule: TranscodeRule) -> TranscodeRule:
        """From now on; returns the rule as it is kept. Raises: AccessDenied, InvalidInput, AlreadyExists."""
        require(origin.principal, Role.ADMINISTRATOR)
        rule.check(KEYWORDS)
        if len(self._records.rules()) >= MOST_RULES:
            raise InvalidInput(f"there are {MOST_RULES} rules already")
        kept = replace(rule, created_at_s=int(self._now()), since=self._latest())
        if not self._records.add_rule(kept, origin.principal.name):
            raise AlreadyExists(f"there is a rule {rule.name!r} already: remove it first")
        return kept

    def remove(self, origin: Origin, name: str) -> None:
        """What it has enqueued stays enqueued, what was made by it is kept. Raises: AccessDenied, NotFound."""
        require(origin.principal, Role.ADMINISTRATOR)
        if not self._records.delete_rule(name):
            raise NotFound(f"there is no rule {name[:64]!r}")


class TranscodeFollower(Follower[TranscodeRule]):
    """rules: as they are now."""

    def __init__(
        self,
        arrivals: Arrivals,
        jobs: Jobs,
        rules: Callable[[], list[TranscodeRule]],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(FOLLOWER, arrivals, jobs, rules, _jobs, monotonic)


def _jobs(rules: Sequence[TranscodeRule], arrived: Arrived) -> Iterable[NewJob]:
    """At most one: the first rule that matches, by name, says to which transfer syntax."""
    instance = arrived.instance
    stored = instance.stored
    if not instance.frames or stored.transfer_syntax_uid not in SOURCES:
        return
    arrival = arrival_of(arrived)
    rule = next((rule for rule in rules if rule.holds(arrival)), None)
    if rule is None:
        return
    digest = stored.digests.data_set_sha256.hex()
    yield NewJob(
        queue=QUEUE,
        unique_key=f"{QUEUE}/{stored.partition_id}/{instance.sop_instance_uid}/{digest[:32]}/{rule.transfer_syntax_uid}",
        group=f"{stored.partition_id}/{instance.study_instance_uid}",
        payload={
            "rule": rule.name,
            "partition": str(stored.partition_id),
            "study": instance.study_instance_uid,
            "series": instance.series_instance_uid,
            "instance": instance.sop_instance_uid,
            "sha256": digest,
            "transfer_syntax": rule.transfer_syntax_uid,
            "occasion": f"arrival {arrived.number}",
        },
        rank=Priority.LOW.rank,
        delay_s=float(rule.wait_s),
    )
