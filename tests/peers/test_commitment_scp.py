"""pynetdicom as a modality that asks us to commit: what it is told, and by which association (PS3.4 annex J)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread
from pynetdicom.association import Association

from dimse_kit.committing import Committing, Modality, ask, committing
from dimse_kit.objects import write_ct
from dimse_kit.server import until


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    return [write_ct(tmp_path / f"{number}.dcm", number, pixel_bytes=size) for number, size in enumerate((2, 20_000, 300_000))]


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Committing]:
    with committing(tmp_path) as running:
        yield running


def store(association: Association, files: list[Path]) -> list[tuple[str, str]]:
    data_sets = [dcmread(path) for path in files]
    assert [association.send_c_store(data_set).Status for data_set in data_sets] == [0] * len(files)
    return [(str(data_set.SOPClassUID), str(data_set.SOPInstanceUID)) for data_set in data_sets]


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1"], ids=["implicit", "explicit"])
def test_a_report_on_the_same_association(archive: Committing, files: list[Path], syntax: str) -> None:
    modality = Modality()
    with modality.associated(archive.address, syntax=syntax) as association:
        stored = store(association, files)
        status, transaction = ask(association, stored)
        heard = modality.heard_of(transaction)
        assert status == 0
        assert heard.on is association
        assert (heard.event_type, heard.committed, heard.failed) == (1, stored, {})
        assert heard.data_set.RetrieveAETitle == "HOUNSFIELD"
        assert until(lambda: len(archive.queue) == 0)
    assert list((archive.folder / "commitments").iterdir()) == []


def test_a_report_on_a_new_association(archive: Committing, files: list[Path]) -> None:
    modality = Modality()
    with modality.listening() as port:
        with modality.associated(archive.address) as association:
            stored = store(association, files)
        archive.ports["MODALITY"] = port
        with modality.associated(archive.address) as association:
            association.send_n_action  # noqa: B018
            status, transaction = ask(association, stored)
            association.release()
        heard = modality.heard_of(transaction)
        assert status == 0
        assert (heard.event_type, heard.committed, heard.failed) == (1, stored, {})
