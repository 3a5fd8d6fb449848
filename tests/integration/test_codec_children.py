"""The pool of decoding children: what they decode, what they survive, what they cost."""

from __future__ import annotations

import contextlib
import gc
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import imagecodecs
import numpy as np
import psutil
import pytest

from hounsfield.codecs import message
from hounsfield.codecs.decode import decode
from hounsfield.codecs.describe import describe
from hounsfield.codecs.frame import FrameDescription
from hounsfield.codecs.pool import CodecPool
from hounsfield.codecs.presentation import PictureFormat, Presentation, RenderRequest, Window
from hounsfield.dicom.header import scan
from hounsfield.dicom.part10 import read_prefix
from hounsfield.model.errors import InvalidInput, Unavailable, UndecodablePixels, UnreadableObject

pytestmark = pytest.mark.no_database

LITTLE, JPEG_2000, JPEG_LS, JPEG_LOSSLESS = (
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2.4.90",
    "1.2.840.10008.1.2.4.80",
    "1.2.840.10008.1.2.4.70",
)
SIZE = 512
CT = FrameDescription(LITTLE, SIZE, SIZE, 1, "MONOCHROME2", 0, 16, 16, 15, 1)
SLICE = (np.hypot(*np.indices((SIZE, SIZE)) - SIZE / 2) * 5 - 1000).astype("<i2")
SOFT = Presentation(window=Window(40, 400))


@pytest.fixture(scope="module")
def pool() -> Iterator[CodecPool]:
    with CodecPool(children=2) as pool:
        yield pool


def children() -> list[psutil.Process]:
    alive = (child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE)
    return [child for child in alive if "hounsfield.codecs.child" in " ".join(child.cmdline())]


