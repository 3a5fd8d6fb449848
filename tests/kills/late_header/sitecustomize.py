"""A broken Hounsfield: a member's header reaches its pack only some time after the sender has been answered.

Python imports a module of this name by itself when its folder is in PYTHONPATH; the test that the proof notices puts it there.
"""

from __future__ import annotations

import threading

from hounsfield.archive import member_writer
from hounsfield.archive.disk import Buffer, Disk, write_fully
from hounsfield.archive.member import ROOM_BYTES

LATE_S = 0.1
_MAGIC = slice(257, 262)


def _late(disk: Disk, descriptor: int, data: Buffer, offset: int) -> None:
    if bytes(data[_MAGIC]) != b"ustar":
        write_fully(disk, descriptor, data, offset)
        return
    header = bytes(data[:ROOM_BYTES])
    write_fully(disk, descriptor, data[ROOM_BYTES:], offset + ROOM_BYTES)
    threading.Timer(LATE_S, write_fully, (disk, descriptor, header, offset)).start()


member_writer.write_fully = _late
