"""Single GIF pictures put together; another reader shows the same frames."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from hounsfield.codecs.gif_frames import TRAILER, delays, frame_block, opening, read_gif
from hounsfield.codecs.picture_files import encode_gif
from hounsfield.model.errors import UndecodablePixels


@pytest.mark.parametrize("channels", [(), (3,)])
def test_another_reader_sees_the_frames(channels: tuple[int, ...]) -> None:
    made = np.random.default_rng(2).integers(0, 4, (5, 7, 9, *channels), dtype=np.uint8) * 80
    frames = [read_gif(encode_gif(pixels)) for pixels in made]
    moving = opening(frames[0]) + b"".join(frame_block(frame, 10 * (number + 1)) for number, frame in enumerate(frames)) + TRAILER
    with Image.open(io.BytesIO(moving)) as shown:
        assert (shown.n_frames, shown.size, shown.info["loop"]) == (5, (9, 7), 0)
        for number, pixels in enumerate(made):
            shown.seek(number)
            assert shown.info["duration"] == 100 * (number + 1)
            assert np.array_equal(np.asarray(shown.convert("RGB" if channels else "L")), pixels)


@given(st.lists(st.floats(0.001, 5), min_size=1, max_size=50))
def test_delays_add_up(steps: list[float]) -> None:
    times = [0.0, *np.cumsum(steps).tolist()]
    found = delays(times)
    assert len(found) == len(times) and min(found) >= 2
    if min(steps) >= 0.03:
        assert abs(sum(found[:-1]) - times[-1] * 100) <= 1


def test_one_frame_has_a_delay_too() -> None:
    assert delays([0.0]) == [100]


def test_what_is_no_gif_is_refused() -> None:
    whole = encode_gif(np.arange(63, dtype=np.uint8).reshape(7, 9))
    for end in range(len(whole) - 2):
        with pytest.raises(UndecodablePixels):
            read_gif(whole[:end])
    for picture in (b"", b"GIF89a", b"\x89PNG\r\n", b"GIF89a" + bytes(500)):
        with pytest.raises(UndecodablePixels):
            read_gif(picture)
