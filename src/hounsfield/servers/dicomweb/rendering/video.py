"""Videos by the site's own ffmpeg: pictures go in by a pipe, an MP4 comes out by another (PS3.18 8.7.4).

No encoder comes with Hounsfield: those of video are patented or under copyleft licences. The program is run without a shell and without
files, with limits on memory, time and output, and is fed pictures of our own making only.
"""

from __future__ import annotations

import contextlib
import resource
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

import structlog

from hounsfield.model.errors import HounsfieldError, NotAcceptable, Unavailable

log = structlog.get_logger()

_MEMORY_BYTES = 4 << 30
_PIECE_BYTES = 256 << 10


@dataclass(frozen=True, slots=True)
class MovingPictures:
    """PNG pictures of one size, and how many are shown in a second."""

    pictures: Iterator[bytes]
    rate: float


class VideoEncoder:
    """path: of ffmpeg. timeout_s: for one video. most_bytes: of one video."""

    def __init__(self, path: str, timeout_s: float = 60.0, most_bytes: int = 256 << 20) -> None:
        self._path = path
        self._timeout_s = timeout_s
        self._most_bytes = most_bytes

    def encode(self, moving: MovingPictures) -> bytes:
        """An MP4 that can be played while it arrives.

        Raises: NotAcceptable where the program cannot make one, or it grows too large; Unavailable; what the iterator of pictures raises.
        """
        try:
            process = subprocess.Popen(
                self._command(moving.rate),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={"PATH": "/usr/bin:/bin", "LANG": "C"},
                start_new_session=True,
            )
        except OSError as exc:
            log.warning("video.encoder_missing", error=str(exc))
            raise Unavailable("the video encoder cannot be started") from exc
        timer = threading.Timer(self._timeout_s, process.kill)
        timer.start()
        try:
            with contextlib.suppress(OSError, ValueError):
                resource.prlimit(process.pid, resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
            return self._through(process, moving.pictures)
        finally:
            timer.cancel()
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):
                    if pipe is not None:
                        pipe.close()

    def _command(self, rate: float) -> list[str]:
        return [
            *(self._path, "-hide_banner", "-nostdin", "-loglevel", "error", "-threads", "1"),
            *("-f", "image2pipe", "-c:v", "png", "-framerate", f"{min(max(rate, 0.1), 100):.6g}", "-i", "pipe:0"),
            # Half of the colour in each direction: both sides must be even, and every player takes it.
            *("-an", "-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2", "-pix_fmt", "yuv420p", "-threads", "1"),
            *("-movflags", "frag_keyframe+empty_moov", "-f", "mp4", "pipe:1"),
        ]

    def _through(self, process: subprocess.Popen[bytes], pictures: Iterator[bytes]) -> bytes:
        assert process.stdin is not None and process.stdout is not None
        failed: list[HounsfieldError] = []
        feeder = threading.Thread(target=_feed, args=(process.stdin, pictures, failed), name="video")
        feeder.start()
        video = bytearray()
        while piece := process.stdout.read(_PIECE_BYTES):
            video += piece
            if len(video) > self._most_bytes:
                process.kill()
        feeder.join()
        code = process.wait()
        if failed:
            raise failed[0]
        if len(video) > self._most_bytes:
            raise NotAcceptable("the video would be too large: ask for fewer frames or a smaller viewport")
        if code or not video:
            log.warning("video.encoder_failed", code=code)
            raise NotAcceptable("the site's video encoder makes no MP4 of these frames")
        return bytes(video)


def _feed(pipe: IO[bytes], pictures: Iterator[bytes], failed: list[HounsfieldError]) -> None:
    try:
        with contextlib.closing(pipe):
            for picture in pictures:
                pipe.write(picture)
    except HounsfieldError as exc:
        failed.append(exc)
    except (OSError, ValueError):
        pass  # it ended early, and its exit says why
