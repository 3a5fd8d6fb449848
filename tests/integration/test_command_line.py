"""The command line without a server: import, export, reindex, verify, delete, people and tokens, doctor."""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import time
import zipfile
from pathlib import Path

import pytest

from hounsfield.app import bootstrap
from hounsfield.archive.layout import Layout
from hounsfield.dicom.data_set_writer import NewElement, encode_data_set
from hounsfield.dicom.part10 import build_prefix, read_prefix
from hounsfield.dicom.transfer_syntaxes import EXPLICIT_VR_LITTLE_ENDIAN
from hounsfield.model.stored_instance import StoredInstance
from kills.objects import CT_IMAGE_STORAGE, Made, make
from services.command_line import Ran, hounsfield
from services.databases import ON_POSTGRESQL, destroy, settings_of
from services.server import HOUNSFIELD, free_port

COMMANDS = ["serve", "demo", "import", "export", "reindex", "verify", "delete", "doctor", "user", "token"]
SUBCOMMANDS = [("user", "add"), ("user", "list"), ("user", "passwd"), ("token", "add"), ("token", "list"), ("token", "revoke")]


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def made(tmp_path: Path) -> list[Made]:
    """Two studies of five objects."""
    return [one for number in range(2) for one in make(tmp_path / "files" / str(number), random.Random(number), number, 0, 5)]


def bring(data_dir: Path, *paths: Path, code: int = 0) -> dict[str, int]:
    ran = hounsfield("import", *paths, "--data-dir", data_dir, "--json")
    assert ran.code == code, ran
    return {name: count for name, count in ran.json["counts"].items() if count}


def stored(data_dir: Path) -> list[StoredInstance]:
    with bootstrap.reading(settings_of(data_dir)) as parts:
        return list(parts.reader.all_instances())


def flip_a_bit(data_dir: Path, instance: StoredInstance, randomness: random.Random) -> None:
    location = instance.stored.location
    layout = Layout(data_dir / "packs")
    (pack,) = [path for folder in layout.directories for path in folder.glob(f"{location.pack_id}*")]
    with pack.open("r+b") as file:
        file.seek(location.offset_bytes + randomness.randrange(location.length_bytes))
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1 << randomness.randrange(8)]))


# import


def test_files_folders_and_a_second_run(data_dir: Path, made: list[Made], tmp_path: Path) -> None:
    assert bring(data_dir, made[0].path, made[1].path) == {"stored": 2}
    assert bring(data_dir, tmp_path / "files") == {"stored": 8, "duplicate": 2}
    assert bring(data_dir, tmp_path / "files") == {"skipped": 10}
    assert {one.sop_instance_uid for one in stored(data_dir)} == {one.sop_instance_uid for one in made}
    again = hounsfield("import", tmp_path / "files", "--again", "--data-dir", data_dir)
    assert (again.code, again.out) == (0, "")
    assert again.err.strip() == "10 files: 10 duplicate"


def test_what_cannot_be_read_is_rejected_with_a_reason(data_dir: Path, made: list[Made], tmp_path: Path) -> None:
    files = tmp_path / "files"
    (files / "notes.txt").write_text("not DICOM, but long enough to be looked at " * 9)
    (files / "empty.dcm").touch()
    cut = made[0].path.read_bytes()[:200]
    (files / "cut.dcm").write_bytes(cut)
    ran = hounsfield("import", files, "--data-dir", data_dir, "--json")
    assert ran.code == 3
    assert {name: count for name, count in ran.json["counts"].items() if count} == {"stored": 10, "rejected": 3}
    reasons = {Path(one["name"]).name: one["reason"] for one in ran.json["rejected"]}
    assert set(reasons) == {"notes.txt", "empty.dcm", "cut.dcm"}
    assert all(reasons.values()), reasons
    people = hounsfield("import", files, "--data-dir", data_dir)
    assert people.code == 3
    assert "13 files: 3 rejected, 10 skipped" in people.err
    assert "notes.txt: " in people.err


def test_another_object_of_a_known_uid_is_kept_aside(data_dir: Path, made: list[Made], tmp_path: Path) -> None:
    other = tmp_path / "other.dcm"
    other.write_bytes(made[0].path.read_bytes()[:-1] + b"?")
    bring(data_dir, made[0].path)
    assert bring(data_dir, other, code=3) == {"kept_aside": 1}


