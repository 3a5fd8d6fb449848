"""TLS and user identity with DCMTK's tools on the other side, against a whole server."""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from dicomweb_kit.objects import as_file, ct
from dimse_kit import dcmtk
from dimse_kit.certificates import Authority, Made, needs_openssl
from dimse_kit.server import until
from services.command_line import Ran, hounsfield
from services.server import Server, free_port, running

pytestmark = [dcmtk.needs_dcmtk, needs_openssl]

PASSWORD = "correct horse battery"


@dataclass(frozen=True, slots=True)
class House:
    """A server with both listeners, and certificates for its callers."""

    server: Server
    tls_port: int
    authority: Authority
    ct: Made
    mr: Made
    issuer: ECKey

    def token(self, path: Path, name: str, *, lives_s: int = 300) -> Path:
        """A file with a JSON web token for an account."""
        claims = {"iss": "https://login.example", "aud": "hounsfield", "sub": name, "exp": int(time.time()) + lives_s}
        path.write_text(jwt.encode({"alg": "ES256", "kid": "1"}, claims, self.issuer))
        return path

    def peer(self, *words: str | Path) -> Ran:
        """`hounsfield peer …`."""
        return hounsfield("peer", *words, "--data-dir", self.server.data_dir, "--config", self.server.data_dir / "hounsfield.toml")

    def call(self, tool: str, made: Made, title: str, *words: object) -> subprocess.CompletedProcess[str]:
        """A DCMTK tool over TLS."""
        tls = ("+tls", made.key, made.certificate, "+cf", self.authority.file)
        return dcmtk.run(tool, "-v", *tls, "-aet", title, "-aec", "HOUNSFIELD", "127.0.0.1", self.tls_port, *words)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("tls")
    authority = Authority(folder / "authority", "authority")
    ours = authority.sign("/CN=pacs", host="127.0.0.1")
    modality, other = authority.sign("/O=Hospital/CN=CT1"), authority.sign("/O=Hospital/CN=MR1")
    tls_port = free_port()
    (folder / "data").mkdir()
    (folder / "data" / "hounsfield.toml").write_text(
        f"tls_port = {tls_port}\ntls_certificate = '{ours.certificate}'\ntls_key = '{ours.key}'\ntls_ca = '{authority.file}'\n"
        f"jwt_keys = '{folder / 'issuer.json'}'\njwt_issuer = 'https://login.example'\njwt_audience = 'hounsfield'\n"
    )
    issuer = ECKey.generate_key("P-256", {"kid": "1"})
    (folder / "issuer.json").write_text(json.dumps({"keys": [issuer.as_dict(private=False)]}))
    with running(folder / "data") as server:
        house = House(server, tls_port, authority, modality, other, issuer)
        assert house.peer("add", "CT1", "--certificate", "O = Hospital, CN = CT1").code == 0
        assert house.peer("add", "MR1", "--certificate", other.sha256).code == 0
        assert house.peer("add", "WS1").code == 0
        for name, role in (("vera", "viewer"), ("edgar", "editor")):
            words = ("user", "add", name, "--role", role, "--password-stdin", "--data-dir", server.data_dir)
            assert hounsfield(*words, stdin=PASSWORD + "\n").code == 0
        yield house


def test_dcmtk_calls_over_tls(house: House) -> None:
    assert house.call("echoscu", house.ct, "CT1").returncode == 0
    assert house.call("echoscu", house.mr, "MR1").returncode == 0


def test_a_title_needs_the_certificate_it_is_bound_to(house: House) -> None:
    done = house.call("echoscu", house.mr, "CT1")
    assert done.returncode != 0
    assert "Calling AE Title Not Recognized" in done.stdout
    in_clear = dcmtk.run("echoscu", "-aet", "CT1", "-aec", "HOUNSFIELD", "127.0.0.1", house.server.dicom_port)
    assert in_clear.returncode != 0
    assert dcmtk.run("echoscu", "-aet", "WS1", "-aec", "HOUNSFIELD", "127.0.0.1", house.server.dicom_port).returncode == 0


