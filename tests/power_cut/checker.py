"""What must hold after any power cut."""

from __future__ import annotations

import io
import random
import tarfile

from hounsfield.archive.archive import Archive
from hounsfield.archive.layout import pack_file
from hounsfield.archive.member import MemberNames
from hounsfield.archive.reader import PackReader
from hounsfield.archive.recovery import RecoveredObject
from hounsfield.archive.renditions import KeptRendition
from hounsfield.model.errors import DamagedObject, PackUnavailable
from power_cut.crash import Platter
from power_cut.simulated_disk import SimulatedDisk
from power_cut.workload import (
    PLANTED,
    ROOT,
    Acknowledged,
    Clock,
    History,
    Rendered,
    indexed_through,
    keep_rendition,
    shifted,
    small_archive,
)


class BrokenPromise(AssertionError):
    """Something acknowledged is lost, or something is there that nobody stored."""


def promise(kept: bool, words: str) -> None:
    """Raises: BrokenPromise unless `kept`."""
    if not kept:
        raise BrokenPromise(words)


def check_every_prefix(start: SimulatedDisk, disk: SimulatedDisk, history: History, seed: int, *, images: int, deeper: float) -> int:
    """Cut the power behind every operation of `disk.journal`, which began on `start`; returns the number of images checked.

    deeper: the share of images on which the archive is started, used, and cut again. Raises: BrokenPromise.
    """
    chance = random.Random(seed)
    platter = Platter(start)
    checked = 0
    for at, operation in enumerate(disk.journal, 1):
        platter.follow(operation)
        for _ in range(images):
            image = platter.image(chance)
            try:
                checked += _check(image, history, at, chance, deeper)
            except BrokenPromise as broken:
                raise BrokenPromise(f"seed {seed}, power cut behind operation {at}: {broken}") from broken
    return checked


def _check(image: SimulatedDisk, history: History, at: int, chance: random.Random, deeper: float) -> int:
    through = indexed_through(history, chance.choice((0, at, chance.randrange(at + 1))))
    again = chance.random() < deeper
    before = copy_of(image) if again else image
    archive = small_archive(image, chance, Clock())
    for done, pack_id in history.sealed:
        promise(done > at or pack_file(ROOT / "sealed", pack_id) in image.entries, f"pack {pack_id} is no longer sealed")
    recovered = list(archive.recover(through))
    promise(not archive.problems, f"recovery reports {archive.problems}")
    _check_objects(image, history, at, through, recovered)
    _check_decisions(archive, history, at)
    rendered = list(archive.renditions.recover(through))
    promise(not archive.problems, f"recovery of renditions reports {archive.problems}")
    _check_renditions(image, history, at, through, rendered)
    _check_tar(image, history, at, recovered)
    if not again:
        return 1
    later = _use_again(image, archive, history, at, recovered, rendered, chance)
    return 1 + check_every_prefix(before, image, later, chance.getrandbits(32), images=1, deeper=0.0)


def _check_objects(image: SimulatedDisk, history: History, at: int, through: dict[str, int], recovered: list[RecoveredObject]) -> None:
    found = {one.stored for one in recovered}
    promise(len(found) == len(recovered), "recovery yields an object twice")
    reader = PackReader(ROOT, disk=image)
    for done in history.acknowledged:
        if done.at > at:
            continue
        location = done.stored.location
        if location.end_offset_bytes > through.get(location.pack_id, 0):
            promise(done.stored in found, f"lost: member {location.sequence} of pack {location.pack_id}")
        try:
            promise(reader.read_object(location, done.stored.digests) == done.content, "other bytes came back")
            reader.verify(done.stored)
        except (DamagedObject, PackUnavailable) as error:
            raise BrokenPromise(f"acknowledged, and now: {error}") from error
    for one in recovered:
        promise(one.names.series_instance_uid != PLANTED, "a planted member appears")
        content = reader.read_object(one.stored.location, one.stored.digests)
        promise(history.attempted.get(content, at + 1) <= at, "an object that nobody finished appears")
        with one.read() as data_set:
            promise(content.endswith(bytes(data_set)), "the data set is not the object's")
        if one.header is not None:
            promise(len(one.header) == one.header_length_bytes and one.frame_table in (b"table", None), "the catalogue is wrong")


