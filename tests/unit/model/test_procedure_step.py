"""The state machine of Unified Procedure Steps, cell by cell, and what their attributes must fulfil."""

from __future__ import annotations

import pytest

from hounsfield.dicom.dictionary import keyword_of, tag_of, vr_of
from hounsfield.model.attribute_rules import AttributeRefused, Rule
from hounsfield.model.procedure_step import TRANSITIONS, StepEvent, StepState, change_event
from hounsfield.model.procedure_step_attributes import RULES, check_changes, complete_new, lacking_for
from hounsfield.model.procedure_step_reports import reports_of_change
from hounsfield.model.procedure_step_subscription import SUBSCRIPTIONS, Subscription, SubscriptionEvent
from ups_kit import codes, discontinued, element, performed, progress, workitem

STATES = (None, *StepState)

# PS3.4 table CC.1.1-2: for each event what happens without the step, in SCHEDULED, IN PROGRESS, COMPLETED and CANCELED.
TABLE = """
CREATE                    SCHEDULED 0111                  0111        0111 0111
TO_IN_PROGRESS            C307      IN_PROGRESS           C302        C300 C300
TO_IN_PROGRESS_WRONG_UID  C307      C301                  C301        C301 C301
TO_SCHEDULED              C307      C303                  C303        C303 C303
TO_COMPLETED              C307      C310                  COMPLETED?  B306 C300
TO_COMPLETED_WRONG_UID    C307      C301                  C301        C301 C301
REQUEST_CANCEL            C307      IN_PROGRESS,CANCELED  report      C311 B304
TO_CANCELED               C307      C310                  CANCELED?   C300 B304
TO_CANCELED_WRONG_UID     C307      C301                  C301        C301 C301
"""
CELLS = [
    (state, StepEvent[row.split()[0]], cell)
    for row in TABLE.strip().splitlines()
    for state, cell in zip(STATES, row.split()[1:], strict=True)
]


@pytest.mark.parametrize(("state", "event", "cell"), CELLS)
def test_each_cell_of_the_state_table(state: StepState | None, event: StepEvent, cell: str) -> None:
    transition = TRANSITIONS[state, event]
    if cell[0] in "0BC" and cell[1:].strip("0123456789ABCDEF") == "":
        assert (transition.status, transition.through, transition.reported) == (int(cell, 16), (), False)
        return
    assert transition.status == 0
    assert transition.reported == (cell == "report")
    assert transition.if_final_state_met == cell.endswith("?")
    names = [] if cell == "report" else cell.rstrip("?").split(",")
    assert transition.through == tuple(StepState[name] for name in names)


def test_the_table_has_no_other_cells() -> None:
    assert {(state, event) for state, event, _ in CELLS} == set(TRANSITIONS)


def test_which_transaction_uid_is_the_correct_one() -> None:
    assert change_event(StepState.IN_PROGRESS, StepState.SCHEDULED, "", "1.2") is StepEvent.TO_IN_PROGRESS
    assert change_event(StepState.IN_PROGRESS, StepState.SCHEDULED, "", "") is StepEvent.TO_IN_PROGRESS_WRONG_UID
    assert change_event(StepState.COMPLETED, StepState.IN_PROGRESS, "1.2", "1.2") is StepEvent.TO_COMPLETED
    assert change_event(StepState.COMPLETED, StepState.IN_PROGRESS, "1.2", "1.3") is StepEvent.TO_COMPLETED_WRONG_UID
    assert change_event(StepState.CANCELED, StepState.IN_PROGRESS, "1.2", "") is StepEvent.TO_CANCELED_WRONG_UID
    assert change_event(StepState.SCHEDULED, StepState.IN_PROGRESS, "1.2", "1.3") is StepEvent.TO_SCHEDULED


N, L, W = Subscription.NONE, Subscription.WITH_LOCK, Subscription.WITHOUT_LOCK

# PS3.4 table CC.2.3-2: from Not Subscribed, with Lock, without Lock; `!` for an initial event.
SUBSCRIPTION_TABLE = """
GLOBALLY_WITH_LOCK    L! L  W
GLOBALLY_WITHOUT_LOCK W  L  W
SPECIFIC_WITH_LOCK    L! L! L!
SPECIFIC_WITHOUT_LOCK W! W! W!
UNSUBSCRIBE_SPECIFIC  N  N  N
UNSUBSCRIBE_GLOBALLY  N  N  N
SUSPEND               N  L  W
"""


@pytest.mark.parametrize("row", SUBSCRIPTION_TABLE.strip().splitlines())
def test_each_row_of_the_subscription_table(row: str) -> None:
    event, *cells = row.split()
    for before, cell in zip((N, L, W), cells, strict=True):
        change = SUBSCRIPTIONS[before, SubscriptionEvent[event]]
        assert change.state is {"N": N, "L": L, "W": W}[cell[0]]
        assert change.initial_report == cell.endswith("!")


