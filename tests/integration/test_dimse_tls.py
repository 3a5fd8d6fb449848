"""Associations over TLS: which handshakes succeed, certificates bound to AE titles, both ways."""

from __future__ import annotations

import shutil
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from dimse_kit.certificates import Authority, Made, needs_openssl
from dimse_kit.server import running_server
from dimse_kit.wire import Wire
from hounsfield.dicom.sop_classes import VERIFICATION_SOP_CLASS
from hounsfield.dicom.transfer_syntaxes import IMPLICIT_VR_LITTLE_ENDIAN
from hounsfield.model.errors import CallerUnknown, ConfigurationError
from hounsfield.model.peers import Peer, PeerCertificate
from hounsfield.network.dimse import CommandField, request
from hounsfield.network.errors import AssociationRefused, NetworkError, Unreachable
from hounsfield.network.limits import AssociationLimits
from hounsfield.network.pdu import ProposedContext
from hounsfield.network.registry import AssociationRegistry
from hounsfield.network.tls import Credentials, RenewedServerTls, client_context, server_context
from hounsfield.peers.dimse import DimsePeer, echo, open_association
from hounsfield.servers.dimse.server import DimseServer

pytestmark = [needs_openssl, pytest.mark.no_database]


@dataclass(frozen=True, slots=True)
class Site:
    """An authority, what it signed, and one that nobody believes."""

    authority: Authority
    server: Made
    ct: Made
    mr: Made
    stranger: Made


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    authority, other = (Authority(tmp_path_factory.mktemp(name), name) for name in ("authority", "other"))
    return Site(
        authority,
        authority.sign("/CN=pacs", host="127.0.0.1"),
        authority.sign("/C=CH/O=Hospital, North/OU=Röntgen/CN=CT1"),
        authority.sign("/CN=MR1"),
        other.sign("/C=CH/O=Hospital, North/OU=Röntgen/CN=CT1"),
    )


class Bound:
    """Knows CT1, by its certificate."""

    def __init__(self, certificate: str) -> None:
        self.peer = Peer("CT1", certificate=certificate)
        self.shown: PeerCertificate | None = None

    def admit(self, calling_ae_title: str, host: str, certificate: PeerCertificate | None = None) -> Peer:
        self.shown = certificate
        if not self.peer.owns(certificate):
            raise CallerUnknown(calling_ae_title)
        return self.peer


@pytest.fixture
def server(site: Site) -> Iterator[tuple[DimseServer, Bound]]:
    callers = Bound("")
    context = server_context(site.server.credentials, site.authority.file, require_client_certificate=True)
    with running_server(tls_context=context, callers=callers) as running:
        yield running, callers


def calling(server: DimseServer, context: ssl.SSLContext | None) -> DimsePeer:
    return DimsePeer("HOUNSFIELD", *server.address, "CT1", context)


def ours(site: Site, made: Made | None, **options: str) -> ssl.SSLContext:
    return client_context(made.credentials if made is not None else None, site.authority.file, **options)


def test_both_sides_show_a_certificate(site: Site, server: tuple[DimseServer, Bound]) -> None:
    running, callers = server
    assert echo(calling(running, ours(site, site.ct))) == 0
    assert callers.shown == PeerCertificate(site.ct.sha256, r"C=CH,O=Hospital\, North,OU=Röntgen,CN=CT1")


def test_who_shows_none_or_one_of_another_authority_is_not_heard(site: Site, server: tuple[DimseServer, Bound]) -> None:
    running, callers = server
    for made in (None, site.stranger):
        with pytest.raises(NetworkError):
            echo(calling(running, ours(site, made)))
    with pytest.raises(NetworkError):
        echo(replace(calling(running, None)), AssociationLimits(artim_s=2.0))
    assert callers.shown is None
    assert echo(calling(running, ours(site, site.ct))) == 0


@pytest.mark.parametrize("binding", ["fingerprint", "subject"])
def test_an_ae_title_that_is_bound_to_a_certificate_is_let_in_with_no_other(
    site: Site, server: tuple[DimseServer, Bound], binding: str
) -> None:
    running, callers = server
    named = f"sha256:{site.ct.sha256}" if binding == "fingerprint" else r"C=CH,O=Hospital\, North,OU=Röntgen,CN=CT1"
    callers.peer = replace(callers.peer, certificate=named)
    assert echo(calling(running, ours(site, site.ct))) == 0
    with pytest.raises(AssociationRefused, match="1/1/3"):
        echo(calling(running, ours(site, site.mr)))


def test_without_client_certificates_callers_go_by_their_title(site: Site) -> None:
    for require, authorities in ((False, site.authority.file), (False, None)):
        context = server_context(site.server.credentials, authorities, require_client_certificate=require)
        callers = Bound("")
        with running_server(tls_context=context, callers=callers) as running:
            assert echo(calling(running, ours(site, None))) == 0
            assert callers.shown is None
            callers.peer = replace(callers.peer, certificate="CN=CT1")
            with pytest.raises(AssociationRefused):
                echo(calling(running, ours(site, None)))


def test_a_bound_title_is_not_let_in_without_tls() -> None:
    with running_server(callers=Bound("CN=CT1")) as running, pytest.raises(AssociationRefused, match="1/1/3"):
        echo(calling(running, None))


def test_we_call_only_whom_we_believe(site: Site, server: tuple[DimseServer, Bound]) -> None:
    running, _ = server
    credentials = site.ct.credentials
    for context in (
        client_context(credentials, site.stranger.certificate),
        client_context(credentials, None),
        ours(site, site.ct, bound_to=f"sha256:{site.mr.sha256}"),
        ours(site, site.ct, bound_to="CN=other"),
    ):
        with pytest.raises(Unreachable, match="TLS"):
            echo(calling(running, context))
    for context in (
        ours(site, site.ct, bound_to=f"sha256:{site.server.sha256}"),
        ours(site, site.ct, bound_to="CN=pacs"),
        client_context(credentials, None, bound_to=f"sha256:{site.server.sha256}"),
    ):
        assert echo(calling(running, context)) == 0


def test_a_certificate_for_another_host_is_not_believed_unless_the_peer_is_bound_to_it(site: Site) -> None:
    context = server_context(site.mr.credentials, None, require_client_certificate=False)
    with running_server(tls_context=context) as running:
        with pytest.raises(Unreachable, match="TLS"):
            echo(calling(running, ours(site, None)))
        assert echo(calling(running, ours(site, None, bound_to="CN=MR1"))) == 0


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_both_versions_of_the_profile(site: Site, server: tuple[DimseServer, Bound], version: ssl.TLSVersion) -> None:
    running, _ = server
    context = ours(site, site.ct)
    context.minimum_version = context.maximum_version = version
    assert echo(calling(running, context)) == 0


@pytest.mark.parametrize(
    "ciphers", ["AES128-GCM-SHA256", "ECDHE-RSA-AES128-SHA256", "DHE-RSA-AES128-GCM-SHA256", "NULL-SHA256:@SECLEVEL=0"]
)
def test_no_cipher_suite_without_forward_secrecy_and_authenticated_encryption(
    site: Site, server: tuple[DimseServer, Bound], ciphers: str
) -> None:
    running, _ = server
    context = ours(site, site.ct)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(ciphers)
    with pytest.raises(Unreachable, match="TLS"):
        echo(calling(running, context))


def test_no_older_version(site: Site, server: tuple[DimseServer, Bound]) -> None:
    running, _ = server
    context = ours(site, site.ct)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(Unreachable, match="TLS"):
        echo(calling(running, context))


def test_a_handshake_that_stalls_is_closed_and_holds_up_nobody(site: Site) -> None:
    context = server_context(site.server.credentials, site.authority.file, require_client_certificate=True)
    with running_server(tls_context=context, limits=AssociationLimits(artim_s=0.5)) as running:
        stalled = [socket.create_connection(running.address, 5) for _ in range(20)]
        for one in stalled:
            one.sendall(b"\x16\x03\x01")
        assert echo(calling(running, ours(site, site.ct))) == 0
        for one in stalled:
            with one:
                assert one.recv(100) == b""


