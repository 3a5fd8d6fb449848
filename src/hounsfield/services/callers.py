"""Which calling AE titles are let in, and which asked in vain."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable

from hounsfield.model.callers import RefusedCaller
from hounsfield.model.errors import CallerUnknown, InvalidInput, NotFound, PeerUnknown
from hounsfield.model.identifiers import AETitle
from hounsfield.model.peers import Peer, PeerCertificate
from hounsfield.services.account_records import CallerRecords
from hounsfield.services.peers import Peers

MAX_REFUSED_KEPT = 200


class Callers:
    """Judges calling AE titles by the list of peers, and keeps a list of those refused.

    accept_any: every title is welcome (`--open-access`). accept_any_from_loopback: every title from this machine (the demo); those that
    are known go by their rules.
    An AE title proves nothing: it keeps strangers and mistakes out, not attackers; those are kept out by TLS, by a certificate that the
    title is bound to, and by the network.
    """

    def __init__(
        self,
        peers: Peers,
        records: CallerRecords,
        *,
        accept_any: bool = False,
        accept_any_from_loopback: bool = False,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._peers = peers
        self._records = records
        self._accept_any = accept_any
        self._accept_any_from_loopback = accept_any_from_loopback
        self._now = now

    def admit(self, calling_ae_title: str, host: str, certificate: PeerCertificate | None = None) -> Peer:
        """Lets a calling AE title in, or notes the refusal so that it can be accepted in the app.

        certificate: what it has shown, if anything. Who is welcome without being known may do everything.
        Raises: CallerUnknown.
        """
        if self._accept_any:
            return Peer(calling_ae_title, host)
        peer = self._peers.find(calling_ae_title)
        if peer is None and self._accept_any_from_loopback and is_loopback(host):
            return Peer(calling_ae_title, host)
        if peer is None:
            self._records.note_refused(calling_ae_title, host, int(self._now()), MAX_REFUSED_KEPT)
            raise CallerUnknown(
                f"the calling AE title {calling_ae_title!r} from {host} is not known here: accept it in the app, or add --peer"
            )
        if not peer.owns(certificate):
            raise CallerUnknown(f"{calling_ae_title!r} is bound to a certificate that the caller from {host} has not shown")
        return peer

    def known(self) -> list[Peer]:
        """By AE title."""
        return self._peers.all()

    def refused(self) -> list[RefusedCaller]:
        """Those not known by now, the latest first."""
        known = {peer.ae_title for peer in self.known()}
        return [caller for caller in self._records.refused_callers() if caller.ae_title not in known]

    def accept(self, ae_title: str) -> Peer:
        """From now on it may call; its host is that of its latest refused call. A known one stays as it is. Raises: InvalidAETitle."""
        title = str(AETitle.parse(ae_title))
        peer = self._peers.find(title)
        if peer is None:
            latest = next((caller.host for caller in self._records.refused_callers() if caller.ae_title == title), "")
            try:
                peer = self._peers.put(Peer(title, latest))
            except InvalidInput:  # it called from an address at which it cannot be called
                peer = self._peers.put(Peer(title))
        self._records.forget_refused(title)
        return peer

    def forget(self, ae_title: str) -> None:
        """It may call no more, or its refusals are dropped from the list. Raises: InvalidAETitle, NotFound."""
        title = str(AETitle.parse(ae_title))
        was_refused = self._records.forget_refused(title)
        try:
            self._peers.remove(title)
        except PeerUnknown as exc:
            if not was_refused:
                raise NotFound(f"there is no caller {title!r}") from exc


def is_loopback(host: str) -> bool:
    """Whether an address is one of this machine, by which nobody else can call."""
    try:
        address = ipaddress.ip_address(host.split("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback
