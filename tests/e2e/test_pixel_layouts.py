"""Pixel layouts that browsers tend to get wrong, by four quarters of known colour."""

from __future__ import annotations

import io
import re
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

from web_kit.pages import Tile

pytestmark = pytest.mark.xdist_group("web_app")

SIDE = 64
RED, GREEN, BLUE, WHITE, BLACK, GREY = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (128, 128, 128)
COLOURS = (RED, GREEN, BLUE, WHITE)
"""Top left, top right, bottom left, bottom right."""


def quarters(values: tuple[Any, ...], dtype: Any = np.uint8) -> NDArray[Any]:
    """(64, 64) or (64, 64, samples)."""
    first = np.array([[values[0], values[1]], [values[2], values[3]]], dtype)
    return first.repeat(SIDE // 2, axis=0).repeat(SIDE // 2, axis=1)


def rgb(planar: int) -> dict[str, Any]:
    picture = quarters(COLOURS)
    pixels = picture.transpose(2, 0, 1) if planar else picture
    return {"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3, "PlanarConfiguration": planar, "PixelData": pixels.tobytes()}


def rgb_16_bit() -> dict[str, Any]:
    pixels = quarters(COLOURS, np.uint16) * 257
    return {**rgb(0), "BitsAllocated": 16, "BitsStored": 16, "HighBit": 15, "PixelData": pixels.astype("<u2").tobytes()}


def ybr_422() -> dict[str, Any]:
    """YBR_FULL_422, uncompressed: two luminances share their colour (PS3.3 C.7.6.3.1.2)."""
    red, green, blue = (quarters(COLOURS)[..., sample].astype(float) for sample in range(3))
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    pairs = np.stack([luma[:, ::2], luma[:, 1::2], ((blue - luma) / 1.772 + 128)[:, ::2], ((red - luma) / 1.402 + 128)[:, ::2]], axis=2)
    pixels = np.clip(np.round(pairs), 0, 255).astype(np.uint8).tobytes()
    return {"PhotometricInterpretation": "YBR_FULL_422", "SamplesPerPixel": 3, "PlanarConfiguration": 0, "PixelData": pixels}


def palette(entries: int) -> dict[str, Any]:
    """Indices 0 to 3 into a table of so many entries; a long one is not in the metadata but behind a URI."""
    found: dict[str, Any] = {"PhotometricInterpretation": "PALETTE COLOR", "PixelData": quarters((0, 1, 2, 3)).tobytes()}
    for sample, name in enumerate(("Red", "Green", "Blue")):
        table = np.zeros(entries, "<u2")
        table[:4] = [colour[sample] * 257 for colour in COLOURS]
        found[f"{name}PaletteColorLookupTableDescriptor"] = [entries, 0, 16]
        found[f"{name}PaletteColorLookupTableData"] = table.tobytes()
    return found


def one_bit() -> dict[str, Any]:
    bits = quarters((1, 0, 0, 1)).ravel()
    return {"BitsAllocated": 1, "BitsStored": 1, "HighBit": 0, "PixelData": np.packbits(bits, bitorder="little").tobytes()}


def monochrome1() -> dict[str, Any]:
    """The largest value is black."""
    pixels = quarters((0, 4095, 2048, 0), np.uint16).astype("<u2").tobytes()
    window = {"WindowCenter": 2048, "WindowWidth": 4096, "VOILUTFunction": "LINEAR"}
    return {"PhotometricInterpretation": "MONOCHROME1", "BitsAllocated": 16, "BitsStored": 12, "HighBit": 11, "PixelData": pixels, **window}


def signed_with_sigmoid() -> dict[str, Any]:
    """-1000, 3000, 1000 under a sigmoid about 1000."""
    pixels = quarters((-1000, 3000, 1000, 3000), np.int16).astype("<i2").tobytes()
    depth = {"BitsAllocated": 16, "BitsStored": 16, "HighBit": 15, "PixelRepresentation": 1}
    return {**depth, "WindowCenter": 1000, "WindowWidth": 400, "VOILUTFunction": "SIGMOID", "PixelData": pixels}


def object_with(**attributes: Any) -> tuple[str, bytes]:
    """Study UID and Part 10 file."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    data = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID, data.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    data.StudyInstanceUID, data.SeriesInstanceUID = generate_uid(), generate_uid()
    data.PatientName, data.PatientID, data.Modality, data.StudyDate = "Layout^Test", "LAYOUT", "OT", "19990101"
    data.Rows = data.Columns = SIDE
    data.PhotometricInterpretation, data.SamplesPerPixel, data.PixelRepresentation = "MONOCHROME2", 1, 0
    data.BitsAllocated = data.BitsStored = 8
    data.HighBit = 7
    for name, value in attributes.items():
        setattr(data, name, value)
    data["PixelData"].VR = "OW" if data.BitsAllocated > 8 else "OB"
    buffer = io.BytesIO()
    data.save_as(buffer, enforce_file_format=True)
    return data.StudyInstanceUID, buffer.getvalue()


def shown(page: Any, site: Any, attributes: dict[str, Any]) -> Tile:
    """Stores an object and opens it."""
    study, content = object_with(**attributes)
    session = page.request.get(f"{site.url}/api/session").json()
    stored = page.request.post(
        f"{site.url}/dicom-web/studies",
        data=content,
        headers={"Content-Type": "application/dicom", "X-CSRF-Token": session["csrf_token"]},
    )
    assert stored.status == 200, stored.text()
    page.goto(f"{site.url}/viewer/{study}")
    tile = Tile(page)
    tile.wait()
    return tile


@pytest.mark.parametrize(
    ("attributes", "wanted"),
    [
        pytest.param(rgb(0), COLOURS, id="rgb"),
        pytest.param(rgb(1), COLOURS, id="rgb-planar"),
        pytest.param(rgb_16_bit(), COLOURS, id="rgb-16-bit"),
        pytest.param(ybr_422(), COLOURS, id="ybr-422"),
        pytest.param(palette(256), COLOURS, id="palette"),
        pytest.param(palette(4096), COLOURS, id="palette-long"),
        pytest.param(one_bit(), (WHITE, BLACK, BLACK, WHITE), id="one-bit"),
        pytest.param(monochrome1(), (WHITE, BLACK, GREY, WHITE), id="monochrome1"),
        pytest.param(signed_with_sigmoid(), (BLACK, WHITE, GREY, WHITE), id="signed-sigmoid"),
    ],
)
def test_quarters(open_page: Any, signed_in: Any, site: Any, attributes: dict[str, Any], wanted: tuple[Any, ...]) -> None:
    """Each quarter has its colour."""
    tile = shown(open_page("/nowhere", state=signed_in, width=900, height=700), site, attributes)
    pixels = tile.pixels().astype(int)
    rows, columns = pixels.shape[:2]
    reach = min(rows, columns) // 4
    middles = [pixels[rows // 2 + y * reach, columns // 2 + x * reach, :3] for y, x in ((-1, -1), (-1, 1), (1, -1), (1, 1))]
    for middle, colour in zip(middles, wanted, strict=True):
        assert np.abs(middle - np.array(colour)).max() <= 6, f"{[list(one) for one in middles]} instead of {wanted}"


@pytest.mark.parametrize(
    ("spacing", "unit", "source", "measured_in"),
    [
        pytest.param({}, "px", "no spacing", "px", id="none"),
        pytest.param({"PixelSpacing": [0.5, 0.5]}, "mm", "calibrated", "mm", id="patient"),
        # In the plane of the detector a length is not the patient's: the scale bar says so, the measurement stays in px.
        pytest.param({"ImagerPixelSpacing": [0.2, 0.2]}, "mm", "detector plane", "px", id="detector"),
    ],
)
def test_a_length_names_its_unit(
    open_page: Any, signed_in: Any, site: Any, spacing: dict[str, Any], unit: str, source: str, measured_in: str
) -> None:
    """Never mm without a spacing; and the scale bar says what the spacing is worth."""
    tile = shown(open_page("/nowhere", state=signed_in, width=900, height=700), site, {**rgb(0), **spacing})
    scale = tile.root.locator("[data-testid=scale]").inner_text()
    assert re.fullmatch(rf"[0-9.]+ ({unit}|cm) {source}", scale.replace("\n", " ").replace("px px", "px")) is not None, scale
    page = tile.page
    box = tile.root.bounding_box()
    page.keyboard.press("l")
    page.mouse.move(box["x"] + 250, box["y"] + 300)
    page.mouse.down()
    page.mouse.move(box["x"] + 400, box["y"] + 300, steps=4)
    page.mouse.up()
    per_pixel = spacing.get("PixelSpacing", [1])[0]
    zoom = min(box["width"], box["height"]) / SIDE
    wanted = 150 / zoom * per_pixel
    label = ""
    for _ in range(100):
        label = page.locator("[data-testid=tile-0] svg text").first.text_content()
        number = re.match(r"[0-9.]+", label)
        if number and abs(float(number[0]) - wanted) < 0.03 * wanted:
            break
        page.wait_for_timeout(20)
    assert label.endswith(f" {measured_in}"), label
    assert float(label.split()[0]) == pytest.approx(wanted, rel=0.03)
