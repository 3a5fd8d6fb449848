"""Packs as files: made, read back, set aside."""

from __future__ import annotations

import contextlib
from pathlib import Path

from hounsfield.archive.disk import Disk
from hounsfield.archive.faults import unavailable
from hounsfield.archive.layout import Layout, pack_file
from hounsfield.archive.member import MemberKind
from hounsfield.archive.member_writer import append
from hounsfield.archive.pack import FIRST_MEMBER_OFFSET_BYTES, PACK_PATH, OpenPack, PackIdentity
from hounsfield.archive.walk import walk
from hounsfield.model.errors import Unavailable


def create_pack(disk: Disk, directory: Path, identity: PackIdentity, allocation_step_bytes: int, window_bytes: int) -> OpenPack:
    """A new pack, its name and its own header durable. Raises: OutOfSpace, PackUnavailable."""
    path = pack_file(directory, identity.pack_id)
    try:
        descriptor = disk.create(path)
    except OSError as error:
        raise unavailable(error, "making a new pack") from error
    pack = OpenPack(disk, path, descriptor, identity, allocation_step_bytes, window_bytes)
    try:
        append(pack, MemberKind.PACK, PACK_PATH, identity.to_json(), identity.created_at_ns)
        disk.fsync_directory(directory)
    except (OSError, Unavailable) as error:
        _remove_unborn(disk, pack)
        if isinstance(error, OSError):
            raise unavailable(error, "making a new pack") from error
        raise
    return pack


def _remove_unborn(disk: Disk, pack: OpenPack) -> None:
    """Nothing was ever acknowledged out of this pack."""
    pack.close()
    with contextlib.suppress(OSError):
        disk.unlink(pack.path)


def move_aside(disk: Disk, layout: Layout, path: Path) -> None:
    """As far as the failing disk lets us: a pack that stays where it is will be judged again at the next start."""
    with contextlib.suppress(OSError):
        disk.rename(path, layout.aside / path.name)
        disk.fsync_directory(layout.aside)
        disk.fsync_directory(layout.open)


def read_back(pack: OpenPack) -> bool:
    """Learn the next number and the paths of a reopened pack from all its headers; False where they do not lead to its end.

    Raises: OSError.
    """
    paths: set[int] = set()
    sequence, end = 1, FIRST_MEMBER_OFFSET_BYTES
    for member in walk(pack.disk, pack.descriptor, pack.identity, FIRST_MEMBER_OFFSET_BYTES, 1):
        paths.add(hash(member.path))
        sequence, end = member.sequence + 1, member.end_offset_bytes
    if end != pack.end_offset_bytes:
        return False
    pack.paths, pack.sequence = paths, sequence
    return True
