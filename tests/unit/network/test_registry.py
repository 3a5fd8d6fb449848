"""Places for associations, in all and for each caller."""

from __future__ import annotations

from hounsfield.network.limits import AssociationLimits
from hounsfield.network.registry import AssociationRegistry


def test_places_in_all_and_for_each_caller() -> None:
    registry = AssociationRegistry(AssociationLimits(max_associations=3, max_associations_per_caller=2))
    first = registry.admit("10.0.0.1", 1, "CT", "HOUNSFIELD")
    second = registry.admit("10.0.0.1", 2, "CT", "HOUNSFIELD")
    assert first is not None
    assert second is not None
    assert registry.admit("10.0.0.1", 3, "CT", "HOUNSFIELD") is None, "two of this caller"
    assert registry.admit("10.0.0.2", 3, "CT", "HOUNSFIELD") is not None, "the same title on another host is another caller"
    assert registry.admit("10.0.0.3", 4, "MR", "HOUNSFIELD") is None, "three in all"
    registry.leave(first)
    registry.leave(first)
    assert len(registry) == 2
    assert registry.admit("10.0.0.1", 5, "CT", "HOUNSFIELD") is not None


def test_a_snapshot_is_a_copy() -> None:
    registry = AssociationRegistry(AssociationLimits())
    record = registry.admit("10.0.0.1", 1, "CT", "HOUNSFIELD", encrypted=True)
    assert record is not None
    (seen,) = registry.snapshot()
    record.objects = 5
    assert (seen.objects, seen.encrypted, seen.calling_ae_title) == (0, True, "CT")
    registry.leave(record)
    assert registry.snapshot() == []
