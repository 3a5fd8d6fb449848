"""The index catches up with packs: through catalogues, through members, many at once, and past what it cannot hold."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from hounsfield.app import bootstrap
from hounsfield.app.settings import Settings, load_settings
from hounsfield.archive.archive import Archive
from hounsfield.index.entry import IndexEntry
from hounsfield.index.writer import IndexWriter
from hounsfield.model.errors import HounsfieldError, IndexUnavailable, UnreadableObject
from hounsfield.model.identity import Judgement
from hounsfield.model.origin import SYSTEM, Origin, Protocol
from hounsfield.services import recover as module
from hounsfield.services.recover import recover
from kills.objects import Made, make


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(None, {"data_dir": tmp_path / "data", "seal_after_idle_s": 0.000_001})


@pytest.fixture
def made(tmp_path: Path) -> list[Made]:
    return make(tmp_path / "files", random.Random(1), 31, 0, 20)


def store(settings: Settings, made: list[Made]) -> None:
    with bootstrap.owning(settings) as parts:
        recover(parts.archive, parts.writer)
        for one in made:
            with parts.store.receive_file(Origin(Protocol.IMPORT, SYSTEM)) as reception:
                reception.write(one.path.read_bytes())
                reception.finish()


def destroy_the_database(settings: Settings) -> None:
    for path in settings.data_dir.glob("index.sqlite*"):
        path.unlink()


def indexed(settings: Settings) -> set[str]:
    with bootstrap.reading(settings) as parts:
        return {one.sop_instance_uid for one in parts.reader.all_instances()}


def test_a_pack_sealed_after_a_restart_has_headers_and_frame_tables_in_its_catalogue(settings: Settings, made: list[Made]) -> None:
    store(settings, made[:12])
    with bootstrap.owning(settings) as parts:
        recover(parts.archive, parts.writer)
        assert len(parts.archive.seal_idle()) == 1
    archive = Archive(settings.packs_dir)
    try:
        found = list(archive.recover({}))
    finally:
        archive.close()
    assert len(found) == 12
    assert all(one.header and one.frame_table for one in found)
    destroy_the_database(settings)
    with bootstrap.owning(settings) as parts:
        assert recover(parts.archive, parts.writer).objects == 12
    with bootstrap.reading(settings) as parts:
        for one in made[:12]:
            row = parts.retrieve.instance(
                Origin(Protocol.SYSTEM, SYSTEM), one.study_instance_uid, one.series_instance_uid, one.sop_instance_uid
            )
            assert one.data_set.endswith(parts.retrieve.frame(row, 1))


@pytest.mark.parametrize("batch", [1, 7, 400])
def test_batches_of_any_length_index_the_same(settings: Settings, made: list[Made], monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    monkeypatch.setattr(module, "BATCH", batch)
    store(settings, made)
    destroy_the_database(settings)
    told: list[int] = []
    with bootstrap.owning(settings) as parts:
        report = recover(parts.archive, parts.writer, told.append)
        assert recover(parts.archive, parts.writer).objects == 0, "there is nothing beyond what was read"
    assert (report.objects, report.unreadable) == (20, [])
    assert told[-1] == 20
    assert len(told) == 20 // batch + 1
    assert indexed(settings) == {one.sop_instance_uid for one in made}


class _Refusing(IndexWriter):
    """Answers one entry of a batch with an error."""

    error: HounsfieldError = UnreadableObject("the index cannot hold this")

    def add_all(self, entries: list[IndexEntry]) -> list[Judgement | HounsfieldError]:  # type: ignore[override]
        return [self.error if number == 3 else answer for number, answer in enumerate(super().add_all(entries))]


def test_what_the_index_cannot_hold_is_reported_and_does_not_stop_the_start(settings: Settings, made: list[Made]) -> None:
    store(settings, made)
    destroy_the_database(settings)
    with bootstrap.owning(settings) as parts, _Refusing(parts.database) as writer:
        report = recover(parts.archive, writer)
    assert report.objects == 19
    assert len(report.unreadable) == 1
    assert report.unreadable[0].endswith("member 4: the index cannot hold this")


def test_an_index_that_does_not_answer_stops_it(settings: Settings, made: list[Made], monkeypatch: pytest.MonkeyPatch) -> None:
    store(settings, made)
    destroy_the_database(settings)
    monkeypatch.setattr(_Refusing, "error", IndexUnavailable("gone"))
    with bootstrap.owning(settings) as parts, _Refusing(parts.database) as writer, pytest.raises(IndexUnavailable):
        recover(parts.archive, writer)
