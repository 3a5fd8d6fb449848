"""A seeded, random day of an archive on a simulated disk, and what was acknowledged when."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import xxhash

from hounsfield.archive.archive import Archive
from hounsfield.archive.incoming import Incoming
from hounsfield.archive.member import NO_DIGEST, ROOM_BYTES, Member, MemberKind, MemberNames, encode
from hounsfield.archive.pack import FIRST_MEMBER_OFFSET_BYTES
from hounsfield.archive.renditions import KeptRendition
from hounsfield.model.errors import DamagedObject
from hounsfield.model.location import Digests, StoredObject
from hounsfield.model.rendition import Original
from power_cut.simulated_disk import SimulatedDisk

ROOT = Path("/data/packs")
WINDOW_BYTES = 4096
OVERLAYS = (b"", b"{}" * 20, b"{}" * 400)
PLANTED = "9.9.9.9"
"""The series of planted members: nothing of it may ever be found."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """An object whose store was answered when the journal was `at` operations long."""

    at: int
    stored: StoredObject
    content: bytes


@dataclass(frozen=True, slots=True)
class Rendered:
    """A rendition that was acknowledged when the journal was `at` operations long."""

    at: int
    kept: KeptRendition
    content: bytes


@dataclass(slots=True)
class History:
    """What happened. attempted: every content that some commit began to write, and the journal's length then."""

    acknowledged: list[Acknowledged] = field(default_factory=list)
    attempted: dict[bytes, int] = field(default_factory=dict)
    decided: list[tuple[int, int]] = field(default_factory=list)
    deciding: list[tuple[int, int]] = field(default_factory=list)
    sealed: list[tuple[int, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    rendered: list[Rendered] = field(default_factory=list)


class Clock:
    """Time that stands still until it is moved."""

    def __init__(self) -> None:
        self.now_ns = 1_700_000_000_000_000_000

    def __call__(self) -> int:
        self.now_ns += 1_000
        return self.now_ns


def small_archive(disk: SimulatedDisk, chance: random.Random, clock: Clock) -> Archive:
    """An archive with everything in miniature, so that a short day has windows spilled, packs filled and packs sealed."""
    return Archive(
        ROOT,
        node="node",
        pack_size_bytes=48 * 1024,
        members_max=12,
        allocation_step_bytes=16 * 1024,
        window_bytes=WINDOW_BYTES,
        open_packs_max=3,
        busy_wait_s=0.0,
        seal_after_idle_s=60.0,
        disk=disk,
        clock=clock,
        entropy=chance.randbytes,
    )


def forged_member(pack_id: str, sequence: int, offset_bytes: int) -> bytes:
    """A member as somebody would write it who knows everything about the pack but its nonce."""
    body = b"planted"
    digests = Digests(NO_DIGEST, hashlib.sha256(body).digest(), xxhash.xxh3_64_intdigest(body))
    member = Member(
        MemberKind.OBJECT, f"{PLANTED}/{PLANTED}/{PLANTED}.dcm", pack_id, sequence, offset_bytes, 0, len(body), 0,
        digests, 1_700_000_000_000_000_000, 1, "EVIL", "1.2.840.10008.1.2.1",
    )  # fmt: skip
    return encode(member, bytes(32)) + body + bytes(512 - len(body))


class Day:
    """Runs one random workload. Interleaves several objects, as associations do."""

    def __init__(self, seed: int, disk: SimulatedDisk) -> None:
        self.chance = random.Random(seed)
        self.overlays = random.Random(seed)  # of its own: a seed keeps its day
        self.renderings = random.Random(seed)
        self.disk = disk
        self.clock = Clock()
        self.history = History()
        self._serial = 0
        self._arriving: list[tuple[Incoming, bytes, bytearray, int]] = []
        disk.make_directory(ROOT.parent)
        self.archive = small_archive(disk, self.chance, self.clock)

    def run(self, steps: int) -> History:
        """So many steps of it."""
        actions = [self._begin] * 4 + [self._continue] * 8 + [self._finish] * 5 + [self._abandon] * 3 + [self._decide, self._seal]
        for _ in range(steps):
            self.chance.choice(actions)()
            if self.renderings.random() < 0.1:
                self._render()
            if self.chance.random() < 0.03:
                self._restart()
        while self._arriving:
            self._finish()
        self.history.problems += [problem.reason for problem in self.archive.problems]
        return self.history

    def _begin(self) -> None:
        if len(self._arriving) >= 3:
            return
        prefix = self.chance.randbytes(self.chance.randrange(0, 400))
        incoming = self.archive.receive(
            prefix, affinity=self.chance.choice(("", "1.1", "1.2")), largest_overlay=self.overlays.choice(OVERLAYS)
        )
        size = self.chance.choice((0, 7, 600, 3000, 6000, 20_000))
        self._arriving.append((incoming, prefix, bytearray(), self.chance.randrange(size + 1)))

    def _continue(self) -> None:
        if not self._arriving:
            return
        incoming, _prefix, data, wanted = self.chance.choice(self._arriving)
        if len(data) >= wanted:
            return
        piece = self._bytes(min(wanted - len(data), self.chance.choice((100, 2000, 9000))))
        incoming.write(piece)
        data += piece

    def _bytes(self, length: int) -> bytes:
        if length < ROOM_BYTES or self.chance.random() < 0.5:
            return self.chance.randbytes(length)
        # Hostile: members at every block, with the numbers somebody might guess.
        names = self.disk.names(ROOT / "open") or [f"{0:032x}.tar"]
        pack_id = self.chance.choice(names).removesuffix(".tar")
        forged = forged_member(pack_id, self.chance.randrange(1, 6), FIRST_MEMBER_OFFSET_BYTES + 512 * self.chance.randrange(64))
        return (forged * (length // len(forged) + 1))[:length]

    def _finish(self) -> None:
        if not self._arriving:
            return
        incoming, prefix, data, _wanted = self._arriving.pop(self.chance.randrange(len(self._arriving)))
        self._serial += 1
        content = prefix + bytes(data)
        names = MemberNames(1, "1", self.chance.choice(("1.1", "1.2", "1.3")), f"1.9.{self._serial // 2}", "1.2.840.10008.1.2", "TEST")
        with incoming:
            if self.chance.random() < 0.5:
                assert incoming.view() == data
            self.history.attempted.setdefault(content, len(self.disk.journal))
            overlay = self.overlays.choice(OVERLAYS[:2])  # which fit, however little room was asked for
            stored = incoming.commit(names, header_length_bytes=min(100, len(data)), frame_table=b"table", overlay=overlay)
            self.history.acknowledged.append(Acknowledged(len(self.disk.journal), stored, content))

    def _abandon(self) -> None:
        if self._arriving:
            self._arriving.pop(self.chance.randrange(len(self._arriving)))[0].close()

    def _decide(self) -> None:
        number = len(self.history.decided)
        self.history.deciding.append((len(self.disk.journal), number))
        self.archive.decide({"number": number})
        self.history.decided.append((len(self.disk.journal), number))

    def _render(self) -> None:
        """Sometimes what it is made of breaks off."""
        content = self.renderings.randbytes(self.renderings.choice((10, 3000, 9000)))
        self.history.attempted.setdefault(content, len(self.disk.journal))
        try:
            kept = keep_rendition(self.archive, content, breaks=self.renderings.random() < 0.3)
        except DamagedObject:
            return
        self.history.rendered.append(Rendered(len(self.disk.journal), kept, content))

    def _seal(self) -> None:
        self.clock.now_ns += 61 * 10**9
        sealed = self.archive.seal_idle()
        self.history.sealed += [(len(self.disk.journal), pack_id) for pack_id in sealed]

    def _restart(self) -> None:
        while self._arriving:
            self._abandon()
        self.history.problems += [problem.reason for problem in self.archive.problems]
        self.archive.close()
        self.archive = small_archive(self.disk, self.chance, self.clock)
        through = indexed_through(self.history, len(self.disk.journal))
        assert list(self.archive.recover(through)) == []
        assert list(self.archive.renditions.recover(through)) == []


def indexed_through(history: History, at: int) -> dict[str, int]:
    """What the index has when all acknowledged by then is in it."""
    through: dict[str, int] = {}
    for done in history.acknowledged:
        if done.at <= at:
            location = done.stored.location
            through[location.pack_id] = max(through.get(location.pack_id, 0), location.end_offset_bytes)
    for rendered in history.rendered:
        if rendered.at <= at:
            pack_id = rendered.kept.rendition.location.pack_id
            through[pack_id] = max(through.get(pack_id, 0), rendered.kept.indexed_through)
    return through


def keep_rendition(archive: Archive, content: bytes, *, breaks: bool = False) -> KeptRendition:
    """In pieces. breaks: what it is made of turns out to be damaged, behind the last. Raises: DamagedObject."""

    def pieces() -> Iterator[bytes]:
        for first in range(0, len(content), 2500):
            yield content[first : first + 2500]
        if breaks:
            raise DamagedObject("what it is made of")

    names = MemberNames(1, "1", "1.4", "1.7", "1.2.840.10008.1.2.4.201", "TEST")
    return archive.renditions.append(names, Original("a" * 32, 0, bytes(32)), b"", pieces(), 0)


def shifted(history: History, by: int) -> History:
    """The same history seen from a journal that begins `by` operations later."""
    return replace(
        history,
        acknowledged=[replace(done, at=done.at - by) for done in history.acknowledged],
        attempted={content: at - by for content, at in history.attempted.items()},
        decided=[(at - by, number) for at, number in history.decided],
        deciding=[(at - by, number) for at, number in history.deciding],
        rendered=[replace(done, at=done.at - by) for done in history.rendered],
    )
