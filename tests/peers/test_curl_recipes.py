"""The page of curl recipes, run as it stands: every block of it, in its order, against a whole server."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
from PIL import Image

from dicomweb_kit.objects import as_file, ct, pixels
from services.server import Server, running

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "dicomweb-with-curl.md"
_BLOCK = re.compile(r"^## (?P<heading>[^\n]*)$|^```(?P<language>\w*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)

FILES = {
    "slice-1.dcm": as_file(ct(1)),
    "folder/slice-2.dcm": as_file(ct(2)),
    "folder/slice 3.dcm": as_file(ct(3)),
    "folder/deeper/mr.dcm": as_file(ct(1, series="1.2.3.2", frames=3, Modality="MR", SeriesNumber=2)),
    "folder/other.dcm": as_file(ct(1, study="1.2.4", series="1.2.4.1", PatientID="PAT-2", PatientName="Doe^Jane", StudyDate="20250506")),
    "folder/third.dcm": as_file(ct(1, study="1.2.5", series="1.2.5.1", PatientID="PAT-3", PatientName="Roe^Jim", Modality="US")),
}


def blocks(page: str) -> Iterator[tuple[str, str]]:
    """The heading and the code of each block."""
    heading = ""
    for found in _BLOCK.finditer(page):
        if found["heading"]:
            heading = found["heading"]
        else:
            assert found["language"] == "bash", f"a block of {found['language']!r} is not run"
            yield heading, found["code"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("curl") / "data") as started:
        yield started


def test_every_recipe(server: Server, tmp_path: Path) -> None:
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    recipes = list(blocks(PAGE.read_text(encoding="utf-8")))
    script = "set -euo pipefail\n" + "".join(f"printf '\\n@@@ {number}\\n'\n{code}" for number, (_, code) in enumerate(recipes))
    environment = {
        **os.environ,
        "HOUNSFIELD_URL": server.dicom_web,
        "TOKEN": server.run("token", "add", "script", "--role", "editor").out.split()[-1],
        "STUDY": "1.2.3",
        "SERIES": "1.2.3.1",
        "INSTANCE": "1.2.3.1.1",
        "LC_ALL": "C.UTF-8",
    }
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=100)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert done.stderr == ""
    printed: dict[str, list[str]] = {}
    for (heading, _), text in zip(recipes, re.split(r"\n@@@ \d+\n", done.stdout)[1:], strict=True):
        printed.setdefault(heading, []).append(text)
    checked = check(printed, tmp_path)
    assert checked == printed.keys(), "a section of the page whose results nobody looks at"


def check(printed: dict[str, list[str]], folder: Path) -> set[str]:
    """Whether each section did what it says; the sections that were looked at."""
    assert printed["Once"] == [""]
    assert (folder / "token.header").stat().st_mode & 0o077 == 0

    assert len(json.loads(printed["Store one file"][0])["00081199"]["Value"]) == 1
    one_by_one, at_once = printed["Store many files"]
    assert one_by_one == ""
    assert not (folder / "failed.txt").exists()
    assert json.loads(at_once) == {"stored": 5, "failed": 0}

    patients, dates, pages, series = printed["Search"]
    assert patients == "20260102\tMüller^Ägidius\t1.2.3\n"
    assert dates == "1.2.3\n"
    assert sorted(pages.split()) == ["1.2.3", "1.2.4", "1.2.5"]
    assert series == "1.2.3.1\tCT\t3\n1.2.3.2\tMR\t1\n"

    assert (folder / "object.dcm").read_bytes() == FILES["slice-1.dcm"]
    slices = {FILES["slice-1.dcm"], FILES["folder/slice-2.dcm"], FILES["folder/slice 3.dcm"]}
    for name in ("series", "parts"):
        assert {path.read_bytes() for path in (folder / name).iterdir()} == slices
        assert len(list((folder / name).iterdir())) == 3
    assert pydicom.dcmread(folder / "series" / "1.2.3.1.2.dcm").SOPInstanceUID == "1.2.3.1.2"

    assert (folder / "frame.raw").read_bytes() == (folder / "frame.bin").read_bytes() == pixels(1).tobytes()
    assert printed["Frames"][1] == "application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1\n"
    assert Image.open(io.BytesIO((folder / "rendered.png").read_bytes())).format == "PNG"
    assert Image.open(io.BytesIO((folder / "thumbnail.jpg").read_bytes())).format == "JPEG"

    assert printed["Metadata"] == ["1\t\n2\t\n3\t\n"]
    values = printed["Bulk data"][0].splitlines()
    assert len(values) == 3 and all(line.startswith("200 2048 /dicom-web/studies/1.2.3/") for line in values)
    assert (folder / "value.bin").read_bytes() == bytes(range(256)) * 8
    assert printed["Only when it has changed"] == ["200\n304\n"]
    return {
        "Once",
        "Store one file",
        "Store many files",
        "Search",
        "Fetch one object",
        "Fetch a series into a folder",
        "Frames",
        "Pictures",
        "Metadata",
        "Bulk data",
        "Only when it has changed",
    }
