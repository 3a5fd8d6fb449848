"""Which associations are open, from one process to another."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hounsfield.network.limits import AssociationLimits
from hounsfield.network.registry import AssociationRegistry
from hounsfield.services.live_associations import ASSOCIATIONS, MOST, LiveAssociations, ask, told


def asked(registry: AssociationRegistry) -> LiveAssociations:
    """As over the socket between the processes."""

    def command(name: str, arguments: Mapping[str, Any]) -> Any:
        assert (name, arguments) == (ASSOCIATIONS, {})
        return json.loads(json.dumps(told(registry)))

    return ask(command)


def test_they_come_as_the_registry_has_them() -> None:
    registry = AssociationRegistry(AssociationLimits())
    assert asked(registry) == LiveAssociations(0, ())
    record = registry.admit("2001:db8::1", 4242, "CT1", "HOUNSFIELD", encrypted=True)
    assert record is not None
    record.state, record.objects, record.bytes_received, record.doing = "established", 3, 1 << 40, "store"
    (one,) = asked(registry).associations
    assert (one.host, one.port, one.calling_ae_title, one.called_ae_title) == ("2001:db8::1", 4242, "CT1", "HOUNSFIELD")
    assert (one.encrypted, one.state, one.objects, one.bytes_received, one.doing) == (True, "established", 3, 1 << 40, "store")
    assert one.since == record.since.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_no_more_than_a_page_can_show() -> None:
    registry = AssociationRegistry(AssociationLimits(max_associations=MOST + 5, max_associations_per_caller=MOST + 5))
    for port in range(MOST + 5):
        assert registry.admit("10.0.0.1", port, "CT1", "HOUNSFIELD")
    found = asked(registry)
    assert (found.total, len(found.associations), found.associations[0].port) == (MOST + 5, MOST, 0)
