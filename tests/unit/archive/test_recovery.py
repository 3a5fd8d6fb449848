"""What the index has not seen is found again; what is broken is told apart from what is torn."""

from __future__ import annotations

from pathlib import Path

import pytest

from hounsfield.archive.archive import Archive
from hounsfield.archive.disk import OsDisk
from hounsfield.archive.member import MemberNames
from hounsfield.archive.pack import FIRST_MEMBER_OFFSET_BYTES
from hounsfield.archive.reader import PackReader
from power_cut.simulated_disk import SimulatedDisk
from power_cut.workload import ROOT


class CountingDisk(OsDisk):
    """Counts what is opened and read."""

    def __init__(self) -> None:
        self.opened = 0
        self.bytes_read = 0

    def open(self, path: Path, *, writable: bool = False) -> int:
        self.opened += 1
        return super().open(path, writable=writable)

    def pread(self, descriptor: int, length_bytes: int, offset_bytes: int) -> bytes:
        data = super().pread(descriptor, length_bytes, offset_bytes)
        self.bytes_read += len(data)
        return data


def end_of(pack: Path) -> int:
    return pack.stat().st_size


def change(path: Path, offset: int) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 0x10]))


@pytest.mark.parametrize("sealed", [False, True])
def test_only_what_lies_behind_the_index_comes_back(make_archive, storer, sealed: bool) -> None:
    archive = make_archive()
    for size in (100, 9000, 400_000, 0, 70):
        storer.store(archive, size)
    if sealed:
        assert archive.seal_idle()
    for number, kept in enumerate(storer.kept):
        pack_id, through = kept.stored.location.pack_id, kept.stored.location.member_offset_bytes
        recovered = list(make_archive().recover({pack_id: through}))
        assert [one.stored for one in recovered] == [kept.stored for kept in storer.kept[number:]]
        for one, kept in zip(recovered, storer.kept[number:], strict=True):
            assert one.indexed_through == kept.stored.location.end_offset_bytes
            assert one.header_length_bytes == min(50, len(kept.data))
            assert one.header == (kept.data[:50] or None if sealed else None)
            assert one.frame_table == (b"frames" if sealed else None)
            with one.read() as data:
                assert data == kept.data
    through = {pack_id: storer.kept[-1].stored.location.end_offset_bytes}
    assert list(make_archive().recover(through)) == []


def test_an_indexed_pack_costs_no_reading(make_archive, storer, root: Path) -> None:
    archive = make_archive()
    storer.store(archive, 3_000_000)
    (pack_id,) = archive.seal_idle()
    through = storer.kept[-1].stored.location.end_offset_bytes
    disk = CountingDisk()
    assert list(make_archive(disk=disk).recover({pack_id: end_of(root / "sealed" / f"{pack_id}.tar")})) == []
    assert disk.opened == 0
    assert list(make_archive(disk=disk).recover({pack_id: through})) == []
    assert disk.bytes_read < 8192


def test_an_open_pack_is_read_from_where_the_index_is(make_archive, storer) -> None:
    archive = make_archive(pack_size_bytes=1 << 30)
    storer.store(archive, 5_000_000)
    indexed = storer.store(archive, 1000).stored.location
    storer.store(archive, 1000)
    disk = CountingDisk()
    archive = make_archive(disk=disk, allocation_step_bytes=4096)
    assert len(list(archive.recover({indexed.pack_id: indexed.end_offset_bytes}))) == 1
    assert disk.bytes_read < 3_200_000, "the tail and the reserved room, not the large object"


def test_reopened_packs_are_appended_to(make_archive, storer, root: Path) -> None:
    for size in (1000, 2000, 3000):
        archive = make_archive()
        known = {kept.stored.location.pack_id: kept.stored.location.end_offset_bytes for kept in storer.kept}
        assert list(archive.recover(known)) == []
        storer.store(archive, size)
    assert [kept.stored.location.sequence for kept in storer.kept] == [1, 2, 3]
    assert len(list((root / "open").iterdir())) == 1
    assert [one.stored for one in make_archive().recover({})] == [kept.stored for kept in storer.kept]


