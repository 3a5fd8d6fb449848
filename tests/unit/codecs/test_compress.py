"""What is compressed lossily loses no more than was asked for, as decoders of others see it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import openjpeg
import pytest

from codec_kit.by_gdcm import gdcm_frame
from hounsfield.codecs.codestream import read_jpeg2000_header, read_jpeg_header
from hounsfield.codecs.compress import COMPRESSORS, compress
from hounsfield.codecs.frame import FrameDescription, SampleKind
from hounsfield.codecs.loss import (
    HTJ2K,
    JPEG_2000,
    JPEG_BASELINE,
    JPEG_EXTENDED,
    JPEG_LS_NEAR_LOSSLESS,
    MEASURES,
    Loss,
    Measure,
    loss_of,
    why_not,
)
from hounsfield.codecs.pool import CodecPool
from hounsfield.model.errors import InvalidInput, UndecodablePixels

EXPLICIT = "1.2.840.10008.1.2.1"
ROWS, COLUMNS = 150, 203


def lossy(uid: str, amount: float) -> Loss:
    return loss_of(uid, {MEASURES[uid]: amount})


def described(allocated: int = 16, stored: int = 12, samples: int = 1, photometric: str = "", *, signed: bool = False) -> FrameDescription:
    name = photometric or ("MONOCHROME2" if samples == 1 else "RGB")
    return FrameDescription(EXPLICIT, ROWS, COLUMNS, samples, name, 0, allocated, stored, stored - 1, int(signed))


def picture(description: FrameDescription, lowest: float = 0.0) -> np.ndarray:
    """Waves under a little noise, from `lowest` to the end of the range, both as parts of it; of signed samples around their middle."""
    random = np.random.default_rng(11)
    y, x = np.mgrid[0:ROWS, 0:COLUMNS]
    size = 1 << description.bits_stored
    planes = [(np.sin(x / 23 + plane) + np.cos(y / 17) + 2) / 4 for plane in range(description.samples_per_pixel)]
    values = (lowest + np.stack(planes, -1) * (0.97 - lowest)) * size + random.normal(0, size / 300, (ROWS, COLUMNS, len(planes)))
    values = np.clip(values, lowest * size, size - 1) - (size // 2 if description.signed else 0)
    return values.astype(f"<{'i' if description.signed else 'u'}{description.bits_allocated // 8}")


def psnr_db(found: np.ndarray, samples: np.ndarray) -> float:
    noise = float(((found.astype(float) - samples.astype(float)) ** 2).mean())
    return math.inf if noise == 0 else 20 * math.log10(float(np.ptp(samples.astype(float)))) - 10 * math.log10(noise)


@pytest.mark.parametrize(("uid", "description"), [(JPEG_BASELINE, described(8, 8)), (JPEG_EXTENDED, described())])
def test_grey_jpeg_as_gdcm_reads_it(uid: str, description: FrameDescription) -> None:
    samples = picture(description)
    sizes = []
    for quality, least_db in ((95, 45), (50, 33)):
        coded = compress(samples.tobytes(), description, lossy(uid, quality))
        header = read_jpeg_header(coded.data)
        assert (header.process, header.precision) == (0xC0 if uid == JPEG_BASELINE else 0xC1, description.bits_stored)
        found = gdcm_frame(coded.data, replace(description, transfer_syntax_uid=uid))
        assert psnr_db(found, samples) > least_db
        assert not np.array_equal(found, samples)
        assert coded.photometric_interpretation == "MONOCHROME2"
        sizes.append(len(coded.data))
    assert sizes[1] < sizes[0] < samples.nbytes / 2


@pytest.mark.parametrize("near", [1, 5])
@pytest.mark.parametrize(
    ("description", "lowest"),
    [
        (described(8, 8), 0.0),
        (described(), 0.0),
        (described(16, 16), 0.0),
        (described(16, 16, signed=True), 0.45),
        (described(8, 8, 3), 0.0),
    ],
)
def test_near_lossless_as_gdcm_reads_it(description: FrameDescription, lowest: float, near: int) -> None:
    """The largest error is NEAR: not less, or nothing was gained, and not more."""
    samples = picture(description, lowest)
    if description.signed:
        samples = np.minimum(samples, (1 << description.bits_stored - 1) - 1 - near)
    coded = compress(samples.tobytes(), description, lossy(JPEG_LS_NEAR_LOSSLESS, near))
    assert read_jpeg_header(coded.data).precision == description.bits_stored
    found = gdcm_frame(coded.data, replace(description, transfer_syntax_uid=JPEG_LS_NEAR_LOSSLESS))
    assert np.abs(found.astype(int) - samples.astype(int)).max() == near
    assert coded.photometric_interpretation == description.photometric_interpretation


def test_a_sign_that_would_flip_is_refused() -> None:
    """JPEG-LS knows no sign: the greatest sample is next to the least one."""
    description = described(16, 12, signed=True)
    samples = picture(description)
    samples[20:90] = 2047 - np.arange(COLUMNS).reshape(1, COLUMNS, 1) % 5
    with pytest.raises(UndecodablePixels, match="sign"):
        compress(samples.tobytes(), description, lossy(JPEG_LS_NEAR_LOSSLESS, 4))


@pytest.mark.parametrize("least_db", [40, 55])
@pytest.mark.parametrize("uid", [JPEG_2000, HTJ2K])
@pytest.mark.parametrize(
    "description",
    [
        described(16, 10),
        described(),
        described(signed=True),
        described(16, 16),
        described(16, 16, signed=True),
        described(16, 12, 3),
    ],
)
def test_wavelets_as_openjpeg_reads_them(description: FrameDescription, uid: str, least_db: float) -> None:
    samples = picture(description)
    coded = compress(samples.tobytes(), description, lossy(uid, least_db))
    header = read_jpeg2000_header(coded.data)
    assert (header.precision, header.signed, header.irreversible) == (description.bits_stored, description.signed, True)
    assert header.high_throughput == (uid == HTJ2K)
    assert header.multiple_component_transform == (description.samples_per_pixel == 3)
    assert coded.photometric_interpretation == ("YBR_ICT" if description.samples_per_pixel == 3 else "MONOCHROME2")
    found = np.asarray(openjpeg.decode(coded.data)).reshape(samples.shape)
    assert least_db - 0.01 <= psnr_db(found, samples) < least_db + 3
    assert len(coded.data) < samples.nbytes / (8 if least_db == 40 else 3)


@pytest.mark.parametrize("uid", [JPEG_2000, HTJ2K])
def test_noise_is_held_against_what_the_frame_holds(uid: str) -> None:
    """A CT of 12 bits in 16 is not kept worse for the bits that it does not use; a frame without an edge costs nothing."""
    description = described(16, 16)
    samples = picture(described())
    coded = compress(samples.tobytes(), description, lossy(uid, 45))
    assert psnr_db(np.asarray(openjpeg.decode(coded.data)).reshape(samples.shape), samples) >= 45
    even = np.full_like(samples, 1000)
    coded = compress(even.tobytes(), description, lossy(uid, 60))
    assert np.abs(np.asarray(openjpeg.decode(coded.data)).astype(int) - 1000).max() == 0
    assert len(coded.data) < 2000


def test_what_is_no_red_green_and_blue_is_not_rotated() -> None:
    description = described(8, 8, 3, "YBR_FULL")
    samples = picture(description)
    for uid in (JPEG_2000, HTJ2K):
        coded = compress(samples.tobytes(), description, lossy(uid, 40))
        assert coded.photometric_interpretation == "YBR_FULL"
        assert psnr_db(np.asarray(openjpeg.decode(coded.data)), samples) >= 40


def test_more_than_a_wavelet_can_do_is_refused() -> None:
    description = described(8, 8)
    with pytest.raises(UndecodablePixels, match="90 dB"):
        compress(picture(description).tobytes(), description, lossy(JPEG_2000, 90))


REFUSED = [
    (described(8, 8, 1, "PALETTE COLOR"), tuple(MEASURES)),
    (described(8, 8, 3, "YBR_PARTIAL_422"), tuple(MEASURES)),
    (described(8, 8, 4, "CMYK"), tuple(MEASURES)),
    (replace(described(32, 32), kind=SampleKind.FLOAT), tuple(MEASURES)),
    (described(32, 32), tuple(MEASURES)),
    (described(1, 1), tuple(MEASURES)),
    (replace(described(), high_bit=15), tuple(MEASURES)),
    (replace(described(), transfer_syntax_uid="1.2.840.10008.1.2.4.102"), tuple(MEASURES)),
    (described(8, 8, signed=True), (JPEG_BASELINE, JPEG_EXTENDED)),
    (described(8, 7), (JPEG_BASELINE, JPEG_EXTENDED)),
    (described(), (JPEG_BASELINE,)),
    (described(8, 8), (JPEG_EXTENDED,)),
    (described(16, 16), (JPEG_BASELINE, JPEG_EXTENDED)),
    (described(16, 12, 3), (JPEG_BASELINE, JPEG_EXTENDED)),
    (described(8, 3), (JPEG_LS_NEAR_LOSSLESS,)),
]


@pytest.mark.parametrize(("description", "uids"), REFUSED)
def test_what_is_not_compressed_lossily(description: FrameDescription, uids: tuple[str, ...]) -> None:
    assert set(COMPRESSORS) == set(MEASURES)
    for uid in uids:
        loss = lossy(uid, {Measure.QUALITY: 80, Measure.NEAR: 4, Measure.PSNR: 40}[MEASURES[uid]])
        assert why_not(description, loss)
        with pytest.raises(UndecodablePixels):
            compress(bytes(description.native_length_bytes), description, loss)


def test_bits_above_bits_stored_are_refused() -> None:
    samples = picture(described(16, 16))
    for uid, amount in ((JPEG_EXTENDED, 90), (JPEG_LS_NEAR_LOSSLESS, 2), (JPEG_2000, 40), (HTJ2K, 40)):
        with pytest.raises(UndecodablePixels, match="12 bits stored"):
            compress(samples.tobytes(), described(), lossy(uid, amount))


@pytest.mark.parametrize(
    ("uid", "amounts"),
    [
        (JPEG_BASELINE, {}),
        (JPEG_BASELINE, {Measure.PSNR: 40}),
        (JPEG_BASELINE, {Measure.QUALITY: 90, Measure.NEAR: 1}),
        (JPEG_BASELINE, {Measure.QUALITY: 0}),
        (JPEG_BASELINE, {Measure.QUALITY: 101}),
        (JPEG_BASELINE, {Measure.QUALITY: 90.5}),
        (JPEG_LS_NEAR_LOSSLESS, {Measure.NEAR: 0}),
        (JPEG_LS_NEAR_LOSSLESS, {Measure.NEAR: 256}),
        (JPEG_2000, {Measure.PSNR: math.nan}),
        (HTJ2K, {Measure.PSNR: 5}),
    ],
)
def test_a_loss_is_told_in_the_measure_of_its_syntax(uid: str, amounts: dict[Measure, float | None]) -> None:
    with pytest.raises(InvalidInput):
        loss_of(uid, amounts)


def test_the_pool_compresses_in_its_children() -> None:
    description = described()
    samples = picture(description)
    loss = lossy(JPEG_2000, 50)
    with CodecPool() as pool:
        coded = pool.compress(samples.tobytes(), description, loss)
        with pytest.raises(UndecodablePixels):
            pool.compress(samples.tobytes()[:100], description, loss)
    assert coded == compress(samples.tobytes(), description, loss)
