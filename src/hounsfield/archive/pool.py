"""The pool of open packs: one borrower a pack, as many packs as objects arrive at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from hounsfield.archive.disk import Disk
from hounsfield.archive.layout import Layout
from hounsfield.archive.pack import FIRST_MEMBER_OFFSET_BYTES, FORMAT, NODE_MAX_CHARACTERS, OpenPack, PackIdentity
from hounsfield.archive.pack_files import create_pack, move_aside, read_back
from hounsfield.model.errors import ArchiveBusy, ConfigurationError

AFFINITIES_MAX = 64
"""Series remembered for one pack."""

NONCE_BYTES = 32
PACK_ID_BYTES = 16


class PackPool:
    """Lends open packs and makes new ones.

    pack_size_bytes: a pack that has grown so long is sealed. members_max: one with so many members too, so that its catalogue stays small.
    on_set_aside: told the pack and the reason when a pack has failed and will never be written again.
    """

    def __init__(
        self,
        disk: Disk,
        layout: Layout,
        *,
        node: str,
        pack_size_bytes: int,
        members_max: int,
        allocation_step_bytes: int,
        window_bytes: int,
        open_packs_max: int,
        busy_wait_s: float,
        clock: Callable[[], int],
        entropy: Callable[[int], bytes],
        on_set_aside: Callable[[str, str], None],
    ) -> None:
        if len(node) > NODE_MAX_CHARACTERS:
            raise ConfigurationError(f"the node's name {node!r} has more than {NODE_MAX_CHARACTERS} characters")
        self._disk = disk
        self._layout = layout
        self._node = node
        self._pack_size_bytes = pack_size_bytes
        self._members_max = members_max
        self._allocation_step_bytes = allocation_step_bytes
        self._window_bytes = window_bytes
        self._open_packs_max = open_packs_max
        self._busy_wait_s = busy_wait_s
        self._clock = clock
        self._entropy = entropy
        self._on_set_aside = on_set_aside
        self._changed = threading.Condition()
        self._idle: list[OpenPack] = []
        self._full: list[OpenPack] = []
        self._count = 0
        """Of packs idle or lent; the full ones wait to be sealed and no longer count."""
        self._held: set[str] = set()

    def borrow(self, affinity: str) -> OpenPack:
        """A pack for one member, by preference one that holds the series `affinity`.

        Raises: ArchiveBusy, OutOfSpace, PackUnavailable.
        """
        while True:
            pack = self._take(affinity)
            if pack is None:
                break
            if pack.paths is not None or self._read_back(pack):
                return pack
        try:
            return self._create()
        except BaseException:
            self._forget()
            raise

    def _take(self, affinity: str) -> OpenPack | None:
        """An idle pack; None says that a new one may be made. Raises: ArchiveBusy."""
        deadline = 0.0
        with self._changed:
            while not self._idle:
                if self._count < self._open_packs_max:
                    self._count += 1
                    return None
                now = time.monotonic()
                deadline = deadline or now + self._busy_wait_s
                if now >= deadline:
                    raise ArchiveBusy(f"more than {self._open_packs_max} objects are arriving at once")
                self._changed.wait(deadline - now)
            return self._choose(affinity)

    def _choose(self, affinity: str) -> OpenPack:
        if affinity:
            for position, pack in enumerate(self._idle):
                if affinity in pack.affinities:
                    return self._idle.pop(position)
        # The one used last: those no longer needed grow idle and are sealed.
        return self._idle.pop()

    def _read_back(self, pack: OpenPack) -> bool:
        """Make a pack of an earlier run ready; one that contradicts itself is set aside."""
        try:
            if read_back(pack):
                return True
            reason = "its members do not lead to where the index says that it ends"
        except OSError as error:
            reason = f"cannot be read: {error.strerror or error}"
        self._forget()
        self.set_aside(pack, reason)
        return False

    def give_back(self, pack: OpenPack, affinity: str, *, retire: bool = False) -> None:
        """Return a borrowed pack; a series it now holds is remembered. retire: it is not lent again, and sealed."""
        if pack.poisoned:
            self._forget()
            self.set_aside(pack, "a write or flush failed")
            return
        if affinity and affinity not in pack.affinities:
            pack.affinities[affinity] = None
            if len(pack.affinities) > AFFINITIES_MAX:
                del pack.affinities[next(iter(pack.affinities))]
        pack.released_at_ns = self._clock()
        with self._changed:
            if retire or pack.end_offset_bytes >= self._pack_size_bytes or pack.sequence > self._members_max:
                self._full.append(pack)
                self._count -= 1
            else:
                self._idle.append(pack)
            self._changed.notify()

    def _forget(self) -> None:
        with self._changed:
            self._count -= 1
            self._changed.notify()

    def adopt(self, pack: OpenPack) -> None:
        """Take in a pack that recovery has opened again; one of an earlier format is sealed."""
        with self._changed:
            self._held.add(pack.pack_id)
            roomy = pack.end_offset_bytes < self._pack_size_bytes and pack.sequence <= self._members_max
            if roomy and pack.identity.format == FORMAT and self._count < self._open_packs_max:
                self._idle.append(pack)
                self._count += 1
            else:
                self._full.append(pack)
            self._changed.notify()

    def take_sealable(self, released_before_ns: int) -> list[OpenPack]:
        """Take out the packs that are full, and those that nobody has used since then. Those without a member stay."""
        with self._changed:
            idle = [
                pack
                for pack in self._idle
                if pack.released_at_ns <= released_before_ns and pack.end_offset_bytes > FIRST_MEMBER_OFFSET_BYTES
            ]
            self._idle = [pack for pack in self._idle if pack not in idle]
            self._count -= len(idle)
            full, self._full = self._full, []
            self._changed.notify_all()
            return full + idle

    def holds(self, pack_id: str) -> bool:
        """Whether this pack is open here."""
        with self._changed:
            return pack_id in self._held

    def let_go(self, pack: OpenPack) -> None:
        """Close a pack that is not appended to any more."""
        with self._changed:
            self._held.discard(pack.pack_id)
        pack.close()

    def put_back_sealable(self, pack: OpenPack) -> None:
        """A pack that could not be sealed now, to be tried again."""
        with self._changed:
            self._full.append(pack)

    def _create(self) -> OpenPack:
        pack = create_pack(self._disk, self._layout.open, self.new_identity(), self._allocation_step_bytes, self._window_bytes)
        with self._changed:
            self._held.add(pack.pack_id)
        return pack

    def new_identity(self) -> PackIdentity:
        """The name and the secret of a new pack."""
        return PackIdentity(self._entropy(PACK_ID_BYTES).hex(), self._node, self._entropy(NONCE_BYTES), self._clock())

    def set_aside(self, pack: OpenPack, reason: str) -> None:
        """Never write to this pack again; what it holds stays readable."""
        move_aside(self._disk, self._layout, pack.path)
        self.let_go(pack)
        self._on_set_aside(pack.pack_id, reason)

    def close(self) -> None:
        """Close the idle and the full packs; they are appended to again after the next start."""
        with self._changed:
            packs, self._idle, self._full = self._idle + self._full, [], []
            self._count = 0
        for pack in packs:
            pack.close()
