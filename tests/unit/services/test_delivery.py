"""What a peer's behaviour means for each instance, over real associations."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import pytest
from pynetdicom import AE, evt

from dimse_kit.dcmtk import free_port
from dimse_kit.server import MemoryStore, running_server
from hounsfield.model.errors import DamagedObject, OutOfSpace, PackUnavailable, UnreadableObject
from hounsfield.model.location import Digests, Location, StoredObject
from hounsfield.model.peers import Peer
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.network.errors import AssociationLost, NetworkError, Unreachable
from hounsfield.network.transport import Buffer
from hounsfield.peers.object_source import Listed
from hounsfield.services.delivery import Delivered, DimseDelivery, Fate

EXPLICIT = "1.2.840.10008.1.2.1"
JPEG_2000 = "1.2.840.10008.1.2.4.90"
CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"


def instance(number: int, sop_class_uid: str = CT, transfer_syntax_uid: str = EXPLICIT) -> StoredInstance:
    """One that is said to be stored."""
    place = Location("a" * 32, number, 0, 0, 100, 100)
    stored = StoredObject(1, place, Digests(b"", b"", 0), 0, "local", transfer_syntax_uid, "CT1")
    return StoredInstance("1.2", "1.2.3", f"1.2.3.{number}", sop_class_uid, number, None, None, 0, 1, 0, stored)


class Source:
    """Objects made of their numbers. As `peers.object_source.ObjectSource`.

    faults: by number, while opening or (negative) while reading.
    """

    preferred: Sequence[str] = ()

    def __init__(self, faults: Mapping[int, Exception] | None = None) -> None:
        self.faults = faults or {}

    def syntaxes(self, instance: StoredInstance, accepted: Collection[str]) -> Sequence[str]:
        """As stored or not at all."""
        return [uid for uid in accepted if uid == instance.transfer_syntax_uid]

    def open(self, instance: StoredInstance, transfer_syntax_uid: str) -> Buffer | Iterable[Buffer]:
        """Two pieces."""
        assert instance.number is not None
        if instance.number in self.faults:
            raise self.faults[instance.number]
        return self._pieces(instance.number)

    def _pieces(self, number: int) -> Iterator[bytes]:
        yield b"\0" * 8
        if -number in self.faults:
            raise self.faults[-number]
        yield number.to_bytes(8, "little")


@contextlib.contextmanager
def moody_peer(abort_at: str) -> Iterator[tuple[int, list[str]]]:
    """A peer that aborts when it has read one certain instance; its port and what it has stored."""
    stored: list[str] = []

    def take(event: evt.Event) -> int:
        uid = str(event.request.AffectedSOPInstanceUID)
        if uid == abort_at:
            event.assoc.abort()
        else:
            stored.append(uid)
        return 0x0000

    entity = AE("HOUNSFIELD")
    entity.add_supported_context(CT, EXPLICIT)
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, take)])
    try:
        yield server.server_address[1], stored
    finally:
        server.shutdown()


def deliver(
    store: MemoryStore | int | None,
    instances: Sequence[StoredInstance],
    faults: Mapping[int, Exception] | None = None,
    *,
    tls: bool = False,
) -> tuple[list[tuple[int | None, Fate]], NetworkError | None]:
    """To a server with that store, to a port, or to nobody; the fates by number, and what it ended with."""
    told: list[Delivered] = []
    sender = DimseDelivery("ME", lambda peer: Source(faults))

    def collect(port: int) -> NetworkError | None:
        try:
            told.extend(sender(Peer("HOUNSFIELD", "127.0.0.1", port, tls=tls), Listed(instances)))
        except NetworkError as exc:
            return exc
        return None

    if not isinstance(store, MemoryStore):
        error = collect(store or free_port())
    else:
        with running_server(store) as server:
            error = collect(server.address[1])
    return [(one.instance.number, one.fate) for one in told], error


def test_all_are_stored_in_order_byte_for_byte() -> None:
    store = MemoryStore()
    fates, error = deliver(store, [instance(number) for number in range(5)])
    assert (fates, error) == ([(number, Fate.STORED) for number in range(5)], None)
    assert [kept.data_set for kept in store.kept] == [b"\0" * 8 + number.to_bytes(8, "little") for number in range(5)]


def test_a_peer_that_is_not_there_has_tried_nothing() -> None:
    fates, error = deliver(None, [instance(1)])
    assert (fates, type(error)) == ([], Unreachable)


def test_tls_that_is_not_set_up_is_never_left_out() -> None:
    store = MemoryStore()
    fates, error = deliver(store, [instance(1)], tls=True)
    assert (fates, type(error), store.kept) == ([], Unreachable, [])


def test_a_peer_whose_disk_is_full_ends_the_batch() -> None:
    fates, error = deliver(MemoryStore(fail_at_end=OutOfSpace("full")), [instance(1), instance(2)])
    assert fates == [(1, Fate.LATER)]
    assert "A700" in str(error)


def test_what_the_peer_cannot_understand_is_refused_and_the_rest_goes_on() -> None:
    fates, error = deliver(MemoryStore(fail_at_end=UnreadableObject("odd")), [instance(1), instance(2)])
    assert (fates, error) == ([(1, Fate.REFUSED), (2, Fate.REFUSED)], None)


def test_an_object_at_which_the_peer_breaks_off_is_told_from_those_behind_it() -> None:
    with moody_peer("1.2.3.3") as (port, stored):
        fates, error = deliver(port, [instance(number) for number in range(1, 7)])
    assert fates == [(1, Fate.STORED), (2, Fate.STORED), (3, Fate.LATER)], "the others have not been tried"
    assert isinstance(error, AssociationLost)
    assert stored == ["1.2.3.1", "1.2.3.2"]


@pytest.mark.parametrize(
    ("fault", "fate"),
    [
        (DamagedObject("its checksum is wrong"), Fate.REFUSED),
        (PackUnavailable("the disk is away"), Fate.LATER),
        (ZeroDivisionError("nobody foresaw it"), Fate.LATER),
    ],
)
@pytest.mark.parametrize("number", [2, -2])
def test_an_object_that_cannot_be_read_here_is_not_the_peers_fault(number: int, fault: Exception, fate: Fate) -> None:
    store = MemoryStore()
    fates, error = deliver(store, [instance(1), instance(2), instance(3)], {number: fault})
    assert error is None
    assert sorted(fates, key=lambda one: one[0] or 0) == [(1, Fate.STORED), (2, fate), (3, Fate.STORED)]
    assert sorted(kept.envelope.sop_instance_uid for kept in store.kept) == ["1.2.3.1", "1.2.3.3"], "nothing arrives in part"
