"""Archives that are written as a stream, read by two other readers."""

from __future__ import annotations

import io
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from hounsfield.services.zip_stream import PIECE_BYTES, Entry, zip_stream


def pieces(count: int, piece: bytes, taken: list[int] | None = None) -> Iterator[bytes]:
    for number in range(count):
        if taken is not None:
            taken.append(number)
        yield piece


def test_it_is_read(tmp_path: Path) -> None:
    entries = [Entry("1/2/a.dcm", [b"abc", memoryview(b"def")], False), Entry("1/2/b.dcm", pieces(5, b"x" * 1000), True)]
    whole = b"".join(zip_stream(entries))
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["1/2/a.dcm", "1/2/b.dcm"]
        assert archive.read("1/2/a.dcm") == b"abcdef"
        assert archive.read("1/2/b.dcm") == b"x" * 5000
    path = tmp_path / "a.zip"
    path.write_bytes(whole)
    listed = subprocess.run(["bsdtar", "-tf", path], capture_output=True, text=True, check=False) if _has("bsdtar") else None
    assert listed is None or listed.stdout.split() == ["1/2/a.dcm", "1/2/b.dcm"]


def _has(name: str) -> bool:
    return any(Path(folder, name).exists() for folder in ("/usr/bin", "/bin"))


def test_no_more_is_held_than_goes_out_next() -> None:
    taken: list[int] = []
    stream = zip_stream([Entry("a", pieces(50, bytes(PIECE_BYTES), taken), False)])
    for number, piece in enumerate(stream):
        assert len(piece) < 2 * PIECE_BYTES
        assert len(taken) <= number + 1


def test_what_fails_leaves_no_directory() -> None:
    def broken() -> Iterator[bytes]:
        yield bytes(2 * PIECE_BYTES)
        raise RuntimeError

    came = []
    with pytest.raises(RuntimeError):
        came.extend(zip_stream([Entry("a", broken(), False)]))
    assert not zipfile.is_zipfile(io.BytesIO(b"".join(came)))


def test_nothing() -> None:
    assert zipfile.ZipFile(io.BytesIO(b"".join(zip_stream([])))).namelist() == []
