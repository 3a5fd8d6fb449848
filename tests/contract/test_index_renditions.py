"""Renditions in the index, on every database: found by their original, gone with it."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from hounsfield.index import renditions as renditions_module
from hounsfield.index.entry import IndexEntry
from hounsfield.model.location import Digests, Location
from hounsfield.model.rendition import Original, Rendition
from index_kit.databases import Indexed
from index_kit.entries import NOON_NS, Maker

HTJ2K = "1.2.840.10008.1.2.4.201"
PACK = "b" * 32


def rendition_of(entry: IndexEntry, number: int = 1, made_at_ns: int = NOON_NS) -> Rendition:
    stored = entry.stored
    offset = 4096 * number
    return Rendition(
        stored.partition_id,
        entry.attributes.study.study_instance_uid,
        entry.attributes.instance.sop_instance_uid,
        Original(stored.location.pack_id, stored.location.offset_bytes, stored.digests.data_set_sha256),
        HTJ2K,
        Location(PACK, number, offset, offset + 2048, 300, 700),
        Digests(b"\2" * 32, hashlib.sha256(b"%d" % number).digest(), (1 << 63) + number),
        600,
        made_at_ns,
    )


def kept(index: Indexed) -> set[str]:
    return {one.sop_instance_uid for one in index.reader.renditions.all()}


def decision(kind: str, level: str, at_ns: int) -> dict[str, object]:
    uids = {"study_instance_uid": "1.1", "series_instance_uid": "1.1.1", "sop_instance_uid": "1.1.1.1"}
    return {"kind": kind, "level": level, **uids, "decided_at_ns": at_ns, "code": "113001", "principal": "p", "reason": "r"}


@pytest.fixture
def entries(index: Indexed) -> list[IndexEntry]:
    """A study of two series, and another study, all with renditions."""
    maker = Maker()
    named = (("1.1", "1.1.1", "1.1.1.1"), ("1.1", "1.1.1", "1.1.1.2"), ("1.1", "1.1.2", "1.1.2.1"), ("1.2", "1.2.1", "1.2.1.1"))
    made = [maker.entry(*uids, patient_id=uids[0]) for uids in named]
    index.writer.add_all(made)
    for number, one in enumerate(made, 1):
        assert index.writer.add_rendition(rendition_of(one, number), "local", b"table %d" % number)
    return made


def test_a_rendition_is_found_by_its_original(index: Indexed, entries: list[IndexEntry]) -> None:
    renditions = index.reader.renditions
    for number, entry in enumerate(entries, 1):
        (instance,) = index.reader.instances(1, entry.attributes.study.study_instance_uid, "", entry.attributes.instance.sop_instance_uid)
        found = renditions.of(instance)
        assert found == rendition_of(entry, number)
        frames = renditions.frames(found)
        assert frames is not None
        assert frames.blob == b"table %d" % number
        instead = found.instead_of(instance)
        assert (instead.stored.location, instead.stored.digests, instead.transfer_syntax_uid) == (found.location, found.digests, HTJ2K)
        assert instead.stored.received_at_ns == entry.stored.received_at_ns
        elsewhere = replace(instance, stored=replace(instance.stored, location=replace(instance.stored.location, offset_bytes=1)))
        assert renditions.of(elsewhere) is None
    assert renditions.total() == (4, 4000)
    assert {one.sop_instance_uid for one in renditions.of_study(1, "1.1")} == {"1.1.1.1", "1.1.1.2", "1.1.2.1"}
    assert renditions.of_study(2, "1.1") == []
    assert index.writer.indexed_through()[PACK] == 4 * 4096 + 2048 + 1000


def test_all_are_read_however_small_the_batch(index: Indexed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renditions_module, "BATCH", 2)
    packs = ("c" * 32, "a" * 32, "d" * 32)
    made = [Maker(pack_id=pack_id, made=count).entry(f"1.{number}.{count}") for number, pack_id in enumerate(packs) for count in (3, 1, 6)]
    index.writer.add_all(made)
    for number, one in enumerate(made):
        assert index.writer.add_rendition(rendition_of(one, number), "local", b"")
    assert {one.original for one in index.reader.renditions.all()} == {rendition_of(one).original for one in made}
    assert len(list(index.reader.renditions.all())) == 9


@pytest.mark.parametrize(
    ("level", "left"),
    [("study", {"1.2.1.1"}), ("series", {"1.1.2.1", "1.2.1.1"}), ("instance", {"1.1.1.2", "1.1.2.1", "1.2.1.1"})],
)
def test_it_goes_with_its_original(index: Indexed, entries: list[IndexEntry], level: str, left: set[str]) -> None:
    index.writer.apply_decision(decision("delete", level, entries[-1].stored.received_at_ns))
    assert kept(index) == left
    again = index.writer.add_rendition(rendition_of(entries[0], 9), "local", b"")
    assert not again, "the original is not here any more"
    assert kept(index) == left
    assert index.writer.indexed_through()[PACK] == 9 * 4096 + 2048 + 1000, "and its pack has been seen"


def test_a_rejected_object_keeps_it_and_loses_it_when_it_is_deleted(index: Indexed, entries: list[IndexEntry]) -> None:
    at_ns = entries[-1].stored.received_at_ns
    index.writer.apply_decision(decision("reject", "study", at_ns))
    assert len(kept(index)) == 4
    assert index.writer.add_rendition(rendition_of(entries[1], 7, NOON_NS + 1), "local", b"")
    index.writer.apply_decision(decision("restore", "study", at_ns + 1))
    (instance,) = index.reader.instances(1, "1.1", "1.1.1", "1.1.1.2")
    assert index.reader.renditions.of(instance) == rendition_of(entries[1], 7, NOON_NS + 1)
    index.writer.apply_decision(decision("reject", "study", at_ns + 2))
    index.writer.apply_decision(decision("delete", "series", at_ns + 3))
    assert kept(index) == {"1.1.2.1", "1.2.1.1"}


def test_of_an_object_kept_aside_it_is_apart_from_that_of_the_one_that_counts(index: Indexed) -> None:
    maker = Maker()
    first, second = (maker.entry("1.1", "1.1.1", "1.1.1.1", content=content) for content in ("one", "two"))
    index.writer.add_all([first, second])
    assert index.writer.add_rendition(rendition_of(second, 2), "local", b"")
    (instance,) = index.reader.instances(1, "1.1", "1.1.1", "1.1.1.1")
    assert index.reader.renditions.of(instance) is None
    index.writer.apply_decision(decision("delete", "instance", second.stored.received_at_ns))
    assert kept(index) == set()


def test_a_later_one_takes_the_place_of_an_earlier_one_in_whatever_order_they_come(index: Indexed, entries: list[IndexEntry]) -> None:
    early, late = rendition_of(entries[0], 5, NOON_NS + 5), rendition_of(entries[0], 6, NOON_NS + 6)
    for one in (late, early, late):
        assert index.writer.add_rendition(one, "local", b"")
        assert [found for found in index.reader.renditions.all() if found.original == late.original] == [late]


def test_an_emptied_index_has_none(index: Indexed, entries: list[IndexEntry]) -> None:
    assert len(kept(index)) == len(entries)
    index.writer.clear()
    assert kept(index) == set()
    assert index.reader.renditions.total() == (0, 0)
