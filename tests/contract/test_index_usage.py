"""What takes the room, counted slice by slice beside the requests, on every database."""

from __future__ import annotations

import fcntl
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog

from hounsfield.index.usage import DAY_NS, Usage
from hounsfield.services.storage_use import StorageFigures, StorageUse
from index_kit.databases import Indexed
from index_kit.entries import NOON_NS, Maker

MONTHS = (NOON_NS - 40 * DAY_NS, NOON_NS, NOON_NS + 40 * DAY_NS)


class Watched(Usage):
    """Says how many instances it went through, and lets something happen before the second slice, or before totals are read."""

    gone_through = 0
    meanwhile = None
    before_totals = None

    def totals(self):
        if self.before_totals is not None:
            self.before_totals()
        return super().totals()

    def slice(self, after, most):
        last, rows = super().slice(after, most)
        self.gone_through += sum(row.instances for row in rows)
        if self.meanwhile is not None:
            happens, self.meanwhile = self.meanwhile, None
            happens()
        return last, rows


@pytest.fixture
def usage(index: Indexed) -> Watched:
    """Over an empty database."""
    return Watched(index.database)


@pytest.fixture
def use(usage: Watched, tmp_path: Path) -> StorageUse:
    """In slices of three."""
    return StorageUse(usage, tmp_path / "cache" / "use.json", slice_size=3, fresh_s=1e9)


