"""Videos by an ffmpeg of the site: what goes in, what comes out, and what becomes of a program that fails."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hounsfield.model.errors import NotAcceptable, Unavailable, UndecodablePixels
from hounsfield.servers.dicomweb.rendering.video import MovingPictures, VideoEncoder


def pictures(count: int = 12) -> Iterator[bytes]:
    for number in range(count):
        target = io.BytesIO()
        Image.fromarray(np.full((33, 47), number * 20, np.uint8)).save(target, "PNG")
        yield target.getvalue()


def program(folder: Path, text: str) -> str:
    path = folder / "encoder"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
def test_an_mp4_of_as_many_frames(tmp_path: Path) -> None:
    video = VideoEncoder(shutil.which("ffmpeg") or "").encode(MovingPictures(pictures(), 8.0))
    assert video[4:8] == b"ftyp"
    (tmp_path / "video.mp4").write_bytes(video)
    asked = ["ffprobe", "-v", "error", "-count_frames", "-show_streams", "-of", "json", str(tmp_path / "video.mp4")]
    (stream,) = json.loads(subprocess.run(asked, capture_output=True, check=True).stdout)["streams"]
    assert (stream["nb_read_frames"], stream["r_frame_rate"], stream["width"], stream["height"]) == ("12", "8/1", 48, 34)


def test_it_is_fed_every_picture_and_its_answer_is_taken(tmp_path: Path) -> None:
    assert VideoEncoder(program(tmp_path, "cat")).encode(MovingPictures(pictures(), 8.0)) == b"".join(pictures())


@pytest.mark.parametrize("text", ["exit 1", "cat >/dev/null", "cat; exit 3", "exec >&-"])
def test_a_program_that_fails(tmp_path: Path, text: str) -> None:
    with pytest.raises(NotAcceptable):
        VideoEncoder(program(tmp_path, text)).encode(MovingPictures(pictures(), 8.0))


def test_a_program_that_hangs_is_ended(tmp_path: Path) -> None:
    with pytest.raises(NotAcceptable):
        VideoEncoder(program(tmp_path, "exec sleep 60"), timeout_s=0.2).encode(MovingPictures(pictures(), 8.0))


def test_a_program_that_writes_without_end_is_ended(tmp_path: Path) -> None:
    with pytest.raises(NotAcceptable):
        VideoEncoder(program(tmp_path, "exec cat /dev/zero"), most_bytes=1 << 20).encode(MovingPictures(pictures(), 8.0))


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        VideoEncoder(str(tmp_path / "none")).encode(MovingPictures(pictures(), 8.0))


def test_a_frame_that_cannot_be_had_is_what_is_reported(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield from pictures(1)
        raise UndecodablePixels("frame 2")

    with pytest.raises(UndecodablePixels, match="frame 2"):
        VideoEncoder(program(tmp_path, "cat")).encode(MovingPictures(broken(), 8.0))
