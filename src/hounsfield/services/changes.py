"""What happened to the archive, in the order in which it was committed."""

from __future__ import annotations

from collections.abc import Sequence

from hounsfield.index.changes import Change
from hounsfield.index.reader import IndexReader
from hounsfield.model.origin import Origin
from hounsfield.model.rejection import StandingRejection


class Changes:
    """Reads the feed for one partition at a time."""

    def __init__(self, reader: IndexReader) -> None:
        self._reader = reader

    def after(self, origin: Origin, since: int, limit: int) -> Sequence[Change]:
        """Of the principal's partition, behind the change `since`. Raises: IndexUnavailable."""
        return self._reader.changes(since, limit, origin.principal.partition_id)

    def rejections(self, origin: Origin, limit: int) -> Sequence[StandingRejection]:
        """By which something of the principal's partition is hidden, the latest first. Raises: IndexUnavailable."""
        return self._reader.rejections(origin.principal.partition_id, limit)

    def latest(self) -> int:
        """A number that grows with every change of any partition: one small query. Raises: IndexUnavailable."""
        return self._reader.latest_change()