def test_a_path_that_is_not_there_is_wrong_words(data_dir: Path, tmp_path: Path) -> None:
    ran = hounsfield("import", tmp_path / "nowhere", "--data-dir", data_dir)
    assert ran.code == 2
    assert "nowhere: no such file or folder" in ran.err
    assert hounsfield("import", "--data-dir", data_dir).code == 2


def test_a_zip_archive(data_dir: Path, made: list[Made], tmp_path: Path) -> None:
    path = tmp_path / "study.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for one in made[:4]:
            archive.write(one.path, f"folder/{one.path.parent.name}-{one.path.name}")
        archive.writestr("folder/readme.txt", "words " * 99)
        archive.writestr("DICOMDIR", b"whatever")
        archive.writestr("folder/", b"")
    assert bring(data_dir, path, code=3) == {"stored": 4, "rejected": 1, "skipped": 1}
    (tmp_path / "broken.zip").write_bytes(path.read_bytes()[:300])
    assert bring(data_dir, tmp_path / "broken.zip", code=3) == {"rejected": 1}


def test_entries_of_a_zip_archive_cannot_climb_out_of_the_data_directory(data_dir: Path, made: list[Made], tmp_path: Path) -> None:
    path = tmp_path / "climbing.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number, name in enumerate(("../../climbed.dcm", f"{tmp_path}/climbed.dcm", "..\\climbed.dcm")):
            archive.writestr(name, made[number].path.read_bytes())
    before = set(tmp_path.rglob("*"))
    assert bring(data_dir, path) == {"stored": 3}
    assert {new for new in set(tmp_path.rglob("*")) - before if not new.is_relative_to(data_dir)} == set()
    assert not list(tmp_path.parent.glob("climbed*"))


def test_a_zip_bomb_is_refused_before_it_fills_the_disk(data_dir: Path, made: list[Made], tmp_path: Path) -> None:
    head = made[0].path.read_bytes()
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("small.dcm", head)
        with archive.open("bomb.dcm", "w", force_zip64=True) as entry:
            entry.write(head)
            for _ in range(192):
                entry.write(bytes(1 << 20))
    ran = hounsfield("import", path, "--data-dir", data_dir, "--json")
    assert ran.code == 3
    assert (ran.json["counts"]["stored"], ran.json["counts"]["rejected"]) == (1, 1)
    assert "bomb" in ran.json["rejected"][0]["reason"]
    assert sum(file.stat().st_size for file in (data_dir / "packs").rglob("*") if file.is_file()) <= 64 << 20


def test_a_medium_by_its_dicomdir(data_dir: Path, corpus: Path) -> None:
    medium = corpus / "dicomdir" / "pydicom" / "TINY_ALPHA"
    files = [path for path in medium.rglob("*") if path.is_file() and path.name != "DICOMDIR"]
    assert bring(data_dir, medium / "DICOMDIR") == {"stored": len(files), "skipped": 1}


