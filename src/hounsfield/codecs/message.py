"""What passes between a codec pool and its children.

Pixels travel in a window of shared memory that the parent owns; requests and answers are short messages on a socket pair.
The child is not trusted: the parent never unpickles what it says, only a fixed head and JSON.
"""

from __future__ import annotations

import json
import pickle
import socket
import struct
from dataclasses import dataclass
from typing import Any

from hounsfield.codecs.frame import DecodedFrame, EncodedFrame, FrameDescription
from hounsfield.codecs.loss import Loss
from hounsfield.codecs.presentation import Presentation, RenderRequest
from hounsfield.model.errors import InvalidInput, UndecodablePixels

_HEAD = struct.Struct("<BII")
_MAX_ANSWER_TEXT = 64 << 10
_MAX_CODE_STRING = 16

ANSWER_PIXELS, ANSWER_UNDECODABLE, ANSWER_INVALID, ANSWER_LEAVING = range(4)


@dataclass(frozen=True, slots=True)
class Job:
    """One frame to decode, to encode anew where there is a target, or to render where there is a request.

    frame_length_bytes: of the encoded frame at the beginning of the window.
    window_bytes: size of the window; its descriptor comes with the job when it is a new one.
    limit_bytes: of the decoded frame.
    target_uid: transfer syntax in which the frame shall be encoded without loss.
    loss: transfer syntax in which it shall be encoded with loss, and how much of it.
    """

    frame_length_bytes: int
    window_bytes: int
    description: FrameDescription
    presentation: Presentation | None
    request: RenderRequest | None
    limit_bytes: int
    target_uid: str = ""
    loss: Loss | None = None


def send_job(channel: socket.socket, job: Job, new_window: int | None) -> None:
    """The descriptor of a new window rides along with the message."""
    body = pickle.dumps(job, pickle.HIGHEST_PROTOCOL)
    message = struct.pack("<IB", len(body), new_window is not None) + body
    if new_window is None:
        channel.sendall(message)
        return
    sent = socket.send_fds(channel, [message], [new_window])
    if sent < len(message):
        channel.sendall(message[sent:])


def receive_job(channel: socket.socket) -> tuple[Job, int | None] | None:
    """For the child, which trusts its parent. None when the parent has gone."""
    head, descriptors, _, _ = socket.recv_fds(channel, 5, 1)
    if not head:
        return None
    head += _receive(channel, 5 - len(head))
    length, with_window = struct.unpack("<IB", head)
    job = pickle.loads(_receive(channel, length))
    return job, descriptors[0] if with_window and descriptors else None


def send_answer(channel: socket.socket, kind: int, length_bytes: int = 0, text: bytes = b"") -> None:
    """length_bytes: of the pixels or the picture at the beginning of the window."""
    text = text[:_MAX_ANSWER_TEXT]
    channel.sendall(_HEAD.pack(kind, length_bytes, len(text)) + text)


def receive_answer(channel: socket.socket) -> tuple[int, int, bytes]:
    """Raises: EOFError when the child has gone; TimeoutError."""
    kind, length_bytes, text_bytes = _HEAD.unpack(_receive(channel, _HEAD.size))
    if text_bytes > _MAX_ANSWER_TEXT:
        raise EOFError("an answer that no child of ours would give")
    return kind, length_bytes, _receive(channel, text_bytes)


def attributes_text(frame: DecodedFrame) -> bytes:
    """All of a decoded frame but its data."""
    return json.dumps([getattr(frame, name) for name in _ATTRIBUTES]).encode()


def decoded_frame(data: bytes, text: bytes, description: FrameDescription) -> DecodedFrame:
    """From the child's words, held against what was asked for. Raises: UndecodablePixels."""
    try:
        values = dict(zip(_ATTRIBUTES, json.loads(text), strict=True))
    except (ValueError, TypeError) as exc:
        raise UndecodablePixels("a decoder answered nonsense") from exc
    numbers_are_numbers = all(isinstance(values[name], int) for name in _ATTRIBUTES if name != "photometric_interpretation")
    same_shape = (values["rows"], values["columns"], values["samples_per_pixel"]) == (
        description.rows,
        description.columns,
        description.samples_per_pixel,
    )
    if not numbers_are_numbers or not same_shape or len(data) != description.native_length_bytes:
        raise UndecodablePixels("a decoder answered something other than the frame that was described")
    return DecodedFrame(data=data, **values)


def encoded_frame(data: bytes, text: bytes) -> EncodedFrame:
    """From the child's words. Raises: UndecodablePixels."""
    try:
        photometric = json.loads(text)
    except ValueError as exc:
        raise UndecodablePixels("an encoder answered nonsense") from exc
    if not isinstance(photometric, str) or len(photometric) > _MAX_CODE_STRING or not data:
        raise UndecodablePixels("an encoder answered something other than a frame")
    return EncodedFrame(data, photometric)


def raise_refusal(kind: int, text: bytes) -> None:
    """Raises: InvalidInput, UndecodablePixels."""
    words = text.decode("utf-8", "replace")
    if kind == ANSWER_INVALID:
        raise InvalidInput(words)
    raise UndecodablePixels(words)


_ATTRIBUTES = tuple(name for name in DecodedFrame.__slots__ if name != "data")


def _receive(channel: socket.socket, length: int) -> bytes:
    parts: list[Any] = []
    while length:
        part = channel.recv(min(length, 1 << 20))
        if not part:
            raise EOFError("the other end has gone")
        parts.append(part)
        length -= len(part)
    return b"".join(parts)
