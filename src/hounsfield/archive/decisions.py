"""Decision packs: what people decided, durable beside the objects and outliving the database."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from hounsfield.archive.disk import Disk
from hounsfield.archive.faults import unavailable
from hounsfield.archive.layout import Layout, pack_id_of
from hounsfield.archive.member import Member, MemberKind
from hounsfield.archive.member_writer import append
from hounsfield.archive.pack import SMALL_WINDOW_BYTES, OpenPack, PackIdentity
from hounsfield.archive.pack_files import create_pack, read_back
from hounsfield.archive.recovery import TailRecovery, is_unborn, open_identity, reopen

ALLOCATION_STEP_BYTES = 1 << 20
PACK_SIZE_BYTES = 64 << 20

Report = Callable[[str, str], None]


class DecisionLog:
    """Appends decisions and reads them back in their order. Thread-safe.

    new_identity: names a new pack. report: told the pack and the reason when a decision cannot be read.
    """

    def __init__(
        self, disk: Disk, layout: Layout, new_identity: Callable[[], PackIdentity], clock: Callable[[], int], report: Report
    ) -> None:
        self._disk = disk
        self._directory = layout.decisions
        self._new_identity = new_identity
        self._clock = clock
        self._report = report
        self._lock = threading.Lock()
        self._pack: OpenPack | None = None
        self._next_number: int | None = None
        """None until the packs of earlier runs have been read."""

    def append(self, record: Mapping[str, object]) -> None:
        """When this returns, the decision is durable. Raises: OutOfSpace, PackUnavailable; the decision is then not taken."""
        body = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()
        with self._lock:
            number = self._start()
            pack = self._writable()
            # Spent even where this fails: should a refused decision come back after a crash, it takes no other's place.
            self._next_number = number + 1
            try:
                append(pack, MemberKind.DECISION, f"decisions/{number}.json", body, self._clock())
            except BaseException:
                if pack.poisoned:
                    self._pack = None
                    pack.close()
                raise

    def read(self) -> Iterator[Mapping[str, object]]:
        """Every decision, the oldest first. Raises: PackUnavailable."""
        with self._lock:
            self._start()
            found = self._load(writable=False)
        for _number, record in found:
            yield record

    def _writable(self) -> OpenPack:
        pack = self._pack
        if pack is not None and pack.end_offset_bytes < PACK_SIZE_BYTES:
            return pack
        if pack is not None:
            pack.close()
            self._pack = None
        self._pack = create_pack(self._disk, self._directory, self._new_identity(), ALLOCATION_STEP_BYTES, SMALL_WINDOW_BYTES)
        return self._pack

    def _start(self) -> int:
        """The number of the next decision; at the first call, the packs of earlier runs are read and the last is opened again."""
        if self._next_number is None:
            found = self._load(writable=True)
            self._next_number = found[-1][0] + 1 if found else 1
        return self._next_number

    def _load(self, *, writable: bool) -> list[tuple[int, Mapping[str, object]]]:
        found: list[tuple[int, Mapping[str, object]]] = []
        try:
            for name in self._disk.names(self._directory):
                pack_id = pack_id_of(name)
                if pack_id is not None:
                    found += self._load_pack(self._directory / name, pack_id, writable=writable)
        except OSError as error:
            raise unavailable(error, "reading the decisions") from error
        return sorted(found, key=lambda numbered: numbered[0])

    def _load_pack(self, path: Path, pack_id: str, *, writable: bool) -> list[tuple[int, Mapping[str, object]]]:
        descriptor, identity = open_identity(self._disk, path, pack_id, writable=writable)
        kept = False
        try:
            if identity is None:
                self._bury(path, pack_id, descriptor, writable=writable)
                return []
            if writable:
                self._disk.fdatasync(descriptor)
                self._disk.forget_cached(descriptor, 0)
            tail = TailRecovery(self._disk, descriptor, identity, 0, MemberKind.DECISION)
            found = [(_number_of(member), self._read_record(descriptor, member)) for member in tail]
            for problem in tail.problems if writable else ():
                self._report(pack_id, problem)
            if writable and not tail.problems:
                pack = reopen(self._disk, path, descriptor, identity, tail, ALLOCATION_STEP_BYTES, SMALL_WINDOW_BYTES)
                if self._pack is None and pack.end_offset_bytes < PACK_SIZE_BYTES and read_back(pack):
                    self._pack, kept = pack, True
            return found
        finally:
            if not kept:
                self._disk.close(descriptor)

    def _read_record(self, descriptor: int, member: Member) -> Mapping[str, object]:
        record: Mapping[str, object] = json.loads(self._disk.pread(descriptor, member.data_set_length_bytes, member.body_offset_bytes))
        return record

    def _bury(self, path: Path, pack_id: str, descriptor: int, *, writable: bool) -> None:
        if writable and is_unborn(self._disk, descriptor):
            self._disk.unlink(path)
            self._disk.fsync_directory(path.parent)
        elif writable:
            self._report(pack_id, "its own header is damaged")

    def close(self) -> None:
        """Close the open pack."""
        with self._lock:
            if self._pack is not None:
                self._pack.close()
                self._pack = None
            self._next_number = None


def _number_of(member: Member) -> int:
    return int(member.path.removeprefix("decisions/").removesuffix(".json"))
