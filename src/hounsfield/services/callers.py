"""Which calling AE titles are let in, and which asked in vain."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Iterable

from hounsfield.model.callers import KnownPeer, RefusedCaller
from hounsfield.model.errors import CallerUnknown, NotFound
from hounsfield.model.identifiers import AETitle
from hounsfield.services.account_records import CallerRecords

MAX_REFUSED_KEPT = 200


class Callers:
    """The known peers: those of the settings, and those accepted in the app.

    accept_any: every title is welcome (`--open-access`). accept_any_from_loopback: every title from this machine (the demo).
    An AE title proves nothing: it keeps strangers and mistakes out, not attackers; those are kept out by TLS and the network.
    """

    def __init__(
        self,
        records: CallerRecords,
        *,
        configured: Iterable[KnownPeer] = (),
        accept_any: bool = False,
        accept_any_from_loopback: bool = False,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._records = records
        self._configured = {peer.ae_title: peer for peer in configured}
        self._accept_any = accept_any
        self._accept_any_from_loopback = accept_any_from_loopback
        self._now = now

    def admit(self, calling_ae_title: str, host: str) -> None:
        """Lets a calling AE title in, or notes the refusal so that it can be accepted in the app. Raises: CallerUnknown."""
        if self._accept_any or calling_ae_title in self._configured:
            return
        if self._accept_any_from_loopback and _is_loopback(host):
            return
        if self._records.known_peer(calling_ae_title) is not None:
            return
        self._records.note_refused(calling_ae_title, host, int(self._now()), MAX_REFUSED_KEPT)
        raise CallerUnknown(f"the calling AE title {calling_ae_title!r} from {host} is not known here: accept it in the app, or add --peer")

    def known(self) -> list[KnownPeer]:
        """By AE title; where settings and the app both name one, the settings' counts."""
        merged = {peer.ae_title: peer for peer in self._records.known_peers()} | self._configured
        return [merged[title] for title in sorted(merged)]

    def refused(self) -> list[RefusedCaller]:
        """Those not known by now, the latest first."""
        known = {peer.ae_title for peer in self.known()}
        return [caller for caller in self._records.refused_callers() if caller.ae_title not in known]

    def accept(self, ae_title: str, *, host: str = "", port: int = 0) -> KnownPeer:
        """From now on it may call. Its host is that of its latest refused call where none is given. Raises: InvalidAETitle."""
        title = AETitle.parse(ae_title)
        latest = next((caller.host for caller in self._records.refused_callers() if caller.ae_title == title), "")
        peer = KnownPeer(str(title), host or latest, port)
        self._records.put_known_peer(peer)
        self._records.forget_refused(str(title))
        return peer

    def forget(self, ae_title: str) -> None:
        """It may call no more, or its refusals are dropped from the list. Raises: InvalidAETitle, NotFound."""
        title = str(AETitle.parse(ae_title))
        if title in self._configured:
            raise NotFound(f"{title!r} stands in the settings (--peer): remove it there")
        was_known = self._records.delete_known_peer(title)
        was_refused = self._records.forget_refused(title)
        if not (was_known or was_refused):
            raise NotFound(f"there is no caller {title!r}")


def _is_loopback(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host.split("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback
