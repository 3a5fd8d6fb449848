"""DCMTK 3.6 against our server, and our client against DCMTK."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import time
from pathlib import Path

import pytest

from dimse_kit.dcmtk import free_port, needs_dcmtk, run, storescp
from dimse_kit.objects import data_set_of, write_ct
from dimse_kit.server import MemoryStore, running_server, until
from hounsfield.model.errors import OutOfSpace
from hounsfield.model.outcomes import StoreOutcome
from hounsfield.network.errors import AssociationRefused, NetworkError, Unreachable
from hounsfield.network.limits import AssociationLimits
from hounsfield.peers.dimse import DimsePeer, echo, send

pytestmark = needs_dcmtk

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Sizes around those of PDUs, an odd number of them."""
    directory = tmp_path_factory.mktemp("objects")
    sizes = [2, 16384, 16378, 131060, 131072, 262144, 1_000_000]
    return [write_ct(directory / f"{number}.dcm", number, pixel_bytes=size) for number, size in enumerate(sizes)]


def test_echo() -> None:
    with running_server() as server:
        assert run("echoscu", "-aec", "HOUNSFIELD", *server.address).returncode == 0


def test_echo_of_an_unknown_title_is_told_why() -> None:
    with running_server() as server:
        answer = run("echoscu", "-aec", "ELSEWHERE", *server.address)
    assert answer.returncode != 0
    assert "Called AE Title Not Recognized" in answer.stdout


def test_more_than_fit_are_told_why() -> None:
    with running_server(limits=AssociationLimits(max_associations=0)) as server:
        assert "Local Limit Exceeded" in run("echoscu", "-aec", "HOUNSFIELD", *server.address).stdout


def test_every_number_of_contexts_and_syntaxes() -> None:
    with running_server() as server:
        for count in (1, 128):
            for syntaxes in (1, 38):
                result = run("echoscu", "-ppc", count, "-pts", syntaxes, "-aec", "HOUNSFIELD", *server.address)
                assert result.returncode == 0, result.stdout


def test_repeated_echo_and_abort() -> None:
    with running_server() as server:
        assert run("echoscu", "--repeat", 50, "--abort", "-aec", "HOUNSFIELD", *server.address).returncode == 0
        assert until(lambda: len(server.registry) == 0)


@pytest.mark.parametrize("tool", ["storescu", "dcmsend"])
@pytest.mark.parametrize("options", [(), ("--max-send-pdu", 4096)], ids=["default", "short PDUs"])
def test_what_is_sent_arrives_as_storescp_gets_it(tool: str, options: tuple[object, ...], files: list[Path], tmp_path: Path) -> None:
    store = MemoryStore()
    with running_server(store) as server:
        result = run(tool, *options, "-aec", "HOUNSFIELD", *server.address, *files)
        assert result.returncode == 0, result.stdout
    with storescp(tmp_path) as port:
        assert run(tool, *options, "127.0.0.1", port, *files).returncode == 0
    reference = sorted(data_set_of(path) for path in tmp_path.iterdir())
    assert len(reference) == len(files)
    assert sorted(kept.data_set for kept in store.kept) == reference


def test_a_stock_sender_does_not_wait_for_our_acknowledgements(tmp_path: Path) -> None:
    """DCMTK leaves Nagle's algorithm on: with delayed acknowledgements each object would take 44 ms, 300 of them 13 s."""
    for number in range(300):
        write_ct(tmp_path / f"{number}.dcm", number, pixel_bytes=2000)
    store = MemoryStore()
    with running_server(store) as server:
        began = time.monotonic()
        result = run("storescu", "-R", "+sd", "-aec", "HOUNSFIELD", *server.address, tmp_path)
        took_s = time.monotonic() - began
    assert result.returncode == 0, result.stdout
    assert len(store.kept) == 300
    assert took_s < 9


def test_a_refusal_reaches_the_sender(files: list[Path]) -> None:
    store = MemoryStore(fail_at_begin=OutOfSpace("the disk is full"))
    with running_server(store) as server:
        result = run("storescu", "-v", "-aec", "HOUNSFIELD", *server.address, files[0])
    assert "Refused: OutOfResources" in result.stdout


def test_what_is_kept_aside_is_a_warning_for_the_sender(files: list[Path]) -> None:
    store = MemoryStore(outcome=StoreOutcome.KEPT_ASIDE_UID, reason="known with other bytes")
    with running_server(store) as server:
        result = run("storescu", "-v", "-aec", "HOUNSFIELD", *server.address, files[0])
    assert "Warning: DataSetDoesNotMatchSOPClass" in result.stdout


def test_our_echo() -> None:
    with running_server() as server:
        assert echo(DimsePeer("HOUNSFIELD", *server.address)) == 0


@pytest.mark.parametrize("options", [(), ("--max-pdu", 4096)], ids=["default", "short PDUs"])
def test_what_we_send_arrives_byte_for_byte(options: tuple[object, ...], files: list[Path], tmp_path: Path) -> None:
    with storescp(tmp_path, *options) as port:
        peer = DimsePeer("ANY", "127.0.0.1", port)
        assert echo(peer) == 0
        answers = list(send(peer, files))
    assert [(answer.path, answer.status) for answer in answers] == [(path, 0) for path in files]
    assert sorted(map(data_set_of, tmp_path.iterdir())) == sorted(map(data_set_of, files))


