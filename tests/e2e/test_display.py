"""What the tile shows is what the server renders, shade by shade: windows, tables, polarity, padding, overlays, shutters, colours."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydicom.uid import generate_uid

from web_kit.pages import Tile
from web_kit.phantoms import phantom, store, table

pytestmark = pytest.mark.xdist_group("web_app")

BLOCKS, BLOCK = 16, 4
SIDE = BLOCKS * BLOCK
STEP = 4095 // 255

Case = tuple[NDArray[Any], dict[str, Any]]


def blocks(values: NDArray[Any]) -> NDArray[Any]:
    """(16, 16) to (64, 64): each value in a block of 4 by 4."""
    return values.repeat(BLOCK, axis=0).repeat(BLOCK, axis=1)


RAMP = np.arange(BLOCKS * BLOCKS).reshape(BLOCKS, BLOCKS)
"""0 to 255."""
DEEP = blocks((RAMP * STEP).astype(np.uint16))
"""0 to 4080 of 12 bits."""
SIGNED = blocks((RAMP * 16 - 2000).astype(np.int16))
TWELVE: dict[str, Any] = {"BitsStored": 12}
WINDOW: dict[str, Any] = {"WindowCenter": 2000, "WindowWidth": 2400}


def bent(count: int, bits: int) -> NDArray[Any]:
    """The entries of a table that is no line."""
    share = np.linspace(0, 1, count)
    return np.rint((0.5 - 0.5 * np.cos(np.pi * share**2)) * ((1 << bits) - 1))


def overlay(row: int, column: int) -> dict[str, Any]:
    """Elements of a plane of 32 by 32 whose first pixel lies at a row and column of the image, from 1: every second block is set."""
    plane = np.kron(np.indices((8, 8)).sum(axis=0) % 2, np.ones((BLOCK, BLOCK), int))
    bits = np.packbits(plane.ravel(), bitorder="little").tobytes()
    return {"overlay": {0x10: 32, 0x11: 32, 0x40: "G", 0x50: [row, column], 0x100: 1, 0x102: 0, 0x3000: bits}}


WITHIN = {"overlay": {0x10: SIDE, 0x11: SIDE, 0x40: "G", 0x50: [1, 1], 0x100: 16, 0x102: 12}}
"""Elements of a plane in bit 12 of the samples."""


def palette_of(count: int, first: int, bits: int) -> dict[str, Any]:
    share = np.linspace(0, 1, count)
    curves = {"Red": share, "Green": 1 - share, "Blue": np.abs(2 * share - 1)}
    found: dict[str, Any] = {"PhotometricInterpretation": "PALETTE COLOR"}
    for name, curve in curves.items():
        found[f"{name}PaletteColorLookupTableDescriptor"] = [count, first, bits]
        entries = np.rint(curve * ((1 << bits) - 1)).astype("<u2" if bits > 8 else "u1")
        found[f"{name}PaletteColorLookupTableData"] = entries.tobytes()
    return found


COLOURS = np.stack([blocks(RAMP), blocks(RAMP[::-1]), blocks(RAMP.T)], axis=2).astype(np.uint8) // 2 + 60


def halved(colours: NDArray[np.uint8]) -> bytes:
    """YBR_FULL_422, uncompressed: two luminances share their colour (PS3.3 C.7.6.3.1.2)."""
    red, green, blue = (colours[..., sample].astype(float) for sample in range(3))
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    pairs = [luma[:, ::2], luma[:, 1::2], ((blue - luma) / 1.772 + 128)[:, ::2], ((red - luma) / 1.402 + 128)[:, ::2]]
    return np.clip(np.round(np.stack(pairs, axis=2)), 0, 255).astype(np.uint8).tobytes()


def packed(bits: NDArray[Any]) -> bytes:
    """A bit a pixel, least significant first."""
    return np.packbits(bits.ravel(), bitorder="little").tobytes()


RECTANGLE = {
    "ShutterLeftVerticalEdge": 9,
    "ShutterRightVerticalEdge": 56,
    "ShutterUpperHorizontalEdge": 13,
    "ShutterLowerHorizontalEdge": 48,
}
CIRCLE = {"ShutterShape": "CIRCULAR", "CenterOfCircularShutter": [30, 36], "RadiusOfCircularShutter": 20}
TRIANGLE = {"ShutterShape": ["RECTANGULAR", "POLYGONAL"], "VerticesOfThePolygonalShutter": [1, 1, 1, 64, 64, 32]}
INVERTED = {"PhotometricInterpretation": "MONOCHROME1"}

CASES: dict[str, Case] = {
    "linear": (DEEP, {**TWELVE, **WINDOW}),
    "linear of width 1": (DEEP, {**TWELVE, "WindowCenter": 2000, "WindowWidth": 1}),
    "linear exact": (blocks(RAMP.astype(np.uint8)), {"WindowCenter": 100, "WindowWidth": 4, "VOILUTFunction": "LINEAR_EXACT"}),
    "sigmoid": (SIGNED, {"WindowCenter": 0, "WindowWidth": 1000, "VOILUTFunction": "SIGMOID"}),
    "no window": (DEEP, TWELVE),
    "rescaled": (DEEP, {**TWELVE, "RescaleSlope": "0.5", "RescaleIntercept": -100, "WindowCenter": 900, "WindowWidth": 700}),
    "voi table": (DEEP, {**TWELVE, **WINDOW, "VOILUTSequence": [table(bent(4096, 12), 0, 12, "NORMAL")]}),
    "voi table of a part": (SIGNED, {"VOILUTSequence": [table(bent(1500, 10), -700, 10)]}),
    "voi table behind a uri": (
        DEEP,
        {**TWELVE, "VOILUTSequence": [table(bent(65536, 16), 0, 16)], "RescaleSlope": 16, "RescaleIntercept": 0},
    ),
    "modality table": (
        DEEP,
        {"ModalityLUTSequence": [table(bent(4096, 16), 0, 16)], "WindowCenter": 30000, "WindowWidth": 50000},
    ),
    "both tables": (
        DEEP,
        {**TWELVE, "ModalityLUTSequence": [table(bent(4096, 12), 0, 12)], "VOILUTSequence": [table(bent(4096, 8)[::-1], 0, 8)]},
    ),
    "monochrome1": (DEEP, {**TWELVE, **WINDOW, **INVERTED}),
    "inverse": (DEEP, {**TWELVE, **WINDOW, "PresentationLUTShape": "INVERSE"}),
    "inverse table": (DEEP, {**TWELVE, "PresentationLUTShape": "INVERSE", "VOILUTSequence": [table(bent(4096, 12), 0, 12)]}),
    "padding": (DEEP, {**TWELVE, **WINDOW, "PixelPaddingValue": 0, "PixelPaddingRangeLimit": 800}),
    "padding of what is inverted": (
        SIGNED,
        {
            "PixelPaddingValue": -2000,
            "PixelPaddingRangeLimit": -1500,
            "PhotometricInterpretation": "MONOCHROME1",
            "RescaleSlope": "0.25",
            "RescaleIntercept": 3,
        },
    ),
    "padding under a modality table": (
        DEEP,
        {
            **TWELVE,
            "ModalityLUTSequence": [table(bent(4096, 16)[::-1], 0, 16)],
            "WindowCenter": 32768,
            "WindowWidth": 65536,
            "PixelPaddingValue": 0,
        },
    ),
    "overlay": (DEEP, {**TWELVE, **WINDOW, **overlay(9, 17)}),
    "overlay beyond the edge": (DEEP, {**TWELVE, **WINDOW, **overlay(-7, 49)}),
    "overlay in the samples": (
        DEEP | (blocks((RAMP % 3 == 0).astype(np.uint16)) << 12),
        {**TWELVE, **WINDOW, **WITHIN},
    ),
    "bits of others": (DEEP | 0xF000, {**TWELVE, **WINDOW}),
    "shutter rectangle": (DEEP, {**TWELVE, **WINDOW, "ShutterShape": "RECTANGULAR", **RECTANGLE}),
    "shutter circle": (
        DEEP,
        {
            **TWELVE,
            **WINDOW,
            "ShutterShape": "CIRCULAR",
            "CenterOfCircularShutter": [30, 36],
            "RadiusOfCircularShutter": 20,
            "ShutterPresentationValue": 0x8000,
        },
    ),
    "shutter polygon": (
        DEEP,
        {
            **TWELVE,
            **WINDOW,
            "ShutterShape": ["RECTANGULAR", "POLYGONAL"],
            **RECTANGLE,
            "VerticesOfThePolygonalShutter": [1, 1, 1, 64, 64, 32],
        },
    ),
    "pixels not square": (DEEP, {**TWELVE, **WINDOW, "PixelAspectRatio": [2, 1]}),
    "palette": (blocks(RAMP.astype(np.uint8)), palette_of(256, 0, 16)),
    "palette from an index": (blocks(RAMP.astype(np.uint8)), palette_of(100, 50, 8)),
    "palette of 16 bits": (blocks((RAMP * 16).astype(np.uint16)), palette_of(4096, 0, 16)),
    "colour by plane": (COLOURS.transpose(2, 0, 1).reshape(SIDE, SIDE, 3), {"PlanarConfiguration": 1}),
    "colour of 16 bits": (COLOURS.astype(np.uint16) * 257, {}),
    "colour of half the chrominance": (
        np.zeros((SIDE, SIDE, 3), np.uint8),
        {"PhotometricInterpretation": "YBR_FULL_422", "PixelData": halved(COLOURS)},
    ),
    "bitmap": (blocks((RAMP % 5 < 2).astype(np.uint8)), {"BitsAllocated": 1, "BitsStored": 1, "PixelData": packed(blocks(RAMP % 5 < 2))}),
    "colour": (COLOURS, {}),
}


def middles(picture: NDArray[np.uint8], box: tuple[float, float, float, float]) -> NDArray[np.float64]:
    """Colours in the middle of each block; box: left, top, width and height of the image in the picture. (16, 16, 3)"""
    left, top, width, height = box
    at = (np.arange(BLOCKS) + 0.5) / BLOCKS
    rows, columns = (top + at * height).astype(int), (left + at * width).astype(int)
    return picture[rows][:, columns, :3].astype(float)


def uniform(truth: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Of which blocks the server's picture is of one colour about the middle: those on an edge of a shape are not judged. (16, 16)"""
    each = truth.shape[0] // BLOCKS
    cut = truth.reshape(BLOCKS, each, BLOCKS, BLOCK, -1)[:, each // 4 : each - each // 4, :, 1:3].astype(int)
    return (np.ptp(cut, axis=(1, 3)) <= 2).all(axis=-1)


def test_shades_are_those_of_the_server(open_page: Any, signed_in: Any, site: Any) -> None:
    """One study, a series a case; PgDn goes through them."""
    page = open_page("/nowhere", state=signed_in, width=640, height=480)
    study = generate_uid()
    made_of = {}
    for number, name in enumerate(CASES, start=1):
        pixels, attributes = CASES[name]
        series, instance, content = phantom(pixels, study=study, number=number, name=name, **attributes)
        store(page, site, content)
        made_of[name] = f"{site.url}/dicom-web/studies/{study}/series/{series}/instances/{instance}/frames/1/rendered"
    page.goto(f"{site.url}/viewer/{study}")
    tile = Tile(page)
    tile.wait()
    wrong = []
    for position, name in enumerate(CASES):
        if position:
            page.keyboard.press("PageDown")
        tile.wait_for_corner("bl", name)
        tile.wait()
        answer = page.request.get(made_of[name], headers={"Accept": "image/png"})
        assert answer.status == 200, answer.text()
        truth = np.asarray(Image.open(io.BytesIO(answer.body())).convert("RGB"))
        shown = tile.pixels()
        height, width = shown.shape[:2]
        scale = min(width / truth.shape[1], height / truth.shape[0])
        across, down = truth.shape[1] * scale, truth.shape[0] * scale
        mine = middles(shown, ((width - across) / 2, (height - down) / 2, across, down))
        theirs = middles(truth, (0, 0, truth.shape[1], truth.shape[0]))
        judged = uniform(truth)
        assert judged.mean() > 0.7, name
        assert theirs.std() > 20, f"{name}: the rendering has structure"
        worst = np.abs(mine - theirs)[judged].max()
        if worst > 3:
            wrong.append(f"{name}: {worst} shades")
    assert wrong == []


LENS = """() => {
    const canvas = document.querySelector('[data-testid=tile-0] canvas.lens');
    const { width, height } = canvas;
    return [width, height, [...canvas.getContext('2d').getImageData(0, 0, width, height).data]];
}"""


def test_what_the_reader_chooses(open_page: Any, signed_in: Any, site: Any) -> None:
    """Tables by name, overlays and shutter on and off, the magnifier, true size on a screen that is calibrated."""
    page = open_page("/nowhere", state=signed_in, width=700, height=560)
    study = generate_uid()
    tables = [table(bent(4096, 12), 0, 12, "NORMAL"), table(bent(4096, 12) ** 2 // 4095, 0, 12, "HARDER")]
    flat = {**TWELVE, **WINDOW, "WindowCenterWidthExplanation": "FLAT"}
    shutter = {"ShutterShape": "RECTANGULAR", **RECTANGLE}
    spacing = {"PixelSpacing": [0.5, 0.5], "Modality": "DX"}
    covered = {**flat, **overlay(17, 17), **shutter, **spacing, "VOILUTSequence": tables}
    store(page, site, phantom(DEEP, study=study, number=1, name="tables", **covered)[2])
    page.goto(f"{site.url}/viewer/{study}")
    tile = Tile(page)
    tile.wait()
    tile.wait_for_corner("br", "LUT NORMAL")
    before = tile.pixels()
    offered = page.locator("header select[aria-label=Window] option").all_inner_texts()
    assert [text.split("  ")[-1] for text in offered if text[:1].isdigit()] == [
        "NORMAL (from the image)",
        "Full range",
        "Automatic: all but the outermost 1 %",
        "HARDER (from the image)",
        "FLAT (from the image)",
    ]
    page.keyboard.press("4")
    tile.wait_for_corner("br", "LUT HARDER")
    harder = tile.changed_from(before)
    assert harder[..., 0].mean() < before[..., 0].mean()
    page.keyboard.press("5")
    tile.wait_for_corner("br", "W 2400 C 2000")
    page.keyboard.press("0")
    tile.same_as(before)
    page.keyboard.press(",")
    page.wait_for_selector("[data-testid=tile-0]:has-text('overlays hidden')")
    bare = tile.changed_from(before)
    assert (bare[..., 0] == 255).mean() < (before[..., 0] == 255).mean()
    page.keyboard.press(",")
    tile.same_as(before)
    page.keyboard.press(";")
    page.wait_for_selector("[data-testid=tile-0]:has-text('shutter open')")
    assert (tile.changed_from(before)[..., 0] > 0).mean() > (before[..., 0] > 0).mean()
    page.keyboard.press(";")
    tile.same_as(before)

    page.keyboard.press("+")
    box = tile.root.bounding_box()
    x, y = box["x"] + box["width"] * 0.55, box["y"] + box["height"] * 0.6
    page.mouse.move(x, y)
    page.mouse.down()
    page.wait_for_selector("[data-testid=tile-0] canvas.lens")
    width, height, data = page.evaluate(LENS)
    seen = np.array(data, np.uint8).reshape(height, width, 4)[..., 0].astype(int)
    # Twice as large about the point: every second pixel is the tile's, but for edges that lie half a pixel beside.
    left, top = int(x - box["x"] - width / 4), int(y - box["y"] - height / 4)
    there = before[top : top + height // 2, left : left + width // 2, 0].astype(int)
    assert there.std() > 20
    assert (np.abs(seen[::2, ::2] - there) < 6).mean() > 0.9
    page.mouse.up()
    page.wait_for_selector("[data-testid=tile-0] canvas.lens", state="detached")
    tile.same_as(before)

    page.click("header [aria-label='Turn, flip, size']")
    page.click("[role=dialog] >> text=True size")
    page.locator("dialog input[type=range]").fill("428")
    assert page.locator("[data-testid=card]").bounding_box()["width"] == pytest.approx(428, abs=0.5)
    page.click("dialog >> text=Keep this calibration")
    tile.wait_for_corner("br", "True size")
    # 428 pixels for a card of 85.6 mm: five a millimetre. The shutter shows 48 columns of 0.5 mm.
    shown = tile.until(lambda now: not np.array_equal(now, before))
    columns = np.flatnonzero((shown[..., 0] > 0).any(axis=0))
    assert columns[-1] - columns[0] + 1 == pytest.approx(48 * 0.5 * 5, abs=2)
    page.reload()
    tile.wait()
    page.click("header [aria-label='Turn, flip, size']")
    page.click("[role=dialog] >> text=True size")
    tile.same_as(shown)