def test_a_caller_without_a_certificate_is_not_heard(house: House) -> None:
    done = dcmtk.run("echoscu", "+tla", "+cf", house.authority.file, "-aet", "WS1", "-aec", "HOUNSFIELD", "127.0.0.1", house.tls_port)
    assert done.returncode != 0


def _store(house: House, tmp_path: Path, *identity: str) -> subprocess.CompletedProcess[str]:
    path = tmp_path / "one.dcm"
    path.write_bytes(as_file(ct(7, study="1.2.840.77", PatientID="TLS")))
    return house.call("storescu", house.ct, "CT1", *identity, path)


def test_an_object_comes_over_tls(house: House, tmp_path: Path) -> None:
    done = _store(house, tmp_path)
    assert done.returncode == 0, done.stdout
    assert "Received Store Response (Success)" in done.stdout


def test_an_editor_s_identity_stores(house: House, tmp_path: Path) -> None:
    done = _store(house, tmp_path, "-usr", "edgar", "-pwd", PASSWORD, "-rsp")
    assert done.returncode == 0, done.stdout
    assert "Received Store Response (Success)" in done.stdout


def test_a_viewer_s_identity_does_not_store(house: House, tmp_path: Path) -> None:
    done = _store(house, tmp_path, "-usr", "vera", "-pwd", PASSWORD, "-rsp")
    assert "Received Store Response (Success)" not in done.stdout
    assert "No presentation context" in done.stdout or "No Acceptable Presentation Contexts" in done.stdout, done.stdout


def test_a_token_of_the_issuer_s_stores_in_the_name_of_its_account(house: House, tmp_path: Path) -> None:
    done = _store(house, tmp_path, "--jwt", str(house.token(tmp_path / "jwt", "edgar")), "-rsp")
    assert done.returncode == 0, done.stdout
    assert "Received Store Response (Success)" in done.stdout
    done = _store(house, tmp_path, "--jwt", str(house.token(tmp_path / "jwt", "vera")), "-rsp")
    assert "Received Store Response (Success)" not in done.stdout, "vera is a viewer"
    for name, lives_s in (("edgar", -120), ("nobody", 300)):
        done = _store(house, tmp_path, "--jwt", str(house.token(tmp_path / "jwt", name, lives_s=lives_s)))
        assert "Association Rejected" in done.stdout, done.stdout
    assert "has expired" in house.server.output.read_text()


@pytest.mark.parametrize("identity", [("-usr", "edgar", "-pwd", "wrong"), ("-kt", __file__), ("--saml", __file__), ("--jwt", __file__)])
def test_an_identity_that_cannot_be_believed_is_rejected(house: House, tmp_path: Path, identity: tuple[str, ...]) -> None:
    done = _store(house, tmp_path, *identity)
    assert done.returncode != 0
    assert "Association Rejected" in done.stdout, done.stdout


def test_we_call_under_the_title_that_is_asked_for(house: House) -> None:
    assert house.peer("add", "HOUNSFIELD", f"127.0.0.1:{house.server.dicom_port}", "--replace").code == 0
    assert house.peer("echo", "HOUNSFIELD", "--ae-title", "WS1").code == 0
    done = house.peer("echo", "HOUNSFIELD", "--ae-title", "STRANGER")
    assert done.code == 1
    assert "does not know our AE title" in done.err


