"""Routing follows what is committed: on every database nothing is missed, nothing enqueued twice."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from hounsfield.index.arrivals import Arrivals
from hounsfield.index.database import Database
from hounsfield.index.entry import IndexEntry
from hounsfield.jobs.embedded import EmbeddedJobs
from hounsfield.jobs.port import Jobs
from hounsfield.model.coercion import CoercionAction, CoercionRule
from hounsfield.model.errors import AccessDenied, AlreadyExists, InvalidInput, NotFound, PeerUnknown
from hounsfield.model.jobs import JobState
from hounsfield.model.origin import SYSTEM, Origin, Principal, Protocol, Role
from hounsfield.model.overlay import Overlay
from hounsfield.model.peers import Peer
from hounsfield.model.routing import Condition, Priority, Route, RouteKind, Window
from hounsfield.records.routes import RouteRecords
from hounsfield.services.arrival import arrival_of
from hounsfield.services.following import after_rebuild, before_rebuild
from hounsfield.services.routes import Routes
from hounsfield.services.routing import FOLLOWER, Router
from index_kit.databases import Indexed
from index_kit.entries import NOON_NS, Maker

ALL = Route("all", ("ONE",))
CT_ONLY = Route("ct", ("TWO",), (Condition("Modality", ("CT",)),))
ORIGIN = Origin(Protocol.SYSTEM, SYSTEM)


def entry(maker: Maker, modality: str = "CT", **more: str) -> IndexEntry:
    """With fragments as the header scan makes them."""
    made = maker.entry(modality=modality, **more)  # type: ignore[arg-type]
    attributes = made.attributes
    name = '"00100010":{"vr":"PN","Value":[{"Alphabetic":"Doe^John"}]}'
    study = replace(attributes.study, json=f'"00080020":{{"vr":"DA"}}\n"00081030":{{"vr":"LO","Value":["Thorax"]}}\n{name}'.encode())
    series = replace(
        attributes.series, json=f'"00080060":{{"vr":"CS","Value":["{modality}"]}}\n"00200011":{{"vr":"IS","Value":[7]}}\n'.encode()
    )
    instance = replace(attributes.instance, json=b'"00080018":{"vr":"UI","Value":["1.2"]}\n"00200013":{"vr":"IS","Value":[3]}')
    return replace(made, attributes=replace(attributes, study=study, series=series, instance=instance))


@pytest.fixture
def jobs(index: Indexed) -> Jobs:
    """In the index's own database."""
    return EmbeddedJobs(index.database)


def router(index: Indexed, *routes: Route, database: Database | None = None) -> Router:
    """With rules that stand."""
    used = database or index.database
    return Router(Arrivals(used), EmbeddedJobs(used), lambda: list(routes))


def sent(jobs: Jobs, destination: str = "") -> list[str]:
    """SOP Instance UIDs that are to go somewhere, in order."""
    found = [job for job in reversed(jobs.find(limit=1000)) if destination in ("", job.queue.removeprefix("send/"))]
    return [job.payload["instance"] for job in found]


def test_what_an_object_looks_like_to_rules(index: Indexed) -> None:
    index.writer.add(entry(Maker()))
    (arrived,) = Arrivals(index.database).after(0, 10)
    arrival = arrival_of(arrived)
    assert arrival.attributes == {
        "StudyDescription": ("Thorax",),
        "PatientName": ("Doe^John",),
        "Modality": ("CT",),
        "SeriesNumber": ("7",),
        "SOPInstanceUID": ("1.2",),
        "InstanceNumber": ("3",),
        "TransferSyntaxUID": ("1.2.840.10008.1.2.1",),
    }
    assert (arrival.caller, arrival.received.timestamp()) == ("MODALITY", arrival.received_at_s)
    assert Arrivals(index.database).of_study(1, "1.2.3") == [arrived]


def test_each_object_is_enqueued_for_each_destination_in_the_order_it_came(index: Indexed, jobs: Jobs) -> None:
    maker = Maker()
    follower = router(index, ALL, CT_ONLY)
    added = [entry(maker, modality, series=f"1.2.3.{modality}") for modality in ("CT", "MR", "CT")]
    for one in added:
        index.writer.add(one)
    assert follower.follow() == 3
    assert follower.follow() == 0
    uids = [one.attributes.instance.sop_instance_uid for one in added]
    assert sent(jobs, "ONE") == uids
    assert sent(jobs, "TWO") == [uids[0], uids[2]]
    job = jobs.find(queue="send/TWO")[0]
    assert (job.payload["rule"], job.rank, job.group) == ("ct", Priority.MEDIUM.rank, "1/1.2.3")


def test_a_follower_goes_on_where_another_stood(index: Indexed, jobs: Jobs) -> None:
    maker = Maker()
    for _ in range(3):
        index.writer.add(entry(maker))
        router(index, ALL).follow()
    assert len(sent(jobs)) == 3


