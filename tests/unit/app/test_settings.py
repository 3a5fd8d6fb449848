"""Settings: one object, validated once, every one of them documented."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
from pydantic import ValidationError

from hounsfield.app.settings import Settings, load_settings
from hounsfield.model.errors import ConfigurationError

PROJECT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"HOUNSFIELD_{name.upper()}", raising=False)


def test_every_setting_is_documented() -> None:
    assert all(field.description for field in Settings.model_fields.values())
    page = runpy.run_path(str(PROJECT / "tools" / "make_settings_reference.py"))["text"]()
    assert (PROJECT / "docs" / "reference" / "settings.md").read_text() == page


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    settings = load_settings(None, {"data_dir": tmp_path})
    with pytest.raises(ValidationError):
        settings.http_port = 1  # type: ignore[misc]


def test_the_defaults_are_those_the_documentation_promises(tmp_path: Path) -> None:
    settings = load_settings(None, {"data_dir": tmp_path})
    assert (settings.ae_title, settings.host, settings.dicom_port, settings.http_port) == ("HOUNSFIELD", "127.0.0.1", 11112, 8080)
    assert not settings.open_access


def test_command_line_beats_variable_beats_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hounsfield.toml").write_text('ae_title = "FILE"\nhttp_port = 1001\ndicom_port = 2001\n')
    monkeypatch.setenv("HOUNSFIELD_HTTP_PORT", "1002")
    monkeypatch.setenv("HOUNSFIELD_DICOM_PORT", "2002")
    settings = load_settings(None, {"data_dir": tmp_path, "dicom_port": 2003})
    assert (settings.ae_title, settings.http_port, settings.dicom_port) == ("FILE", 1002, 2003)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "pacs.example"])
def test_open_access_is_refused_off_loopback(tmp_path: Path, host: str) -> None:
    with pytest.raises(ConfigurationError, match="open_access"):
        load_settings(None, {"data_dir": tmp_path, "host": host, "open_access": True})


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.7", "localhost", "::1"])
def test_open_access_is_for_loopback(tmp_path: Path, host: str) -> None:
    assert load_settings(None, {"data_dir": tmp_path, "host": host, "open_access": True}).open_access


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("ae_title", "SEVENTEEN-LETTERS", "AE title"),
        ("dicom_port", 70000, "dicom_port"),
        ("peers", ["CT1"], "AET=host:port"),
        ("peers", ["CT1=host:99999"], "AET=host:port"),
        ("no_such_thing", 1, "no such setting"),
    ],
)
def test_an_error_names_the_setting(tmp_path: Path, name: str, value: object, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        load_settings(None, {"data_dir": tmp_path, name: value})


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"tls_key": "k.pem"}, "tls_certificate"),
        ({"tls_certificate": "c.pem"}, "tls_ca"),
    ],
)
def test_tls_is_set_up_whole_or_not_at_all(tmp_path: Path, values: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        load_settings(None, {"data_dir": tmp_path, **values})
    load_settings(None, {"data_dir": tmp_path, "tls_certificate": "c.pem", "tls_require_client_certificate": False})


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"jwt_keys": "k.json"}, "jwt_issuer"),
        ({"jwt_keys": "k.json", "jwt_issuer": "https://login.example"}, "jwt_audience"),
        ({"jwt_issuer": "https://login.example"}, "jwt_keys"),
        ({"jwt_leeway_s": 301}, "jwt-leeway-s"),
        ({"jwt_user_claim": ""}, "jwt-user-claim"),
    ],
)
def test_json_web_tokens_are_set_up_whole_or_not_at_all(tmp_path: Path, values: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        load_settings(None, {"data_dir": tmp_path, **values})


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    (tmp_path / "hounsfield.toml").write_text("ae_title = \n")
    with pytest.raises(ConfigurationError, match=r"hounsfield\.toml"):
        load_settings(None, {"data_dir": tmp_path})


def test_peers_from_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOUNSFIELD_PEERS", "CT1=192.0.2.10:104, WS=[::1]:11113")
    peers = load_settings(None, {"data_dir": tmp_path}).known_peers
    assert [(peer.ae_title, peer.host, peer.port) for peer in peers] == [("CT1", "192.0.2.10", 104), ("WS", "::1", 11113)]


def test_origins_as_browsers_send_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings(None, {"data_dir": tmp_path}).cors_origins == ()
    monkeypatch.setenv("HOUNSFIELD_CORS_ORIGINS", "https://Viewer.example, http://[::1]:3000,*")
    assert load_settings(None, {"data_dir": tmp_path}).cors_origins == ("https://viewer.example", "http://[::1]:3000", "*")


@pytest.mark.parametrize(
    "origin", ["viewer.example", "https://viewer.example/", "https://viewer.example/app", "null", "https://*.example", "file://x"]
)
def test_what_is_no_origin(tmp_path: Path, origin: str) -> None:
    with pytest.raises(ConfigurationError, match="cors_origins"):
        load_settings(None, {"data_dir": tmp_path, "cors_origins": [origin]})
