"""Certificates for tests of TLS, made by the openssl command."""

from __future__ import annotations

import hashlib
import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from hounsfield.network.tls import Credentials

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


@dataclass(frozen=True, slots=True)
class Made:
    """A certificate and its key."""

    certificate: Path
    key: Path

    @property
    def credentials(self) -> Credentials:
        return Credentials(self.certificate, self.key)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(self.certificate.read_text())).hexdigest()


class Authority:
    """Signs certificates."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._ours = Made(folder / "ca.pem", folder / "ca.key")
        _openssl("req", "-x509", "-subj", f"/CN={name}", "-days", "2", *_NEW_KEY, "-keyout", self._ours.key, "-out", self._ours.certificate)

    @property
    def file(self) -> Path:
        """Its own certificate."""
        return self._ours.certificate

    def sign(self, subject: str, *, host: str = "") -> Made:
        """subject: as openssl writes it, `/C=CH/CN=CT1`. host: an address that the certificate is good for."""
        stem = hashlib.sha256(f"{subject} {host}".encode()).hexdigest()[:8]
        made = Made(self._folder / f"{stem}.pem", self._folder / f"{stem}.key")
        request = self._folder / f"{stem}.csr"
        _openssl("req", "-new", "-utf8", "-subj", subject, *_NEW_KEY, "-keyout", made.key, "-out", request)
        extensions = self._folder / f"{stem}.ext"
        extensions.write_text(f"subjectAltName=IP:{host}\n" if host else "basicConstraints=CA:FALSE\n")
        ours = ("-CA", self._ours.certificate, "-CAkey", self._ours.key, "-CAcreateserial")
        _openssl("x509", "-req", "-in", request, *ours, "-days", "2", "-extfile", extensions, "-out", made.certificate)
        return made


_NEW_KEY = ("-newkey", "rsa:2048", "-nodes")


def _openssl(*words: str | Path) -> None:
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, timeout=60)