def test_two_followers_do_no_harm_while_objects_arrive(index: Indexed, jobs: Jobs) -> None:
    maker = Maker()
    stop = threading.Event()

    def follow() -> None:
        database = Database(index.address)
        own = router(index, ALL, database=database)
        while not stop.is_set():
            own.follow()
        own.follow()
        database.close()

    threads = [threading.Thread(target=follow) for _ in range(2)]
    for thread in threads:
        thread.start()
    added = [entry(maker) for _ in range(60)]
    for one in added:
        index.writer.add(one)
    stop.set()
    for thread in threads:
        thread.join(30)
    assert sent(jobs) == [one.attributes.instance.sop_instance_uid for one in added]


def test_another_object_that_counts_under_a_uid_by_now_goes_too(index: Indexed, jobs: Jobs) -> None:
    maker = Maker()
    later = entry(maker, sop="1.9", content="later")
    index.writer.add(later)
    follower = router(index, ALL)
    follower.follow()
    index.writer.add(_earlier(maker))
    follower.follow()
    assert len(sent(jobs)) == 2
    assert len({job.payload["version"] for job in jobs.find()}) == 2


def test_the_same_object_under_other_rules_of_coercion_goes_too(index: Indexed, jobs: Jobs) -> None:
    maker = Maker()
    overlays = [Overlay((CoercionRule("PatientID", CoercionAction.SET, text),)).to_bytes() for text in ("WRONG", "RIGHT")]
    for overlay in (*overlays, b""):
        made = entry(maker, sop="1.9", content="the same")
        index.writer.add(replace(made, stored=replace(made.stored, overlay=overlay)))
        router(index, ALL).follow()
        _delete(index, maker)
    digest = made.stored.digests.data_set_sha256.hex()[:32]
    versions = [job.payload["version"] for job in jobs.find()]
    assert (len(set(versions)), versions[0]) == (3, digest)


@pytest.mark.parametrize("decided", [JobState.FAILED, JobState.CANCELLED])
def test_what_came_to_nothing_is_sent_when_the_object_comes_anew(index: Indexed, jobs: Jobs, decided: JobState) -> None:
    maker = Maker()
    for _ in range(2):
        index.writer.add(entry(maker, sop="1.9", content="the same"))
        router(index, ALL).follow()
        (job,) = jobs.claim("send/ONE", "me", most=9, parallel=1, lease_s=60)
        assert [(one.id, one.state) for one in jobs.find()] == [(job.id, JobState.RUNNING)]
        if decided is JobState.FAILED:
            jobs.fail(job, "me", "refused", permanently=True)
        else:
            jobs.cancel(job_id=job.id)
        _delete(index, maker)


def _delete(index: Indexed, maker: Maker) -> None:
    """The study of all that is here."""
    named = {"kind": "delete", "level": "study", "partition_id": 1, "study_instance_uid": "1.2.3"}
    maker.received_at_ns += 1000
    index.writer.apply_decision({**named, "decided_at_ns": maker.received_at_ns, "principal": "ada", "reason": "test"})


def _earlier(maker: Maker) -> IndexEntry:
    """Of the same UID, received before: it counts instead (`model.identity`)."""
    made = entry(maker, sop="1.9", content="first")
    return replace(made, stored=replace(made.stored, received_at_ns=NOON_NS - 1))


@pytest.mark.parametrize("others", [(), (CT_ONLY,)])
def test_a_rule_made_while_the_follower_looks_misses_nothing(index: Indexed, jobs: Jobs, others: tuple[Route, ...]) -> None:
    maker = Maker()
    rules = [*others]

    def read_rules() -> list[Route]:
        read = list(rules)
        if ALL not in rules:
            # Just behind the reader's back a rule is made, and an object that it concerns arrives.
            rules.append(ALL)
            index.writer.add(entry(maker))
        return read

    follower = Router(Arrivals(index.database), jobs, read_rules)
    for _ in range(3):
        follower.follow()
    assert len(sent(jobs, "ONE")) == 1


def test_without_rules_the_follower_keeps_up_all_the_same(index: Indexed, jobs: Jobs) -> None:
    index.writer.add(entry(Maker()))
    router(index).follow()
    assert jobs.position(FOLLOWER) == Arrivals(index.database).latest()
    assert sent(jobs) == []


def test_a_rebuilt_index_is_not_followed_from_its_beginning(index: Indexed, jobs: Jobs) -> None:
    maker = Maker()
    entries = [entry(maker) for _ in range(3)]
    index.writer.add_all(entries)
    follower = router(index, ALL)
    follower.follow()
    jobs.cancel(queue="send/ONE")
    jobs.purge(-10)
    before_rebuild(jobs, (FOLLOWER,))
    index.writer.clear()
    index.writer.add_all(entries)
    assert follower.follow() == 0, "the rebuilding is not over"
    after_rebuild(Arrivals(index.database), jobs, (FOLLOWER,))
    index.writer.add(entry(maker))
    assert follower.follow() == 1
    after_rebuild(Arrivals(index.database), jobs, (FOLLOWER,))
    assert len(sent(jobs)) == 1


