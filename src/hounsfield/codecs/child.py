"""The process that decodes: `python -m hounsfield.codecs.child FD MEMORY_LIMIT CPU_LIMIT IDLE`.

Native decoders read whatever was sent to us. They run here, under limits, where a crash costs one frame.
"""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import resource
import select
import socket
import sys

from hounsfield.codecs import message
from hounsfield.codecs.compress import compress
from hounsfield.codecs.decode import decode
from hounsfield.codecs.encode import encode
from hounsfield.codecs.loss import MOST_ATTEMPTS
from hounsfield.codecs.render import render
from hounsfield.model.errors import InvalidInput, UndecodablePixels

_MAX_DESCRIPTORS = 64
_PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 4, 38


def main(arguments: list[str]) -> int:
    """Serves jobs until the parent goes or nothing came for a while."""
    descriptor, memory_limit_bytes, cpu_limit_s, idle_s = (int(argument) for argument in arguments)
    channel = socket.socket(fileno=descriptor)
    _confine(memory_limit_bytes)
    window: mmap.mmap | None = None
    while True:
        if not select.select([channel], [], [], idle_s)[0]:
            message.send_answer(channel, message.ANSWER_LEAVING)
            return 0
        received = message.receive_job(channel)
        if received is None:
            return 0
        job, new_window = received
        if new_window is not None:
            if window is not None:
                window.close()
            window = mmap.mmap(new_window, job.window_bytes)
            os.close(new_window)
        if window is None:
            return 1
        _allow_cpu(cpu_limit_s * (MOST_ATTEMPTS if job.loss else 1))
        _serve(channel, job, window)


def _serve(channel: socket.socket, job: message.Job, window: mmap.mmap) -> None:
    try:
        text = b""
        with memoryview(window) as view, view[: job.frame_length_bytes] as frame:
            if job.target_uid or job.loss:
                if job.loss:
                    encoded = compress(frame, job.description, job.loss, job.limit_bytes)
                else:
                    encoded = encode(frame, job.description, job.target_uid, job.limit_bytes)
                result, text = encoded.data, json.dumps(encoded.photometric_interpretation).encode()
            elif job.request is None or job.presentation is None:
                decoded = decode(frame, job.description, job.limit_bytes)
                result, text = decoded.data, message.attributes_text(decoded)
            else:
                result = render(frame, job.description, job.presentation, job.request, job.limit_bytes)
        if len(result) > len(window):
            raise UndecodablePixels("the picture is larger than could be expected")
        window[: len(result)] = result
    except UndecodablePixels as exc:
        message.send_answer(channel, message.ANSWER_UNDECODABLE, 0, str(exc).encode())
    except InvalidInput as exc:
        message.send_answer(channel, message.ANSWER_INVALID, 0, str(exc).encode())
    except MemoryError:
        message.send_answer(channel, message.ANSWER_UNDECODABLE, 0, b"the frame needs more memory than a decoder is given")
    else:
        message.send_answer(channel, message.ANSWER_PIXELS, len(result), text)


def _confine(memory_limit_bytes: int) -> None:
    """No core dumps, no files, bounded memory, no way back to more.

    The parent's end is seen on the socket. PR_SET_PDEATHSIG would kill the child at the end of the *thread* that started it.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_MAX_DESCRIPTORS, _MAX_DESCRIPTORS))
    resource.setrlimit(resource.RLIMIT_AS, (memory_limit_bytes, memory_limit_bytes))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _allow_cpu(seconds: int) -> None:
    """The limit counts from the process's birth: it is moved on before each job."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + 1 + seconds, hard))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
