"""TLS under associations: the BCP 195 RFC 8996, 9325 TLS profile (PS3.15 B.12).

TLS 1.2 at least, 1.3 where both can; forward secrecy by ECDHE and authenticated encryption, nothing else (RFC 9325 4.1, 4.2).
"""

from __future__ import annotations

import hashlib
import re
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from hounsfield.model.errors import ConfigurationError
from hounsfield.model.peers import PeerCertificate, is_bound_to
from hounsfield.network.renewal import Renewed

CIPHERS_OF_TLS_1_2 = "ECDHE+AESGCM:ECDHE+CHACHA20"
FINGERPRINT = "sha256:"

_SHORT_NAMES = {
    "commonName": "CN",
    "countryName": "C",
    "domainComponent": "DC",
    "localityName": "L",
    "organizationName": "O",
    "organizationalUnitName": "OU",
    "stateOrProvinceName": "ST",
}
_SPECIAL = re.compile(r"([\\,=+])")
_ESCAPED = r"\\\1"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who we are in TLS: PEM files, the certificate with its chain, and its key; they may be one file."""

    certificate: Path
    key: Path


class ServerTls(Protocol):
    """What a listener wraps connections with: a context, or one that is renewed."""

    def wrap_socket(self, sock: socket.socket, server_side: bool = ..., do_handshake_on_connect: bool = ...) -> ssl.SSLSocket:
        """As `ssl.SSLContext.wrap_socket`."""


class RenewedServerTls:
    """The context of a listener, with the certificate that lies in its files when a connection comes in. A `ServerTls`.

    Connections that stand keep theirs. While the authorities are withdrawn (`Renewed`) every connection is refused.
    Raises: ConfigurationError, as `server_context`.
    """

    def __init__(self, ours: Credentials, authorities: Path | None, *, require_client_certificate: bool) -> None:
        make = partial(server_context, ours, authorities, require_client_certificate=require_client_certificate)
        anchors = () if authorities is None else (authorities,)
        self._context = Renewed("the TLS certificate of the listener", (ours.certificate, ours.key), make, anchors=anchors)

    def wrap_socket(self, sock: socket.socket, server_side: bool = False, do_handshake_on_connect: bool = True) -> ssl.SSLSocket:
        """As `ssl.SSLContext.wrap_socket`. Raises: ssl.SSLError also where the authorities are withdrawn."""
        try:
            context = self._context.get()
        except ConfigurationError as exc:
            raise ssl.SSLError("no authority is believed now") from exc
        return context.wrap_socket(sock, server_side, do_handshake_on_connect)


def server_context(ours: Credentials, authorities: Path | None, *, require_client_certificate: bool) -> ssl.SSLContext:
    """For a listener. authorities: PEM file of those whose client certificates are believed; without it none is asked for.

    Raises: ConfigurationError, naming the file.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _restrict(context)
    context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE
    _show(context, ours)
    if authorities is not None:
        _believe(context, authorities)
        context.verify_mode = ssl.CERT_REQUIRED if require_client_certificate else ssl.CERT_OPTIONAL
    elif require_client_certificate:
        raise ConfigurationError("client certificates are required, but tls_ca does not name the authorities that issue them")
    return context


def client_context(ours: Credentials | None, authorities: Path | None, *, bound_to: str = "") -> ssl.SSLContext:
    """For a call. authorities: those whose certificates are believed; without it the system's.

    bound_to: the certificate that the peer must show, as `Peer.certificate` has it. A fingerprint is proof by itself. A subject is proof
    together with the authority; then the host name need not stand in the certificate, which is seldom so with devices.
    Raises: ConfigurationError, naming the file.
    """
    context = _BoundContext(ssl.PROTOCOL_TLS_CLIENT)
    context.bound_to = bound_to
    _restrict(context)
    context.check_hostname = not bound_to
    if bound_to.startswith(FINGERPRINT):
        context.verify_mode = ssl.CERT_NONE
    elif authorities is not None:
        _believe(context, authorities)
    else:
        context.load_default_certs()
    if ours is not None:
        _show(context, ours)
    return context


def certificate_of(connection: socket.socket) -> PeerCertificate | None:
    """What the other side has shown, None where it is no TLS or it showed nothing."""
    if not isinstance(connection, ssl.SSLSocket):
        return None
    raw = connection.getpeercert(binary_form=True)
    if raw is None:
        return None
    return PeerCertificate(hashlib.sha256(raw).hexdigest(), _subject(connection.getpeercert() or {}))


class _BoundContext(ssl.SSLContext):
    """Ends the handshake with an error where the peer shows another certificate than the one it is bound to."""

    bound_to: str = ""

    def wrap_socket(
        self,
        sock: socket.socket,
        server_side: bool = False,
        do_handshake_on_connect: bool = True,
        suppress_ragged_eofs: bool = True,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLSocket:
        wrapped = super().wrap_socket(sock, server_side, do_handshake_on_connect, suppress_ragged_eofs, server_hostname, session)
        if not is_bound_to(self.bound_to, certificate_of(wrapped)):
            wrapped.close()
            raise ssl.SSLCertVerificationError("the peer shows another certificate than the one it is bound to")
        return wrapped


def _restrict(context: ssl.SSLContext) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS_OF_TLS_1_2)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION


def _show(context: ssl.SSLContext, ours: Credentials) -> None:
    try:
        # A key with a passphrase is refused rather than asked for on a terminal that nobody watches.
        context.load_cert_chain(ours.certificate, ours.key, password=_no_passphrase)
    except OSError as exc:
        raise ConfigurationError(
            f"the TLS certificate {ours.certificate} with the key {ours.key} cannot be used: {_in_words(exc)}"
        ) from exc


def _no_passphrase() -> str:
    raise ConfigurationError("the TLS key has a passphrase: store it without one, readable by this user alone")


def _believe(context: ssl.SSLContext, authorities: Path) -> None:
    try:
        context.load_verify_locations(cafile=authorities)
    except OSError as exc:
        raise ConfigurationError(f"the TLS authorities {authorities} cannot be read: {_in_words(exc)}") from exc


def _in_words(error: OSError) -> str:
    reason = error.reason if isinstance(error, ssl.SSLError) else error.strerror
    return (reason or type(error).__name__).replace("_", " ").lower()


def _subject(certificate: Mapping[str, object]) -> str:
    """The distinguished name in the order of the certificate, special characters escaped as RFC 4514 2.4 does."""
    names = certificate.get("subject", ())
    assert isinstance(names, tuple)
    return ",".join(
        "+".join(f"{_SHORT_NAMES.get(kind, kind)}={_SPECIAL.sub(_ESCAPED, value)}" for kind, value in relative) for relative in names
    )