def all_rules(rules: dict[str, Rule]) -> list[Rule]:
    return [one for rule in rules.values() for one in (rule, *all_rules(rule.inner))]


def test_the_attribute_table_names_attributes_by_tag_and_keyword() -> None:
    for rule in all_rules(dict(RULES)):
        assert keyword_of(int(rule.tag, 16)) == rule.keyword
        assert not rule.inner or vr_of(int(rule.tag, 16)) == "SQ"
        assert set(rule.final) <= set("RPXOC")


VRS = {rule.tag: vr_of(int(rule.tag, 16)) for rule in all_rules(dict(RULES))}


def test_what_is_missing_is_named_and_what_may_be_empty_is_filled_in() -> None:
    whole = workitem()
    assert complete_new(whole, VRS) == []
    lean = workitem(t00404025=None, t00100030=None)
    assert complete_new(lean, VRS) == ["ScheduledStationNameCodeSequence", "PatientBirthDate"]
    assert (lean["00404025"], lean["00100030"]) == ({"vr": "SQ"}, {"vr": "DA"})
    for keyword in ("ScheduledProcedureStepPriority", "ProcedureStepLabel", "ScheduledProcedureStepStartDateTime", "InputReadinessState"):
        tag = f"{tag_of(keyword):08X}"
        for broken in (workitem(**{f"t{tag}": None}), workitem(**{f"t{tag}": {"vr": "LO"}})):
            with pytest.raises(AttributeRefused, match=keyword):
                complete_new(broken, VRS)


def test_a_new_step_has_neither_lock_nor_progress_nor_results() -> None:
    for extra in ({"t00081195": element("UI", "1.2")}, {f"t{tag}": value for tag, value in progress(3).items()}):
        with pytest.raises(AttributeRefused, match="must be empty"):
            complete_new(workitem(**extra), VRS)


def test_codes_have_a_value_and_a_meaning() -> None:
    with pytest.raises(AttributeRefused, match=r"ScheduledStationNameCodeSequence\[1\].CodeMeaning"):
        complete_new(workitem(t00404025=element("SQ", {"00080100": element("SH", "A")})), VRS)
    with pytest.raises(AttributeRefused, match=r"ScheduledStationNameCodeSequence\[2\].CodeValue"):
        check_changes({"00404025": element("SQ", codes("A")["Value"][0], {"00080104": element("LO", "B")})})


def test_what_may_not_be_changed() -> None:
    for tag in ("00741000", "00100010", "00100020", "0040A370", "00080018", "00404010"):
        with pytest.raises(AttributeRefused, match=RULES[tag].keyword):
            check_changes({tag: element("LO", "x")})
    with pytest.raises(AttributeRefused, match="ScheduledProcedureStepPriority"):
        check_changes({"00741200": element("CS")})
    with pytest.raises(AttributeRefused, match=r"ProcedureStepCommunicationsURISequence\[1\].ContactURI"):
        check_changes(progress(3, t00741008=element("SQ", {"0074100C": element("LO", "Eva")})))
    check_changes({"00404025": element("SQ"), **progress(50), **performed()})


def test_what_the_final_states_need() -> None:
    step = workitem(t00404010=element("DT", "2026"), t00080016=element("UI", "1"), t00080018=element("UI", "2"))
    assert lacking_for(StepState.COMPLETED, step) == ["UnifiedProcedureStepPerformedProcedureSequence"]
    assert lacking_for(StepState.CANCELED, step) == ["ProcedureStepProgressInformationSequence"]
    assert lacking_for(StepState.COMPLETED, step | performed()) == []
    canceled = step | discontinued()
    assert lacking_for(StepState.CANCELED, canceled) == ["ProcedureStepProgressInformationSequence[1].ProcedureStepCancellationDateTime"]
    for tag in performed()["00741216"]["Value"][0]:
        cut = performed()
        del cut["00741216"]["Value"][0][tag]
        assert lacking_for(StepState.COMPLETED, step | cut) == [
            f"UnifiedProcedureStepPerformedProcedureSequence[1].{keyword_of(int(tag, 16))}"
        ]


def test_only_what_changed_is_reported() -> None:
    def kinds(**changes: object) -> list[int]:
        after = workitem() | {name[1:]: value for name, value in changes.items()}
        return [report["00001002"]["Value"][0] for report in reports_of_change("1.2", workitem(), after)]

    assert kinds() == []
    assert kinds(t00741204=element("LO", "other")) == []
    assert kinds(t00404041=element("CS", "INCOMPLETE")) == [1]
    assert kinds(t00741002=progress(10)["00741002"]) == [3]
    assert kinds(t00404025=codes("ELSEWHERE")) == [5]
