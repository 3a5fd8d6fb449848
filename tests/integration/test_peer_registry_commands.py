"""`hounsfield peer add|list|show|remove`, and what is said where a call cannot be made."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.command_line import Ran, hounsfield


@pytest.fixture
def run(tmp_path: Path):
    """`hounsfield peer …` on an empty data directory."""

    def run(*words: str | Path) -> Ran:
        return hounsfield("peer", *words, "--data-dir", tmp_path / "data")

    return run


def test_a_peer_is_added_shown_listed_and_removed(run) -> None:
    options = ("--tls", "--may", "store", "--may", "query", "--certificate", "AB" * 32, "--transfer-syntax", "1.2.840.10008.1.2.4.70")
    assert run("add", "CT1", "192.0.2.10:104", *options).code == 0
    assert run("add", "CALLER").code == 0
    shown = run("show", "CT1", "--json").json
    assert (shown["host"], shown["port"], shown["tls"], shown["may"]) == ("192.0.2.10", 104, True, ["query", "store"])
    assert shown["certificate"] == "sha256:" + "ab" * 32
    assert [peer["ae_title"] for peer in run("list", "--json").json] == ["CALLER", "CT1"]
    assert "192.0.2.10:104" in run("list").out
    assert "1.2.840.10008.1.2.4.70" in run("show", "CT1").out
    assert run("show", "CALLER", "--json").json["may"] == ["commit", "query", "receive", "retrieve", "store"], "to reject is not usual"
    assert run("add", "CALLER", "--may", "store,reject", "--replace").code == 0
    assert run("show", "CALLER", "--json").json["may"] == ["reject", "store"]
    assert run("remove", "CT1").code == 0
    assert [peer["ae_title"] for peer in run("list", "--json").json] == ["CALLER"]


def test_rules_are_kept_and_shown_as_they_are_written(run) -> None:
    visible = ["modality=CT", "institution=Hospital, Zürich", "last-days=30"]
    coerced = ["prefix PatientID=A-", "set-if-empty InstitutionName=Hospital = home", "remove OtherPatientIDs"]
    words = [word for rule in visible for word in ("--visible", rule)] + [word for rule in coerced for word in ("--coerce", rule)]
    assert run("add", "CT1", *words, "--character-set", "ISO_IR 100").code == 0
    listed = run("list").out
    assert "modality=CT" in listed
    shown = run("show", "CT1", "--json").json
    assert (shown["visible"], shown["character_set"], shown["coercion"]) == (visible, "ISO_IR 100", coerced)


def test_a_peer_is_not_overwritten_by_mistake(run) -> None:
    assert run("add", "CT1", "192.0.2.10:104").code == 0
    done = run("add", "CT1", "192.0.2.11:104")
    assert done.code == 1
    assert "--replace" in done.err
    assert run("add", "CT1", "192.0.2.11:104", "--may", "nothing", "--replace").code == 0
    shown = run("show", "CT1", "--json").json
    assert (shown["host"], shown["may"]) == ("192.0.2.11", [])


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("add", "CT1", "no-port"), 2, "HOST:PORT"),
        (("add", "SEVENTEEN-LETTERS", "h:1"), 2, "AE title"),
        (("add", "CT1", "--may", "fly"), 2, "receive"),
        (("add", "CT1", "--visible", "colour=red"), 2, "modality"),
        (("add", "CT1", "--visible", "last-days=many"), 2, "last-days=30"),
        (("add", "CT1", "--coerce", "shout PatientID=A"), 2, "set-if-empty"),
        (("add", "CT1", "--coerce", "set Rows=1"), 2, "Rows"),
        (("show", "NOBODY"), 1, "peer add"),
        (("remove", "NOBODY"), 1, "NOBODY"),
        (("echo", "NOBODY"), 1, "peer add"),
        (("find", "NOBODY", "--level", "floor"), 2, "series"),
        (("find", "NOBODY", "PatientNam=x"), 2, "keyword"),
        (("pull", "NOBODY", "--study", "abc"), 2, "UID"),
        (("send", "NOBODY", "/no/such/file"), 2, "no such file"),
    ],
)
def test_mistakes_are_told(run, words: tuple[str, ...], code: int, told: str) -> None:
    done = run(*words)
    assert (done.code, told in done.err) == (code, True), done.err


def test_a_peer_that_is_not_there(run) -> None:
    run("add", "CT1", "127.0.0.1:1")
    done = run("echo", "CT1")
    assert done.code == 1
    assert "cannot be reached" in done.err
    assert run("pull", "CT1", "--study", "1.2").code == 2, "no server is running"
