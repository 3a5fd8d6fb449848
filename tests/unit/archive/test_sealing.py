"""Sealed packs: when, and what their catalogue says."""

from __future__ import annotations

import random
import zlib
from pathlib import Path

import pytest

from hounsfield.archive.archive import Archive
from hounsfield.archive.catalogue import HEADER_MAX_BYTES, CatalogueEntry, decode_entries, deflate
from hounsfield.archive.member import Member, MemberKind, MemberNames
from hounsfield.model.location import Digests, Location
from power_cut.workload import Clock


def entry(number: int, header: bytes | None, frame_table: bytes | None) -> CatalogueEntry:
    digests = Digests(bytes([number]) * 32, bytes(32), number)
    member = Member(MemberKind.OBJECT, "1/2/3.dcm", "f" * 32, number, number * 512, 1, 2, 3, digests, 4, 5, "AE", "1.2")
    return CatalogueEntry(member, header, frame_table)


ENTRIES = [
    entry(1, b"header\n" * 9, b"frames"),
    entry(2, None, None),
    entry(3, b"", b"\n"),
    entry(4, random.Random(1).randbytes(600_000), None),
]


@pytest.mark.parametrize("piece", [1, 7, 1 << 20])
def test_a_catalogue_comes_back_however_it_is_fed(piece: int) -> None:
    written = bytearray()
    entries = ENTRIES[:3] if piece == 1 else ENTRIES
    assert deflate(iter(entries), written.extend) == len(entries)
    assert list(decode_entries(bytes(written[at : at + piece]) for at in range(0, len(written), piece))) == entries


def test_a_broken_catalogue_is_an_error() -> None:
    written = bytearray()
    deflate(iter(ENTRIES), written.extend)
    for broken in (written[:-1], written[: len(written) // 2], b"", b"junk", zlib.compress(b"{}\n"), zlib.compress(b"x" * 20_000)):
        with pytest.raises(ValueError):
            list(decode_entries(iter([bytes(broken)])))
    lie = zlib.compress(b'{"header_bytes":%d,"frame_table_bytes":null}\n' % (HEADER_MAX_BYTES + 1))
    with pytest.raises(ValueError, match="out of bounds"):
        list(decode_entries(iter([lie])))


def test_packs_are_sealed_when_full_or_idle_but_never_while_borrowed(make_archive, storer, root: Path) -> None:
    clock = Clock()
    archive: Archive = make_archive(clock=clock, seal_after_idle_s=60.0, pack_size_bytes=50_000)
    storer.store(archive, 60_000)
    assert archive.seal_idle() == [storer.kept[0].stored.location.pack_id]
    storer.store(archive, 10)
    assert archive.seal_idle() == []
    with archive.receive(b""):
        clock.now_ns += 61 * 10**9
        assert archive.seal_idle() == []
    assert archive.seal_idle() == []
    clock.now_ns += 61 * 10**9
    assert archive.seal_idle() == [storer.kept[1].stored.location.pack_id]
    assert list((root / "open").iterdir()) == []


def test_a_pack_with_too_many_members_is_sealed(make_archive, storer) -> None:
    archive = make_archive(members_max=3, seal_after_idle_s=1e6)
    for _ in range(7):
        storer.store(archive, 10)
    assert len(archive.seal_idle()) == 2


def test_an_empty_pack_stays_open(archive: Archive) -> None:
    with archive.receive(b""):
        pass
    assert archive.seal_idle() == []


def test_a_sealed_pack_is_trimmed(archive: Archive, storer, root: Path) -> None:
    storer.store(archive, 10)
    (pack_id,) = archive.seal_idle()
    assert (root / "sealed" / f"{pack_id}.tar").stat().st_size < 12_000


def test_a_header_that_is_too_long_stays_out_of_the_catalogue(make_archive) -> None:
    archive = make_archive()
    with archive.receive(b"") as incoming:
        incoming.write(bytes(HEADER_MAX_BYTES + 1))
        names = MemberNames(1, "1", "2", "3", "1.2", "T")
        incoming.commit(names, header_length_bytes=HEADER_MAX_BYTES + 1, frame_table=b"")
    archive.seal_idle()
    (one,) = make_archive().recover({})
    assert (one.header, one.header_length_bytes) == (None, HEADER_MAX_BYTES + 1)


def test_frame_tables_of_an_earlier_run_are_asked_for(make_archive, storer) -> None:
    first = storer.store(make_archive(), 10)
    asked: list[Location] = []

    def frame_table_of(member: Member) -> bytes | None:
        asked.append(member.location)
        return b"from the index"

    archive = make_archive(frame_table_of=frame_table_of)
    list(archive.recover({}))
    storer.store(archive, 10)
    archive.seal_idle()
    assert asked == [first.stored.location]
    assert [one.frame_table for one in make_archive().recover({})] == [b"from the index", b"frames"]


def test_a_pack_damaged_while_open_is_set_aside_instead(archive: Archive, storer, root: Path) -> None:
    kept = [storer.store(archive, 100) for _ in range(3)]
    with next((root / "open").iterdir()).open("r+b") as file:
        file.seek(kept[1].stored.location.member_offset_bytes + 600)
        file.write(b"?")
    assert archive.seal_idle() == []
    assert len(archive.problems) == 1
    assert len(list((root / "aside").iterdir())) == 1
