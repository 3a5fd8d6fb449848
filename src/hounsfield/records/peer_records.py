"""Peers by their AE titles; answers the protocol of `services.peers`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from hounsfield.model.coercion import CoercionAction, CoercionRule
from hounsfield.model.connections import Connections
from hounsfield.model.peers import Peer, Permission
from hounsfield.model.visibility import VisibleStudies
from hounsfield.records.tables import peer


class PeerRecords:
    """One database's peers; safe to use from any thread. Raises: IndexUnavailable where the database does not answer."""

    def __init__(self, database: Connections) -> None:
        self._database = database
        names = [column.name for column in peer.columns]
        upsert = sqlite.insert if database.dialect.name == "sqlite" else postgresql.insert
        put = upsert(peer).values({name: bindparam(name) for name in names})
        replaced = {name: put.excluded[name] for name in names if name != "ae_title"}
        compiled = database.compile(put.on_conflict_do_update(index_elements=["ae_title"], set_=replaced))
        assert compiled.parameters == tuple(names), compiled
        self._put = compiled.sql
        by_title = peer.c.ae_title == bindparam("key")
        self._get = database.compile(select(peer).where(by_title)).sql
        self._all = database.compile(select(peer).order_by(peer.c.ae_title)).sql
        self._delete = database.compile(delete(peer).where(by_title)).sql

    def peer(self, ae_title: str) -> Peer | None:
        """By its AE title."""
        rows = self._database.fetch(self._get, (ae_title,))
        return _peer(rows[0]) if rows else None

    def peers(self) -> list[Peer]:
        """All of them, by AE title."""
        return list(map(_peer, self._database.fetch(self._all)))

    def put_peer(self, put: Peer) -> None:
        """Inserts or replaces."""
        values = (
            put.ae_title,
            put.host,
            put.port,
            put.tls,
            " ".join(put.transfer_syntaxes),
            " ".join(sorted(put.may)),
            put.max_associations,
            put.certificate,
            " ".join(put.accepted_sop_classes),
            " ".join(put.accepted_transfer_syntaxes),
            json.dumps(asdict(put.visible), ensure_ascii=False),
            put.character_set,
            json.dumps([asdict(rule) for rule in put.coercion], ensure_ascii=False),
        )
        with self._database.control() as connection:
            connection.execute(self._put, values)

    def delete_peer(self, ae_title: str) -> bool:
        """False where there is none."""
        with self._database.control() as connection:
            return connection.execute(self._delete, (ae_title,)).rowcount > 0


def _peer(row: Any) -> Peer:
    ae_title, host, port, tls, transfer_syntaxes, may, max_associations, certificate, sop_classes, accepted, *rules = row
    visible, character_set, coercion = rules
    return Peer(
        ae_title,
        host,
        port,
        bool(tls),
        tuple(transfer_syntaxes.split()),
        frozenset(map(Permission, may.split())),
        max_associations,
        certificate,
        tuple(sop_classes.split()),
        tuple(accepted.split()),
        VisibleStudies.read(json.loads(visible)),
        character_set,
        tuple(CoercionRule(rule["attribute"], CoercionAction(rule["action"]), rule["value"]) for rule in json.loads(coercion)),
    )
