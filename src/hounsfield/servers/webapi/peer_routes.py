"""The peers of this site: who may call, whom we can call, and whether they answer."""

from __future__ import annotations

import time

from fastapi import FastAPI

from hounsfield.servers.webapi.parts import AdministratorOrigin, EditorOrigin, Parts, SignedInOrigin
from hounsfield.servers.webapi.schemas import EchoAnswer, PeerAnswer, PeerAsked, PeersAnswer


def add_peer_routes(app: FastAPI, parts: Parts) -> None:
    """`/api/peers`. `path`, because an AE title may hold a slash."""

    @app.get("/api/peers")
    def read_peers(origin: SignedInOrigin) -> PeersAnswer:
        return PeersAnswer(peers=[PeerAnswer.of(peer) for peer in parts.peers.all()])

    @app.put("/api/peers/{ae_title:path}")
    def put_peer(ae_title: str, asked: PeerAsked, origin: AdministratorOrigin) -> PeerAnswer:
        return PeerAnswer.of(parts.peers.put(asked.peer(ae_title)))

    @app.delete("/api/peers/{ae_title:path}", status_code=204)
    def remove_peer(ae_title: str, origin: AdministratorOrigin) -> None:
        parts.peers.remove(ae_title)

    @app.post("/api/peers/{ae_title:path}/echo")
    def echo_peer(ae_title: str, origin: EditorOrigin) -> EchoAnswer:
        """C-ECHO to a peer of the list; none but those of the list can be called."""
        peer = parts.peers.reachable(ae_title)
        began = time.monotonic()
        status = parts.echo(peer)
        return EchoAnswer(status=f"{status:04X}", milliseconds=round((time.monotonic() - began) * 1000, 1))
