"""The jobs of an object on its way to a peer: it is sent, then perhaps the peer is asked to keep it, then perhaps it is sent again.

Each time round has jobs of its own, so that one can see in the queue what happened.
"""

from __future__ import annotations

import hashlib

from hounsfield.model.jobs import Job, NewJob
from hounsfield.model.stored_instance import StoredInstance

SEND = "send"
"""The kind of the queues of objects that go to a peer."""
COMMIT = "commit"
"""The kind of the queues of objects that a peer is asked to keep."""

PAUSES_S = (1.0, 60.0, 600.0)
"""Between sending and asking, the first time, the second, the third: some archives know only after a while what they have received."""
MOST_ROUNDS = len(PAUSES_S)
TOGETHER_S = 5.0
"""What is sent within so long is asked for in one request."""


def send_job(peer: str, instance: StoredInstance, *, rule: str, occasion: str, rank: int, commit: bool = False) -> NewJob:
    """The key names the peer and what goes there, in which version: neither a second rule nor a rebuilt index does it again.

    occasion: why now. What failed, or was cancelled by somebody, is not sent on the same one again.
    """
    stored = instance.stored
    version = version_of(instance)
    payload = {
        "rule": rule,
        "partition": str(stored.partition_id),
        "study": instance.study_instance_uid,
        "series": instance.series_instance_uid,
        "instance": instance.sop_instance_uid,
        "version": version,
        "occasion": occasion,
    }
    return NewJob(
        queue=f"{SEND}/{peer}",
        unique_key=f"{SEND}/{peer}/{stored.partition_id}/{instance.sop_instance_uid}/{version}",
        group=f"{stored.partition_id}/{instance.study_instance_uid}",
        payload=payload | ({"round": "1"} if commit else {}),
        rank=rank,
    )


def version_of(instance: StoredInstance) -> str:
    """Names the content that counts under an instance's UID, as it goes out."""
    stored = instance.stored
    digest = stored.digests.data_set_sha256
    return (hashlib.sha256(digest + stored.overlay).digest() if stored.overlay else digest).hex()[:32]


def wants_commitment(sent: Job) -> bool:
    """Whether the peer is to be asked to keep what this job has sent."""
    return "round" in sent.payload


def commit_job(peer: str, sent: Job, sop_class_uid: str, now_s: float) -> NewJob:
    """What follows when it was sent. now_s: seconds since 1970-01-01 UTC."""
    say = sent.payload
    pause_s = PAUSES_S[round_of(sent) - 1]
    return NewJob(
        queue=f"{COMMIT}/{peer}",
        unique_key=f"{COMMIT}/{peer}/{say['partition']}/{say['instance']}/{say['version']}/{say['round']}",
        group=sent.group,
        payload={**say, "class": sop_class_uid},
        rank=sent.rank,
        delay_s=pause_s + -(now_s + pause_s) % TOGETHER_S,
    )


def send_again_job(peer: str, asked: Job) -> NewJob:
    """What follows when the peer does not keep it."""
    say, number = asked.payload, round_of(asked) + 1
    return NewJob(
        queue=f"{SEND}/{peer}",
        unique_key=f"{SEND}/{peer}/{say['partition']}/{say['instance']}/{say['version']}/{number}",
        group=asked.group,
        payload={**{name: text for name, text in say.items() if name != "class"}, "round": str(number)},
        rank=asked.rank,
    )


def round_of(job: Job) -> int:
    """From 1 to `MOST_ROUNDS`."""
    return min(max(int(job.payload["round"]), 1), MOST_ROUNDS)
