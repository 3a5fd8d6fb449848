"""Renditions are as durable as objects, and lie in packs of their own."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from hounsfield.archive import renditions as renditions_module
from hounsfield.archive.archive import Archive
from hounsfield.archive.member import MemberNames
from hounsfield.archive.renditions import KeptRendition
from hounsfield.model.errors import DamagedObject
from hounsfield.model.rendition import Original
from power_cut.simulated_disk import Flush, SimulatedDisk
from power_cut.workload import ROOT

HTJ2K = "1.2.840.10008.1.2.4.201"


def keep(archive: Archive, number: int, length: int = 3000) -> KeptRendition:
    names = MemberNames(1, "1.2", "1.2.3", f"1.2.3.{number}", HTJ2K, "MODALITY")
    pieces = (bytes([number]) * min(1000, length - first) for first in range(0, length, 1000))
    return archive.renditions.append(names, Original("a" * 32, 2048 * number, bytes([number]) * 32), b"prefix", pieces, 40)


def test_renditions_come_back_over_restarts_with_what_they_were_made_of(make_archive, root: Path) -> None:
    kept = []
    for run in range(3):
        archive = make_archive()
        assert list(archive.renditions.recover({})) == kept
        kept += [keep(archive, 2 * run), keep(archive, 2 * run + 1, 400_000)]
        for one in kept:
            archive.reader.verify(one.rendition)
            whole = archive.reader.read_object(one.rendition.location, one.rendition.digests)
            assert whole == b"prefix" + bytes([kept.index(one)]) * (len(whole) - 6)
    assert [one.rendition.original for one in kept] == [Original("a" * 32, 2048 * n, bytes([n]) * 32) for n in range(6)]
    assert (kept[3].rendition.sop_instance_uid, kept[3].rendition.transfer_syntax_uid) == ("1.2.3.3", HTJ2K)
    assert list(archive.recover({})) == [], "no rendition is taken for an object"
    through = {kept[0].rendition.location.pack_id: kept[2].indexed_through}
    assert list(archive.renditions.recover(through)) == kept[3:]
    (pack,) = (root / "renditions").iterdir()
    with tarfile.open(pack) as tar:
        assert tar.extractfile("1.2/1.2.3/1.2.3.1.dcm").read() == b"prefix" + b"\1" * 400_000  # type: ignore[union-attr]


def test_a_rendition_is_flushed_before_it_is_acknowledged() -> None:
    disk = SimulatedDisk()
    archive = Archive(ROOT, disk=disk)
    keep(archive, 0)
    disk.journal.clear()
    keep(archive, 1)
    assert isinstance(disk.journal[-1], Flush)


def test_a_rendition_that_was_broken_off_leaves_nothing(make_archive) -> None:
    archive = make_archive()
    kept = [keep(archive, 0)]

    def broken() -> Iterator[bytes]:
        yield b"x" * 400_000
        raise DamagedObject("the original")

    with pytest.raises(DamagedObject):
        archive.renditions.append(MemberNames(1, "1", "1", "1", HTJ2K, ""), Original("a" * 32, 0, bytes(32)), b"", broken(), 0)
    kept.append(keep(archive, 1))
    assert list(make_archive().renditions.recover({})) == kept


def test_a_full_pack_is_followed_by_another(make_archive, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renditions_module, "PACK_SIZE_BYTES", 20_000)
    archive = make_archive()
    kept = {keep(archive, number) for number in range(9)}
    assert set(make_archive().renditions.recover({})) == kept
    assert len(list((root / "renditions").iterdir())) > 1


def test_a_torn_rendition_is_cut_off_and_a_damaged_one_reported(make_archive, root: Path) -> None:
    archive = make_archive()
    kept = [keep(archive, number) for number in range(4)]
    (pack,) = (root / "renditions").iterdir()

    def flip(one: KeptRendition) -> None:
        content = bytearray(pack.read_bytes())
        content[one.rendition.location.offset_bytes + 100] ^= 1
        pack.write_bytes(content)

    flip(kept[3])
    archive = make_archive()
    assert list(archive.renditions.recover({})) == kept[:3]
    assert archive.problems == []
    again = keep(archive, 4)
    assert again.rendition.location.member_offset_bytes == kept[3].rendition.location.member_offset_bytes
    flip(kept[1])
    archive = make_archive()
    assert list(archive.renditions.recover({})) == [kept[0], kept[2], again]
    assert [problem.pack_id for problem in archive.problems] == [pack.stem]
    assert keep(archive, 5).rendition.location.pack_id != pack.stem, "nothing is appended to a damaged pack"


def test_a_pack_older_than_the_index_is_not_cut(make_archive, root: Path) -> None:
    archive = make_archive()
    kept = [keep(archive, number) for number in range(2)]
    pack_id = kept[0].rendition.location.pack_id
    archive = make_archive()
    assert list(archive.renditions.recover({pack_id: kept[1].indexed_through + 8192})) == kept
    assert "no member ends" in archive.problems[0].reason
    assert list(make_archive().renditions.recover({})) == kept
