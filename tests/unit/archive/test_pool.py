"""One borrower a pack; as many packs as objects arrive at once."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from hounsfield.archive.archive import Archive
from hounsfield.archive.incoming import Incoming
from hounsfield.archive.member import MemberNames
from hounsfield.model.errors import ArchiveBusy, ConfigurationError


def store(incoming: Incoming, series: str) -> str:
    with incoming:
        incoming.write(b"data")
        names = MemberNames(1, "1", series, "1.1", "1.2.840.10008.1.2", "TEST")
        return incoming.commit(names, header_length_bytes=0, frame_table=b"").location.pack_id


def test_one_sender_fills_one_pack(archive: Archive) -> None:
    assert len({store(archive.receive(b"", affinity=f"1.{number}"), f"1.{number}") for number in range(10)}) == 1


def test_objects_at_once_go_to_packs_of_their_own_and_later_to_the_one_of_their_series(archive: Archive) -> None:
    at_once = [archive.receive(b"") for _ in range(3)]
    homes = {f"1.{number}": store(incoming, f"1.{number}") for number, incoming in enumerate(at_once)}
    assert len(set(homes.values())) == 3
    for series in ("1.1", "1.0", "1.2", "1.1"):
        assert store(archive.receive(b"", affinity=series), series) == homes[series]


def test_a_borrowed_pack_is_lent_to_nobody_else(archive: Archive) -> None:
    home = store(archive.receive(b"", affinity="1.1"), "1.1")
    with archive.receive(b"", affinity="1.1") as holding:
        assert store(archive.receive(b"", affinity="1.1"), "1.1") != home
        holding.write(b"x")


def test_too_many_at_once_are_refused_after_a_bounded_wait(make_archive) -> None:
    archive = make_archive(open_packs_max=2, busy_wait_s=0.01)
    with archive.receive(b""), archive.receive(b""), pytest.raises(ArchiveBusy):
        archive.receive(b"")
    store(archive.receive(b""), "1.1")


def test_who_waits_gets_the_pack_given_back(make_archive) -> None:
    archive = make_archive(open_packs_max=1, busy_wait_s=60.0)
    first = archive.receive(b"")
    done: list[str] = []
    waiting = threading.Thread(target=lambda: done.append(store(archive.receive(b""), "1.1")))
    waiting.start()
    home = store(first, "1.1")
    waiting.join(30)
    assert done == [home]


def test_many_threads_lose_nothing(make_archive, storer, root: Path) -> None:
    archive = make_archive(open_packs_max=3, busy_wait_s=60.0, pack_size_bytes=60_000)
    stored = []

    def work(number: int) -> None:
        for turn in range(25):
            with archive.receive(b"prefix", affinity=f"1.{number}") as incoming:
                incoming.write(bytes([number]) * 3000)
                if turn % 5 == 4:
                    continue
                names = MemberNames(1, "1", f"1.{number}", f"1.{number}.{turn}", "1.2.840.10008.1.2", "TEST")
                stored.append(incoming.commit(names, header_length_bytes=0, frame_table=b""))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    archive.seal_idle()
    for thread in threads:
        thread.join()
    assert len(stored) == 6 * 20
    archive = make_archive()
    recovered = list(archive.recover({}))
    assert archive.problems == []
    assert {one.stored for one in recovered} == set(stored)
    for one in recovered:
        with one.read() as data:
            assert bytes(data) == bytes([int(one.names.series_instance_uid.split(".")[1])]) * 3000


def test_leaving_twice_gives_back_once(make_archive) -> None:
    archive = make_archive(open_packs_max=1, busy_wait_s=0.0)
    incoming = archive.receive(b"")
    incoming.close()
    incoming.close()
    with archive.receive(b""), pytest.raises(ArchiveBusy):
        archive.receive(b"")


def test_a_node_with_a_long_name_is_refused(make_archive) -> None:
    with pytest.raises(ConfigurationError):
        make_archive(node="x" * 33)
    make_archive(node="ж" * 32).receive(b"").close()
