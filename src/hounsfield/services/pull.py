"""Bring what a peer holds into the archive: the one write path, with the peer as its source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self

from hounsfield.dicom.part10 import build_prefix
from hounsfield.dicom.tags import SERIES_INSTANCE_UID, SOP_CLASS_UID, SOP_INSTANCE_UID, STUDY_INSTANCE_UID
from hounsfield.model.identifiers import is_usable_uid, parse_uid
from hounsfield.model.origin import Origin
from hounsfield.model.outcomes import StoreOutcome, StoreResult
from hounsfield.model.overlay import NO_TREATMENT, Treatment
from hounsfield.model.query import Level
from hounsfield.network.errors import NetworkError
from hounsfield.peers.dimse import DimsePeer
from hounsfield.peers.pull import Progress, Wanted, get
from hounsfield.peers.query import STUDY_ROOT_FIND, Key, association_for, find, find_on
from hounsfield.services.store import Buffer, FileStore, Reception

MOST_SERIES_ASKED = 64
_SOP_CLASSES_IN_STUDY = 0x00080062


class Pulling:
    """One retrieval by C-GET. outcomes: how the archive judged what came; filled while it goes on.

    treatment: what the peer's objects are subject to, however they come.
    """

    def __init__(self, store: FileStore, origin: Origin, peer: DimsePeer, treatment: Treatment = NO_TREATMENT) -> None:
        self.outcomes: Counter[StoreOutcome] = Counter()
        self._store = store
        self._origin = origin
        self._peer = peer
        self._treatment = treatment

    def run(self, wanted: Wanted) -> Iterator[Progress]:
        """Raises: QueryFailed and other NetworkErrors."""
        yield from get(self._peer, wanted, sop_classes_of(self._peer, wanted), self._receive)

    def _receive(self, sop_class_uid: str, sop_instance_uid: str, transfer_syntax_uid: str) -> Counted:
        prefix = build_prefix(sop_class_uid, parse_uid(sop_instance_uid), transfer_syntax_uid, self._peer.ae_title)
        return Counted(self._store.receive_file(self._origin, treatment=self._treatment), prefix, self.outcomes)


class Counted:
    """A reception that begins with the file meta information and counts its outcome."""

    def __init__(self, reception: Reception, prefix: bytes, outcomes: Counter[StoreOutcome]) -> None:
        self._reception = reception
        self._prefix = prefix
        self._outcomes = outcomes

    def __enter__(self) -> Self:
        self._reception.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._reception.__exit__(kind, error, trace)

    def write(self, data: Buffer) -> None:
        """The next bytes."""
        if self._prefix:
            prefix, self._prefix = self._prefix, b""
            self._reception.write(prefix)
        self._reception.write(data)

    def finish(self) -> StoreResult:
        """Returns once the object is durable and indexed."""
        result = self._reception.finish()
        self._outcomes[result.outcome] += 1
        return result


def sop_classes_of(peer: DimsePeer, wanted: Wanted) -> list[str]:
    """Which SOP classes the peer would send, as far as it says.

    From SOP Classes in Study (0008,0062); where it does not fill that, from one instance of each series: mostly a series is of one class.
    Empty where it knows no C-FIND.
    """
    try:
        told = _values(
            find(peer, Level.STUDY, [Key(STUDY_INSTANCE_UID, wanted.study), Key(_SOP_CLASSES_IN_STUDY)], most=1), _SOP_CLASSES_IN_STUDY
        )
        return told or _classes_of_series(peer, wanted)
    except NetworkError:
        return []


def _classes_of_series(peer: DimsePeer, wanted: Wanted) -> list[str]:
    within = Key(STUDY_INSTANCE_UID, wanted.study)
    with association_for(peer, STUDY_ROOT_FIND) as association:

        def ask(level: Level, keys: list[Key], most: int) -> Iterator[dict[str, Any]]:
            return find_on(association, STUDY_ROOT_FIND, level, keys, most)

        found = ask(Level.SERIES, [within, Key(SERIES_INSTANCE_UID, wanted.series)], MOST_SERIES_ASKED)
        classes: list[str] = []
        for series in _values(found, SERIES_INSTANCE_UID):
            keys = [within, Key(SERIES_INSTANCE_UID, series), Key(SOP_INSTANCE_UID, wanted.instance), Key(SOP_CLASS_UID)]
            classes += _values(ask(Level.INSTANCE, keys, 1), SOP_CLASS_UID)
    return classes


def _values(answers: Iterable[Mapping[str, Any]], tag: int) -> list[str]:
    """The UIDs of an element in all answers, each once."""
    values = [value for answer in answers for value in answer.get(f"{tag:08X}", {}).get("Value", [])]
    return list(dict.fromkeys(value for value in values if isinstance(value, str) and is_usable_uid(value)))