def test_an_object_that_missed_the_index_is_not_passed_over(make_archive, storer) -> None:
    archive = make_archive()
    storer.store(archive, 10)
    with pytest.raises(RuntimeError, match="the database is gone"), archive.receive(b"") as incoming:
        incoming.write(b"x")
        missed = incoming.commit(storer.names(), header_length_bytes=0, frame_table=b"")
        raise RuntimeError("the database is gone")
    storer.store(archive, 10)
    known = {kept.stored.location.pack_id: kept.stored.location.end_offset_bytes for kept in storer.kept}
    assert [one.stored for one in archive.recover(known)] == [missed], "also while the archive runs"
    assert [one.stored for one in make_archive().recover(known)] == [missed]


def test_the_index_may_count_to_the_last_byte_of_an_object(make_archive, storer) -> None:
    archive = make_archive()
    for size in (1, 700, 1023):
        storer.store(archive, size)
    for number, kept in enumerate(storer.kept, 1):
        location = kept.stored.location
        archive = make_archive()
        recovered = archive.recover({location.pack_id: location.offset_bytes + location.length_bytes})
        assert [one.stored for one in recovered] == [kept.stored for kept in storer.kept[number:]]
    assert storer.store(archive, 5).stored.location.sequence == 4


@pytest.mark.parametrize("wrong", [-512, -2048, 512, 5120, 1 << 30])
def test_an_index_that_is_wrong_about_the_end_of_a_pack_cuts_nothing(make_archive, storer, root: Path, wrong: int) -> None:
    archive = make_archive()
    for _ in range(2):
        storer.store(archive, 3000)
    location = storer.kept[1].stored.location
    archive = make_archive()
    recovered = archive.recover({location.pack_id: location.end_offset_bytes + wrong})
    assert [one.stored for one in recovered] == [kept.stored for kept in storer.kept], "better twice than never"
    assert storer.store(archive, 10).stored.location.pack_id != location.pack_id
    assert [problem.pack_id for problem in archive.problems] == [location.pack_id]
    for kept in storer.kept:
        PackReader(root).verify(kept.stored)


def test_recovering_twice_changes_nothing(make_archive, storer) -> None:
    archive = make_archive()
    storer.store(archive, 1000)
    with archive.receive(b"") as arriving:
        arriving.write(bytes(300_000))
        first = [one.stored for one in archive.recover({})]
        storer.store(archive, 500)
    assert first == [storer.kept[0].stored]
    assert {one.stored for one in archive.recover({})} == {kept.stored for kept in storer.kept}
    assert archive.problems == []


def test_a_torn_tail_is_cut(make_archive, storer, root: Path) -> None:
    archive = make_archive()
    for _ in range(3):
        storer.store(archive, 5000)
    pack = next((root / "open").iterdir())
    change(pack, storer.kept[2].stored.location.offset_bytes + 4000)
    archive = make_archive()
    assert [one.stored for one in archive.recover({})] == [kept.stored for kept in storer.kept[:2]]
    assert archive.problems == []
    assert storer.store(archive, 10).stored.location.sequence == 3
    assert not any(pack.read_bytes()[storer.kept[-1].stored.location.end_offset_bytes :])


