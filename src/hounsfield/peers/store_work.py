"""The instances that are on their way to one peer, shared by the associations that carry them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator

from hounsfield.model.stored_instance import StoredInstance
from hounsfield.peers.store_operations import Sent, StoreOperations


class StoreWork:
    """Gives each instance out once, and once more where it comes back. Thread-safe.

    retries: how often one instance is tried again when its association breaks.
    """

    def __init__(self, instances: Iterable[StoredInstance], retries: int) -> None:
        self._left = iter(instances)
        self._again: deque[StoredInstance] = deque()
        self._attempts: dict[str, int] = {}
        self._retries = retries
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[StoredInstance]:
        return self

    def __next__(self) -> StoredInstance:
        with self._lock:
            return self._again.popleft() if self._again else next(self._left)

    @property
    def has_come_back(self) -> bool:
        """Whether there is an instance that was given out before."""
        return bool(self._again)

    def take_back(self, operations: StoreOperations, why: str) -> list[Sent]:
        """What an association leaves that has broken: instances to be tried again, and the outcomes of those that are not."""
        lost = [] if operations.spoilt is None else [operations.spoilt]
        with self._lock:
            for instance in operations.under_way.values():
                uid = instance.sop_instance_uid
                self._attempts[uid] = self._attempts.get(uid, 0) + 1
                if self._attempts[uid] > self._retries:
                    lost.append(Sent(instance, None, why))
                else:
                    self._again.append(instance)
            if operations.held is not None:
                self._again.append(operations.held)
        return lost
