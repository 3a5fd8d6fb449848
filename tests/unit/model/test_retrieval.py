"""The account of a retrieve's sub-operations."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hounsfield.model.retrieval import MOST_FAILED_NAMED, Tally


@given(st.lists(st.sampled_from(["completed", "warning", "failed"]), max_size=50), st.integers(0, 5))
def test_the_counts_are_together_what_was_planned(outcomes: list[str], unsent: int) -> None:
    tally = Tally(len(outcomes) + unsent)
    for number, outcome in enumerate(outcomes):
        if outcome == "failed":
            tally.fail(f"1.2.{number}")
        else:
            tally.complete(with_warning=outcome == "warning")
        assert tally.remaining + tally.completed + tally.failed + tally.warning == tally.total
    assert tally.remaining == unsent
    assert [tally.completed, tally.warning, tally.failed] == [outcomes.count(name) for name in ("completed", "warning", "failed")]


def test_no_more_failures_are_named_than_fit_into_one_element() -> None:
    tally = Tally(3 * MOST_FAILED_NAMED)
    for number in range(2 * MOST_FAILED_NAMED):
        tally.fail("1." * 30 + f"{number:04d}")
    assert tally.failed == 2 * MOST_FAILED_NAMED
    assert len(tally.failed_uids) == MOST_FAILED_NAMED
    assert len("\\".join(tally.failed_uids)) <= 65534