def test_a_killed_import_goes_on_where_it_stopped(data_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    made = make(folder, random.Random(5), 0, 0, 400)
    command = [HOUNSFIELD, "import", str(folder), "--data-dir", str(data_dir)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while sum(len(path.read_bytes()) for path in data_dir.glob("imports/*.journal")) < 20 * 33:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.005)
    process.kill()
    process.wait()
    counts = bring(data_dir, folder)
    assert counts["skipped"] >= 20
    assert counts["stored"] > 0, "the kill came too late to prove anything"
    assert counts.get("duplicate", 0) <= 1
    assert sum(counts.values()) == len(made)
    assert len(stored(data_dir)) == len(made)


# export


def test_export_gives_every_file_back(data_dir: Path, made: list[Made], tmp_path: Path) -> None:
    bring(data_dir, tmp_path / "files")
    studies = sorted({one.study_instance_uid for one in made})
    target = tmp_path / "out"
    ran = hounsfield("export", "--study", studies[0], "--study", studies[1], "--to", target, "--data-dir", data_dir)
    assert ran.code == 0
    assert f"10 files written to {target}" in ran.err
    for one in made:
        exported = target / one.study_instance_uid / one.series_instance_uid / f"{one.sop_instance_uid}.dcm"
        assert exported.read_bytes() == one.path.read_bytes()
    assert len([path for path in target.rglob("*") if path.is_file()]) == len(made)


def test_export_of_a_study_that_is_not_there(data_dir: Path, made: list[Made], tmp_path: Path) -> None:
    bring(data_dir, made[0].path)
    ran = hounsfield("export", "--study", "1.2.3", "--to", tmp_path / "out", "--data-dir", data_dir)
    assert ran.code == 1
    assert "no study 1.2.3" in ran.err


def test_a_damaged_object_is_not_exported(data_dir: Path, made: list[Made], tmp_path: Path) -> None:
    bring(data_dir, made[0].path)
    flip_a_bit(data_dir, stored(data_dir)[0], random.Random(1))
    ran = hounsfield("export", "--study", made[0].study_instance_uid, "--to", tmp_path / "out", "--data-dir", data_dir)
    assert ran.code == 1
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == []


# reindex, verify, delete


def test_the_database_destroyed_and_rebuilt(data_dir: Path, made: list[Made], tmp_path: Path) -> None:
    bring(data_dir, tmp_path / "files")
    deleted, kept = sorted({one.study_instance_uid for one in made})
    assert hounsfield("delete", "--study", deleted, "--reason", "sent twice", "--data-dir", data_dir).code == 0
    before = stored(data_dir)
    assert {one.study_instance_uid for one in before} == {kept}
    destroy(data_dir)
    ran = hounsfield("reindex", "--data-dir", data_dir, "--json")
    assert (ran.code, ran.json) == (0, {"objects": 10, "decisions": 1, "unreadable": []})
    assert stored(data_dir) == before
    gone = hounsfield("export", "--study", deleted, "--to", tmp_path / "out", "--data-dir", data_dir)
    assert gone.code == 1
    assert "it was deleted" in gone.err


def test_reindex_leaves_people_and_tokens_alone(data_dir: Path, made: list[Made], tmp_path: Path) -> None:
    bring(data_dir, tmp_path / "files")
    before = stored(data_dir)
    hounsfield("user", "add", "vera", "--data-dir", data_dir)
    hounsfield("token", "add", "ward 3", "--data-dir", data_dir)
    ran = hounsfield("reindex", "--data-dir", data_dir)
    assert (ran.code, ran.out) == (0, "")
    assert "10 objects and 0 decisions read from the packs; 0 could not be indexed" in ran.err
    assert stored(data_dir) == before
    assert [one["name"] for one in hounsfield("user", "list", "--json", "--data-dir", data_dir).json] == ["vera"]
    assert [one["name"] for one in hounsfield("token", "list", "--json", "--data-dir", data_dir).json] == ["ward 3"]


@pytest.mark.skipif(ON_POSTGRESQL, reason="an older SQLite file is put back")
def test_a_database_behind_its_packs_catches_up_by_itself(data_dir: Path, made: list[Made], tmp_path: Path) -> None:
    bring(data_dir, tmp_path / "files" / "0")
    shutil.copytree(data_dir, tmp_path / "backup")
    bring(data_dir, tmp_path / "files" / "1")
    for path in data_dir.glob("index.sqlite*"):
        path.unlink()
    for path in (tmp_path / "backup").glob("index.sqlite*"):
        shutil.copy(path, data_dir)
    assert bring(data_dir, made[0].path, made[9].path) == {"duplicate": 2}
    assert len(stored(data_dir)) == 10


def test_verify_finds_each_flipped_bit(data_dir: Path, made: list[Made], tmp_path: Path) -> None:
    bring(data_dir, tmp_path / "files")
    assert hounsfield("verify", "--data-dir", data_dir, "--json").json == {
        "verified": 10,
        "damaged": [],
        "renditions": 0,
        "damaged_renditions": [],
    }
    randomness = random.Random(3)
    damaged = randomness.sample(stored(data_dir), 7)
    for one in damaged:
        flip_a_bit(data_dir, one, randomness)
    ran = hounsfield("verify", "--data-dir", data_dir, "--json")
    assert ran.code == 3
    assert ran.json["verified"] == 3
    assert {one["sop_instance_uid"] for one in ran.json["damaged"]} == {one.sop_instance_uid for one in damaged}
    people = hounsfield("verify", "--data-dir", data_dir)
    assert people.code == 3
    assert "3 objects are whole, 7 are damaged" in people.err


def test_a_series_is_rejected_restored_and_deleted(data_dir: Path, made: list[Made], tmp_path: Path) -> None:
    bring(data_dir, tmp_path / "files")
    before = stored(data_dir)
    one = before[0]
    named = ("--study", one.study_instance_uid, "--series", one.series_instance_uid, "--data-dir", data_dir)
    left = [other for other in before if other.series_instance_uid != one.series_instance_uid]
    assert hounsfield("reject", *named, "--code", "113001").code == 0
    assert stored(data_dir) == left
    destroy(data_dir)
    assert hounsfield("reindex", "--data-dir", data_dir, "--json").json["decisions"] == 1
    assert stored(data_dir) == left
    assert hounsfield("restore", *named, "--reason", "good enough").code == 0
    assert len(stored(data_dir)) == len(before)
    assert hounsfield("delete", *named, "--instance", one.sop_instance_uid, "--reason", "twice").code == 0
    assert len(stored(data_dir)) == len(before) - 1
    assert hounsfield("reject", *named, "--code", "1").code == 2
    assert hounsfield("restore", *named, "--reason", "again").code == 1


def test_delete_wants_a_reason_and_a_study(data_dir: Path, made: list[Made]) -> None:
    bring(data_dir, made[0].path)
    assert hounsfield("delete", "--study", made[0].study_instance_uid, "--data-dir", data_dir).code == 2
    assert hounsfield("delete", "--study", made[0].study_instance_uid, "--reason", " ", "--data-dir", data_dir).code == 2
    unknown = hounsfield("delete", "--study", "1.2.3", "--reason", "test", "--data-dir", data_dir)
    assert (unknown.code, "no study 1.2.3" in unknown.err) == (1, True)
    assert len(stored(data_dir)) == 1


# people and tokens


def test_people(data_dir: Path) -> None:
    at = ("--data-dir", data_dir)
    first = hounsfield("user", "add", "Vera", "--role", "editor", *at)
    assert first.code == 0
    assert len(first.out.strip()) >= 12
    assert hounsfield("user", "add", "edgar", "--password-stdin", *at, stdin="correct horse battery\n").out == ""
    taken = hounsfield("user", "add", "vera", *at)
    assert (taken.code, "there is a user 'vera' already" in taken.err) == (1, True)
    weak = hounsfield("user", "add", "wanda", "--password-stdin", *at, stdin="wanda\n")
    assert weak.code == 2
    listed = hounsfield("user", "list", "--json", *at).json
    assert [(one["name"], one["role"]) for one in listed] == [("edgar", "viewer"), ("vera", "editor")]
    assert "edgar" in hounsfield("user", "list", *at).out
    assert hounsfield("user", "passwd", "edgar", *at).out.strip() not in ("", first.out.strip())
    assert hounsfield("user", "passwd", "nobody", *at).code == 1


def test_tokens(data_dir: Path) -> None:
    at = ("--data-dir", data_dir)
    secret = hounsfield("token", "add", "viewer in ward 3", "--role", "viewer", *at).out.strip()
    assert secret.startswith("hsf_")
    assert hounsfield("token", "add", "viewer in ward 3", *at).code == 1
    assert secret not in hounsfield("token", "list", "--json", *at).out
    assert hounsfield("token", "revoke", "viewer in ward 3", *at).code == 0
    assert hounsfield("token", "revoke", "viewer in ward 3", *at).code == 1
    assert hounsfield("token", "list", "--json", *at).json[0]["revoked"]


# words


@pytest.mark.parametrize("words", [(), *((command,) for command in COMMANDS), *SUBCOMMANDS], ids=" ".join)
def test_help(words: tuple[str, ...]) -> None:
    ran = hounsfield(*words, "--help")
    assert ran.code == 0
    assert "Usage: hounsfield" in ran.out
    if not words:
        assert all(command in ran.out for command in COMMANDS)


def test_version() -> None:
    assert hounsfield("--version").out.startswith("hounsfield 0.")


def test_doctor(data_dir: Path, made: list[Made]) -> None:
    assert not data_dir.exists()
    fresh = hounsfield("doctor", "--data-dir", data_dir, "--json")
    assert fresh.code == 0, fresh
    assert not data_dir.exists(), "looking must not make anything"
    bring(data_dir, made[0].path)
    ran = hounsfield("doctor", "--data-dir", data_dir, "--json")
    found = {one["what"]: one for one in ran.json["findings"]}
    assert found["index"]["found"] == "1 studies, 1 series, 1 instances"
    assert found["server"]["found"] == "not running"
    assert ran.json["settings"]["ae_title"] == "HOUNSFIELD"
    assert "seal_after_idle_s" in hounsfield("doctor", "--data-dir", data_dir).out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--open-access", "--host", "0.0.0.0"), "refused while listening on 0.0.0.0"),
        (("--ae-title", "MUCH TOO LONG A TITLE"), "--ae-title"),
        (("--peer", "CT1"), "is not AET=host:port"),
        (("--dicom-port", "70000"), "--dicom-port"),
        (("--config", "/nowhere.toml"), "/nowhere.toml"),
    ],
)
def test_serve_refuses_wrong_settings(data_dir: Path, words: tuple[str, ...], said: str) -> None:
    ran = hounsfield("serve", "--data-dir", data_dir, *words)
    assert ran.code == 2
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_a_data_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ran = hounsfield("user", "list", "--data-dir", tmp_path / "file" / "[data]")
    assert ran.code == 2
    assert f"cannot make the data directory {tmp_path / 'file' / '[data]'}: Not a directory" in ran.err