# Rules


def _peer(ae_title: str) -> Peer:
    if ae_title == "NOBODY":
        raise PeerUnknown("there is no peer NOBODY")
    return Peer(ae_title, "127.0.0.1", 104)


@pytest.fixture
def routes(index: Indexed) -> Routes:
    """None yet; the time is 5000."""
    return Routes(RouteRecords(index.database), _peer, _peer, "HOUNSFIELD", Arrivals(index.database).latest, now=lambda: 5000.9)


def test_priors_are_asked_for_once_a_study(index: Indexed, jobs: Jobs) -> None:
    maker = Maker()
    follower = router(index, Route("old pacs", ("PACS2",), kind=RouteKind.PREFETCH, priors=5))
    for study in ("1.2.3", "1.2.3", "1.2.4"):
        index.writer.add(entry(maker, study=study))
        follower.follow()
    index.writer.add(entry(maker, study="1.2.4"))
    follower.follow()
    found = [(job.queue, job.payload) for job in reversed(jobs.find())]
    day = str(arrival_of(Arrivals(index.database).after(0, 1)[0]).received.date())
    say = {"rule": "old pacs", "partition": "1", "priors": "5", "occasion": f"arrival on {day}"}
    assert found == [("prefetch/PACS2", {**say, "study": "1.2.3"}), ("prefetch/PACS2", {**say, "study": "1.2.4"})]


def test_rules_are_kept_whole(routes: Routes) -> None:
    window = Window.parse("sat,sun 10:00-02:00")
    rule = Route(
        "night shift",
        ("A/B", "C"),
        (Condition("PatientName", ("Ö*", "")),),
        ("CT?",),
        window,
        Priority.HIGH,
        kind=RouteKind.PREFETCH,
        priors=9,
    )
    kept = routes.add(ORIGIN, replace(rule, destinations=("A/B", "C", "C ")))
    assert kept == replace(rule, created_at_s=5000, since=kept.since)
    assert routes.all() == [kept]
    with pytest.raises(AlreadyExists):
        routes.add(ORIGIN, rule)
    routes.remove(ORIGIN, "night shift")
    assert routes.all() == []
    with pytest.raises(NotFound):
        routes.remove(ORIGIN, "night shift")


def test_a_rule_holds_for_what_comes_behind_it_however_the_clock_is_set(index: Indexed, jobs: Jobs, routes: Routes) -> None:
    """By one clock it was made long before anything was received, by the other long after."""
    maker = Maker()
    before, after = entry(maker), entry(maker)
    index.writer.add(before)
    routes.add(ORIGIN, ALL)
    Routes(RouteRecords(index.database), _peer, _peer, "HOUNSFIELD", Arrivals(index.database).latest, now=lambda: 1e12).add(
        ORIGIN, replace(ALL, name="made by a clock that was wrong", destinations=("TWO",))
    )
    index.writer.add(after)
    Router(Arrivals(index.database), jobs, routes.all).follow()
    expected = [str(after.attributes.instance.sop_instance_uid)]
    assert (sent(jobs, "ONE"), sent(jobs, "TWO")) == (expected, expected)


def test_a_rule_of_an_older_version_holds_by_the_clock(index: Indexed, jobs: Jobs) -> None:
    maker = Maker()
    entries = [entry(maker) for _ in range(2)]
    for one in entries:
        index.writer.add(one)
    follower = router(index, replace(ALL, created_at_s=10), replace(ALL, name="late", destinations=("TWO",), created_at_s=1 << 40))
    follower.follow()
    assert (len(sent(jobs, "ONE")), sent(jobs, "TWO")) == (2, [])


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        (Route("r", ("NOBODY",)), PeerUnknown),
        (Route("r", ("HOUNSFIELD",)), InvalidInput),
        (Route("r", ("A" * 17,)), InvalidInput),
        (Route("r", ("A",), (Condition("Nonsense", ("x",)),)), InvalidInput),
    ],
)
def test_rules_that_could_never_do_any_good_are_refused(routes: Routes, rule: Route, error: type[Exception]) -> None:
    with pytest.raises(error):
        routes.add(ORIGIN, rule)


def test_only_administrators_make_rules(routes: Routes) -> None:
    editor = Origin(Protocol.WEBAPI, Principal("e", Role.EDITOR))
    with pytest.raises(AccessDenied):
        routes.add(editor, ALL)
    with pytest.raises(AccessDenied):
        routes.remove(editor, "all")