@pytest.mark.parametrize("where", ["header", "body"])
@pytest.mark.parametrize("through", [0, 1])
def test_damage_in_the_middle_is_reported_and_nothing_behind_it_is_cut(make_archive, storer, root: Path, where: str, through: int) -> None:
    archive = make_archive()
    for _ in range(5):
        storer.store(archive, 5000)
    location = storer.kept[2].stored.location
    change(next((root / "open").iterdir()), location.member_offset_bytes + (700 if where == "header" else 2048 + 4000))
    archive = make_archive()
    known = {location.pack_id: storer.kept[0].stored.location.end_offset_bytes} if through else {}
    recovered = [one.stored for one in archive.recover(known)]
    assert recovered == [kept.stored for kept in storer.kept if kept is not storer.kept[2]][through:]
    assert [problem.pack_id for problem in archive.problems] == [location.pack_id]
    assert (root / "aside" / f"{location.pack_id}.tar").is_file()
    for kept in (*storer.kept[:2], *storer.kept[3:]):
        PackReader(root).verify(kept.stored)
    assert storer.store(archive, 10).stored.location.pack_id != location.pack_id
    again = make_archive()
    assert set(recovered) <= {one.stored for one in again.recover({})}


def test_a_damaged_catalogue_costs_nothing_but_time(make_archive, storer, root: Path) -> None:
    archive = make_archive()
    for _ in range(3):
        storer.store(archive, 5000)
    (pack_id,) = archive.seal_idle()
    path = root / "sealed" / f"{pack_id}.tar"
    change(path, storer.kept[-1].stored.location.end_offset_bytes + 2048 + 20)
    archive = make_archive()
    assert [one.stored for one in archive.recover({})] == [kept.stored for kept in storer.kept]
    assert "catalogue" in archive.problems[0].reason


def test_a_pack_that_cannot_be_read_does_not_stop_the_others(storer) -> None:
    disk = SimulatedDisk()
    archive = Archive(ROOT, disk=disk, allocation_step_bytes=1 << 20)
    with archive.receive(b"") as first, archive.receive(b"") as second:
        for incoming in (first, second):
            incoming.write(b"x")
            storer.kept.append(incoming.commit(storer.names(), header_length_bytes=0, frame_table=b""))
    archive.close()
    broken = disk.entries[ROOT / "open" / f"{storer.kept[0].location.pack_id}.tar"]
    disk.fault = lambda operation, inode: OSError(5, "Input/output error") if (operation, inode) == ("pread", broken) else None
    archive = Archive(ROOT, disk=disk)
    assert [one.stored for one in archive.recover({})] == [storer.kept[1]]
    assert [problem.pack_id for problem in archive.problems] == [storer.kept[0].location.pack_id]


def test_a_pack_whose_making_was_cut_short_is_removed(make_archive, root: Path) -> None:
    make_archive()
    (root / "open" / f"{'a' * 32}.tar").write_bytes(b"")
    (root / "open" / f"{'b' * 32}.tar").write_bytes(bytes(10_000))
    (root / "open" / "notes.txt").write_text("not ours")
    archive = make_archive()
    assert list(archive.recover({})) == []
    assert archive.problems == []
    assert [path.name for path in (root / "open").iterdir()] == ["notes.txt"]


def test_a_pack_whose_own_header_is_damaged_is_left_for_inspection(make_archive, storer, root: Path) -> None:
    archive = make_archive()
    storer.store(archive, 1000)
    pack = next((root / "open").iterdir())
    change(pack, 2060)
    archive = make_archive()
    assert list(archive.recover({})) == []
    assert "header" in archive.problems[0].reason
    assert pack.is_file()
    assert storer.store(archive, 10).stored.location.pack_id != pack.stem


def test_recovery_makes_durable_what_it_accepts(storer) -> None:
    """A killed process leaves its last object in the page cache: it must be flushed before it is called stored."""
    disk = SimulatedDisk()
    archive = Archive(ROOT, disk=disk)
    with archive.receive(b"") as incoming:
        incoming.write(b"x")
        incoming.commit(MemberNames(1, "1", "2", "3", "1.2", "T"), header_length_bytes=0, frame_table=b"")
    archive.close()
    disk.journal.clear()
    recovering = Archive(ROOT, disk=disk).recover({})
    assert next(recovering).stored.location.member_offset_bytes == FIRST_MEMBER_OFFSET_BYTES
    assert [type(operation).__name__ for operation in disk.journal] == ["Flush"]
