"""A pool of processes that decode and render, so that a hostile frame costs one answer and not the server."""

from __future__ import annotations

import contextlib
import fcntl
import math
import mmap
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from types import TracebackType

from hounsfield.codecs import message
from hounsfield.codecs.frame import MAX_FRAME_BYTES, DecodedFrame, EncodedFrame, FrameDescription
from hounsfield.codecs.geometry import geometry_of
from hounsfield.codecs.loss import MOST_ATTEMPTS, Loss
from hounsfield.codecs.presentation import Presentation, RenderRequest
from hounsfield.model.errors import Unavailable, UndecodablePixels

_SMALLEST_WINDOW_BYTES = 1 << 20
_KEPT_WINDOW_BYTES = 32 << 20
"""A larger window is given back after the frame that needed it."""

_SHORTEST_TIMEOUT_S = 3.0
_SECONDS_PER_SAMPLE = 2e-6
"""Some twenty times what the slowest decoder takes: a small damaged stream that sends one into a loop holds its child for 3 s."""

_PASSED_ON = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG", "TMPDIR")


class CodecPool:
    """Decodes and renders in up to `children` processes, started when they are first needed. Thread-safe; calls block.

    memory_limit_bytes: address space of one child.
    timeout_s: for one frame, less for a small one; a child that takes longer is killed and the frame is refused.
    patience_s: how long a call waits for a child to be free before it is refused as Unavailable.
    idle_s: after which a child without work ends by itself.
    frame_limit_bytes: no frame is decoded that would be larger.
    """

    def __init__(
        self,
        children: int = 1,
        memory_limit_bytes: int = 2 << 30,
        timeout_s: float = 20.0,
        patience_s: float = 30.0,
        idle_s: float = 120.0,
        frame_limit_bytes: int = MAX_FRAME_BYTES,
    ) -> None:
        self._memory_limit_bytes = memory_limit_bytes
        self._timeout_s = timeout_s
        self._patience_s = patience_s
        self._idle_s = idle_s
        self._frame_limit_bytes = frame_limit_bytes
        self._slots = threading.BoundedSemaphore(children)
        self._guard = threading.Lock()
        self._idle: list[_Child] = []
        self._busy = 0
        self._closed = False

    def decode(self, frame: bytes | memoryview, description: FrameDescription) -> DecodedFrame:
        """Returns the frame as Explicit VR Little Endian carries it. Raises: UndecodablePixels, Unavailable."""
        description.check(self._frame_limit_bytes)
        job = message.Job(len(frame), description.native_length_bytes, description, None, None, self._frame_limit_bytes)
        data, text = self._run(job, frame)
        return message.decoded_frame(data, text, description)

    def encode(self, frame: bytes | memoryview, description: FrameDescription, target_uid: str) -> EncodedFrame:
        """Returns the frame in one of `codecs.encode.ENCODABLE`, without loss. Raises: UndecodablePixels, Unavailable."""
        description.check(self._frame_limit_bytes)
        # No lossless code makes noise longer than this.
        room = description.native_length_bytes * 2 + 65536
        job = message.Job(len(frame), room, description, None, None, self._frame_limit_bytes, target_uid)
        return message.encoded_frame(*self._run(job, frame))

    def compress(self, frame: bytes | memoryview, description: FrameDescription, loss: Loss) -> EncodedFrame:
        """Returns the frame with no more loss than was asked for. Raises: UndecodablePixels, Unavailable."""
        description.check(self._frame_limit_bytes)
        # Noise takes no more than twice its length in any of the codes, whatever little of it is lost.
        room = description.native_length_bytes * 2 + 65536
        job = message.Job(len(frame), room, description, None, None, self._frame_limit_bytes, loss=loss)
        return message.encoded_frame(*self._run(job, frame))

    def render(self, frame: bytes | memoryview, description: FrameDescription, presentation: Presentation, request: RenderRequest) -> bytes:
        """Returns a JPEG, PNG or GIF. Raises: UndecodablePixels, InvalidInput, Unavailable."""
        description.check(self._frame_limit_bytes)
        width, height = geometry_of(description.rows, description.columns, presentation, request).size
        # No format grows noise by more than this.
        room = (width + 16) * (height + 16) * 4 + 65536 + 2 * len(presentation.icc_profile)
        job = message.Job(len(frame), room, description, presentation, request, self._frame_limit_bytes)
        return self._run(job, frame)[0]

    @property
    def busy(self) -> int:
        """Calls that have a child now."""
        with self._guard:
            return self._busy

    def close(self) -> None:
        """Ends all children; a call that is under way ends its own when it is done. Safe to repeat."""
        with self._guard:
            self._closed = True
            children, self._idle = self._idle, []
        for child in children:
            child.end()

    def __enter__(self) -> CodecPool:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _run(self, job: message.Job, frame: bytes | memoryview) -> tuple[bytes, bytes]:
        samples = job.description.pixels * job.description.samples_per_pixel
        timeout_s = min(self._timeout_s, _SHORTEST_TIMEOUT_S + _SECONDS_PER_SAMPLE * samples) * (MOST_ATTEMPTS if job.loss else 1)
        with self._borrowed() as lease:
            try:
                kind, data, text = lease.child.run(job, frame, timeout_s)
                if kind == message.ANSWER_LEAVING:
                    # It left for lack of work just when work came; the next one is new and stays.
                    lease.replace(self._start())
                    kind, data, text = lease.child.run(job, frame, timeout_s)
            except TimeoutError as exc:
                lease.discard()
                raise UndecodablePixels(f"the frame took longer than {timeout_s:.3g} s to decode") from exc
            except (EOFError, OSError) as exc:
                raise UndecodablePixels(f"the decoder failed on this frame ({lease.discard()})") from exc
        if kind != message.ANSWER_PIXELS:
            message.raise_refusal(kind, text)
        return data, text

    @contextlib.contextmanager
    def _borrowed(self) -> Iterator[_Lease]:
        if not self._slots.acquire(timeout=self._patience_s):
            raise Unavailable("all decoders are busy")
        try:
            with self._guard:
                if self._closed:
                    raise Unavailable("the decoders have been shut down")
                child = self._idle.pop() if self._idle else None
                self._busy += 1
            try:
                lease = _Lease(child or self._start())
                try:
                    yield lease
                finally:
                    self._take_back(lease)
            finally:
                with self._guard:
                    self._busy -= 1
        finally:
            self._slots.release()

    def _take_back(self, lease: _Lease) -> None:
        if lease.discarded:
            return
        with self._guard:
            if not self._closed:
                self._idle.append(lease.child)
                return
        lease.discard()

    def _start(self) -> _Child:
        try:
            return _Child(self._memory_limit_bytes, math.ceil(self._timeout_s), math.ceil(self._idle_s))
        except OSError as exc:
            raise Unavailable(f"no decoder could be started: {exc}") from exc


