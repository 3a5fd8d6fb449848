"""Who is told of which workitems (PS3.4 CC.2.3), and what waits for whom (PS3.18 8.10)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from hounsfield.model.errors import ArchiveBusy, InvalidQuery, NotFound
from hounsfield.model.origin import Origin
from hounsfield.model.procedure_step import FILTERED_SUBSCRIPTION, GLOBAL_SUBSCRIPTION
from hounsfield.model.procedure_step_reports import state_report
from hounsfield.model.procedure_step_subscription import (
    SUBSCRIPTIONS,
    Subscription,
    SubscriptionEvent,
    global_event,
    specific_event,
)
from hounsfield.model.query import Key
from hounsfield.model.workitem import Narrowing, Workitem, WorkitemEvent, WorklistSubscriber
from hounsfield.records.workitem_events import WorkitemEvents
from hounsfield.records.workitems import WorkitemChange, WorkitemRecords
from hounsfield.services.search_values import attribute_path
from hounsfield.services.workitem_keys import narrowing, read_keys
from hounsfield.services.workitem_search import STRETCH, matches

MOST_SUBSCRIBERS: Final = 200
"""Of one partition's subscribers to whatever is created: each new workitem is held against all of them."""


class WorkitemSubscriptions:
    """Subscriptions of application entities, by their titles. Everything raises IndexUnavailable."""

    def __init__(self, records: WorkitemRecords, events: WorkitemEvents) -> None:
        self._records = records
        self._events = events

    def subscribe(
        self, origin: Origin, target: str, ae_title: str, *, deletion_lock: bool, filter_by: Sequence[tuple[str, str]] = ()
    ) -> None:
        """target: the UID of a workitem, or the well-known one for all, or for all that match `filter_by`.

        Raises: NotFound; InvalidQuery where the filter cannot be understood or there is none; ArchiveBusy.
        """
        partition_id = origin.principal.partition_id
        if target == GLOBAL_SUBSCRIPTION:
            self._subscribe_to_all(partition_id, WorklistSubscriber(ae_title, deletion_lock), ())
        elif target == FILTERED_SUBSCRIPTION:
            keys = read_filter(filter_by)
            self._subscribe_to_all(partition_id, WorklistSubscriber(ae_title, deletion_lock, tuple(filter_by)), keys)
        else:
            self._subscribe_to_one(partition_id, target, ae_title, deletion_lock)
        self._events.forget(partition_id, ae_title)

    def unsubscribe(self, origin: Origin, target: str, ae_title: str) -> None:
        """From one workitem; or from all, also those to which it subscribed one by one. Raises: NotFound.

        From all that match a filter: to whom all are told, all stay told.
        """
        partition_id = origin.principal.partition_id
        with self._records.change() as change:
            if target in (GLOBAL_SUBSCRIPTION, FILTERED_SUBSCRIPTION):
                dropped = change.drop_subscribers(partition_id, ae_title, filtered=True)
                if target == GLOBAL_SUBSCRIPTION:
                    dropped += change.drop_subscribers(partition_id, ae_title, filtered=False)
                if not any(subscriber.ae_title == ae_title for subscriber in change.subscribers(partition_id)):
                    dropped += change.drop_subscriptions(partition_id, ae_title)
                if not dropped:
                    raise NotFound("this application entity has no such subscription")
                return
            item = self._found(change, partition_id, target)
            if not _move(change, item, ae_title, SubscriptionEvent.UNSUBSCRIBE_SPECIFIC).was_subscribed:
                raise NotFound("this application entity has no such subscription")

    def suspend(self, origin: Origin, target: str, ae_title: str) -> None:
        """New workitems are no longer told of; subscriptions to those that are here stay. Raises: NotFound."""
        with self._records.change() as change:
            filtered = target == FILTERED_SUBSCRIPTION
            if not change.drop_subscribers(origin.principal.partition_id, ae_title, filtered=filtered):
                raise NotFound("this application entity has no such subscription")

    # For those who deliver

    def latest(self) -> int:
        """The sequence of the last event of all."""
        return self._events.latest()

    def undelivered_from(self, origin: Origin, ae_title: str) -> int:
        """The sequence behind which events wait for a subscriber that has just come."""
        return self._events.delivered(origin.principal.partition_id, ae_title)

    def waiting(self, origin: Origin, ae_title: str, after: int, most: int) -> list[WorkitemEvent]:
        """The first events that wait behind the one of sequence `after`."""
        return self._events.after(origin.principal.partition_id, ae_title, after, most)

    def delivered(self, origin: Origin, ae_title: str, sequence: int) -> None:
        """All events up to this one have reached the subscriber."""
        self._events.mark_delivered(origin.principal.partition_id, ae_title, sequence)

    def _subscribe_to_one(self, partition_id: int, uid: str, ae_title: str, deletion_lock: bool) -> None:
        with self._records.change() as change:
            item = self._found(change, partition_id, uid)
            if _move(change, item, ae_title, specific_event(deletion_lock)).initial_report:
                change.tell(partition_id, [ae_title], [state_report(item.uid, item.data_set)])

    def _subscribe_to_all(self, partition_id: int, subscriber: WorklistSubscriber, keys: Sequence[Key]) -> None:
        with self._records.change() as change:
            change.put_subscriber(partition_id, subscriber)
            if len(change.subscribers(partition_id)) > MOST_SUBSCRIBERS:
                raise ArchiveBusy(f"more than {MOST_SUBSCRIBERS} subscriptions to the worklist")
            event = global_event(subscriber.deletion_lock)
            for item in self._all(partition_id, narrowing(keys, fuzzy=False)):
                if matches(item.data_set, keys) and _move(change, item, subscriber.ae_title, event).initial_report:
                    change.tell(partition_id, [subscriber.ae_title], [state_report(item.uid, item.data_set)])

    def _all(self, partition_id: int, rows: Narrowing) -> Iterator[Workitem]:
        after = 0
        while stretch := self._records.stretch(partition_id, rows, after, STRETCH):
            yield from stretch
            after = stretch[-1].id

    @staticmethod
    def _found(change: WorkitemChange, partition_id: int, uid: str) -> Workitem:
        item = change.find(partition_id, uid)
        if item is None:
            raise NotFound("there is no such workitem")
        return item


@dataclass(frozen=True, slots=True)
class _Moved:
    was_subscribed: bool
    initial_report: bool


def _move(change: WorkitemChange, item: Workitem, ae_title: str, event: SubscriptionEvent) -> _Moved:
    """One step of table CC.2.3-2 for one workitem and one application entity."""
    lock = change.subscription(item.id, ae_title)
    before = Subscription.NONE if lock is None else Subscription.of(lock)
    after = SUBSCRIPTIONS[before, event]
    if after.state is Subscription.NONE:
        if before is not Subscription.NONE:
            change.drop_subscription(item.id, ae_title)
    elif after.state is not before:
        change.put_subscription(item.id, ae_title, after.state is Subscription.WITH_LOCK)
    return _Moved(before is not Subscription.NONE, after.initial_report)


def read_filter(pairs: Sequence[tuple[str, str]]) -> tuple[Key, ...]:
    """The keys of a filtered subscription. Raises: InvalidQuery, also for names that the dictionary does not know, and for none at all."""
    paths = [(attribute_path(name), value) for name, value in pairs]
    unknown = [name for (path, _), (name, _) in zip(paths, pairs, strict=True) if not path]
    if unknown:
        raise InvalidQuery(f"not an attribute: {unknown[0][:80]!r}")
    keys = read_keys(paths)
    if not keys:
        raise InvalidQuery("a filtered subscription names at least one attribute and its value")
    return keys