def until(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        threading.Event().wait(0.01)
    return True


def test_a_child_answers_what_the_decoder_answers(pool: CodecPool) -> None:
    stream = bytes(imagecodecs.jpeg2k_encode(SLICE.view(np.uint16), codecformat="J2K", reversible=True))
    description = replace(CT, transfer_syntax_uid=JPEG_2000)
    answer = pool.decode(stream, description)
    assert answer == decode(stream, description)
    assert answer.data == SLICE.tobytes()
    assert pool.decode(memoryview(SLICE.tobytes()), CT).data == SLICE.tobytes()


def test_pictures(pool: CodecPool) -> None:
    frame = SLICE.tobytes()
    assert pool.render(frame, CT, SOFT, RenderRequest())[:2] == b"\xff\xd8"
    assert pool.render(frame, CT, SOFT, RenderRequest(PictureFormat.PNG))[:4] == b"\x89PNG"
    with pytest.raises(InvalidInput):
        pool.render(frame, CT, SOFT, RenderRequest(viewport=(0, 0)))
    with pytest.raises(InvalidInput):
        pool.render(frame, CT, SOFT, RenderRequest(region=(600, 0, 10, 10)))


def test_frames_of_all_sizes_one_after_the_other(pool: CodecPool) -> None:
    for side in (16, 3000, 17, 5000, 64):
        description = replace(CT, rows=side, columns=side)
        frame = np.random.default_rng(side).integers(-1000, 1000, (side, side)).astype("<i2").tobytes()
        assert pool.decode(frame, description).data == frame
        assert len(pool.render(frame, description, SOFT, RenderRequest(PictureFormat.PNG, quality=100))) > side


def test_noise_as_png_finds_room(pool: CodecPool) -> None:
    noise = np.random.default_rng(3).integers(0, 255, (1000, 1000, 3), dtype=np.uint8)
    description = FrameDescription(LITTLE, 1000, 1000, 3, "RGB", 0, 8, 8, 7, 0)
    for request in (RenderRequest(PictureFormat.PNG), RenderRequest(quality=100), RenderRequest(PictureFormat.PNG, viewport=(1500, 1500))):
        assert pool.render(noise.tobytes(), description, Presentation(), request)


def test_many_threads_share_a_few_children(pool: CodecPool) -> None:
    def work(number: int) -> bool:
        shifted = np.roll(SLICE, number)
        return pool.decode(shifted.tobytes(), CT).data == shifted.tobytes()

    with ThreadPoolExecutor(16) as executor:
        assert all(executor.map(work, range(64)))
    assert len(children()) <= 2


def test_children_start_when_needed_and_end_with_the_pool() -> None:
    before = len(children())
    with CodecPool(children=4) as pool:
        assert len(children()) == before
        pool.decode(SLICE.tobytes(), CT)
        pool.decode(SLICE.tobytes(), CT)
        assert len(children()) == before + 1
    assert len(children()) == before
    with pytest.raises(Unavailable):
        pool.decode(SLICE.tobytes(), CT)


def test_an_idle_child_ends_and_the_next_frame_gets_a_new_one() -> None:
    with CodecPool(idle_s=0.2) as pool:
        pool.decode(SLICE.tobytes(), CT)
        child = newest_child()
        assert until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
        assert pool.decode(SLICE.tobytes(), CT).data == SLICE.tobytes()


def newest_child() -> psutil.Process:
    return max(children(), key=lambda child: child.create_time())


def test_a_killed_child_costs_at_most_one_frame() -> None:
    with CodecPool() as pool:
        for _ in range(3):
            pool.decode(SLICE.tobytes(), CT)
            child = newest_child()
            child.kill()
            assert until(lambda child=child: child.status() == psutil.STATUS_ZOMBIE)
            with pytest.raises(UndecodablePixels, match="SIGKILL"):
                pool.decode(SLICE.tobytes(), CT)
            assert pool.decode(SLICE.tobytes(), CT).data == SLICE.tobytes()


def test_a_hanging_child_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    with CodecPool() as pool:
        pool.decode(SLICE.tobytes(), CT)
        hanging = newest_child()
        hanging.suspend()
        # For this frame alone: on a busy machine a new child may take as long to start.
        with monkeypatch.context() as short, pytest.raises(UndecodablePixels, match="longer than"):
            short.setattr(pool, "_timeout_s", 0.3)
            pool.decode(SLICE.tobytes(), CT)
        assert not hanging.is_running()
        assert pool.decode(SLICE.tobytes(), CT).data == SLICE.tobytes()


def test_waiting_for_a_child_has_an_end() -> None:
    with CodecPool(children=1, timeout_s=5, patience_s=0.1) as pool:
        pool.decode(SLICE.tobytes(), CT)
        hanging = newest_child()
        hanging.suspend()
        with ThreadPoolExecutor(2) as executor:
            first = executor.submit(pool.decode, SLICE.tobytes(), CT)
            assert until(lambda: pool.busy == 1)
            with pytest.raises(Unavailable, match="busy"):
                pool.decode(SLICE.tobytes(), CT)
            hanging.resume()
            assert first.result().data == SLICE.tobytes()


def test_a_child_that_lies_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(
        [
            (message.ANSWER_PIXELS, 1 << 31, b"[]"),
            (message.ANSWER_PIXELS, 10, b"[]"),
            (message.ANSWER_PIXELS, SIZE * SIZE * 2, b'{"a": 1}'),
            (message.ANSWER_PIXELS, SIZE * SIZE * 2, b'[511, 512, 1, "MONOCHROME2", 0, 16, 16, 15, 1]'),
            (message.ANSWER_PIXELS, SIZE * SIZE * 2, b'[512, 512, 1, "MONOCHROME2", 0, "x", 16, 15, 1]'),
            (77, 0, b"what"),
        ]
    )
    monkeypatch.setattr(message, "receive_answer", lambda channel: next(answers))
    with CodecPool() as pool:
        for _ in range(6):
            with pytest.raises(UndecodablePixels):
                pool.decode(SLICE.tobytes(), CT)


def test_a_child_is_confined() -> None:
    with CodecPool(memory_limit_bytes=700 << 20) as pool:
        pool.render(SLICE.tobytes(), CT, SOFT, RenderRequest())
        limits = Path(f"/proc/{newest_child().pid}/limits").read_text(encoding="ascii")
    rows = {line[:26].strip(): line[26:].split()[:2] for line in limits.splitlines()[1:]}
    assert rows["Max core file size"] == ["0", "0"]
    assert rows["Max file size"] == ["0", "0"]
    assert rows["Max address space"] == [str(700 << 20)] * 2
    assert rows["Max open files"] == ["64", "64"]
    assert rows["Max cpu time"][0] != "unlimited"


def test_a_child_is_small_and_the_parent_stays_as_it_is(pool: CodecPool) -> None:
    frame = SLICE.tobytes()
    for _ in range(20):
        pool.render(frame, CT, SOFT, RenderRequest())
    gc.collect()
    before = psutil.Process().memory_info().rss
    for _ in range(300):
        pool.render(frame, CT, SOFT, RenderRequest())
        pool.decode(frame, CT)
    gc.collect()
    assert psutil.Process().memory_info().rss - before < 8 << 20
    with CodecPool() as fresh:
        for _ in range(5):
            fresh.render(frame, CT, SOFT, RenderRequest(viewport=(128, 128)))
        assert newest_child().memory_info().rss < 60 << 20


def test_bombs_are_refused_before_anything_is_allocated(pool: CodecPool) -> None:
    small = bytes(imagecodecs.jpeg2k_encode(np.zeros((64, 64), np.uint8), codecformat="J2K", reversible=True))
    huge = bytearray(small)
    huge[8:16] = (65000).to_bytes(4, "big") * 2
    for rows, columns in ((64, 64), (65000, 65000), (16000, 16000)):
        description = replace(CT, transfer_syntax_uid=JPEG_2000, rows=rows, columns=columns, bits_allocated=8, bits_stored=8, high_bit=7)
        before = psutil.Process().memory_info().rss
        with pytest.raises(UndecodablePixels):
            pool.decode(bytes(huge), description)
        assert psutil.Process().memory_info().rss - before < 64 << 20


def test_a_frame_above_the_childs_memory_is_refused_and_the_pool_lives() -> None:
    flat = bytes(imagecodecs.jpeg2k_encode(np.zeros((8000, 8000), np.uint16), codecformat="J2K", reversible=True))
    description = replace(CT, transfer_syntax_uid=JPEG_2000, rows=8000, columns=8000)
    with CodecPool(memory_limit_bytes=300 << 20) as pool:
        with pytest.raises(UndecodablePixels):
            pool.decode(flat, description)
        assert pool.decode(SLICE.tobytes(), CT).data == SLICE.tobytes()


ENCODED = {
    JPEG_2000: bytes(imagecodecs.jpeg2k_encode(SLICE.view(np.uint16)[:128, :128].copy(), codecformat="J2K", reversible=True)),
    JPEG_LS: bytes(imagecodecs.jpegls_encode(SLICE.view(np.uint16)[:128, :128].copy())),
    JPEG_LOSSLESS: bytes(imagecodecs.jpeg8_encode(SLICE.view(np.uint16)[:128, :128].copy(), lossless=True)),
    "1.2.840.10008.1.2.4.201": bytes(imagecodecs.htj2k_encode(SLICE.view(np.uint16)[:128, :128].copy(), reversible=True)),
    "1.2.840.10008.1.2.4.110": bytes(imagecodecs.jpegxl_encode(SLICE.view(np.uint16)[:128, :128].copy(), lossless=True)),
}


@pytest.mark.parametrize("syntax", ENCODED)
def test_damaged_streams_are_errors_or_pictures(pool: CodecPool, syntax: str) -> None:
    stream = ENCODED[syntax]
    description = replace(CT, transfer_syntax_uid=syntax, rows=128, columns=128)
    generator = np.random.default_rng(20)
    for attempt in range(60):
        damaged = bytearray(stream)
        if attempt % 2:
            damaged = damaged[: int(generator.integers(0, len(stream)))]
        for _ in range(attempt // 6):
            if damaged:
                damaged[int(generator.integers(0, len(damaged)))] = int(generator.integers(0, 256))
        with contextlib.suppress(UndecodablePixels):
            assert len(pool.decode(bytes(damaged), description).data) == 128 * 128 * 2
    assert pool.decode(stream, description).data == SLICE[:128, :128].tobytes()


def test_hostile_files_are_errors_or_pictures(corpus: Path, pool: CodecPool) -> None:
    outcomes = {"picture": 0, "refused": 0, "not an object": 0}
    slowest = 0.0
    for path in sorted(path for folder in ("fuzz", "edge") for path in (corpus / folder).rglob("*") if path.is_file()):
        raw = path.read_bytes()
        try:
            meta = read_prefix(raw)
            if meta is None:
                raise UnreadableObject(path.name)
            data_set = raw[meta.length_bytes :]
            scanned = scan(data_set, meta.transfer_syntax_uid)
            spans = [scanned.frame_table.frame(index) for index in range(min(scanned.frame_table.count, 2))]
        except UnreadableObject:
            outcomes["not an object"] += 1
            continue
        frames = [b"".join(data_set[at : at + length] for at, length in span.fragments) for span in spans] or [b""]
        for index, frame in enumerate(frames):
            started = time.monotonic()
            try:
                image = describe(data_set[: scanned.header_length_bytes + 12], meta.transfer_syntax_uid)
                pool.render(frame, image.frame(index), image.presentation(index), RenderRequest(viewport=(128, 128)))
                outcomes["picture"] += 1
            except (UndecodablePixels, InvalidInput):
                outcomes["refused"] += 1
            slowest = max(slowest, time.monotonic() - started)
    assert outcomes["picture"] > 10 and outcomes["refused"] > 5
    assert slowest < 5
    assert pool.decode(SLICE.tobytes(), CT).data == SLICE.tobytes()


def test_children_do_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    program = (
        "import os, sys, signal, psutil\n"
        "from hounsfield.codecs.pool import CodecPool\n"
        "from hounsfield.codecs.frame import FrameDescription\n"
        "pool = CodecPool()\n"
        "pool.decode(bytes(8), FrameDescription('1.2.840.10008.1.2.1', 2, 2, 1, 'MONOCHROME2', 0, 16, 16, 15, 0))\n"
        "print(psutil.Process().children()[0].pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert finished.returncode == -signal.SIGKILL
    pid = int(finished.stdout)
    assert until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)


def test_no_descriptor_is_left_behind() -> None:
    def work() -> None:
        with CodecPool() as pool:
            for side in (16, 4000, 16):
                pool.decode(bytes(side * side * 2), replace(CT, rows=side, columns=side))

    work()
    gc.collect()
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        work()
    gc.collect()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_child_outlives_the_thread_that_started_it() -> None:
    with CodecPool() as pool:
        with ThreadPoolExecutor(1) as executor:
            executor.submit(pool.decode, SLICE.tobytes(), CT).result()
        child = newest_child()
        assert pool.decode(SLICE.tobytes(), CT).data == SLICE.tobytes()
        assert newest_child() == child
