"""Rules of transcoding and what follows from them, on every database."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hounsfield.dicom.frames import NativeFrames
from hounsfield.index.arrivals import Arrivals
from hounsfield.index.entry import IndexEntry
from hounsfield.jobs.embedded import EmbeddedJobs
from hounsfield.model.errors import AccessDenied, AlreadyExists, InvalidInput, NotFound
from hounsfield.model.origin import SYSTEM, Origin, Principal, Protocol, Role
from hounsfield.model.routing import Condition
from hounsfield.model.transcoding import HTJ2K_LOSSLESS_RPCL, TranscodeRule
from hounsfield.records.transcode_rules import TranscodeRuleRecords
from hounsfield.services.following import IDLE_STEP_EVERY_S
from hounsfield.services.transcode_rules import FOLLOWER, QUEUE, TranscodeFollower, TranscodeRules
from index_kit.databases import Indexed
from index_kit.entries import Maker

ORIGIN = Origin(Protocol.SYSTEM, SYSTEM)
CT = TranscodeRule("ct", (Condition("Modality", ("CT",)),), ("MOD*",), HTJ2K_LOSSLESS_RPCL, wait_s=3600)
BASELINE = "1.2.840.10008.1.2.4.50"


@pytest.fixture
def rules(index: Indexed) -> TranscodeRules:
    return TranscodeRules(TranscodeRuleRecords(index.database), Arrivals(index.database).latest, now=lambda: 7.9)


def entry(maker: Maker, modality: str = "CT", syntax: str = "1.2.840.10008.1.2.1", frames: int = 1) -> IndexEntry:
    table = NativeFrames(0, 8, tuple(range(frames))).to_bytes()
    made = maker.entry("1.2.3" if modality == "CT" else "1.2.4", modality=modality, frames=frames, frame_table=table)
    series = replace(made.attributes.series, json=b'"00080060":{"vr":"CS","Value":["%b"]}' % modality.encode())
    study, instance = replace(made.attributes.study, json=b""), replace(made.attributes.instance, json=b"")
    attributes = replace(made.attributes, study=study, series=series, instance=instance)
    return replace(made, stored=replace(made.stored, transfer_syntax_uid=syntax), attributes=attributes)


def test_rules_are_kept(rules: TranscodeRules, index: Indexed) -> None:
    assert rules.all() == []
    index.writer.add(Maker().entry())
    latest = Arrivals(index.database).latest()
    kept = rules.add(ORIGIN, CT)
    assert kept == replace(CT, created_at_s=7, since=latest)
    rules.add(ORIGIN, TranscodeRule("all"))
    assert rules.all() == [TranscodeRule("all", created_at_s=7, since=latest), kept]
    with pytest.raises(AlreadyExists):
        rules.add(ORIGIN, CT)
    rules.remove(ORIGIN, "all")
    with pytest.raises(NotFound):
        rules.remove(ORIGIN, "all")
    assert rules.all() == [kept]
    editor = Origin(Protocol.WEBAPI, Principal("edgar", Role.EDITOR))
    for refused in (lambda: rules.add(editor, CT), lambda: rules.remove(editor, "ct")):
        with pytest.raises(AccessDenied):
            refused()


@pytest.mark.parametrize(
    "rule",
    [
        TranscodeRule(""),
        TranscodeRule("a", (Condition("Colour", ("red",)),)),
        TranscodeRule("a", transfer_syntax_uid=BASELINE),
        TranscodeRule("a", wait_s=-1),
        TranscodeRule("a", callers=("A" * 300,)),
    ],
)
def test_rules_out_of_bounds(rules: TranscodeRules, rule: TranscodeRule) -> None:
    with pytest.raises(InvalidInput):
        rules.add(ORIGIN, rule)


def test_what_matches_is_enqueued_once(index: Indexed) -> None:
    jobs = EmbeddedJobs(index.database)
    maker = Maker()
    wanted = entry(maker)
    others = [entry(maker, "MR"), entry(maker, syntax=BASELINE), entry(maker, frames=0)]
    index.writer.add_all([wanted, *others])
    follower = TranscodeFollower(Arrivals(index.database), jobs, lambda: [CT, TranscodeRule("later", CT.conditions)])
    assert follower.follow() == 4
    assert follower.follow() == 0
    (job,) = jobs.find()
    assert (job.queue, job.payload["instance"], job.payload["rule"]) == (QUEUE, wanted.attributes.instance.sop_instance_uid, "ct")
    assert job.payload["transfer_syntax"] == HTJ2K_LOSSLESS_RPCL
    assert job.payload["sha256"] == wanted.stored.digests.data_set_sha256.hex()
    assert jobs.claimable() == [], "it waits as the rule says"
    assert job.not_before_ns - job.enqueued_at_ns >= 3599 * 10**9


def test_a_rule_holds_for_what_comes_after_it(index: Indexed, rules: TranscodeRules) -> None:
    maker = Maker()
    index.writer.add(entry(maker))
    rules.add(ORIGIN, CT)
    late = entry(maker)
    index.writer.add(late)
    jobs = EmbeddedJobs(index.database)
    TranscodeFollower(Arrivals(index.database), jobs, rules.all).follow_to_the_end()
    assert [job.payload["instance"] for job in jobs.find()] == [late.attributes.instance.sop_instance_uid]


def test_without_a_rule_nothing_is_read_of_what_came(index: Indexed, rules: TranscodeRules) -> None:
    """A look costs two short statements, whatever came: the follower's position and the rules; once a minute it notes where it is."""
    jobs = EmbeddedJobs(index.database)
    now_s = 0.0
    follower = TranscodeFollower(Arrivals(index.database), jobs, rules.all, monotonic=lambda: now_s)
    follower.follow()
    maker = Maker()
    for _ in range(3):
        index.writer.add_all([entry(maker) for _ in range(100)])
        with index.query_count(2):
            assert follower.follow() == 0
    before = jobs.position(FOLLOWER)
    now_s = IDLE_STEP_EVERY_S
    follower.follow()
    assert jobs.position(FOLLOWER) == Arrivals(index.database).latest()
    assert before != jobs.position(FOLLOWER)