@contextlib.contextmanager
def tls_storescp(house: House, folder: Path) -> Iterator[int]:
    """DCMTK's storage provider that speaks TLS alone; gives its port."""
    theirs = house.authority.sign("/CN=storescp", host="127.0.0.1")
    port = dcmtk.free_port()
    command = ["storescp", "+tls", theirs.key, theirs.certificate, "+cf", house.authority.file, "-od", folder, port]
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert house.peer("add", "SCP", f"127.0.0.1:{port}", "--tls", "--replace").code == 0
        assert until(lambda: house.peer("echo", "SCP").code == 0, 10)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def test_we_call_over_tls(house: House, tmp_path: Path) -> None:
    with tls_storescp(house, tmp_path) as port:
        path = tmp_path / "one.dcm"
        path.write_bytes(as_file(ct(8, study="1.2.840.78")))
        assert house.peer("send", "SCP", path).code == 0
        assert house.peer("add", "SCP", f"127.0.0.1:{port}", "--tls", "--certificate", house.mr.sha256, "--replace").code == 0
        done = house.peer("echo", "SCP")
        assert done.code == 1
        assert "certificate" in done.err
        assert house.peer("add", "SCP", f"127.0.0.1:{port}", "--replace").code == 0
        assert house.peer("echo", "SCP").code == 1, "it speaks TLS alone"


def test_two_of_us_talk_over_tls(house: House, tmp_path: Path) -> None:
    """Query, query that is cancelled, and C-GET."""
    files = [tmp_path / f"{number}.dcm" for number in range(1, 4)]
    for number, path in enumerate(files, 1):
        path.write_bytes(as_file(ct(number, study=f"1.2.840.{90 + number}", series=f"1.2.840.{90 + number}.1", PatientID="TLS")))
    for title in ("HOUNSFIELD", "SELF"):
        assert house.peer("add", title, "--replace").code == 0
    assert house.call("storescu", house.ct, "CT1", *files).returncode == 0
    other = tmp_path / "other"
    other.mkdir()
    settings = (house.server.data_dir / "hounsfield.toml").read_text().splitlines()
    (other / "hounsfield.toml").write_text("\n".join(["ae_title = 'SELF'", *settings[1:]]) + "\n")

    def peer(*words: str) -> Ran:
        return hounsfield("peer", *words, "--data-dir", other)

    assert peer("add", "HOUNSFIELD", f"127.0.0.1:{house.tls_port}", "--tls", "--certificate", "CN=pacs").code == 0
    assert len(peer("find", "HOUNSFIELD", "PatientID=TLS", "--json").json) >= 3
    assert len(peer("find", "HOUNSFIELD", "PatientID=TLS", "--most", "1", "--json").json) == 1
    done = peer("pull", "HOUNSFIELD", "--study", "1.2.840.91", "--get", "--json")
    assert (done.code, done.json) == (0, {"completed": 1, "failed": 0, "warning": 0, "stored": 1}), done.err
    done = peer("pull", "HOUNSFIELD", "--study", "1.2.840.91", "--get", "--json")
    assert done.json["duplicate"] == 1
    assert hounsfield("export", "--study", "1.2.840.91", "--to", tmp_path / "out", "--data-dir", other).code == 0


def test_a_retrieve_goes_to_its_destination_over_tls(house: House, tmp_path: Path) -> None:
    done = _store(house, tmp_path)
    assert done.returncode == 0, done.stdout
    came = tmp_path / "came"
    came.mkdir()
    with tls_storescp(house, came) as port:
        keys = (
            "-S",
            "-k",
            "QueryRetrieveLevel=STUDY",
            "-k",
            "StudyInstanceUID=1.2.840.77",
            "-aem",
            "SCP",
            "-aet",
            "WS1",
            "-aec",
            "HOUNSFIELD",
        )
        call = ("movescu", "-v", *keys, "127.0.0.1", house.server.dicom_port)  # which knows no TLS itself
        assert dcmtk.run(*call).returncode == 0
        assert len(list(came.iterdir())) == 1
        assert house.peer("add", "SCP", f"127.0.0.1:{port}", "--tls", "--certificate", house.mr.sha256, "--replace").code == 0
        done = dcmtk.run(*call)
        assert "Final Move Response (Success)" not in done.stdout
        assert len(list(came.iterdir())) == 1