class _Lease:
    """A child while one call uses it."""

    def __init__(self, child: _Child) -> None:
        self.child = child
        self.discarded = False

    def replace(self, child: _Child) -> None:
        self.child.end()
        self.child = child

    def discard(self) -> str:
        self.discarded = True
        return self.child.end()


class _Child:
    """One process, its socket and its window of shared memory. Used by one thread at a time."""

    def __init__(self, memory_limit_bytes: int, cpu_limit_s: int, idle_s: int) -> None:
        self._channel, theirs = socket.socketpair()
        self._window: mmap.mmap | None = None
        limits = [str(theirs.fileno()), str(memory_limit_bytes), str(cpu_limit_s), str(idle_s)]
        # One thread each: BLAS would reserve address space for every processor.
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        environment |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "hounsfield.codecs.child", *limits],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                env=environment,
                start_new_session=True,
            )
        except OSError:
            self._channel.close()
            raise
        finally:
            theirs.close()

    def run(self, job: message.Job, frame: bytes | memoryview, timeout_s: float) -> tuple[int, bytes, bytes]:
        """Returns kind, pixels and text of the answer. Raises: TimeoutError, EOFError, OSError."""
        new_window = self._make_room(max(job.frame_length_bytes, job.window_bytes))
        try:
            window = self._window
            if window is None:
                raise EOFError("the window was lost")
            window[: job.frame_length_bytes] = bytes(frame) if isinstance(frame, memoryview) else frame
            room = len(window)
            sized = replace(job, window_bytes=room)
            deadline = time.monotonic() + timeout_s
            self._channel.settimeout(timeout_s)
            with contextlib.suppress(BrokenPipeError):
                # Where it has gone and said goodbye, that word is still in the socket.
                message.send_job(self._channel, sized, new_window)
            self._channel.settimeout(max(0.001, deadline - time.monotonic()))
            kind, length, text = message.receive_answer(self._channel)
        finally:
            if new_window is not None:
                os.close(new_window)
        if length > room:
            raise EOFError("an answer that no child of ours would give")
        data = window[:length]
        if room > _KEPT_WINDOW_BYTES:
            window.close()
            self._window = None
        return kind, data, text

    def end(self) -> str:
        """Ends the process if it still runs and says how it ended."""
        self._channel.close()
        try:
            self._process.wait(timeout=0.2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._window is not None:
            self._window.close()
            self._window = None
        code = self._process.returncode
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"

    def _make_room(self, length: int) -> int | None:
        """Sees to a window of `length` bytes; returns the descriptor of a new one, which the child must be given."""
        if self._window is not None and length <= len(self._window):
            return None
        if self._window is not None:
            self._window.close()
            self._window = None
        size = max(_SMALLEST_WINDOW_BYTES, 1 << (length - 1).bit_length())
        descriptor = os.memfd_create("hounsfield-frame", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            os.ftruncate(descriptor, size)
            # A child that made it shorter would take us down with SIGBUS.
            fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
            self._window = mmap.mmap(descriptor, size)
        except OSError:
            os.close(descriptor)
            raise
        return descriptor
