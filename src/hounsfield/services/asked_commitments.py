"""Storage commitment that we ask of peers: what was asked, and what they said (PS3.4 annex J, as SCU).

One file a request, so that the process that asks and the one that hears the answer, perhaps days later, need not be the same.
"""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hounsfield.archive.faults import unavailable
from hounsfield.dicom.commitment import MAX_REFERENCES
from hounsfield.model.commitment import CommitmentRequest, CommitmentResult, Failure, Reference
from hounsfield.model.errors import HounsfieldError, InvalidInput
from hounsfield.model.identifiers import UID, new_uid
from hounsfield.model.origin import Origin
from hounsfield.network.limits import AssociationLimits
from hounsfield.network.status import is_failure
from hounsfield.peers import commitment
from hounsfield.peers.dimse import DimsePeer
from hounsfield.services.durable_file import write_durably

FORMAT = 1
SUFFIX = ".json"
KEPT_S = 30 * 86400.0
_NAME = re.compile(r"[0-9.]{1,64}")

OnSettled = Callable[["AskedCommitment"], None]


class CommitmentRefused(HounsfieldError):
    """The peer does not process the request: there will be no answer to it. status: of its N-ACTION response."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class AskedCommitment:
    """A request to a peer. asked_at_s: seconds since 1970-01-01 UTC. result: None until the peer has said."""

    ae_title: str
    asked_at_s: float
    request: CommitmentRequest
    result: CommitmentResult | None = None

    @property
    def is_committed(self) -> bool:
        """Whether the peer has promised to keep every instance asked for."""
        return self.result is not None and not self.result.failed and set(self.request.references) <= set(self.result.committed)


class AskedCommitments:
    """The files in one folder; for any process, thread-safe.

    on_settled: told in the process that hears the answer, once it is kept; it may raise a HounsfieldError, and the peer says it again.
    """

    def __init__(
        self,
        folder: Path,
        on_settled: OnSettled = lambda _asked: None,
        *,
        now: Callable[[], float] = time.time,
        make_uid: Callable[[], UID] = new_uid,
    ) -> None:
        self._folder = folder
        self._on_settled = on_settled
        self._now = now
        self._make_uid = make_uid

    def ask(
        self, peer: DimsePeer, references: Sequence[Reference], *, wait_s: float = 10.0, limits: AssociationLimits | None = None
    ) -> AskedCommitment:
        """Asks the peer to commit; with its result where that came within `wait_s` on the same association, else `find` has it later.

        Raises: CommitmentRefused, NetworkError; InvalidInput where there are too many references, or none; OutOfSpace, PackUnavailable.
        """
        unique = tuple(dict.fromkeys(references))
        if not 0 < len(unique) <= MAX_REFERENCES:
            raise InvalidInput(f"{len(unique)} instances in one request for storage commitment: 1 to {MAX_REFERENCES}")
        asked = AskedCommitment(peer.ae_title, self._now(), CommitmentRequest(self._make_uid(), unique))
        # Before it is sent: the result may be here before the answer to the request is.
        self._write(asked)
        answer = commitment.ask(peer, asked.request, wait_s=wait_s, keep=lambda result: self._settle(asked, result), limits=limits)
        if is_failure(answer.status):
            self._path(asked.request.transaction_uid).unlink(missing_ok=True)
            raise CommitmentRefused(f"{peer.ae_title} refused with {answer.status:04X} {answer.comment}".rstrip(), answer.status)
        return self.find(asked.request.transaction_uid) or asked

    def take(self, origin: Origin, result: CommitmentResult) -> bool:
        """What a peer reports on an association of its own; False where it was not asked that. Raises: OutOfSpace, PackUnavailable."""
        asked = self.find(result.transaction_uid)
        if asked is None or asked.ae_title != origin.calling_ae_title:
            return False
        self._settle(asked, result)
        return True

    def find(self, transaction_uid: str) -> AskedCommitment | None:
        """What was asked under this Transaction UID. Raises: PackUnavailable."""
        if _NAME.fullmatch(transaction_uid) is None:
            return None
        try:
            return _decode(json.loads(self._path(transaction_uid).read_bytes()))
        except FileNotFoundError:
            return None
        except OSError as exc:
            raise unavailable(exc, "reading a request for storage commitment") from exc
        except (ValueError, KeyError, TypeError):
            return None

    def forget_instances(self, asked: AskedCommitment) -> None:
        """It has been dealt with. Its name is kept, so that a peer that repeats its result is heard. Raises: PackUnavailable."""
        self._write(replace(asked, request=replace(asked.request, references=()), result=None))

    def drop_old(self) -> None:
        """Forgets what was asked more than 30 days ago. Raises: PackUnavailable."""
        try:
            for path in self._folder.iterdir() if self._folder.is_dir() else ():
                with contextlib.suppress(FileNotFoundError):  # another process is just putting one in its place
                    if path.stat().st_mtime < self._now() - KEPT_S:
                        path.unlink()
        except OSError as exc:
            raise unavailable(exc, "removing old requests for storage commitment") from exc

    def _settle(self, asked: AskedCommitment, result: CommitmentResult) -> None:
        settled = replace(asked, result=result)
        self._write(settled)
        self._on_settled(settled)

    def _write(self, asked: AskedCommitment) -> None:
        try:
            write_durably(self._path(asked.request.transaction_uid), _encode(asked))
        except OSError as exc:
            raise unavailable(exc, "keeping a request for storage commitment") from exc

    def _path(self, transaction_uid: str) -> Path:
        return self._folder / (transaction_uid.replace(".", "_") + SUFFIX)


def _encode(asked: AskedCommitment) -> bytes:
    result = asked.result
    document = {
        "format": FORMAT,
        "ae_title": asked.ae_title,
        "asked_at_s": asked.asked_at_s,
        "transaction_uid": asked.request.transaction_uid,
        "references": [_pair(reference) for reference in asked.request.references],
        "committed": None if result is None else [_pair(reference) for reference in result.committed],
        "failed": None if result is None else [[*_pair(failure.reference), failure.reason] for failure in result.failed],
    }
    return json.dumps(document).encode()


def _decode(document: dict[str, Any]) -> AskedCommitment:
    if document["format"] != FORMAT:
        raise ValueError("of a later version")
    uid = document["transaction_uid"]
    request = CommitmentRequest(uid, tuple(Reference(*pair) for pair in document["references"]))
    if document["committed"] is None:
        return AskedCommitment(document["ae_title"], document["asked_at_s"], request)
    failed = tuple(Failure(Reference(sop_class, instance), reason) for sop_class, instance, reason in document["failed"])
    result = CommitmentResult(uid, tuple(Reference(*pair) for pair in document["committed"]), failed)
    return AskedCommitment(document["ae_title"], document["asked_at_s"], request, result)


def _pair(reference: Reference) -> list[str]:
    return [reference.sop_class_uid, reference.sop_instance_uid]
