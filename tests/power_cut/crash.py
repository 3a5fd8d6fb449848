"""What may be left on a disk when the power goes between two operations."""

from __future__ import annotations

import random
from pathlib import Path

from power_cut.simulated_disk import Flush, FlushNames, Name, Operation, Resize, SimulatedDisk, Write

SECTOR_BYTES = (512, 4096)
KEPT_SHARE = (0.0, 0.1, 0.5, 0.9, 1.0)


class _File:
    """durable: what is on the disk for certain. pending: what the page cache may or may not have written since."""

    def __init__(self, durable: bytes = b"") -> None:
        self.durable = bytearray(durable)
        self.pending: list[Write | Resize] = []

    def flush(self) -> None:
        for operation in self.pending:
            apply(self.durable, operation)
        self.pending.clear()


def apply(content: bytearray, operation: Write | Resize) -> None:
    """As the page cache does it."""
    if isinstance(operation, Write):
        end = operation.offset + len(operation.data)
        if len(content) < end:
            content.extend(bytes(end - len(content)))
        content[operation.offset : end] = operation.data
    elif operation.length < len(content):
        del content[operation.length :]
    else:
        content.extend(bytes(operation.length - len(content)))


class Platter:
    """Follows a journal, and makes images of what a power cut may leave.

    Of the writes that no flush has covered, each sector may hold what it held before any of them; a file may have any length it had
    since; of the names, any subset of those not flushed may be there. A directory made by `make_directory` is durable.
    """

    def __init__(self, start: SimulatedDisk) -> None:
        self._directories = set(start.directories)
        self._files = {inode: _File(bytes(content)) for inode, content in start.files.items()}
        self._names = dict(start.entries)
        self._pending_names: list[tuple[Name, set[Path]]] = []

    def follow(self, operation: Operation) -> None:
        """One more operation was done before the power goes."""
        match operation:
            case Write() | Resize():
                self._files.setdefault(operation.inode, _File()).pending.append(operation)
            case Flush():
                self._files.setdefault(operation.inode, _File()).flush()
            case Name():
                waits = {path.parent for path in (operation.source, operation.target) if path is not None}
                self._pending_names.append((operation, waits))
            case FlushNames():
                self._flush_names(operation.directory)

    def _flush_names(self, directory: Path) -> None:
        still = []
        for name, waits in self._pending_names:
            waits.discard(directory)
            if waits:
                still.append((name, waits))
            else:
                _apply_name(self._names, name)
        self._pending_names = still

    def image(self, chance: random.Random) -> SimulatedDisk:
        """One disk that may be found after the power cut."""
        disk = SimulatedDisk()
        disk.directories = set(self._directories)
        disk.entries = dict(self._names)
        share = chance.choice(KEPT_SHARE)
        for name, _waits in self._pending_names:
            if chance.random() < share:
                _apply_name(disk.entries, name)
        sector = chance.choice(SECTOR_BYTES)
        for inode in set(disk.entries.values()):
            disk.files[inode] = self._survivor(self._files.get(inode, _File()), chance, sector)
        disk.start_numbers_behind(max(self._files, default=0))
        return disk

    def _survivor(self, file: _File, chance: random.Random, sector: int) -> bytearray:
        found = bytearray(file.durable)
        if not file.pending:
            return found
        cached = bytearray(file.durable)
        lengths = [len(cached)]
        share = chance.choice(KEPT_SHARE)
        for operation in file.pending:
            before = len(cached)
            apply(cached, operation)
            lengths.append(len(cached))
            for start in _touched(operation, before, sector):
                if chance.random() < share:
                    piece = cached[start : start + sector]
                    _put(found, start, piece + bytes(sector - len(piece)))
        length = chance.choice((lengths[-1], chance.choice(lengths)))
        del found[length:]
        found.extend(bytes(length - len(found)))
        return found


def _touched(operation: Write | Resize, length_before: int, sector: int) -> range:
    if isinstance(operation, Write):
        return range(operation.offset // sector * sector, operation.offset + len(operation.data), sector)
    if operation.length < length_before:
        return range(operation.length // sector * sector, length_before, sector)
    return range(0)


def _put(content: bytearray, start: int, piece: bytes | bytearray) -> None:
    if len(content) < start + len(piece):
        content.extend(bytes(start + len(piece) - len(content)))
    content[start : start + len(piece)] = piece


def _apply_name(names: dict[Path, int], name: Name) -> None:
    if name.source is not None and names.get(name.source) == name.inode:
        del names[name.source]
    if name.target is not None:
        names[name.target] = name.inode