def fill(index: Indexed, maker: Maker, first: int, count: int) -> None:
    """Objects of three modalities in three months, some in another partition."""
    for number in range(first, first + count):
        modality = ("CT", "MR", "US")[number % 3]
        series = f"1.{number % 3 + 1}.1"
        at_ns = MONTHS[number // 3 % 3] + number
        partition_id = 2 if number % 5 == 0 else 1
        entry = maker.entry(
            f"1.{number % 3 + 1}", series, f"{series}.{number}", modality=modality, received_at_ns=at_ns, partition_id=partition_id
        )
        index.writer.add(entry)


def counted(use: StorageUse, partition_id: int = 1) -> tuple[dict[str, tuple[int, int]], dict[str, tuple[int, int]]]:
    """The figures as two dictionaries."""
    use.count()
    figures = use.figures(partition_id)
    assert isinstance(figures, StorageFigures)
    modalities = {share.name: (share.instances, share.bytes_stored) for share in figures.modalities}
    return modalities, {share.name: (share.instances, share.bytes_stored) for share in figures.months}


def brute_force(index: Indexed, partition_id: int = 1) -> tuple[dict[str, tuple[int, int]], dict[str, tuple[int, int]]]:
    """The same, object by object."""
    modality_of = {f"1.{at + 1}.1": name for at, name in enumerate(("CT", "MR", "US"))}
    sums: tuple[Counter[tuple[str, str]], Counter[tuple[str, str]]] = (Counter(), Counter())
    for one in index.reader.all_instances():
        if one.stored.partition_id == partition_id:
            month = datetime.fromtimestamp(one.stored.received_at_ns // 1_000_000_000, UTC).strftime("%Y-%m")
            for counter, name in zip(sums, (modality_of[one.series_instance_uid], month), strict=True):
                counter[name, "n"] += 1
                counter[name, "size"] += one.stored.location.length_bytes
    first, second = ({name: (c[name, "n"], c[name, "size"]) for name, _ in c} for c in sums)
    return first, second


def delete(index: Indexed, sop: str, at_ns: int) -> None:
    series = sop.rpartition(".")[0]
    uids = {"study_instance_uid": series.rpartition(".")[0], "series_instance_uid": series, "sop_instance_uid": sop}
    index.writer.apply_decision({"kind": "delete", "level": "instance", **uids, "decided_at_ns": at_ns, "principal": "p", "reason": "r"})


def test_the_figures_are_those_of_the_objects(index: Indexed, use: StorageUse) -> None:
    fill(index, Maker(), 1, 20)
    for partition_id in (1, 2):
        assert counted(use, partition_id) == brute_force(index, partition_id)
    figures = use.figures(1)
    assert figures is not None
    sizes = [share.bytes_stored for share in figures.modalities]
    assert sizes == sorted(sizes, reverse=True)
    assert [share.name for share in figures.months] == sorted(share.name for share in figures.months)
    assert counted(use, 3) == ({}, {})


def test_later_only_what_came_since_is_gone_through(index: Indexed, usage: Watched, use: StorageUse) -> None:
    maker = Maker()
    fill(index, maker, 1, 10)
    counted(use)
    usage.gone_through = 0
    fill(index, maker, 11, 4)
    assert counted(use) == brute_force(index)
    assert usage.gone_through == 4


def test_after_a_deletion_all_is_counted_again(index: Indexed, usage: Watched, use: StorageUse) -> None:
    maker = Maker()
    fill(index, maker, 1, 10)
    counted(use)
    delete(index, "1.2.1.1", MONTHS[2] * 2)
    fill(index, maker, 11, 1)
    assert counted(use) == brute_force(index)


def test_a_deletion_in_the_midst_of_counting_is_made_good_by_the_next(index: Indexed, usage: Watched, use: StorageUse) -> None:
    maker = Maker()
    fill(index, maker, 1, 10)

    def meanwhile() -> None:
        delete(index, "1.2.1.1", MONTHS[2] * 2)
        fill(index, maker, 11, 1)

    usage.meanwhile = meanwhile
    counted(use)
    expected = brute_force(index)
    # What arrives just then makes the totals large enough for what is gone.
    usage.before_totals = lambda: fill(index, maker, 12, 1)
    assert counted(use) == expected


def test_an_index_that_was_rebuilt_is_counted_anew(index: Indexed, usage: Watched, tmp_path: Path) -> None:
    path = tmp_path / "use.json"
    fill(index, Maker(), 1, 10)
    counted(StorageUse(usage, path))
    # As if each number had been given to another row.
    path.write_text(path.read_text().replace('"through": ', '"through": 1, "_": '))
    assert counted(StorageUse(usage, path)) == brute_force(index)
    path.write_text(path.read_text().replace('"seen": ', '"seen": 99'))
    assert counted(StorageUse(usage, path)) == brute_force(index)


@pytest.mark.parametrize("content", [b"", b"{}", b'{"version": 9}', b'{"version": 1, "rows": 3}', b"\xff"])
def test_a_file_that_cannot_be_read_is_made_anew(index: Indexed, usage: Watched, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "use.json"
    path.write_bytes(content)
    fill(index, Maker(), 1, 4)
    assert counted(StorageUse(usage, path)) == brute_force(index)


def test_one_process_counts_at_a_time_and_nobody_waits(index: Indexed, usage: Watched, tmp_path: Path) -> None:
    fill(index, Maker(), 1, 4)
    path = tmp_path / "use.json"
    use = StorageUse(usage, path)
    with path.with_suffix(".lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        use.count()
        assert (use.figures(1), usage.gone_through) == (None, 0)
        use.close()
    use.count()
    assert use.figures(1) is None, "closed: what it had begun is dropped"


def test_figures_are_counted_again_when_they_are_old(index: Indexed, usage: Watched, tmp_path: Path) -> None:
    fill(index, Maker(), 1, 4)
    clock = [1000.0]
    use = StorageUse(usage, tmp_path / "use.json", fresh_s=60, now=lambda: clock[0])
    assert use.figures(1) is None
    use._thread.join()
    first = use.figures(1)
    assert first is not None
    clock[0] += 59
    with index.query_count(0):
        assert use.figures(1) == first
    clock[0] += 2
    assert use.figures(1) == first, "the old ones are told while they are counted"
    use._thread.join()
    assert use.figures(1).counted_at_s == clock[0]
    use.close()


def test_a_database_that_does_not_answer_leaves_the_figures_as_they_were(index: Indexed, use: StorageUse, usage: Watched) -> None:
    fill(index, Maker(), 1, 4)
    before = counted(use)

    def fail() -> int:
        from hounsfield.model.errors import IndexUnavailable

        raise IndexUnavailable("gone")

    usage.latest = fail
    with structlog.testing.capture_logs() as logs:
        assert counted(use) == before
    assert [log["event"] for log in logs] == ["storage-use.not-counted"]
