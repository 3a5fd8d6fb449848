"""The feed of changes: in commit order, and nobody who follows misses a late commit."""

from __future__ import annotations

import threading
import time

from hounsfield.index.changes import ChangeKind
from hounsfield.index.database import Database
from hounsfield.index.projection import Projection
from index_kit.databases import Addresses, Indexed, opened
from index_kit.entries import Maker


def test_each_kind_of_change_is_told(index: Indexed) -> None:
    maker = Maker()
    index.writer.add(maker.entry("1.1", "1.1.1", "1.1.1.1"))
    index.writer.add(maker.entry("1.1", "1.1.1", "1.1.1.1", content="other"))
    index.writer.add(maker.entry("1.1", "1.1.1", "1.1.1.1"))
    index.writer.add(maker.entry("1.1", "1.1.2", "1.1.2.1"))
    uids = {"study_instance_uid": "1.1", "series_instance_uid": "1.1.1", "sop_instance_uid": "1.1.1.1"}
    index.writer.apply_decision({"kind": "delete", "level": "series", **uids, "decided_at_ns": maker.received_at_ns})
    told = [(change.kind, change.series_instance_uid, change.sop_instance_uid, change.instances) for change in index.reader.changes()]
    assert told == [
        (ChangeKind.INSTANCES_ADDED, "", "", 1),
        (ChangeKind.KEPT_ASIDE, "1.1.1", "1.1.1.1", 1),
        (ChangeKind.INSTANCES_ADDED, "1.1.2", "", 1),
        (ChangeKind.SERIES_DELETED, "1.1.1", "", 1),
    ]
    sequences = [change.sequence for change in index.reader.changes()]
    assert sequences == sorted(set(sequences))
    assert [change.sequence for change in index.reader.changes(sequences[1])] == sequences[2:]
    assert [change.sequence for change in index.reader.changes(limit=2)] == sequences[:2]


def test_a_writer_that_commits_late_is_not_skipped(addresses: Addresses) -> None:
    """One writer has taken its numbers and lingers; another wants to commit meanwhile. It may not get ahead of the first."""
    address = addresses.new()
    with opened(address) as second:
        slow = Database(address)
        connection = slow.connect(writing=True)
        projection = Projection(slow, time.time_ns)
        maker = Maker("b" * 32, node="slow")
        entry = maker.entry("1.7", patient_id="P7")
        connection.execute(slow.dialect.begin_writing)
        projection.begin(connection)
        projection.note_pack(entry.stored.location, entry.stored.node)
        _, _, series, study = projection.judge(entry.identity)
        projection.place(entry, entry.identity, series, study)
        projection.finish()
        done = threading.Event()

        def bring() -> None:
            second.writer.add(Maker().entry("1.8"))
            done.set()

        thread = threading.Thread(target=bring)
        thread.start()
        assert not done.wait(0.3), "the second writer committed while the first held smaller numbers"
        assert second.reader.changes() == []
        connection.execute("COMMIT")
        assert done.wait(20)
        thread.join()
        assert [change.study_instance_uid for change in second.reader.changes()] == ["1.7", "1.8"]
        connection.close()
        slow.close()


def test_a_follower_beside_two_writers_sees_every_object_once(addresses: Addresses) -> None:
    address = addresses.new()
    with opened(address) as one, opened(address) as two:
        makers = [Maker("a" * 32, node="one"), Maker("b" * 32, node="two")]

        def bring(index: Indexed, maker: Maker) -> None:
            for number in range(60):
                index.writer.add(maker.entry(f"1.{maker.node == 'one'}{number % 4}".replace("True", "1").replace("False", "2")))

        threads = [threading.Thread(target=bring, args=pair) for pair in zip((one, two), makers, strict=True)]
        for thread in threads:
            thread.start()
        seen, since = 0, 0
        deadline = time.monotonic() + 30
        while seen < 120 and time.monotonic() < deadline:
            for change in one.reader.changes(since, limit=7):
                assert change.sequence > since
                since = change.sequence
                seen += change.instances
        for thread in threads:
            thread.join()
        assert seen == 120
        assert one.reader.changes(since) == []
