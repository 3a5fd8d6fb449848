"""Objects of every size go in and come out, and any tar reads the packs."""

from __future__ import annotations

import hashlib
import subprocess
import tarfile
import threading
from pathlib import Path

import pytest
import xxhash

from hounsfield.archive.archive import Archive
from hounsfield.archive.member import MemberNames
from hounsfield.archive.pack import FIRST_MEMBER_OFFSET_BYTES, WINDOW_BYTES
from hounsfield.archive.reader import PackReader
from hounsfield.model.errors import ArchiveLocked, DamagedObject, InvalidInput, PackUnavailable, UnreadableObject
from power_cut.simulated_disk import Flush, Resize, SimulatedDisk, Write
from power_cut.workload import ROOT

NAMES = MemberNames(1, "1.2", "1.2.3", "1.2.3.4", "1.2.840.10008.1.2.1", "STORESCU")
EDGE = WINDOW_BYTES - 2048 - 300
SIZES = [0, 1, 511, 8000, EDGE - 1, EDGE, EDGE + 1, WINDOW_BYTES, 3 * WINDOW_BYTES + 17, 3_000_000]


@pytest.mark.parametrize("piece", [999, 16_384, 131_072, 10_000_000])
def test_objects_of_every_size_come_back(archive: Archive, root: Path, storer, piece: int) -> None:
    for size in SIZES:
        kept = storer.store(archive, size, piece=max(piece, size // 500 + 1))
        assert kept.stored.digests.data_set_sha256 == hashlib.sha256(kept.data).digest()
        assert kept.stored.digests.prefix_sha256 == hashlib.sha256(kept.prefix).digest()
        assert kept.stored.digests.checksum == xxhash.xxh3_64_intdigest(kept.content)
    reader = PackReader(root)
    offset = FIRST_MEMBER_OFFSET_BYTES
    for number, kept in enumerate(storer.kept, 1):
        location = kept.stored.location
        assert (location.sequence, location.member_offset_bytes) == (number, offset)
        offset = location.end_offset_bytes
        assert reader.read_object(location, kept.stored.digests) == kept.content
        assert b"".join(reader.stream(location, kept.stored.digests, 4096)) == kept.content
        assert reader.read(location.pack_id, location.data_set_offset_bytes, len(kept.data)) == kept.data
        into = bytearray(location.length_bytes)
        reader.read_into(location.pack_id, location.offset_bytes, into)
        assert into == kept.content
        reader.verify(kept.stored)
    reader.close()


def test_any_tar_reads_open_and_sealed_packs(archive: Archive, root: Path, storer, tmp_path: Path) -> None:
    for size in SIZES:
        storer.store(archive, size)
    with archive.receive(b"") as unfinished:
        # Streaming into the pack at this moment, and looking like a tar itself.
        unfinished.write(Path(next((root / "open").iterdir())).read_bytes()[: 2 * WINDOW_BYTES])
        expect_files(next((root / "open").iterdir()), storer, tmp_path / "streaming")
    expect_files(next((root / "open").iterdir()), storer, tmp_path / "open")
    assert len(archive.seal_idle()) == 1
    expect_files(next((root / "sealed").iterdir()), storer, tmp_path / "sealed")


def expect_files(pack: Path, storer, target: Path) -> None:
    target.mkdir()
    done = subprocess.run(["tar", "-xf", str(pack), "-C", str(target)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    with tarfile.open(pack) as opened:
        names = [name for name in opened.getnames() if not name.startswith("HOUNSFIELD/")]
    assert len(names) == len(storer.kept)
    for name, kept in zip(names, storer.kept, strict=True):
        assert (target / name).read_bytes() == kept.content
    assert sum(path.is_file() for path in target.rglob("*.dcm")) == len(names)


def test_two_objects_of_one_uid_are_two_files(make_archive, root: Path, storer, tmp_path: Path) -> None:
    archive = make_archive()
    storer.store(archive, 100, names=NAMES)
    storer.store(archive, 100, names=NAMES)
    archive = make_archive()
    recovered = list(archive.recover({}))
    storer.store(archive, 100, names=NAMES)
    assert {one.names.sop_instance_uid for one in recovered} == {NAMES.sop_instance_uid}
    expect_files(next((root / "open").iterdir()), storer, tmp_path / "out")


def test_a_small_object_costs_one_write_and_one_flush() -> None:
    disk, archive = simulated()
    with archive.receive(b"p" * 300) as first:
        first.write(b"x" * 8000)
        first.commit(NAMES, header_length_bytes=10, frame_table=b"")
    disk.journal.clear()
    with archive.receive(b"p" * 300) as incoming:
        for _ in range(8):
            incoming.write(b"y" * 1000)
        incoming.view()
        incoming.commit(NAMES, header_length_bytes=10, frame_table=b"")
    assert [type(operation) for operation in disk.journal] == [Write, Flush]


def test_a_large_object_is_written_once_its_headers_last_and_flushed_once() -> None:
    disk, archive = simulated()
    with archive.receive(b"") as first:
        first.write(b"x")
        stored = first.commit(NAMES, header_length_bytes=0, frame_table=b"")
    disk.journal.clear()
    with archive.receive(b"p" * 300) as incoming:
        for _ in range(40):
            incoming.write(b"y" * 50_000)
        incoming.commit(NAMES, header_length_bytes=10, frame_table=b"")
    assert not any(isinstance(operation, Resize) for operation in disk.journal)
    *writes, header, flush = disk.journal
    assert isinstance(flush, Flush)
    assert isinstance(header, Write)
    assert (header.offset, len(header.data)) == (stored.location.end_offset_bytes, 2048)
    assert sum(len(write.data) for write in writes if isinstance(write, Write)) == 2_000_300 + (-2_000_300 % 512)


def simulated() -> tuple[SimulatedDisk, Archive]:
    disk = SimulatedDisk()
    return disk, Archive(ROOT, disk=disk, allocation_step_bytes=8 << 20)


def test_the_data_set_can_be_looked_at_while_it_arrives(archive: Archive) -> None:
    with archive.receive(b"prefix") as incoming:
        assert incoming.view() == b""
        expected = b""
        for piece in (b"a" * 100, b"b" * WINDOW_BYTES, b"c" * 10, b"d" * 3 * WINDOW_BYTES):
            incoming.write(piece)
            expected += piece
            view = incoming.view()
            assert view.readonly
            assert view == expected
            assert incoming.data_set_length_bytes == len(expected)
            assert incoming.digests().data_set_sha256 == hashlib.sha256(expected).digest()


def test_memory_stays_flat_for_a_large_object(archive: Archive) -> None:
    import tracemalloc

    piece = bytes(131_072)
    with archive.receive(b"") as incoming:
        tracemalloc.start()
        for _ in range(400):
            incoming.write(piece)
        incoming.commit(NAMES, header_length_bytes=0, frame_table=b"")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 1 << 20


def test_an_abandoned_object_leaves_zeros(make_archive, root: Path, storer) -> None:
    archive = make_archive()
    storer.store(archive, 100)
    for size in (WINDOW_BYTES // 2, WINDOW_BYTES + 10, 5 * WINDOW_BYTES):
        with archive.receive(b"secret") as incoming:
            incoming.write(b"secret" * (size // 6))
    pack = next((root / "open").iterdir()).read_bytes()
    assert b"secret" not in pack
    end = storer.kept[0].stored.location.end_offset_bytes
    assert not any(pack[end:])
    storer.store(archive, 200_000)
    assert [one.stored for one in make_archive().recover({})] == [kept.stored for kept in storer.kept]


def test_a_refused_commit_leaves_nothing(archive: Archive, root: Path, storer) -> None:
    with archive.receive(b"") as incoming:
        incoming.write(b"secret" * WINDOW_BYTES)
        with pytest.raises(InvalidInput):
            incoming.commit(MemberNames(1, "1", "2", "3", "1.2", "A" * 100), header_length_bytes=0, frame_table=b"")
    assert storer.store(archive, 10).stored.location.sequence == 1
    assert b"secret" not in next((root / "open").iterdir()).read_bytes()


def test_a_monstrous_prefix_is_refused(archive: Archive, storer) -> None:
    with pytest.raises(UnreadableObject):
        archive.receive(bytes(WINDOW_BYTES))
    storer.store(archive, 10)


def test_damage_is_never_served_as_good(archive: Archive, root: Path, storer) -> None:
    kept = storer.store(archive, 20_000)
    location, digests = kept.stored.location, kept.stored.digests
    pack = next((root / "open").iterdir())
    with pack.open("r+b") as file:
        file.seek(location.offset_bytes + 10_000)
        file.write(bytes([kept.content[10_000] ^ 1]))
    reader = PackReader(root)
    with pytest.raises(DamagedObject):
        reader.read_object(location, digests)
    with pytest.raises(DamagedObject):
        reader.verify(kept.stored)
    pieces = []
    with pytest.raises(DamagedObject):
        pieces.extend(reader.stream(location, digests, 1000))
    for size in (1, 7, 999, 1 << 20):
        arrived = bytearray()
        with pytest.raises(DamagedObject):
            for chunk in reader.stream(location, digests, size):
                arrived += chunk
        assert len(arrived) < location.length_bytes, "a damaged object must not arrive whole"


def test_a_pack_that_ends_too_early_is_damaged(archive: Archive, root: Path, storer) -> None:
    kept = storer.store(archive, 20_000)
    location = kept.stored.location
    with next((root / "open").iterdir()).open("r+b") as file:
        file.truncate(location.offset_bytes + 10)
    reader = PackReader(root)
    with pytest.raises(DamagedObject):
        reader.read(location.pack_id, location.offset_bytes, location.length_bytes)
    with pytest.raises(DamagedObject):
        reader.read_into(location.pack_id, location.offset_bytes, bytearray(location.length_bytes))
    with pytest.raises(DamagedObject), reader.mapped(location.pack_id, location.offset_bytes, location.length_bytes):
        pass
    with pytest.raises(DamagedObject):
        reader.verify(kept.stored)


def test_reading_goes_on_while_packs_are_sealed_and_descriptors_are_few(make_archive, root: Path, storer) -> None:
    archive = make_archive(pack_size_bytes=20_000)
    for _ in range(12):
        storer.store(archive, 9000)
    before, after = PackReader(root, descriptors_max=2), PackReader(root, descriptors_max=2)
    stop, failures = threading.Event(), []

    def read(reader: PackReader) -> None:
        while not stop.is_set():
            for kept in storer.kept:
                try:
                    if reader.read_object(kept.stored.location, kept.stored.digests) != kept.content:
                        failures.append("other bytes")
                except (DamagedObject, PackUnavailable) as error:
                    failures.append(str(error))

    readers = [threading.Thread(target=read, args=(reader,)) for reader in (before, before, after)]
    for thread in readers:
        thread.start()
    sealed = archive.seal_idle()
    stop.set()
    for thread in readers:
        thread.join()
    assert len(sealed) == 6
    assert failures == []
    for kept in storer.kept:
        after.verify(kept.stored)


def test_a_descriptor_in_use_is_not_closed_for_want_of_others(make_archive, root: Path, storer) -> None:
    archive = make_archive(pack_size_bytes=1, seal_after_idle_s=1e6)
    first, second = (storer.store(archive, 100).stored for _ in range(2))
    reader = PackReader(root, descriptors_max=1)
    location = first.location
    reading = iter(reader.stream(location, first.digests, 10))
    with reader.mapped(location.pack_id, location.offset_bytes, 10):
        reader.verify(second)
        assert descriptors_on(root) == 2 + 3, "the archive's own two, two readers', and the map's"
    assert descriptors_on(root) == 2 + 1
    assert len(b"".join(reading)) == location.length_bytes
    reader.close()
    assert descriptors_on(root) == 2


def descriptors_on(root: Path) -> int:
    targets = [str(descriptor.readlink()) for descriptor in Path("/proc/self/fd").iterdir() if descriptor.is_symlink()]
    return sum(target.startswith(f"{root}/open") for target in targets)


def test_an_unknown_pack_is_unavailable(archive: Archive, root: Path) -> None:
    with pytest.raises(PackUnavailable):
        PackReader(root).read("0" * 32, 0, 1)


def test_only_one_process_writes(archive: Archive, root: Path) -> None:
    with pytest.raises(ArchiveLocked):
        Archive(root)


def test_nobody_else_may_read_the_files(archive: Archive, root: Path, storer) -> None:
    storer.store(archive, 10)
    for path in (root, *root.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path