@pytest.mark.parametrize("words", [("reindex",), ("verify",), ("export", "--study", "1.2.3", "--to", "out")], ids=lambda words: words[0])
def test_a_mistyped_data_directory_is_not_made(data_dir: Path, words: tuple[str, ...]) -> None:
    ran = hounsfield(*words, "--data-dir", data_dir)
    assert (ran.code, data_dir.exists()) == (2, False)
    assert "there is no archive in" in ran.err


def test_export_to_where_nothing_can_be_written(data_dir: Path, made: list[Made], tmp_path: Path) -> None:
    bring(data_dir, made[0].path)
    (tmp_path / "file").touch()
    ran = hounsfield("export", "--study", made[0].study_instance_uid, "--to", tmp_path / "file", "--data-dir", data_dir)
    assert ran.code == 1
    assert f"{tmp_path / 'file'}" in ran.err


@pytest.mark.parametrize("option", ["--http-port", "--dicom-port"])
def test_serve_says_which_port_is_in_use(data_dir: Path, option: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        other = "--dicom-port" if option == "--http-port" else "--http-port"
        ran = hounsfield("serve", "--data-dir", data_dir, option, str(port), other, str(free_port()))
    assert ran.code == 2
    assert f"cannot listen on 127.0.0.1 port {port}: another program uses it; choose another with {option}" in _on_one_line(ran)


@pytest.mark.parametrize(
    ("host", "said"), [("nosuchhost.invalid", "not known as an address or name"), ("192.0.2.1", "192.0.2.1 is no address of this machine")]
)
def test_serve_says_which_address_is_wrong(data_dir: Path, host: str, said: str) -> None:
    ran = hounsfield("serve", "--data-dir", data_dir, "--host", host, "--http-port", str(free_port()), "--dicom-port", str(free_port()))
    assert ran.code == 2
    assert said in ran.err
    assert "choose another with --host" in ran.err


def _on_one_line(ran: Ran) -> str:
    return " ".join(ran.err.split())


def test_an_object_of_another_transfer_syntax_than_its_bytes_still_comes_back(data_dir: Path, tmp_path: Path) -> None:
    """What a sender wrote is kept as it came, prefix and all."""
    data_set = encode_data_set(
        [
            NewElement(0x00080016, "UI", CT_IMAGE_STORAGE),
            NewElement(0x00080018, "UI", "1.2.3.4"),
            NewElement(0x0020000D, "UI", "1.2.3"),
            NewElement(0x0020000E, "UI", "1.2.3.1"),
        ],
        implicit_vr=True,
    )
    path = tmp_path / "odd.dcm"
    path.write_bytes(build_prefix(CT_IMAGE_STORAGE, "1.2.3.4", EXPLICIT_VR_LITTLE_ENDIAN) + data_set)
    assert bring(data_dir, path) == {"stored": 1}
    hounsfield("export", "--study", "1.2.3", "--to", tmp_path / "out", "--data-dir", data_dir)
    exported = (tmp_path / "out" / "1.2.3" / "1.2.3.1" / "1.2.3.4.dcm").read_bytes()
    assert exported == path.read_bytes()
    meta = read_prefix(exported)
    assert meta is not None and exported[meta.length_bytes :] == data_set
