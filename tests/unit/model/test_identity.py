"""The rules of identity, on plain values."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hounsfield.model.identity import (
    Deletion,
    ObjectIdentity,
    PatientIdentity,
    judge,
    patient_identity,
    precedence_bytes,
    settle,
)
from hounsfield.model.outcomes import StoreOutcome

PRECEDENCES = st.tuples(st.integers(0, 2**62), st.text("ab.-é", max_size=3), st.text("0123456789abcdef", max_size=4), st.integers(0, 2**50))


def _object(sop: str = "3", series: str = "2", study: str = "1", patient: str = "P", content: str = "x", at_ns: int = 1) -> ObjectIdentity:
    return ObjectIdentity(1, patient_identity(patient, "", study), study, series, sop, content.encode(), "1.2", (at_ns, "n", "p", at_ns))


@given(PRECEDENCES, PRECEDENCES)
def test_bytes_of_a_precedence_sort_as_it_does(one: tuple[int, str, str, int], two: tuple[int, str, str, int]) -> None:
    assert (precedence_bytes(one) < precedence_bytes(two)) == (one < two)


def test_a_patient_without_an_id_belongs_to_the_study() -> None:
    assert patient_identity("", "Issuer", "1.2") == PatientIdentity("", "", "1.2")
    assert patient_identity("", "", "1.2") != patient_identity("", "", "1.3")
    assert patient_identity("P", "", "1.2", "Source") == PatientIdentity("P", "Source", "")
    assert patient_identity("P", "Own", "1.2", "Source") == PatientIdentity("P", "Own", "")


def test_judgements() -> None:
    arrival = _object()
    assert judge(arrival, None, None, None).outcome is StoreOutcome.STORED
    assert judge(arrival, None, "1", arrival.patient).outcome is StoreOutcome.STORED
    assert judge(arrival, _object(), None, None).outcome is StoreOutcome.DUPLICATE
    for holder in (_object(content="y"), _object(series="9"), _object(study="9")):
        assert judge(arrival, holder, None, None).outcome is StoreOutcome.KEPT_ASIDE_UID
    assert judge(arrival, None, "9", None).outcome is StoreOutcome.KEPT_ASIDE_UID
    assert judge(arrival, None, None, PatientIdentity("Q", "", "")).outcome is StoreOutcome.KEPT_ASIDE_PATIENT


def test_reasons_name_no_patient() -> None:
    judgement = judge(_object(patient="SECRET"), None, None, PatientIdentity("HIDDEN", "", ""))
    assert "SECRET" not in judgement.reason
    assert "HIDDEN" not in judgement.reason


def test_a_deletion_covers_what_came_until_it_was_decided() -> None:
    whole, part, one = Deletion(1, "1", "", "", 5), Deletion(1, "1", "2", "", 5), Deletion(1, "1", "2", "3", 5)
    for deletion in (whole, part, one):
        assert deletion.covers(_object(at_ns=5))
        assert not deletion.covers(_object(at_ns=6))
        assert not deletion.covers(_object(study="9", at_ns=5))
    assert not part.covers(_object(series="9"))
    assert not one.covers(_object(sop="9"))
    assert not Deletion(2, "1", "", "", 5).covers(_object())


def test_what_is_kept_aside_lays_no_claim() -> None:
    first = _object("3", "2", "1", at_ns=1)
    aside = _object("3", "5", "4", content="y", at_ns=2)
    later = _object("6", "5", "7", at_ns=3)
    state = settle([later, aside, first])
    assert set(state.counting.values()) == {first, later}
    assert set(state.kept_aside) == {aside}
    assert set(settle([first, aside], [Deletion(1, "1", "", "", 9)]).counting.values()) == {aside}
