"""JPEG XL as Chromium decodes it, which does so by another library than ours (jxl-rs instead of libjxl)."""

from __future__ import annotations

import base64
from typing import Any

import imagecodecs
import numpy as np
import pytest

from hounsfield.codecs.decode import decode
from hounsfield.codecs.frame import FrameDescription

DRAW = """async (encoded) => {
    const image = new Image();
    image.src = `data:image/jxl;base64,${encoded}`;
    try { await image.decode(); } catch { return null; }
    const canvas = Object.assign(document.createElement('canvas'), { width: image.naturalWidth, height: image.naturalHeight });
    const context = canvas.getContext('2d');
    context.drawImage(image, 0, 0);
    return [canvas.height, canvas.width, ...context.getImageData(0, 0, canvas.width, canvas.height).data];
}"""


@pytest.mark.parametrize("samples", [1, 3])
@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.4.110", "1.2.840.10008.1.2.4.112"])
def test_chromium_sees_the_same(browser: Any, syntax: str, samples: int) -> None:
    """Lossless to the bit; lossy within one, and within three of grey, which Chromium dithers."""
    lossless = syntax.endswith("110")
    ramp = np.linspace(0, 250, 61 * 83 * samples).reshape(61, 83, samples)
    picture = (ramp + np.random.default_rng(5).integers(0, 6, ramp.shape)).astype(np.uint8)
    stream = bytes(imagecodecs.jpegxl_encode(picture.squeeze(), lossless=lossless, **({} if lossless else {"distance": 1.0})))
    page = browser.new_page()
    page.goto("about:blank")
    drawn = page.evaluate(DRAW, base64.b64encode(stream).decode())
    page.close()
    if drawn is None:
        pytest.skip("this Chromium does not decode JPEG XL")
    theirs = np.array(drawn[2:], np.int64).reshape(*drawn[:2], 4)[:, :, :samples]
    description = FrameDescription(syntax, 61, 83, samples, "MONOCHROME2" if samples == 1 else "RGB", 0, 8, 8, 7, 0)
    ours = np.frombuffer(decode(stream, description).data, np.uint8).reshape(61, 83, samples).astype(np.int64)
    assert np.abs(ours - theirs).max() <= (0 if lossless else 1 if samples == 3 else 3)
    assert abs((ours - theirs).mean()) < 0.1
    assert np.array_equal(ours, picture) is lossless