def test_we_send_the_corpus_as_it_is(corpus: Path, tmp_path: Path) -> None:
    """Every transfer syntax that DCMTK knows, unchanged; what it does not take is named."""
    sent = sorted((corpus / "ts").rglob("*.dcm"))
    store = MemoryStore()
    with running_server(store) as server:
        answers = list(send(DimsePeer("HOUNSFIELD", *server.address), sent))
    refused = [answer for answer in answers if not answer.ok]
    assert refused == []
    assert sorted(kept.data_set for kept in store.kept) == sorted(map(data_set_of, sent))


def test_a_file_that_is_none_is_named_and_the_others_go(files: list[Path], tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("not a DICOM file")
    with running_server() as server:
        answers = list(send(DimsePeer("HOUNSFIELD", *server.address), [note, files[0], tmp_path / "absent"]))
    assert {answer.path.name: answer.ok for answer in answers} == {"note.txt": False, files[0].name: True, "absent": False}
    assert all(answer.comment for answer in answers if not answer.ok)


def test_a_class_the_peer_does_not_take_is_named(files: list[Path], tmp_path: Path) -> None:
    other = write_ct(tmp_path / "other.dcm", 1, sop_class_uid="1.3.12.2.1107.5.9.1")
    kept = tmp_path / "kept"
    kept.mkdir()
    with storescp(kept) as port:
        answers = {answer.path: answer for answer in send(DimsePeer("ANY", "127.0.0.1", port), [files[0], other])}
        alone = list(send(DimsePeer("ANY", "127.0.0.1", port), [other]))
    assert answers[files[0]].ok
    assert answers[other].status is None
    assert "1.3.12.2.1107.5.9.1" in answers[other].comment
    assert "accepted none" in alone[0].comment


def test_a_refused_association_is_an_error_of_ours(files: list[Path], tmp_path: Path) -> None:
    with storescp(tmp_path, "--refuse") as port:
        peer = DimsePeer("ANY", "127.0.0.1", port)
        with pytest.raises(AssociationRefused, match="1/1/1"):
            echo(peer)
        assert [answer.ok for answer in send(peer, files)] == [False] * len(files)


@pytest.mark.parametrize("option", ["--abort-after", "--abort-during"])
def test_a_peer_that_aborts_is_an_error_of_ours(option: str, files: list[Path], tmp_path: Path) -> None:
    with storescp(tmp_path, option) as port, pytest.raises(NetworkError):
        list(send(DimsePeer("ANY", "127.0.0.1", port), files))


def test_nobody_there_is_an_error_of_ours() -> None:
    with pytest.raises(Unreachable, match="cannot be reached"):
        echo(DimsePeer("ANY", "127.0.0.1", free_port()))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A key and a certificate of its own for 127.0.0.1."""
    directory = tmp_path_factory.mktemp("tls")
    key, certificate = directory / "key.pem", directory / "certificate.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        *subject,
        "-keyout",
        str(key),
        "-out",
        str(certificate),
    ]
    subprocess.run(command, check=True, capture_output=True)
    return key, certificate


def _server_context(key: Path, certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    return context


@needs_openssl
def test_dcmtk_stores_over_tls(certificate: tuple[Path, Path], files: list[Path]) -> None:
    key, own = certificate
    store = MemoryStore()
    with running_server(store, tls_context=_server_context(key, own)) as server:
        tls = ["+tls", key, own, "+cf", own]
        echoed = run("echoscu", *tls, "-aec", "HOUNSFIELD", *server.address)
        assert echoed.returncode == 0, echoed.stdout
        assert run("storescu", *tls, "-aec", "HOUNSFIELD", *server.address, *files).returncode == 0
        assert run("echoscu", "-aec", "HOUNSFIELD", *server.address).returncode != 0, "without TLS nobody is let in"
    assert sorted(kept.data_set for kept in store.kept) == sorted(map(data_set_of, files))


@needs_openssl
def test_we_send_to_ourselves_over_tls(certificate: tuple[Path, Path], files: list[Path]) -> None:
    key, own = certificate
    store = MemoryStore()
    with running_server(store, tls_context=_server_context(key, own)) as server:
        peer = DimsePeer("HOUNSFIELD", *server.address, tls_context=ssl.create_default_context(cafile=str(own)))
        assert echo(peer) == 0
        assert all(answer.ok for answer in send(peer, files))
        distrustful = DimsePeer("HOUNSFIELD", *server.address, tls_context=ssl.create_default_context())
        with pytest.raises(Unreachable, match="certificate"):
            echo(distrustful)
    assert sorted(kept.data_set for kept in store.kept) == sorted(map(data_set_of, files))


@needs_openssl
def test_a_handshake_that_is_not_finished_is_closed(certificate: tuple[Path, Path]) -> None:
    limits = AssociationLimits(artim_s=0.3)
    with running_server(tls_context=_server_context(*certificate), limits=limits) as server:
        with socket.create_connection(server.address, 10) as connection:
            connection.sendall(b"\x16\x03\x01\x02\0")
            assert connection.recv(1) == b""
        peer = DimsePeer("HOUNSFIELD", *server.address, tls_context=ssl.create_default_context(cafile=str(certificate[1])))
        assert echo(peer) == 0
