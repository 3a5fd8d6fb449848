"""`hounsfield serve` as people run it: permissions, TLS to the peer, reports that wait until its address is known."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from pynetdicom import AE

from dimse_kit.certificates import Authority, needs_openssl
from dimse_kit.committing import CT, PUSH_MODEL, Modality, ask, store
from dimse_kit.objects import write_ct
from services.command_line import hounsfield
from services.server import running


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


def peer(data_dir: Path, *words: str) -> None:
    done = hounsfield("peer", *words, "--data-dir", data_dir)
    assert done.code == 0, done


def test_a_peer_without_the_permission_gets_no_context(data_dir: Path) -> None:
    with running(data_dir) as server:
        peer(data_dir, "add", "MODALITY", "--may", "store")
        entity = AE("MODALITY")
        entity.add_requested_context(PUSH_MODEL)
        entity.add_requested_context(CT)
        association = entity.associate(server.host, server.dicom_port, ae_title="HOUNSFIELD")
        assert [(context.abstract_syntax, context.result) for context in association.rejected_contexts] == [(PUSH_MODEL, 1)]
        association.release()


@needs_openssl
def test_a_peer_that_is_called_over_tls(data_dir: Path, tmp_path: Path) -> None:
    authority = Authority(tmp_path / "authority", "authority")
    ours, theirs = authority.sign("/CN=pacs", host="127.0.0.1"), authority.sign("/CN=modality", host="127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(theirs.certificate, theirs.key)
    context.load_verify_locations(authority.file)
    context.verify_mode = ssl.CERT_REQUIRED
    data_dir.mkdir()
    (data_dir / "hounsfield.toml").write_text(
        f"tls_certificate = '{ours.certificate}'\ntls_key = '{ours.key}'\ntls_ca = '{authority.file}'\ntls_port = 0\n"
    )
    modality = Modality()
    with running(data_dir) as server, modality.listening(tls=context) as port:
        peer(data_dir, "add", "MODALITY", f"127.0.0.1:{port}", "--tls")
        with modality.associated((server.host, server.dicom_port)) as association:
            stored = store(association, [write_ct(tmp_path / "1.dcm", 1)])
            modality.abort = True  # so that the report comes by a new association
            status, transaction = ask(association, stored)
            assert status == 0
        modality.abort = False
        heard = modality.heard_of(transaction, 60)
    assert heard.on.requestor.ae_title == "HOUNSFIELD"
    assert heard.committed == stored
