"""The peers of this site: application entities that may call us or that we call."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol

from hounsfield.model.errors import InvalidInput, NotFound, PeerUnknown
from hounsfield.model.identifiers import AETitle, parse_uid
from hounsfield.model.peers import Peer, Permission
from hounsfield.services.peer_rules import check_character_set, check_coercion

MOST_ASSOCIATIONS = 64
MOST_UIDS = 256
_HOST = re.compile(r"[A-Za-z0-9_.:%-]{0,253}")
_FINGERPRINT = re.compile(r"(?:sha-?256[:=]?)?([0-9a-f]{64})", re.IGNORECASE)


class PeerRecords(Protocol):
    """What the peers ask of the database; `records.peer_records.PeerRecords` answers."""

    def peer(self, ae_title: str) -> Peer | None: ...

    def peers(self) -> list[Peer]:
        """By AE title."""
        ...

    def put_peer(self, put: Peer) -> None:
        """Inserts or replaces."""
        ...

    def delete_peer(self, ae_title: str) -> bool:
        """False where there is none."""
        ...


class Peers:
    """Those of the settings and those of the database, as one list.

    configured: of the settings (`--peer`). What they say of host and port wins; the rest may be said in the database.
    """

    def __init__(self, records: PeerRecords, configured: Iterable[Peer] = ()) -> None:
        self._records = records
        self._configured = {peer.ae_title: peer for peer in configured}

    def find(self, ae_title: str) -> Peer | None:
        """The peer of that title, None where there is none."""
        configured = self._configured.get(ae_title)
        recorded = self._records.peer(ae_title)
        return _merged(configured, recorded) if configured else recorded

    def get(self, ae_title: str) -> Peer:
        """Raises: PeerUnknown."""
        peer = self.find(ae_title)
        if peer is None:
            raise PeerUnknown(f"there is no peer {ae_title!r}: add it with `hounsfield peer add`, in the app, or by --peer")
        return peer

    def destination(self, ae_title: str) -> Peer:
        """A peer that objects may be sent to. Raises: PeerUnknown."""
        peer = self.reachable(ae_title)
        if Permission.RECEIVE not in peer.may:
            raise PeerUnknown(f"{ae_title!r} may not receive objects: give it the permission `receive`")
        return peer

    def reachable(self, ae_title: str) -> Peer:
        """A peer that we know where to call. Raises: PeerUnknown."""
        peer = self.get(ae_title)
        if not peer.is_reachable:
            raise PeerUnknown(f"it is not known where to call {ae_title!r}: give it a host and a port")
        return peer

    def all(self) -> list[Peer]:
        """By AE title."""
        recorded = {peer.ae_title: peer for peer in self._records.peers()}
        merged = recorded | {title: _merged(peer, recorded.get(title)) for title, peer in self._configured.items()}
        return [merged[title] for title in sorted(merged)]

    def put(self, peer: Peer) -> Peer:
        """Adds or replaces a peer; returns it as it is kept. Raises: InvalidInput."""
        checked = check(peer)
        self._records.put_peer(checked)
        return checked

    def remove(self, ae_title: str) -> None:
        """Of one that stands in the settings too, what is kept beside them. Raises: PeerUnknown, NotFound."""
        if self._records.delete_peer(ae_title):
            return
        if ae_title in self._configured:
            raise NotFound(f"{ae_title!r} stands in the settings (--peer): remove it there")
        raise PeerUnknown(f"there is no peer {ae_title!r}")


def _merged(configured: Peer, recorded: Peer | None) -> Peer:
    return configured if recorded is None else replace(recorded, host=configured.host, port=configured.port)


def check(peer: Peer) -> Peer:
    """The peer in its canonical form. Raises: InvalidInput, naming what is wrong."""
    title = str(AETitle.parse(peer.ae_title))
    _check_address(peer.host, peer.port)
    if not 1 <= peer.max_associations <= MOST_ASSOCIATIONS:
        raise InvalidInput(f"associations at once: 1 to {MOST_ASSOCIATIONS}, not {peer.max_associations}")
    peer.visible.check()
    return replace(
        peer,
        ae_title=title,
        certificate=_check_certificate(peer.certificate),
        transfer_syntaxes=_check_uids(peer.transfer_syntaxes),
        accepted_sop_classes=_check_uids(peer.accepted_sop_classes),
        accepted_transfer_syntaxes=_check_uids(peer.accepted_transfer_syntaxes),
        character_set=check_character_set(peer.character_set),
        coercion=check_coercion(peer.coercion),
    )


def _check_address(host: str, port: int) -> None:
    if _HOST.fullmatch(host) is None:
        raise InvalidInput(f"{host[:80]!r} is no host name or address")
    if not 0 <= port <= 65535:
        raise InvalidInput(f"{port} is no TCP port")
    try:
        address = ipaddress.ip_address(host.split("%")[0])
    except ValueError:
        return
    # Where cloud machines and printers configure themselves: no application entity lives there.
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        raise InvalidInput(f"{host} is an address that no peer can have")


def _check_certificate(text: str) -> str:
    trimmed = text.strip()
    fingerprint = _FINGERPRINT.fullmatch(trimmed.replace(":", "")) or _FINGERPRINT.fullmatch(trimmed)
    if fingerprint is not None:
        return f"sha256:{fingerprint[1].lower()}"
    if trimmed and ("=" not in trimmed or len(trimmed) > 1024 or not trimmed.isprintable()):
        raise InvalidInput("a certificate is named by its SHA-256 fingerprint, 64 hexadecimal digits, or by its subject, C=..,O=..,CN=..")
    # As openssl prints it (`C = CH, O = Hospital`), and as it is kept.
    return re.sub(r"(?<!\\)\s*([,=+])\s*", r"\1", trimmed)


def _check_uids(uids: tuple[str, ...]) -> tuple[str, ...]:
    if len(uids) > MOST_UIDS:
        raise InvalidInput(f"a list of more than {MOST_UIDS} UIDs")
    return tuple(dict.fromkeys(parse_uid(uid) for uid in uids))
