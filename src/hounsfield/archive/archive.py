"""The archive: the one writing process' view of all packs."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import structlog

from hounsfield.archive.catalogue import read_catalogue, read_footer
from hounsfield.archive.decisions import DecisionLog
from hounsfield.archive.disk import Disk, OsDisk
from hounsfield.archive.faults import is_no_space, unavailable
from hounsfield.archive.incoming import Incoming
from hounsfield.archive.layout import Layout, pack_id_of
from hounsfield.archive.member import room_for
from hounsfield.archive.pack import WINDOW_BYTES, OpenPack
from hounsfield.archive.pack_files import move_aside, read_back
from hounsfield.archive.pool import PackPool
from hounsfield.archive.reader import PackReader
from hounsfield.archive.recovery import PackProblem, RecoveredObject, TailRecovery, is_unborn, open_identity, recovered, reopen
from hounsfield.archive.renditions import RenditionLog
from hounsfield.archive.sealing import FrameTableOf, seal, undo
from hounsfield.archive.tar_format import padded
from hounsfield.archive.walk import ends_a_member
from hounsfield.model.errors import OutOfSpace, PackUnavailable, Unavailable

_log = structlog.get_logger(__name__)

PACK_SIZE_BYTES = 1 << 30
ALLOCATION_STEP_BYTES = 64 << 20
MEMBERS_MAX = 32_768
OPEN_PACKS_MAX = 16
BUSY_WAIT_S = 5.0
SEAL_AFTER_IDLE_S = 300.0


class Archive:
    """Takes objects and decisions in, durably.

    node: the name of this node, kept in every pack it makes; 32 characters at most.
    pack_size_bytes: a pack that has grown so long is sealed, as is one with `members_max` members or one idle for `seal_after_idle_s`.
    allocation_step_bytes: room is reserved on the disk in such steps.
    window_bytes: of each open pack's buffer, a multiple of 512; an object that fits is written by one call.
    open_packs_max: objects that may arrive at once; a further one waits `busy_wait_s` at most.
    frame_table_of: asked, while sealing, for the frame tables of objects stored by an earlier run; without them the catalogue lacks those.
    clock: nanoseconds since 1970-01-01 UTC. entropy: so many random bytes, fit for secrets.

    Raises: ArchiveLocked where another process writes here; ConfigurationError, OutOfSpace, PackUnavailable.
    """

    def __init__(
        self,
        root: Path,
        *,
        node: str = "local",
        pack_size_bytes: int = PACK_SIZE_BYTES,
        members_max: int = MEMBERS_MAX,
        allocation_step_bytes: int = ALLOCATION_STEP_BYTES,
        window_bytes: int = WINDOW_BYTES,
        open_packs_max: int = OPEN_PACKS_MAX,
        busy_wait_s: float = BUSY_WAIT_S,
        seal_after_idle_s: float = SEAL_AFTER_IDLE_S,
        frame_table_of: FrameTableOf = lambda _member: None,
        disk: Disk | None = None,
        clock: Callable[[], int] = time.time_ns,
        entropy: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._disk: Disk = disk if disk is not None else OsDisk()
        self._layout = Layout(root)
        self._clock = clock
        self._seal_after_idle_ns = round(seal_after_idle_s * 1e9)
        self._allocation_step_bytes = allocation_step_bytes
        self._window_bytes = window_bytes
        self.problems: list[PackProblem] = []
        """Packs that a person should look at, as recovery and writing found them."""
        self.reader = PackReader(root, disk=self._disk)
        """Of its packs, open ones among them."""
        self._pool = PackPool(
            self._disk,
            self._layout,
            node=node,
            pack_size_bytes=pack_size_bytes,
            members_max=members_max,
            allocation_step_bytes=allocation_step_bytes,
            window_bytes=window_bytes,
            open_packs_max=open_packs_max,
            busy_wait_s=busy_wait_s,
            clock=clock,
            entropy=entropy,
            on_set_aside=self._report,
        )
        self._frame_table_of = frame_table_of
        self._decisions = DecisionLog(self._disk, self._layout, self._pool.new_identity, clock, self._report)
        self.renditions = RenditionLog(self._disk, self._layout, self._pool.new_identity, clock, self._report)
        """What was made of its objects."""
        self._make_directories()
        self._lock = self._disk.lock(self._layout.lock)

    def _make_directories(self) -> None:
        try:
            for directory in (self._layout.root, *self._layout.directories, self._layout.decisions, self._layout.renditions):
                self._disk.make_directory(directory)
        except OSError as error:
            raise unavailable(error, f"making {self._layout.root}") from error

    def _report(self, pack_id: str, reason: str) -> None:
        self.problems.append(PackProblem(pack_id, reason))
        _log.error("archive.pack_problem", pack_id=pack_id, reason=reason)

    def receive(self, prefix: bytes, *, affinity: str = "", largest_overlay: bytes = b"") -> Incoming:
        """Begin an object. prefix: its preamble, prefix and file meta information. affinity: its series, where that is known already.

        largest_overlay: what it may be given, or something shorter.
        Raises: InvalidInput, ArchiveBusy, OutOfSpace, PackUnavailable, UnreadableObject.
        """
        room_bytes = room_for(largest_overlay)
        pack = self._pool.borrow(affinity)
        try:
            return Incoming(self._pool, pack, prefix, affinity, self._clock, room_bytes)
        except BaseException:
            self._pool.give_back(pack, "")
            raise

    def recover(self, indexed_through: Mapping[str, int]) -> Iterator[RecoveredObject]:
        """What the packs hold beyond what the index has seen, pack by pack and in each in the order received.

        indexed_through: by pack, the offset behind the last object the index has. To be exhausted before anything is received; open
        packs are then appended to again. A pack that cannot be read is reported in `problems`, and does not stop the others. Called again
        while the archive runs, it reads alone: whoever has lost objects on the way to the index may ask for them.
        Raises: PackUnavailable where not even the directories can be read.
        """
        for directory in (self._layout.sealed, self._layout.aside, self._layout.open):
            for pack_id, path in self._packs_in(directory):
                # The index may count to the last byte of an object; the next one begins on a block's edge.
                through = padded(indexed_through.get(pack_id, 0))
                try:
                    if directory == self._layout.open and not self._pool.holds(pack_id):
                        yield from self._recover_open(pack_id, path, through)
                    else:
                        yield from self._recover_closed(pack_id, path, through)
                except OSError as error:
                    self._report(pack_id, f"cannot be read: {error.strerror or error}")

    def _packs_in(self, directory: Path) -> list[tuple[str, Path]]:
        try:
            names = self._disk.names(directory)
        except OSError as error:
            raise unavailable(error, f"looking into {directory}") from error
        return [(pack_id, directory / name) for name in names if (pack_id := pack_id_of(name)) is not None]

    def _recover_closed(self, pack_id: str, path: Path, through: int) -> Iterator[RecoveredObject]:
        if through >= self._disk.size_of(path):
            return
        descriptor, identity = open_identity(self._disk, path, pack_id, writable=False)
        try:
            if identity is None:
                self._report(pack_id, "its own header is damaged")
                return
            footer = read_footer(self._disk, descriptor, identity)
            if footer is not None and through >= footer.objects_end_bytes:
                return
            entries = None if footer is None else read_catalogue(self._disk, descriptor, identity, footer)
            if entries is not None:
                for entry in entries:
                    if entry.member.offset_bytes >= through:
                        yield recovered(self.reader, entry.member, identity, entry.header, entry.frame_table)
                return
            if path.parent == self._layout.sealed:
                self._report(pack_id, "its catalogue is damaged: the objects themselves were read")
            tail = TailRecovery(self._disk, descriptor, identity, through)
            for member in tail:
                yield recovered(self.reader, member, identity)
            for problem in tail.problems:
                self._report(pack_id, problem)
        finally:
            self._disk.close(descriptor)

    def _recover_open(self, pack_id: str, path: Path, through: int) -> Iterator[RecoveredObject]:
        descriptor, identity = open_identity(self._disk, path, pack_id, writable=True)
        adopted = False
        try:
            if identity is None:
                self._bury(pack_id, path, descriptor)
                return
            # What a killed process had written is in the page cache, not yet on the disk: what is accepted here must be durable.
            self._disk.fdatasync(descriptor)
            self._disk.forget_cached(descriptor, through)
            tail = TailRecovery(self._disk, descriptor, identity, through)
            if through and not ends_a_member(self._disk, descriptor, identity, through):
                tail = TailRecovery(self._disk, descriptor, identity, 0)
                tail.problems.append(f"the index has it through {through}, where no member ends")
            for member in tail:
                yield recovered(self.reader, member, identity)
            if tail.problems:
                for problem in tail.problems:
                    self._report(pack_id, problem)
                move_aside(self._disk, self._layout, path)
                return
            self._pool.adopt(reopen(self._disk, path, descriptor, identity, tail, self._allocation_step_bytes, self._window_bytes))
            adopted = True
        finally:
            if not adopted:
                self._disk.close(descriptor)

    def _bury(self, pack_id: str, path: Path, descriptor: int) -> None:
        """A pack whose own header cannot be read: either it was never finished, or somebody must look at it."""
        if is_unborn(self._disk, descriptor):
            self._disk.unlink(path)
            self._disk.fsync_directory(path.parent)
        else:
            self._report(pack_id, "its own header is damaged")

    def decide(self, record: Mapping[str, object]) -> None:
        """Keep a decision; `record` is JSON. When this returns, it outlives a power cut. Raises: OutOfSpace, PackUnavailable."""
        self._decisions.append(record)

    def decisions(self) -> Iterator[Mapping[str, object]]:
        """Every decision ever taken, the oldest first. Raises: PackUnavailable."""
        return self._decisions.read()

    def seal_idle(self) -> list[str]:
        """Seal the packs that are full, and those that nobody has used for a while. To be called now and then by one thread.

        Returns the packs sealed. One that cannot be sealed for want of space is tried again; one that fails otherwise is set aside.
        """
        sealed = []
        for pack in self._pool.take_sealable(self._clock() - self._seal_after_idle_ns):
            objects_end, sequence = pack.end_offset_bytes, pack.sequence
            try:
                if pack.paths is None and not read_back(pack):
                    raise PackUnavailable("its members do not lead to where the index says that it ends")
                sequence = pack.sequence
                seal(pack, self._layout, self._frame_table_of, self._clock())
            except (OSError, OutOfSpace, PackUnavailable) as error:
                self._leave_unsealed(pack, objects_end, sequence, error)
            else:
                self._pool.let_go(pack)
                sealed.append(pack.pack_id)
        return sealed

    def _leave_unsealed(self, pack: OpenPack, objects_end: int, sequence: int, error: OSError | Unavailable) -> None:
        no_space = isinstance(error, OutOfSpace) or (isinstance(error, OSError) and is_no_space(error))
        if no_space and not pack.poisoned and pack.path.parent == self._layout.open:
            try:
                undo(pack, objects_end, sequence)
            except OSError as also:
                error = also
            else:
                self._pool.put_back_sealable(pack)
                return
        self._pool.set_aside(pack, f"cannot be sealed: {error}")

    def close(self) -> None:
        """Close all files and give up the lock. Nothing is lost by not calling it."""
        self._pool.close()
        self._decisions.close()
        self.renditions.close()
        self.reader.close()
        self._disk.close(self._lock)