def test_two_listeners_share_their_limits(site: Site) -> None:
    limits = AssociationLimits(max_associations=1)
    registry = AssociationRegistry(limits)
    context = server_context(site.server.credentials, site.authority.file, require_client_certificate=True)
    with (
        running_server(limits=limits, registry=registry) as plain,
        running_server(limits=limits, registry=registry, tls_context=context) as running,
        Wire(plain.address) as wire,
    ):
        wire.associate()
        with pytest.raises(AssociationRefused, match="2/3/2"):
            echo(calling(running, ours(site, site.ct)))


def test_files_that_cannot_be_used_are_named(site: Site, tmp_path: Path) -> None:
    rubbish = tmp_path / "rubbish.pem"
    rubbish.write_text("not PEM")
    locked = tmp_path / "locked.key"
    locked.write_text("-----BEGIN ENCRYPTED PRIVATE KEY-----\n-----END ENCRYPTED PRIVATE KEY-----\n")
    good = site.server
    for credentials, authorities, told in (
        (Credentials(tmp_path / "none.pem", good.key), None, "none.pem"),
        (Credentials(good.certificate, site.ct.key), None, "mismatch"),
        (Credentials(rubbish, good.key), None, "rubbish.pem"),
        (Credentials(good.certificate, locked), None, "locked.key"),
        (good.credentials, tmp_path / "none.pem", "none.pem"),
        (good.credentials, rubbish, "rubbish.pem"),
    ):
        with pytest.raises(ConfigurationError, match=told):
            server_context(credentials, authorities, require_client_certificate=False)
    with pytest.raises(ConfigurationError, match="tls_ca"):
        server_context(good.credentials, None, require_client_certificate=True)


def test_a_renewed_certificate_is_shown_to_who_calls_from_then_on(site: Site, tmp_path: Path) -> None:
    files = Credentials(tmp_path / "pacs.pem", tmp_path / "pacs.key")
    renewed = site.authority.sign("/CN=pacs renewed", host="127.0.0.1")

    def install(certificate: Path, key: Path) -> None:
        shutil.copyfile(certificate, files.certificate)
        shutil.copyfile(key, files.key)

    install(site.server.certificate, site.server.key)
    listens = RenewedServerTls(files, site.authority.file, require_client_certificate=True)
    with running_server(tls_context=listens, callers=Bound("")) as running:

        def is_shown(made: Made) -> bool:
            try:
                return echo(calling(running, ours(site, site.ct, bound_to=f"sha256:{made.sha256}"))) == 0
            except NetworkError:
                return False

        context = ProposedContext(1, VERIFICATION_SOP_CLASS, (IMPLICIT_VR_LITTLE_ENDIAN,))
        early = open_association(calling(running, ours(site, site.ct)), [context], AssociationLimits())
        assert (is_shown(site.server), is_shown(renewed)) == (True, False)
        shutil.copyfile(renewed.certificate, files.certificate)
        assert is_shown(site.server), "the new certificate lies beside the old key"
        shutil.copyfile(renewed.key, files.key)
        assert (is_shown(site.server), is_shown(renewed)) == (False, True)
        files.certificate.write_text("rubbish")
        assert is_shown(renewed)
        early.send(1, request(CommandField.C_ECHO_RQ, 1, VERIFICATION_SOP_CLASS, has_data_set=False))
        assert early.receive() is not None, "what stands goes on"
        early.release()


def test_nobody_is_let_in_by_authorities_that_are_withdrawn(site: Site, tmp_path: Path) -> None:
    authorities = tmp_path / "authorities.pem"
    shutil.copyfile(site.authority.file, authorities)
    listens = RenewedServerTls(site.server.credentials, authorities, require_client_certificate=True)
    with running_server(tls_context=listens, callers=Bound("")) as running:
        assert echo(calling(running, ours(site, site.ct))) == 0
        authorities.unlink()
        with pytest.raises(NetworkError):
            echo(calling(running, ours(site, site.ct)))
        shutil.copyfile(site.authority.file, authorities)
        assert echo(calling(running, ours(site, site.ct))) == 0
