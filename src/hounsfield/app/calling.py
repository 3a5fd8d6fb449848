"""TLS and titles of this site: how it is called, and how it calls a peer."""

from __future__ import annotations

import ssl
from pathlib import Path

from hounsfield.app.settings import Settings
from hounsfield.model.peers import Peer
from hounsfield.network.tls import Credentials, RenewedServerTls, client_context
from hounsfield.peers.dimse import DimsePeer


def dimse_peer(settings: Settings, peer: Peer) -> DimsePeer:
    """What an association to the peer needs. Raises: ConfigurationError where TLS is wanted and a file of it cannot be used."""
    return DimsePeer(peer.ae_title, peer.host, peer.port, settings.ae_title, tls_context_for(settings, peer))


def tls_context_for(settings: Settings, peer: Peer) -> ssl.SSLContext | None:
    """Of a call to the peer; None where it is called without TLS. Raises: ConfigurationError."""
    return client_context(_credentials(settings), _authorities(settings), bound_to=peer.certificate) if peer.tls else None


def tls_of_listener(settings: Settings) -> RenewedServerTls | None:
    """None where there is no certificate to show. Raises: ConfigurationError."""
    ours = _credentials(settings)
    if ours is None:
        return None
    return RenewedServerTls(ours, _authorities(settings), require_client_certificate=settings.tls_require_client_certificate)


def _credentials(settings: Settings) -> Credentials | None:
    if not settings.tls_certificate:
        return None
    return Credentials(Path(settings.tls_certificate), Path(settings.tls_key or settings.tls_certificate))


def _authorities(settings: Settings) -> Path | None:
    return Path(settings.tls_ca) if settings.tls_ca else None
