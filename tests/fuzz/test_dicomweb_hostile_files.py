"""Hostile files over STOW-RS: each is taken or refused with a coded reason, soon, and what was taken can be asked for without harm."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dicomweb_kit.pacs import Pacs, open_pacs


@pytest.fixture(scope="module")
def pacs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pacs]:
    with open_pacs(tmp_path_factory.mktemp("fuzz")) as opened:
        yield opened


def test_hostile_files(pacs: Pacs, corpus: Path) -> None:
    files = sorted(path for path in (corpus / "fuzz").rglob("*") if path.is_file())
    assert len(files) > 100
    took_s = []
    for path in files:
        begin = time.monotonic()
        response = pacs.request("POST", "/studies", content=path.read_bytes(), headers={"content-type": "application/dicom"})
        took_s.append(time.monotonic() - begin)
        assert response.status_code in (200, 202, 400, 409, 413), path.name
        document = response.json()
        assert set(document) <= {"00081190", "00081198", "00081199", "0008119A"}, path.name
        for name in ("00081198", "0008119A"):
            assert all(item["00081197"]["Value"][0] for item in document.get(name, {"Value": []})["Value"]), path.name
        if response.status_code == 200:
            url = document["00081199"]["Value"][0]["00081190"]["Value"][0]
            resource = url[url.index("/studies/") :]
            for what, accept in (
                ("", "*/*"),
                ("/metadata", "*/*"),
                ("/frames/1", "*/*"),
                ("/rendered", "*/*"),
                ("/bulkdata/7FE00010", "*/*"),
            ):
                status = pacs.get(resource + what, accept).status_code
                assert status in (200, 400, 404, 406, 413, 422), (path.name, what, status)
    assert pacs.get("/studies").status_code == 200
    took_s.sort()
    assert took_s[int(len(took_s) * 0.99)] < 1
