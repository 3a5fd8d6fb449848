"""Videos of real multi-frame images, made by a real ffmpeg and decoded again by it: frames, size, rate, and what is seen."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import httpx
import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset

from dicomweb_kit.pacs import Pacs, open_pacs

pytestmark = [
    pytest.mark.prove,
    pytest.mark.skipif(shutil.which("ffmpeg") is None or shutil.which("ffprobe") is None, reason="ffmpeg is not installed"),
]

MOST_MEAN_DIFFERENCE = 4.0
"""Of 255: what H.264 and half of the colour in each direction cost at ffmpeg's usual quality."""


@dataclass(frozen=True, slots=True)
class Film:
    """What was stored, and the video of it. query: how it was asked for."""

    data_set: Dataset
    path: str
    query: str
    answer: httpx.Response
    file: Path

    @property
    def frames(self) -> int:
        return int(self.data_set.NumberOfFrames)

    @property
    def rate(self) -> float:
        """Frames a second, as the header has it (PS3.3 C.7.6.5)."""
        said = self.data_set
        if vector := said.get("FrameTimeVector"):
            return 1000 * (self.frames - 1) / float(sum(vector[1:]))
        if said.get("FrameTime"):
            return 1000 / float(said.FrameTime)
        return float(said.get("RecommendedDisplayFrameRate") or said.get("CineRate") or 10)

    def streams(self) -> list[dict[str, str]]:
        asked = ["ffprobe", "-v", "error", "-count_frames", "-show_streams", "-of", "json", str(self.file)]
        found: list[dict[str, str]] = json.loads(subprocess.run(asked, capture_output=True, check=True).stdout)["streams"]
        return found

    def decoded(self, width: int, height: int) -> NDArray[np.uint8]:
        """(frames, height, width, 3)."""
        asked = ["ffmpeg", "-v", "error", "-i", str(self.file), "-f", "rawvideo", "-pix_fmt", "rgb24", "-fps_mode", "passthrough", "pipe:1"]
        raw = subprocess.run(asked, capture_output=True, check=True).stdout
        return np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3)


@pytest.fixture(scope="module")
def pacs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pacs]:
    with open_pacs(tmp_path_factory.mktemp("video"), ffmpeg_path=shutil.which("ffmpeg") or "") as opened:
        yield opened


@pytest.fixture(
    scope="module",
    params=[
        ("modality/XA/jpeg8bit.dcm", ""),
        ("modality/US/color3d_jpeg_baseline.dcm", ""),
        ("series/xa_ihe-dept021/images/000000.dcm", "?viewport=301,301"),
        ("modality/NM/NM-MONO2-16-13x-heart", "?viewport=256,256"),
    ],
    ids=["XA", "US in colour", "XA of an odd size", "NM"],
)
def film(pacs: Pacs, corpus: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Film:
    name, query = request.param
    raw = (corpus / name).read_bytes()
    assert pacs.store(raw).status_code == 200
    said = pydicom.dcmread(io.BytesIO(raw), stop_before_pixels=True)
    path = f"/studies/{said.StudyInstanceUID}/series/{said.SeriesInstanceUID}/instances/{said.SOPInstanceUID}"
    answer = pacs.get(f"{path}/rendered{query}", "video/mp4")
    file = tmp_path_factory.mktemp("film") / "film.mp4"
    file.write_bytes(answer.content)
    return Film(said, path, query, answer, file)


def pictures(pacs: Pacs, film: Film) -> Iterator[NDArray[np.uint8]]:
    """What is seen of each frame alone: (height, width, 3)."""
    for number in range(1, film.frames + 1):
        one = pacs.get(f"{film.path}/frames/{number}/rendered{film.query}", "image/png")
        assert one.status_code == 200
        yield np.asarray(Image.open(io.BytesIO(one.content)).convert("RGB"))


def test_every_frame_is_there_as_it_is_seen_alone(pacs: Pacs, film: Film) -> None:
    assert (film.answer.status_code, film.answer.headers["content-type"]) == (200, "video/mp4")
    (stream,) = film.streams()
    assert (stream["codec_type"], stream["codec_name"], stream["pix_fmt"]) == ("video", "h264", "yuv420p")
    assert int(stream["nb_read_frames"]) == film.frames > 1
    assert float(Fraction(stream["avg_frame_rate"])) == pytest.approx(min(max(film.rate, 0.1), 100), rel=0.001)
    expected = list(pictures(pacs, film))
    height, width, _ = expected[0].shape
    assert (int(stream["width"]), int(stream["height"])) == (width + width % 2, height + height % 2)
    seen = film.decoded(int(stream["width"]), int(stream["height"]))[:, :height, :width].astype(int)
    differences = [float(np.abs(one - frame).mean()) for one, frame in zip(seen, expected, strict=True)]
    mean, most = np.mean(differences), max(differences)
    print(f"{film.frames} frames of {width}x{height}, {film.rate:g}/s: mean difference {mean:.2f}, at most {most:.2f}")
    assert most < MOST_MEAN_DIFFERENCE
    if film.frames > 2:
        # In their order: a frame is more like itself than like the one that is most unlike it.
        other = max(range(1, film.frames), key=lambda index: float(np.abs(expected[index].astype(int) - expected[0]).mean()))
        assert np.abs(seen[0] - expected[0]).mean() < np.abs(seen[0] - expected[other]).mean()
