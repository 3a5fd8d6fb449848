"""Unified Procedure Steps, their subscriptions and events, on every database."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from hounsfield.index.database import Database
from hounsfield.model.attribute_rules import AttributeRefused
from hounsfield.model.errors import AlreadyExists, InvalidQuery, NotFound
from hounsfield.model.origin import Origin, Principal, Protocol, Role
from hounsfield.model.procedure_step import StepRefused, StepState, StepStatus
from hounsfield.records.ended_workitems import EndedWorkitems
from hounsfield.records.workitem_events import WorkitemEvents
from hounsfield.records.workitems import WorkitemRecords
from hounsfield.services.ended_workitems import remove_ended_steps
from hounsfield.services.search_values import attribute_path
from hounsfield.services.workitem_keys import read_keys
from hounsfield.services.workitem_search import WorkitemSearch
from hounsfield.services.workitem_subscriptions import WorkitemSubscriptions
from hounsfield.services.workitems import Workitems
from index_kit.databases import Indexed
from ups_kit import EVERYTHING, FILTERED, LOCK, codes, discontinued, element, performed, progress, workitem

HERE = Origin(Protocol.DICOMWEB, Principal("eva", Role.EDITOR))
ELSEWHERE = Origin(Protocol.DICOMWEB, Principal("eva", Role.EDITOR, partition_id=2))


class Bench:
    """The services over one database."""

    def __init__(self, database: Database) -> None:
        self.now = 1_800_000_000.0
        self.records = WorkitemRecords(database, now=lambda: self.now)
        self.events = WorkitemEvents(database, now=lambda: self.now)
        self.workitems = Workitems(self.records, now=lambda: self.now)
        self.search = WorkitemSearch(self.records)
        self.subscriptions = WorkitemSubscriptions(self.records, self.events)

    def create(self, uid: str, **changes: dict[str, Any] | None) -> None:
        self.workitems.create(HERE, uid, workitem(**changes))

    def find(self, *pairs: tuple[str, str], fuzzy: bool = False, limit: int = 100, offset: int = 0, origin: Origin = HERE) -> list[str]:
        keys = read_keys((attribute_path(name), value) for name, value in pairs)
        return [item.uid for item in self.search.find(origin, keys, limit=limit, offset=offset, fuzzy=fuzzy).items]

    def subscribe(self, target: str, ae_title: str = "WATCH", *, lock: bool = False, filter_by: tuple[tuple[str, str], ...] = ()) -> None:
        self.subscriptions.subscribe(HERE, target, ae_title, deletion_lock=lock, filter_by=filter_by)

    def told(self, ae_title: str = "WATCH") -> list[tuple[str, int, str]]:
        """UID, event type and state of what waits for a subscriber; it counts as delivered."""
        import json

        position = self.subscriptions.undelivered_from(HERE, ae_title)
        found = []
        for event in self.subscriptions.waiting(HERE, ae_title, position, 1000):
            report = json.loads(event.report)
            state = report.get("00741000", {}).get("Value", [""])[0]
            found.append((report["00001000"]["Value"][0], report["00001002"]["Value"][0], state))
            position = event.sequence
        self.subscriptions.delivered(HERE, ae_title, position)
        return found


@pytest.fixture
def bench(index: Indexed) -> Bench:
    return Bench(index.database)


def test_a_step_is_kept_as_it_was_created(bench: Bench) -> None:
    created = bench.workitems.create(HERE, "1.1", workitem())
    assert (created.uid, created.filled) == ("1.1", ())
    item = bench.workitems.retrieve(HERE, "1.1")
    assert item.state is StepState.SCHEDULED
    expected = workitem() | {
        "00080016": element("UI", "1.2.840.10008.5.1.4.34.6.1"),
        "00080018": element("UI", "1.1"),
        "00404010": element("DT", "20270115080000.000000+0000"),
    }
    assert item.data_set == expected
    with pytest.raises(AlreadyExists):
        bench.create("1.1")
    with pytest.raises(NotFound):
        bench.workitems.retrieve(ELSEWHERE, "1.1")
    bench.workitems.create(ELSEWHERE, "1.1", workitem())


def test_what_was_owed_is_filled_in_and_a_uid_is_made(bench: Bench) -> None:
    created = bench.workitems.create(HERE, "", workitem(t00741202=element("LO"), t00404025=None))
    assert created.filled == ("ScheduledStationNameCodeSequence", "WorklistLabel")
    assert bench.workitems.retrieve(HERE, created.uid).data_set["00741202"] == element("LO", "WORKLIST")


def test_what_cannot_be_created(bench: Bench) -> None:
    with pytest.raises(StepRefused) as refused:
        bench.create("1.1", t00741000=element("CS", "IN PROGRESS"))
    assert refused.value.status is StepStatus.NOT_CREATED_AS_SCHEDULED
    for changes in (
        {"t00741200": element("CS", "URGENT")},
        {"t00404005": element("DT", "tomorrow")},
        {"t00741204": None},
        {"t00081195": element("UI", "1.2")},
    ):
        with pytest.raises(AttributeRefused):
            bench.create("1.1", **changes)
    with pytest.raises(AttributeRefused):
        bench.create(EVERYTHING)
    assert bench.find() == []


def test_from_scheduled_to_completed(bench: Bench) -> None:
    bench.create("1.1")
    with pytest.raises(StepRefused):
        bench.workitems.update(HERE, "1.1", progress(1), LOCK)
    bench.workitems.update(HERE, "1.1", {"00741204": element("LO", "other")}, "")
    assert bench.workitems.change_state(HERE, "1.1", StepState.IN_PROGRESS, LOCK) is StepStatus.DONE
    for uid, status in (("", StepStatus.WRONG_TRANSACTION_UID), ("9.9", StepStatus.WRONG_TRANSACTION_UID)):
        with pytest.raises(StepRefused) as refused:
            bench.workitems.update(HERE, "1.1", progress(1), uid)
        assert refused.value.status is status
    with pytest.raises(StepRefused) as refused:
        bench.workitems.change_state(HERE, "1.1", StepState.COMPLETED, LOCK)
    assert refused.value.status is StepStatus.FINAL_STATE_REQUIREMENTS
    assert "UnifiedProcedureStepPerformedProcedureSequence" in str(refused.value)
    bench.workitems.update(HERE, "1.1", {**progress(100), **performed()}, LOCK)
    assert bench.workitems.change_state(HERE, "1.1", StepState.COMPLETED, LOCK) is StepStatus.DONE
    assert bench.workitems.change_state(HERE, "1.1", StepState.COMPLETED, LOCK) is StepStatus.ALREADY_COMPLETED
    with pytest.raises(StepRefused) as refused:
        bench.workitems.update(HERE, "1.1", progress(1), LOCK)
    assert refused.value.status is StepStatus.MAY_NO_LONGER_BE_UPDATED
    item = bench.workitems.retrieve(HERE, "1.1")
    assert (item.state, item.data_set["00741000"]) == (StepState.COMPLETED, element("CS", "COMPLETED"))
    assert item.data_set["00741204"] == element("LO", "other")
    assert "00081195" not in item.data_set


def test_two_who_want_the_same_step(bench: Bench, index: Indexed) -> None:
    """Each over a connection of its own, as two processes have it: one gets it, the other is told that it did not."""
    bench.create("1.1")
    others = [Database(index.address) for _ in range(4)]
    outcomes: list[str] = []

    def claim(number: int) -> None:
        try:
            Workitems(WorkitemRecords(others[number])).change_state(HERE, "1.1", StepState.IN_PROGRESS, f"1.9.{number}")
            outcomes.append("claimed")
        except StepRefused as exc:
            outcomes.append(exc.status.name)

    threads = [threading.Thread(target=claim, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for database in others:
        database.close()
    assert sorted(outcomes) == ["WRONG_TRANSACTION_UID"] * 3 + ["claimed"]


def test_cancellation_by_who_performs_and_by_who_does_not(bench: Bench) -> None:
    bench.create("1.1")
    bench.create("1.2")
    assert bench.workitems.request_cancellation(HERE, "1.1", "RIS", {"00741238": element("LT", "no need")}) is StepStatus.DONE
    item = bench.workitems.retrieve(HERE, "1.1")
    (said,) = item.data_set["00741002"]["Value"]
    assert (item.state, said["00741238"]) == (StepState.CANCELED, element("LT", "no need"))
    assert said["0074100E"]["Value"][0]["00080100"] == element("SH", "110513")
    assert bench.workitems.request_cancellation(HERE, "1.1", "RIS", {}) is StepStatus.ALREADY_CANCELED
    bench.workitems.change_state(HERE, "1.2", StepState.IN_PROGRESS, LOCK)
    assert bench.workitems.request_cancellation(HERE, "1.2", "RIS", {}) is StepStatus.DONE
    assert bench.workitems.retrieve(HERE, "1.2").state is StepState.IN_PROGRESS
    with pytest.raises(StepRefused):
        bench.workitems.change_state(HERE, "1.2", StepState.CANCELED, LOCK)
    bench.workitems.update(HERE, "1.2", discontinued(), LOCK)
    assert bench.workitems.change_state(HERE, "1.2", StepState.CANCELED, LOCK) is StepStatus.DONE
    assert bench.workitems.change_state(HERE, "1.2", StepState.CANCELED, LOCK) is StepStatus.ALREADY_CANCELED


def test_searches(bench: Bench) -> None:
    bench.create("1.1")
    bench.create(
        "1.2",
        t00741200=element("CS", "LOW"),
        t00404005=element("DT", "20261202080000+0100"),
        t00404025=codes("STATION2"),
        t00100010=element("PN", {"Alphabetic": "Smith^John", "Ideographic": "山田^太郎"}),
        t00100020=element("LO", "PAT-2"),
    )
    bench.create("1.3", t00404025=codes("OTHER"), t0040A370=element("SQ"), t00741202=element("LO", "3D lab"), t00100010=element("PN"))
    bench.workitems.change_state(HERE, "1.3", StepState.IN_PROGRESS, LOCK)
    for pairs, expected in (
        ([], ["1.1", "1.2", "1.3"]),
        ([("SOPInstanceUID", "1.3,1.1")], ["1.1", "1.3"]),
        ([("ProcedureStepState", "SCHEDULED")], ["1.1", "1.2"]),
        ([("00741000", "IN PROGRESS")], ["1.3"]),
        ([("ScheduledProcedureStepPriority", "LOW")], ["1.2"]),
        ([("WorklistLabel", "3D*")], ["1.3"]),
        ([("PatientName", "muller^agidius")], ["1.1"]),
        ([("PatientName", "山田^太郎")], ["1.2"]),
        ([("PatientName", "sm?th*")], ["1.2"]),
        ([("PatientName", '""')], ["1.3"]),
        ([("PatientID", "PAT-2"), ("ProcedureStepState", "SCHEDULED")], ["1.2"]),
        ([("ScheduledStationNameCodeSequence.CodeValue", "STATION2")], ["1.1", "1.2"]),
        ([("00404025.00080100", "STATION1")], ["1.1"]),
        ([("ScheduledStationNameCodeSequence.CodeValue", "STATION1"), ("00404025.CodingSchemeDesignator", "99OTHER")], []),
        ([("ReferencedRequestSequence.AccessionNumber", "ACC-1")], ["1.1", "1.2"]),
        ([("ScheduledProcedureStepStartDateTime", "20261201-20261201")], ["1.1", "1.3"]),
        ([("ScheduledProcedureStepStartDateTime", "202612020700+0000")], ["1.2"]),
        ([("ScheduledProcedureStepStartDateTime", "-202612020659+0000")], ["1.1", "1.3"]),
        ([("PatientBirthDate", "19691231-19700102")], ["1.1", "1.2", "1.3"]),
        ([("PatientBirthDate", "19710101-")], []),
    ):
        assert bench.find(*pairs) == expected, pairs
    assert bench.find(("PatientName", "Schmidt"), fuzzy=True) == ["1.2"]
    assert bench.find(("PatientName", "Schmidt")) == []
    assert bench.find(limit=1, offset=1) == ["1.2"]
    assert bench.find(origin=ELSEWHERE) == []
    assert bench.search.find(HERE, (), limit=2).more
    assert not bench.search.find(HERE, (), limit=3).more


def test_keys_follow_what_changes(bench: Bench) -> None:
    bench.create("1.1")
    bench.workitems.update(HERE, "1.1", {"00404025": codes("NEW"), "00404005": element("DT", "20270101")}, "")
    assert bench.find(("ScheduledStationNameCodeSequence.CodeValue", "STATION1")) == []
    assert bench.find(("ScheduledStationNameCodeSequence.CodeValue", "NEW")) == ["1.1"]
    assert bench.find(("ScheduledProcedureStepStartDateTime", "20270101")) == ["1.1"]


def test_a_value_longer_than_what_is_kept_is_compared_whole(bench: Bench) -> None:
    bench.create("1.1", t00741204=element("LO", "x" * 300 + "a"))
    assert bench.find(("ProcedureStepLabel", "x" * 300 + "a")) == ["1.1"]
    assert bench.find(("ProcedureStepLabel", "x" * 300 + "b")) == []


def test_searches_beyond_one_stretch(bench: Bench) -> None:
    for number in range(1, 451):
        bench.create(f"1.{number}", t00741204=element("LO", "even" if number % 2 == 0 else "odd"))
    assert bench.find(("ProcedureStepLabel", "ev*"), limit=1000) == [f"1.{number}" for number in range(2, 451, 2)]
    assert bench.find(("ProcedureStepLabel", "even"), limit=2, offset=200) == ["1.402", "1.404"]


def test_who_is_subscribed_to_a_step_hears_of_it(bench: Bench) -> None:
    bench.create("1.1")
    bench.create("1.2")
    bench.subscribe("1.1")
    assert bench.told() == [("1.1", 1, "SCHEDULED")]
    bench.workitems.change_state(HERE, "1.1", StepState.IN_PROGRESS, LOCK)
    bench.workitems.change_state(HERE, "1.2", StepState.IN_PROGRESS, LOCK)
    bench.workitems.update(HERE, "1.1", progress(20), LOCK)
    bench.workitems.update(HERE, "1.1", {"00404025": codes("ELSEWHERE")}, LOCK)
    bench.workitems.update(HERE, "1.1", {"00404041": element("CS", "INCOMPLETE")}, LOCK)
    bench.workitems.request_cancellation(HERE, "1.1", "RIS", {})
    assert bench.told() == [("1.1", 1, "IN PROGRESS"), ("1.1", 3, ""), ("1.1", 5, ""), ("1.1", 1, "IN PROGRESS"), ("1.1", 2, "")]
    bench.subscriptions.unsubscribe(HERE, "1.1", "WATCH")
    bench.workitems.update(HERE, "1.1", {**performed(), **progress(100)}, LOCK)
    bench.workitems.change_state(HERE, "1.1", StepState.COMPLETED, LOCK)
    assert bench.told() == []
    for target in ("1.1", "9.9"):
        with pytest.raises(NotFound):
            bench.subscriptions.unsubscribe(HERE, target, "WATCH")
    with pytest.raises(NotFound):
        bench.subscribe("9.9")


def test_cancellation_of_what_nobody_has_claimed_is_two_reports(bench: Bench) -> None:
    bench.create("1.1")
    bench.subscribe("1.1")
    bench.told()
    bench.workitems.request_cancellation(HERE, "1.1", "RIS", {})
    assert bench.told() == [("1.1", 1, "IN PROGRESS"), ("1.1", 1, "CANCELED")]


def test_who_is_subscribed_to_everything_hears_of_what_is_created(bench: Bench) -> None:
    bench.create("1.1")
    bench.subscribe(EVERYTHING)
    assert bench.told() == []
    bench.subscribe(EVERYTHING, "LOCKING", lock=True)
    assert bench.told("LOCKING") == [("1.1", 1, "SCHEDULED")]
    bench.create("1.2")
    bench.create("1.3", t00404025=element("SQ"))
    expected = [("1.2", 1, "SCHEDULED"), ("1.2", 5, ""), ("1.3", 1, "SCHEDULED")]
    assert bench.told() == expected
    assert bench.told("LOCKING") == expected
    bench.workitems.change_state(HERE, "1.1", StepState.IN_PROGRESS, LOCK)
    assert bench.told() == [("1.1", 1, "IN PROGRESS")]
    bench.subscriptions.suspend(HERE, EVERYTHING, "WATCH")
    bench.create("1.4")
    bench.workitems.change_state(HERE, "1.2", StepState.IN_PROGRESS, LOCK)
    assert bench.told() == [("1.2", 1, "IN PROGRESS")]
    bench.subscriptions.unsubscribe(HERE, EVERYTHING, "WATCH")
    bench.workitems.change_state(HERE, "1.3", StepState.IN_PROGRESS, LOCK)
    assert bench.told() == []
    with pytest.raises(NotFound):
        bench.subscriptions.suspend(HERE, EVERYTHING, "WATCH")
    with pytest.raises(NotFound):
        bench.subscriptions.unsubscribe(HERE, EVERYTHING, "WATCH")


def test_a_filtered_subscription_hears_of_what_matches(bench: Bench) -> None:
    bench.create("1.1", t00741202=element("LO", "3D"))
    bench.subscribe(FILTERED, lock=True, filter_by=(("WorklistLabel", "3D"), ("00404025.00080100", "STATION1")))
    assert bench.told() == [("1.1", 1, "SCHEDULED")]
    bench.create("1.2")
    bench.create("1.3", t00741202=element("LO", "3D"))
    bench.create("1.4", t00741202=element("LO", "3D"), t00404025=codes("OTHER"))
    assert bench.told() == [("1.3", 1, "SCHEDULED"), ("1.3", 5, "")]
    for wrong in ((), (("NoSuchAttribute", "x"),), (("ScheduledProcedureStepStartDateTime", "x"),)):
        with pytest.raises(InvalidQuery):
            bench.subscribe(FILTERED, filter_by=wrong)
    bench.subscriptions.unsubscribe(HERE, FILTERED, "WATCH")
    bench.workitems.change_state(HERE, "1.3", StepState.IN_PROGRESS, LOCK)
    assert bench.told() == []


def test_subscriptions_and_events_are_of_one_partition(bench: Bench) -> None:
    bench.subscribe(EVERYTHING)
    bench.workitems.create(ELSEWHERE, "1.1", workitem())
    assert bench.told() == []


def test_a_restart_is_told_once_to_each(bench: Bench) -> None:
    bench.create("1.1")
    bench.subscribe(EVERYTHING)
    bench.subscribe("1.1")
    bench.subscribe("1.1", "OTHER")
    bench.told()
    bench.told("OTHER")
    bench.workitems.announce_restart()
    assert bench.told() == [(EVERYTHING, 4, "")]
    assert bench.told("OTHER") == [(EVERYTHING, 4, "")]


def test_events_that_nobody_fetches_do_not_stay_for_ever(bench: Bench) -> None:
    bench.create("1.1")
    bench.subscribe("1.1")
    bench.now += 86_401
    bench.subscribe("1.1")
    assert bench.told() == [("1.1", 1, "SCHEDULED")]


def test_a_change_that_is_refused_tells_nobody(bench: Bench) -> None:
    bench.create("1.1")
    bench.subscribe("1.1")
    bench.told()
    with pytest.raises(StepRefused):
        bench.workitems.change_state(HERE, "1.1", StepState.COMPLETED, LOCK)
    assert bench.told() == []


DAY_S = 86_400


@pytest.fixture
def ended(index: Indexed, bench: Bench) -> EndedWorkitems:
    """1.1 is completed, 1.2 canceled, 1.3 in progress, 1.4 scheduled; nothing has happened since."""
    for uid in ("1.1", "1.2", "1.3", "1.4"):
        bench.create(uid)
        if uid != "1.4":
            bench.workitems.change_state(HERE, uid, StepState.IN_PROGRESS, LOCK)
    bench.workitems.update(HERE, "1.1", performed(), LOCK)
    bench.workitems.update(HERE, "1.2", discontinued(), LOCK)
    bench.workitems.change_state(HERE, "1.1", StepState.COMPLETED, LOCK)
    bench.workitems.change_state(HERE, "1.2", StepState.CANCELED, LOCK)
    return EndedWorkitems(index.database, bench.records)


def removed(bench: Bench, ended: EndedWorkitems, kept_days: float = 30, after_days: float = 31) -> int:
    return remove_ended_steps(ended, kept_days, lambda: False, lambda: bench.now + after_days * DAY_S)


def test_what_has_ended_goes_after_its_time(index: Indexed, bench: Bench, ended: EndedWorkitems) -> None:
    bench.subscribe("1.1", "WATCH")
    assert removed(bench, ended, after_days=30) == 0
    assert removed(bench, ended, kept_days=0) == 0, "kept for ever"
    assert removed(bench, ended) == 2
    assert bench.find() == ["1.3", "1.4"]
    with pytest.raises(NotFound):
        bench.workitems.retrieve(HERE, "1.1")
    for table in ("workitem_key", "workitem_subscription"):
        left = index.database.fetch(f"SELECT count(*) FROM {table} WHERE workitem_id NOT IN (SELECT id FROM workitem)", ())
        assert left[0][0] == 0, table
    bench.create("1.1")
    bench.told()
    bench.workitems.change_state(HERE, "1.1", StepState.IN_PROGRESS, LOCK)
    assert bench.told() == [], "the subscription to the step is gone with it"


def test_a_deletion_lock_keeps_it(bench: Bench, ended: EndedWorkitems) -> None:
    bench.subscribe("1.1", "KEEPER", lock=True)
    bench.subscribe("1.2", "WATCH")
    assert removed(bench, ended) == 1
    assert bench.find() == ["1.1", "1.3", "1.4"]
    bench.subscriptions.unsubscribe(HERE, "1.1", "KEEPER")
    assert removed(bench, ended) == 1
    assert bench.find() == ["1.3", "1.4"]


def test_the_lock_of_a_subscription_to_all_keeps_every_step(bench: Bench, ended: EndedWorkitems) -> None:
    bench.subscribe(EVERYTHING, "KEEPER", lock=True)
    assert removed(bench, ended) == 0
    bench.subscriptions.unsubscribe(HERE, EVERYTHING, "KEEPER")
    assert removed(bench, ended) == 2


def test_many_are_removed_batch_by_batch(bench: Bench, ended: EndedWorkitems, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hounsfield.services.ended_workitems.BATCH", 1)
    assert removed(bench, ended) == 2
