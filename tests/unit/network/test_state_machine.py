"""The state machine against table 9-10 of PS3.8, cell by cell."""

from __future__ import annotations

import itertools

import pytest
from pynetdicom.fsm import TRANSITION_TABLE

from hounsfield.network.state_machine import TRANSITIONS, Action, Event, ImpossibleEvent, State, StateMachine

# Rows are events 1 to 19, columns states 1 to 13; a dash is a cell that the standard leaves empty. "x/3|13" has two next states.
TABLE_9_10 = """
Evt  Sta1    Sta2       Sta3    Sta4    Sta5    Sta6    Sta7       Sta8    Sta9    Sta10   Sta11   Sta12   Sta13
1    AE-1/4  -          -       -       -       -       -          -       -       -       -       -       -
2    -       -          -       AE-2/5  -       -       -          -       -       -       -       -       -
3    -       AA-1/13    AA-8/13 -       AE-3/6  AA-8/13 AA-8/13    AA-8/13 AA-8/13 AA-8/13 AA-8/13 AA-8/13 AA-6/13
4    -       AA-1/13    AA-8/13 -       AE-4/1  AA-8/13 AA-8/13    AA-8/13 AA-8/13 AA-8/13 AA-8/13 AA-8/13 AA-6/13
5    AE-5/2  -          -       -       -       -       -          -       -       -       -       -       -
6    -       AE-6/3|13  AA-8/13 -       AA-8/13 AA-8/13 AA-8/13    AA-8/13 AA-8/13 AA-8/13 AA-8/13 AA-8/13 AA-7/13
7    -       -          AE-7/6  -       -       -       -          -       -       -       -       -       -
8    -       -          AE-8/13 -       -       -       -          -       -       -       -       -       -
9    -       -          -       -       -       DT-1/6  -          AR-7/8  -       -       -       -       -
10   -       AA-1/13    AA-8/13 -       AA-8/13 DT-2/6  AR-6/7     AA-8/13 AA-8/13 AA-8/13 AA-8/13 AA-8/13 AA-6/13
11   -       -          -       -       -       AR-1/7  -          -       -       -       -       -       -
12   -       AA-1/13    AA-8/13 -       AA-8/13 AR-2/8  AR-8/9|10  AA-8/13 AA-8/13 AA-8/13 AA-8/13 AA-8/13 AA-6/13
13   -       AA-1/13    AA-8/13 -       AA-8/13 AA-8/13 AR-3/1     AA-8/13 AA-8/13 AR-10/12 AR-3/1 AA-8/13 AA-6/13
14   -       -          -       -       -       -       -          AR-4/13 AR-9/11 -       -       AR-4/13 -
15   -       -          AA-1/13 AA-2/1  AA-1/13 AA-1/13 AA-1/13    AA-1/13 AA-1/13 AA-1/13 AA-1/13 AA-1/13 -
16   -       AA-2/1     AA-3/1  -       AA-3/1  AA-3/1  AA-3/1     AA-3/1  AA-3/1  AA-3/1  AA-3/1  AA-3/1  AA-2/1
17   -       AA-5/1     AA-4/1  AA-4/1  AA-4/1  AA-4/1  AA-4/1     AA-4/1  AA-4/1  AA-4/1  AA-4/1  AA-4/1  AR-5/1
18   -       AA-2/1     -       -       -       -       -          -       -       -       -       -       AA-2/1
19   -       AA-1/13    AA-8/13 -       AA-8/13 AA-8/13 AA-8/13    AA-8/13 AA-8/13 AA-8/13 AA-8/13 AA-8/13 AA-7/13
"""


def _cells() -> dict[tuple[int, int], str]:
    rows = [line.split() for line in TABLE_9_10.strip().splitlines()[1:]]
    return {(state, int(row[0])): row[state] for row in rows for state in range(1, 14)}


CELLS = _cells()


def test_the_literal_table_is_whole() -> None:
    assert len(CELLS) == 13 * 19


@pytest.mark.parametrize(("state", "event"), list(itertools.product(State, Event)), ids=lambda value: f"{type(value).__name__}{int(value)}")
def test_every_cell(state: State, event: Event) -> None:
    cell = CELLS[state, event]
    if cell == "-":
        assert (state, event) not in TRANSITIONS
        for requestor in (True, False):
            machine = StateMachine(requestor=requestor, state=state)
            with pytest.raises(ImpossibleEvent):
                machine.fire(event)
            assert machine.state is state
        return
    action, _, states = cell.partition("/")
    first, _, second = states.partition("|")
    ways = {True: int(first), False: int(second or first)}
    for way, next_state in ways.items():
        # The second next state: a request that the provider rejects, a collision that the acceptor sees.
        machine = StateMachine(requestor=way, state=state)
        assert machine.fire(event, acceptable=way) is Action(action)
        assert machine.state == next_state


def test_every_action_has_its_place() -> None:
    assert {transition.action for transition in TRANSITIONS.values()} == set(Action)


def test_pynetdicom_reads_the_standard_alike() -> None:
    theirs = {(int(state[3:]), int(event[3:])): action for (event, state), action in TRANSITION_TABLE.items()}
    ours = {(int(state), int(event)): transition.action.replace("-", "_") for (state, event), transition in TRANSITIONS.items()}
    assert ours == {cell: action.replace("-", "_") for cell, action in theirs.items()}
