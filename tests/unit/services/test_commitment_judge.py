"""Nothing is called safe but what was read again, whole, from the disk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from hounsfield.archive.archive import Archive
from hounsfield.archive.disk import OsDisk
from hounsfield.archive.member import MemberNames
from hounsfield.archive.reader import PackReader
from hounsfield.index.holdings import Holding
from hounsfield.model.commitment import CommitmentRequest, Failure, FailureReason, Reference
from hounsfield.model.errors import IndexUnavailable
from hounsfield.model.location import StoredObject
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.model.visibility import ALL_STUDIES, VisibleStudies
from hounsfield.services.commitment import CommitmentJudge, JudgementStopped, refused

CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"


class WatchedDisk(OsDisk):
    """Notes which bytes of packs were let go from the cache and which were read, in order."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int, int]] = []

    def forget_cached(self, descriptor: int, offset_bytes: int, length_bytes: int = 0) -> None:
        self.seen.append(("forget", offset_bytes, length_bytes))
        super().forget_cached(descriptor, offset_bytes, length_bytes)

    def pread(self, descriptor: int, length_bytes: int, offset_bytes: int) -> bytes:
        self.seen.append(("read", offset_bytes, length_bytes))
        return super().pread(descriptor, length_bytes, offset_bytes)


class FixedHoldings:
    """Holds what it is told; the index has contract tests of its own."""

    def __init__(self) -> None:
        self.by_uid: dict[str, Holding] = {}
        self.down = False

    def held(
        self, partition_id: int, sop_instance_uids: Sequence[str], visible: VisibleStudies = ALL_STUDIES, ae_title: str = ""
    ) -> Iterator[Holding]:
        if self.down:
            raise IndexUnavailable("down")
        assert len(set(sop_instance_uids)) == len(sop_instance_uids)
        return iter([self.by_uid[uid] for uid in reversed(sop_instance_uids) if uid in self.by_uid])


@dataclass
class Bench:
    """A judge over real packs."""

    root: Path
    archive: Archive
    disk: WatchedDisk
    packs: PackReader
    holdings: FixedHoldings
    judge: CommitmentJudge

    def store(self, uid: str, *, content: bytes = b"content " * 1000) -> StoredObject:
        with self.archive.receive(b"prefix " * 50, affinity="1.2") as incoming:
            incoming.write(content)
            names = MemberNames(1, "1.1", "1.2", uid, "1.2.840.10008.1.2.1", "CT1")
            return incoming.commit(names, header_length_bytes=10, frame_table=b"")

    def hold(self, uid: str, *, aside: tuple[StoredObject, ...] = ()) -> StoredObject:
        stored = self.store(uid)
        self.holdings.by_uid[uid] = Holding(StoredInstance("1.1", "1.2", uid, CT, 1, None, None, 0, 1, 10, stored), aside)
        return stored

    def damage(self, stored: StoredObject) -> None:
        path = next(self.root.glob(f"*/{stored.location.pack_id}.tar"))
        with path.open("r+b") as file:
            file.seek(stored.location.data_set_offset_bytes + 5)
            file.write(b"X")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    archive = Archive(tmp_path / "packs")
    disk = WatchedDisk()
    packs = PackReader(tmp_path / "packs", disk=disk)
    holdings = FixedHoldings()
    yield Bench(tmp_path / "packs", archive, disk, packs, holdings, CommitmentJudge(holdings, packs))  # type: ignore[arg-type]
    packs.close()
    archive.close()


def a_request(*references: tuple[str, str]) -> CommitmentRequest:
    return CommitmentRequest("1.9", tuple(Reference(*one) for one in references))


def test_each_reference_is_in_one_of_the_two_lists_in_its_order(bench: Bench) -> None:
    stored = [bench.hold(f"3.{number}") for number in range(4)]
    bench.damage(stored[2])
    request = a_request((CT, "3.3"), (CT, "3.2"), (MR, "3.1"), (CT, "3.1"), (CT, "3.9"), (CT, "3.0"))
    result = bench.judge.judge(1, request)
    assert result.transaction_uid == "1.9"
    assert result.committed == (Reference(CT, "3.3"), Reference(CT, "3.1"), Reference(CT, "3.0"))
    assert result.failed == (
        Failure(Reference(CT, "3.2"), FailureReason.PROCESSING_FAILURE),
        Failure(Reference(MR, "3.1"), FailureReason.CLASS_INSTANCE_CONFLICT),
        Failure(Reference(CT, "3.9"), FailureReason.NO_SUCH_OBJECT_INSTANCE),
    )


def test_the_disk_is_read_in_one_direction_behind_an_emptied_cache(bench: Bench) -> None:
    stored = [bench.hold(f"3.{number}") for number in range(3)]
    bench.judge.judge(1, a_request(*((CT, f"3.{number}") for number in (2, 0, 1))))
    expected = []
    for one in stored:
        location = one.location
        expected.append(("forget", location.offset_bytes, location.length_bytes))
        expected.append(("read", location.offset_bytes, location.prefix_length_bytes))
        expected.append(("read", location.data_set_offset_bytes, location.data_set_length_bytes))
    assert bench.disk.seen == expected


def test_what_is_of_another_class_is_not_read(bench: Bench) -> None:
    bench.hold("3.1")
    bench.judge.judge(1, a_request((MR, "3.1")))
    assert bench.disk.seen == []


def test_what_was_kept_aside_under_the_uid_must_be_whole_too(bench: Bench) -> None:
    aside = bench.store("3.1", content=b"other content")
    bench.hold("3.1", aside=(aside,))
    assert bench.judge.judge(1, a_request((CT, "3.1"))).failed == ()
    bench.damage(aside)
    assert [failure.reason for failure in bench.judge.judge(1, a_request((CT, "3.1"))).failed] == [0x0110]


def test_a_pack_that_is_gone_is_a_failure_of_what_it_held(bench: Bench) -> None:
    stored = bench.hold("3.1")
    next(bench.root.glob(f"*/{stored.location.pack_id}.tar")).unlink()
    assert [failure.reason for failure in bench.judge.judge(1, a_request((CT, "3.1"))).failed] == [0x0110]


def test_a_pack_that_ends_early_is_a_failure_of_what_is_behind(bench: Bench) -> None:
    first, second = bench.hold("3.1"), bench.hold("3.2")
    assert first.location.pack_id == second.location.pack_id
    path = next(bench.root.glob(f"*/{second.location.pack_id}.tar"))
    with path.open("r+b") as file:
        file.truncate(second.location.offset_bytes + 10)
    result = bench.judge.judge(1, a_request((CT, "3.1"), (CT, "3.2")))
    assert result.committed == (Reference(CT, "3.1"),)


def test_nothing_is_said_while_the_index_does_not_answer(bench: Bench) -> None:
    bench.hold("3.1")
    bench.holdings.down = True
    with pytest.raises(IndexUnavailable):
        bench.judge.judge(1, a_request((CT, "3.1")))


def test_it_stops_between_two_instances(bench: Bench) -> None:
    for number in range(3):
        bench.hold(f"3.{number}")
    with pytest.raises(JudgementStopped):
        bench.judge.judge(1, a_request(*((CT, f"3.{number}") for number in range(3))), lambda: len(bench.disk.seen) > 3)
    assert len(bench.disk.seen) == 6


def test_refused_as_a_whole() -> None:
    result = refused(a_request((CT, "3.1"), (CT, "3.2")), FailureReason.DUPLICATE_TRANSACTION_UID)
    assert result.committed == ()
    assert [failure.reason for failure in result.failed] == [0x0131, 0x0131]
