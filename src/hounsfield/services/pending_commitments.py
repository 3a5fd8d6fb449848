"""Requests for storage commitment that were answered and not yet reported, as files that outlive this process.

One file a request, rather than rows in the database: only the process that owns the archive reads and writes them, each is written
once and removed once, nobody searches them, and a database that is put back from a backup neither forgets one nor brings one back.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from hounsfield.archive.faults import unavailable
from hounsfield.model.commitment import CommitmentRequest, FailureReason, Reference
from hounsfield.services.durable_file import UNFINISHED, write_durably

FORMAT = 1
SUFFIX = ".json"


@dataclass(frozen=True)
class PendingCommitment:
    """A request that waits for its report.

    ae_title: who asked, and is to be told. accepted_at_s: seconds since 1970-01-01 UTC.
    refusal: set where nothing is to be judged, because its Transaction UID is that of another request.
    """

    ae_title: str
    partition_id: int
    accepted_at_s: float
    request: CommitmentRequest
    refusal: FailureReason | None = None

    @cached_property
    def key(self) -> str:
        """The same for a request that is repeated, another for every other one."""
        named = [self.ae_title, self.partition_id, self.request.transaction_uid, *map(_pair, self.request.references)]
        return hashlib.sha256(json.dumps(named).encode()).hexdigest()[:40]


class PendingFiles:
    """The files in one folder. report: told the name and the reason where one cannot be read; it stays where it is."""

    def __init__(self, folder: Path, report: Callable[[str, str], None] = lambda _name, _reason: None) -> None:
        self._folder = folder
        self._report = report

    def add(self, pending: PendingCommitment) -> None:
        """When this returns, the request is durable. Raises: OutOfSpace, PackUnavailable."""
        try:
            write_durably(self._folder / f"{pending.key}{SUFFIX}", _encode(pending))
        except OSError as exc:
            raise unavailable(exc, "keeping a request for storage commitment") from exc

    def remove(self, pending: PendingCommitment) -> None:
        """Should a crash bring it back, it is reported once more. Raises: PackUnavailable."""
        try:
            (self._folder / f"{pending.key}{SUFFIX}").unlink(missing_ok=True)
        except OSError as exc:
            raise unavailable(exc, "removing a request for storage commitment") from exc

    def load(self) -> Iterator[PendingCommitment]:
        """What an earlier run left, the oldest first. Raises: PackUnavailable."""
        try:
            names = sorted(self._folder.iterdir()) if self._folder.is_dir() else []
            for path in names:
                if path.suffix == UNFINISHED:
                    path.unlink()
        except OSError as exc:
            raise unavailable(exc, "reading the requests for storage commitment") from exc
        found = [self._read(path) for path in names if path.suffix == SUFFIX]
        yield from sorted((one for one in found if one is not None), key=lambda pending: pending.accepted_at_s)

    def _read(self, path: Path) -> PendingCommitment | None:
        try:
            return _decode(json.loads(path.read_bytes()))
        except (OSError, ValueError, KeyError, TypeError) as exc:
            self._report(path.name, type(exc).__name__)
            return None


def _pair(reference: Reference) -> list[str]:
    return [reference.sop_class_uid, reference.sop_instance_uid]


def _encode(pending: PendingCommitment) -> bytes:
    document = {
        "format": FORMAT,
        "ae_title": pending.ae_title,
        "partition_id": pending.partition_id,
        "accepted_at_s": pending.accepted_at_s,
        "refusal": pending.refusal,
        "transaction_uid": pending.request.transaction_uid,
        "references": list(map(_pair, pending.request.references)),
    }
    return json.dumps(document).encode()


def _decode(document: dict[str, Any]) -> PendingCommitment:
    if document["format"] != FORMAT:
        raise ValueError("of a later version")
    references = tuple(Reference(sop_class_uid, sop_instance_uid) for sop_class_uid, sop_instance_uid in document["references"])
    return PendingCommitment(
        document["ae_title"],
        document["partition_id"],
        document["accepted_at_s"],
        CommitmentRequest(document["transaction_uid"], references),
        None if document["refusal"] is None else FailureReason(document["refusal"]),
    )
