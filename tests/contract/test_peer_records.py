"""Peers in the database, on every database; and those of an older schema."""

from __future__ import annotations

import pytest

from hounsfield.index.database import Database
from hounsfield.index.migrate import migrate
from hounsfield.model.coercion import CoercionAction, CoercionRule
from hounsfield.model.peers import USUAL, Peer, Permission
from hounsfield.model.visibility import VisibleStudies
from hounsfield.records.peer_records import PeerRecords
from index_kit.databases import Addresses, Indexed

FULL = Peer(
    "CT1",
    "192.0.2.1",
    2762,
    tls=True,
    transfer_syntaxes=("1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.1"),
    may=frozenset({Permission.STORE, Permission.COMMIT}),
    max_associations=5,
    certificate="C=CH,O=Spital Zürich,CN=CT 1",
    accepted_sop_classes=("1.2.840.10008.5.1.4.1.1.2",),
    accepted_transfer_syntaxes=("1.2.840.10008.1.2.1", "1.2.840.10008.1.2"),
    visible=VisibleStudies(
        modalities=("CT", "MR"),
        institutions=("Spital Zürich",),
        stations=("CT 1",),
        senders=("CT1",),
        issuers=("A",),
        referring_physicians=("Rossi*",),
        last_days=30,
    ),
    character_set="ISO_IR 100",
    coercion=(
        CoercionRule("PatientID", CoercionAction.PREFIX, "A-"),
        CoercionRule("InstitutionName", CoercionAction.SET_IF_EMPTY, "Spital Zürich"),
        CoercionRule("OtherPatientIDs", CoercionAction.REMOVE),
    ),
)


@pytest.fixture
def records(index: Indexed) -> PeerRecords:
    """Over an empty database."""
    return PeerRecords(index.database)


def test_a_peer_is_kept_with_all_that_is_known_of_it(records: PeerRecords) -> None:
    records.put_peer(FULL)
    records.put_peer(Peer("AB"))
    assert records.peer("CT1") == FULL
    assert records.peers() == [Peer("AB"), FULL]
    assert records.peer("ct1") is None


def test_a_peer_is_replaced_as_a_whole_and_removed(records: PeerRecords) -> None:
    records.put_peer(FULL)
    records.put_peer(Peer("CT1", may=frozenset()))
    assert records.peer("CT1") == Peer("CT1", may=frozenset())
    assert records.delete_peer("CT1")
    assert not records.delete_peer("CT1")
    assert records.peers() == []


def test_peers_known_to_the_first_schema_are_carried_over(addresses: Addresses) -> None:
    database = Database(addresses.new(empty=True))
    migrate(database.dialect, "0001")
    with database.control() as connection:
        connection.execute("INSERT INTO known_peer (ae_title, host, port) VALUES ('CT1', '192.0.2.1', 104), ('MR', '', 0)")
    database.upgrade()
    assert PeerRecords(database).peers() == [Peer("CT1", "192.0.2.1", 104, may=USUAL), Peer("MR")]
    database.close()


def test_peers_without_rules_are_carried_over(addresses: Addresses) -> None:
    database = Database(addresses.new(empty=True))
    migrate(database.dialect, "0003")
    with database.control() as connection:
        connection.execute("INSERT INTO peer VALUES ('CT1', '', 0, FALSE, '', 'query store', 2, '', '', '')")
    database.upgrade()
    assert PeerRecords(database).peers() == [Peer("CT1", may=frozenset({Permission.QUERY, Permission.STORE}))]
    database.close()