def _check_renditions(image: SimulatedDisk, history: History, at: int, through: dict[str, int], found: list[KeptRendition]) -> None:
    reader = PackReader(ROOT, disk=image)
    for done in history.rendered:
        if done.at > at:
            continue
        rendition = done.kept.rendition
        if done.kept.indexed_through > through.get(rendition.location.pack_id, 0):
            promise(done.kept in found, f"lost: rendition {rendition.location.sequence}")
        try:
            promise(reader.read_object(rendition.location, rendition.digests) == done.content, "other bytes of a rendition came back")
        except (DamagedObject, PackUnavailable) as error:
            raise BrokenPromise(f"acknowledged, and now: {error}") from error
    for one in found:
        content = reader.read_object(one.rendition.location, one.rendition.digests)
        promise(history.attempted.get(content, at + 1) <= at, "a rendition that nobody finished appears")


def _check_decisions(archive: Archive, history: History, at: int) -> None:
    found = [record["number"] for record in archive.decisions()]
    promise(found == list(range(len(found))), f"decisions {found} are out of order")
    least = sum(done <= at for done, _ in history.decided)
    most = sum(begun <= at for begun, _ in history.deciding)
    promise(least <= len(found) <= most, f"{len(found)} decisions, not {least} to {most}")


def _check_tar(image: SimulatedDisk, history: History, at: int, recovered: list[RecoveredObject]) -> None:
    """Every tar reads the packs, and sees nothing but what the archive sees."""
    known = {done.stored.digests.data_set_sha256 for done in history.acknowledged if done.at <= at}
    known |= {one.stored.digests.data_set_sha256 for one in recovered}
    count = 0
    for path, inode in image.entries.items():
        if path.parent.name in ("open", "sealed"):
            with tarfile.open(fileobj=io.BytesIO(bytes(image.files[inode]))) as pack:
                names = pack.getnames()
            promise(not any(PLANTED in name for name in names), "a tar shows a planted member")
            objects = [name for name in names if not name.startswith("HOUNSFIELD/")]
            promise(len(objects) == len(set(objects)), "two members of one pack have the same path")
            count += len(objects)
    least = sum(done.at <= at for done in history.acknowledged)
    promise(count >= least, f"a tar shows {count} objects, not {least}")


def _use_again(
    image: SimulatedDisk,
    archive: Archive,
    history: History,
    at: int,
    recovered: list[RecoveredObject],
    rendered: list[KeptRendition],
    chance: random.Random,
) -> History:
    """Store into the recovered archive; returns the history as a second power cut is to be held against."""
    reader = PackReader(ROOT, disk=image)
    later = shifted(
        History(
            [done for done in history.acknowledged if done.at <= at],
            {content: begun for content, begun in history.attempted.items() if begun <= at},
            [(done, number) for done, number in history.decided if done <= at],
            [(begun, number) for begun, number in history.deciding if begun <= at],
            rendered=[done for done in history.rendered if done.at <= at],
        ),
        at,
    )
    known = {done.stored for done in later.acknowledged}
    for one in recovered:
        if one.stored not in known:
            # Yielded, so indexed: from here on it counts as any other.
            content = reader.read_object(one.stored.location, one.stored.digests)
            later.acknowledged.append(Acknowledged(len(image.journal), one.stored, content))
    acknowledged = {done.kept for done in later.rendered}
    for kept in rendered:
        if kept not in acknowledged:
            content = reader.read_object(kept.rendition.location, kept.rendition.digests)
            later.rendered.append(Rendered(len(image.journal), kept, content))
    taken = len(list(archive.decisions()))
    later.decided = [(0, number) for number in range(taken)]
    for number in range(3):
        content = chance.randbytes(chance.choice((10, 3000, 9000)))
        with archive.receive(b"", affinity="1.1") as incoming:
            incoming.write(content)
            if number == 0:
                continue
            later.attempted.setdefault(content, len(image.journal))
            names = MemberNames(1, "1", "1.1", f"1.8.{number}", "1.2.840.10008.1.2", "TEST")
            stored = incoming.commit(names, header_length_bytes=0, frame_table=b"table")
            later.acknowledged.append(Acknowledged(len(image.journal), stored, content))
    content = chance.randbytes(3000)
    later.attempted.setdefault(content, len(image.journal))
    kept = keep_rendition(archive, content)
    later.rendered.append(Rendered(len(image.journal), kept, content))
    return later


def copy_of(disk: SimulatedDisk) -> SimulatedDisk:
    """The same files and names, with an empty journal."""
    copy = SimulatedDisk()
    copy.files = {inode: bytearray(content) for inode, content in disk.files.items()}
    copy.entries = dict(disk.entries)
    copy.directories = set(disk.directories)
    return copy
