"""Settings as people read them: complete, in step with the reference, and without secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from hounsfield.app.explained_settings import HIDDEN, explained, shown
from hounsfield.app.settings import Settings

PROJECT = Path(__file__).resolve().parents[3]


def test_all_are_told_with_the_words_of_the_reference(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, peers=("CT1=192.0.2.10:104", "WS=192.0.2.11:104"))
    told = {setting.name: setting for setting in explained(settings)}
    assert list(told) == list(Settings.model_fields)
    page = (PROJECT / "docs" / "reference" / "settings.md").read_text()
    for name, setting in told.items():
        assert f"| `{name}` |" in page
        assert f"| {setting.meaning} |" in page
    assert (told["data_dir"].value, told["data_dir"].changed) == (str(tmp_path), True)
    assert (told["peers"].value, told["peers"].changed) == ("CT1=192.0.2.10:104, WS=192.0.2.11:104", True)
    assert (told["ae_title"].value, told["ae_title"].default, told["ae_title"].changed) == ("HOUNSFIELD", "HOUNSFIELD", False)


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("", ""),
        ("postgresql://pacs:hunter2@db.example:5433/hounsfield", "postgresql://pacs@db.example:5433/hounsfield"),
        ("postgresql://db.example/hounsfield?user=pacs&password=hunter2", "postgresql://db.example/hounsfield"),
        ("postgresql:///hounsfield?host=/run/hunter2", HIDDEN),
        ("postgresql://pacs:hunter2@db.example:port/x", HIDDEN),
        ("host=db password=hunter2", HIDDEN),
    ],
)
def test_of_the_database_it_is_told_where_it_is_and_no_password(address: str, text: str) -> None:
    assert shown("database", address) == text


def test_what_is_called_a_secret_is_hidden() -> None:
    assert shown("smtp_password", "hunter2") == HIDDEN
    assert shown("smtp_password", "") == ""
    assert shown("tls_key", "/etc/ssl/key.pem") == "/etc/ssl/key.pem"
