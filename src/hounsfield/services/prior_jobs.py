"""The jobs that follow when a study is scheduled or arrives: priors are brought from an archive, and sent to where they are read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from hounsfield.model.jobs import Job, NewJob
from hounsfield.model.priors import Relevance, ScheduledStudy
from hounsfield.model.routing import Priority

PREFETCH = "prefetch"
"""The kind of the queues of studies whose priors a peer is asked for."""
PRIORS = "priors"
"""The kind of the queues of patients whose earlier studies go to a peer."""
SCHEDULED = "scheduled"
"""Stands for the rule's name in what follows from a scheduled study."""

_BETWEEN = "\\"


def scheduled_jobs(partition_id: int, study: ScheduledStudy) -> list[NewJob]:
    """What there is goes to each destination; each source is asked for more, which follows. Keys say of nobody whose they are."""
    named = [partition_id, study.patient_id, study.issuer, study.occasion, *_texts(study.relevance)]
    digest = hashlib.sha256(json.dumps(named).encode()).hexdigest()[:32]
    payload = {
        "rule": SCHEDULED,
        "partition": str(partition_id),
        "patient": study.patient_id,
        "issuer": study.issuer,
        "occasion": digest,
        **dict(zip(("modalities", "body_part", "priors"), _texts(study.relevance), strict=True)),
    }
    sent = [_job(PRIORS, peer, digest, payload) for peer in study.destinations]
    asked = [_job(PREFETCH, peer, digest, {**payload, "then": _BETWEEN.join(study.destinations)}) for peer in study.sources]
    return sent + asked


def jobs_behind(source: str, brought: Job, *, in_part: bool = False) -> list[NewJob]:
    """What follows when a source has sent what was missing here, or as much of it as it could."""
    then = list(filter(None, brought.payload.get("then", "").split(_BETWEEN)))
    payload = {name: text for name, text in brought.payload.items() if name != "then"}
    what = f"{source}/in part" if in_part else source
    return [_job(PRIORS, peer, f"{payload['occasion']}/{what}", payload) for peer in then]


def relevance_of(job: Job) -> Relevance:
    """As it was asked for; jobs that follow from rules say only how many."""
    say = job.payload
    return Relevance(tuple(filter(None, say.get("modalities", "").split(_BETWEEN))), say.get("body_part", ""), int(say["priors"]))


def _texts(relevance: Relevance) -> Iterable[str]:
    return _BETWEEN.join(relevance.modalities), relevance.body_part, str(relevance.most)


def _job(kind: str, peer: str, what: str, payload: dict[str, str]) -> NewJob:
    key = f"{kind}/{peer}/{SCHEDULED}/{what}"
    return NewJob(queue=f"{kind}/{peer}", unique_key=key, group=key, payload=payload, rank=Priority.LOW.rank)
